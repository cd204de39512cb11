// SPDX-License-Identifier: GPL-3.0-or-later
// What makes a run the same command as one that died: private to this folder.
#pragma once

#include <string>

#include "repotool/publish/publish.hpp"
#include "signing/signer.hpp"

namespace repotool::publisher {

// 16 hexadecimal digits, made of the request, the configuration's file, the key, and path, device, inode,
// size and modification time of each input file. Job, --meta and an override's reason are no part of it: they
// go into the history as the run says them that gets through. `signer` may be null.
std::string run_identity(const PublishContext& context, const PublishRequest& request,
                         const signing::Signer* signer);

}  // namespace repotool::publisher

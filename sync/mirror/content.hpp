// SPDX-License-Identifier: GPL-3.0-or-later
// What a source's tree holds, told apart: content by its digest, public keys by their names.
#pragma once

#include <string>
#include <vector>

#include "core/base/digest.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/generation_tree.hpp"

namespace repotool::sync {

bool is_same(const base::FileDigests& found, const store::ContentFile& file);

// Names below keys/ of the public tree that a public key may have. What is there may still be no file.
std::vector<std::string> key_names(const store::GenerationReader& source);

}  // namespace repotool::sync

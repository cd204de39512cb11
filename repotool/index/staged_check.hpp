// SPDX-License-Identifier: GPL-3.0-or-later
// Step 7: what was staged is read back as a client would, before anybody can see it. Cost follows the change:
// files that were written, chunks that are new. `repotool verify --full` does it for everything.
#pragma once

#include <vector>

#include "core/store/generation_reader.hpp"
#include "core/store/transaction.hpp"
#include "repotool/index/generation_builder.hpp"
#include "repotool/index/index_builder.hpp"
#include "signing/signer.hpp"

namespace repotool::publisher {

// Throws base::Error (integrity) for the first thing that is not what the manifest says:
// - each staged content-named file has the digest in its name;
// - each new frame unpacks, parses with libapt-pkg or expat, and names exactly its chunk's records;
// - each new record's object is there with its size;
// - each signature verifies with the public key alone.
void check_staged(fs::Filesystem& filesystem, const store::Transaction& transaction,
                  const std::vector<BuiltSet>& built, const StagedGeneration& generation,
                  signing::Signer* signer);

}  // namespace repotool::publisher

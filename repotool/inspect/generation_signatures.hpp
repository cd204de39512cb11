// SPDX-License-Identifier: GPL-3.0-or-later
// Who signed a generation: MANIFEST, and the files that clients begin with.
#pragma once

#include <string>
#include <vector>

#include "core/store/generation_reader.hpp"
#include "signing/verifier.hpp"

namespace repotool::publisher {

struct SignedFile {
    std::string path;         // below the generation; of the signature, or of the file that holds its own
    std::string fingerprint;  // of the primary key; empty: not good
    std::string signer;       // the key that the signature names; may be a subkey
    std::string problem;      // why it is not good; empty where it is
};

// Whether anything in it is signed.
bool is_signed(const store::GenerationReader& generation);
// All of its signatures, also those that are missing in a generation that has others.
std::vector<SignedFile> check_signatures(const store::GenerationReader& generation,
                                         signing::Verifier& verifier);

// Of keys/ below `public_root`, armored.
std::vector<std::string> published_keys(fs::Filesystem& filesystem, const std::string& public_root);

}  // namespace repotool::publisher

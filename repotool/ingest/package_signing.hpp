// SPDX-License-Identifier: GPL-3.0-or-later
// Step 2: RPM packages are signed before anything names them, because signing changes their digest. The pair
// (unsigned, signed) goes into the record (I9).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/store/transaction.hpp"
#include "repotool/packages/candidate.hpp"
#include "repotool/packages/catalog.hpp"
#include "signing/signer.hpp"

namespace repotool::publisher {

// Armored, those of all keys that sign.
std::vector<std::string> public_keys_of(signing::Signer& signer);

// Signed copies that are staged and whose records the catalog has, by signed_copy_name() of what was signed.
struct SignedCopy {
    std::string path;  // relative to the site
    std::string sha256;
    std::uint64_t size = 0;
};
using SignedCopies = std::map<std::string, SignedCopy>;
std::string signed_copy_name(const Candidate& candidate);

// Replaces each RPM candidate by its signed copy, staged in the transaction. A candidate for whose name and
// version the pool has a file with the same content and a good signature of this key already takes that file:
// a signature made twice is never the same bytes. So is one of `copies`; what is signed now joins them.
void sign_candidates(fs::Filesystem& filesystem, store::Transaction& transaction, Catalog& catalog,
                     const std::string& repository, const std::vector<Candidate*>& candidates,
                     signing::Signer& signer, SignedCopies& copies);

}  // namespace repotool::publisher

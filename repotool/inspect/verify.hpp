// SPDX-License-Identifier: GPL-3.0-or-later
// What a client, or a mirror, would check on the public tree alone. Returns all findings, not the first.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/fs/filesystem.hpp"

namespace repotool::publisher {

struct Finding {
    std::string path;     // below public/
    std::string problem;  // "expected …, found …"
};

enum class Depth {
    normal,  // signatures, manifest tree, links, digests of all metadata, size of every package
    full,    // and the digest of every package, and each index read back against the manifest
};

struct VerifyReport {
    std::string repository;
    std::uint64_t generation = 0;
    std::string manifest_sha256;
    std::uint64_t packages = 0;
    std::uint64_t files = 0;  // that were looked at
    bool is_signed = false;
    bool is_current = false;                       // what clients are given now
    std::optional<base::UnixSeconds> valid_until;  // the earliest of its Release files; none: for ever
    std::vector<Finding> findings;
};

// `reference`: repository[@N]. `public_root`: "public" in a site, "" in a mirror. Keys are those in keys/.
VerifyReport verify_generation(fs::Filesystem& filesystem, const std::string& public_root,
                               const std::string& reference, Depth depth);

}  // namespace repotool::publisher

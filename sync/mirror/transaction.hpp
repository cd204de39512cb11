// SPDX-License-Identifier: GPL-3.0-or-later
// What a fleet transaction moves: one generation of one repository. Its id is the digest of MANIFEST, so two
// coordinators that mean the same id mean the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace repotool::sync {

// A generation as mirrors order them: an administrator raises the epoch after a restore from backup
// (docs/FORMAT.md §7).
struct Version {
    std::uint64_t epoch = 0;
    std::uint64_t generation = 0;
    std::string manifest_sha256;

    friend bool operator==(const Version&, const Version&) = default;
};

// Time moves forward: true where `a` comes before `b`, whatever their bytes.
inline bool is_older(const Version& a, const Version& b) noexcept {
    return std::pair(a.epoch, a.generation) < std::pair(b.epoch, b.generation);
}

struct TransactionIdentity {
    std::string repository;
    Version version;

    const std::string& id() const noexcept { return version.manifest_sha256; }
    // "stable@42", for people.
    std::string shown() const { return repository + "@" + std::to_string(version.generation); }
};

}  // namespace repotool::sync

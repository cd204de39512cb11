// SPDX-License-Identifier: GPL-3.0-or-later
// The signed end of an evidence log: which record is its last, so that nobody takes the newest away unseen
// (docs/FORMAT.md §16). Written after each record: a log may have one record more than its end says, of a
// `result` that was killed or is under way, and never one less.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/fs/filesystem.hpp"
#include "signing/signer.hpp"

namespace repotool::publisher {

struct EvidenceEnd {
    std::string repository;
    std::uint64_t sequence = 0;  // of the last record; 0: there was none yet
    std::string record_sha256;   // of that; "" for 0
    std::string text{};          // the bytes that are signed
    std::string signature{};     // armored
};

// `directory`: of the log. Empty where there is none. Throws base::Error (integrity) where it cannot be read.
std::optional<EvidenceEnd> read_evidence_end(fs::Filesystem& filesystem, const std::string& directory);

// In the place of the one that is there; durable on return.
void write_evidence_end(fs::Filesystem& filesystem, const std::string& directory, EvidenceEnd end,
                        signing::Signer& signer);

// Whether the file at `path` is the end of a log.
bool is_evidence_end(const std::string& path);

}  // namespace repotool::publisher

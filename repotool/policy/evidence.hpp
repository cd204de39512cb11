// SPDX-License-Identifier: GPL-3.0-or-later
// Evidence: what a check found about one exact generation, and who says so (docs/FORMAT.md §16).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"

namespace repotool::publisher {

enum class EvidenceStatus {
    pass,
    fail,
    skip,
    override_gate,  // no check: who may decided that a promotion goes on without one
};
const char* evidence_status_name(EvidenceStatus status);
// pass, fail or skip; throws base::Error (usage).
EvidenceStatus parse_check_status(const std::string& name);

// A package that the check saw. The digests say which file: `unsigned_sha256` is empty where the repository
// did not sign it.
struct TestedPackage {
    std::string format, dist, component, name, version, architecture;
    std::string sha256;
    std::string unsigned_sha256;
    std::string path{};  // below public/; not in records: a generation that may be gone had it

    // The digest that signing does not change (I9).
    const std::string& identity() const noexcept {
        return unsigned_sha256.empty() ? sha256 : unsigned_sha256;
    }
};

// A generation, by what no later one can have.
struct GenerationName {
    std::string repository;
    std::uint64_t generation = 0;
    std::string manifest_sha256;

    friend bool operator==(const GenerationName&, const GenerationName&) = default;
};

struct Evidence {
    GenerationName subject;  // that was tested
    std::string check;       // "install"
    EvidenceStatus status = EvidenceStatus::fail;
    std::string dist;  // that alone was tested; empty: all of the generation's
    base::UnixSeconds time = 0;
    std::string user, host, job;  // job: the CI server's address of the run
    std::string log_url;
    std::string reason;                   // of an override
    std::vector<std::string> missing;     // what it lets pass all the same, as sentences
    std::string junit_sha256;             // of the report that lies beside the record; empty: none
    std::optional<GenerationName> base;   // what the packages were built against
    std::vector<GenerationName> covers;   // of a merged repository: what it was made of
    std::vector<TestedPackage> packages;  // all of the generation's
    std::uint64_t sequence = 0;           // set by EvidenceLog::append()
    std::string previous;                 // digest of the record before; likewise
};

// One line of canonical JSON with its LF, and back. parse_evidence() throws base::Error (integrity).
std::string render_evidence(const Evidence& evidence);
Evidence parse_evidence(std::string_view text, const std::string& name);

}  // namespace repotool::publisher

// SPDX-License-Identifier: GPL-3.0-or-later
// A request that needs nothing but the repository's lock any more: its files are staged, hashed, parsed and
// signed. Whoever holds the lock carries it out, be it another process (group commit): so it has a text form.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "repotool/packages/candidate.hpp"
#include "repotool/publish/publish.hpp"
#include "repotool/publish/shared_chunks.hpp"

namespace repotool::publisher {

struct PreparedRequest {
    std::string operation;
    RequestRules rules;
    std::vector<Candidate> candidates;  // with their paths; sorted by key
    std::vector<SharedChunk> shared;    // what the request brings besides `candidates`
    std::vector<ExtraCandidate> extras;
    std::vector<PackagePattern> removals;
    std::string user, host, job;
    std::map<std::string, std::string> meta;
    // The parsed packages of `candidates` that no cache has yet: parts of one file of the site, by digest.
    struct Part {
        std::uint64_t offset = 0;
        std::uint64_t length = 0;
    };
    std::string spool_path;
    std::map<std::string, Part> spooled;
};

std::string to_json(const PreparedRequest& request);
// Throws base::Error (integrity).
PreparedRequest prepared_request_from_json(const std::string& text);

// What became of it.
struct RequestOutcome {
    std::vector<Decision> decisions;
    std::uint64_t unlisted = 0;  // index entries in shared chunks: unchanged, and not among the decisions
    std::vector<MetadataChange> metadata;
    bool changed = false;
    std::uint64_t generation = 0;              // current one afterwards; 0: none
    std::string manifest_sha256;               // of `generation`
    std::vector<std::string> setting_changes;  // since the parent (setting_changes.hpp)
};
std::string to_json(const RequestOutcome& outcome);
std::string to_json(const base::Error& error, std::uint64_t generation, const std::string& manifest_sha256);

// An answer, read again. `generation` and `manifest_sha256` say which commit makes it true (0: it is true
// without one). outcome() throws the error that the answer is.
struct RequestAnswer {
    RequestOutcome outcome;
    std::optional<base::Error> error;
};
RequestAnswer answer_from_json(const std::string& text);

}  // namespace repotool::publisher

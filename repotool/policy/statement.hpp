// SPDX-License-Identifier: GPL-3.0-or-later
// What a build system says of files that it made: in-toto statements (in-toto/attestation, version 1) with
// SLSA provenance (https://slsa.dev/spec/v1.0/provenance).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace repotool::publisher {

inline constexpr const char* kStatementPayload = "application/vnd.in-toto+json";  // of the DSSE envelope
inline constexpr const char* kStatementType = "https://in-toto.io/Statement/v1";
inline constexpr const char* kProvenanceType = "https://slsa.dev/provenance/v1";

struct Statement {
    std::string type;                   // `_type`
    std::string predicate_type;         // what follows is empty where it is not kProvenanceType
    std::vector<std::string> subjects;  // SHA-256 of each subject that has one
    std::string builder;                // runDetails.builder.id
    std::string build_type;             // buildDefinition.buildType
    // The sources that externalParameters names, where the known build types have them: source (a text, or a
    // map with uri), repository, workflow.repository, buildConfigSource.repository, sourceToBuild.repository.
    std::vector<std::string> sources;
};

// Throws base::Error (input) where the payload is no strict JSON, no object, or where a field that is there
// has another type. Fields that are missing are empty: whoever asks for provenance says so.
Statement parse_statement(std::string_view payload, const std::string& name);

// One envelope of a file that came with packages, looked at by a worker process; what it says is not proven.
struct OfferedStatement {
    std::string origin;                 // "hello.deb.att", "build.intoto.jsonl:3"
    std::string file;                   // the part before the line's number
    std::string line;                   // the envelope as it is stored, without LF
    std::vector<std::string> subjects;  // none where `fault` says that it is no statement
    std::string fault;
};

// Of files with one envelope a line, or one in all; at most 64 MiB each. Throws base::Error (input) for the
// first that is broken; all such are in its also(). Call it before starting threads.
std::vector<OfferedStatement> read_statement_files(const std::vector<std::string>& paths);

}  // namespace repotool::publisher

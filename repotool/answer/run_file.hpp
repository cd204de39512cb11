// SPDX-License-Identifier: GPL-3.0-or-later
// The record of one publish that a later replay needs (schemas/run-file.schema.json): what was asked for,
// what went in, and what came out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/fs/filesystem.hpp"
#include "core/store/manifest.hpp"
#include "repotool/publish/publish.hpp"

namespace repotool::publisher {

// A file that went in.
struct RunInput {
    std::string path;  // as it was given or found
    std::uint64_t size = 0;
    std::string sha256;
};

// A repository whose packages went in.
struct RunSource {
    std::string reference;  // repository@N
    std::string manifest_sha256;
};

struct RunDefinition {
    std::string command;                 // publish, promote …
    std::vector<std::string> arguments;  // of the command line, without the tool's name
    std::string directory;               // where it ran, for relative paths
    std::string site;
    std::string configuration;  // text of repotool.yaml
    std::vector<RunInput> inputs;
    std::vector<RunSource> sources;
};

// Reads every file of a request and keeps size and digest in it, so that the publish refuses a file that is
// another one by then. Throws base::Error (input) where one cannot be read.
std::vector<RunInput> pin_inputs(Inputs& inputs);
// Replaces `repository` by the `repository@N` that it is now, and says which that is.
std::vector<RunSource> pin_sources(fs::Filesystem& filesystem, std::vector<std::string>& sources);

// `manifest`: of the generation of `result`; null where there is none.
std::string render_run_file(const RunDefinition& definition, const PublishResult& result,
                            const store::Manifest* manifest);

}  // namespace repotool::publisher

// SPDX-License-Identifier: GPL-3.0-or-later
// A package that a publish or promote wants to put into a repository.
#pragma once

#include <string>
#include <vector>

#include "core/formats/model.hpp"
#include "core/store/record.hpp"
#include "repotool/config/config.hpp"

namespace repotool::publisher {

struct Candidate {
    formats::Format format = formats::Format::deb;
    store::Record record;  // its path is set by selection
    std::string file_name;
    std::string dist;
    std::string component;    // "" for RPM
    std::string origin;       // input file or repository@generation, for messages
    std::string staged_path;  // where the file is staged; empty: it is an object already
    std::vector<std::string>
        staged_files;  // where those of record.files are staged, in their order; likewise
    formats::PackageKind kind = formats::PackageKind::binary;
    bool any_architecture = false;
    DebugPlace debug = DebugPlace::together;  // of its dist
};

// RPM metadata that is passed through (core/formats/rpm/extra_metadata.hpp), checked; merged with what the
// repository has of this type.
struct ExtraCandidate {
    std::string type;
    std::string text;  // open
    std::string origin;
    std::string dist;  // belongs into every binary set of this dist
};

// "hello 1.0-1 (amd64)", for messages.
std::string describe(const Candidate& candidate);

}  // namespace repotool::publisher

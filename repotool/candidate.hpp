// SPDX-License-Identifier: GPL-3.0-or-later
// A package that a publish or promote wants to put into a repository.
#pragma once

#include <string>

#include "core/formats/model.hpp"
#include "core/store/record.hpp"

namespace repotool::publisher {

struct Candidate {
    formats::Format format = formats::Format::deb;
    store::Record record;  // its path is set by selection
    std::string file_name;
    std::string dist;
    std::string component;    // "" for RPM
    std::string origin;       // input file or repository@generation, for messages
    std::string staged_path;  // where the file is staged; empty: it is an object already
    bool is_source = false;
    bool any_architecture = false;
};

// "hello 1.0-1 (amd64)", for messages.
std::string describe(const Candidate& candidate);

}  // namespace repotool::publisher

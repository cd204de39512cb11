// SPDX-License-Identifier: GPL-3.0-or-later
// From what the user typed to a list of package files.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace repotool::publisher {

struct InputArguments {
    std::vector<std::string> arguments;  // files, directories, "-"; none: the current directory by `patterns`
    std::vector<std::string> patterns;   // `inputs:` of the configuration
    std::function<std::string()> read_standard_input;  // for "-": one path a line
};

// One file, as the user or a .changes or .dsc names it.
struct InputFile {
    std::string path;
    std::string dist;       // Distribution of the .changes that lists it; may be empty
    std::string listed_by;  // the .changes or .dsc that lists it; may be empty
    std::string sha256;     // what that says; the copy must agree
    std::uint64_t size = 0;
};

// A source package: its .dsc and the files that this names.
struct SourceInput {
    InputFile control;
    std::vector<InputFile> files;
};

// RPM metadata that is passed through, such as updateinfo.xml; `type` as in
// core/formats/rpm/extra_metadata.hpp.
struct ExtraInput {
    std::string type;
    std::string path;
};

struct Inputs {
    std::vector<InputFile> packages;  // .deb, .udeb, .rpm
    std::vector<SourceInput> sources;
    std::vector<ExtraInput> extras;
};

// Package files in a fixed order (arguments in theirs, directories sorted and recursively, hidden names left
// out). Files of source packages (.dsc, .changes) that a directory holds are left out with a warning until
// they are supported; given by name they are refused. Throws base::Error (input): nothing there, or no
// package in it.
Inputs expand_inputs(const InputArguments& input);

}  // namespace repotool::publisher

// SPDX-License-Identifier: GPL-3.0-or-later
// From what the user typed to a list of package files.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace repotool::publisher {

struct UploadClaim;  // upload_claim.hpp

struct InputArguments {
    std::vector<std::string> arguments;  // files, directories, "-"; none: the current directory by `patterns`
    std::vector<std::string> patterns;   // `inputs:` of the configuration
    std::function<std::string()>
        read_standard_input;   // for "-": one path a line (LF or CR LF), or NUL after each
    std::string dist{};        // wins over what .changes say; may be empty
    bool may_be_none = false;  // of the current directory: there is metadata to publish
    // Paths where the packages of an update may be; called for each one after everything else was listed.
    std::function<std::vector<std::string>(const std::string& update)> candidates_of{};
    // A directory that has nothing left but what was promoted from it is welcome.
    bool may_be_promoted = false;
};

// What was promoted from a directory lies there.
inline constexpr const char* kPromoted = ".promoted";

// One file, as the user or a .changes or .dsc names it.
struct InputFile {
    std::string path;
    std::string dist{};       // Distribution of the .changes that lists it; may be empty
    std::string listed_by{};  // the .changes or .dsc that lists it; may be empty
    std::string sha256{};  // what that says, or what was read here before; the copy must agree. May be empty
    std::uint64_t size = 0;                      // likewise, where sha256 is not empty
    std::shared_ptr<const UploadClaim> claim{};  // of the .changes that lists it, else null
    bool is_candidate = false;  // found where an update has its packages: published only as one of them
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
    std::vector<InputFile> packages;  // .deb, .udeb, .ddeb, .rpm
    std::vector<SourceInput> sources;
    std::vector<ExtraInput> extras;
    std::vector<InputFile> uploads;  // the .changes themselves: signatures are checked, nothing is published
    std::vector<InputFile> unpublished;  // what they list besides packages (.buildinfo): only checked
    std::vector<std::string> updates;    // *.yml, *.yaml: who asked reads them
    // Statements about how packages were built (hello.deb.att, *.intoto.jsonl): those in directories, those
    // that are named, and those beside a package that is. Who asked reads them.
    std::vector<std::string> statements;
};

// yes: a hard link to the input is staged instead of a copy. The input must belong to the site's user and
// gets mode 0444; from then on its bytes are those of a published object, and its owner promises to leave
// them.
enum class Adopt { no, yes };

// Package files in a fixed order (arguments in theirs, directories sorted and recursively, hidden names left
// out). What an update names is added as candidates. A .changes stands for the files that it lists, a .dsc
// for its source package; both are parsed in worker processes. A file that is named twice counts once, and
// what a .changes says of it holds. Throws base::Error (input): nothing there, no package in it, or a
// .changes or .dsc that is broken or contradicts another; all such are in its also(). Whether the listed
// files are there and right, ingest() looks at.
Inputs expand_inputs(const InputArguments& input);

}  // namespace repotool::publisher

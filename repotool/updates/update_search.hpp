// SPDX-License-Identifier: GPL-3.0-or-later
// From what the user typed to package files and updates, and where each update has its packages: where
// `packages:` says, else beside it in <repo>/<dist>[/<tag>]/. All of that is below the update's own
// directory, without a symlink on the way (I8), or is a repository.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "repotool/ingest/inputs.hpp"
#include "repotool/updates/update.hpp"

namespace repotool::publisher {

struct FoundUpdate {
    Update update;
    std::string directory;                  // that of its file: absolute, symlinks resolved
    std::vector<std::string> places;        // files and directories of `packages:`, likewise
    std::vector<std::string> repositories;  // repository[@N] of `packages:`
};

struct FoundInputs {
    Inputs inputs;
    std::vector<FoundUpdate> updates;
};

// True where this site has the repository that `reference` (repository[@N]) names.
using IsRepository = std::function<bool(const std::string& reference)>;

// expand_inputs() with the updates that it finds. Throws base::Error (input) for updates that cannot be read
// or name places that are not there; all of them are in its also().
FoundInputs find_inputs(InputArguments arguments, const IsRepository& is_repository);

// Where the packages of `build` lie without `packages:`.
std::string build_directory(const FoundUpdate& found, const Build& build);
// Whether the file with this absolute path lies where `build` of `found` has its packages.
bool lies_in(const FoundUpdate& found, const Build& build, const std::string& path);

}  // namespace repotool::publisher

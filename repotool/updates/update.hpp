// SPDX-License-Identifier: GPL-3.0-or-later
// An update: a YAML file that names the builds of one change for several (release, dist) combinations
// (schemas/update.schema.json). The form is rdoupdate's, with keys of our own: change, packages, require.
// Strict: every fault is told with line and column, all of them in one go.
#pragma once

#include <string>
#include <vector>

#include "core/yaml/text_place.hpp"

namespace repotool::publisher {

// One source package, built for one combination.
struct Build {
    std::string id;    // name-version-release of the source package
    std::string repo;  // with `dist`: the combination
    std::string dist;
    std::string tag;                         // one more directory below <repo>/<dist>; may be empty
    std::string source;                      // where the build came from (koji, copr …): for people
    std::vector<std::string> architectures;  // the packages that are wanted; none: all
    yaml::TextPlace place;                   // in the update's file
};

struct Update {
    std::string file;  // the path by which it was found
    std::string notes;
    std::vector<Build> builds;
    std::string group;                  // another ready directory; may be empty
    std::string change;                 // whose test repository is test/<change>; may be empty
    std::vector<std::string> packages;  // paths below the update's directory, or repository[@N]
    std::vector<std::string> require;   // checks that must have passed
};

// Throws base::Error (input) "cannot read 'ready/x.yml:3:5': …", with the other faults as its also().
Update parse_update(const std::string& text, const std::string& file);
// The file must be a regular one. Throws base::Error (input).
Update read_update(const std::string& file);

// "ready/x.yml:7:5": where the update names this build.
std::string place_of(const Update& update, const Build& build);
// "icehouse/epel-7", for messages.
std::string combination_text(const std::string& release, const std::string& dist);

}  // namespace repotool::publisher

// SPDX-License-Identifier: GPL-3.0-or-later
// What a new index means for the cache of texts (docs/FORMAT.md §8).
#pragma once

#include <string>
#include <vector>

namespace repotool::publisher {

// A file that joins the cache at the commit.
struct StagedText {
    std::string path;
    std::string name;
};

struct TextUpdate {
    std::vector<StagedText> staged;
    std::vector<std::string> kept;    // names that the new text needs
    std::string parent;               // digest of the parent's text; empty: there was none
    std::vector<std::string> before;  // names that the parent's text had in the cache
};

}  // namespace repotool::publisher

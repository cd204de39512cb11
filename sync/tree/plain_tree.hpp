// SPDX-License-Identifier: GPL-3.0-or-later
// A directory that is not ours as a source: what was found in it becomes a generation of a repository with
// the one format "tree", kept in the working directory without its files, which are read where they are.
#pragma once

#include <memory>
#include <string>

#include "core/fs/filesystem.hpp"

namespace repotool::sync {

class PlainTree {
public:
    // `directory`: the tree; `work`: an existing directory of ours. Throws base::Error (usage).
    PlainTree(const std::string& directory, const std::string& work);
    ~PlainTree();
    PlainTree(const PlainTree&) = delete;
    PlainTree& operator=(const PlainTree&) = delete;

    // The public tree of a site that publishes it; read only, lives as long as this object.
    fs::Filesystem& filesystem();
    // Walks the tree, and makes a generation of it where it is another one than the last. Throws base::Error
    // as scan_tree(), and usage for an empty tree.
    void refresh(const std::string& repository);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace repotool::sync

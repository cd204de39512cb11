// SPDX-License-Identifier: GPL-3.0-or-later
// Where a fleet gets its generations from, and where its coordinator keeps what it decided.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/fs/filesystem.hpp"
#include "core/store/purge_list.hpp"
#include "sync/tree/plain_tree.hpp"

namespace repotool::sync {

// Both filesystems outlive this object.
struct Source {
    std::string name;        // for messages
    fs::Filesystem& tree;    // rooted at the public tree
    fs::Filesystem& state;   // where journals and locks go
    std::string state_root;  // directory in `state`: private/sync of a site, "" otherwise
};

// A source that owns its filesystems.
class OpenSource {
public:
    // `path`: a site, its public/, any other public tree of ours, or a directory that is none (a plain tree).
    // Journals go to the site's private/sync where this user owns it, else below $XDG_STATE_HOME/mirrorsync,
    // with what is known of a plain tree. Throws base::Error (usage).
    explicit OpenSource(const std::string& path);

    Source& get() noexcept { return source_; }
    // The outermost directory that belongs to the source: no target may lie in it, nor it in a target.
    const std::string& directory() const noexcept { return directory_; }
    // Package files that were purged from the site; empty where it cannot be asked.
    std::vector<store::PurgedEntry> purged() const;
    // What is mirrored where nobody says what: everything but test repositories, sorted; of a plain tree what
    // its directory is called, where a repository may be called so.
    std::vector<std::string> default_repositories() const;
    bool is_plain_tree() const noexcept { return plain_ != nullptr; }
    // Looks what there is now, in a plain tree; call it before a generation of it is opened. Throws
    // base::Error as PlainTree::refresh().
    void refresh(const std::string& repository);

private:
    struct Places {
        std::string directory;  // outermost
        std::string tree;
        std::string state;
        std::string state_root;
        bool is_plain = false;
    };
    static Places find_places(const std::string& given);
    OpenSource(const std::string& path, const Places& places);

    std::string directory_;
    std::unique_ptr<PlainTree> plain_;
    std::unique_ptr<fs::Filesystem> tree_;  // null for a plain tree, which has its own
    std::unique_ptr<fs::Filesystem> state_;
    Source source_;
};

// True where `path` is a site or a public tree, by its looks.
bool looks_like_source(const std::string& path);

// The site that is meant where nobody names one: `site_option`, REPOTOOL_SITE, the nearest directory upwards
// with a repotool.yaml, ./site. Throws base::Error (usage) where there is none.
std::string nearest_site(const std::string& site_option);

}  // namespace repotool::sync

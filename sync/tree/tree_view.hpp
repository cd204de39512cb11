// SPDX-License-Identifier: GPL-3.0-or-later
// A plain tree as if a site published it: generations from the working directory, and pool/ from the tree
// itself, as long as its files are those that were hashed. Nothing can be written.
#pragma once

#include <map>
#include <string>

#include "core/fs/filesystem.hpp"
#include "sync/tree/tree_scan.hpp"

namespace repotool::sync {

class TreeView : public fs::Filesystem {
public:
    TreeView(fs::Filesystem& shadow, fs::Filesystem& tree) : shadow_(shadow), tree_(tree) {}

    void set_files(std::map<std::string, ScannedFile> files);

    // Both throw base::Error (network) for a file of the tree that is no longer what was hashed.
    std::unique_ptr<fs::File> open_read(const std::string& path) override;
    std::optional<fs::Status> status(const std::string& path) override;
    std::vector<std::string> list(const std::string& path) override { return shadow_.list(path); }
    std::optional<std::string> read_link(const std::string& path) override { return shadow_.read_link(path); }
    std::string root() const override { return tree_.root(); }

    // Not for sources: base::Error (internal).
    std::unique_ptr<fs::File> create(const std::string& path, unsigned mode) override;
    std::unique_ptr<fs::File> open_append(const std::string& path) override;
    void rename(const std::string& from, const std::string& to, fs::Replace replace) override;
    void link(const std::string& from, const std::string& to) override;
    void symlink(const std::string& target, const std::string& path) override;
    void remove(const std::string& path) override;
    bool make_directory(const std::string& path, unsigned mode) override;
    void sync_directory(const std::string& path) override;
    void sync_all() override;
    std::unique_ptr<fs::Lock> try_lock(const std::string& path, fs::LockMode mode) override;
    std::uint64_t free_bytes() override;

private:
    using Files = std::map<std::string, ScannedFile>;
    // The file of the tree that has the bytes of a name in pool/.
    const Files::value_type* find(const std::string& path) const;
    void demand_unchanged(const Files::value_type& file, const fs::Status& status) const;

    fs::Filesystem& shadow_;
    fs::Filesystem& tree_;
    Files files_;
    std::map<std::string, const Files::value_type*> by_digest_;
};

}  // namespace repotool::sync

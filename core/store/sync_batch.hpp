// SPDX-License-Identifier: GPL-3.0-or-later
// Batched durability: a few files are synced one by one, many by one syncfs; directories are synced once
// each.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/fs/filesystem.hpp"

namespace repotool::store {

class SyncBatch {
public:
    explicit SyncBatch(fs::Filesystem& filesystem) : filesystem_(filesystem) {}
    // A closed file whose bytes must be on the disk.
    void add_file(const std::string& path) { files_.push_back(path); }
    // A directory whose names must be on the disk.
    void add_directory(const std::string& path) { directories_.insert(path); }
    // Everything added so far is durable on return. An error is final: the files must be written again.
    void flush() {
        if (files_.size() + directories_.size() > kManyFiles) {
            filesystem_.sync_all();
        } else {
            for (const auto& path : files_) filesystem_.open_read(path)->sync();
            for (const auto& path : directories_) filesystem_.sync_directory(path);
        }
        files_.clear();
        directories_.clear();
    }

private:
    static constexpr std::size_t kManyFiles = 128;  // about where one syncfs costs less than fsync for each
    fs::Filesystem& filesystem_;
    std::vector<std::string> files_;
    std::set<std::string> directories_;
};

}  // namespace repotool::store

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/name_remover.hpp"

#include <cerrno>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"
#include "core/store/sync_batch.hpp"

namespace repotool::store {

NameRemover::NameRemover(fs::Filesystem& filesystem, const std::string& repository)
    : filesystem_(filesystem), pool_(layout::pool(repository)), meta_(layout::meta(repository)) {}

void NameRemover::remove(const std::string& path) {
    const bool ours = is_safe_path(path) && (path.starts_with(pool_ + "/") || path.starts_with(meta_ + "/"));
    if (!ours) return;
    filesystem_.remove("public/" + path);
    changed_.insert(fs::parent_path(path));
}

void NameRemover::prune() {
    while (!changed_.empty()) {
        const std::string directory = *changed_.rbegin();  // what is below comes after it
        changed_.erase(directory);
        if (directory != pool_ && directory != meta_ && remove_if_empty(filesystem_, "public/" + directory)) {
            unsynced_.erase(directory);
            changed_.insert(fs::parent_path(directory));
        } else {
            unsynced_.insert(directory);
        }
    }
}

void NameRemover::sync() {
    SyncBatch batch(filesystem_);
    for (const auto& directory : unsynced_) {
        if (filesystem_.status("public/" + directory)) batch.add_directory("public/" + directory);
    }
    batch.flush();
    unsynced_.clear();
}

bool remove_if_empty(fs::Filesystem& filesystem, const std::string& path) {
    try {
        filesystem.remove(path);
    } catch (const base::SystemError& error) {
        if (error.error_number() != ENOTEMPTY && error.error_number() != EEXIST) throw;
        return false;
    }
    return true;
}

}  // namespace repotool::store

// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/tree/tree_view.hpp"

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"

namespace repotool::sync {
namespace {

[[noreturn]] void read_only() {
    throw base::Error(base::ErrorKind::internal, "write to", "source", "bug: it is read only");
}

}  // namespace

void TreeView::set_files(Files files) {
    files_ = std::move(files);
    by_digest_.clear();
    for (const auto& file : files_) by_digest_.emplace(file.second.sha256, &file);
}

const TreeView::Files::value_type* TreeView::find(const std::string& path) const {
    if (!path.starts_with("pool/")) return nullptr;
    const auto found = by_digest_.find(fs::base_name(path));
    return found == by_digest_.end() ? nullptr : found->second;
}

void TreeView::demand_unchanged(const Files::value_type& file, const fs::Status& status) const {
    if (file.second.is_same_file(status)) return;
    throw base::Error(base::ErrorKind::network, "read", fs::join_path(tree_.root(), file.first),
                      "it changed after it was hashed",
                      "run the same command again when nobody writes there");
}

std::unique_ptr<fs::File> TreeView::open_read(const std::string& path) {
    const auto* file = find(path);
    if (file == nullptr) return shadow_.open_read(path);
    auto opened = tree_.open_read(file->first);
    demand_unchanged(*file, opened->status());
    return opened;
}

std::optional<fs::Status> TreeView::status(const std::string& path) {
    const auto* file = find(path);
    if (file == nullptr) return shadow_.status(path);
    const auto status = tree_.status(file->first);
    demand_unchanged(*file, status.value_or(fs::Status()));
    return status;
}

std::unique_ptr<fs::File> TreeView::create(const std::string& /*path*/, unsigned /*mode*/) {
    read_only();
}
std::unique_ptr<fs::File> TreeView::open_append(const std::string& /*path*/) {
    read_only();
}
void TreeView::rename(const std::string& /*from*/, const std::string& /*to*/, fs::Replace /*replace*/) {
    read_only();
}
void TreeView::link(const std::string& /*from*/, const std::string& /*to*/) {
    read_only();
}
void TreeView::symlink(const std::string& /*target*/, const std::string& /*path*/) {
    read_only();
}
void TreeView::remove(const std::string& /*path*/) {
    read_only();
}
bool TreeView::make_directory(const std::string& /*path*/, unsigned /*mode*/) {
    read_only();
}
void TreeView::sync_directory(const std::string& /*path*/) {
    read_only();
}
void TreeView::sync_all() {
    read_only();
}
std::unique_ptr<fs::Lock> TreeView::try_lock(const std::string& /*path*/, fs::LockMode /*mode*/) {
    read_only();
}
std::uint64_t TreeView::free_bytes() {
    read_only();
}

}  // namespace repotool::sync

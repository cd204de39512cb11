// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fs/testing/memory_filesystem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include "core/base/error.hpp"
#include "core/fs/testing/memory_disk.hpp"
#include "core/fs/testing/memory_file.hpp"
#include "core/fs/tree.hpp"

namespace repotool::fs::testing {
namespace {

constexpr const char* kRoot = "/memory";
constexpr std::uint64_t kFreeBytes = std::uint64_t{1} << 40U;

std::string shown(const std::string& path) {
    return join_path(kRoot, path);
}

[[noreturn]] void fail(int error_number, const char* verb, const std::string& path) {
    throw base::SystemError(error_number, verb, shown(path));
}

bool contains(const std::vector<NodePointer>& chain, const NodePointer& node) {
    return std::find(chain.begin(), chain.end(), node) != chain.end();
}

// What renameat2(2) refuses, in the kernel's order; 0: nothing.
int refusal_of_rename(const MemoryPlace& from, const MemoryPlace& to, Replace replace) {
    if (from.is_directory_itself()) return EBUSY;
    if (to.is_directory_itself()) return replace == Replace::no ? EEXIST : EBUSY;
    const NodePointer source = from.node();
    const NodePointer target = to.node();
    if (!source) return ENOENT;
    if (target && replace == Replace::no) return EEXIST;
    if (contains(to.chain, source)) return EINVAL;                 // below itself
    if (target && contains(from.chain, target)) return ENOTEMPTY;  // over a directory that it is in
    if (!target || target == source) return 0;
    const bool source_is_directory = source->kind == Kind::directory;
    const bool target_is_directory = target->kind == Kind::directory;
    if (source_is_directory && !target_is_directory) return ENOTDIR;
    if (!source_is_directory && target_is_directory) return EISDIR;
    return target->entries.empty() ? 0 : ENOTEMPTY;
}

void detach(MemoryNode& directory, const std::string& name) {
    const auto entry = directory.entries.find(name);
    if (entry == directory.entries.end()) return;
    MemoryNode& node = *entry->second;
    node.ctime_ns = later_time();
    if (node.kind == Kind::directory) --directory.links;  // its ".."
    --node.links;
    directory.entries.erase(entry);
}

void attach(MemoryNode& directory, const std::string& name, const NodePointer& node) {
    directory.entries[name] = node;
    ++node->links;
    node->ctime_ns = later_time();
    if (node->kind == Kind::directory) ++directory.links;
}

}  // namespace

MemoryFilesystem::MemoryFilesystem(const DiskImage& image) : disk_(std::make_shared<MemoryDisk>(image)) {}
MemoryFilesystem::~MemoryFilesystem() = default;

void MemoryFilesystem::set_observer(DiskObserver* observer) {
    const std::lock_guard guard(disk_->mutex);
    disk_->observer = observer;
}

DiskImage MemoryFilesystem::image() const {
    const std::lock_guard guard(disk_->mutex);
    return disk_->image();
}

MemoryPlace MemoryFilesystem::find(const std::string& path, const char* verb) const {
    return find_place(*disk_, path, verb, shown(path));
}

MemoryPlace MemoryFilesystem::locate(const std::string& path, const char* verb) const {
    MemoryPlace place = find(path, verb);
    if (place.chain.empty()) fail(place.error, verb, path);
    return place;
}

void MemoryFilesystem::add(const std::string& what, const MemoryPlace& place, const NodePointer& node) {
    attach(place.directory(), place.name, node);
    if (disk_->observer != nullptr)
        disk_->observer->on_entries(what, {{place.directory().number, place.name, node->number}});
}

std::unique_ptr<File> MemoryFilesystem::open_read(const std::string& path) {
    const std::lock_guard guard(disk_->mutex);
    if (path.starts_with('/')) fail(EXDEV, "open", path);
    const std::string name = base_name(path);
    const bool is_directory = name.empty() || name == "." || name == "..";
    // The last symlink of a directory's path is one in the middle here.
    const Walk walk = walk_to_directory(*disk_, is_directory ? path : join_path(parent_path(path), "."));
    if (walk.error != 0) fail(walk.error, "open", path);
    if (name.size() > kLongestName) fail(ENAMETOOLONG, "open", path);
    const MemoryPlace place{walk.chain, is_directory ? "." : name, 0};
    const NodePointer node = place.node();
    if (!node) fail(ENOENT, "open", path);
    if (node->kind == Kind::symlink) fail(ELOOP, "open", path);
    return open_memory_file(disk_, node, path, shown(path), Writing::no);
}

std::unique_ptr<File> MemoryFilesystem::create(const std::string& path, unsigned mode) {
    const std::lock_guard guard(disk_->mutex);
    const MemoryPlace place = locate(path, "create");
    if (place.node()) fail(EEXIST, "create", path);
    const NodePointer node = disk_->make_node(Kind::file, mode & 07777U, {});
    add("create " + path, place, node);
    return open_memory_file(disk_, node, path, shown(path), Writing::from_start);
}

NodePointer MemoryFilesystem::open_or_make(const std::string& path, const char* verb) {
    const MemoryPlace place = locate(path, verb);
    NodePointer node = place.node();
    if (node && node->kind == Kind::directory) fail(EISDIR, verb, path);
    if (node && node->kind == Kind::symlink) fail(ELOOP, verb, path);
    if (node) return node;
    node = disk_->make_node(Kind::file, 0600, {});
    add("create " + path, place, node);
    return node;
}

std::unique_ptr<File> MemoryFilesystem::open_append(const std::string& path) {
    const std::lock_guard guard(disk_->mutex);
    return open_memory_file(disk_, open_or_make(path, "open"), path, shown(path), Writing::at_end);
}

void MemoryFilesystem::rename(const std::string& from, const std::string& to, Replace replace) {
    const std::lock_guard guard(disk_->mutex);
    const MemoryPlace source = locate(from, "rename");
    const MemoryPlace target = locate(to, "rename");
    if (const int error = refusal_of_rename(source, target, replace); error != 0)
        throw base::SystemError(error, "rename", fmt::format("{} to {}", shown(from), to));
    const NodePointer node = source.node();
    if (target.node() == node) return;  // two names of one file: POSIX leaves both
    detach(target.directory(), target.name);
    detach(source.directory(), source.name);
    attach(target.directory(), target.name, node);
    if (disk_->observer != nullptr) {
        disk_->observer->on_entries(fmt::format("rename {} to {}", from, to),
                                    {{source.directory().number, source.name, kNoNode},
                                     {target.directory().number, target.name, node->number}});
    }
}

void MemoryFilesystem::link(const std::string& from, const std::string& to) {
    const std::lock_guard guard(disk_->mutex);
    const MemoryPlace source = locate(from, "link");
    const MemoryPlace target = locate(to, "link");
    const NodePointer node = source.node();
    const auto refuse = [&](int error) {
        throw base::SystemError(error, "link", fmt::format("{} to {}", shown(from), to));
    };
    if (!node) refuse(ENOENT);
    if (target.node()) refuse(EEXIST);
    if (node->kind == Kind::directory) refuse(EPERM);
    add(fmt::format("link {} to {}", from, to), target, node);
}

void MemoryFilesystem::symlink(const std::string& target, const std::string& path) {
    const std::lock_guard guard(disk_->mutex);
    const MemoryPlace place = locate(path, "make symlink");
    if (target.empty()) fail(ENOENT, "make symlink", path);
    if (place.node()) fail(EEXIST, "make symlink", path);
    add(fmt::format("symlink {} to {}", path, target), place, disk_->make_node(Kind::symlink, 0777, target));
}

std::optional<std::string> MemoryFilesystem::read_link(const std::string& path) {
    const std::lock_guard guard(disk_->mutex);
    const MemoryPlace place = find(path, "read link");
    const NodePointer node = place.chain.empty() ? nullptr : place.node();
    if (!node || node->kind != Kind::symlink) return std::nullopt;
    return node->bytes.text();
}

std::optional<Status> MemoryFilesystem::status(const std::string& path) {
    const std::lock_guard guard(disk_->mutex);
    const MemoryPlace place = find(path, "examine");
    const NodePointer node = place.chain.empty() ? nullptr : place.node();
    if (!node) return std::nullopt;
    return node->status();
}

std::vector<std::string> MemoryFilesystem::list(const std::string& path) {
    const std::lock_guard guard(disk_->mutex);
    const Walk walk = walk_to_directory(*disk_, path);
    if (walk.error == ENOENT || walk.error == ENOTDIR) return {};
    if (walk.error != 0) fail(walk.error, "list", path);
    std::vector<std::string> names;
    for (const auto& [name, node] : walk.chain.back()->entries) names.push_back(name);
    return names;
}

void MemoryFilesystem::remove(const std::string& path) {
    const std::lock_guard guard(disk_->mutex);
    const MemoryPlace place = find(path, "remove");
    if (place.chain.empty()) return;
    if (place.is_directory_itself()) fail(EINVAL, "remove", path);
    const NodePointer node = place.node();
    if (!node) return;
    if (!node->entries.empty()) fail(ENOTEMPTY, "remove", path);
    detach(place.directory(), place.name);
    if (disk_->observer != nullptr)
        disk_->observer->on_entries("remove " + path, {{place.directory().number, place.name, kNoNode}});
}

bool MemoryFilesystem::make_directory(const std::string& path, unsigned mode) {
    const std::lock_guard guard(disk_->mutex);
    const MemoryPlace place = locate(path, "make directory");
    if (place.node()) return false;
    add("make directory " + path, place, disk_->make_node(Kind::directory, mode & 07777U, {}));
    return true;
}

void MemoryFilesystem::sync_directory(const std::string& path) {
    const std::lock_guard guard(disk_->mutex);
    const Walk walk = walk_to_directory(*disk_, path);
    if (walk.error != 0) fail(walk.error, "sync", path);
    if (disk_->observer != nullptr)
        disk_->observer->on_sync("sync directory " + path, walk.chain.back()->number);
}

void MemoryFilesystem::sync_all() {
    const std::lock_guard guard(disk_->mutex);
    if (disk_->observer != nullptr) disk_->observer->on_sync_all();
}

std::unique_ptr<Lock> MemoryFilesystem::try_lock(const std::string& path, LockMode mode) {
    const std::lock_guard guard(disk_->mutex);
    return try_lock_node(disk_, open_or_make(path, "lock"), path, mode);
}

std::uint64_t MemoryFilesystem::free_bytes() {
    return kFreeBytes;
}

std::string MemoryFilesystem::root() const {
    return kRoot;
}

}  // namespace repotool::fs::testing

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fs/testing/memory_disk.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <string_view>

#include "core/base/error.hpp"
#include "core/fs/host.hpp"

namespace repotool::fs::testing {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

// The node of `number` with everything below it; a file with two names stays one node.
NodePointer grow(const DiskImage& image, NodeNumber number, std::map<NodeNumber, NodePointer>& grown) {
    auto& node = grown[number];
    if (node) return node;
    node = std::make_shared<MemoryNode>();
    const NodePointer made = node;  // `grown` moves while it grows
    const DiskNode& from = image.nodes.at(number);
    made->number = number;
    made->kind = from.kind;
    made->mode = from.mode;
    made->mtime_ns = made->ctime_ns = from.mtime_ns;
    made->bytes = from.bytes;
    made->links = from.kind == Kind::directory ? 1 : 0;
    for (const auto& [name, child] : from.entries) {
        const NodePointer below = grow(image, child, grown);
        made->entries[name] = below;
        ++below->links;
        if (below->kind == Kind::directory) ++made->links;
    }
    return made;
}

void collect(const MemoryNode& node, DiskImage& image) {
    const auto [place, is_new] = image.nodes.try_emplace(node.number);
    if (!is_new) return;
    DiskNode& copy = place->second;
    copy.kind = node.kind;
    copy.mode = node.mode;
    copy.mtime_ns = node.mtime_ns;
    copy.bytes = node.bytes;
    for (const auto& [name, child] : node.entries) {
        copy.entries[name] = child->number;
        collect(*child, image);
    }
}

}  // namespace

DiskImage empty_disk() {
    DiskImage image;
    DiskNode& root = image.nodes[kRootNode];
    root.kind = Kind::directory;
    root.mode = 0755;
    root.mtime_ns = later_time();
    return image;
}

std::int64_t later_time() {
    static std::atomic<std::int64_t> last{0};
    const std::int64_t now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                                 std::chrono::system_clock::now().time_since_epoch())
                                 .count();
    std::int64_t before = last.load();
    while (!last.compare_exchange_weak(before, std::max(now, before + 1))) {
    }
    return std::max(now, before + 1);
}

Status MemoryNode::status() const {
    Status status;
    status.kind = kind;
    status.size = bytes.size();
    status.mode = mode;
    status.mtime = mtime_ns / kSecond;
    status.mtime_ns = mtime_ns;
    status.ctime_ns = ctime_ns;
    status.inode = number;
    status.device = 1;
    status.links = links;
    status.owner = effective_user();
    return status;
}

void MemoryNode::touch() {
    mtime_ns = ctime_ns = later_time();
}

MemoryDisk::MemoryDisk(const DiskImage& image) {
    std::map<NodeNumber, NodePointer> grown;
    root = grow(image, kRootNode, grown);
    ++root->links;
    next = image.nodes.rbegin()->first + 1;
}

DiskImage MemoryDisk::image() const {
    DiskImage copy;
    collect(*root, copy);
    return copy;
}

NodePointer MemoryDisk::make_node(Kind kind, unsigned mode, std::string bytes) {
    auto node = std::make_shared<MemoryNode>();
    node->number = next++;
    node->kind = kind;
    node->mode = mode;
    node->bytes = std::move(bytes);
    node->links = kind == Kind::directory ? 1 : 0;
    node->touch();
    if (observer != nullptr)
        observer->on_new_node(node->number, {kind, mode, node->mtime_ns, node->bytes, {}});
    return node;
}

void MemoryDisk::write(const std::string& what, MemoryNode& file, std::uint64_t offset,
                       std::string_view bytes) {
    std::string& text = file.bytes.edit();
    if (offset > text.size()) text.resize(offset, '\0');
    text.replace(offset, bytes.size(), bytes);
    file.touch();
    if (observer != nullptr) observer->on_write(what, file.number, offset, text.substr(offset));
}

Walk walk_to_directory(const MemoryDisk& disk, const std::string& path) {
    if (path.starts_with('/')) return {{}, EXDEV};
    Walk walk{{disk.root}, 0};
    std::string_view rest = path;
    while (!rest.empty()) {
        const auto slash = rest.find('/');
        const std::string name(rest.substr(0, slash));
        rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
        if (name.empty() || name == ".") continue;
        if (name == "..") {
            walk.chain.pop_back();
            if (walk.chain.empty()) return {{}, EXDEV};
            continue;
        }
        if (name.size() > kLongestName) return {{}, ENAMETOOLONG};
        const auto& entries = walk.chain.back()->entries;
        const auto entry = entries.find(name);
        if (entry == entries.end()) return {{}, ENOENT};
        const Kind kind = entry->second->kind;
        if (kind == Kind::symlink && slash != std::string_view::npos) return {{}, ELOOP};
        if (kind != Kind::directory) return {{}, ENOTDIR};
        walk.chain.push_back(entry->second);
    }
    return walk;
}

NodePointer MemoryPlace::node() const {
    if (is_directory_itself()) return chain.back();
    const auto entry = directory().entries.find(name);
    return entry == directory().entries.end() ? nullptr : entry->second;
}

MemoryPlace find_place(const MemoryDisk& disk, const std::string& path, const char* verb,
                       const std::string& shown) {
    const auto slash = path.rfind('/');
    MemoryPlace place;
    place.name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (place.name.empty()) place.name = ".";
    if (place.name == "..")
        throw base::Error(base::ErrorKind::internal, verb, path, "bug: a path that leaves its root");
    // An absolute path keeps its slash, and is refused for it.
    Walk walk = walk_to_directory(
        disk, slash == std::string::npos ? "" : path.substr(0, std::max<std::size_t>(slash, 1)));
    if (walk.error == 0 && place.name.size() > kLongestName) walk = {{}, ENAMETOOLONG};
    if (walk.error != 0 && walk.error != ENOENT && walk.error != ENOTDIR)
        throw base::SystemError(walk.error, verb, shown);
    place.chain = std::move(walk.chain);
    place.error = walk.error;
    return place;
}

}  // namespace repotool::fs::testing

// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/tree/tree_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/tree.hpp"

namespace repotool::sync {
namespace {

using base::Error;
using base::ErrorKind;
using nlohmann::json;

[[noreturn]] void refuse(const fs::Filesystem& tree, const std::string& path, const std::string& reason) {
    throw Error(ErrorKind::input, "mirror", fs::join_path(tree.root(), path), reason);
}

[[noreturn]] void changed(const fs::Filesystem& tree, const std::string& path) {
    throw Error(ErrorKind::network, "read", fs::join_path(tree.root(), path),
                "the tree changed while it was read", "run the same command again when nobody writes there");
}

class Walk {
public:
    explicit Walk(fs::Filesystem& tree) : tree_(tree) {}

    // Without digests.
    ScannedTree run() {
        visit_directory("");
        std::sort(found_.entries.begin(), found_.entries.end(),
                  [](const TreeEntry& a, const TreeEntry& b) { return a.path < b.path; });
        return std::move(found_);
    }

private:
    void visit_directory(const std::string& directory) {
        const auto names = tree_.list(directory);
        if (names.empty() && !directory.empty()) found_.entries.push_back({directory, ""});
        for (const auto& name : names) visit(fs::join_path(directory, name));
    }

    void visit(const std::string& path) {
        if (!is_tree_path(path)) {
            refuse(
                tree_, path,
                "mirrors take no such name: UTF-8 without control characters, 255 bytes a part and 1024 in "
                "all, and at the top neither MANIFEST, MANIFEST.asc, CARRIES nor LINKS");
        }
        const auto status = tree_.status(path);
        if (!status) changed(tree_, path);
        switch (status->kind) {
            case fs::Kind::file:
                found_.files[path] = {status->size, status->mtime_ns, status->ctime_ns, status->inode,
                                      std::string()};
                return;
            case fs::Kind::directory:
                return visit_directory(path);
            case fs::Kind::symlink:
                return visit_symlink(path);
            case fs::Kind::other:
                refuse(tree_, path, "it is neither a file nor a directory nor a symlink");
        }
    }

    void visit_symlink(const std::string& path) {
        const std::string target = tree_.read_link(path).value_or("");
        if (!stays_inside(path, target))
            refuse(tree_, path, fmt::format("it is a symlink to '{}', which leads out of the tree", target));
        found_.entries.push_back({path, target});
    }

    fs::Filesystem& tree_;
    ScannedTree found_;
};

// The first path in which two walks differ; "" where they do not.
std::string difference(const ScannedTree& before, const ScannedTree& after) {
    const auto same = [](const auto& a, const auto& b) {
        return a.first == b.first && a.second.size == b.second.size &&
               a.second.mtime_ns == b.second.mtime_ns && a.second.ctime_ns == b.second.ctime_ns &&
               a.second.inode == b.second.inode;
    };
    const auto [a, b] =
        std::mismatch(before.files.begin(), before.files.end(), after.files.begin(), after.files.end(), same);
    if (a != before.files.end()) return a->first;
    if (b != after.files.end()) return b->first;
    const auto [c, d] = std::mismatch(before.entries.begin(), before.entries.end(), after.entries.begin(),
                                      after.entries.end());
    if (c != before.entries.end()) return c->path;
    return d != after.entries.end() ? d->path : "";
}

}  // namespace

ScannedTree scan_tree(fs::Filesystem& tree, const std::map<std::string, ScannedFile>& known) {
    ScannedTree found = Walk(tree).run();
    for (auto& [path, file] : found.files) {
        const auto old = known.find(path);
        fs::Status status{.kind = fs::Kind::file, .size = file.size};
        status.mtime_ns = file.mtime_ns;
        status.ctime_ns = file.ctime_ns;
        status.inode = file.inode;
        if (old != known.end() && old->second.is_same_file(status)) {
            file.sha256 = old->second.sha256;
        } else {
            file.sha256 = fs::digest_file(*tree.open_read(path)).sha256;
        }
    }
    // What was read was there all the time, side by side.
    if (const std::string path = difference(found, Walk(tree).run()); !path.empty()) changed(tree, path);
    return found;
}

std::string render_scan(const ScannedTree& tree, std::int64_t scanned_at) {
    constexpr std::int64_t kNanoseconds = 1'000'000'000;
    const std::int64_t settled = (scanned_at - 2) * kNanoseconds;
    std::string text;
    for (const auto& [path, file] : tree.files) {
        if (std::max(file.mtime_ns, file.ctime_ns) > settled) continue;
        text += json::array({path, file.size, file.mtime_ns, file.ctime_ns, file.inode, file.sha256}).dump();
        text += '\n';
    }
    return text;
}

std::map<std::string, ScannedFile> parse_scan(const std::string& text) {
    std::map<std::string, ScannedFile> files;
    try {
        for (const auto& line : base::split(text, '\n')) {
            if (line.empty()) continue;
            const json document = json::parse(line);
            files[document.at(0).get<std::string>()] = {
                document.at(1).get<std::uint64_t>(), document.at(2).get<std::int64_t>(),
                document.at(3).get<std::int64_t>(), document.at(4).get<std::uint64_t>(),
                document.at(5).get<std::string>()};
        }
    } catch (const json::exception&) {  // a cache: then all of it is read again
        files.clear();
    }
    return files;
}

}  // namespace repotool::sync

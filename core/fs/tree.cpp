// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fs/tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "core/base/error.hpp"

namespace repotool::fs {
namespace {
constexpr std::size_t kBufferSize = std::size_t{256} << 10U;
}

std::string parent_path(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

std::string base_name(std::string_view path) {
    const auto slash = path.rfind('/');
    return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::string join_path(std::string_view a, std::string_view b) {
    if (a.empty() || b.empty()) return std::string(a.empty() ? b : a);
    return fmt::format("{}/{}", a, b);
}

std::string climb(std::string_view path) {
    std::string out;
    for (const char c : path) {
        if (c == '/') out += "../";
    }
    return out;
}

std::vector<std::string> make_directories(Filesystem& filesystem, const std::string& path, unsigned mode) {
    if (path.empty()) return {};
    if (const auto status = filesystem.status(path)) {
        if (status->kind == Kind::directory) return {};
        throw base::Error(base::ErrorKind::storage, "make directory", path, "something else has this name");
    }
    auto changed = make_directories(filesystem, parent_path(path), mode);
    filesystem.make_directory(path, mode);
    changed.push_back(parent_path(path));
    return changed;
}

void remove_tree(Filesystem& filesystem, const std::string& path) {
    const auto status = filesystem.status(path);
    if (!status) return;
    if (status->kind == Kind::directory) {
        for (const auto& name : filesystem.list(path)) remove_tree(filesystem, join_path(path, name));
    }
    filesystem.remove(path);
}

void walk(Filesystem& filesystem, const std::string& path,
          const std::function<void(const std::string&, const Status&)>& visit) {
    for (const auto& name : filesystem.list(path)) {
        const std::string child = join_path(path, name);
        const auto status = filesystem.status(child);
        if (!status) continue;
        if (status->kind == Kind::directory) {
            walk(filesystem, child, visit);
        } else {
            visit(child, *status);
        }
    }
}

void write_new_file(Filesystem& filesystem, const std::string& path, std::string_view bytes, unsigned mode,
                    std::int64_t mtime, Durable durable) {
    const auto file = filesystem.create(path, mode);
    file->write(bytes);
    if (mtime != 0) file->set_mtime(mtime);
    if (durable == Durable::yes) file->sync();
    file->close();
}

std::string read_all(File& file, const std::string& name, std::uint64_t limit) {
    const std::uint64_t size = file.status().size;
    if (size > limit) {
        throw base::Error(base::ErrorKind::integrity, "read", name,
                          fmt::format("it has {} bytes, more than the limit of {}", size, limit));
    }
    std::string bytes(size, '\0');
    bytes.resize(file.read_at(bytes, 0));
    return bytes;
}

std::string read_file(Filesystem& filesystem, const std::string& path, std::uint64_t limit) {
    const auto file = filesystem.open_read(path);
    return read_all(*file, join_path(filesystem.root(), path), limit);
}

void replace_file(Filesystem& filesystem, const std::string& path, std::string_view bytes, unsigned mode) {
    const std::string temporary = path + ".new";
    filesystem.remove(temporary);  // a leftover of a writer that died; callers hold a lock
    write_new_file(filesystem, temporary, bytes, mode, 0, Durable::yes);
    filesystem.rename(temporary, path, Replace::yes);
    filesystem.sync_directory(parent_path(path));
}

void copy_durably(Filesystem& filesystem, const std::string& from, const std::string& to) {
    filesystem.remove(to);
    const auto source = filesystem.open_read(from);
    const Status status = source->status();
    const auto target = filesystem.create(to, status.mode);
    target->append_range(*source, 0, status.size);
    target->set_mtime(status.mtime);
    target->sync();
    target->close();
}

base::FileDigests digest_file(File& file, const std::vector<base::DigestAlgorithm>& algorithms) {
    using base::DigestAlgorithm;
    base::Hasher hasher(algorithms);
    // Not a string: that would write as many zeros for each small file.
    const auto buffer = std::make_unique_for_overwrite<char[]>(kBufferSize);
    std::uint64_t offset = 0;
    while (const std::size_t count = file.read_at({buffer.get(), kBufferSize}, offset)) {
        hasher.update(std::string_view(buffer.get(), count));
        offset += count;
    }
    const auto hex = [&](DigestAlgorithm algorithm) {
        return std::find(algorithms.begin(), algorithms.end(), algorithm) == algorithms.end()
                   ? std::string()
                   : hasher.hex(algorithm);
    };
    return {offset, hex(DigestAlgorithm::md5), hex(DigestAlgorithm::sha1), hex(DigestAlgorithm::sha256),
            hex(DigestAlgorithm::sha512)};
}

}  // namespace repotool::fs

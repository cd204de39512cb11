// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fs/external.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/base/error.hpp"
#include "core/fs/posix_file.hpp"
#include "core/fs/tree.hpp"

namespace repotool::fs {
namespace {

const char* kind_text(Kind kind) {
    switch (kind) {
        case Kind::directory:
            return "it is a directory";
        case Kind::symlink:
            return "it is a symbolic link";
        default:
            return "it is not a regular file";
    }
}

void write_whole(int fd, std::string_view bytes, const std::string& path) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) base::throw_errno("write", path);
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

// A durable file with these bytes beside `path`; returns its name.
std::string write_beside(const std::string& path, std::string_view bytes, unsigned mode) {
    const std::string temporary = fmt::format("{}.{}.new", path, getpid());
    const Descriptor fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!fd.is_open()) base::throw_errno("create", temporary);
    write_whole(fd.get(), bytes, temporary);
    if (fsync(fd.get()) != 0) base::throw_errno("sync", temporary);
    return temporary;
}

void sync_parent(const std::string& path) {
    const std::string parent = path.find('/') == std::string::npos ? "." : parent_path(path);
    const Descriptor fd(open(parent.empty() ? "/" : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.is_open() || fsync(fd.get()) != 0) base::throw_errno("sync", parent);
}

}  // namespace

std::unique_ptr<File> open_external(const std::string& path) {
    Descriptor fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (!fd.is_open() && errno == ELOOP) {
        throw base::Error(base::ErrorKind::input, "read", path, kind_text(Kind::symlink),
                          "give the file itself");
    }
    if (!fd.is_open() &&
        (errno == ENXIO || errno == ENOENT || errno == EACCES || errno == ENOTDIR || errno == ENAMETOOLONG)) {
        throw base::Error(
            base::ErrorKind::input, "read", path,
            errno == ENXIO ? "it is not a regular file" : base::SystemError(errno, "", "").reason());
    }
    if (!fd.is_open()) base::throw_errno("open", path);
    auto file = adopt_file(std::move(fd), path);
    if (const Kind kind = file->status().kind; kind != Kind::file) {
        throw base::Error(base::ErrorKind::input, "read", path, kind_text(kind), "give a package file");
    }
    return file;
}

bool link_external(File& file, Filesystem& filesystem, const std::string& path) {
    const std::string target = join_path(filesystem.root(), path);
    // By its descriptor: whatever has the input's name by now, this is the file that was opened.
    if (linkat(AT_FDCWD, file.path_for_reading().c_str(), AT_FDCWD, target.c_str(), AT_SYMLINK_FOLLOW) == 0)
        return true;
    if (errno == EXDEV || errno == EMLINK || errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS)
        return false;
    base::throw_errno("link", target);
}

bool has_writers(File& file) {
    const Descriptor fd(open(file.path_for_reading().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (!fd.is_open()) return false;
    // Who opens the file for writing during the lease has a signal sent to us; this one nobody dies from.
    if (fcntl(fd.get(), F_SETSIG, SIGURG) != 0) return false;
    // The kernel leases a file for reading to its owner only while nobody can write to it.
    if (fcntl(fd.get(), F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN;
    fcntl(fd.get(), F_SETLEASE, F_UNLCK);
    return false;
}

std::optional<Status> external_status(const std::string& path, FinalSymlink final_symlink) {
    struct stat raw {};
    const int flags = final_symlink == FinalSymlink::keep ? AT_SYMLINK_NOFOLLOW : 0;
    if (fstatat(AT_FDCWD, path.c_str(), &raw, flags) == 0) return to_status(raw);
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    base::throw_errno("examine", path);
}

std::vector<std::string> list_external(const std::string& path) {
    std::error_code error;
    std::vector<std::string> names;
    for (auto entry = std::filesystem::directory_iterator(path, error);
         !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        names.push_back(entry->path().filename().string());
    }
    if (error) throw base::SystemError(error.value(), "list", path);
    std::sort(names.begin(), names.end());
    return names;
}

std::string read_external(const std::string& path, std::uint64_t limit) {
    Descriptor fd(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (!fd.is_open()) base::throw_errno("open", path);
    auto file = adopt_file(std::move(fd), path);
    if (const Kind kind = file->status().kind; kind != Kind::file)
        throw base::Error(base::ErrorKind::usage, "read", path, kind_text(kind));
    return read_all(*file, path, limit);
}

std::optional<std::string> read_first_line(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string line;
    if (!std::getline(file, line)) return std::nullopt;
    return line;
}

void write_external(const std::string& path, std::string_view bytes, unsigned mode) {
    const auto existing = external_status(path, FinalSymlink::follow);
    if (existing && existing->kind == Kind::other) {
        const Descriptor fd(open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
        if (!fd.is_open()) base::throw_errno("open", path);
        write_whole(fd.get(), bytes, path);
        return;
    }
    if (existing && existing->kind == Kind::directory)
        throw base::Error(base::ErrorKind::usage, "write", path, "it is a directory");
    const std::string temporary = write_beside(path, bytes, mode);
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
        const int error = errno;
        unlink(temporary.c_str());
        throw base::SystemError(error, "write", path);
    }
    sync_parent(path);
}

bool write_new_external(const std::string& path, std::string_view bytes, unsigned mode) {
    const std::string temporary = write_beside(path, bytes, mode);
    const int status = ::link(temporary.c_str(), path.c_str());
    const int error = errno;
    unlink(temporary.c_str());
    if (status != 0 && error != EEXIST) throw base::SystemError(error, "write", path);
    sync_parent(path);
    return status == 0;
}

std::unique_ptr<File> open_external_append(const std::string& path) {
    Descriptor fd(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644));
    if (!fd.is_open() && errno == EISDIR)
        throw base::Error(base::ErrorKind::usage, "write", path, kind_text(Kind::directory));
    if (!fd.is_open() && errno == ENOENT)
        throw base::Error(base::ErrorKind::usage, "write", path, "its directory does not exist");
    if (!fd.is_open()) base::throw_errno("open", path);
    return adopt_file(std::move(fd), path);
}

bool make_external_directory(const std::string& path, unsigned mode) {
    if (external_status(path, FinalSymlink::follow)) return false;
    const std::string parent = parent_path(path);
    if (!parent.empty()) make_external_directory(parent, 0755);
    if (mkdir(path.c_str(), mode) != 0) {
        if (errno == EEXIST) return false;
        base::throw_errno("make directory", path);
    }
    if (chmod(path.c_str(), mode) != 0)
        base::throw_errno("set the mode of", path);  // whatever the umask says
    return true;
}

std::string make_temporary_directory(const std::string& prefix) {
    const char* base = std::getenv("TMPDIR");
    std::string path = fmt::format("{}/{}-XXXXXX", base == nullptr || *base == '\0' ? "/tmp" : base, prefix);
    if (mkdtemp(path.data()) == nullptr) base::throw_errno("make directory", path);
    return path;
}

std::string make_directory_beside(const std::string& path) {
    std::error_code ignored;  // mkdtemp tells what is wrong
    if (const auto parent = std::filesystem::path(path).parent_path(); !parent.empty())
        std::filesystem::create_directories(parent, ignored);
    std::string name = path + ".XXXXXX";
    if (mkdtemp(name.data()) == nullptr) base::throw_errno("make directory", name);
    return name;
}

void rename_external(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) base::throw_errno("make", to);
}

bool remove_external(const std::string& path) {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    return !error;
}

std::string absolute_path(const std::string& path) {
    std::error_code error;
    const auto absolute = std::filesystem::absolute(path, error);
    const auto resolved = std::filesystem::weakly_canonical(absolute, error);
    std::string text = (error ? absolute.lexically_normal() : resolved).string();
    while (text.size() > 1 && text.back() == '/') text.pop_back();
    return text;
}

std::string current_directory() {
    std::error_code error;
    const auto path = std::filesystem::current_path(error);
    if (error) throw base::SystemError(error.value(), "find", "current directory");
    return path.string();
}

}  // namespace repotool::fs

// SPDX-License-Identifier: GPL-3.0-or-later
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <memory>
#include <utility>

#include "core/base/error.hpp"
#include "core/fs/filesystem.hpp"
#include "core/fs/posix_file.hpp"

namespace repotool::fs {
namespace {

using base::throw_errno;

Descriptor open_beneath(int root, const std::string& path, unsigned long long flags) {
    open_how how{};
    how.flags = flags | O_CLOEXEC | O_NOFOLLOW;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    long fd = -1;
    do {
        fd = syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how);
    } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
    return Descriptor(static_cast<int>(fd));
}

struct Place {
    Descriptor directory;
    std::string name;
};

class PosixFilesystem : public Filesystem {
public:
    PosixFilesystem(Descriptor root, std::string path) : root_(std::move(root)), path_(std::move(path)) {}

    std::unique_ptr<File> open_read(const std::string& path) override {
        Descriptor fd = open_beneath(root_.get(), path, O_RDONLY | O_NONBLOCK);
        if (!fd.is_open()) throw_errno("open", shown(path));
        return adopt_file(std::move(fd), shown(path));
    }

    std::unique_ptr<File> create(const std::string& path, unsigned mode) override {
        return open_for_writing(path, O_CREAT | O_EXCL | O_RDWR, mode, "create");
    }

    std::unique_ptr<File> open_append(const std::string& path) override {
        const Place place = locate(path, "open");
        Descriptor fd(openat(place.directory.get(), place.name.c_str(),
                             O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!fd.is_open()) throw_errno("open", shown(path));
        return adopt_file(std::move(fd), shown(path));
    }

    void rename(const std::string& from, const std::string& to, Replace replace) override {
        const Place source = locate(from, "rename");
        const Place target = locate(to, "rename");
        const unsigned flags = replace == Replace::no ? RENAME_NOREPLACE : 0;
        if (renameat2(source.directory.get(), source.name.c_str(), target.directory.get(),
                      target.name.c_str(), flags) != 0) {
            throw_errno("rename", fmt::format("{} to {}", shown(from), to));
        }
    }

    void link(const std::string& from, const std::string& to) override {
        const Place source = locate(from, "link");
        const Place target = locate(to, "link");
        if (linkat(source.directory.get(), source.name.c_str(), target.directory.get(), target.name.c_str(),
                   0) != 0) {
            throw_errno("link", fmt::format("{} to {}", shown(from), to));
        }
    }

    void symlink(const std::string& target, const std::string& path) override {
        const Place place = locate(path, "make symlink");
        if (symlinkat(target.c_str(), place.directory.get(), place.name.c_str()) != 0)
            throw_errno("make symlink", shown(path));
    }

    std::optional<std::string> read_link(const std::string& path) override {
        const Place place = find(path, "read link");
        if (!place.directory.is_open()) return std::nullopt;
        std::string target(PATH_MAX, '\0');
        const ssize_t length =
            readlinkat(place.directory.get(), place.name.c_str(), target.data(), target.size());
        if (length < 0 && (errno == ENOENT || errno == EINVAL)) return std::nullopt;
        if (length < 0) throw_errno("read link", shown(path));
        target.resize(static_cast<std::size_t>(length));
        return target;
    }

    std::optional<Status> status(const std::string& path) override {
        const Place place = find(path, "examine");
        if (!place.directory.is_open()) return std::nullopt;
        struct stat raw {};
        if (fstatat(place.directory.get(), place.name.c_str(), &raw, AT_SYMLINK_NOFOLLOW) == 0)
            return to_status(raw);
        if (errno != ENOENT) throw_errno("examine", shown(path));
        return std::nullopt;
    }

    std::vector<std::string> list(const std::string& path) override {
        Descriptor fd = open_beneath(root_.get(), path, O_RDONLY | O_DIRECTORY);
        if (!fd.is_open() && (errno == ENOENT || errno == ENOTDIR)) return {};
        if (!fd.is_open()) throw_errno("list", shown(path));
        const std::unique_ptr<DIR, int (*)(DIR*)> directory(fdopendir(fd.get()), closedir);
        if (!directory) throw_errno("list", shown(path));
        fd.release();  // closedir closes it
        std::vector<std::string> names;
        errno = 0;
        while (const dirent* entry = readdir(directory.get())) {
            const std::string name(entry->d_name);
            if (name != "." && name != "..") names.push_back(name);
            errno = 0;
        }
        if (errno != 0) throw_errno("list", shown(path));
        std::sort(names.begin(), names.end());
        return names;
    }

    void remove(const std::string& path) override {
        const Place place = find(path, "remove");
        if (!place.directory.is_open()) return;
        if (unlinkat(place.directory.get(), place.name.c_str(), 0) == 0 || errno == ENOENT) return;
        if ((errno == EISDIR || errno == EPERM) &&
            unlinkat(place.directory.get(), place.name.c_str(), AT_REMOVEDIR) == 0)
            return;
        if (errno != ENOENT) throw_errno("remove", shown(path));
    }

    bool make_directory(const std::string& path, unsigned mode) override {
        const Place place = locate(path, "make directory");
        if (mkdirat(place.directory.get(), place.name.c_str(), mode) != 0) {
            if (errno == EEXIST) return false;
            throw_errno("make directory", shown(path));
        }
        if (fchmodat(place.directory.get(), place.name.c_str(), mode, 0) != 0)
            throw_errno("set the mode of", shown(path));
        return true;
    }

    void sync_directory(const std::string& path) override {
        const Descriptor fd = open_beneath(root_.get(), path, O_RDONLY | O_DIRECTORY);
        if (!fd.is_open() || fsync(fd.get()) != 0) throw_errno("sync", shown(path));
    }

    void sync_all() override {
        if (syncfs(root_.get()) != 0) throw_errno("sync", path_);
    }

    std::unique_ptr<Lock> try_lock(const std::string& path, LockMode mode) override {
        const Place place = locate(path, "lock");
        Descriptor fd(openat(place.directory.get(), place.name.c_str(),
                             O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!fd.is_open()) throw_errno("lock", shown(path));
        return try_lock_file(std::move(fd), shown(path), mode);
    }

    std::uint64_t free_bytes() override {
        const auto found = statistics();
        return static_cast<std::uint64_t>(found.f_bavail) * found.f_frsize;
    }
    std::optional<std::uint64_t> free_inodes() override {
        const auto found = statistics();
        return found.f_files == 0 ? std::nullopt : std::optional<std::uint64_t>(found.f_favail);
    }

    std::string root() const override { return path_; }

private:
    struct statvfs statistics() {
        struct statvfs raw {};
        if (fstatvfs(root_.get(), &raw) != 0) throw_errno("examine", path_);
        return raw;
    }
    std::string shown(const std::string& path) const { return path.empty() ? path_ : path_ + "/" + path; }

    std::unique_ptr<File> open_for_writing(const std::string& path, int flags, unsigned mode,
                                           const char* verb) {
        const Place place = locate(path, verb);
        Descriptor fd(
            openat(place.directory.get(), place.name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode));
        if (!fd.is_open()) throw_errno(verb, shown(path));
        if (fchmod(fd.get(), mode) != 0)
            throw_errno("set the mode of", shown(path));  // whatever the umask says
        return adopt_file(std::move(fd), shown(path));
    }

    // The directory that holds `path`; closed where that does not exist.
    Place find(const std::string& path, const char* verb) const {
        const auto slash = path.rfind('/');
        Place place{{}, slash == std::string::npos ? path : path.substr(slash + 1)};
        if (place.name.empty()) place.name = ".";
        if (place.name == "..")
            throw base::Error(base::ErrorKind::internal, verb, path, "bug: a path that leaves its root");
        // "/name" keeps its slash, so that the kernel refuses it like every absolute path.
        const std::string directory =
            slash == std::string::npos ? "" : path.substr(0, std::max<std::size_t>(slash, 1));
        place.directory = open_beneath(root_.get(), directory, O_PATH | O_DIRECTORY);
        if (!place.directory.is_open() && errno != ENOENT && errno != ENOTDIR) throw_errno(verb, shown(path));
        return place;
    }
    Place locate(const std::string& path, const char* verb) const {
        Place place = find(path, verb);
        if (!place.directory.is_open()) throw_errno(verb, shown(path));
        return place;
    }

    Descriptor root_;
    std::string path_;
};

}  // namespace

std::unique_ptr<Filesystem> open_posix_filesystem(const std::string& root) {
    Descriptor fd(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    // syncfs and fstatvfs want a real descriptor; O_PATH first, so that a fifo cannot block us.
    if (fd.is_open()) fd = Descriptor(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.is_open()) throw_errno("open", root);
    return std::make_unique<PosixFilesystem>(std::move(fd), root);
}

}  // namespace repotool::fs

// SPDX-License-Identifier: GPL-3.0-or-later
// The filesystem seam: everything that the product does to a disk goes through these operations, so that
// tests can make each of them fail, record them or lose what was not synced.
//
// Paths are relative to the root that the object was made for, use '/' and never leave the root: `..`,
// absolute paths and symlinks in the middle are refused by the kernel (openat2: RESOLVE_BENEATH,
// RESOLVE_NO_SYMLINKS). The last component is never followed. All failures are base::SystemError, but for the
// answers that are values here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace repotool::fs {

enum class Kind { file, directory, symlink, other };

struct Status {
    Kind kind = Kind::other;
    std::uint64_t size = 0;                   // bytes
    unsigned mode = 0;                        // permission bits
    std::int64_t mtime = 0;                   // Unix seconds
    std::int64_t mtime_ns = 0, ctime_ns = 0;  // nanoseconds since 1970
    std::uint64_t inode = 0, device = 0, links = 0;
    unsigned owner = 0;  // uid
};

// One open file. The destructor closes without complaint; call close() where a write must have succeeded.
class File {
public:
    virtual ~File() = default;
    // Bytes read at `offset`; 0 at the end of the file.
    virtual std::size_t read_at(std::span<char> buffer, std::uint64_t offset) = 0;
    // Appends all of `bytes`.
    virtual void write(std::string_view bytes) = 0;
    // Appends `length` bytes of `source` from `offset` on, in the kernel where it can (copy_file_range).
    virtual void append_range(File& source, std::uint64_t offset, std::uint64_t length) = 0;
    virtual Status status() = 0;
    virtual void set_mtime(std::int64_t seconds) = 0;
    // Only for files of the caller's own staging: a published file is never changed (I1).
    virtual void set_mode(unsigned mode) = 0;
    // Data and size reach the disk. A failure is final: never call it again for the same file, write a new
    // one.
    virtual void sync() = 0;
    virtual void close() = 0;
    // The path of an open file for libraries that take nothing else (/proc/self/fd/N).
    virtual std::string path_for_reading() const = 0;
};

// A lock that is held until the object dies (open-file-description lock: it ends with the process, too).
class Lock {
public:
    virtual ~Lock() = default;
    // What the lock file says of its holder, for people who wait.
    virtual void describe_holder(std::string_view text) = 0;
};

enum class Replace { no, yes };
enum class LockMode { shared, exclusive };

class Filesystem {
public:
    virtual ~Filesystem() = default;
    virtual std::unique_ptr<File> open_read(const std::string& path) = 0;
    // The name must not exist. `mode` holds whatever the umask says.
    virtual std::unique_ptr<File> create(const std::string& path, unsigned mode) = 0;
    // For logs: writes go to the end; made with mode 0600 where it does not exist.
    virtual std::unique_ptr<File> open_append(const std::string& path) = 0;
    // Replace::no throws SystemError(EEXIST) where `to` exists (renameat2 RENAME_NOREPLACE).
    virtual void rename(const std::string& from, const std::string& to, Replace replace) = 0;
    virtual void link(const std::string& from, const std::string& to) = 0;
    virtual void symlink(const std::string& target, const std::string& path) = 0;
    // Target of a symlink; empty where there is nothing or something else.
    virtual std::optional<std::string> read_link(const std::string& path) = 0;
    // Empty where there is nothing.
    virtual std::optional<Status> status(const std::string& path) = 0;
    // Names in a directory, sorted, without . and ..; empty where the directory does not exist.
    virtual std::vector<std::string> list(const std::string& path) = 0;
    // A file, a symlink or an empty directory. Nothing there is not an error.
    virtual void remove(const std::string& path) = 0;
    // False where it is there already.
    virtual bool make_directory(const std::string& path, unsigned mode) = 0;
    // Names in the directory reach the disk.
    virtual void sync_directory(const std::string& path) = 0;
    // Everything written to this filesystem reaches the disk (syncfs).
    virtual void sync_all() = 0;
    // Empty where somebody else holds it. The file is made (0600) where it does not exist, and never removed.
    virtual std::unique_ptr<Lock> try_lock(const std::string& path, LockMode mode) = 0;
    // Bytes that an ordinary user can still write.
    virtual std::uint64_t free_bytes() = 0;
    // Files that can still be made; nothing where the filesystem does not count them.
    virtual std::optional<std::uint64_t> free_inodes() { return std::nullopt; }
    // Where the root is, for messages and for programs that need an absolute path.
    virtual std::string root() const = 0;
};

// A filesystem below `root`, which must be a directory. Throws base::SystemError.
std::unique_ptr<Filesystem> open_posix_filesystem(const std::string& root);

}  // namespace repotool::fs

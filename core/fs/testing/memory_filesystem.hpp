// SPDX-License-Identifier: GPL-3.0-or-later
// A filesystem in memory that answers as the Posix one does, errno for errno: for tests that make thousands
// of disks, and below the Crash filesystem. Several threads may use it. It does not model permissions, the
// umask, the number of links that one file may have, nor a full disk; the times of directories are those of
// their making.
#pragma once

#include <memory>
#include <string>

#include "core/fs/filesystem.hpp"
#include "core/fs/testing/disk_image.hpp"

namespace repotool::fs::testing {

struct MemoryDisk;
struct MemoryPlace;

class MemoryFilesystem : public Filesystem {
public:
    MemoryFilesystem() : MemoryFilesystem(empty_disk()) {}
    explicit MemoryFilesystem(const DiskImage& image);
    ~MemoryFilesystem() override;
    MemoryFilesystem(const MemoryFilesystem&) = delete;
    MemoryFilesystem& operator=(const MemoryFilesystem&) = delete;

    // The disk as it is now.
    DiskImage image() const;

    std::unique_ptr<File> open_read(const std::string& path) override;
    std::unique_ptr<File> create(const std::string& path, unsigned mode) override;
    std::unique_ptr<File> open_append(const std::string& path) override;
    void rename(const std::string& from, const std::string& to, Replace replace) override;
    void link(const std::string& from, const std::string& to) override;
    void symlink(const std::string& target, const std::string& path) override;
    std::optional<std::string> read_link(const std::string& path) override;
    std::optional<Status> status(const std::string& path) override;
    std::vector<std::string> list(const std::string& path) override;
    void remove(const std::string& path) override;
    bool make_directory(const std::string& path, unsigned mode) override;
    void sync_directory(const std::string& path) override;
    void sync_all() override;
    std::unique_ptr<Lock> try_lock(const std::string& path, LockMode mode) override;
    std::uint64_t free_bytes() override;
    // No such directory exists; for messages.
    std::string root() const override;

protected:
    // Null: nobody. It must outlive this object and the files that it opened.
    void set_observer(DiskObserver* observer);

private:
    MemoryPlace find(const std::string& path, const char* verb) const;
    MemoryPlace locate(const std::string& path, const char* verb) const;
    std::shared_ptr<struct MemoryNode> open_or_make(const std::string& path, const char* verb);
    void add(const std::string& what, const MemoryPlace& place,
             const std::shared_ptr<struct MemoryNode>& node);

    std::shared_ptr<MemoryDisk> disk_;
};

}  // namespace repotool::fs::testing

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fs/testing/memory_file.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/fs/posix_file.hpp"

namespace repotool::fs::testing {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

class MemoryFile : public File {
public:
    MemoryFile(std::shared_ptr<MemoryDisk> disk, NodePointer node, std::string path, std::string shown,
               Writing writing)
        : disk_(std::move(disk)),
          node_(std::move(node)),
          path_(std::move(path)),
          shown_(std::move(shown)),
          writing_(writing) {}

    std::size_t read_at(std::span<char> buffer, std::uint64_t offset) override {
        const auto guard = enter("read");
        if (node_->kind == Kind::directory) throw base::SystemError(EISDIR, "read", shown_);
        const std::string_view bytes = node_->bytes.text();
        if (offset >= bytes.size()) return 0;
        return bytes.copy(buffer.data(), buffer.size(), offset);
    }

    void write(std::string_view bytes) override {
        if (bytes.empty()) return;
        const auto guard = enter("write");
        if (writing_ == Writing::no) throw base::SystemError(EBADF, "write", shown_);
        if (writing_ == Writing::at_end) position_ = node_->bytes.size();
        disk_->write(fmt::format("write {} bytes to {}", bytes.size(), path_), *node_, position_, bytes);
        position_ += bytes.size();
    }

    void append_range(File& source, std::uint64_t offset, std::uint64_t length) override {
        std::vector<char> buffer(std::min<std::uint64_t>(length, 1U << 20U));
        while (length > 0) {
            const std::size_t wanted = std::min<std::uint64_t>(length, buffer.size());
            const std::size_t count = source.read_at({buffer.data(), wanted}, offset);
            if (count == 0)
                throw base::Error(base::ErrorKind::storage, "copy", shown_,
                                  "the source is shorter than expected");
            write({buffer.data(), count});
            offset += count;
            length -= count;
        }
    }

    Status status() override {
        const auto guard = enter("examine");
        return node_->status();
    }

    void set_mtime(std::int64_t seconds) override {
        const auto guard = enter("set the time of");
        node_->mtime_ns = seconds * kSecond;
        attributes_changed("set the time of ");
    }

    void set_mode(unsigned mode) override {
        const auto guard = enter("set the mode of");
        node_->mode = mode & 07777U;
        attributes_changed("set the mode of ");
    }

    void sync() override {
        const auto guard = enter("sync");
        if (disk_->observer != nullptr) disk_->observer->on_sync("sync " + path_, node_->number);
    }

    void close() override {
        const std::lock_guard guard(disk_->mutex);
        open_ = false;
    }

    // A copy of what the file holds at the first call: a library needs a descriptor of the kernel.
    std::string path_for_reading() const override {
        const std::lock_guard guard(disk_->mutex);
        if (!copy_.is_open()) {
            copy_ = Descriptor(memfd_create("memory-filesystem", MFD_CLOEXEC));
            if (!copy_.is_open()) base::throw_errno("copy", shown_);
            std::string_view rest = node_->bytes.text();
            while (!rest.empty()) {
                const ssize_t count = ::write(copy_.get(), rest.data(), rest.size());
                if (count < 0) base::throw_errno("copy", shown_);
                rest.remove_prefix(static_cast<std::size_t>(count));
            }
        }
        return fmt::format("/proc/self/fd/{}", copy_.get());
    }

private:
    std::unique_lock<std::mutex> enter(const char* verb) {
        std::unique_lock guard(disk_->mutex);
        if (!open_) throw base::SystemError(EBADF, verb, shown_);
        return guard;
    }
    void attributes_changed(const char* what) {
        node_->ctime_ns = later_time();
        if (disk_->observer != nullptr)
            disk_->observer->on_attributes(what + path_, node_->number, node_->mode, node_->mtime_ns);
    }

    std::shared_ptr<MemoryDisk> disk_;
    NodePointer node_;
    std::string path_, shown_;
    Writing writing_;
    std::uint64_t position_ = 0;
    bool open_ = true;
    mutable Descriptor copy_;
};

class MemoryLock : public Lock {
public:
    MemoryLock(std::shared_ptr<MemoryDisk> disk, NodePointer node, std::string path, LockMode mode)
        : disk_(std::move(disk)), node_(std::move(node)), path_(std::move(path)), mode_(mode) {}
    ~MemoryLock() override {
        const std::lock_guard guard(disk_->mutex);
        if (mode_ == LockMode::exclusive) node_->exclusively_locked = false;
        if (mode_ == LockMode::shared) --node_->shared_locks;
    }
    MemoryLock(const MemoryLock&) = delete;
    MemoryLock& operator=(const MemoryLock&) = delete;

    void describe_holder(std::string_view text) override {
        const std::lock_guard guard(disk_->mutex);
        node_->bytes = {};
        disk_->write("describe the holder of " + path_, *node_, 0, text);
    }

private:
    std::shared_ptr<MemoryDisk> disk_;
    NodePointer node_;
    std::string path_;
    LockMode mode_;
};

}  // namespace

std::unique_ptr<File> open_memory_file(std::shared_ptr<MemoryDisk> disk, NodePointer node, std::string path,
                                       std::string shown, Writing writing) {
    return std::make_unique<MemoryFile>(std::move(disk), std::move(node), std::move(path), std::move(shown),
                                        writing);
}

std::unique_ptr<Lock> try_lock_node(const std::shared_ptr<MemoryDisk>& disk, const NodePointer& node,
                                    const std::string& path, LockMode mode) {
    if (node->exclusively_locked || (mode == LockMode::exclusive && node->shared_locks > 0)) return nullptr;
    if (mode == LockMode::exclusive) node->exclusively_locked = true;
    if (mode == LockMode::shared) ++node->shared_locks;
    return std::make_unique<MemoryLock>(disk, node, path, mode);
}

}  // namespace repotool::fs::testing

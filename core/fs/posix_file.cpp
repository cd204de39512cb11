// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fs/posix_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "core/base/error.hpp"

namespace repotool::fs {

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        if (fd_ >= 0) ::close(fd_);
        fd_ = other.release();
    }
    return *this;
}

int Descriptor::release() noexcept {
    return std::exchange(fd_, -1);
}

Status to_status(const struct stat& raw) noexcept {
    constexpr std::int64_t kSecond = 1'000'000'000;
    Status status;
    if (S_ISREG(raw.st_mode)) status.kind = Kind::file;
    if (S_ISDIR(raw.st_mode)) status.kind = Kind::directory;
    if (S_ISLNK(raw.st_mode)) status.kind = Kind::symlink;
    status.size = static_cast<std::uint64_t>(raw.st_size);
    status.mode = raw.st_mode & 07777U;
    status.mtime = raw.st_mtim.tv_sec;
    status.mtime_ns = raw.st_mtim.tv_sec * kSecond + raw.st_mtim.tv_nsec;
    status.ctime_ns = raw.st_ctim.tv_sec * kSecond + raw.st_ctim.tv_nsec;
    status.inode = raw.st_ino;
    status.device = raw.st_dev;
    status.links = raw.st_nlink;
    status.owner = raw.st_uid;
    return status;
}

namespace {

class PosixFile : public File {
public:
    PosixFile(Descriptor descriptor, std::string name)
        : descriptor_(std::move(descriptor)), name_(std::move(name)) {}

    std::size_t read_at(std::span<char> buffer, std::uint64_t offset) override {
        std::size_t done = 0;
        while (done < buffer.size()) {
            const ssize_t count = ::pread(descriptor_.get(), buffer.data() + done, buffer.size() - done,
                                          static_cast<off_t>(offset + done));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) base::throw_errno("read", name_);
            if (count == 0) break;
            done += static_cast<std::size_t>(count);
        }
        return done;
    }

    void write(std::string_view bytes) override {
        while (!bytes.empty()) {
            const ssize_t count = ::write(descriptor_.get(), bytes.data(), bytes.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) base::throw_errno("write", name_);
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
    }

    void append_range(File& source, std::uint64_t offset, std::uint64_t length) override {
        if (auto* posix = dynamic_cast<PosixFile*>(&source)) length = copy_in_kernel(*posix, offset, length);
        std::vector<char> buffer(std::min<std::uint64_t>(length, 1U << 20U));
        while (length > 0) {
            const std::size_t wanted = std::min<std::uint64_t>(length, buffer.size());
            const std::size_t count = source.read_at({buffer.data(), wanted}, offset);
            if (count == 0)
                throw base::Error(base::ErrorKind::storage, "copy", name_,
                                  "the source is shorter than expected");
            write({buffer.data(), count});
            offset += count;
            length -= count;
        }
    }

    Status status() override {
        struct stat raw {};
        if (fstat(descriptor_.get(), &raw) != 0) base::throw_errno("examine", name_);
        return to_status(raw);
    }

    void set_mtime(std::int64_t seconds) override {
        const std::array<timespec, 2> times{{{0, UTIME_OMIT}, {seconds, 0}}};
        if (futimens(descriptor_.get(), times.data()) != 0) base::throw_errno("set the time of", name_);
    }

    void set_mode(unsigned mode) override {
        if (fchmod(descriptor_.get(), mode) != 0) base::throw_errno("set the mode of", name_);
    }

    void sync() override {
        if (fsync(descriptor_.get()) != 0) base::throw_errno("sync", name_);
    }

    void close() override {
        // Linux closes the descriptor even when close() fails; the error is about writes that got lost.
        if (descriptor_.is_open() && ::close(descriptor_.release()) != 0 && errno != EINTR)
            base::throw_errno("close", name_);
    }

    std::string path_for_reading() const override {
        return fmt::format("/proc/self/fd/{}", descriptor_.get());
    }

private:
    // Copies what copy_file_range can; moves `offset` and returns what is left for read and write.
    std::uint64_t copy_in_kernel(PosixFile& source, std::uint64_t& offset, std::uint64_t length) {
        while (length > 0) {
            auto from = static_cast<off64_t>(offset);
            const ssize_t count = copy_file_range(source.descriptor_.get(), &from, descriptor_.get(), nullptr,
                                                  std::min<std::uint64_t>(length, 1U << 30U), 0);
            if (count < 0 && errno == EINTR) continue;
            if (count < 0 && (errno == ENOSPC || errno == EIO || errno == EDQUOT))
                base::throw_errno("write", name_);
            if (count <= 0) break;  // not for these files: the ordinary way reports whatever is wrong
            offset += static_cast<std::uint64_t>(count);
            length -= static_cast<std::uint64_t>(count);
        }
        return length;
    }

    Descriptor descriptor_;
    std::string name_;
};

class PosixLock : public Lock {
public:
    PosixLock(Descriptor descriptor, std::string name)
        : descriptor_(std::move(descriptor)), name_(std::move(name)) {}
    void describe_holder(std::string_view text) override {
        // For people only: a failure here must not stop a publish.
        if (ftruncate(descriptor_.get(), 0) != 0) return;
        static_cast<void>(!::pwrite(descriptor_.get(), text.data(), text.size(), 0));
    }

private:
    Descriptor descriptor_;
    std::string name_;
};

}  // namespace

std::unique_ptr<File> adopt_file(Descriptor descriptor, std::string name) {
    return std::make_unique<PosixFile>(std::move(descriptor), std::move(name));
}

std::unique_ptr<Lock> try_lock_file(Descriptor descriptor, const std::string& name, LockMode mode) {
    struct flock request {};
    request.l_type = mode == LockMode::shared ? F_RDLCK : F_WRLCK;
    request.l_whence = SEEK_SET;
    while (fcntl(descriptor.get(), F_OFD_SETLK, &request) != 0) {
        if (errno == EAGAIN || errno == EACCES) return nullptr;
        if (errno != EINTR) base::throw_errno("lock", name);
    }
    return std::make_unique<PosixLock>(std::move(descriptor), name);
}

}  // namespace repotool::fs

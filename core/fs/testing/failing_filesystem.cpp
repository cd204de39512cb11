// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fs/testing/failing_filesystem.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"

namespace repotool::fs::testing {

void FaultPlan::before(const char* operation, const std::string& path) {
    bool is_now = false;
    {
        const std::lock_guard guard(mutex_);
        ++count_;
        log_.push_back(fmt::format("{} {} {}", count_, operation, path));
        is_now = failure_ == Failure::once ? count_ == fail_at_ : fail_at_ != 0 && count_ >= fail_at_;
    }
    if (!is_now) return;
    if (!interruption_) throw base::SystemError(error_number_, operation, path);
    interruption_();
}

namespace {

class FailingFile : public File {
public:
    FailingFile(std::unique_ptr<File> below, FaultPlan& plan, std::string path)
        : below_(std::move(below)), plan_(plan), path_(std::move(path)) {}

    std::size_t read_at(std::span<char> buffer, std::uint64_t offset) override {
        return below_->read_at(buffer, offset);
    }
    void write(std::string_view bytes) override {
        plan_.before("write", path_);
        below_->write(bytes);
    }
    void append_range(File& source, std::uint64_t offset, std::uint64_t length) override {
        plan_.before("write", path_);
        auto* failing = dynamic_cast<FailingFile*>(&source);
        below_->append_range(failing != nullptr ? *failing->below_ : source, offset, length);
    }
    Status status() override { return below_->status(); }
    void set_mtime(std::int64_t seconds) override { below_->set_mtime(seconds); }
    void set_mode(unsigned mode) override { below_->set_mode(mode); }
    void sync() override {
        plan_.before("sync", path_);
        below_->sync();
    }
    void close() override {
        plan_.before("close", path_);
        below_->close();
    }
    std::string path_for_reading() const override { return below_->path_for_reading(); }

private:
    std::unique_ptr<File> below_;
    FaultPlan& plan_;
    std::string path_;
};

class FailingFilesystem : public Filesystem {
public:
    FailingFilesystem(Filesystem& below, FaultPlan& plan) : below_(below), plan_(plan) {}

    std::unique_ptr<File> open_read(const std::string& path) override {
        return std::make_unique<FailingFile>(below_.open_read(path), plan_, path);
    }
    std::unique_ptr<File> create(const std::string& path, unsigned mode) override {
        plan_.before("create", path);
        return std::make_unique<FailingFile>(below_.create(path, mode), plan_, path);
    }
    std::unique_ptr<File> open_append(const std::string& path) override {
        plan_.before("create", path);
        return std::make_unique<FailingFile>(below_.open_append(path), plan_, path);
    }
    void rename(const std::string& from, const std::string& to, Replace replace) override {
        plan_.before("rename", to);
        below_.rename(from, to, replace);
    }
    void link(const std::string& from, const std::string& to) override {
        plan_.before("link", to);
        below_.link(from, to);
    }
    void symlink(const std::string& target, const std::string& path) override {
        plan_.before("symlink", path);
        below_.symlink(target, path);
    }
    std::optional<std::string> read_link(const std::string& path) override { return below_.read_link(path); }
    std::optional<Status> status(const std::string& path) override { return below_.status(path); }
    std::vector<std::string> list(const std::string& path) override { return below_.list(path); }
    void remove(const std::string& path) override {
        plan_.before("remove", path);
        below_.remove(path);
    }
    bool make_directory(const std::string& path, unsigned mode) override {
        plan_.before("make_directory", path);
        return below_.make_directory(path, mode);
    }
    void sync_directory(const std::string& path) override {
        plan_.before("sync_directory", path);
        below_.sync_directory(path);
    }
    void sync_all() override {
        plan_.before("sync_all", "");
        below_.sync_all();
    }
    std::unique_ptr<Lock> try_lock(const std::string& path, LockMode mode) override {
        return below_.try_lock(path, mode);
    }
    std::uint64_t free_bytes() override { return below_.free_bytes(); }
    std::string root() const override { return below_.root(); }

private:
    Filesystem& below_;
    FaultPlan& plan_;
};

}  // namespace

std::unique_ptr<Filesystem> make_failing_filesystem(Filesystem& below, FaultPlan& plan) {
    return std::make_unique<FailingFilesystem>(below, plan);
}

}  // namespace repotool::fs::testing

// SPDX-License-Identifier: GPL-3.0-or-later
// A filesystem that hands everything on to the one below it; tests override what they want to spoil.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/fs/filesystem.hpp"

namespace repotool::sync::testing {

class ForwardingFile : public fs::File {
public:
    explicit ForwardingFile(std::unique_ptr<fs::File> below) : below_(std::move(below)) {}
    std::size_t read_at(std::span<char> buffer, std::uint64_t offset) override {
        return below_->read_at(buffer, offset);
    }
    void write(std::string_view bytes) override { below_->write(bytes); }
    void append_range(fs::File& source, std::uint64_t offset, std::uint64_t length) override {
        below_->append_range(source, offset, length);
    }
    fs::Status status() override { return below_->status(); }
    void set_mtime(std::int64_t seconds) override { below_->set_mtime(seconds); }
    void set_mode(unsigned mode) override { below_->set_mode(mode); }
    void sync() override { below_->sync(); }
    void close() override { below_->close(); }
    std::string path_for_reading() const override { return below_->path_for_reading(); }

protected:
    fs::File& below() { return *below_; }

private:
    std::unique_ptr<fs::File> below_;
};

class ForwardingFilesystem : public fs::Filesystem {
public:
    explicit ForwardingFilesystem(std::unique_ptr<fs::Filesystem> below) : below_(std::move(below)) {}
    std::unique_ptr<fs::File> open_read(const std::string& path) override { return below_->open_read(path); }
    std::unique_ptr<fs::File> create(const std::string& path, unsigned mode) override {
        return below_->create(path, mode);
    }
    std::unique_ptr<fs::File> open_append(const std::string& path) override {
        return below_->open_append(path);
    }
    void rename(const std::string& from, const std::string& to, fs::Replace replace) override {
        below_->rename(from, to, replace);
    }
    void link(const std::string& from, const std::string& to) override { below_->link(from, to); }
    void symlink(const std::string& target, const std::string& path) override {
        below_->symlink(target, path);
    }
    std::optional<std::string> read_link(const std::string& path) override { return below_->read_link(path); }
    std::optional<fs::Status> status(const std::string& path) override { return below_->status(path); }
    std::vector<std::string> list(const std::string& path) override { return below_->list(path); }
    void remove(const std::string& path) override { below_->remove(path); }
    bool make_directory(const std::string& path, unsigned mode) override {
        return below_->make_directory(path, mode);
    }
    void sync_directory(const std::string& path) override { below_->sync_directory(path); }
    void sync_all() override { below_->sync_all(); }
    std::unique_ptr<fs::Lock> try_lock(const std::string& path, fs::LockMode mode) override {
        return below_->try_lock(path, mode);
    }
    std::uint64_t free_bytes() override { return below_->free_bytes(); }
    std::string root() const override { return below_->root(); }

protected:
    fs::Filesystem& below() { return *below_; }

private:
    std::unique_ptr<fs::Filesystem> below_;
};

// Does not wait for the disk: these tests end processes, not machines, and run hundreds of transactions.
std::unique_ptr<fs::Filesystem> make_unsynced_filesystem(const std::string& root);

}  // namespace repotool::sync::testing

// SPDX-License-Identifier: GPL-3.0-or-later
#include "forwarding_filesystem.hpp"

namespace repotool::sync::testing {
namespace {

class UnsyncedFile : public ForwardingFile {
public:
    using ForwardingFile::ForwardingFile;
    void sync() override {}
};

class UnsyncedFilesystem : public ForwardingFilesystem {
public:
    using ForwardingFilesystem::ForwardingFilesystem;
    std::unique_ptr<fs::File> open_read(const std::string& path) override {
        return unsynced(below().open_read(path));
    }
    std::unique_ptr<fs::File> create(const std::string& path, unsigned mode) override {
        return unsynced(below().create(path, mode));
    }
    std::unique_ptr<fs::File> open_append(const std::string& path) override {
        return unsynced(below().open_append(path));
    }
    void sync_directory(const std::string&) override {}
    void sync_all() override {}

private:
    static std::unique_ptr<fs::File> unsynced(std::unique_ptr<fs::File> file) {
        return std::make_unique<UnsyncedFile>(std::move(file));
    }
};

}  // namespace

std::unique_ptr<fs::Filesystem> make_unsynced_filesystem(const std::string& root) {
    return std::make_unique<UnsyncedFilesystem>(fs::open_posix_filesystem(root));
}

}  // namespace repotool::sync::testing

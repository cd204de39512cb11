// SPDX-License-Identifier: GPL-3.0-or-later
#include "coordinator_disk.hpp"

#include "core/fs/tree.hpp"

namespace repotool::simulation {

template <typename Change>
auto CoordinatorDisk::change(const Change& change) {
    if (process_.is_dead()) throw Killed();
    process_.before(Step::disk);
    if constexpr (std::is_void_v<decltype(change())>) {
        change();
        process_.after(Step::disk);
    } else {
        auto result = change();
        process_.after(Step::disk);
        return result;
    }
}

// One that dies in the middle.
class CoordinatorDisk::File : public fs::File {
public:
    File(std::unique_ptr<fs::File> below, CoordinatorDisk& disk) : below_(std::move(below)), disk_(disk) {}
    std::size_t read_at(std::span<char> buffer, std::uint64_t offset) override {
        return below_->read_at(buffer, offset);
    }
    void write(std::string_view bytes) override {
        disk_.change([&] { below_->write(bytes.substr(0, bytes.size() / 2)); });
        disk_.change([&] { below_->write(bytes.substr(bytes.size() / 2)); });
    }
    void append_range(fs::File& source, std::uint64_t offset, std::uint64_t length) override {
        disk_.change([&] { below_->append_range(source, offset, length); });
    }
    fs::Status status() override { return below_->status(); }
    void set_mtime(std::int64_t seconds) override { below_->set_mtime(seconds); }
    void set_mode(unsigned mode) override { below_->set_mode(mode); }
    void sync() override { disk_.sync(); }
    void close() override { below_->close(); }
    std::string path_for_reading() const override { return below_->path_for_reading(); }

private:
    std::unique_ptr<fs::File> below_;
    CoordinatorDisk& disk_;
};

void CoordinatorDisk::sync() {
    constexpr Moment kSyncTime = 1 * kMillisecond;
    if (process_.is_dead()) throw Killed();
    clock_.advance(kSyncTime);
}

std::unique_ptr<fs::File> CoordinatorDisk::create(const std::string& path, unsigned mode) {
    return std::make_unique<File>(change([&] { return below_.create(path, mode); }), *this);
}

std::unique_ptr<fs::File> CoordinatorDisk::open_append(const std::string& path) {
    return std::make_unique<File>(change([&] { return below_.open_append(path); }), *this);
}

void CoordinatorDisk::rename(const std::string& from, const std::string& to, fs::Replace replace) {
    change([&] {
        below_.rename(from, to, replace);
        const bool is_decision = to.ends_with("/journal") &&
                                 fs::read_file(below_, to).find(R"("state":"commit")") != std::string::npos;
        if (is_decision) decided_ = to;
    });
}

void CoordinatorDisk::link(const std::string& from, const std::string& to) {
    change([&] { below_.link(from, to); });
}

void CoordinatorDisk::symlink(const std::string& target, const std::string& path) {
    change([&] { below_.symlink(target, path); });
}

void CoordinatorDisk::remove(const std::string& path) {
    change([&] { below_.remove(path); });
}

bool CoordinatorDisk::make_directory(const std::string& path, unsigned mode) {
    return change([&] { return below_.make_directory(path, mode); });
}

void CoordinatorDisk::sync_directory(const std::string& /*path*/) {
    sync();
    tell();
}

void CoordinatorDisk::tell() {
    if (!decided_.empty()) on_commit_(std::exchange(decided_, {}));
}

void CoordinatorDisk::sync_all() {
    sync();
}

}  // namespace repotool::simulation

// SPDX-License-Identifier: GPL-3.0-or-later
// The disk of a coordinator's host, in memory: what one process wrote is there for the next. The process may
// die at each operation that changes it, a write in two halves among them; syncing takes its time. Whoever
// watches is told when a decision has become durable.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/fs/testing/memory_filesystem.hpp"
#include "process.hpp"
#include "virtual_time.hpp"

namespace repotool::simulation {

class CoordinatorDisk : public fs::Filesystem {
public:
    // Told of each journal with a commit in it as soon as its name is durable.
    using OnCommit = std::function<void(const std::string& journal)>;
    CoordinatorDisk(fs::testing::MemoryFilesystem& below, Process& process, VirtualClock& clock,
                    OnCommit on_commit)
        : below_(below), process_(process), clock_(clock), on_commit_(std::move(on_commit)) {}
    // A process that dies between the rename and the sync leaves a disk on which the next one finds the name.
    ~CoordinatorDisk() override { tell(); }
    CoordinatorDisk(const CoordinatorDisk&) = delete;
    CoordinatorDisk& operator=(const CoordinatorDisk&) = delete;

    std::unique_ptr<fs::File> open_read(const std::string& path) override { return below_.open_read(path); }
    std::unique_ptr<fs::File> create(const std::string& path, unsigned mode) override;
    std::unique_ptr<fs::File> open_append(const std::string& path) override;
    void rename(const std::string& from, const std::string& to, fs::Replace replace) override;
    void link(const std::string& from, const std::string& to) override;
    void symlink(const std::string& target, const std::string& path) override;
    std::optional<std::string> read_link(const std::string& path) override { return below_.read_link(path); }
    std::optional<fs::Status> status(const std::string& path) override { return below_.status(path); }
    std::vector<std::string> list(const std::string& path) override { return below_.list(path); }
    void remove(const std::string& path) override;
    bool make_directory(const std::string& path, unsigned mode) override;
    void sync_directory(const std::string& path) override;
    void sync_all() override;
    std::unique_ptr<fs::Lock> try_lock(const std::string& path, fs::LockMode mode) override {
        return below_.try_lock(path, mode);
    }
    std::uint64_t free_bytes() override { return below_.free_bytes(); }
    std::string root() const override { return below_.root(); }

private:
    template <typename Change>
    auto change(const Change& change);
    void sync();
    void tell();

    class File;
    fs::testing::MemoryFilesystem& below_;
    Process& process_;
    VirtualClock& clock_;
    OnCommit on_commit_;
    std::string decided_;  // a journal whose name is not durable yet
};

}  // namespace repotool::simulation

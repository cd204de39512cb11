// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fs/testing/crash_filesystem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/testing/crash_states.hpp"

namespace repotool::fs::testing {

// Writes down what the workload does.
class CrashRecorder : public DiskObserver {
public:
    using Kind = CrashEvent::Kind;
    explicit CrashRecorder(DiskImage before) : before_(std::move(before)) {}

    void on_new_node(NodeNumber number, const DiskNode& node) override {
        if (node.kind == fs::Kind::file) files_.insert(number);
        add({Kind::new_node, {}, number, node, {}, 0, {}, 0, 0});
    }
    void on_entries(const std::string& what, const std::vector<EntryChange>& changes) override {
        add({Kind::entries, what, kNoNode, {}, changes, 0, {}, 0, 0});
    }
    void on_write(const std::string& what, NodeNumber file, std::uint64_t offset,
                  const std::string& bytes) override {
        add({Kind::write, what, file, {}, {}, offset, bytes, 0, 0});
    }
    void on_attributes(const std::string& what, NodeNumber node, unsigned mode,
                       std::int64_t mtime_ns) override {
        add({Kind::attributes, what, node, {}, {}, 0, {}, mode, mtime_ns});
    }
    void on_sync(const std::string& what, NodeNumber node) override {
        if (is_file(node)) fail_if_told(what, node);
        add({Kind::sync, what, node, {}, {}, 0, {}, 0, 0});
    }
    void on_sync_all() override {
        fail_if_told("sync all", kNoNode);
        add({Kind::sync_all, "sync all", kNoNode, {}, {}, 0, {}, 0, 0});
    }
    void fail_sync(std::size_t number) { fail_at_ = number; }
    bool has_failed() const { return fail_at_ != 0 && syncs_ >= fail_at_; }

    void add(CrashEvent event) {
        const std::lock_guard guard(mutex_);
        events_.push_back(std::move(event));
    }
    std::vector<CrashEvent> events() const {
        const std::lock_guard guard(mutex_);
        return events_;
    }
    const DiskImage& before() const { return before_; }

private:
    bool is_file(NodeNumber node) const {
        const auto before = before_.nodes.find(node);
        return files_.contains(node) ||
               (before != before_.nodes.end() && before->second.kind == fs::Kind::file);
    }
    void fail_if_told(const std::string& what, NodeNumber node) {
        if (++syncs_ != fail_at_) return;
        add({Kind::failed_sync, what + " (failed)", node, {}, {}, 0, {}, 0, 0});
        throw base::SystemError(EIO, "sync", what);
    }

    DiskImage before_;
    std::set<NodeNumber> files_;
    std::size_t fail_at_ = 0, syncs_ = 0;
    mutable std::mutex mutex_;
    std::vector<CrashEvent> events_;
};

namespace {

// One walk over the operations, with a check of every disk on the way.
class Enumeration {
public:
    Enumeration(const CrashBounds& bounds, const std::function<void(CrashState&)>& check, DiskImage before)
        : bounds_(bounds), check_(check), state_(std::move(before)), random_(bounds.seed) {}

    CrashCount run(const std::vector<CrashEvent>& events) {
        for (std::size_t i = 0;; ++i) {
            // What follows an operation before the next one belongs to it: an acknowledgement counts at once.
            const bool is_end = i == events.size();
            const bool is_due = count_.operations % bounds_.step == 0;
            if (is_end || (is_due && events[i].is_operation())) crash_here();
            if (is_end) return count_;
            if (events[i].kind == CrashEvent::Kind::acknowledge) ++acknowledged_;
            if (events[i].is_operation()) {
                ++count_.operations;
                last_ = events[i].what;
            }
            state_.apply(events[i]);
        }
    }

private:
    void crash_here() {
        if (count_.operations < bounds_.first) return;
        if (!is_exhaustive(state_.pending(), bounds_)) ++count_.sampled;
        for (const auto& choice : choices(state_.pending(), bounds_, random_)) {
            const DiskImage disk = state_.disk(choice);
            const std::string digest = base::sha256_hex(fingerprint(disk));
            if (!seen_.emplace(acknowledged_, digest).second) continue;
            ++count_.states;
            MemoryFilesystem filesystem(disk);
            const std::string story = fmt::format("power cut after operation {} ({}){}", count_.operations,
                                                  last_, state_.story(choice));
            CrashState state{filesystem, count_.operations, acknowledged_, story};
            check_(state);
        }
    }

    const CrashBounds& bounds_;
    const std::function<void(CrashState&)>& check_;
    DurableState state_;
    std::mt19937_64 random_;
    std::set<std::pair<unsigned, std::string>> seen_;  // acknowledged, digest of the disk
    CrashCount count_;
    unsigned acknowledged_ = 0;
    std::string last_ = "none";
};

}  // namespace

CrashFilesystem::CrashFilesystem(const DiskImage& before)
    : MemoryFilesystem(before), recorder_(std::make_unique<CrashRecorder>(before)) {
    set_observer(recorder_.get());
}

CrashFilesystem::~CrashFilesystem() {
    set_observer(nullptr);
}

void CrashFilesystem::acknowledge() {
    recorder_->add({CrashEvent::Kind::acknowledge, {}, kNoNode, {}, {}, 0, {}, 0, 0});
}

void CrashFilesystem::fail_sync(std::size_t number) {
    recorder_->fail_sync(number);
}

bool CrashFilesystem::has_failed() const {
    return recorder_->has_failed();
}

std::size_t CrashFilesystem::operations() const {
    const auto events = recorder_->events();
    return static_cast<std::size_t>(std::count_if(
        events.begin(), events.end(), [](const CrashEvent& event) { return event.is_operation(); }));
}

CrashCount CrashFilesystem::each_crash(const CrashBounds& bounds,
                                       const std::function<void(CrashState&)>& check) const {
    return Enumeration(bounds, check, recorder_->before()).run(recorder_->events());
}

}  // namespace repotool::fs::testing

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/background_hasher.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace repotool::base {
namespace {

constexpr std::size_t kBlock = std::size_t{64} << 10U;       // below malloc's threshold for mmap
constexpr std::size_t kMostWaiting = std::size_t{4} << 20U;  // bytes

// The processors, as the hashers of this process share them.
class Lanes {
public:
    // Where a thread that is not behind begins to have work, and where it has none.
    void reserve() { change(reserved_, +1); }
    void release() { change(reserved_, -1); }
    // Around each piece of work of one that is.
    void enter() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return working_ == 0 || working_ + reserved_ < processors_; });
        ++working_;
    }
    void leave() { change(working_, -1); }

private:
    void change(int& count, int by) {
        {
            const std::lock_guard lock(mutex_);
            count += by;
        }
        changed_.notify_one();
    }

    const int processors_ = static_cast<int>(std::thread::hardware_concurrency());
    std::mutex mutex_;
    std::condition_variable changed_;
    int reserved_ = 0, working_ = 0;
};

Lanes& lanes() {
    static Lanes all;
    return all;
}

// A lane while it lives.
class Reservation {
public:
    Reservation() { lanes().reserve(); }
    ~Reservation() { lanes().release(); }
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;
};

}  // namespace

// What both threads touch, and the thread that hashes.
struct BackgroundHasher::Queue {
    explicit Queue(BackgroundHasher& owner) : thread([this, &owner] { run(owner); }) {}

    void run(BackgroundHasher& owner) {
        if (owner.urgency_ == Urgency::behind) return run_in_turns(owner);
        std::optional<Reservation> lane;
        while (true) {
            if (is_idle()) lane.reset();
            const auto step = next();
            if (!step) return;
            if (!lane) lane.emplace();
            owner.take(*step);
        }
    }

    void run_in_turns(BackgroundHasher& owner) {
        while (const auto step = next()) {
            lanes().enter();
            owner.take(*step);
            lanes().leave();
        }
    }

    bool is_idle() {
        const std::lock_guard lock(mutex);
        return steps.empty();
    }

    // Empty at the end.
    std::optional<Step> next() {
        std::optional<Step> step;
        {
            std::unique_lock lock(mutex);
            changed.wait(lock, [this] { return !steps.empty() || is_ended; });
            if (steps.empty() || is_dropped) return step;
            step = std::move(steps.front());
            steps.pop_front();
            waiting -= step->bytes.size();
        }
        changed.notify_all();
        return step;
    }

    void push(Step&& step) {
        {
            std::unique_lock lock(mutex);
            changed.wait(lock, [this] { return waiting < kMostWaiting; });
            waiting += step.bytes.size();
            steps.push_back(std::move(step));
        }
        changed.notify_all();
    }

    void end(bool drop) {
        {
            const std::lock_guard lock(mutex);
            is_ended = true;
            is_dropped = drop;
        }
        changed.notify_all();
        thread.join();
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Step> steps;
    std::size_t waiting = 0;  // bytes
    bool is_ended = false;
    bool is_dropped = false;
    std::thread thread;  // the last member: it uses the others from its start
};

BackgroundHasher::BackgroundHasher(ShaDigests digests, Urgency urgency)
    : urgency_(urgency), stream_(digests) {}

BackgroundHasher::~BackgroundHasher() {
    if (queue_) queue_->end(true);
}

void BackgroundHasher::resume(std::string_view state) {
    stream_.resume(state);
    size_ = stream_.size();
}

void BackgroundHasher::update(std::string_view bytes) {
    size_ += bytes.size();
    while (!bytes.empty()) {
        const std::size_t count = std::min(kBlock - block_.size(), bytes.size());
        block_ += bytes.substr(0, count);
        bytes.remove_prefix(count);
        if (block_.size() == kBlock) hand_over({std::exchange(block_, {}), false});
    }
}

void BackgroundHasher::update(std::string&& bytes) {
    if (block_.size() + bytes.size() < kBlock) return update(std::string_view(bytes));
    size_ += bytes.size();
    if (!block_.empty()) hand_over({std::exchange(block_, {}), false});
    hand_over({std::move(bytes), false});
}

void BackgroundHasher::mark() {
    Step step{std::exchange(block_, {}), true};
    if (queue_)
        hand_over(std::move(step));
    else
        take(std::move(step));
}

void BackgroundHasher::update(std::uint64_t size, std::function<std::string()> read) {
    size_ += size;
    if (!block_.empty()) hand_over({std::exchange(block_, {}), false});
    hand_over({{}, false, std::move(read)});
}

void BackgroundHasher::take(const Step& step) {
    if (error_) return;
    try {
        if (step.read)
            stream_.update(step.read());
        else
            stream_.update(step.bytes);
    } catch (...) {
        error_ = std::current_exception();
        return;
    }
    if (step.is_marked) states_.push_back(stream_.state());
}

void BackgroundHasher::hand_over(Step&& step) {
    if (!queue_) queue_ = std::make_unique<Queue>(*this);
    queue_->push(std::move(step));
}

void BackgroundHasher::finish() {
    if (queue_) {
        queue_->end(false);
        queue_.reset();
    }
    take({std::exchange(block_, {}), false});
    if (error_) std::rethrow_exception(error_);
}

std::string BackgroundHasher::sha256() {
    finish();
    return stream_.sha256();
}

std::string BackgroundHasher::sha512() {
    finish();
    return stream_.sha512();
}

const std::vector<std::string>& BackgroundHasher::states() {
    finish();
    return states_;
}

}  // namespace repotool::base

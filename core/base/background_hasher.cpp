// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/background_hasher.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace repotool::base {
namespace {

constexpr std::size_t kBlock = std::size_t{64} << 10U;  // below malloc's threshold for mmap
constexpr std::size_t kMostWaiting = 16;                // blocks

}  // namespace

// What both threads touch, and the thread that hashes.
struct BackgroundHasher::Queue {
    explicit Queue(Hasher& hasher) : thread([this, &hasher] { run(hasher); }) {}

    void run(Hasher& hasher) {
        while (true) {
            std::string block;
            {
                std::unique_lock lock(mutex);
                changed.wait(lock, [this] { return !blocks.empty() || is_ended; });
                if (blocks.empty() || is_dropped) return;
                block = std::move(blocks.front());
                blocks.pop_front();
            }
            changed.notify_all();
            hasher.update(std::string_view(block));
        }
    }

    void push(std::string block) {
        {
            std::unique_lock lock(mutex);
            changed.wait(lock, [this] { return blocks.size() < kMostWaiting; });
            blocks.push_back(std::move(block));
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
    std::deque<std::string> blocks;
    bool is_ended = false;
    bool is_dropped = false;
    std::thread thread;  // the last member: it uses the others from its start
};

BackgroundHasher::BackgroundHasher(std::vector<DigestAlgorithm> algorithms)
    : hasher_(std::move(algorithms)) {}

BackgroundHasher::~BackgroundHasher() {
    if (queue_) queue_->end(true);
}

void BackgroundHasher::update(std::string_view bytes) {
    size_ += bytes.size();
    while (!bytes.empty()) {
        const std::size_t count = std::min(kBlock - block_.size(), bytes.size());
        block_ += bytes.substr(0, count);
        bytes.remove_prefix(count);
        if (block_.size() == kBlock) hand_over();
    }
}

void BackgroundHasher::hand_over() {
    if (!queue_) queue_ = std::make_unique<Queue>(hasher_);
    queue_->push(std::exchange(block_, {}));
    block_.reserve(kBlock);
}

void BackgroundHasher::finish() {
    if (queue_) {
        queue_->end(false);
        queue_.reset();
    }
    hasher_.update(std::string_view(block_));
    block_.clear();
}

std::string BackgroundHasher::hex(DigestAlgorithm algorithm) {
    finish();
    return hasher_.hex(algorithm);
}

}  // namespace repotool::base

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/work_queue.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace repotool::base {
namespace {

enum class Stage { waiting, running, finished };

struct Item {
    std::function<void()> work, done;
    Stage stage = Stage::waiting;
    std::exception_ptr error;
};

}  // namespace

struct WorkQueue::State {
    explicit State(std::size_t most) : most_threads(most), most_items(2 * most + 2) {}

    // Null where none waits. Under the mutex.
    Item* next() {
        const auto found = std::find_if(items.begin(), items.end(),
                                        [](const auto& item) { return item->stage == Stage::waiting; });
        if (found == items.end()) return nullptr;
        (*found)->stage = Stage::running;
        return found->get();
    }

    void run(Item& item, std::unique_lock<std::mutex>& lock) {
        ++running;
        lock.unlock();
        std::exception_ptr error;
        try {
            item.work();
        } catch (...) {
            error = std::current_exception();
        }
        lock.lock();
        --running;
        item.error = error;
        item.stage = Stage::finished;
        is_finished.notify_one();
    }

    void serve() {
        std::unique_lock lock(mutex);
        while (!is_ended) {
            Item* item = is_paused ? nullptr : next();
            if (item != nullptr)
                run(*item, lock);
            else
                is_added.wait(lock);
        }
    }

    // What is finished at the front is settled; where there is more than `left`, the caller waits or works.
    void settle(std::size_t left) {
        std::unique_lock lock(mutex);
        while (!items.empty()) {
            if (items.front()->stage == Stage::finished) {
                const std::unique_ptr<Item> item = std::move(items.front());
                items.pop_front();
                lock.unlock();
                if (item->error) std::rethrow_exception(item->error);
                item->done();
                lock.lock();
            } else if (items.size() <= left) {
                return;
            } else if (Item* item = next()) {
                run(*item, lock);
            } else {
                is_finished.wait(lock);
            }
        }
    }

    void end() {
        {
            const std::lock_guard lock(mutex);
            is_ended = true;
        }
        is_added.notify_all();
        for (auto& thread : threads) thread.join();
    }

    const std::size_t most_threads, most_items;
    std::mutex mutex;
    std::condition_variable is_added, is_finished;
    std::deque<std::unique_ptr<Item>> items;
    bool is_ended = false;
    bool is_paused = false;
    std::size_t running = 0;
    std::vector<std::thread> threads;
};

WorkQueue::WorkQueue(std::size_t threads) : state_(std::make_unique<State>(threads)) {}

WorkQueue::~WorkQueue() {
    state_->end();
}

void WorkQueue::add(std::function<void()> work, std::function<void()> done) {
    State& state = *state_;
    auto item = std::make_unique<Item>();
    item->work = std::move(work);
    item->done = std::move(done);
    if (!item->work) item->stage = Stage::finished;
    const bool is_work = item->stage == Stage::waiting;
    {
        const std::lock_guard lock(state.mutex);
        state.items.push_back(std::move(item));
    }
    if (is_work) {
        if (state.threads.size() < state.most_threads)
            state.threads.emplace_back([&state] { state.serve(); });
        state.is_added.notify_one();
    }
    state.settle(state.most_items);
}

void WorkQueue::finish() {
    state_->settle(0);
}

void WorkQueue::while_idle(const std::function<void()>& action) {
    State& state = *state_;
    {
        std::unique_lock lock(state.mutex);
        state.is_paused = true;
        while (state.running > 0) state.is_finished.wait(lock);
    }
    const auto resume = [&state] {
        {
            const std::lock_guard lock(state.mutex);
            state.is_paused = false;
        }
        state.is_added.notify_all();
    };
    try {
        action();
    } catch (...) {
        resume();
        throw;
    }
    resume();
}

}  // namespace repotool::base

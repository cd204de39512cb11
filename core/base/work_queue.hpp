// SPDX-License-Identifier: GPL-3.0-or-later
// Work for all processors whose results are taken in the order in which it came, with bounded memory.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace repotool::base {

// Used by one thread, which lends a hand while it waits.
class WorkQueue {
public:
    // Threads beside the caller's; they start when there is work for them.
    explicit WorkQueue(std::size_t threads);
    // Waits for what runs, and drops the rest.
    ~WorkQueue();
    WorkQueue(const WorkQueue&) = delete;
    WorkQueue& operator=(const WorkQueue&) = delete;

    // `work` is called in some thread, `done` after it in the caller's, in this call or a later one, and in
    // the order of the calls. Empty work only waits for its turn. Throws what an earlier work or done threw;
    // then nothing more is to be added.
    void add(std::function<void()> work, std::function<void()> done);
    // Returns when all is done. Throws likewise.
    void finish();
    // No thread of the queue works while `action` is called.
    void while_idle(const std::function<void()>& action);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace repotool::base

// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/fleet/runtime.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

namespace repotool::sync {
namespace {

class ThreadAlarm : public Alarm {
public:
    ThreadAlarm(std::int64_t milliseconds, std::function<void()> ring)
        : thread_([this, milliseconds, ring = std::move(ring)](const std::stop_token& stop) {
              std::unique_lock lock(mutex_);
              const auto is_stopped = [&] { return stop.stop_requested(); };
              if (!wake_.wait_for(lock, stop, std::chrono::milliseconds(milliseconds), is_stopped) &&
                  !is_stopped())
                  ring();
          }) {}

private:
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread thread_;  // last: it ends before what it waits with
};

class RealRuntime : public Runtime {
public:
    std::int64_t monotonic_ms() override { return base::monotonic_ms(); }
    base::UnixSeconds now() override { return base::system_clock().real_now(); }
    void sleep_ms(std::int64_t milliseconds) override {
        std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    }
    double random() override {
        thread_local std::mt19937 generator{std::random_device{}()};
        return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
    }
    void run_all(const std::vector<std::function<void()>>& work, std::size_t parallel) override {
        std::atomic<std::size_t> next = 0;
        const auto take = [&] {
            for (auto mine = next++; mine < work.size(); mine = next++) work[mine]();
        };
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < std::min(std::max<std::size_t>(parallel, 1), work.size()); ++i)
            threads.emplace_back(take);
    }
    std::unique_ptr<Alarm> set_alarm(std::int64_t milliseconds, std::function<void()> ring) override {
        return std::make_unique<ThreadAlarm>(milliseconds, std::move(ring));
    }
};

}  // namespace

Runtime& real_runtime() {
    static RealRuntime runtime;
    return runtime;
}

}  // namespace repotool::sync

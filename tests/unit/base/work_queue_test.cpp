// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/work_queue.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

namespace repotool::base {

TEST_CASE("what work gives is taken in the order in which it came", "[work_queue]") {
    const std::size_t threads = GENERATE(0U, 1U, 4U);
    WorkQueue queue(threads);
    std::vector<unsigned> results(500), taken;
    const auto caller = std::this_thread::get_id();
    for (unsigned i = 0; i < results.size(); ++i) {
        const auto done = [&, i] {
            CHECK(std::this_thread::get_id() == caller);
            taken.push_back(results[i]);
        };
        if (i % 7 == 3) {  // only takes its turn
            results[i] = i;
            queue.add({}, done);
            continue;
        }
        queue.add(
            [&, i] {
                if (i % 5 == 0) std::this_thread::sleep_for(std::chrono::microseconds(300));
                results[i] = i;
            },
            done);
    }
    queue.finish();
    REQUIRE(taken.size() == results.size());
    for (unsigned i = 0; i < taken.size(); ++i) REQUIRE(taken[i] == i);
}

TEST_CASE("no more work waits than a few pieces for each thread", "[work_queue]") {
    WorkQueue queue(2);
    int waiting = 0;
    int most = 0;
    for (int i = 0; i < 200; ++i) {
        most = std::max(most, ++waiting);
        queue.add([] { std::this_thread::sleep_for(std::chrono::microseconds(50)); }, [&] { --waiting; });
    }
    queue.finish();
    CHECK(most <= 8);
    CHECK(waiting == 0);
}

TEST_CASE("what work throws reaches the caller, and what comes after it is not taken", "[work_queue]") {
    const std::size_t threads = GENERATE(0U, 2U);
    std::vector<int> taken;
    const auto run = [&] {
        WorkQueue queue(threads);
        for (int i = 0; i < 50; ++i) {
            queue.add(
                [i] {
                    if (i == 20) throw std::runtime_error("twenty");
                },
                [&, i] { taken.push_back(i); });
        }
        queue.finish();
    };
    CHECK_THROWS_WITH(run(), "twenty");
    CHECK(taken.size() == 20);
}

TEST_CASE("a queue that goes drops what nobody waited for", "[work_queue]") {
    std::atomic<int> running = 0;
    {
        WorkQueue queue(2);
        for (int i = 0; i < 4; ++i)
            queue.add(
                [&] {
                    ++running;
                    std::this_thread::sleep_for(std::chrono::milliseconds(1));
                    --running;
                },
                [] {});
    }
    CHECK(running == 0);
}

TEST_CASE("no thread works while the queue is held idle", "[work_queue]") {
    std::atomic<int> running = 0;
    int held = 0;
    WorkQueue queue(3);
    for (int i = 0; i < 300; ++i) {
        queue.add(
            [&] {
                ++running;
                std::this_thread::sleep_for(std::chrono::microseconds(100));
                --running;
            },
            [&, i] {
                if (i % 10 != 0) return;
                queue.while_idle([&] {
                    for (int look = 0; look < 20; ++look) {
                        held += running;
                        std::this_thread::sleep_for(std::chrono::microseconds(10));
                    }
                });
            });
    }
    queue.finish();
    CHECK(held == 0);
}

}  // namespace repotool::base

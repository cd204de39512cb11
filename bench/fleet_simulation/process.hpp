// SPDX-License-Identifier: GPL-3.0-or-later
// One run of the coordinator, as an operating system has it: it may be killed before or after anything that
// it does to the world, or stopped there until another one has taken over.
//
// From the moment of its death nothing of it reaches the world any more: each thing that it tries throws, so
// that its code ends, and its destructors and handlers change nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>

namespace repotool::simulation {

// What a coordinator does to the world.
enum class Step {
    lock,
    state,
    unfinished,
    plan,
    stage,
    verify,
    prepare,
    check,
    canary,
    flip,
    probe,
    finish,
    abort,
    lagging,
    disk,
};
inline constexpr std::size_t kSteps = 15;

struct Killed : std::runtime_error {
    Killed() : std::runtime_error("killed") {}
};

class Process {
public:
    explicit Process(std::uint64_t number) : number_(number) {}

    // Coordinators in the order in which they began.
    std::uint64_t number() const { return number_; }
    bool is_dead() const { return is_dead_; }
    // Another one took over while it slept: its connections are gone.
    bool is_overtaken() const { return is_overtaken_; }

    // At its n-th such step (1: the first), before or after the effect.
    enum class When { before, after };
    void kill_at(Step step, std::size_t n, When when) { death_ = {step, n, when}; }
    // Sleeps there for as long as `meanwhile` takes.
    void sleep_at(Step step, std::size_t n, std::function<void()> meanwhile) {
        sleep_ = {step, n, When::before};
        meanwhile_ = std::move(meanwhile);
    }

    // Around each step.
    void before(Step step) {
        check();
        if (due(sleep_, step, When::before)) sleep();
        if (due(death_, step, When::before)) die();
    }
    void after(Step step) {
        if (!is_dead_ && due(death_, step, When::after)) die();
    }
    void check() {
        if (!is_dead_) return;
        if (last_words_ == 0) throw Killed();
        --last_words_;
    }
    // What other threads had sent when it died still arrives: so many steps of the next of them.
    void give_last_words(std::size_t steps) { last_words_ = is_dead_ ? steps : 0; }

private:
    struct Plan {
        Step step = Step::lock;
        std::size_t left = 0;  // 0: never
        When when = When::before;
    };
    static bool due(Plan& plan, Step step, When when) {
        return plan.left != 0 && plan.step == step && plan.when == when && --plan.left == 0;
    }
    [[noreturn]] void die() {
        is_dead_ = true;
        throw Killed();
    }
    void sleep() {
        is_overtaken_ = true;
        meanwhile_();
    }

    std::uint64_t number_;
    bool is_dead_ = false;
    bool is_overtaken_ = false;
    std::size_t last_words_ = 0;
    Plan death_;
    Plan sleep_;
    std::function<void()> meanwhile_;
};

}  // namespace repotool::simulation

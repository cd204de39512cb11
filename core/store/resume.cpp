// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/resume.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/store/layout.hpp"
#include "core/store/queue.hpp"
#include "core/store/recovery.hpp"
#include "core/store/steps.hpp"

namespace repotool::store {
namespace {

constexpr int kPauseMs = 20;

struct Found {
    std::string path;
    std::unique_ptr<fs::Lock> lock;  // of one that is settled
};

std::vector<std::string> transactions_of(fs::Filesystem& filesystem, const std::string& run) {
    std::vector<std::string> paths;
    for (const auto& name : filesystem.list(layout::kTransactions)) {
        if (run_of(name) == run) paths.push_back(fs::join_path(layout::kTransactions, name));
    }
    return paths;
}

// The moment is one: whoever recovers under the repository's lock must find the transaction dead as long as
// there is something to take back.
std::optional<Found> find_dead(Site& site, const std::string& run) {
    fs::Filesystem& filesystem = site.filesystem();
    const auto paths = transactions_of(filesystem, run);
    if (paths.empty()) return std::nullopt;
    const auto moment = site.lock_shortly(layout::kTransactionLock, fs::LockMode::exclusive);
    for (auto path = paths.rbegin(); path != paths.rend(); ++path) {
        if (!filesystem.status(*path)) continue;
        auto lock = filesystem.try_lock(*path + "/lock", fs::LockMode::exclusive);
        if (!lock || !is_resumable(filesystem, *path, site.clock().real_now())) continue;
        const bool is_ours = is_settled(filesystem, *path);
        return Found{*path, is_ours ? std::move(lock) : nullptr};
    }
    return std::nullopt;
}

// Under the repository's lock. What note_staged() was told, where the run had flipped.
std::optional<std::string> settle(Site& site, const RunRequest& request, const std::string& path) {
    fs::Filesystem& filesystem = site.filesystem();
    std::unique_ptr<fs::Lock> lock;
    {
        const auto moment = site.lock_shortly(layout::kTransactionLock, fs::LockMode::exclusive);
        if (filesystem.status(path)) lock = filesystem.try_lock(path + "/lock", fs::LockMode::exclusive);
    }
    if (!lock) return std::nullopt;
    const auto staged = read_step(filesystem, path, kStagedStep);
    const Outcome outcome = finish_or_undo(site, path, request.repository, DeadRuns::keep);
    if (outcome != Outcome::completed || !staged) return std::nullopt;
    return std::string(split_staged_step(*staged).of);
}

}  // namespace

Resumed resume(Site& site, const RunRequest& request) {
    const std::int64_t deadline = base::monotonic_ms() + request.lock_timeout * 1000;
    for (;;) {
        auto found = find_dead(site, request.run);
        if (!found) return {};
        if (found->lock) {
            forget_request(site.filesystem(), found->path);  // an answer that came too late
            return {Transaction::take_over(site, request.repository, found->path, std::move(found->lock)),
                    {}};
        }
        if (const auto lock = site.try_lock_repository(request.repository, request.job)) {
            if (auto flipped = settle(site, request, found->path)) return {nullptr, std::move(flipped)};
        } else if (base::monotonic_ms() >= deadline) {
            return {};  // and this run begins anew
        } else {
            site.clock().sleep_ms(kPauseMs);  // whoever has the lock takes it back first
        }
    }
}

}  // namespace repotool::store

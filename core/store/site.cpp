// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/site.hpp"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/layout.hpp"

namespace repotool::store {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::int64_t kShortLockSeconds = 30;

void pause(int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

std::string holder_text(fs::Filesystem& filesystem, const std::string& path) {
    try {
        const auto holder = nlohmann::json::parse(fs::read_file(filesystem, path, 4096));
        return fmt::format(
            "held by process {} on {} since {}{}", holder.value("pid", 0), holder.value("host", "?"),
            holder.value("since", "?"),
            holder.value("job", "").empty() ? "" : " for " + base::printable(holder.value("job", "")));
    } catch (const std::exception&) {
        return "held by another process";
    }
}

}  // namespace

void Site::prepare_for_writing() {
    const auto status = filesystem_.status("private");
    if (status && status->owner != fs::effective_user()) {
        throw Error(ErrorKind::usage, "write to site", filesystem_.root(),
                    fmt::format("it belongs to the user with id {}, this process runs as {}", status->owner,
                                fs::user_name()),
                    "run the command as the user that owns the site");
    }
    // Made when all others are durable: while it is missing, nobody has come to that yet.
    constexpr const char* kLast = "private/locks";
    bool changed = !filesystem_.status(kLast);
    for (const char* path :
         {"private", "private/objects", "private/objects/sha256", "private/text", "private/history",
          "private/txn", "private/trash", "private/condemned", "private/orphans", "private/moves"}) {
        changed = filesystem_.make_directory(path, 0700) || changed;
    }
    for (const char* path : {"public", "public/gen", "public/pool", "public/meta", "public/keys"})
        changed = filesystem_.make_directory(path, 0755) || changed;
    if (!changed) return;
    for (const char* path : {"", "private", "private/objects", "public"}) filesystem_.sync_directory(path);
    filesystem_.make_directory(kLast, 0700);
    filesystem_.sync_directory("private");
}

void Site::check_prefix_free(const std::string& repository) {
    const auto refuse = [&](const std::string& other) {
        throw Error(ErrorKind::usage, "make repository", repository,
                    fmt::format("there is a repository '{}', and one cannot lie below another", other));
    };
    for (std::string prefix = fs::parent_path(repository); !prefix.empty();
         prefix = fs::parent_path(prefix)) {
        const auto status = filesystem_.status("public/" + prefix);
        if (status && status->kind == fs::Kind::symlink) refuse(prefix);
    }
    const auto status = filesystem_.status("public/" + repository);
    if (!status || status->kind != fs::Kind::directory) return;
    for (const auto& other : list_repositories(filesystem_, "public")) {
        if (other.starts_with(repository + "/"))
            refuse(other);  // an empty directory is what a failed publish left
    }
}

std::unique_ptr<fs::Lock> Site::try_lock_repository(const std::string& repository, const std::string& job) {
    const std::string path = layout::repository_lock(repository);
    fs::make_directories(filesystem_, fs::parent_path(path), 0700);
    auto lock = filesystem_.try_lock(path, fs::LockMode::exclusive);
    if (!lock) return nullptr;
    const nlohmann::json holder{{"pid", fs::process_id()},
                                {"host", fs::host_name()},
                                {"job", job},
                                {"since", base::iso8601(clock_.now())}};
    lock->describe_holder(holder.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
    return lock;
}

std::optional<std::string> Site::holder(const std::string& repository) {
    const std::string path = layout::repository_lock(repository);
    try {
        const bool is_free = !filesystem_.status(path) || filesystem_.try_lock(path, fs::LockMode::shared);
        return is_free ? std::nullopt : std::optional(holder_text(filesystem_, path));
    } catch (const base::SystemError&) {
        return std::nullopt;  // another user's site
    }
}

base::Error Site::busy(const std::string& repository, std::int64_t seconds) {
    return {ErrorKind::conflict, "lock repository", repository,
            fmt::format("waited {} s; {}", seconds,
                        holder_text(filesystem_, layout::repository_lock(repository))),
            "run the same command again later, or give --lock-timeout a longer time"};
}

std::unique_ptr<fs::Lock> Site::lock_repository(const std::string& repository, std::int64_t timeout_seconds,
                                                const std::string& job) {
    const std::int64_t deadline = base::monotonic_ms() + timeout_seconds * 1000;
    for (int wait = 5;; wait = std::min(wait * 2, 100)) {
        if (auto lock = try_lock_repository(repository, job)) return lock;
        if (base::monotonic_ms() >= deadline) throw busy(repository, timeout_seconds);
        pause(wait);
    }
}

std::unique_ptr<fs::Lock> Site::lock_shortly(const char* path, fs::LockMode mode) {
    const std::int64_t deadline = base::monotonic_ms() + kShortLockSeconds * 1000;
    while (base::monotonic_ms() < deadline) {
        if (auto lock = filesystem_.try_lock(path, mode)) return lock;
        pause(2);
    }
    throw Error(ErrorKind::conflict, "lock", path,
                fmt::format("another process held it for more than {} s", kShortLockSeconds),
                "run the same command again");
}

}  // namespace repotool::store

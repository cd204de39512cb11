// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/mirror/lock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"

namespace repotool::sync {
namespace {

std::string holder(fs::Filesystem& filesystem, const std::string& path) {
    try {
        const auto text = nlohmann::json::parse(fs::read_file(filesystem, path, 4096));
        return fmt::format("process {} on {} holds it since {}", text.value("pid", 0),
                           text.value("host", "?"), text.value("since", "?"));
    } catch (const std::exception&) {
        return "another process holds it";
    }
}

}  // namespace

std::unique_ptr<fs::Lock> wait_for_lock(fs::Filesystem& filesystem, const std::string& path,
                                        const std::string& object, std::int64_t timeout_seconds) {
    const std::int64_t deadline = base::monotonic_ms() + timeout_seconds * 1000;
    for (int wait = 5;; wait = std::min(wait * 2, 200)) {
        if (auto lock = filesystem.try_lock(path, fs::LockMode::exclusive)) {
            const nlohmann::json text{{"pid", fs::process_id()},
                                      {"host", fs::host_name()},
                                      {"job", "mirrorsync"},
                                      {"since", base::iso8601(base::system_clock().now())}};
            lock->describe_holder(text.dump() + "\n");
            return lock;
        }
        if (base::monotonic_ms() >= deadline) {
            throw base::Error(base::ErrorKind::conflict, "lock", object,
                              fmt::format("waited {} s; {}", timeout_seconds, holder(filesystem, path)),
                              "run the same command again later, or give --lock-timeout a longer time");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(wait));
    }
}

}  // namespace repotool::sync

// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/fleet/requests.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"

namespace repotool::sync {
namespace {

using base::Error;

constexpr const char* kPrefix = "requested.";

std::string directory_of(const Source& source, const std::string& repository) {
    return fs::join_path(source.state_root, repository);
}

bool is_busy(const Error& error) {
    return error.kind() == base::ErrorKind::conflict;
}

// In the order of the protocol below; empty where another coordinator has the lock.
std::optional<FleetResult> try_now(const FleetOptions& options, const Run& run) {
    FleetOptions impatient = options;
    impatient.source_patience = 0;
    try {
        return run(impatient);
    } catch (const Error& error) {
        if (!is_busy(error)) throw;
        return std::nullopt;
    }
}

FleetResult run_or_request(Source& source, const std::string& repository, const FleetOptions& options,
                           const Run& run) {
    try {
        return run(options);
    } catch (const Error& error) {
        if (!is_busy(error)) throw;
        // The other one looks for requests after it let go of its lock. So: the request first, then one more
        // look at the lock. Either we get it, or whoever has it now will see the request.
        leave_request(source, repository);
        if (auto result = try_now(options, run)) return *result;
        throw Error(error.kind(), error.verb(), error.object(), error.reason(),
                    "the request is kept: that run brings what is current then, or else the next one does");
    }
}

}  // namespace

std::vector<std::string> open_requests(Source& source, const std::string& repository) {
    auto names = source.state.list(directory_of(source, repository));
    std::erase_if(names, [](const std::string& name) { return !name.starts_with(kPrefix); });
    return names;
}

void leave_request(Source& source, const std::string& repository) {
    const std::string directory = directory_of(source, repository);
    for (const auto& changed : fs::make_directories(source.state, directory, 0700))
        source.state.sync_directory(changed);
    const std::string name = fmt::format("{}{}-{}-{}", kPrefix, fs::host_name(), fs::process_id(),
                                         base::system_clock().real_now());
    const nlohmann::json text{{"by", fs::user_name() + "@" + fs::host_name()},
                              {"since", base::iso8601(base::system_clock().real_now())}};
    fs::replace_file(source.state, directory + "/" + name, text.dump() + "\n", 0600);
}

void settle_requests(Source& source, const std::string& repository,
                     const std::vector<std::string>& names) noexcept {
    try {
        for (const auto& name : names) source.state.remove(directory_of(source, repository) + "/" + name);
    } catch (const std::exception& error) {
        base::warn(fmt::format("a request that was served is served once more: {}", error.what()));
    }
}

void run_as_requested(Source& source, const std::string& repository, const FleetOptions& options,
                      const Run& run) {
    std::optional<FleetResult> result = run_or_request(source, repository, options, run);
    // Without a result whoever has the lock serves them; after a failure the next run does.
    while (result && !result->failure) {
        const auto open = open_requests(source, repository);
        if (open.empty()) break;
        base::info(fmt::format("{}: another sync was asked for in the meantime", repository));
        result = try_now(options, run);
        // One that cannot be removed would keep us here for ever.
        if (open_requests(source, repository) == open) break;
    }
}

}  // namespace repotool::sync

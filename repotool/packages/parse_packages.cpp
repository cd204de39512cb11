// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/packages/parse_packages.hpp"

#include <algorithm>

#include "core/base/worker.hpp"
#include "core/formats/deb/package_reader.hpp"
#include "core/formats/deb/source_reader.hpp"
#include "core/formats/rpm/package_reader.hpp"
#include "core/fs/host.hpp"

namespace repotool::publisher {
namespace {

formats::Package parse(const ParseJob& job) {
    if (job.format == formats::Format::rpm)
        return formats::rpm::read_package(job.path, job.digests, job.shown_as);
    if (job.source_files)
        return formats::deb::read_source(job.path, job.digests, *job.source_files, job.shown_as);
    const auto path_list =
        job.contents == Contents::list ? formats::deb::PathList::read : formats::deb::PathList::leave_out;
    return formats::deb::read_package(job.path, job.digests, job.shown_as, path_list);
}

// Unpacking all of a package's data takes its time: five megabytes a second is slow for any machine.
base::WorkerLimits limits_of(const std::vector<ParseJob>& jobs) {
    constexpr std::uint64_t kSlowest = std::uint64_t{5} << 20U;
    base::WorkerLimits limits;
    std::uint64_t largest = 0;
    for (const ParseJob& job : jobs) {
        if (job.contents == Contents::list) largest = std::max(largest, job.digests.size);
    }
    limits.cpu_seconds += static_cast<int>(std::min<std::uint64_t>(largest / kSlowest, 86400));
    return limits;
}

}  // namespace

void parse_packages(
    const std::vector<ParseJob>& jobs,
    const std::function<void(std::size_t, std::optional<std::string>, const std::string&)>& collect) {
    const bool has_rpm = std::any_of(jobs.begin(), jobs.end(),
                                     [](const ParseJob& job) { return job.format == formats::Format::rpm; });
    if (has_rpm) formats::rpm::prepare_reader();
    base::run_in_workers(
        jobs.size(), fs::processor_count(), [&](std::size_t i) { return formats::to_bytes(parse(jobs[i])); },
        [&](std::size_t i, base::WorkerAnswer answer) {
            collect(i, std::move(answer.bytes), answer.failure);
        },
        limits_of(jobs));
}

}  // namespace repotool::publisher

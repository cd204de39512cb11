// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/parse_packages.hpp"

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
    return formats::deb::read_package(job.path, job.digests, job.shown_as);
}

}  // namespace

void parse_packages(
    const std::vector<ParseJob>& jobs,
    const std::function<void(std::size_t, std::optional<std::string>, const std::string&)>& collect) {
    const bool has_rpm = std::any_of(jobs.begin(), jobs.end(),
                                     [](const ParseJob& job) { return job.format == formats::Format::rpm; });
    if (has_rpm) formats::rpm::prepare_reader();
    base::run_in_workers(
        jobs.size(), fs::processor_count(), [&](std::size_t i) { return formats::to_json(parse(jobs[i])); },
        [&](std::size_t i, base::WorkerAnswer answer) {
            collect(i, std::move(answer.bytes), answer.failure);
        });
}

}  // namespace repotool::publisher

// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/packages/parse_packages.hpp"

#include <algorithm>

#include "core/base/byte_codec.hpp"
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

void write(const base::FileDigests& digests, base::ByteWriter& writer) {
    writer.number(digests.size);
    for (const auto* hex : {&digests.md5, &digests.sha1, &digests.sha256, &digests.sha512}) writer.text(*hex);
}

base::FileDigests read_digests(base::ByteReader& reader) {
    base::FileDigests digests;
    digests.size = reader.number<std::uint64_t>();
    for (auto* hex : {&digests.md5, &digests.sha1, &digests.sha256, &digests.sha512}) *hex = reader.text();
    return digests;
}

ParseJob job_from_bytes(std::string_view bytes) {
    base::ByteReader reader(bytes, "request");
    ParseJob job;
    job.format = static_cast<formats::Format>(reader.number<std::uint8_t>());
    job.contents = static_cast<Contents>(reader.number<std::uint8_t>());
    job.path = reader.text();
    job.shown_as = reader.text();
    job.digests = read_digests(reader);
    if (reader.number<std::uint8_t>() != 0) {
        job.source_files.emplace();
        for (std::size_t left = reader.count(); left > 0; --left) {
            const std::string name = reader.text();
            (*job.source_files)[name] = read_digests(reader);
        }
    }
    reader.end();
    return job;
}

// Unpacking all of a package's data takes its time: five megabytes a second is slow for any machine.
base::WorkerLimits limits_for(std::uint64_t largest) {
    constexpr std::uint64_t kSlowest = std::uint64_t{5} << 20U;
    base::WorkerLimits limits;
    limits.cpu_seconds += static_cast<int>(std::min<std::uint64_t>(largest / kSlowest, 86400));
    return limits;
}

// What workers share is made before they start. Returns their number.
std::size_t prepare(const ParserNeeds& needs) {
    if (needs.has_rpm) formats::rpm::prepare_reader();
    return std::min<std::size_t>(needs.packages, fs::processor_count());
}

}  // namespace

PackageParser::PackageParser(const ParserNeeds& needs, Collect collect)
    : pool_(
          prepare(needs),
          [](const std::string& request) { return formats::to_bytes(parse(job_from_bytes(request))); },
          [collect = std::move(collect)](std::size_t number, base::WorkerAnswer answer) {
              collect(number, std::move(answer.bytes), answer.failure);
          },
          limits_for(needs.largest)) {}

std::string PackageParser::to_bytes(const ParseJob& job) {
    base::ByteWriter writer;
    writer.number(static_cast<std::uint8_t>(job.format));
    writer.number(static_cast<std::uint8_t>(job.contents));
    writer.text(job.path);
    writer.text(job.shown_as);
    write(job.digests, writer);
    writer.number(static_cast<std::uint8_t>(job.source_files ? 1 : 0));
    if (job.source_files) {
        writer.count(job.source_files->size());
        for (const auto& [name, digests] : *job.source_files) {
            writer.text(name);
            write(digests, writer);
        }
    }
    return writer.take();
}

void parse_packages(
    const std::vector<ParseJob>& jobs,
    const std::function<void(std::size_t, std::optional<std::string>, const std::string&)>& collect) {
    ParserNeeds needs{jobs.size(), false, 0};
    for (const ParseJob& job : jobs) {
        needs.has_rpm = needs.has_rpm || job.format == formats::Format::rpm;
        if (job.contents == Contents::list) needs.largest = std::max(needs.largest, job.digests.size);
    }
    PackageParser parser(needs, collect);
    for (const ParseJob& job : jobs) parser.add(job);
    parser.finish();
}

}  // namespace repotool::publisher

// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/publish_steps.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/fs/host.hpp"
#include "core/store/head.hpp"

namespace repotool::publisher {

using base::Error;
using base::ErrorKind;
using store::GenerationReader;

namespace {
constexpr base::UnixSeconds kMostAhead = 2;  // seconds that a Date may be ahead of the clock; apt refuses 10
}

std::unique_ptr<GenerationReader> open_current(fs::Filesystem& filesystem, const std::string& repository) {
    const auto current = store::make_symlink_head(filesystem, "public", repository)->current();
    if (!current) return nullptr;
    return std::make_unique<GenerationReader>(filesystem, "public", repository, *current);
}

base::UnixSeconds next_date(base::Clock& clock, const GenerationReader* parent,
                            const std::string& repository) {
    if (parent == nullptr) return clock.now();
    const base::UnixSeconds earliest = parent->manifest().date + 1;
    if (const base::UnixSeconds ahead = earliest - 1 - clock.now(); ahead > kMostAhead && !clock.is_fixed()) {
        throw Error(ErrorKind::conflict, "publish", repository,
                    fmt::format("its current generation is dated {} s ahead of this machine's clock", ahead),
                    fmt::format("check the clock; if it is right, try again in {} s", ahead - kMostAhead));
    }
    while (earliest > clock.now() + kMostAhead && !clock.is_fixed()) clock.sleep_ms(20);
    return std::max(clock.now(), earliest);
}

bool does_date_hold(const PublishContext& context, const GenerationReader* parent, base::UnixSeconds date) {
    base::Clock& clock = context.site.clock();
    const base::UnixSeconds earliest = parent == nullptr ? 0 : parent->manifest().date + 1;
    if (clock.is_fixed()) return date == std::max(clock.now(), earliest);
    const std::int64_t lasting = context.config.metadata.valid_until;
    const bool is_fresh = lasting == 0 || clock.now() - date <= lasting / 2;
    return date >= earliest && date <= clock.now() + kMostAhead && is_fresh;
}

void demand_valid(const PublishContext& context, const std::string& repository, base::UnixSeconds date,
                  const std::vector<store::SubManifest>& sub_manifests) {
    const std::int64_t lasting = context.config.metadata.valid_until;
    const bool has_release = std::any_of(sub_manifests.begin(), sub_manifests.end(),
                                         [](const auto& sub) { return sub.format == "deb"; });
    if (lasting == 0 || !has_release || date + lasting > context.site.clock().real_now()) return;
    throw Error(
        ErrorKind::usage, "publish", repository,
        fmt::format("SOURCE_DATE_EPOCH dates it {}, and with 'valid_until' apt would refuse it since {}",
                    base::iso8601(date), base::iso8601(date + lasting)),
        "unset SOURCE_DATE_EPOCH, or take 'valid_until' out of repotool.yaml");
}

store::HistoryRecord flip_record(const PublishContext& context, const std::string& operation,
                                 const StagedGeneration& generation) {
    store::HistoryRecord record;
    // The moment itself: grace periods are counted from it, whatever SOURCE_DATE_EPOCH says.
    record.time = std::max(generation.manifest.date, context.site.clock().real_now());
    record.operation = operation;
    record.generation = generation.manifest.generation;
    record.parent = generation.manifest.parent ? generation.manifest.parent->generation : 0;
    record.manifest_sha256 = generation.manifest_sha256;
    record.user = fs::user_name();
    record.host = fs::host_name();
    record.job = context.job;
    return record;
}

}  // namespace repotool::publisher

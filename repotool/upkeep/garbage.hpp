// SPDX-License-Identifier: GPL-3.0-or-later
// gc by the settings of a site (core/store/collector.hpp); before it, what an interrupted purge left to do.
#pragma once

#include <optional>

#include "core/store/collector.hpp"
#include "repotool/publish/publish.hpp"
#include "repotool/upkeep/purge.hpp"

namespace repotool::publisher {

struct GarbageRequest {
    std::optional<std::int64_t> grace;  // seconds, instead of both settings: clients may miss files
    DryRun dry_run = DryRun::no;
};

struct GarbageResult {
    store::CollectorReport report;
    PurgeResult purged;
};

store::RetentionRules retention_rules(const Config& config);

// Throws base::Error where nothing could be done at all; what was left alone is in the report's problems.
GarbageResult collect_garbage(const PublishContext& context, const GarbageRequest& request);

}  // namespace repotool::publisher

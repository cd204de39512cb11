// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/upkeep/garbage.hpp"

namespace repotool::publisher {

store::RetentionRules retention_rules(const Config& config) {
    return {config.metadata.grace_metadata, config.metadata.grace_packages, config.metadata.keep_generations};
}

GarbageResult collect_garbage(const PublishContext& context, const GarbageRequest& request) {
    store::CollectorSettings settings{retention_rules(context.config), {context.lock_timeout, context.job}};
    if (request.grace) settings.rules.grace_metadata = settings.rules.grace_packages = *request.grace;
    if (request.dry_run == DryRun::yes) return {store::plan_collection(context.site, settings), {}};
    GarbageResult result;
    std::optional<store::CollectorProblem> problem;
    try {
        result.purged = finish_purges(context);
    } catch (const base::Error& error) {
        if (error.kind() == base::ErrorKind::internal) throw;
        problem = store::CollectorProblem{error.kind(), "purge", error.what()};
    }
    result.report = store::collect_garbage(context.site, settings);
    if (problem) result.report.problems.insert(result.report.problems.begin(), *problem);
    return result;
}

}  // namespace repotool::publisher

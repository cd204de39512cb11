// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/answer/junit.hpp"

#include <fmt/format.h>

#include "core/base/junit.hpp"

namespace repotool::publisher {
namespace {

struct Case {
    std::string name;
    std::string kind;  // package, build, combination, step, input, or the operation
    std::int64_t ms = 0;
    std::string failure;  // message; empty: it passed
    std::string details;
    bool skipped = false;
};

std::string document(const std::string& operation, const std::string& repository,
                     const std::vector<Case>& cases, std::int64_t elapsed_ms) {
    std::vector<base::JunitCase> all;
    for (const auto& item : cases) {
        all.push_back({fmt::format("{}.{}", repository, item.kind), item.name, item.ms, item.failure,
                       item.details, item.skipped});
    }
    return base::render_junit("repotool." + operation, all, elapsed_ms);
}

std::string name_of(const Decision& decision) {
    return fmt::format(
        "{} {} {} {} ({})", action_name(decision.action), formats::format_name(decision.format),
        decision.record.name + " " + decision.record.version, decision.record.architecture, decision.dist);
}

void add_update(const UpdateReport& update, std::vector<Case>& cases) {
    for (const auto& build : update.builds) {
        cases.push_back({fmt::format("{} {} ({})", update.update.file, build.build.id,
                                     combination_text(build.build.repo, build.build.dist)),
                         "build", 0, "", "", false});
    }
    for (const auto& combination : update.combinations) {
        Case item{
            fmt::format("{} {}", update.update.file, combination_text(combination.release, combination.dist)),
            "combination",
            0,
            "",
            "",
            false};
        item.skipped = combination.verdict.state != VerdictState::passed;  // failures publish nothing
        cases.push_back(std::move(item));
    }
}

}  // namespace

std::string render_junit(const std::string& operation, const PublishResult& result) {
    std::vector<Case> cases;
    for (const auto& decision : result.decisions) {
        Case item{name_of(decision), "package", 0, "", "", false};
        item.skipped = decision.action == Action::refused;  // the run as a whole went well
        cases.push_back(std::move(item));
    }
    for (const auto& update : result.updates) add_update(update, cases);
    for (const auto& step : result.steps) cases.push_back({step.name, "step", step.ms, "", "", false});
    return document(operation, result.repository, cases, result.elapsed_ms);
}

std::string render_junit(const FailedPublish& failed, const base::Error& error) {
    const std::string details =
        error.hint().empty() ? error.what() : fmt::format("{}; {}", error.what(), error.hint());
    std::vector<Case> cases;
    for (const auto& input : failed.inputs) {
        const bool is_culprit = input == error.object();
        cases.push_back({input, "input", 0, is_culprit ? error.reason() : "", details, !is_culprit});
    }
    cases.push_back({failed.operation, "result", failed.elapsed_ms, error.what(), details, false});
    return document(failed.operation, failed.repository, cases, failed.elapsed_ms);
}

}  // namespace repotool::publisher

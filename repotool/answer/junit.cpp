// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/answer/junit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/text.hpp"

namespace repotool::publisher {
namespace {

// Control characters are not allowed in XML 1.0, not even escaped.
std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : base::printable(text)) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

struct Case {
    std::string name;
    std::string kind;  // package, build, combination, step, input, or the operation
    std::int64_t ms = 0;
    std::string failure;  // message; empty: it passed
    std::string details;
    bool skipped = false;
};

std::string seconds(std::int64_t ms) {
    return fmt::format("{}.{:03}", ms / 1000, ms % 1000);
}

std::string case_text(const Case& item, const std::string& suite, const std::string& repository) {
    const std::string head =
        fmt::format("  <testcase classname=\"{}.{}.{}\" name=\"{}\" time=\"{}\"", suite, escaped(repository),
                    item.kind, escaped(item.name), seconds(item.ms));
    if (!item.failure.empty()) {
        return fmt::format("{}>\n   <failure message=\"{}\">{}</failure>\n  </testcase>\n", head,
                           escaped(item.failure), escaped(item.details));
    }
    return item.skipped ? head + ">\n   <skipped/>\n  </testcase>\n" : head + "/>\n";
}

std::string document(const std::string& operation, const std::string& repository,
                     const std::vector<Case>& cases, std::int64_t elapsed_ms) {
    const std::string suite = "repotool." + operation;
    const auto count = [&](auto member) { return std::count_if(cases.begin(), cases.end(), member); };
    std::string text = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
        " <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{}\">\n",
        suite, cases.size(), count([](const Case& item) { return !item.failure.empty(); }),
        count([](const Case& item) { return item.skipped; }), seconds(elapsed_ms));
    for (const auto& item : cases) text += case_text(item, suite, repository);
    return text + " </testsuite>\n</testsuites>\n";
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

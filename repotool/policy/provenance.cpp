// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/policy/provenance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "core/base/text.hpp"

namespace repotool::publisher {

ProvenanceJudge::ProvenanceJudge(fs::Filesystem& filesystem, const Config& config)
    : store_(filesystem), builders_(config, filesystem.root()) {}

void ProvenanceJudge::offer(std::vector<OfferedStatement> statements) {
    for (auto& statement : statements) {
        for (const auto& subject : statement.subjects) by_subject_.emplace(subject, offered_.size());
        offered_.push_back(std::move(statement));
    }
}

// The newest that proves it; where none does, the newest of those that came farthest.
ProvenanceVerdict ProvenanceJudge::judge(const std::string& sha256, const std::string& file) {
    std::vector<std::string> lines = store_.read(sha256);
    const auto [first, end] = by_subject_.equal_range(sha256);
    std::transform(first, end, std::back_inserter(lines),
                   [this](const auto& place) { return offered_[place.second].line; });
    const EnvelopeVerdict* best = nullptr;
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
        const EnvelopeVerdict& verdict = builders_.judge(*line);
        if (!verdict.subjects.contains(sha256)) continue;  // kept under a wrong name: nothing about this file
        if (best == nullptr || verdict.stage > best->stage) best = &verdict;
    }
    if (best != nullptr) return {*best, best->reason};
    return {{}, explain_absence(sha256, file)};
}

std::string ProvenanceJudge::explain_absence(const std::string& sha256, const std::string& file) const {
    for (const auto& statement : offered_) {
        if (file.empty() || !statement.file.starts_with(file + ".")) continue;
        if (!statement.fault.empty()) return fmt::format("{}: {}", statement.origin, statement.fault);
        return fmt::format("{} is about another file: its digest is {}, and this one has {}",
                           statement.origin, statement.subjects.empty() ? "none" : statement.subjects.front(),
                           sha256);
    }
    return fmt::format("there is no statement about its digest {}", sha256);
}

std::map<std::string, std::vector<std::string>> lines_about(const std::vector<OfferedStatement>& offered,
                                                            const std::vector<std::string>& digests) {
    const std::set<std::string> wanted(digests.begin(), digests.end());
    std::map<std::string, std::vector<std::string>> lines;
    for (const auto& statement : offered) {
        for (const auto& subject : std::set(statement.subjects.begin(), statement.subjects.end())) {
            if (wanted.contains(subject)) lines[subject].push_back(statement.line);
        }
    }
    return lines;
}

}  // namespace repotool::publisher

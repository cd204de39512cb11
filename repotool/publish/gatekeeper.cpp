// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/gatekeeper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/fs/host.hpp"
#include "repotool/config/keys.hpp"
#include "repotool/policy/decision_meta.hpp"
#include "repotool/policy/evidence_log.hpp"
#include "repotool/policy/subject.hpp"
#include "repotool/publish/publish_steps.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;

std::vector<TestedPackage> all_packages(const std::vector<GateSubject>& subjects) {
    std::vector<TestedPackage> packages;
    for (const auto& subject : subjects)
        packages.insert(packages.end(), subject.packages.begin(), subject.packages.end());
    return packages;
}

void append(GateReport& to, GateReport&& from) {
    std::move(from.findings.begin(), from.findings.end(), std::back_inserter(to.findings));
    std::move(from.evidence.begin(), from.evidence.end(), std::back_inserter(to.evidence));
}

}  // namespace

Gatekeeper::Gatekeeper(const PublishContext& context, const PublishRequest& request)
    : context_(context),
      request_(request),
      gate_(context.site.filesystem(), context.config, request.repository, context.site.clock().real_now()),
      published_(context.site.filesystem(), request.repository) {}

Gatekeeper::~Gatekeeper() = default;

// What came in earlier was asked about then.
void Gatekeeper::forget_published(GateSubject& subject) {
    std::erase_if(subject.packages, [this](const TestedPackage& package) { return published_.has(package); });
}

GateSubject Gatekeeper::subject_of(const UpdateReport& update, const CombinationReport& combination) const {
    GateSubject subject{update.update.file, std::nullopt, {}, update.update.require};
    for (const auto& build : update.builds) {
        if (build.build.repo != combination.release || build.build.dist != combination.dist) continue;
        for (const auto& package : build.packages) {
            subject.packages.push_back({formats::format_name(package.format), package.target, "",
                                        package.name, package.version, package.architecture, package.sha256,
                                        ""});
        }
    }
    return subject;
}

Verdict Gatekeeper::judge(const UpdateReport& update, const CombinationReport& combination) {
    GateSubject subject = subject_of(update, combination);
    if (!gate_.asks(subject)) return {};
    forget_published(subject);
    if (subject.packages.empty()) return {VerdictState::passed};
    if (!update.update.change.empty()) {
        subject.generation = find_change(context_.site.filesystem(), update.update.change);
        if (!subject.generation)
            return {VerdictState::failed, "", "",
                    fmt::format("change '{}' has no test repository", update.update.change)};
    }
    GateReport report = gate_.judge({subject});
    evidence_.insert(report.evidence.begin(), report.evidence.end());
    if (report.findings.empty()) return {VerdictState::passed};
    const GateFinding first = report.findings.front();
    if (!may_override(report))
        return {VerdictState::failed, first.check, first.log_url, base::printable(first.sentence)};
    append(overridden_, std::move(report));
    subjects_of_overridden_.push_back(std::move(subject));
    return {VerdictState::passed, first.check, first.log_url,
            "overridden: " + base::printable(first.sentence)};
}

void Gatekeeper::add(GateSubject subject) {
    if (gate_.asks(subject)) subjects_.push_back(std::move(subject));
}

bool Gatekeeper::asks_about(const ExtraCandidate& extra) {
    return gate_.asks({}) && !published_.has(extra);
}

void Gatekeeper::demand() {
    for (auto& subject : subjects_) forget_published(subject);
    std::erase_if(subjects_, [](const GateSubject& subject) {
        return subject.packages.empty() && subject.metadata.empty();
    });
    GateReport report = gate_.judge(subjects_);
    evidence_.insert(report.evidence.begin(), report.evidence.end());
    if (!report.findings.empty()) {
        if (!may_override(report)) refuse(request_.operation, request_.repository, report);
        append(overridden_, std::move(report));
        std::move(subjects_.begin(), subjects_.end(), std::back_inserter(subjects_of_overridden_));
    }
    if (!evidence_.empty())
        meta_[kEvidenceMeta] = base::join(std::vector<std::string>(evidence_.begin(), evidence_.end()), " ");
    if (!overridden_.findings.empty()) record_override();
}

// Damage is never let pass.
bool Gatekeeper::may_override(const GateReport& report) const {
    if (request_.override_key.empty()) return false;
    const auto& allowed = context_.config.repository(request_.repository).gate.overrides;
    if (std::find(allowed.begin(), allowed.end(), request_.override_key) == allowed.end()) {
        throw Error(ErrorKind::policy, "override the gate of", request_.repository,
                    fmt::format("'{}' is not among its `overrides`", request_.override_key));
    }
    return std::all_of(report.findings.begin(), report.findings.end(),
                       [](const GateFinding& finding) { return finding.may_be_overridden; });
}

// Signed before anything is published: nobody can have done it unseen.
void Gatekeeper::record_override() {
    for (const auto& finding : overridden_.findings)
        base::warn(fmt::format("the gate of '{}' is overridden: {}", request_.repository, describe(finding)));
    if (request_.dry_run == DryRun::yes) return;
    fs::Filesystem& filesystem = context_.site.filesystem();
    const auto signer = open_key(context_.config, request_.override_key, filesystem.root(), context_.secrets);
    Evidence evidence;
    evidence.subject.repository = request_.repository;
    if (const auto current = open_current(filesystem, request_.repository))
        evidence.subject = name_of(*current);
    evidence.check = "gate";
    evidence.status = EvidenceStatus::override_gate;
    evidence.time = context_.site.clock().real_now();
    evidence.user = fs::user_name();
    evidence.host = fs::host_name();
    evidence.job = context_.job;
    evidence.reason = request_.override_reason;
    for (const auto& finding : overridden_.findings) evidence.missing.push_back(describe(finding));
    evidence.packages = all_packages(subjects_of_overridden_);
    const auto stored =
        EvidenceLog(filesystem, request_.repository).append(context_.site, std::move(evidence), "", *signer);
    meta_[kOverrideMeta] = fmt::format("{} ({}): {} [{}]", request_.override_key, signer->key().fingerprint,
                                       request_.override_reason, stored.sha256);
}

}  // namespace repotool::publisher

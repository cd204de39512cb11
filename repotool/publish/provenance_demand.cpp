// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/provenance_demand.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "repotool/policy/decision_meta.hpp"
#include "repotool/publish/published.hpp"
#include "signing/rpm_origin.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;

constexpr const char* kHint =
    "publish the package with the statement of its builder beside it (hello.deb.att)";

std::string complaint(const TestedPackage& package, const std::string& reason) {
    return fmt::format("{} {} ({}) has no provenance: {}", package.name, package.version,
                       package.architecture, reason);
}

std::vector<std::string> identities_of(const std::vector<Candidate>& candidates) {
    std::set<std::string> digests;
    for (const auto& candidate : candidates) digests.insert(tested_package(candidate).identity());
    return {digests.begin(), digests.end()};
}

}  // namespace

void ProvenanceDemand::take_statements() {
    offered_ = read_statement_files(request_.inputs.statements);
}

void ProvenanceDemand::demand(const std::vector<Candidate>& candidates) {
    if (!context_.config.repository(request_.repository).require_provenance) return;
    fs::Filesystem& filesystem = context_.site.filesystem();
    ProvenanceJudge judge(filesystem, context_.config);
    judge.offer(offered_);
    Published published(filesystem, request_.repository);
    std::set<std::string> proofs, complaints;
    for (const auto& candidate : candidates) {
        const TestedPackage package = tested_package(candidate);
        if (published.has(package)) continue;
        const auto verdict = judge.judge(package.identity(), candidate.origin);
        if (verdict.reason.empty())
            proofs.insert(fmt::format("{}={}", verdict.envelope.envelope_sha256, verdict.envelope.builder));
        else
            complaints.insert(fmt::format("{}: {}", candidate.origin, complaint(package, verdict.reason)));
    }
    if (!complaints.empty()) {
        Error error(ErrorKind::policy, request_.operation, request_.repository, *complaints.begin(), kHint);
        error.set_also({std::next(complaints.begin()), complaints.end()});
        throw error;
    }
    if (!proofs.empty())
        meta_[kProvenanceMeta] = base::join(std::vector<std::string>(proofs.begin(), proofs.end()), " ");
}

void ProvenanceDemand::keep_statements(const std::vector<Candidate>& candidates) {
    if (offered_.empty() || request_.dry_run == DryRun::yes) return;
    StatementStore(context_.site.filesystem())
        .add(context_.site, lines_about(offered_, identities_of(candidates)));
}

void ProvenanceDemand::keep_fronts(const std::vector<Candidate*>& candidates) {
    if (context_.config.builders.empty()) return;
    fs::Filesystem& filesystem = context_.site.filesystem();
    std::map<std::string, std::string> fronts;
    for (const auto* candidate : candidates) {
        if (!candidate->record.unsigned_sha256.empty()) continue;  // signed before, elsewhere
        const std::string path = candidate->staged_path.empty()
                                     ? store::layout::object(candidate->record.sha256)
                                     : candidate->staged_path;
        fronts[candidate->record.sha256] = signing::front_of(fs::join_path(filesystem.root(), path));
    }
    StatementStore(filesystem).add_fronts(context_.site, fronts);
}

std::vector<GateFinding> missing_provenance(fs::Filesystem& filesystem, const Config& config,
                                            const std::string& target, const GateSubject& subject) {
    std::vector<GateFinding> findings;
    if (!config.repository(target).require_provenance) return findings;
    ProvenanceJudge judge(filesystem, config);
    Published published(filesystem, target);
    for (const auto& package : subject.packages) {
        if (published.has(package)) continue;
        const auto verdict = judge.judge(package.identity(), "");
        if (!verdict.reason.empty())
            findings.push_back(
                {subject.shown, "", package.dist, complaint(package, verdict.reason), "", false});
    }
    return findings;
}

}  // namespace repotool::publisher

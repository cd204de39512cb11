// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/policy/check_result.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/host.hpp"
#include "core/store/head.hpp"
#include "repotool/config/keys.hpp"
#include "repotool/policy/subject.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;

// Pages make a link of it.
void check_log_url(const std::string& url) {
    check_base_url(url);
    if (url.empty() || url.starts_with("http://") || url.starts_with("https://")) return;
    throw Error(ErrorKind::usage, "use address", url, "expected http://… or https://…");
}

std::unique_ptr<signing::Signer> open_evidence_key(const Config& config, const CheckResult& result,
                                                   const std::string& site_root) {
    const std::string key = result.key.empty() ? config.evidence_signer() : result.key;
    const auto& file = result.secrets.key_file;
    if (file && config.keys.contains(key) && !is_in_key_file(config, key, result.secrets))
        throw Error(
            ErrorKind::signing, "use key file", file->file(),
            fmt::format("it holds {}, which is not '{}'", base::join(file->fingerprints(), " and "), key),
            "--key names the key that signs; repotool config show has their fingerprints");
    if (!key.empty()) return open_key(config, key, site_root, result.secrets);
    throw Error(
        ErrorKind::usage, "record", "result", "no key signs evidence here",
        fmt::format("make one with: reposign keys generate ci-key --site '{}', and set evidence: {{sign: "
                    "ci-key}}",
                    site_root));
}

void check_dist_of(const std::string& dist, const Evidence& evidence) {
    const bool is_there =
        dist.empty() || std::any_of(evidence.packages.begin(), evidence.packages.end(),
                                    [&](const TestedPackage& package) { return package.dist == dist; });
    if (is_there) return;
    throw Error(ErrorKind::usage, "record result of", evidence.subject.repository,
                fmt::format("it has no package in dist '{}'", dist));
}

}  // namespace

StoredEvidence record_result(store::Site& site, const Config& config, const CheckResult& result) {
    fs::Filesystem& filesystem = site.filesystem();
    check_check_name(result.check);
    check_log_url(result.log_url);
    const store::GenerationReader tested = open_change(filesystem, result.change);
    Evidence evidence;
    evidence.subject = name_of(tested);
    evidence.check = result.check;
    evidence.status = result.status;
    evidence.dist = result.dist;
    evidence.time = site.clock().real_now();
    evidence.user = fs::user_name();
    evidence.host = fs::host_name();
    evidence.job = result.job;
    evidence.log_url = result.log_url;
    evidence.base = base_of(tested);
    evidence.covers = sources_of(tested);
    evidence.packages = packages_of(tested);
    check_dist_of(result.dist, evidence);
    const auto signer = open_evidence_key(config, result, filesystem.root());
    return EvidenceLog(filesystem, evidence.subject.repository)
        .append(site, std::move(evidence), result.junit, *signer);
}

std::vector<OutstandingChange> outstanding_changes(fs::Filesystem& filesystem) {
    std::vector<OutstandingChange> outstanding;
    for (const auto& repository : store::list_repositories(filesystem, "public")) {
        const auto change = store::open_generation(filesystem, "public", repository);
        const auto base = base_of(change);
        if (!base) continue;
        const auto current = store::make_symlink_head(filesystem, "public", base->repository)->current();
        if (current != base->generation) outstanding.push_back({name_of(change), *base, current});
    }
    return outstanding;
}

}  // namespace repotool::publisher

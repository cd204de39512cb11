// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/policy/gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <unordered_set>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/tree.hpp"
#include "core/store/head.hpp"
#include "repotool/policy/evidence_log.hpp"
#include "signing/verifier.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;

std::string shown_age(base::UnixSeconds seconds) {
    if (seconds >= 2 * 86400) return fmt::format("{} days", seconds / 86400);
    if (seconds >= 2 * 3600) return fmt::format("{} hours", seconds / 3600);
    return fmt::format("{} minutes", seconds / 60);
}

std::string shown(const GenerationName& name) {
    return fmt::format("{}@{}", name.repository, name.generation);
}

std::string shown(const TestedPackage& package) {
    return fmt::format("{} {} ({})", package.name, package.version, package.architecture);
}

bool covers(const Evidence& evidence, const GenerationName& generation) {
    return std::find(evidence.covers.begin(), evidence.covers.end(), generation) != evidence.covers.end();
}

bool mentions(const Evidence& evidence, const std::string& repository) {
    return evidence.subject.repository == repository ||
           std::any_of(evidence.covers.begin(), evidence.covers.end(),
                       [&](const GenerationName& one) { return one.repository == repository; });
}

// A record with what is asked of it again and again.
struct KnownEvidence {
    explicit KnownEvidence(StoredEvidence&& read) : stored(std::move(read)) {
        for (const auto& package : stored.evidence.packages) {
            identities.insert(package.identity());
            names.insert(shown(package));
        }
    }
    StoredEvidence stored;
    std::unordered_set<std::string> identities;  // of the packages that the check saw
    std::unordered_set<std::string> names;
};

// The package that the check did not see, or saw with other bytes; null where it saw all.
const TestedPackage* find_untested(const KnownEvidence& known, const std::vector<TestedPackage>& packages) {
    const auto found = std::find_if(packages.begin(), packages.end(), [&](const TestedPackage& package) {
        return !known.identities.contains(package.identity());
    });
    return found == packages.end() ? nullptr : &*found;
}

// One subject, one check, one dist.
class Question {
public:
    Question(const GateSubject& subject, const std::string& check, const std::string& dist)
        : subject_(subject), check_(check), dist_(dist) {
        for (const auto& package : subject.packages) {
            if (package.dist == dist) packages_.push_back(package);
        }
    }

    bool is_about_it(const KnownEvidence& known) const {
        const Evidence& evidence = known.stored.evidence;
        if (evidence.check != check_ || (!evidence.dist.empty() && evidence.dist != dist_)) return false;
        if (subject_.generation) return mentions(evidence, subject_.generation->repository);
        return std::all_of(packages_.begin(), packages_.end(), [&](const TestedPackage& package) {
            return known.names.contains(shown(package));
        });
    }
    // Made on exactly these packages.
    bool is_bound(const KnownEvidence& known) const {
        return is_right_generation(known.stored.evidence) && find_untested(known, packages_) == nullptr;
    }
    // Why it does not count.
    std::string explain_unbound(const KnownEvidence& known) const {
        const Evidence& evidence = known.stored.evidence;
        if (is_right_generation(evidence))
            return fmt::format("was made on {} with other content: test again",
                               shown(*find_untested(known, packages_)));
        return fmt::format("was made on {}, and {} is what would be promoted: test again",
                           shown(evidence.subject), shown(*subject_.generation));
    }

private:
    bool is_right_generation(const Evidence& evidence) const {
        return !subject_.generation || evidence.subject == *subject_.generation ||
               covers(evidence, *subject_.generation);
    }

    const GateSubject& subject_;
    const std::string& check_;
    const std::string& dist_;
    std::vector<TestedPackage> packages_;  // of the dist
};

}  // namespace

class Gate::Judge {
public:
    Judge(fs::Filesystem& filesystem, const Config& config, const std::string& target, base::UnixSeconds now)
        : filesystem_(filesystem), settings_(config.repository(target).gate), now_(now) {
        std::vector<std::string> names = settings_.keys;
        if (names.empty() && !config.evidence_signer().empty()) names = {config.evidence_signer()};
        for (const auto& name : names) fingerprints_.insert(config.keys.at(name).fingerprint);
        for (const auto& [name, key] : config.keys) known_keys_.insert(key.fingerprint);
    }

    bool asks(const GateSubject& subject) const {
        return !settings_.checks.empty() || !subject.require.empty();
    }

    GateReport judge(const std::vector<GateSubject>& subjects) {
        findings_.clear();
        counted_.clear();
        for (const auto& subject : subjects) {
            if (!asks(subject)) continue;
            read_evidence();
            check_files(subject);
            std::vector<std::string> checks = settings_.checks;
            for (const auto& check : subject.require) {
                if (std::find(checks.begin(), checks.end(), check) == checks.end()) checks.push_back(check);
            }
            for (const auto& check : checks) ask(subject, check);
        }
        return {std::move(findings_), {counted_.begin(), counted_.end()}};
    }

private:
    void read_evidence() {
        if (std::exchange(is_read_, true)) return;
        for (const auto& repository : repositories_with_evidence(filesystem_)) {
            for (auto& stored : EvidenceLog(filesystem_, repository).read())
                evidence_.emplace_back(std::move(stored));
        }
        const auto age = [](const KnownEvidence& known) {
            return std::pair(known.stored.evidence.time, known.stored.evidence.sequence);
        };
        std::stable_sort(evidence_.begin(), evidence_.end(),
                         [&](const auto& a, const auto& b) { return age(a) > age(b); });
    }

    // What lies there must be what was tested, whatever the records say.
    void check_files(const GateSubject& subject) {
        for (const auto& package : subject.packages) {
            if (package.path.empty()) continue;
            const std::string path = "public/" + package.path;
            const bool is_there = filesystem_.status(path).has_value();
            if (is_there && fs::digest_file(*filesystem_.open_read(path)).sha256 == package.sha256) continue;
            findings_.push_back({subject.shown, "", package.dist,
                                 fmt::format("the file of {} ({}) is {}", shown(package), path,
                                             is_there ? "not what was published and tested" : "missing"),
                                 "", false});
        }
    }

    // The same sentence for every dist is said once.
    void ask(const GateSubject& subject, const std::string& check) {
        std::set<std::string> dists = subject.metadata;
        for (const auto& package : subject.packages) dists.insert(package.dist);
        std::vector<GateFinding> found;
        for (const auto& dist : dists) {
            if (auto finding = ask(subject, check, dist)) found.push_back(std::move(*finding));
        }
        const bool is_one = found.size() == dists.size() &&
                            std::all_of(found.begin(), found.end(), [&](const GateFinding& finding) {
                                return finding.sentence == found.front().sentence;
                            });
        if (is_one && !found.empty()) {
            found.resize(1);
            if (dists.size() > 1) found.front().dist.clear();
        }
        std::move(found.begin(), found.end(), std::back_inserter(findings_));
    }

    // The newest word that is somebody's on exactly these packages decides; where there is none, the newest
    // that comes nearest is spoken of.
    std::optional<GateFinding> ask(const GateSubject& subject, const std::string& check,
                                   const std::string& dist) {
        const Question question(subject, check, dist);
        const auto finding = [&](const std::string& problem, const std::string& log_url) {
            return GateFinding{subject.shown, check, dist, fmt::format("check '{}' {}", check, problem),
                               log_url};
        };
        if (!subject.generation && subject.metadata.contains(dist))
            return finding(
                "has no evidence on RPM metadata in a file: promote the repository that was tested with it",
                "");
        std::optional<GateFinding> distrusted, unbound;
        for (const auto& known : evidence_) {
            const StoredEvidence& stored = known.stored;
            const Evidence& evidence = stored.evidence;
            if (!question.is_about_it(known)) continue;
            if (!question.is_bound(known)) {
                if (!unbound) unbound = finding(question.explain_unbound(known), evidence.log_url);
                continue;
            }
            if (const std::string problem = distrust(stored); !problem.empty()) {
                if (!distrusted) distrusted = finding(problem, evidence.log_url);
                continue;
            }
            if (const std::string problem = weakness(evidence); !problem.empty())
                return finding(problem, evidence.log_url);
            counted_.insert(stored.sha256);
            return std::nullopt;
        }
        if (distrusted) return distrusted;
        if (unbound) return unbound;
        return finding("has no evidence", "");
    }

    // Why the record is nobody's word; empty where it is.
    std::string distrust(const StoredEvidence& stored) {
        const auto [known, is_new] = distrusted_.try_emplace(stored.path);
        if (is_new) known->second = examine(stored);
        return known->second;
    }
    std::string examine(const StoredEvidence& stored) {
        if (fingerprints_.empty()) return "is nobody's word: the gate has no `keys`, and evidence no `sign`";
        if (stored.signature.empty()) return fmt::format("is not signed ({})", stored.path);
        if (!verifier_) verifier_ = std::make_unique<signing::Verifier>(evidence_keys(filesystem_));
        const signing::Verdict verdict = verifier_->check_detached(stored.text, stored.signature);
        if (!verdict.good) return fmt::format("has a bad signature ({}): {}", stored.path, verdict.reason);
        if (!fingerprints_.contains(verdict.fingerprint) && !fingerprints_.contains(verdict.signer))
            return fmt::format("is signed by {}, which is not among the keys of the gate",
                               verdict.fingerprint);
        const auto [known, is_new] = ends_.try_emplace(stored.evidence.subject.repository);
        if (is_new) known->second = examine_end(stored.evidence.subject.repository);
        return known->second;
    }
    // Whoever adds to the log signs its end: any key that the configuration knows.
    std::string examine_end(const std::string& repository) {
        const auto end = EvidenceLog(filesystem_, repository).read_end();
        if (!end) return fmt::format("is in a log of '{}' that has no end", repository);
        const signing::Verdict verdict = verifier_->check_detached(end->text, end->signature);
        if (!verdict.good)
            return fmt::format("is in the log of '{}', whose end has a bad signature: {}", repository,
                               verdict.reason);
        if (known_keys_.contains(verdict.fingerprint) || known_keys_.contains(verdict.signer)) return {};
        return fmt::format("is in the log of '{}', whose end is signed by {}, which is no key of this site",
                           repository, verdict.fingerprint);
    }

    // Why the word of somebody who counts does not let it pass; empty where it does.
    std::string weakness(const Evidence& evidence) const {
        if (evidence.status == EvidenceStatus::fail) return "failed";
        if (evidence.status != EvidenceStatus::pass) return "was skipped";
        const base::UnixSeconds age = now_ - evidence.time;
        if (settings_.max_age > 0 && age > settings_.max_age)
            return fmt::format("is {} old, and the gate takes none older than {}", shown_age(age),
                               shown_age(settings_.max_age));
        if (settings_.stale_base == StaleBase::refuse && evidence.base) {
            const auto current =
                store::make_symlink_head(filesystem_, "public", evidence.base->repository)->current();
            if (current != evidence.base->generation)
                return fmt::format("was made on {}, and {} is current now: build and test again",
                                   shown(*evidence.base),
                                   current ? fmt::format("{}@{}", evidence.base->repository, *current)
                                           : std::string("nothing"));
        }
        return {};
    }

    fs::Filesystem& filesystem_;
    const GateConfig settings_;
    const base::UnixSeconds now_;
    std::set<std::string> fingerprints_;  // whose word counts
    std::set<std::string> known_keys_;    // who may record anything
    bool is_read_ = false;
    std::vector<KnownEvidence> evidence_;  // the newest first: it decides
    std::unique_ptr<signing::Verifier> verifier_;
    std::map<std::string, std::string> distrusted_;  // by path
    std::map<std::string, std::string> ends_;        // by repository: what is wrong with the end of its log
    std::vector<GateFinding> findings_;
    std::set<std::string> counted_;
};

std::string describe(const GateFinding& finding) {
    std::string text = finding.subject;
    if (!finding.dist.empty()) text += fmt::format(" in {}", finding.dist);
    text += ": " + base::printable(finding.sentence);
    if (!finding.log_url.empty()) text += ", see " + base::printable(finding.log_url);
    return text;
}

Gate::Gate(fs::Filesystem& filesystem, const Config& config, const std::string& target, base::UnixSeconds now)
    : judge_(std::make_unique<Judge>(filesystem, config, target, now)) {}
Gate::~Gate() = default;

bool Gate::asks(const GateSubject& subject) const {
    return judge_->asks(subject);
}

GateReport Gate::judge(const std::vector<GateSubject>& subjects) {
    return judge_->judge(subjects);
}

void refuse(const std::string& verb, const std::string& target, const GateReport& report) {
    const auto as_error = [&](const GateFinding& finding) {
        return Error(ErrorKind::policy, verb, target, describe(finding),
                     "repotool gate says what is missing, repotool result records what a check found");
    };
    Error first = as_error(report.findings.front());
    std::vector<std::string> others;
    for (std::size_t i = 1; i < report.findings.size(); ++i)
        others.emplace_back(as_error(report.findings[i]).what());
    first.set_also(std::move(others));
    throw first;
}

}  // namespace repotool::publisher

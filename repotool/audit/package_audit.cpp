// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/audit/package_audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/tree.hpp"
#include "repotool/config/keys.hpp"
#include "repotool/inspect/generation_signatures.hpp"
#include "repotool/policy/decision_meta.hpp"
#include "signing/rpm_origin.hpp"

namespace repotool::publisher {
namespace {

std::vector<std::string> words_of(const Cause& cause, const char* key) {
    const auto found = cause.meta.find(key);
    std::vector<std::string> words =
        found == cause.meta.end() ? std::vector<std::string>{} : base::split(found->second, ' ');
    std::erase(words, "");
    return words;
}

// The record that an override names at its end: "… [digest]".
std::string overriding_record(const Cause& cause) {
    const auto found = cause.meta.find(kOverrideMeta);
    if (found == cause.meta.end() || !found->second.ends_with("]")) return {};
    const auto begin = found->second.rfind('[') + 1;
    return found->second.substr(begin, found->second.size() - begin - 1);
}

bool contains(const std::vector<std::string>& list, const std::string& one) {
    return std::find(list.begin(), list.end(), one) != list.end();
}

AuditedPackage package_of(const std::string& format, const store::SetEntry& set,
                          const store::Record& record) {
    AuditedPackage package;
    package.format = format;
    package.dist = set.dist;
    package.component = set.component;
    package.name = record.name;
    package.version = record.version;
    package.architecture = record.architecture;
    package.sha256 = record.sha256;
    package.unsigned_sha256 = record.unsigned_sha256.empty() ? record.sha256 : record.unsigned_sha256;
    return package;
}

}  // namespace

bool is_known_key(const Config& config, const std::string& primary, const std::string& signer) {
    return std::any_of(config.keys.begin(), config.keys.end(), [&](const auto& key) {
        return key.second.fingerprint == primary || key.second.fingerprint == signer;
    });
}

PackageAudit::PackageAudit(fs::Filesystem& filesystem, const Config& config, const std::string& repository,
                           EvidenceBook& book, TellGap tell)
    : filesystem_(filesystem),
      config_(config),
      repository_(repository),
      settings_(config.repository(repository)),
      book_(book),
      tell_(std::move(tell)),
      judge_(filesystem, config),
      statements_(filesystem),
      verifier_(published_keys(filesystem, "public")) {}

AuditedPackage PackageAudit::run(const std::string& format, const store::SetEntry& set,
                                 const store::Record& record, const std::string& path, const Cause* cause) {
    AuditedPackage package = package_of(format, set, record);
    const std::string shown =
        fmt::format("{} {} ({}) in {}", record.name, record.version, record.architecture, set.dist);
    audit_build(package, shown, cause);
    if (cause != nullptr) {
        package.published = *cause;
        audit_tests(package, shown, *cause);
    }
    if (format == "rpm") audit_signature(package, shown, path);
    return package;
}

// The digests of the envelopes that the history names.
const std::vector<std::string>& PackageAudit::envelopes_of(const Cause& cause) {
    const auto [known, is_new] = envelopes_.try_emplace(&cause);
    if (is_new) {
        for (const auto& word : words_of(cause, kProvenanceMeta))
            known->second.push_back(word.substr(0, word.find('=')));
    }
    return known->second;
}

void PackageAudit::audit_build(AuditedPackage& package, const std::string& shown, const Cause* cause) {
    const std::string path = StatementStore::path_of(package.unsigned_sha256);
    try {
        const auto lines = statements_.read(package.unsigned_sha256);
        const std::vector<std::string> named =
            cause == nullptr ? std::vector<std::string>{} : envelopes_of(*cause);
        const bool is_there = std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
            return contains(named, base::sha256_hex(line));
        });
        if (!named.empty() && !is_there)
            tell_(GapKind::damage, path,
                  fmt::format("the statement that let {} into {}@{} is not there, or was changed", shown,
                              repository_, cause->generation));
        const auto verdict = judge_.judge(package.unsigned_sha256, "");
        if (verdict.reason.empty()) {
            package.builder = verdict.envelope.builder;
            package.build_type = verdict.envelope.build_type;
            package.source = verdict.envelope.source;
            package.envelope_sha256 = verdict.envelope.envelope_sha256;
        } else if (settings_.require_provenance) {
            tell_(GapKind::missing, shown, "it has no provenance: " + verdict.reason);
        }
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::integrity) throw;
        tell_(GapKind::damage, error.object(), error.reason());
    }
}

void PackageAudit::audit_tests(AuditedPackage& package, const std::string& shown, const Cause& cause) {
    for (const auto& sha256 : words_of(cause, kEvidenceMeta)) add_evidence(package, sha256, cause);
    if (const auto sha256 = overriding_record(cause); !sha256.empty()) add_evidence(package, sha256, cause);
    for (const auto& check : settings_.gate.checks) {
        if (!is_proven(package, check))
            tell_(GapKind::missing, shown, fmt::format("no evidence of check '{}' let it in", check));
    }
}

// A record that counts lets many packages in: what is wrong with it is told once, under its own name.
void PackageAudit::add_evidence(AuditedPackage& package, const std::string& sha256, const Cause& cause) {
    const auto* entry = book_.find(sha256);
    if (entry == nullptr)
        return tell_(GapKind::damage, "evidence " + sha256,
                     fmt::format("it let packages into {}@{}, and is not there, or was changed", repository_,
                                 cause.generation));
    const Evidence& evidence = entry->stored.evidence;
    if (!entry->fault.empty()) return tell_(GapKind::damage, entry->stored.path, entry->fault);
    if (!is_known_key(config_, entry->fingerprint, entry->signer))
        return tell_(GapKind::missing, entry->stored.path,
                     fmt::format("it is signed by {}, which is no key of this site", entry->fingerprint));
    if (!entry->identities.contains(package.unsigned_sha256)) return;
    if (!evidence.dist.empty() && evidence.dist != package.dist) return;
    package.tests.push_back({evidence.check, evidence_status_name(evidence.status), sha256,
                             entry->fingerprint, evidence.time, evidence.user, evidence.host,
                             evidence.log_url, evidence.reason, counts(*entry)});
}

// As the gate has it now: results by its keys, overrides by those of its overrides.
bool PackageAudit::counts(const EvidenceBook::Entry& entry) const {
    const bool is_override = entry.stored.evidence.status == EvidenceStatus::override_gate;
    std::vector<std::string> names = is_override ? settings_.gate.overrides : settings_.gate.keys;
    if (names.empty() && !is_override && !config_.evidence_signer().empty())
        names = {config_.evidence_signer()};
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        const std::string& fingerprint = config_.keys.at(name).fingerprint;
        return fingerprint == entry.fingerprint || fingerprint == entry.signer;
    });
}

bool PackageAudit::is_proven(const AuditedPackage& package, const std::string& check) const {
    return std::any_of(package.tests.begin(), package.tests.end(), [&](const TestedBy& test) {
        const bool is_override = test.status == evidence_status_name(EvidenceStatus::override_gate);
        const bool is_pass = test.check == check && test.status == evidence_status_name(EvidenceStatus::pass);
        return test.counts && (is_override || is_pass);
    });
}

void PackageAudit::audit_signature(AuditedPackage& package, const std::string& shown,
                                   const std::string& path) {
    const bool was_signed_here = package.unsigned_sha256 != package.sha256;
    const bool must_be_signed = settings_.sign == SignPolicy::key;
    if (!filesystem_.status(path)) return;  // told already
    try {
        const auto verdict = verifier_.verify(fs::join_path(filesystem_.root(), path));
        package.signed_by = verdict.fingerprint;
        if (!verdict.good && (was_signed_here || (must_be_signed && verdict.is_signed)))
            return tell_(GapKind::damage, path, verdict.reason);
        if (!verdict.good && must_be_signed)
            return tell_(GapKind::missing, shown, "the package is not signed");
        if (verdict.good && must_be_signed && !is_known_key(config_, verdict.fingerprint, verdict.signer))
            tell_(GapKind::missing, shown,
                  fmt::format("it is signed by {}, which is no key of this site", verdict.fingerprint));
        if (was_signed_here) audit_unsigned(package, shown, path);
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::input) throw;
        tell_(GapKind::damage, path, error.reason());
    }
}

// I9: the signed file is the one that was built, but for its signature.
void PackageAudit::audit_unsigned(AuditedPackage& package, const std::string& shown,
                                  const std::string& path) {
    const auto front = statements_.read_front(package.unsigned_sha256);
    package.unsigned_proof = front ? UnsignedProof::by_bytes : UnsignedProof::by_record;
    if (!front) return;
    const std::string found = signing::digest_with_front(fs::join_path(filesystem_.root(), path), *front);
    if (found != package.unsigned_sha256)
        tell_(GapKind::damage, path,
              fmt::format("{} was made of a file with digest {}, and what lies there comes from {}", shown,
                          package.unsigned_sha256, found));
}

}  // namespace repotool::publisher

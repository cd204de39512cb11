// SPDX-License-Identifier: GPL-3.0-or-later
// The chain of one package file: built, tested, signed, published; private to this folder.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "repotool/audit/audit.hpp"
#include "repotool/audit/evidence_book.hpp"
#include "repotool/policy/provenance.hpp"
#include "signing/rpm_signer.hpp"

namespace repotool::publisher {

using TellGap = std::function<void(GapKind kind, const std::string& object, const std::string& problem)>;

class PackageAudit {
public:
    // All outlive this object.
    PackageAudit(fs::Filesystem& filesystem, const Config& config, const std::string& repository,
                 EvidenceBook& book, TellGap tell);

    // `cause`: who let it in; null where nothing tells. `path`: of the file, below the site.
    AuditedPackage run(const std::string& format, const store::SetEntry& set, const store::Record& record,
                       const std::string& path, const Cause* cause);

private:
    void audit_build(AuditedPackage& package, const std::string& shown, const Cause* cause);
    void audit_tests(AuditedPackage& package, const std::string& shown, const Cause& cause);
    void add_evidence(AuditedPackage& package, const std::string& sha256, const Cause& cause);
    void audit_signature(AuditedPackage& package, const std::string& shown, const std::string& path);
    void audit_unsigned(AuditedPackage& package, const std::string& shown, const std::string& path);
    bool counts(const EvidenceBook::Entry& entry) const;
    bool is_proven(const AuditedPackage& package, const std::string& check) const;
    const std::vector<std::string>& envelopes_of(const Cause& cause);

    fs::Filesystem& filesystem_;
    const Config& config_;
    const std::string& repository_;
    const RepositoryConfig settings_;
    EvidenceBook& book_;
    TellGap tell_;
    ProvenanceJudge judge_;
    StatementStore statements_;
    signing::PackageVerifier verifier_;
    std::map<const Cause*, std::vector<std::string>> envelopes_;
};

// Whether a key of the configuration has one of these fingerprints.
bool is_known_key(const Config& config, const std::string& primary, const std::string& signer);

}  // namespace repotool::publisher

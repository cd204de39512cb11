// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/audit/evidence_book.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"

namespace repotool::publisher {

EvidenceBook::EvidenceBook(
    fs::Filesystem& filesystem,
    const std::function<void(const std::string& path, const std::string& problem)>& damaged)
    : filesystem_(filesystem) {
    for (const auto& repository : repositories_with_evidence(filesystem)) {
        try {
            for (auto& stored : EvidenceLog(filesystem, repository).read()) {
                Entry entry;
                for (const auto& package : stored.evidence.packages)
                    entry.identities.insert(package.identity());
                entry.stored = std::move(stored);
                entries_.emplace(entry.stored.sha256, std::move(entry));
            }
        } catch (const base::Error& error) {
            if (error.kind() != base::ErrorKind::integrity) throw;
            damaged(error.object(), error.reason());
        }
    }
}

const EvidenceBook::Entry* EvidenceBook::find(const std::string& sha256) {
    const auto entry = entries_.find(sha256);
    if (entry == entries_.end()) return nullptr;
    if (verified_.insert(sha256).second) verify(entry->second);
    return &entry->second;
}

void EvidenceBook::verify(Entry& entry) {
    const StoredEvidence& stored = entry.stored;
    if (stored.signature.empty()) return void(entry.fault = "it is not signed");
    if (!verifier_) verifier_ = std::make_unique<signing::Verifier>(evidence_keys(filesystem_));
    const signing::Verdict verdict = verifier_->check_detached(stored.text, stored.signature);
    entry.fingerprint = verdict.fingerprint;
    entry.signer = verdict.signer;
    if (!verdict.good) return void(entry.fault = "its signature is bad: " + verdict.reason);
    const std::string& junit = stored.evidence.junit_sha256;
    const std::string report = stored.path + ".junit.xml";
    const bool is_report_right =
        junit.empty() ||
        (filesystem_.status(report) && fs::digest_file(*filesystem_.open_read(report)).sha256 == junit);
    entry.fault = is_report_right ? fault_of_end(stored.evidence.subject.repository)
                                  : "the report beside it is not the one that it names";
}

const std::string& EvidenceBook::fault_of_end(const std::string& repository) {
    const auto [known, is_new] = ends_.try_emplace(repository);
    if (!is_new) return known->second;
    const auto end = EvidenceLog(filesystem_, repository).read_end();
    if (!end) return known->second;  // read() has told of it
    const signing::Verdict verdict = verifier_->check_detached(end->text, end->signature);
    if (!verdict.good) known->second = "the end of its log has a bad signature: " + verdict.reason;
    return known->second;
}

}  // namespace repotool::publisher

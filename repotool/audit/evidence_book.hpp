// SPDX-License-Identifier: GPL-3.0-or-later
// All evidence of a site by the digests of its records, each verified when it is first asked for.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>

#include "repotool/config/config.hpp"
#include "repotool/policy/evidence_log.hpp"
#include "signing/verifier.hpp"

namespace repotool::publisher {

class EvidenceBook {
public:
    struct Entry {
        StoredEvidence stored;
        std::unordered_set<std::string> identities;  // of the packages that the check saw
        std::string fingerprint;                     // of its signature
        std::string signer;
        std::string fault;  // of its signature, or of the end of its log; empty where there is none
    };

    // `damaged`: told of each log that cannot be read.
    EvidenceBook(fs::Filesystem& filesystem,
                 const std::function<void(const std::string& path, const std::string& problem)>& damaged);

    // Null where there is no such record.
    const Entry* find(const std::string& sha256);

private:
    void verify(Entry& entry);
    const std::string& fault_of_end(const std::string& repository);

    fs::Filesystem& filesystem_;
    std::map<std::string, Entry> entries_;
    std::map<std::string, std::string> ends_;  // by repository: what is wrong with the end of its log
    std::unique_ptr<signing::Verifier> verifier_;
    std::unordered_set<std::string> verified_;
};

}  // namespace repotool::publisher

// SPDX-License-Identifier: GPL-3.0-or-later
// The evidence of one repository: numbered records, each signed and each naming the one before it, and their
// signed end, in private/evidence/<repository>. Records are added, never changed and never collected: `audit`
// needs them as long as what they allowed is served.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/store/site.hpp"
#include "repotool/policy/evidence.hpp"
#include "repotool/policy/evidence_end.hpp"
#include "signing/signer.hpp"

namespace repotool::publisher {

struct StoredEvidence {
    Evidence evidence;
    std::string path;       // relative to the site; its signature is in <path>.asc
    std::string text;       // the bytes that are signed
    std::string signature;  // empty: there is none
    std::string sha256;     // of `text`
};

class EvidenceLog {
public:
    EvidenceLog(fs::Filesystem& filesystem, const std::string& repository);

    // In order. Throws base::Error (integrity) where a record is missing, the last one too, changed in what
    // the next one or the end says of it, or unreadable. Signatures are not looked at.
    std::vector<StoredEvidence> read() const;
    // Empty where nothing was ever recorded. Throws likewise.
    std::optional<EvidenceEnd> read_end() const;

    // Durable on return. `junit` is the report that the record speaks of; empty: none. Waits its turn; throws
    // base::Error (conflict) when that takes too long, (signing) when the key does not sign.
    StoredEvidence append(store::Site& site, Evidence evidence, const std::string& junit,
                          signing::Signer& signer) const;

private:
    std::vector<StoredEvidence> read_records() const;
    std::string fault_of_end(const std::optional<EvidenceEnd>& end,
                             const std::vector<StoredEvidence>& records) const;

    fs::Filesystem& filesystem_;
    std::string repository_;
    std::string directory_;
};

// Repositories that have evidence, sorted; many of them may be gone.
std::vector<std::string> repositories_with_evidence(fs::Filesystem& filesystem);

// Public keys of all who ever signed evidence here, armored: to check signatures with. Whom to believe, the
// configuration says by fingerprint.
std::vector<std::string> evidence_keys(fs::Filesystem& filesystem);

}  // namespace repotool::publisher

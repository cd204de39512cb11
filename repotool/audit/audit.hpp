// SPDX-License-Identifier: GPL-3.0-or-later
// The whole chain of each package file that a repository still serves: its bytes, who built it, what tested
// it, who signed it, who published it. Everything is verified again, now and offline, by the configuration
// of now. Takes no lock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "repotool/inspect/provenance.hpp"
#include "repotool/publish/publish.hpp"

namespace repotool::publisher {

// damage: something is not what was recorded or signed. missing: the configuration asks for it, and it was
// never there, or does not count any more.
enum class GapKind { damage, missing };

struct AuditGap {
    GapKind kind = GapKind::damage;
    std::string object;   // a path below the site, a generation or a package
    std::string problem;  // a sentence
};

struct TestedBy {
    std::string check;
    std::string status;  // "pass", "override"
    std::string evidence_sha256;
    std::string fingerprint;
    base::UnixSeconds time = 0;
    std::string user, host, log_url;
    std::string reason;   // of an override
    bool counts = false;  // by the word of a key that the gate names for this
};

// How the file that was built is known to be what the signed one was made of.
enum class UnsignedProof {
    not_signed_here,  // it is the file
    by_bytes,         // with what stood before its header the signed file has the digest of the other one
    by_record,        // the manifest says so
};
const char* unsigned_proof_name(UnsignedProof proof) noexcept;

struct AuditedPackage {
    std::string format, dist, component, name, version, architecture;
    std::string sha256, unsigned_sha256;  // unsigned: that of the file where it was not signed here
    UnsignedProof unsigned_proof = UnsignedProof::not_signed_here;
    std::string builder, build_type, source, envelope_sha256;  // empty: nobody speaks for it
    std::vector<TestedBy> tests;
    std::string signed_by;           // fingerprint; RPM packages that carry a good signature
    std::optional<Cause> published;  // empty: nothing tells
};

struct AuditedGeneration {
    std::uint64_t generation = 0;
    std::string manifest_sha256;
    base::UnixSeconds date = 0;
    std::vector<std::string> signed_by;  // fingerprints, sorted
};

struct AuditReport {
    std::string repository;
    std::vector<AuditedGeneration> generations;  // ascending
    std::uint64_t packages = 0;                  // different files of a dist and component
    std::uint64_t files = 0;                     // that were read
    std::vector<AuditGap> gaps;
    std::vector<AuditedPackage> list;  // where it was asked for
    bool has(GapKind kind) const;
};

enum class ListPackages { no, yes };

// Every generation that is not collected yet. Throws base::Error (usage) where there is no such repository,
// or where a key of the configuration cannot be read; (conflict) where gc goes on for too long.
AuditReport audit_repository(const PublishContext& context, const std::string& repository, ListPackages list);

}  // namespace repotool::publisher

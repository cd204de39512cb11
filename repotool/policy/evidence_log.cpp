// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/policy/evidence_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;

constexpr const char* kKeys = "keys";
constexpr std::uint64_t kKeyLimit = std::uint64_t{1} << 20U;

std::string record_name(std::uint64_t sequence) {
    return fmt::format("{:06}.json", sequence);
}

void make_directory(fs::Filesystem& filesystem, const std::string& path) {
    for (const auto& changed : fs::make_directories(filesystem, path, 0700))
        filesystem.sync_directory(changed);
}

// A leftover of somebody who died before the record was there.
void write_anew(fs::Filesystem& filesystem, const std::string& path, std::string_view bytes) {
    filesystem.remove(path);
    fs::write_new_file(filesystem, path, bytes, 0600, 0, fs::Durable::yes);
}

void keep_public_key(fs::Filesystem& filesystem, signing::Signer& signer) {
    const std::string directory = fs::join_path(store::layout::kEvidence, kKeys);
    const std::string path = fmt::format("{}/{}.asc", directory, signer.key().fingerprint);
    const std::string key = signer.public_key();
    if (filesystem.status(path) && fs::read_file(filesystem, path, kKeyLimit) == key) return;
    make_directory(filesystem, directory);
    fs::replace_file(filesystem, path, key, 0600);
}

}  // namespace

EvidenceLog::EvidenceLog(fs::Filesystem& filesystem, const std::string& repository)
    : filesystem_(filesystem),
      repository_(repository),
      directory_(store::layout::evidence_directory(repository)) {}

std::vector<StoredEvidence> EvidenceLog::read_records() const {
    std::vector<StoredEvidence> records;
    std::string previous;
    for (std::uint64_t sequence = 1;; ++sequence) {
        StoredEvidence stored;
        stored.path = fs::join_path(directory_, record_name(sequence));
        if (!filesystem_.status(stored.path)) return records;
        stored.text = fs::read_file(filesystem_, stored.path);
        stored.sha256 = base::sha256_hex(stored.text);
        stored.evidence = parse_evidence(stored.text, stored.path);
        if (filesystem_.status(stored.path + ".asc"))
            stored.signature = fs::read_file(filesystem_, stored.path + ".asc", kKeyLimit);
        if (stored.evidence.sequence != sequence || stored.evidence.previous != previous)
            throw Error(ErrorKind::integrity, "read", stored.path,
                        "it does not follow the record before it: the evidence was changed");
        previous = stored.sha256;
        records.push_back(std::move(stored));
    }
}

// Nobody waits here: whoever adds records meanwhile moves the end on, and then both are read again.
std::vector<StoredEvidence> EvidenceLog::read() const {
    constexpr int kTries = 5;
    std::string fault;
    for (int i = 0; i < kTries; ++i) {
        const auto end = read_end();
        auto records = read_records();
        fault = fault_of_end(end, records);
        if (fault.empty()) return records;
    }
    throw Error(ErrorKind::integrity, "read", directory_, fault,
                "records were taken away; a backup has them");
}

std::optional<EvidenceEnd> EvidenceLog::read_end() const {
    return read_evidence_end(filesystem_, directory_);
}

// What is wrong with a log of these records that ends so; empty where nothing is.
std::string EvidenceLog::fault_of_end(const std::optional<EvidenceEnd>& end,
                                      const std::vector<StoredEvidence>& records) const {
    if (!end) return records.empty() ? "" : "its signed end is not there";
    if (end->repository != repository_) return fmt::format("its end is that of '{}'", end->repository);
    if (records.size() < end->sequence || records.size() > end->sequence + 1)
        return fmt::format("it has {} records, and its signed end says {}", records.size(), end->sequence);
    const std::string last = end->sequence == 0 ? "" : records[end->sequence - 1].sha256;
    return last == end->record_sha256
               ? ""
               : fmt::format("record {} is not the one that its signed end names", end->sequence);
}

// The record's own name comes last: before it nothing happened. Then the end moves on to it; until then the
// record counts, and the next one that is added finds it there. The first end comes before the first record:
// records without any end are damage.
StoredEvidence EvidenceLog::append(store::Site& site, Evidence evidence, const std::string& junit,
                                   signing::Signer& signer) const {
    make_directory(filesystem_, directory_);
    const auto lock = site.lock_shortly(store::layout::kEvidenceLock, fs::LockMode::exclusive);
    const auto before = read();
    evidence.sequence = before.size() + 1;
    evidence.previous = before.empty() ? "" : before.back().sha256;
    StoredEvidence stored;
    stored.path = fs::join_path(directory_, record_name(evidence.sequence));
    if (!junit.empty()) {
        evidence.junit_sha256 = base::sha256_hex(junit);
        write_anew(filesystem_, stored.path + ".junit.xml", junit);
    }
    stored.text = render_evidence(evidence);
    stored.sha256 = base::sha256_hex(stored.text);
    stored.signature = signer.detach_sign(stored.text);
    stored.evidence = std::move(evidence);
    keep_public_key(filesystem_, signer);
    if (!read_end()) write_evidence_end(filesystem_, directory_, {repository_, 0, ""}, signer);
    write_anew(filesystem_, stored.path + ".asc", stored.signature);
    filesystem_.sync_directory(directory_);
    const std::string fresh = stored.path + ".new";
    write_anew(filesystem_, fresh, stored.text);
    filesystem_.rename(fresh, stored.path, fs::Replace::no);
    filesystem_.sync_directory(directory_);
    write_evidence_end(filesystem_, directory_, {repository_, stored.evidence.sequence, stored.sha256},
                       signer);
    return stored;
}

std::vector<std::string> repositories_with_evidence(fs::Filesystem& filesystem) {
    std::set<std::string> found;
    const std::string root = std::string(store::layout::kEvidence) + "/";
    fs::walk(filesystem, store::layout::kEvidence, [&](const std::string& path, const fs::Status&) {
        const bool is_of_log = is_evidence_end(path) || path.ends_with("/" + record_name(1));
        if (!is_of_log || !path.starts_with(root)) return;
        const std::string name = fs::parent_path(path).substr(root.size());
        if (store::is_repository_name(name)) found.insert(name);
    });
    return {found.begin(), found.end()};
}

std::vector<std::string> evidence_keys(fs::Filesystem& filesystem) {
    std::vector<std::string> keys;
    const std::string directory = fs::join_path(store::layout::kEvidence, kKeys);
    for (const auto& name : filesystem.list(directory)) {
        if (name.ends_with(".asc"))
            keys.push_back(fs::read_file(filesystem, fs::join_path(directory, name), kKeyLimit));
    }
    return keys;
}

}  // namespace repotool::publisher

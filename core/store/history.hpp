// SPDX-License-Identifier: GPL-3.0-or-later
// The history of a repository: append-only, hash-chained, one record per flip (docs/FORMAT.md §9).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/fs/filesystem.hpp"

namespace repotool::store {

struct PackageChange {
    std::string action;  // added, superseded, removed
    std::string format;
    std::string dist;
    std::string name;
    std::string version;
    std::string architecture;
    std::string sha256;
    std::string unsigned_sha256;  // empty where not signed here
    std::string component{};      // "" for RPM
    std::string path{};           // below pool/<repository>
    std::string origin{};  // input file or repository@generation that it came from; empty where it left
    unsigned request = 0;  // which of HistoryRecord::requests asked for it
};

// One of several requests that were published together (group commit).
struct HistoryRequest {
    std::string operation;
    std::string user, host, job;
    std::map<std::string, std::string> meta;
};

struct HistoryRecord {
    std::uint64_t sequence = 0;  // set by append
    std::string previous;        // set by append
    base::UnixSeconds time = 0;
    std::string operation;  // publish, promote, rollback …
    std::uint64_t generation = 0;
    std::uint64_t parent = 0;  // 0: none
    std::string manifest_sha256;
    std::string user, host, job;
    std::vector<PackageChange> changes;
    // Where more than one: operation, user, host, job and meta above are those of the first.
    std::vector<HistoryRequest> requests{};
    std::map<std::string, std::string> meta;
    bool recovered = false;
};

std::string render_history_record(const HistoryRecord& record);
// Throws base::Error (integrity).
HistoryRecord parse_history_record(std::string_view json);
// All but the changes, which are most of a large record and are left empty.
HistoryRecord parse_history_summary(std::string_view json);

class History {
public:
    History(fs::Filesystem& filesystem, const std::string& repository);
    // Oldest first. Throws base::Error (integrity) for a broken chain or checksum; a torn last line is left
    // out.
    std::vector<HistoryRecord> read() const;
    // The newest records, oldest first: at least all from this generation on. Reads the segments that it
    // needs and checks no chain; the changes are left out.
    std::vector<HistoryRecord> read_back(std::uint64_t generation) const;
    // The value of this key in the newest record that has it in its meta, or in that of a request.
    std::optional<std::string> newest_meta(const std::string& key) const;
    // The newest record without its changes; reads one segment.
    std::optional<HistoryRecord> last() const;
    // Replaces the newest segment by a copy without its torn line, if it has one. Under the repository's
    // lock.
    void repair();
    // Replaces it in any case: after a sync that failed nobody knows what the disk has, and a second sync
    // would not tell.
    void renew();
    // Durable on return. Under the repository's lock.
    void append(HistoryRecord record);

private:
    enum class Rewrite { if_torn, always };
    std::vector<std::string> segments() const;
    void rewrite_newest(Rewrite rewrite);

    fs::Filesystem& filesystem_;
    std::string directory_;
};

}  // namespace repotool::store

// SPDX-License-Identifier: GPL-3.0-or-later
// Package files that no repository of this site may hold (docs/FORMAT.md §14): private/purged.log,
// append-only. Whoever publishes looks here under the repository's lock: a digest is listed before it is
// taken out of any repository.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/store/site.hpp"

namespace repotool::store {

struct PurgedEntry {
    std::string sha256;
    std::string unsigned_sha256;  // empty where the file was not signed here
    std::string content;          // identity that signing does not change; may be empty
    std::string name, version, architecture;
    std::string reason;
    std::string by;  // user@host
    base::UnixSeconds time = 0;
    bool finished = false;  // it has left every generation
};

class PurgeList {
public:
    // Reads the list as it is now. Throws base::Error (integrity).
    explicit PurgeList(fs::Filesystem& filesystem);
    // The entry that this digest (of the file, signed or not, or of its content) belongs to.
    std::optional<PurgedEntry> find(const std::string& digest) const;
    const std::vector<PurgedEntry>& entries() const noexcept { return entries_; }
    bool is_empty() const noexcept { return entries_.empty(); }

private:
    std::vector<PurgedEntry> entries_;
    std::map<std::string, std::size_t> by_digest_;
};

// Durable on return: refused from here on. What is listed already is not listed twice.
void add_purged(Site& site, const std::vector<PurgedEntry>& entries);
// Says that the entry of each of these digests has left every generation. Durable on return.
void finish_purged(Site& site, const std::vector<std::string>& sha256s);

// Throws base::Error (policy) where one of these digests was purged: cannot <verb> '<object>'.
void check_not_purged(const PurgeList& list, const std::vector<std::string>& digests, const std::string& verb,
                      const std::string& object);

}  // namespace repotool::store

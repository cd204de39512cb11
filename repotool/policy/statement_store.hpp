// SPDX-License-Identifier: GPL-3.0-or-later
// The statements that came with packages, by the digest that a package had before it was signed here:
// private/provenance (docs/FORMAT.md §17). Lines are added, never changed and never collected: `audit` needs
// them as long as the package is served.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/store/site.hpp"

namespace repotool::publisher {

class StatementStore {
public:
    explicit StatementStore(fs::Filesystem& filesystem) : filesystem_(filesystem) {}

    // private/provenance/ab/abcd….jsonl
    static std::string path_of(const std::string& sha256);
    // Envelopes, without LF; none where nothing is known of the digest. Throws base::Error (integrity) where
    // the last line has no end, or an envelope that it names is not there.
    std::vector<std::string> read(const std::string& sha256) const;
    // Those that are not there yet; durable on return. Waits its turn; throws base::Error (conflict) when
    // that takes too long.
    void add(store::Site& site, const std::map<std::string, std::vector<std::string>>& lines) const;

    // What an RPM package had before its main header when it was not signed yet (signing/rpm_origin.hpp), by
    // its digest then. Empty where it is not kept.
    std::optional<std::string> read_front(const std::string& sha256) const;
    // As add().
    void add_fronts(store::Site& site, const std::map<std::string, std::string>& fronts) const;

private:
    const std::string& read_envelope(const std::string& sha256) const;
    std::vector<std::string> read_stored(const std::string& sha256) const;
    std::string with(const std::string& sha256, const std::vector<std::string>& lines) const;
    void write(const std::map<std::string, std::string>& files) const;

    fs::Filesystem& filesystem_;
    // The one that was read last, proven: many packages in a row name the same.
    mutable std::string envelope_sha256_, envelope_;
};

}  // namespace repotool::publisher

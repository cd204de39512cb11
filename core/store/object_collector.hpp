// SPDX-License-Identifier: GPL-3.0-or-later
// Removes objects that nothing needs any more (I13). Garbage is what all of these agree on: no generation of
// any repository names it, no second hard link of it exists, no transaction has pinned it. The last is looked
// at, and the object removed, under the collector's lock, which excludes the moment in which a transaction
// pins.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/store/live_names.hpp"
#include "core/store/site.hpp"

namespace repotool::store {

// How much a hard-link count says of an object. linked: a published name of it was seen to be a link to it,
// so links work here. unknown: every package list has to be read before it may go. purged: the same, and then
// it goes, whatever is linked to it.
enum class Evidence { linked, unknown, purged };

struct Tally {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    void add(std::uint64_t size) {
        ++files;
        bytes += size;
    }
};

class ObjectCollector {
public:
    explicit ObjectCollector(Site& site) : site_(site), filesystem_(site.filesystem()) {}

    // An object that lost a name, or never got one (then `package`, the name of the package, is empty). All
    // of them before run().
    void add(const std::string& sha256, const std::string& package, Evidence evidence);
    // Removes what is garbage of it; durable on return. Throws base::Error (integrity) where a repository is
    // damaged: then nothing is proven.
    Tally run();
    // After run(): those that a transaction has pinned, or something that no generation names is linked to.
    // Somebody must look at them again.
    const std::set<std::string>& postponed() const noexcept { return postponed_; }

private:
    struct Candidate {
        std::string package;
        Evidence evidence = Evidence::linked;
    };
    struct Repository {
        std::unique_ptr<LiveNames> live;
        std::optional<std::uint64_t> head;
        std::size_t looked_at = 0;
    };
    void drop_settled();
    void drop_named();
    void drop_named_in(const std::string& repository);
    Tally remove_batch();
    std::set<std::string> read_pins() const;

    Site& site_;
    fs::Filesystem& filesystem_;
    std::map<std::string, Candidate> candidates_;
    std::map<std::string, Repository> repositories_;
    std::set<std::string> postponed_;
};

}  // namespace repotool::store

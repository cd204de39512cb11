// SPDX-License-Identifier: GPL-3.0-or-later
// fsck of private/: objects, what is on its way out, lists, caches, and what dead commands left.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "repotool/upkeep/repository_check.hpp"

namespace repotool::publisher {

class PrivateCheck {
public:
    // `packages`: every package file that a generation of any repository names, by digest.
    PrivateCheck(store::Site& site, const std::map<std::string, std::set<std::string>>& packages,
                 FileProof& proof)
        : site_(site), filesystem_(site.filesystem()), packages_(packages), proof_(proof) {}

    std::vector<MendableFinding> run();

private:
    void find(const std::string& path, const std::string& problem, std::function<void()> mend = {});
    void attempt(const std::string& path, const std::function<void()>& check);
    void check_transactions();
    void check_lists();
    void check_evidence();
    void check_texts();
    void check_text(const std::string& path);
    void check_objects();
    // Digests that something on its way, in or out, still needs.
    std::set<std::string> pinned_digests();
    void drop_named(std::set<std::string>& surplus);

    store::Site& site_;
    fs::Filesystem& filesystem_;
    const std::map<std::string, std::set<std::string>>& packages_;
    FileProof& proof_;
    std::vector<MendableFinding> findings_;
};

}  // namespace repotool::publisher

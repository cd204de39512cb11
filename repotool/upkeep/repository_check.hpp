// SPDX-License-Identifier: GPL-3.0-or-later
// fsck of one repository: its head, history, tags, generations, and everything that they name.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/store/condemned.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/generation_tree.hpp"
#include "repotool/upkeep/file_proof.hpp"
#include "repotool/upkeep/fsck.hpp"

namespace repotool::publisher {

struct MendableFinding {
    SiteFinding finding;
    std::function<void()> mend;  // under the repository's lock; empty where nothing can be done
};

class RepositoryCheck {
public:
    RepositoryCheck(store::Site& site, std::string repository, FileProof& proof)
        : site_(site), filesystem_(site.filesystem()), repository_(std::move(repository)), proof_(proof) {}

    std::vector<MendableFinding> run();
    // After run(): every package file that a generation names, by digest, with its names below public/.
    const std::map<std::string, std::set<std::string>>& packages() const noexcept { return packages_; }

private:
    void find(const std::string& path, const std::string& problem, std::function<void()> mend = {});
    void attempt(const std::string& path, const std::function<void()>& check);
    void check_history();
    void check_head();
    void check_tags();
    void check_generation(std::uint64_t generation);
    void check_names(const store::GenerationReader& reader, const std::string& directory);
    void check_set(const store::GenerationReader& reader, const store::SetEntry& set);
    void check_content(const std::string& path, const std::string& sha256, std::uint64_t size);
    void check_link(const std::string& path, const std::string& target);
    void check_package(const store::ContentFile& file);
    void check_surplus();
    bool is_ours(const std::string& path) const;
    void find_surplus_metadata();
    void find_surplus_packages();
    void add_packages_of(const std::string& generation, std::set<std::string>& paths);
    void find_surplus(const std::string& directory, const std::set<std::string>& leaving);
    void replace_by_link(const std::string& from, const std::string& path);
    void replace_link(const std::string& target, const std::string& path);

    store::Site& site_;
    fs::Filesystem& filesystem_;
    std::string repository_;
    FileProof& proof_;
    std::vector<MendableFinding> findings_;
    std::set<std::string> looked_at_;  // below public/, by any generation
    std::map<std::string, std::set<std::string>> packages_;
    std::map<std::uint64_t, std::string> manifests_;  // generation → digest, as the history has it
    std::uint64_t last_flip_ = 0;
    bool ends_expired_ = false;
    bool is_readable_ = true;  // every generation could be read: then what none names is surplus
};

}  // namespace repotool::publisher

// SPDX-License-Identifier: GPL-3.0-or-later
// Options and course that publish and promote share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "repotool/cli/command.hpp"
#include "repotool/cli/result_files.hpp"
#include "repotool/publish/promotion.hpp"

namespace repotool::cli {

struct PublishOptions {
    std::string dist;
    std::string component;
    std::string apt_suite;  // of a site that is made on the way
    std::string rpm_dist;   // likewise, and the dist of .rpm files
    std::string base_url;   // likewise
    ResultFiles files;
    console::SecretOptions secrets;
    std::vector<std::string> meta;
    std::string expire;        // duration
    std::string base;          // repository[@N] that the change was built against
    std::string override_key;  // name in `keys`
    std::string override_reason;
    unsigned keep = 0;
    std::vector<std::string> repodata;  // TYPE=FILE
    bool adopt = false;
    bool allow_downgrade = false;
    bool allow_release_info_change = false;
    bool dry_run = false;
};

// What changes of a repository have in common: files of the result, secrets, --meta, --dry-run,
// --allow-release-info-change.
void add_change_options(CLI::App& command, PublishOptions& options);
// Those, and what bringing packages needs.
void add_publish_options(CLI::App& command, PublishOptions& options);
std::string read_standard_input();
// True where the site has the repository of `reference` (repository[@N]).
bool is_repository(OpenSite& site, const std::string& reference);
// Throws base::Error (usage) for a name that is not allowed; before anything is made.
std::string checked_repository(const std::string& name);

// An open site for one publish. A dry run without a site works in a temporary one, which goes when this
// object does.
enum class MakeSite { no, yes };

class PublishSession {
public:
    PublishSession(const GlobalOptions& global, const PublishOptions& options,
                   MakeSite make_site = MakeSite::yes);
    ~PublishSession();
    PublishSession(const PublishSession&) = delete;
    PublishSession& operator=(const PublishSession&) = delete;

    OpenSite& site() noexcept { return site_; }
    publisher::PublishRequest request(const std::string& operation, const std::string& repository) const;
    // --dist where it names an APT suite: then it wins over what .changes say. Else empty.
    std::string upload_dist() const;
    // Files, directories and updates that are typed, and --repodata. Throws base::Error (input, usage).
    void take_inputs(publisher::PublishRequest& request, publisher::InputArguments arguments);
    // Publishes, moves what `promotion` lists, and prints the answer; returns the exit status.
    int finish(publisher::PublishRequest request, const publisher::Promotion& promotion = {});

private:
    // --repodata TYPE=FILE. Throws base::Error (usage).
    void add_repodata(publisher::Inputs& inputs) const;

    const GlobalOptions& global_;
    const PublishOptions& options_;
    std::string temporary_;
    OpenSite site_;
};

}  // namespace repotool::cli

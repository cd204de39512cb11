// SPDX-License-Identifier: GPL-3.0-or-later
// Publish, promote and roll back: each makes one new generation of one repository by one flip, or nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/store/manifest.hpp"
#include "core/store/site.hpp"
#include "repotool/config/config.hpp"
#include "repotool/config/given_secrets.hpp"
#include "repotool/ingest/inputs.hpp"
#include "repotool/ingest/placement.hpp"
#include "repotool/packages/package_pattern.hpp"
#include "repotool/packages/selection.hpp"
#include "repotool/updates/ready_files.hpp"
#include "repotool/updates/report.hpp"
#include "repotool/updates/update_search.hpp"

namespace repotool::publisher {

// What every command that writes needs.
struct PublishContext {
    store::Site& site;
    const Config& config;
    std::int64_t lock_timeout = 600;  // seconds
    std::string job;                  // build URL or tag, for history and for those who wait
    GivenSecrets secrets{};
};

enum class DryRun { no, yes };

// What one request may do that the repository's rules do not say.
struct RequestRules {
    bool allow_downgrade = false;
    bool allow_release_info_change = false;
    bool is_exact = false;       // what the request does not bring goes (merge)
    bool is_refresh = false;     // a new generation also where no package changes
    unsigned keep_versions = 0;  // instead of the configuration's; 0: as configured
};

struct PublishRequest {
    std::string operation;  // publish, promote
    std::string repository;
    Inputs inputs;
    std::vector<FoundUpdate> updates;    // what they name of `inputs` and of repositories goes where they say
    std::vector<std::string> sources;    // repository[@N] whose packages are taken over
    std::vector<PackagePattern> filter;  // of what sources hold; none: everything
    std::vector<PackagePattern> removals;  // what goes
    RequestRules rules;
    PlacementOptions placement;  // of files
    Adopt adopt = Adopt::no;
    // Lets pass what the gate misses, where the gate names this key among its overrides; with a reason, for
    // the records.
    std::string override_key;
    std::string override_reason;
    bool may_bring_nothing = false;  // no package at all is nothing to do
    bool must_sign = false;          // promote: a repository without `sign:` is refused
    DryRun dry_run = DryRun::no;     // everything but the commit
    std::map<std::string, std::string> meta;
};

// RPM metadata that is passed through (updateinfo, comps, …): what became of one type in one dist.
enum class MetadataAction { added, merged, replaced, removed };
struct MetadataChange {
    std::string dist;
    std::string type;
    MetadataAction action = MetadataAction::added;
};
const char* metadata_action_name(MetadataAction action);
MetadataAction parse_metadata_action(const std::string& name);

struct StepTime {
    std::string name;
    std::int64_t ms = 0;
    bool is_reused = false;  // a run of the same command that died had done it
};

struct PublishResult {
    bool changed = false;
    std::string repository;
    std::uint64_t generation = 0;  // current one afterwards; with a dry run the one that would be; 0: none
    std::uint64_t parent = 0;      // 0: none
    std::string manifest_sha256;
    std::vector<Decision> decisions;
    // Index entries that a large source has in common with the repository: unchanged, and not among the
    // decisions.
    std::uint64_t unlisted = 0;
    std::vector<MetadataChange> metadata;
    std::vector<UpdateReport> updates;
    MoveReport moves;  // of promote: files that were put aside, and those that stayed
    std::vector<store::SubManifest> sub_manifests;  // of `generation`
    bool is_signed = false;
    // Settings that differ from those of the generation before (setting_changes.hpp): followed where
    // something changed, else waiting for a change.
    std::vector<std::string> setting_changes;
    std::vector<std::string> notes;  // what whoever asked may not expect; sentences for people
    std::vector<StepTime> steps;
    std::int64_t elapsed_ms = 0;
};

// Throws base::Error; then nothing that clients see has changed, and what was staged is gone.
PublishResult publish(const PublishContext& context, const PublishRequest& request);

struct RollbackRequest {
    std::string repository;
    std::uint64_t to = 0;  // a generation; 0: the current one's parent
    DryRun dry_run = DryRun::no;
    bool allow_release_info_change = false;
    std::map<std::string, std::string> meta;
};

// A new generation with the content of an older one.
PublishResult rollback(const PublishContext& context, const RollbackRequest& request);

}  // namespace repotool::publisher

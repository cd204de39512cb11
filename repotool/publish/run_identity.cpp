// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/run_identity.hpp"

#include <fmt/format.h>

#include "core/base/digest.hpp"
#include "core/fs/external.hpp"
#include "core/fs/tree.hpp"
#include "repotool/ingest/uploaders.hpp"

namespace repotool::publisher {
namespace {

constexpr int kStepsVersion = 1;  // of what finished steps look like; raise it when that changes
constexpr std::size_t kDigits = 16;
constexpr const char* kConfigFile = "repotool.yaml";

// Parts with their lengths, so that no two lists are the same text.
class Identity {
public:
    void add(std::string_view part) { hasher_.update(std::string_view(fmt::format("{}:{}", part.size(), part))); }
    void add(std::int64_t number) { hasher_.update(std::string_view(fmt::format("{};", number))); }

    void add_file(const InputFile& file) {
        add_path(file.path);
        for (const auto* part : {&file.dist, &file.listed_by, &file.sha256}) add(*part);
        add(static_cast<std::int64_t>(file.is_candidate));
    }
    void add_files(const std::vector<InputFile>& files) {
        add(static_cast<std::int64_t>(files.size()));
        for (const auto& file : files) add_file(file);
    }
    void add_path(const std::string& path) {
        add(path);
        const auto status = fs::external_status(path, fs::FinalSymlink::keep);
        if (!status) return add("none");
        for (const auto number : {status->device, status->inode, status->size})
            add(static_cast<std::int64_t>(number));
        add(status->mtime_ns);
    }
    void add_pattern(const PackagePattern& pattern) {
        for (const auto* part : {&pattern.name, &pattern.version, &pattern.architecture, &pattern.dist,
                                 &pattern.component, &pattern.sha256})
            add(*part);
    }
    std::string digits() { return hasher_.hex().substr(0, kDigits); }

private:
    base::Hasher hasher_;
};

void add_inputs(Identity& identity, const Inputs& inputs) {
    identity.add_files(inputs.packages);
    for (const auto& source : inputs.sources) {
        identity.add_file(source.control);
        identity.add_files(source.files);
    }
    for (const auto& extra : inputs.extras) {
        identity.add(extra.type);
        identity.add_path(extra.path);
    }
    identity.add_files(inputs.uploads);
    identity.add_files(inputs.unpublished);
    for (const auto& update : inputs.updates) identity.add_path(update);
}

void add_request(Identity& identity, const PublishRequest& request) {
    for (const auto* part : {&request.operation, &request.repository, &request.placement.dist,
                             &request.placement.component, &request.override_key})
        identity.add(*part);
    for (const auto* patterns : {&request.filter, &request.removals}) {
        identity.add(static_cast<std::int64_t>(patterns->size()));
        for (const auto& pattern : *patterns) identity.add_pattern(pattern);
    }
    for (const auto& source : request.sources) identity.add(source);
    const RequestRules& rules = request.rules;
    for (const bool flag : {rules.allow_downgrade, rules.allow_release_info_change, rules.is_exact,
                            rules.is_refresh, request.adopt == Adopt::yes, request.may_bring_nothing})
        identity.add(static_cast<std::int64_t>(flag));
    identity.add(static_cast<std::int64_t>(rules.keep_versions));
}

}  // namespace

std::string run_identity(const PublishContext& context, const PublishRequest& request,
                         const signing::Signer* signer) {
    fs::Filesystem& filesystem = context.site.filesystem();
    Identity identity;
    identity.add(kStepsVersion);
    identity.add(REPOTOOL_VERSION);
    add_request(identity, request);
    add_inputs(identity, request.inputs);
    identity.add(filesystem.status(kConfigFile) ? fs::read_file(filesystem, kConfigFile) : "");
    identity.add(
        read_uploader_keys(filesystem.root(), context.config.repository(request.repository)).public_keys);
    if (signer != nullptr) identity.add(signer->key().fingerprint);
    return identity.digits();
}

}  // namespace repotool::publisher

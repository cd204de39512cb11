// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/upkeep/purge.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/host.hpp"
#include "core/store/freeze.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/head.hpp"
#include "core/store/recovery.hpp"
#include "core/store/roster.hpp"
#include "repotool/packages/package_pattern.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;
using store::PurgedEntry;
using store::Record;

// Finds what a request means, in all generations that are there and among what is condemned.
class Resolution {
public:
    Resolution(const PublishContext& context, const PurgeRequest& request)
        : context_(context), request_(request), pattern_(parse_package_pattern(request.package)) {}

    std::vector<PurgedEntry> run() {
        fs::Filesystem& filesystem = context_.site.filesystem();
        std::vector<store::CondemnedFile> files;
        for (const auto& repository : store::known_repositories(filesystem)) {
            const auto found = store::find_packages(
                filesystem, repository, [this](const Record& record) { return is_meant(record); },
                [this](const store::CondemnedFile& file) { return is_meant(file); });
            for (const auto& record : found.records) add(record);
            for (const auto& [path, file] : found.files) files.push_back(file);
            if (!found.generations.empty() || !found.files.empty()) {
                store::PurgedRepository one{repository, {}, {}, {}, true};
                one.generations.assign(found.generations.begin(), found.generations.end());
                sightings.push_back(std::move(one));
            }
        }
        for (const auto& file : files) add(file);
        // A digest that nobody has may be refused before anybody publishes it.
        if (entries_.empty() && !pattern_.sha256.empty()) entries_[pattern_.sha256] = entry_of("", "", "");
        if (entries_.empty()) refuse();
        std::vector<PurgedEntry> entries;
        for (auto& [sha256, entry] : entries_) {
            entry.sha256 = sha256;
            entries.push_back(std::move(entry));
        }
        return entries;
    }

    std::vector<store::PurgedRepository> sightings;  // after run(): where they are

private:
    bool is_meant(const Record& record) {
        names_.insert(record.name);
        bool meant = matches(pattern_, record);
        if (!pattern_.sha256.empty()) {
            meant = meant || record.content == pattern_.sha256;
            for (const auto& file : record.files) meant = meant || file.sha256 == pattern_.sha256;
        }
        // What another source package ships as well goes only where it is named itself.
        if (!meant) {
            for (const auto& file : record.files) shared_.insert(file.sha256);
        }
        return meant;
    }
    bool is_meant(const store::CondemnedFile& file) const {
        Record record;
        record.name = file.name;
        record.version = file.version;
        record.architecture = file.architecture;
        record.sha256 = file.sha256;
        return matches(pattern_, record);
    }

    void add(const Record& record) {
        PurgedEntry entry = entry_of(record.name, record.version, record.architecture);
        entry.unsigned_sha256 = record.unsigned_sha256;
        entry.content = record.content;
        entries_.insert_or_assign(record.sha256, entry);
    }
    void add(const store::CondemnedFile& file) {
        if (file.sha256 != pattern_.sha256 && shared_.contains(file.sha256)) return;
        entries_.try_emplace(file.sha256, entry_of(file.name, file.version, file.architecture));
    }

    PurgedEntry entry_of(const std::string& name, const std::string& version,
                         const std::string& architecture) const {
        PurgedEntry entry;
        entry.name = name;
        entry.version = version;
        entry.architecture = architecture;
        entry.reason = request_.reason;
        entry.by = fmt::format("{}@{}", fs::user_name(), fs::host_name());
        entry.time = context_.site.clock().real_now();
        return entry;
    }

    [[noreturn]] void refuse() const {
        const std::string nearest = base::nearest(pattern_.name, {names_.begin(), names_.end()});
        throw Error(ErrorKind::usage, "purge", request_.package,
                    "no generation of any repository has such a package",
                    nearest.empty() || nearest == pattern_.name
                        ? "give the digest of a file to refuse one that is not here yet"
                        : fmt::format("did you mean '{}'?", nearest));
    }

    const PublishContext& context_;
    const PurgeRequest& request_;
    const PackagePattern pattern_;
    std::map<std::string, PurgedEntry> entries_;
    std::set<std::string> names_, shared_;
};

// Everything after the list.
class Execution {
public:
    Execution(const PublishContext& context, std::vector<PurgedEntry> entries)
        : context_(context),
          entries_(std::move(entries)),
          list_(context.site.filesystem()),
          purge_(context.site, list_, {context.lock_timeout, context.job}) {}

    PurgeResult run() {
        PurgeResult result;
        const auto alone = store::lock_collecting(context_.site, context_.lock_timeout);
        // A run that died may have the package, too.
        store::recover_everywhere(context_.site, store::DeadRuns::end, context_.lock_timeout, context_.job);
        for (const auto& repository : store::known_repositories(context_.site.filesystem()))
            purge_from(repository, result);
        result.objects = purge_.remove_objects();
        result.finished = !purge_.has_postponed();
        for (const auto& one : result.repositories) result.finished = result.finished && one.is_clean;
        if (result.finished) finish();
        result.entries = std::move(entries_);
        return result;
    }

private:
    // A new generation without it first: from then on nobody is told of it. Then what older ones have.
    void purge_from(const std::string& repository, PurgeResult& result) {
        const auto found = purge_.find(repository);
        if (found.generations.empty() && found.files.empty()) return;
        if (auto generation = publish_without(repository, found))
            result.published.emplace_back(repository, *generation);
        result.repositories.push_back(purge_.clean(repository, reason()));
    }

    std::optional<std::uint64_t> publish_without(const std::string& repository,
                                                 const store::Sightings& found) {
        const auto current =
            store::make_symlink_head(context_.site.filesystem(), "public", repository)->current();
        if (!current || !found.generations.contains(*current)) return std::nullopt;
        PublishRequest request;
        request.operation = store::kPurge;
        request.repository = repository;
        const store::GenerationReader reader(context_.site.filesystem(), "public", repository, *current);
        for (const auto& record : found.records) {
            if (!has(reader, record)) continue;  // an older generation's alone
            PackagePattern pattern;
            pattern.sha256 = record.sha256;
            request.removals.push_back(pattern);
        }
        request.meta["reason"] = reason();
        const PublishResult result = publish(context_, request);
        return result.changed ? std::optional(result.generation) : std::nullopt;
    }

    static bool has(const store::GenerationReader& reader, const Record& record) {
        for (const auto& sub_manifest : reader.sub_manifests()) {
            for (const auto& set : sub_manifest.sets) {
                const auto found = reader.find(set, record_key(record));
                if (found && found->sha256 == record.sha256) return true;
            }
        }
        return false;
    }

    std::string reason() const { return entries_.empty() ? "" : entries_.front().reason; }

    void finish() {
        std::vector<std::string> digests;
        for (const auto& entry : list_.entries()) {
            if (!entry.finished) digests.push_back(entry.sha256);
        }
        store::finish_purged(context_.site, digests);
    }

    const PublishContext& context_;
    std::vector<PurgedEntry> entries_;
    store::PurgeList list_;
    store::Purge purge_;
};

}  // namespace

PurgeResult purge(const PublishContext& context, const PurgeRequest& request) {
    if (request.reason.empty())
        throw Error(ErrorKind::usage, "purge", request.package, "a reason is missing", "give --reason TEXT");
    if (request.package.find_first_of("*?[") != std::string::npos)
        throw Error(ErrorKind::usage, "purge", request.package, "patterns are not taken here",
                    "purge each package by its name");
    Resolution resolution(context, request);
    std::vector<PurgedEntry> entries = resolution.run();
    if (request.dry_run == DryRun::yes) {
        PurgeResult planned;
        planned.entries = std::move(entries);
        planned.repositories = std::move(resolution.sightings);
        return planned;
    }
    store::add_purged(context.site, entries);
    return Execution(context, std::move(entries)).run();
}

PurgeResult finish_purges(const PublishContext& context) {
    std::vector<PurgedEntry> unfinished;
    const store::PurgeList list(context.site.filesystem());
    for (const auto& entry : list.entries()) {
        if (!entry.finished) unfinished.push_back(entry);
    }
    if (unfinished.empty()) return {};
    return Execution(context, std::move(unfinished)).run();
}

}  // namespace repotool::publisher

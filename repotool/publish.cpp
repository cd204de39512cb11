// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/head.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"
#include "core/store/recovery.hpp"
#include "core/store/transaction.hpp"
#include "repotool/catalog.hpp"
#include "repotool/generation_builder.hpp"
#include "repotool/ingest.hpp"
#include "repotool/keys.hpp"
#include "repotool/package_signing.hpp"
#include "repotool/publish_steps.hpp"
#include "repotool/staged_check.hpp"
#include "signing/rpm_signer.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;
using store::GenerationReader;

Candidate to_candidate(const Ingested& ingested) {
    const formats::Package& package = ingested.package;
    Candidate candidate;
    candidate.format = package.format;
    candidate.record = {
        package.name,       package.version, package.architecture,   "", package.sha256, package.size, "",
        package.content_id, package.source,  package.source_version, {}};
    for (const auto& file : package.files)
        candidate.record.files.push_back({file.name, file.sha256, file.size});
    candidate.file_name = package.file_name;
    candidate.origin = ingested.origin;
    candidate.staged_path = ingested.staged_path;
    candidate.kind = package.kind;
    candidate.any_architecture = package.any_architecture;
    return candidate;
}

formats::PackageKind kind_of(const std::string& set_architecture) {
    switch (store::set_kind(set_architecture)) {
        case store::SetKind::source:
            return formats::PackageKind::source;
        case store::SetKind::udeb:
            return formats::PackageKind::udeb;
        case store::SetKind::debug:
            return formats::PackageKind::debug;
        default:
            return formats::PackageKind::binary;
    }
}

void add_from_repository(fs::Filesystem& filesystem, const std::string& reference,
                         std::vector<Candidate>& candidates) {
    const GenerationReader source = store::open_generation(filesystem, "public", reference);
    for (const auto& sub_manifest : source.sub_manifests()) {
        for (const auto& set : sub_manifest.sets) {
            source.for_each_record(set, [&](const store::Record& record) {
                Candidate candidate;
                candidate.format = formats::parse_format(sub_manifest.format);
                candidate.record = record;
                candidate.file_name = fs::base_name(record.path);
                candidate.dist = set.dist;
                candidate.component = set.component;
                candidate.origin =
                    fmt::format("{}@{}", source.manifest().repository, source.manifest().generation);
                candidate.kind = kind_of(set.architecture);
                candidate.any_architecture =
                    record.architecture == (candidate.format == formats::Format::deb ? "all" : "noarch");
                candidates.push_back(std::move(candidate));
            });
        }
    }
}

// One publish, from the input files to the answer. run() is the protocol; each step is one function below it.
class Publish {
public:
    Publish(const PublishContext& context, const PublishRequest& request)
        : context_(context),
          request_(request),
          filesystem_(context.site.filesystem()),
          rules_(context.config.repository(request.repository).rules),
          style_(rules_.replace ? PathStyle::with_digest : PathStyle::plain),
          timer_(result_) {}

    PublishResult run() {
        store::check_repository_name(request_.repository);
        context_.site.check_prefix_free(request_.repository);
        signer_ = open_signer(context_.config, request_.repository, filesystem_.root(),
                              request_.must_sign);  // a bad key shows before any work
        transaction_ = store::Transaction::begin(context_.site, request_.repository, request_.operation);
        catalog_ = std::make_unique<Catalog>(filesystem_, transaction_->fresh_path());
        // 1. Private, hashed, parsed copies. Nobody waits for this.
        collect();
        timer_.done("ingest");
        // 2. Sign what the repository does not have yet; before anything names the files, because signing
        // changes them.
        sign_new(open_current(filesystem_, request_.repository).get());
        timer_.done("sign");
        // 3. From here on one publisher at a time; first, what a dead one left behind.
        if (request_.dry_run == DryRun::no) {
            lock_ = context_.site.lock_repository(request_.repository, context_.lock_timeout, context_.job);
            store::recover(context_.site, request_.repository);
        }
        timer_.done("lock");
        // 4. New package sets.
        parent_ = open_current(filesystem_, request_.repository);
        sign_new(parent());  // only where somebody else published since step 2
        select_packages();
        timer_.done("select");
        if (!selection_.is_changed()) return unchanged();
        if (request_.dry_run == DryRun::yes) return planned();
        // 5. and 6. Indexes, Release and repomd, signatures, manifest.
        keep_objects();
        const StagedGeneration generation = build();
        timer_.done("index");
        // 7. What was staged is read back as a client would.
        check_staged(filesystem_, *transaction_, built_, generation, signer_.get());
        timer_.done("verify");
        // 8. The commit protocol (core/store/transaction.cpp).
        commit(generation);
        timer_.done("commit");
        return published(generation);
    }

private:
    const GenerationReader* parent() const { return parent_.get(); }

    void collect() {
        for (const auto& item : ingest(filesystem_, *transaction_, *catalog_, request_.inputs).packages) {
            candidates_.push_back(to_candidate(item));
            place(candidates_.back(), context_.config, request_.placement);
        }
        const std::size_t from_files = candidates_.size();
        for (const auto& source : request_.sources) add_from_repository(filesystem_, source, candidates_);
        for (std::size_t i = from_files; i < candidates_.size(); ++i)
            check_dist(candidates_[i], context_.config);
        candidates_ = without_repetitions(std::move(candidates_));
        std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
            return record_key(a.record) < record_key(b.record);
        });
        if (candidates_.empty())
            throw Error(ErrorKind::input, request_.operation, request_.repository,
                        "there is no package in what was given");
        for (const auto& candidate : candidates_) {
            if (candidate.staged_path.empty()) relied_on_.push_back(candidate.record.sha256);
        }
        transaction_->pin(relied_on_);
    }

    void sign_new(const GenerationReader* current) {
        if (!signer_ || request_.dry_run == DryRun::yes) return;
        PublishedLookup lookup(current);
        std::vector<Candidate*> unsigned_ones;
        for (auto& candidate : candidates_) {
            const std::string name = record_key(candidate.record) + candidate.dist;
            if (candidate.format != formats::Format::rpm || signed_.contains(name)) continue;
            const auto published = lookup.find(candidate);
            if (published && published->content == candidate.record.content) {
                demand_signed(candidate, *published);
                continue;
            }
            signed_.insert(name);
            unsigned_ones.push_back(&candidate);
        }
        sign_candidates(filesystem_, *transaction_, *catalog_, request_.repository, unsigned_ones, *signer_);
    }

    // A package that was published before the repository was signed keeps its name and its bytes (I1);
    // clients that check signatures would refuse it, so do not call it good.
    void demand_signed(const Candidate& candidate, const store::Record& published) {
        if (!published.unsigned_sha256.empty()) return;  // signed here
        const std::string path = fmt::format("{}/public/{}", filesystem_.root(),
                                             store::pool_files(request_.repository, published)[0].path);
        const auto verdict = signing::verify_package(path, {signer_->public_key()});
        if (verdict.good) return;
        throw Error(ErrorKind::policy, request_.operation, candidate.origin,
                    fmt::format("{} is published already, from before this repository was signed: {}",
                                describe(candidate), verdict.reason),
                    "give the package a new version, or promote into a new repository");
    }

    void select_packages() {
        for (auto& candidate : candidates_) candidate.record.path = pool_path(candidate, style_);
        selection_ = select(candidates_, parent(), context_.config, rules_);
        std::map<std::string, const Candidate*> by_path;
        for (const auto& candidate : candidates_) {
            if (!is_added(candidate)) continue;
            const auto [other, is_new] = by_path.try_emplace(candidate.record.path, &candidate);
            if (!is_new && other->second->record.sha256 != candidate.record.sha256)
                refuse_path(candidate, other->second->origin);
            check_pool_path(candidate);
        }
    }

    bool is_added(const Candidate& candidate) const {
        return std::any_of(selection_.changed_sets.begin(), selection_.changed_sets.end(),
                           [&](const SetPlan& plan) {
                               return plan.format == candidate.format && plan.dist == candidate.dist &&
                                      plan.component == candidate.component;
                           });
    }

    // I1: a published name never gets other bytes.
    void check_pool_path(const Candidate& candidate) {
        const std::string path =
            fmt::format("public/{}/{}", store::layout::pool(request_.repository), candidate.record.path);
        const auto status = filesystem_.status(path);
        if (!status) return;
        const auto object = filesystem_.status(store::layout::object(candidate.record.sha256));
        if (object && object->inode == status->inode) return;  // a hard link to the same object
        const auto published = PublishedLookup(parent()).find(candidate);
        if (published && published->content == candidate.record.content) return;
        if (fs::digest_file(*filesystem_.open_read(path)).sha256 != candidate.record.sha256)
            refuse_path(candidate, "an earlier generation");
    }

    [[noreturn]] void refuse_path(const Candidate& candidate, const std::string& holder) {
        throw Error(ErrorKind::policy, request_.operation, candidate.origin,
                    fmt::format("{} would be published as '{}', which holds other content (from {})",
                                describe(candidate), candidate.record.path, holder),
                    "give the package a new version");
    }

    void keep_objects() {
        std::vector<store::StagedObject> objects;
        std::vector<std::string> digests;
        for (const auto& candidate : candidates_) {
            if (candidate.staged_path.empty()) continue;
            objects.push_back({candidate.staged_path, candidate.record.sha256, candidate.record.size});
            digests.push_back(candidate.record.sha256);
        }
        transaction_->pin(digests);
        transaction_->keep_objects(objects);
    }

    StagedGeneration build() {
        date_ = next_date(context_.site.clock(), parent(), request_.repository);
        const BuildContext build_context{filesystem_,
                                         *transaction_,
                                         parent(),
                                         request_.repository,
                                         date_,
                                         context_.config.metadata,
                                         [this](formats::Format format, const store::Record& record) {
                                             return catalog_->find(record.sha256, format);
                                         }};
        built_ = build_sets(std::move(selection_.changed_sets), build_context);
        for (const auto& decision : selection_.decisions) {
            if (decision.action != Action::added) continue;
            for (const auto& file : store::pool_files(request_.repository, decision.record))
                transaction_->add_pool_name(file.path, file.sha256);
        }
        number_ = parent_ ? parent_->manifest().generation + 1 : 1;
        return stage_generation(*transaction_,
                                {request_.repository, number_, date_, parent(), merge_sets(parent(), built_)},
                                context_.config, signer_.get());
    }

    void commit(const StagedGeneration& generation) {
        store::HistoryRecord record = flip_record(context_, request_.operation, generation);
        record.changes = to_changes(selection_.decisions);
        record.meta = request_.meta;
        if (signer_) export_public_key(filesystem_, *transaction_, *signer_);
        const std::optional<std::uint64_t> expected =
            parent_ ? std::optional(parent_->manifest().generation) : std::nullopt;
        catalog_
            ->save();  // before its spool goes with the transaction; a cache, harmless if the commit fails
        transaction_->commit({expected, number_, record});
    }

    PublishResult describe_parent() {
        result_.repository = request_.repository;
        result_.decisions = selection_.decisions;
        result_.is_signed = signer_ != nullptr;
        if (!parent_) return result_;
        result_.generation = parent_->manifest().generation;
        result_.parent = parent_->manifest().parent ? parent_->manifest().parent->generation : 0;
        result_.manifest_sha256 = parent_->manifest_sha256();
        result_.sub_manifests = parent_->sub_manifests();
        return result_;
    }
    PublishResult unchanged() { return describe_parent(); }
    PublishResult planned() {
        describe_parent();
        result_.changed = true;
        result_.parent = result_.generation;
        ++result_.generation;
        result_.manifest_sha256.clear();
        return result_;
    }
    PublishResult published(const StagedGeneration& generation) {
        planned();
        result_.manifest_sha256 = generation.manifest_sha256;
        result_.sub_manifests = generation.sub_manifests;
        return result_;
    }

    const PublishContext& context_;
    const PublishRequest& request_;
    fs::Filesystem& filesystem_;
    const RepositoryRules rules_;
    const PathStyle style_;
    PublishResult result_;
    StepTimer timer_;
    std::unique_ptr<signing::Signer> signer_;
    std::unique_ptr<fs::Lock> lock_;  // outlives the transaction below: taking back needs it
    std::unique_ptr<store::Transaction> transaction_;
    std::unique_ptr<Catalog> catalog_;
    std::vector<Candidate> candidates_;
    std::vector<std::string> relied_on_;
    std::set<std::string> signed_;
    std::unique_ptr<GenerationReader> parent_;
    Selection selection_;
    std::vector<BuiltSet> built_;
    base::UnixSeconds date_ = 0;
    std::uint64_t number_ = 0;
};

}  // namespace

PublishResult publish(const PublishContext& context, const PublishRequest& request) {
    return Publish(context, request).run();
}

}  // namespace repotool::publisher

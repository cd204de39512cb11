// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/error.hpp"
#include "core/store/freeze.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/names.hpp"
#include "core/store/recovery.hpp"
#include "core/store/transaction.hpp"
#include "repotool/config/keys.hpp"
#include "repotool/index/generation_builder.hpp"
#include "repotool/index/release_info.hpp"
#include "repotool/index/staged_check.hpp"
#include "repotool/inspect/comparison.hpp"
#include "repotool/publish/metadata_changes.hpp"
#include "repotool/publish/publish.hpp"
#include "repotool/publish/publish_steps.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;
using store::GenerationReader;

// What an older generation was, as a new one. Nothing is indexed again: indexes, chunks and packages are all
// still there.
class Rollback {
public:
    Rollback(const PublishContext& context, const RollbackRequest& request)
        : context_(context),
          request_(request),
          repository_(request.repository),
          filesystem_(context.site.filesystem()) {}

    PublishResult run() {
        PublishResult result;
        StepTimer timer(result);
        store::check_repository_name(repository_);
        store::open_generation(filesystem_, "public",
                               repository_);  // says so where there is no such repository
        signer_ = open_signer(context_.config, repository_, filesystem_.root(), false, context_.secrets);
        const auto lock = context_.site.lock_repository(repository_, context_.lock_timeout, context_.job);
        store::recover(context_.site, repository_);
        store::check_not_frozen(filesystem_, repository_, "roll back");
        parent_ = open_current(filesystem_, repository_);
        const GenerationReader target = open_target();
        fill(result, target);
        if (result.changed) check_clients();
        timer.done("select");
        if (!result.changed || request_.dry_run == DryRun::yes) return result;
        const auto transaction = store::Transaction::begin(context_.site, repository_, "rollback");
        const base::UnixSeconds date = next_date(context_.site.clock(), parent_.get(), repository_);
        demand_valid(context_, repository_, date, target.sub_manifests());
        const auto generation = stage_generation(
            *transaction, {repository_, result.generation, date, parent_.get(), target.sub_manifests()},
            context_.config, signer_.get());
        check_targets(target);
        check_staged(filesystem_, *transaction, {}, generation, signer_.get());
        timer.done("stage");
        commit(*transaction, generation, result.generation, target);
        timer.done("commit");
        result.manifest_sha256 = generation.manifest_sha256;
        result.sub_manifests = generation.sub_manifests;
        return result;
    }

private:
    GenerationReader open_target() {
        if (request_.to == 0 && !parent_->manifest().parent) {
            throw Error(ErrorKind::usage, "roll back", repository_,
                        "its first generation is the current one: there is nothing before it");
        }
        const std::uint64_t number = request_.to == 0 ? parent_->manifest().parent->generation : request_.to;
        return {filesystem_, "public", repository_, number};
    }

    void check_clients() {
        if (request_.allow_release_info_change) return;
        const auto becomes = signer_ ? Becomes::signed_metadata : Becomes::unsigned_metadata;
        check_release_info(*parent_, context_.config, repository_, becomes, "roll back");
    }

    void fill(PublishResult& result, const GenerationReader& target) {
        const std::uint64_t current = parent_->manifest().generation;
        result.repository = repository_;
        result.is_signed = signer_ != nullptr;
        result.changed = !has_same_content(target);
        result.generation =
            result.changed ? store::next_generation_number(filesystem_, repository_) : current;
        const auto before = parent_->manifest().parent ? parent_->manifest().parent->generation : 0;
        result.parent = result.changed ? current : before;
        result.manifest_sha256 = parent_->manifest_sha256();
        result.sub_manifests = parent_->sub_manifests();
        result.decisions = compare_generations(*parent_, target);
        result.metadata = metadata_changes(*parent_, target);
        if (result.changed) result.notes = lost_places(target);
    }

    // An older generation has no place for what came after it, and clients that ask for it are told "404".
    std::vector<std::string> lost_places(const GenerationReader& target) const {
        std::vector<std::string> notes;
        const auto places = places_of(target);
        for (const auto& place : places_of(*parent_)) {
            const bool lies_in_one = std::any_of(notes.begin(), notes.end(), [&](const auto& other) {
                return place.starts_with(other + "/");
            });
            if (!places.contains(place) && !lies_in_one) notes.push_back(place);
        }
        for (auto& note : notes) {
            note = fmt::format("clients of {} get 404 from now on: generation {} had none", note,
                               target.manifest().generation);
        }
        return notes;
    }

    // "deb dist bookworm", "deb dist bookworm/main", "deb dist bookworm/main/amd64": the widest first.
    static std::set<std::string> places_of(const GenerationReader& reader) {
        std::set<std::string> places;
        for (const auto& sub_manifest : reader.sub_manifests()) {
            for (const auto& set : sub_manifest.sets) {
                std::string place = fmt::format("{} dist {}", sub_manifest.format, set.dist);
                places.insert(place);
                if (!set.component.empty()) places.insert(place += "/" + set.component);
                places.insert(place + "/" + set.architecture);
            }
        }
        return places;
    }

    // The same sets with the same chunks in the same indexes.
    bool has_same_content(const GenerationReader& target) {
        const auto content = [](const GenerationReader& reader) {
            std::string text;
            for (auto sub_manifest : reader.sub_manifests()) {
                sub_manifest.pointers.clear();
                text += store::render_sub_manifest(sub_manifest);
            }
            return text;
        };
        return content(target) == content(*parent_);
    }

    // Everything that the old generation names must still be there; gc may have taken it.
    void check_targets(const GenerationReader& target) {
        for (const auto& sub_manifest : target.sub_manifests()) {
            for (const auto* set : sub_manifest.all_sets()) {
                for (const auto& file : store::index_files(repository_, *set)) {
                    const auto status = filesystem_.status("public/" + file.path);
                    if (!status || status->size != file.size) {
                        throw Error(ErrorKind::integrity, "roll back", repository_,
                                    fmt::format("'{}' of generation {} is not there any more", file.path,
                                                target.manifest().generation));
                    }
                }
            }
        }
    }

    void commit(store::Transaction& transaction, const StagedGeneration& generation, std::uint64_t number,
                const GenerationReader& target) {
        const std::uint64_t current = parent_->manifest().generation;
        std::map<std::string, std::string> meta = request_.meta;
        meta["rolled_back_to"] = std::to_string(target.manifest().generation);
        store::HistoryRecord record = flip_record(context_, "rollback", generation);
        record.changes = to_changes(compare_generations(*parent_, target));
        record.meta = meta;
        if (signer_) export_public_keys(filesystem_, transaction, *signer_);
        transaction.commit({current, number, record});
    }

    const PublishContext& context_;
    const RollbackRequest& request_;
    const std::string& repository_;
    fs::Filesystem& filesystem_;
    std::unique_ptr<signing::Signer> signer_;
    std::unique_ptr<GenerationReader> parent_;
};

}  // namespace

PublishResult rollback(const PublishContext& context, const RollbackRequest& request) {
    return Rollback(context, request).run();
}

}  // namespace repotool::publisher

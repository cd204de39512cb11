// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <future>

#include "core/base/log.hpp"
#include "core/fs/tree.hpp"
#include "core/store/freeze.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/queue.hpp"
#include "core/store/recovery.hpp"
#include "repotool/config/keys.hpp"
#include "repotool/index/release_info.hpp"
#include "repotool/index/staged_check.hpp"
#include "repotool/ingest/placement.hpp"
#include "repotool/packages/catalog.hpp"
#include "repotool/packages/selection.hpp"
#include "repotool/publish/earlier_signatures.hpp"
#include "repotool/publish/metadata_changes.hpp"
#include "repotool/publish/run_steps.hpp"
#include "repotool/publish/setting_changes.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;

// The files of a candidate with where each is staged (empty: it is an object already).
std::vector<store::StagedObject> staged_files(const Candidate& candidate) {
    std::vector<store::StagedObject> files;
    if (!candidate.staged_path.empty())
        files.push_back({candidate.staged_path, candidate.record.sha256, candidate.record.size});
    for (std::size_t i = 0; i < candidate.staged_files.size(); ++i) {
        const auto& file = candidate.record.files.at(i);
        files.push_back({candidate.staged_files[i], file.sha256, file.size});
    }
    return files;
}

}  // namespace

Batch::Batch(const PublishContext& context, const std::string& repository,
             const store::GenerationReader* parent, store::Transaction& transaction, Catalog& catalog,
             signing::Signer* signer)
    : context_(context),
      repository_(repository),
      parent_(parent),
      filesystem_(context.site.filesystem()),
      transaction_(transaction),
      catalog_(catalog),
      signer_(signer),
      rules_{context.config, context.config.repository(repository), {}},
      purged_(filesystem_),
      sets_(parent) {
    const auto list_existing = [&] { return store::list_repositories(filesystem_, "public"); };
    for (const auto& name : sibling_names(repository, rules_.repository, list_existing)) {
        auto reader = open_current(filesystem_, name);
        if (!reader) continue;
        sibling_sets_.push_back(std::make_unique<WorkingSets>(reader.get()));
        rules_.siblings.push_back(sibling_sets_.back().get());
        siblings_.push_back(std::move(reader));
    }
}

Batch::~Batch() = default;

void Batch::select(std::vector<BatchMember>& members) {
    for (auto& member : members) {
        const WorkingSets::Mark before = sets_.mark();
        own_paths_.clear();
        try {
            add_lost_chunks(member);
            member.outcome = apply(*member.request);
        } catch (const Error& error) {
            member.refusal = error;
            sets_.restore(before);
            for (const auto& path : own_paths_) paths_.erase(path);
        }
    }
    if (parent_ != nullptr) {
        const auto changes = setting_changes(*parent_, context_.config, repository_,
                                             signer_ == nullptr ? Signing::no : Signing::yes);
        for (auto& member : members) member.outcome.setting_changes = changes;
    }
    // A refresh writes every index again, by the settings of today.
    plans_ = sets_.plans(has_refresh_ ? WorkingSets::Which::all : WorkingSets::Which::changed);
    has_plans_ = !plans_.empty();
}

void Batch::add_lost_chunks(BatchMember& member) {
    std::vector<SharedChunk> lost, whole;
    for (const auto& chunk : member.request->shared)
        (sets_.has_whole_chunk(chunk.set, chunk.reference.sha256) ? whole : lost).push_back(chunk);
    if (lost.empty()) return;
    auto completed = std::make_shared<PreparedRequest>(*member.request);
    completed->shared = std::move(whole);
    auto& candidates = completed->candidates;
    for (const auto& chunk : lost) {
        for (auto& candidate : read_shared(parent_, chunk)) {
            check_dist(candidate, context_.config);
            candidates.push_back(std::move(candidate));
        }
    }
    candidates = without_repetitions(std::move(candidates));
    std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
        return record_key(a.record) < record_key(b.record);
    });
    member.completed = std::move(completed);
    member.request = member.completed.get();
}

RequestOutcome Batch::apply(const PreparedRequest& request) {
    RequestOutcome outcome;
    const WorkingSets::Mark before = sets_.mark();
    store::check_not_frozen(filesystem_, repository_, request.operation);
    check_purged(request);
    outcome.decisions = apply_request(sets_, request, rules_);
    for (const auto& chunk : request.shared) outcome.unlisted += chunk.reference.records;
    outcome.metadata = metadata_changes(sets_, before);
    outcome.changed = std::any_of(outcome.decisions.begin(), outcome.decisions.end(), is_change) ||
                      sets_.has_extras_since(before) || request.rules.is_refresh ||
                      (parent_ == nullptr && sets_.is_changed());
    if (!outcome.changed) return outcome;
    check_release_info(request);
    check_pool_paths(request, outcome.decisions);
    has_refresh_ = has_refresh_ || request.rules.is_refresh;
    return outcome;
}

// Under the lock: whoever purges lists the digest first and takes the package out afterwards.
void Batch::check_purged(const PreparedRequest& request) const {
    if (purged_.is_empty()) return;
    for (const auto& candidate : request.candidates) {
        const store::Record& record = candidate.record;
        std::vector<std::string> digests{record.sha256, record.unsigned_sha256, record.content};
        for (const auto& file : record.files) digests.push_back(file.sha256);
        store::check_not_purged(purged_, digests, request.operation, candidate.origin);
    }
}

void Batch::check_release_info(const PreparedRequest& request) const {
    if (parent_ == nullptr || request.rules.allow_release_info_change) return;
    const auto becomes = signer_ == nullptr ? Becomes::unsigned_metadata : Becomes::signed_metadata;
    publisher::check_release_info(*parent_, context_.config, repository_, becomes, request.operation);
}

// I1: a published name never gets other bytes, be it from an earlier generation or from this one.
void Batch::check_pool_paths(const PreparedRequest& request, const std::vector<Decision>& decisions) {
    std::map<std::string, std::pair<std::string, std::string>> paths;
    for (const auto& decision : decisions) {
        if (decision.action != Action::added) continue;
        for (const auto& file : store::pool_files(repository_, decision.record))
            paths[file.path] = {file.sha256, decision.origin};
    }
    for (const auto& candidate : request.candidates) {
        for (const auto& file : store::pool_files(repository_, candidate.record)) {
            const auto added = paths.find(file.path);
            if (added == paths.end()) continue;
            const auto [other, is_new] = paths_.try_emplace(file.path, file.sha256, candidate.origin);
            if (is_new) own_paths_.push_back(file.path);
            if (added->second.first != file.sha256)
                refuse_path(request, candidate, file, added->second.second);
            if (!is_new && other->second.first != file.sha256)
                refuse_path(request, candidate, file, other->second.second);
            check_pool_path(request, candidate, file);
        }
    }
}

void Batch::check_pool_path(const PreparedRequest& request, const Candidate& candidate,
                            const store::ContentFile& file) {
    const std::string path = "public/" + file.path;
    const auto status = filesystem_.status(path);
    if (!status) return;
    const auto object = filesystem_.status(store::layout::object(file.sha256));
    if (object && object->inode == status->inode) return;  // a hard link to the same object
    if (fs::digest_file(*filesystem_.open_read(path)).sha256 != file.sha256)
        refuse_path(request, candidate, file, "an earlier generation");
}

void Batch::refuse_path(const PreparedRequest& request, const Candidate& candidate,
                        const store::ContentFile& file, const std::string& holder) const {
    throw Error(ErrorKind::policy, request.operation, candidate.origin,
                fmt::format("{} would be published as '{}', which holds other content (from {})",
                            describe(candidate), file.path, holder),
                "give the package a new version");
}

void Batch::commit(std::vector<BatchMember>& members, StepTimer& timer) {
    if (is_changed()) stage(members, timer);
    const std::uint64_t generation = staged_              ? number_
                                     : parent_ == nullptr ? 0
                                                          : parent_->manifest().generation;
    const std::string manifest = staged_              ? staged_->manifest_sha256
                                 : parent_ == nullptr ? std::string()
                                                      : parent_->manifest_sha256();
    for (auto& member : members) {
        member.outcome.generation = generation;
        member.outcome.manifest_sha256 = manifest;
        answer(member, generation, manifest);
    }
    // 8. The commit protocol (core/store/transaction.cpp).
    if (staged_) {
        if (signer_ != nullptr) export_public_keys(filesystem_, transaction_, *signer_);
        const auto saving = std::async(std::launch::async, [this] { save_catalog(); });
        has_begun_ = true;
        const auto expected =
            parent_ == nullptr ? std::nullopt : std::optional(parent_->manifest().generation);
        transaction_.commit({expected, number_, history_record(members)});
        timer.done("commit");
    }
    for (const auto& member : members) {
        if (!member.transaction.empty()) store::finish_answer(filesystem_, member.transaction);
    }
}

void Batch::stage(std::vector<BatchMember>& members, StepTimer& timer) {
    keep_objects(members);
    const std::string selection = selection_digest(plans_);
    const bool is_alone = members.size() == 1;
    if (is_alone) staged_ = staged_before(selection);
    const Reused reused = staged_ ? Reused::yes : Reused::no;
    // 5. and 6. Indexes, Release and repomd, signatures, manifest.
    if (!staged_) staged_ = build(members);
    number_ = staged_->manifest.generation;
    timer.done("index", reused);
    // 7. What was staged is read back as a client would.
    if (reused == Reused::no) check_staged(filesystem_, transaction_, built_, *staged_, signer_);
    timer.done("verify", reused);
    if (reused == Reused::yes || !is_alone) return;
    RequestOutcome& outcome = members[0].outcome;
    outcome.generation = number_;
    outcome.manifest_sha256 = staged_->manifest_sha256;
    transaction_.note_staged(
        to_text({selection, parent_digest(), number_, staged_->manifest.date, to_json(outcome)}));
}

std::optional<StagedGeneration> Batch::staged_before(const std::string& selection) {
    const auto noted = transaction_.noted_staging();
    if (!noted) return std::nullopt;
    const StagedRun run = staged_run_from(*noted);
    const bool is_the_same = run.selection == selection && run.parent == parent_digest() &&
                             run.generation == store::next_generation_number(filesystem_, repository_);
    if (!is_the_same || !does_date_hold(context_, parent_, run.date) || !transaction_.restore_staged())
        return std::nullopt;
    auto staged = read_staged(filesystem_, transaction_, parent_);
    demand_valid(context_, repository_, run.date, staged.sub_manifests);
    return staged;
}

std::string Batch::parent_digest() const {
    return parent_ == nullptr ? std::string() : parent_->manifest_sha256();
}

// A cache: without it the next publish is slower, and that is all.
void Batch::save_catalog() {
    try {
        catalog_.save();
    } catch (const std::exception& error) {
        base::warn(fmt::format("cannot keep parsed packages for the next publish: {}", error.what()));
    }
}

// Members may die from here on: what they pinned and staged becomes ours.
void Batch::keep_objects(const std::vector<BatchMember>& members) {
    std::vector<store::StagedObject> objects;
    std::vector<std::string> digests;
    for (const auto& member : members) {
        if (member.refusal) continue;
        for (const auto& candidate : member.request->candidates) {
            digests.push_back(candidate.record.sha256);
            for (const auto& file : candidate.record.files) digests.push_back(file.sha256);
            for (auto& file : staged_files(candidate)) objects.push_back(std::move(file));
        }
    }
    transaction_.pin(digests);
    transaction_.keep_objects(objects);
}

StagedGeneration Batch::build(const std::vector<BatchMember>& members) {
    base::UnixSeconds date = next_date(context_.site.clock(), parent_, repository_);
    std::unique_ptr<EarlierSignatures> earlier;
    if (transaction_.is_resumed()) {
        // The same date makes the same texts, and what was signed of them need not be signed again.
        const std::string before = transaction_.put_tree_aside();
        const auto earlier_date = date_of_tree(filesystem_, before);
        if (earlier_date && does_date_hold(context_, parent_, *earlier_date)) date = *earlier_date;
        if (signer_ != nullptr) earlier = std::make_unique<EarlierSignatures>(filesystem_, before, *signer_);
    }
    const BuildContext build_context{
        filesystem_,
        transaction_,
        parent_,
        repository_,
        date,
        context_.config.metadata,
        [this](formats::Format format, const std::vector<store::Record>& records) {
            catalog_.prepare(records, format);
        },
        [this](formats::Format format, const store::Record& record, Needs needs) {
            return catalog_.find(record.sha256, format, needs);
        }};
    built_ = build_sets(std::move(plans_), build_context);
    for (const auto& member : members) {
        for (const auto& decision : member.outcome.decisions) {
            if (member.refusal || decision.action != Action::added) continue;
            for (const auto& file : store::pool_files(repository_, decision.record))
                transaction_.add_pool_name(file.path, file.sha256);
        }
    }
    number_ = store::next_generation_number(filesystem_, repository_);
    auto sub_manifests = merge_sets(parent_, built_);
    demand_valid(context_, repository_, date, sub_manifests);
    return stage_generation(transaction_, {repository_, number_, date, parent_, std::move(sub_manifests)},
                            context_.config, earlier ? earlier.get() : signer_);
}

store::HistoryRecord Batch::history_record(const std::vector<BatchMember>& members) const {
    store::HistoryRecord record = flip_record(context_, "publish", *staged_);
    for (const auto& member : members) {
        if (member.refusal || !member.outcome.changed) continue;
        const PreparedRequest& request = *member.request;
        const auto index = static_cast<unsigned>(record.requests.size());
        record.requests.push_back({request.operation, request.user, request.host, request.job, request.meta});
        for (auto& change : to_changes(member.outcome.decisions, index))
            record.changes.push_back(std::move(change));
    }
    const store::HistoryRequest first = record.requests.at(0);
    record.operation = first.operation;
    record.user = first.user;
    record.host = first.host;
    record.job = first.job;
    record.meta = first.meta;
    if (record.requests.size() == 1) record.requests.clear();
    return record;
}

// An answer that depends on a commit says on which.
void Batch::answer(const BatchMember& member, std::uint64_t generation, const std::string& manifest_sha256) {
    if (member.transaction.empty()) return;
    const std::string body =
        member.refusal ? to_json(*member.refusal, generation, manifest_sha256) : to_json(member.outcome);
    store::give_answer(filesystem_, member.transaction, body);
}

}  // namespace repotool::publisher

// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/directory/directory_mirror.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/fs/external.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"
#include "core/store/head.hpp"
#include "core/store/history.hpp"
#include "core/store/layout.hpp"
#include "sync/directory/inspection.hpp"
#include "sync/directory/mirror_journal.hpp"
#include "sync/directory/mirror_tree.hpp"
#include "sync/directory/preload.hpp"
#include "sync/directory/retirement.hpp"
#include "sync/directory/trace.hpp"
#include "sync/directory/tree_files.hpp"
#include "sync/mirror/ended_journals.hpp"
#include "sync/tree/tree_entry.hpp"

namespace repotool::sync {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint64_t kLargestNote = 4096;

std::string generation_path(const TransactionIdentity& identity) {
    return store::layout::generation(identity.repository, identity.version.generation);
}

}  // namespace

DirectoryMirror::Work::Work(const StageRequest& wanted, const std::vector<std::string>& formats)
    : source(wanted.source),
      request{wanted.identity, source, wanted.check_signature, wanted.stop, wanted.read_ahead} {
    if (formats.empty()) return;
    if (source.find_format(kTreeFormat) != nullptr) {
        throw Error(ErrorKind::policy, "bring", wanted.identity.shown(),
                    "it is a plain tree, and this mirror carries package formats alone",
                    "leave out `formats` of that mirror, or --format of its agent");
    }
    source.keep_formats(formats);
}

DirectoryMirror::DirectoryMirror(std::string name, std::unique_ptr<fs::Filesystem> root,
                                 MirrorOptions options)
    : name_(std::move(name)),
      root_(std::move(root)),
      options_(std::move(options)),
      view_(*root_),
      site_(view_, base::system_clock()),
      limit_(options_.bytes_per_second) {}

bool DirectoryMirror::try_lock(const std::string& repository) {
    if (lock_ && locked_ == repository) return true;
    if (root_->make_directory(mirror_layout::kPrivate, 0700)) root_->sync_directory("");
    lock_ = site_.try_lock_repository(repository, "mirrorsync");
    if (!lock_) return false;
    locked_ = repository;
    ticket_ = draw_ticket(*root_, repository);
    return true;
}

std::string DirectoryMirror::lock_holder(const std::string& repository) {
    return site_.holder(repository).value_or("held by another process");
}

void DirectoryMirror::unlock() noexcept {
    work_.reset();
    lock_.reset();
}

void DirectoryMirror::check_fence(const std::string& repository) {
    if (!lock_) {
        throw Error(ErrorKind::conflict, "go on with", name_, "the lock is lost",
                    "run the same command again");
    }
    check_ticket(*root_, repository, ticket_);
}

// ---- looking
// -------------------------------------------------------------------------------------------------

MirrorState DirectoryMirror::state(const std::string& repository) {
    MirrorState state{current_version(repository), read_highest(*root_, repository)};
    if (!state.current || (state.highest && !is_older(*state.highest, *state.current))) return state;
    // Killed between the flip and the note of it: the symlink is the truth.
    state.highest = state.current;
    const std::string directory = mirror_layout::transaction(repository, state.current->manifest_sha256);
    state.is_trial = read_mirror_journal(*root_, directory).is_canary;
    return state;
}

std::optional<Version> DirectoryMirror::current_version(const std::string& repository) {
    const auto generation = store::make_symlink_head(*root_, "", repository)->current();
    if (!generation) return std::nullopt;
    const std::string path = store::layout::generation(repository, *generation) + "/MANIFEST";
    if (!root_->status(path)) return std::nullopt;  // damaged: whatever comes next is better
    const std::string text = fs::read_file(*root_, path);
    const store::Manifest manifest = store::parse_manifest(text);
    return Version{manifest.epoch, manifest.generation, base::sha256_hex(text)};
}

std::vector<UnfinishedTransaction> DirectoryMirror::unfinished(const std::string& repository) {
    std::vector<UnfinishedTransaction> found;
    for (const auto& id : root_->list(mirror_layout::transactions(repository))) {
        const auto journal = read_mirror_journal(*root_, mirror_layout::transaction(repository, id));
        found.push_back({id, journal.is_prepared});
    }
    return found;
}

PlanSummary DirectoryMirror::plan(const StageRequest& request) {
    const std::string& repository = request.identity.repository;
    refuse_rollback(name_, state(repository).highest, request.identity);
    const auto head = root_->status(store::layout::head(repository));
    if (head && head->kind == fs::Kind::directory) {
        throw Error(
            ErrorKind::usage, fmt::format("bring {} to", request.identity.shown()), name_,
            fmt::format("there is a directory '{}' where the repository's symlink belongs", repository),
            "give another target");
    }
    work_ = std::make_unique<Work>(request, options_.formats);
    work_->plan = make_plan_for(work_->request);
    PlanSummary summary = summarize(work_->plan);
    summary.free_bytes = root_->free_bytes();
    summary.free_inodes = root_->free_inodes();
    return summary;
}

Plan DirectoryMirror::make_plan_for(const StageRequest& request) {
    const std::string& repository = request.identity.repository;
    if (const auto current = current_version(repository)) {
        try {
            const store::GenerationReader present(*root_, "", repository, current->generation);
            if (request.read_ahead == nullptr) return make_plan(request.source, &present);
            preload_tree(request.source, &present, *request.read_ahead);
            Plan plan = make_plan(request.source, &present);
            plan.joins = join_indexes(request.source, present);
            return plan;
        } catch (const Error& error) {
            if (error.kind() == ErrorKind::network) throw;
            // Either the mirror's own tree is damaged, or the source's, which the full plan will show.
            base::warn(fmt::format("{}: compares everything, because {}", name_, error.what()));
        }
    }
    if (request.read_ahead != nullptr) preload_tree(request.source, nullptr, *request.read_ahead);
    return make_plan(request.source, nullptr);
}

// Whatever a flip or a collector took away in the meantime is no damage: then clients are given another one.
Inspection DirectoryMirror::inspect(const std::string& repository) {
    constexpr int kTries = 3;
    const auto head = store::make_symlink_head(*root_, "", repository);
    Inspection inspection;
    for (int i = 0; i < kTries; ++i) {
        const auto generation = head->current();
        if (!generation) return {};
        inspection = inspect_generation(*root_, repository, *generation);
        if (inspection.damaged == 0 || head->current() == generation) break;
    }
    return inspection;
}

// ---- the way to PREPARED
// -----------------------------------------------------------------------------------------

Transferred DirectoryMirror::stage(const StageRequest& request) {
    const TransactionIdentity& identity = request.identity;
    check_fence(identity.repository);
    const std::string directory = mirror_layout::transaction(identity.repository, identity.id());
    // What a dead run of this very transaction has brought so far is taken over.
    const bool is_resumed = take_over(identity, directory);
    undo_dead_transactions(identity.repository, is_resumed ? identity.id() : "");
    for (const auto& changed : fs::make_directories(*root_, directory, 0700)) root_->sync_directory(changed);
    journal_begin(*root_, directory, identity);

    if (!work_) plan(request);
    work_->staging = make_staging(work_->request, directory);
    work_->staging->bring(work_->plan);
    Transferred all = work_->staging->transferred();
    if (request.read_ahead != nullptr) preload_for_tree(identity.repository);
    all += write_tree(*root_, directory + "/tree", work_->source, options_.base_url);
    return all;
}

// True where a run died while it brought this, and had given nothing its name.
bool DirectoryMirror::take_over(const TransactionIdentity& identity, const std::string& directory) {
    const MirrorJournal journal = read_mirror_journal(*root_, directory);
    const bool is_ours = journal.identity && journal.identity->repository == identity.repository &&
                         journal.identity->version == identity.version;
    if (!is_ours || journal.has_names()) return false;
    root_->remove(directory + "/journal");  // its last line may be torn
    forget_unfinished(*root_, directory);
    return true;
}

// Nobody else holds the lock, so whoever began these is dead. What was prepared may have been committed by a
// coordinator that nobody here knows of, and clients may be told of it elsewhere: its content stays.
void DirectoryMirror::undo_dead_transactions(const std::string& repository, const std::string& but) {
    for (const auto& dead : unfinished(repository)) {
        if (dead.id == but) continue;
        const auto journal = read_mirror_journal(*root_, mirror_layout::transaction(repository, dead.id));
        if (!shows_canary(journal)) abort_transaction(repository, dead.id, Undo::keep_content);
    }
}

std::unique_ptr<Staging> DirectoryMirror::make_staging(const StageRequest& request,
                                                       const std::string& directory) {
    return std::make_unique<Staging>(*root_, request, directory, limit_);
}

void DirectoryMirror::preload_for_tree(const std::string& repository) {
    std::optional<store::GenerationReader> present;
    if (const auto current = current_version(repository)) {
        try {
            present.emplace(*root_, "", repository, current->generation);
        } catch (const Error& error) {
            base::detail(error.what());  // then all of it is sent
        }
    }
    preload_pointers(work_->source, present ? &*present : nullptr, *work_->request.read_ahead);
}

void DirectoryMirror::verify(const StageRequest& request) {
    const TransactionIdentity& identity = request.identity;
    if (!work_ || !work_->staging) {
        throw Error(ErrorKind::conflict, fmt::format("verify {} on", identity.shown()), name_,
                    "nothing of it is staged", "run the same command again");
    }
    work_->staging->verify(work_->plan);
    verify_tree(*root_, mirror_layout::transaction(identity.repository, identity.id()) + "/tree",
                work_->request);
    // A generation that has the name already (a mirror restored from a backup, say) must be the very same.
    if (root_->status(generation_path(identity)))
        verify_tree(*root_, generation_path(identity), work_->request);
}

void DirectoryMirror::prepare(const TransactionIdentity& identity) {
    check_fence(identity.repository);
    const std::string directory = mirror_layout::transaction(identity.repository, identity.id());
    const std::string generation = generation_path(identity);
    if (!work_ || !work_->staging) {
        throw Error(ErrorKind::conflict, fmt::format("prepare {} on", identity.shown()), name_,
                    "nothing of it is staged", "run the same command again");
    }
    work_->staging->place(work_->plan);
    if (!root_->status(generation)) {
        grow_tree(*root_, directory + "/tree", work_->source);
        journal_claim(*root_, directory);  // so that whoever finds us dead knows whose generation it is
        const std::string parent = fs::parent_path(generation);
        for (const auto& changed : fs::make_directories(*root_, parent, 0755)) root_->sync_directory(changed);
        root_->rename(directory + "/tree", generation, fs::Replace::no);
        root_->sync_directory(parent);
        root_->sync_directory(directory);
    }
    journal_prepared(*root_, directory);
    work_.reset();
}

// ---- after COMMIT, or on the canary before it
// --------------------------------------------------------------------

void DirectoryMirror::flip(const TransactionIdentity& identity, Flip kind) {
    check_fence(identity.repository);
    const std::string directory = mirror_layout::transaction(identity.repository, identity.id());
    const MirrorState now = state(identity.repository);
    refuse_rollback(name_, now.highest, identity);
    if (now.current != identity.version) {
        if (!read_mirror_journal(*root_, directory).is_prepared ||
            manifest_digest(identity) != identity.id()) {
            throw Error(ErrorKind::conflict, fmt::format("flip {} on", identity.shown()), name_,
                        "the mirror is not prepared for it", "run the same command again");
        }
        const auto head = store::make_symlink_head(*root_, "", identity.repository);
        const auto before = head->current();
        if (kind == Flip::canary) journal_canary(*root_, directory, before);
        place_keys(*root_, directory);  // clients need a new key before what it signed
        head->compare_and_swap(before, identity.version.generation);
        flipped_at_ms_ = journal_time_ms();
    }
    if (kind == Flip::canary) return;
    if (read_highest(*root_, identity.repository) != identity.version) {
        write_highest(*root_, identity.repository, identity.version);
    }
}

std::string DirectoryMirror::manifest_digest(const TransactionIdentity& identity) {
    const std::string path = generation_path(identity) + "/MANIFEST";
    return root_->status(path) ? base::sha256_hex(fs::read_file(*root_, path)) : "";
}

void DirectoryMirror::probe(const TransactionIdentity& identity) {
    if (current_version(identity.repository) == identity.version) return;
    throw Error(ErrorKind::network, fmt::format("see {} on", identity.shown()), name_,
                "clients would read something else");
}

void DirectoryMirror::finish(const TransactionIdentity& identity, base::UnixSeconds settled) {
    check_fence(identity.repository);
    record_flip(identity, settled);
    write_trace(*root_, options_.trace_name, identity, settled);
    const std::string directory = mirror_layout::transaction(identity.repository, identity.id());
    journal_settled(*root_, directory, identity, std::exchange(flipped_at_ms_, 0));
    fs::remove_tree(*root_, directory);
    // Older ones can only be a canary's that nobody came back for.
    for (const auto& done : unfinished(identity.repository)) {
        const std::string older = mirror_layout::transaction(identity.repository, done.id);
        const auto journal = read_mirror_journal(*root_, older);
        if (journal.identity && is_older(journal.identity->version, identity.version))
            fs::remove_tree(*root_, older);
    }
}

// From this record on counts the grace of what was current before.
void DirectoryMirror::record_flip(const TransactionIdentity& identity, base::UnixSeconds settled) {
    store::History history(view_, identity.repository);
    history.repair();
    const auto last = history.last();
    if (last && last->generation >= identity.version.generation) return;
    store::HistoryRecord record;
    record.time = settled;
    record.operation = "sync";
    record.generation = identity.version.generation;
    record.parent = last ? last->generation : 0;
    record.manifest_sha256 = identity.id();
    record.user = fs::user_name();
    record.host = fs::host_name();
    record.job = "mirrorsync";
    history.append(record);
}

void DirectoryMirror::abort(const TransactionIdentity& identity, Undo undo) {
    work_.reset();
    check_fence(identity.repository);
    abort_transaction(identity.repository, identity.id(), undo);
}

void DirectoryMirror::abort_transaction(const std::string& repository, const std::string& id, Undo undo) {
    const std::string directory = mirror_layout::transaction(repository, id);
    if (!root_->status(directory)) return;
    const MirrorJournal journal = read_mirror_journal(*root_, directory);
    if (journal.identity && journal.identity->repository == repository && journal.identity->id() == id) {
        // What clients may have seen of it stays until its grace is over.
        if (shows_canary(journal)) {
            take_canary_back(journal);
            undo = Undo::keep_content;
        }
        // Acknowledged: then it is not to be undone, only to be forgotten.
        const auto highest = state(repository).highest;
        if (highest && !is_older(*highest, journal.identity->version)) {
            return finish(*journal.identity, base::system_clock().real_now());
        }
        if (undo == Undo::everything || !journal.is_prepared) {
            withdraw_generation(directory, *journal.identity);
            remove_content(*root_, repository, journal.content);
        }
    }
    fs::remove_tree(*root_, directory);  // last: it says what to remove
}

// Clients see it, and nobody has made it final.
bool DirectoryMirror::shows_canary(const MirrorJournal& journal) {
    if (!journal.is_canary || !journal.identity) return false;
    const auto& identity = *journal.identity;
    const auto highest = read_highest(*root_, identity.repository);
    if (highest && !is_older(*highest, identity.version)) return false;
    return store::make_symlink_head(*root_, "", identity.repository)->current() ==
           identity.version.generation;
}

void DirectoryMirror::take_canary_back(const MirrorJournal& journal) {
    const auto& identity = *journal.identity;
    const auto head = store::make_symlink_head(*root_, "", identity.repository);
    if (journal.before_canary) {
        head->compare_and_swap(identity.version.generation, *journal.before_canary);
    } else {
        head->withdraw(identity.version.generation);
    }
}

// The generation goes back to where it came from. It is ours where we claimed it and our tree has left its
// place.
void DirectoryMirror::withdraw_generation(const std::string& directory, const TransactionIdentity& identity) {
    const MirrorJournal journal = read_mirror_journal(*root_, directory);
    const std::string generation = generation_path(identity);
    if (!journal.has_claimed) return;
    if (!root_->status(directory + "/tree") && manifest_digest(identity) == identity.id()) {
        root_->rename(generation, directory + "/tree", fs::Replace::no);
        root_->sync_directory(fs::parent_path(generation));
    }
    for (auto path = fs::parent_path(generation); !path.empty(); path = fs::parent_path(path)) {
        if (root_->status(path) && !root_->list(path).empty()) break;
        root_->remove(path);
    }
}

// ---- upkeep
// ------------------------------------------------------------------------------------------------------

void DirectoryMirror::set_lagging(const std::string& repository, const std::string& reason) {
    // Who never had the lock may say so, too: it is why the mirror lags. Who had it and lost it may not.
    if (lock_) check_fence(repository);
    const std::string path = mirror_layout::lagging(repository);
    for (const auto& changed : fs::make_directories(*root_, fs::parent_path(path), 0700))
        root_->sync_directory(changed);
    fs::replace_file(*root_, path, reason + "\n", 0600);
    write_not_ready();
}

void DirectoryMirror::clear_lagging(const std::string& repository) {
    check_fence(repository);
    const std::string path = mirror_layout::lagging(repository);
    if (!root_->status(path)) return;
    root_->remove(path);
    write_not_ready();
}

// A mirror is not ready while any of its repositories lags.
void DirectoryMirror::write_not_ready() {
    std::string text;
    for (const auto& repository : store::list_repositories(*root_, "")) {
        const std::string path = mirror_layout::lagging(repository);
        if (root_->status(path)) text += repository + ": " + fs::read_file(*root_, path, kLargestNote);
    }
    if (!text.empty()) {
        fs::replace_file(*root_, mirror_layout::kNotReady, text, 0644);
    } else if (root_->status(mirror_layout::kNotReady)) {
        root_->remove(mirror_layout::kNotReady);
        root_->sync_directory("");
    }
}

Retired DirectoryMirror::retire(const RetireRequest& request) {
    if (!root_->status(mirror_layout::kPrivate)) return {};  // nothing was ever brought
    return retire_on(site_, request);
}

std::unique_ptr<DirectoryMirror> open_directory_mirror(const std::string& name, const std::string& path,
                                                       const MirrorOptions& options) {
    const auto status = fs::external_status(path, fs::FinalSymlink::follow);
    if (!status || status->kind != fs::Kind::directory) {
        throw Error(ErrorKind::network, "open mirror", path,
                    status ? "it is no directory" : "it is not there");
    }
    return std::make_unique<DirectoryMirror>(name, fs::open_posix_filesystem(path), options);
}

}  // namespace repotool::sync

// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/directory_mirror.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/fs/external.hpp"
#include "core/fs/tree.hpp"
#include "core/store/head.hpp"
#include "core/store/layout.hpp"
#include "sync/lock.hpp"
#include "sync/mirror_journal.hpp"
#include "sync/mirror_tree.hpp"

namespace repotool::sync {
namespace {

using base::Error;
using base::ErrorKind;

std::string generation_path(const TransactionIdentity& identity) {
    return store::layout::generation(identity.repository, identity.version.generation);
}

}  // namespace

DirectoryMirror::DirectoryMirror(std::string name, std::unique_ptr<fs::Filesystem> root,
                                 MirrorOptions options)
    : name_(std::move(name)), root_(std::move(root)), options_(std::move(options)) {}

void DirectoryMirror::lock(std::int64_t timeout_seconds) {
    root_->make_directory(mirror_layout::kPrivate, 0700);
    lock_ = wait_for_lock(*root_, mirror_layout::kLock, name_, timeout_seconds);
}

// ---- looking
// -------------------------------------------------------------------------------------------------

MirrorState DirectoryMirror::state(const std::string& repository) {
    MirrorState state{current_version(repository), read_highest(*root_, repository)};
    // Killed between the flip and the note of it: the symlink is the truth.
    if (state.current && (!state.highest || is_older(*state.highest, *state.current)))
        state.highest = state.current;
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

Plan DirectoryMirror::plan(const StageRequest& request) {
    const std::string& repository = request.identity.repository;
    const MirrorState now = state(repository);
    refuse_rollback(name_, now.highest, request.identity);
    const auto head = root_->status(store::layout::head(repository));
    if (head && head->kind == fs::Kind::directory) {
        throw Error(
            ErrorKind::usage, fmt::format("bring {} to", request.identity.shown()), name_,
            fmt::format("there is a directory '{}' where the repository's symlink belongs", repository),
            "give another target");
    }
    if (now.current) {
        try {
            const store::GenerationReader present(*root_, "", repository, now.current->generation);
            return make_plan(request.source, &present);
        } catch (const Error& error) {
            // Either the mirror's own tree is damaged, or the source's, which the full plan will show.
            base::warn(fmt::format("{}: compares everything, because {}", name_, error.what()));
        }
    }
    return make_plan(request.source, nullptr);
}

// ---- the way to PREPARED
// -----------------------------------------------------------------------------------------

Transferred DirectoryMirror::stage(const StageRequest& request, const Plan& plan) {
    const TransactionIdentity& identity = request.identity;
    // Nobody else holds the lock, so whoever began these is dead, and no coordinator that we know of wants
    // them.
    for (const auto& dead : unfinished(identity.repository)) abort_transaction(identity.repository, dead.id);

    const std::string directory = mirror_layout::transaction(identity.repository, identity.id());
    for (const auto& changed : fs::make_directories(*root_, directory, 0700)) root_->sync_directory(changed);
    journal_begin(*root_, directory, identity);

    staging_ = std::make_unique<Staging>(*root_, request, directory);
    staging_->bring(plan);
    staging_->bring_keys();
    const Transferred tree = write_tree(*root_, directory + "/tree", request.source, options_.base_url);
    staging_->place(plan);
    Transferred all = staging_->transferred();
    all.files += tree.files;
    all.bytes += tree.bytes;
    return all;
}

void DirectoryMirror::verify(const StageRequest& request, const Plan& plan) {
    const TransactionIdentity& identity = request.identity;
    staging_->verify(plan);
    verify_tree(*root_, mirror_layout::transaction(identity.repository, identity.id()) + "/tree", request);
    // A generation that has the name already (a mirror restored from a backup, say) must be the very same.
    if (root_->status(generation_path(identity))) verify_tree(*root_, generation_path(identity), request);
    staging_.reset();
}

void DirectoryMirror::prepare(const TransactionIdentity& identity) {
    const std::string directory = mirror_layout::transaction(identity.repository, identity.id());
    const std::string generation = generation_path(identity);
    if (!root_->status(generation)) {
        journal_claim(*root_, directory);  // so that whoever finds us dead knows whose generation it is
        const std::string parent = fs::parent_path(generation);
        for (const auto& changed : fs::make_directories(*root_, parent, 0755)) root_->sync_directory(changed);
        root_->rename(directory + "/tree", generation, fs::Replace::no);
        root_->sync_directory(parent);
        root_->sync_directory(directory);
    }
    journal_prepared(*root_, directory);
}

// ---- after COMMIT
// ------------------------------------------------------------------------------------------------

void DirectoryMirror::flip(const TransactionIdentity& identity) {
    const std::string directory = mirror_layout::transaction(identity.repository, identity.id());
    const MirrorState now = state(identity.repository);
    refuse_rollback(name_, now.highest, identity);
    if (now.current != identity.version) {
        if (!read_mirror_journal(*root_, directory).is_prepared ||
            manifest_digest(identity) != identity.id()) {
            throw Error(ErrorKind::conflict, fmt::format("flip {} on", identity.shown()), name_,
                        "the mirror is not prepared for it", "run the same command again");
        }
        place_keys(*root_, directory);  // clients need a new key before what it signed
        const auto head = store::make_symlink_head(*root_, "", identity.repository);
        head->compare_and_swap(head->current(), identity.version.generation);
    }
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

void DirectoryMirror::finish(const TransactionIdentity& identity) {
    fs::remove_tree(*root_, mirror_layout::transaction(identity.repository, identity.id()));
}

void DirectoryMirror::abort(const TransactionIdentity& identity) {
    staging_.reset();
    abort_transaction(identity.repository, identity.id());
}

void DirectoryMirror::abort_transaction(const std::string& repository, const std::string& id) {
    const std::string directory = mirror_layout::transaction(repository, id);
    if (!root_->status(directory)) return;
    const MirrorJournal journal = read_mirror_journal(*root_, directory);
    if (journal.identity && journal.identity->repository == repository && journal.identity->id() == id) {
        // Clients have seen it: then it is not to be undone, only to be forgotten.
        const auto highest = state(repository).highest;
        if (highest && !is_older(*highest, journal.identity->version)) return finish(*journal.identity);
        withdraw_generation(directory, *journal.identity);
        remove_content(*root_, repository, journal.content);
    }
    fs::remove_tree(*root_, directory);  // last: it says what to remove
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

std::unique_ptr<Mirror> open_directory_mirror(const std::string& path, const MirrorOptions& options) {
    const auto status = fs::external_status(path, fs::FinalSymlink::follow);
    if (!status || status->kind != fs::Kind::directory) {
        throw Error(ErrorKind::network, "open mirror", path,
                    status ? "it is no directory" : "it is not there");
    }
    return std::make_unique<DirectoryMirror>(path, fs::open_posix_filesystem(path), options);
}

}  // namespace repotool::sync

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/transaction.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <random>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"
#include "core/store/head.hpp"
#include "core/store/layout.hpp"
#include "core/store/line_log.hpp"
#include "core/store/recovery.hpp"
#include "core/store/sync_batch.hpp"
#include "core/store/transaction_journal.hpp"

namespace repotool::store {
namespace {

using base::Error;
using base::ErrorKind;

std::string below_public(const std::string& path) {
    return "public/" + path;
}

}  // namespace

Transaction::Transaction(Site& site, std::string repository)
    : site_(site), filesystem_(site.filesystem()), repository_(std::move(repository)) {}

std::unique_ptr<Transaction> Transaction::begin(Site& site, const std::string& repository,
                                                const std::string& operation, const std::string& run) {
    std::unique_ptr<Transaction> transaction(new Transaction(site, repository));
    fs::Filesystem& filesystem = site.filesystem();
    std::random_device random;
    transaction->directory_ =
        fmt::format("{}/{}-{}-{:08x}{}{}", layout::kTransactions, site.clock().real_now(), fs::process_id(),
                    random(), run.empty() ? "" : "-", run);
    {
        // Nobody may take the directory for a dead one between its making and its locking.
        const auto moment = site.lock_shortly(layout::kTransactionLock, fs::LockMode::exclusive);
        filesystem.make_directory(transaction->directory_, 0700);
        transaction->lock_ = filesystem.try_lock(transaction->directory_ + "/lock", fs::LockMode::exclusive);
    }
    filesystem.sync_directory(layout::kTransactions);  // a journal that a power cut takes away helps nobody
    for (const char* name : {"files", "tree"})
        filesystem.make_directory(transaction->directory_ + "/" + name, name[0] == 't' ? 0755 : 0700);
    transaction->journal(journal_begin(repository, operation));
    return transaction;
}

Transaction::~Transaction() {
    if (finished_) return;
    try {
        finish_or_undo(site_, directory_, repository_);
    } catch (const std::exception&) {
        // The lock goes with this object: the next writing command finds a dead transaction and does this
        // again.
    }
}

std::string Transaction::fresh_path() {
    return fmt::format("{}/files/{}", directory_, next_fresh_++);
}

std::string Transaction::tree_path(std::string_view path) const {
    return fs::join_path(directory_ + "/tree", path);
}

void Transaction::journal(const std::string& line) {
    append_line(filesystem_, directory_ + "/journal", line);
    filesystem_.sync_directory(directory_);
}

void Transaction::pin(const std::vector<std::string>& digests) {
    if (digests.empty()) return;
    std::string text;
    for (const auto& digest : digests) text += digest + "\n";
    // The collector either sees this pin or has finished deleting before it: whoever looks for an object
    // after this line may rely on what it finds.
    const auto guard = site_.lock_shortly(layout::kCollectorLock, fs::LockMode::shared);
    const auto file = filesystem_.open_append(directory_ + "/pins");
    file->write(text);
    file->sync();
    file->close();
    filesystem_.sync_directory(directory_);
}

void Transaction::keep_objects(const std::vector<StagedObject>& objects) {
    SyncBatch staged(filesystem_);
    for (const auto& object : objects) staged.add_file(object.path);
    staged.flush();  // I1: an object's name appears after its bytes are durable
    SyncBatch names(filesystem_);
    for (const auto& object : objects) {
        const std::string path = layout::object(object.sha256);
        // Whoever made the directory may have died, or not have come to its sync yet; so may whoever linked
        // it.
        names.add_directory(fs::parent_path(fs::parent_path(path)));
        kept_.insert(object.sha256);
        while (!keep_object(object, path)) continue;  // it was there, and gc took it away
        names.add_directory(fs::parent_path(path));
    }
    names.flush();
}

// False where it is to be tried again.
bool Transaction::keep_object(const StagedObject& object, const std::string& path) {
    try {
        filesystem_.link(object.path, path);
        return true;
    } catch (const base::SystemError& error) {
        if (error.error_number() == ENOENT && filesystem_.status(object.path)) {
            fs::make_directories(filesystem_, fs::parent_path(path), 0700);
            return false;
        }
        if (error.error_number() != EEXIST) throw;
    }
    const auto existing = filesystem_.status(path);
    if (!existing) return false;
    kept_.erase(object.sha256);  // whoever kept it looks after it
    // A name is no proof: a disk that lost or changed bytes would be published as good.
    if (existing->size == object.size &&
        fs::digest_file(*filesystem_.open_read(path)).sha256 == object.sha256)
        return true;
    throw Error(ErrorKind::integrity, "keep object", object.sha256,
                fmt::format("what is there are {} other bytes", existing->size),
                "repotool verify --full shows what else is damaged");
}

bool Transaction::is_new(const std::string& path) {
    return planned_.insert(path).second && !filesystem_.status(below_public(path));
}

void Transaction::add_content(const std::string& staged_path, const std::string& path, ContentProof proof) {
    if (is_new(path)) {
        content_.push_back({staged_path, path, proof});
    } else {
        filesystem_.remove(staged_path);  // the same bytes have this name already
    }
}

void Transaction::add_content_bytes(const std::string& path, std::string_view bytes,
                                    base::UnixSeconds mtime) {
    if (!is_new(path)) return;
    const std::string staged = fresh_path();
    fs::write_new_file(filesystem_, staged, bytes, 0644, mtime, fs::Durable::no);
    content_.push_back({staged, path});
}

void Transaction::add_shared_link(const std::string& path, const std::string& target) {
    if (is_new(path)) links_.push_back({path, target});
}

void Transaction::add_pool_name(const std::string& path, const std::string& sha256) {
    if (is_new(path)) pool_.push_back({path, sha256});
}

void Transaction::add_tree_file(const std::string& path, std::string_view bytes, base::UnixSeconds mtime) {
    const std::string full = tree_path(path);
    fs::make_directories(filesystem_, fs::parent_path(full), 0755);
    fs::write_new_file(filesystem_, full, bytes, 0644, mtime, fs::Durable::yes);
    tree_files_[std::string(path)] = base::sha256_hex(bytes);
    staged_directories_.insert(fs::parent_path(full));
}

void Transaction::add_tree_link(const std::string& path, const std::string& target) {
    const std::string full = tree_path(path);
    fs::make_directories(filesystem_, fs::parent_path(full), 0755);
    filesystem_.symlink(target, full);
    tree_links_[path] = target;
    staged_directories_.insert(fs::parent_path(full));
}

// ---- the commit protocol
// -------------------------------------------------------------------------------------------

void Transaction::commit(const CommitRequest& request) {
    // 0. Everything staged is on the disk before any name of it can be.
    sync_staged();
    // 1. New content-named files and package names become readable. Nothing names them yet, so clients see no
    // change; the
    //    journal lists them first, so that whoever finds this transaction dead can take them away again.
    announce_content();
    place_content();
    // 2. The number is claimed: of all publishers that build P+1, one can rename its tree to that name (I7).
    claim(request);
    // 3. One rename publishes (I2). Durable when it returns; from here on there is no way back, only forward.
    make_symlink_head(filesystem_, "public", repository_)
        ->compare_and_swap(request.parent, request.generation);
    journal(journal_state("flipped"));
    // 4. The history is told, and the transaction is over. Killed in between, recovery does the same.
    History(filesystem_, repository_).append(request.record);
    journal(journal_state("recorded"));
    exchange_texts();
    finish();
}

void Transaction::sync_staged() {
    SyncBatch batch(filesystem_);
    for (const auto& content : content_) batch.add_file(content.staged_path);
    std::set<std::string> directories;
    for (std::string path : staged_directories_) {  // and every directory above, up to the tree itself
        for (; path.size() >= directory_.size(); path = fs::parent_path(path)) directories.insert(path);
    }
    for (const auto& path : directories) batch.add_directory(path);
    batch.flush();
}

void Transaction::announce_content() {
    std::vector<std::string> names;
    for (const auto& content : content_) names.push_back(content.path);
    for (const auto& name : pool_) names.push_back(name.path);
    for (const auto& link : links_) names.push_back(link.path);
    journal(journal_content(names));
}

void Transaction::place_content() {
    SyncBatch batch(filesystem_);
    std::set<std::string> parents;
    const auto make_parent = [&](const std::string& path) {
        const std::string parent = fs::parent_path(below_public(path));
        if (!parents.insert(parent).second) return;
        for (const auto& changed : fs::make_directories(filesystem_, parent, 0755))
            batch.add_directory(changed);
        batch.add_directory(parent);
    };
    for (const auto& content : content_) {
        make_parent(content.path);
        filesystem_.rename(content.staged_path, below_public(content.path), fs::Replace::no);
    }
    for (const auto& name : pool_) {
        make_parent(name.path);
        place_pool_name(name);
    }
    for (const auto& link : links_) {
        make_parent(link.path);
        filesystem_.symlink(link.target, below_public(link.path));
    }
    batch.flush();
}

void Transaction::place_pool_name(const PoolName& name) {
    const std::string object = layout::object(name.sha256);
    try {
        filesystem_.link(object, below_public(name.path));
    } catch (const base::SystemError& error) {
        // ext4 gives an inode 65,000 names; other filesystems or policies allow no second one.
        const int number = error.error_number();
        if (number != EMLINK && number != EPERM && number != EXDEV) throw;
        const std::string copy = fresh_path();
        const auto source = filesystem_.open_read(object);
        const auto target = filesystem_.create(copy, 0444);
        target->append_range(*source, 0, source->status().size);
        target->sync();
        target->close();
        filesystem_.rename(copy, below_public(name.path), fs::Replace::no);
    }
}

void Transaction::claim(const CommitRequest& request) {
    journal(journal_claim({request.generation, request.parent.value_or(0), request.record.manifest_sha256,
                           render_history_record(request.record)}));
    const std::string directory = below_public(layout::generations(repository_));
    for (const auto& changed : fs::make_directories(filesystem_, directory, 0755))
        filesystem_.sync_directory(changed);
    try {
        filesystem_.rename(tree_path(""), below_public(layout::generation(repository_, request.generation)),
                           fs::Replace::no);
    } catch (const base::SystemError& error) {
        if (error.error_number() != EEXIST && error.error_number() != ENOTEMPTY) throw;
        throw Error(ErrorKind::conflict, "publish", repository_,
                    fmt::format("generation {} was claimed by somebody else", request.generation),
                    "run the same command again");
    }
    filesystem_.sync_directory(directory);
    filesystem_.sync_directory(directory_);
}

void Transaction::exchange_texts() noexcept {
    try {
        const std::string directory = layout::text_directory(repository_);
        if (!texts_.empty()) fs::make_directories(filesystem_, directory, 0700);
        for (const auto& text : texts_) {
            filesystem_.rename(text.staged_path, fs::join_path(directory, text.path), fs::Replace::yes);
            dropped_texts_.erase(text.path);
        }
        // The maps before the packs that they name.
        for (const bool packs : {false, true}) {
            for (const auto& name : dropped_texts_) {
                if (name.ends_with(".pack") == packs && !kept_texts_.contains(name))
                    filesystem_.remove(fs::join_path(directory, name));
            }
        }
    } catch (const std::exception&) {
        // A text that is missing is unpacked from the published index the next time.
    }
}

// The flip is done and recorded: what goes wrong now must not be reported as a failed publish.
void Transaction::finish() noexcept {
    finished_ = true;
    try {
        for (const auto& name : pool_) kept_.erase(name.sha256);
        // What a run that died kept, nobody here knows.
        const bool owes_nothing = kept_.empty() && !is_resumed_;
        remove_transaction(site_, directory_, owes_nothing ? Pins::drop : Pins::hand_over);
    } catch (const std::exception&) {
        // The next writing command removes it.
    }
}

}  // namespace repotool::store

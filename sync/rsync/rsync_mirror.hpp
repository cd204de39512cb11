// SPDX-License-Identifier: GPL-3.0-or-later
// A mirror behind an rsync daemon, without an agent: a directory mirror whose directory is an RsyncTree. It
// has the same files in the same states as any other (docs/FORMAT.md §12), and so the same recovery; what
// rsync cannot do, it does not promise:
//
//   one coordinator    locks are those of this user on this host; nothing fences another one
//   no durability      the daemon may have written without syncing
//   no renaming        staging stays on this host; content gets its name when it is there as a whole (rsync
//                      renames each file), and is hashed on the mirror after that, before it is prepared
//
// What the daemon does to symlinks is only seen from outside: its web server (`check:`) is asked before
// anything is brought.
#pragma once

#include <memory>
#include <string>

#include "core/net/http_client.hpp"
#include "sync/directory/directory_mirror.hpp"
#include "sync/rsync/rsync_tree.hpp"

namespace repotool::sync {

class RsyncMirror : public DirectoryMirror {
public:
    // `check`: address of the mirror's root.
    RsyncMirror(std::string name, std::unique_ptr<RsyncTree> tree, MirrorOptions options, std::string check);

    bool try_lock(const std::string& repository) override;
    void unlock() noexcept override;
    MirrorState state(const std::string& repository) override;
    std::vector<UnfinishedTransaction> unfinished(const std::string& repository) override;
    PlanSummary plan(const StageRequest& request) override;
    Transferred stage(const StageRequest& request) override;
    void verify(const StageRequest& request) override;
    void prepare(const TransactionIdentity& identity) override;
    void flip(const TransactionIdentity& identity, Flip kind) override;
    void probe(const TransactionIdentity& identity) override;
    void finish(const TransactionIdentity& identity, base::UnixSeconds settled) override;
    void abort(const TransactionIdentity& identity, Undo undo) override;
    void set_lagging(const std::string& repository, const std::string& reason) override;
    void clear_lagging(const std::string& repository) override;
    Inspection inspect(const std::string& repository) override;
    Retired retire(const RetireRequest& request) override;

protected:
    std::unique_ptr<Staging> make_staging(const StageRequest& request, const std::string& directory) override;

private:
    template <typename Step>
    auto pushing(const Step& step);
    // Without the lock, what was seen before may be over.
    void look_again(const std::string& repository);
    void look(const std::string& repository);
    void use_source(const StageRequest& request);
    void know_all_of(const Plan& plan);
    void require_links(const TransactionIdentity& identity);
    void remove_link_check(const TransactionIdentity& identity);
    // Empty where its web server has these bytes there.
    std::string reason_not_to_serve(const std::string& path, const std::string& bytes);

    RsyncTree& tree_;
    std::string check_;
    net::HttpClient client_;
    bool is_locked_ = false;
};

}  // namespace repotool::sync

// SPDX-License-Identifier: GPL-3.0-or-later
// A mirror that is a directory: on this host, or on a filesystem that it mounts. The agent on another host
// (sync/protocol) has one, too.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/fs/filesystem.hpp"
#include "core/store/site.hpp"
#include "sync/directory/rate_limit.hpp"
#include "sync/directory/site_view.hpp"
#include "sync/directory/staging.hpp"
#include "sync/mirror/mirror.hpp"

namespace repotool::sync {

struct MirrorOptions {
    std::string base_url{};  // address of the root for `mirrorlist` files; empty: none are written
    std::vector<std::string> formats{};  // deb, rpm: what it carries; empty: all
    std::uint64_t bytes_per_second = 0;  // 0: no limit
    std::string trace_name{};            // of its file in project/trace; empty: none is written
};

class DirectoryMirror : public Mirror {
public:
    // `root` is rooted at the mirror's document root; `name` is the fleet's for it.
    DirectoryMirror(std::string name, std::unique_ptr<fs::Filesystem> root, MirrorOptions options);

    const std::string& name() const override { return name_; }
    bool try_lock(const std::string& repository) override;
    std::string lock_holder(const std::string& repository) override;
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

    fs::Filesystem& filesystem() noexcept { return *root_; }
    // Drawn with the lock: the next one that gets it has the next number.
    std::uint64_t ticket() const noexcept { return ticket_; }

protected:
    // `request` outlives what it returns.
    virtual std::unique_ptr<Staging> make_staging(const StageRequest& request, const std::string& directory);
    // From plan() to prepare(); null otherwise.
    const Plan* planned() const noexcept { return work_ ? &work_->plan : nullptr; }

private:
    std::optional<Version> current_version(const std::string& repository);
    std::string manifest_digest(const TransactionIdentity& identity);
    Plan make_plan_for(const StageRequest& request);
    void preload_for_tree(const std::string& repository);
    bool take_over(const TransactionIdentity& identity, const std::string& directory);
    void check_fence(const std::string& repository);
    void abort_transaction(const std::string& repository, const std::string& id, Undo undo);
    bool shows_canary(const struct MirrorJournal& journal);
    void take_canary_back(const struct MirrorJournal& journal);
    void undo_dead_transactions(const std::string& repository, const std::string& but);
    void withdraw_generation(const std::string& directory, const TransactionIdentity& identity);
    void record_flip(const TransactionIdentity& identity, base::UnixSeconds settled);
    void write_not_ready();

    // Between plan() and prepare().
    struct Work {
        store::GenerationReader source;  // with the formats that this mirror carries
        StageRequest request;
        Plan plan;
        std::unique_ptr<Staging> staging;
        Work(const StageRequest& wanted, const std::vector<std::string>& formats);
    };

    std::string name_;
    std::unique_ptr<fs::Filesystem> root_;
    MirrorOptions options_;
    SiteView view_;
    store::Site site_;
    RateLimit limit_;
    std::unique_ptr<fs::Lock> lock_;
    std::string locked_;        // the repository that it is of
    std::uint64_t ticket_ = 0;  // drawn with the lock
    std::unique_ptr<Work> work_;
    std::int64_t flipped_at_ms_ = 0;  // by this object, and not yet settled
};

// The mirror at an existing directory. Throws base::Error (network) where there is none.
std::unique_ptr<DirectoryMirror> open_directory_mirror(const std::string& name, const std::string& path,
                                                       const MirrorOptions& options = {});

}  // namespace repotool::sync

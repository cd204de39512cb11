// SPDX-License-Identifier: GPL-3.0-or-later
// A mirror that is a directory: on this host, or on a filesystem that it mounts.
#pragma once

#include <memory>
#include <string>

#include "core/fs/filesystem.hpp"
#include "sync/mirror.hpp"
#include "sync/staging.hpp"

namespace repotool::sync {

struct MirrorOptions {
    std::string base_url;  // address of the mirror's root for `mirrorlist` files; empty: none are written
};

class DirectoryMirror : public Mirror {
public:
    // `root` is rooted at the mirror's document root; `name` is its absolute path.
    DirectoryMirror(std::string name, std::unique_ptr<fs::Filesystem> root, MirrorOptions options);

    const std::string& name() const override { return name_; }
    void lock(std::int64_t timeout_seconds) override;
    void unlock() noexcept override { lock_.reset(); }
    MirrorState state(const std::string& repository) override;
    std::vector<UnfinishedTransaction> unfinished(const std::string& repository) override;
    Plan plan(const StageRequest& request) override;
    Transferred stage(const StageRequest& request, const Plan& plan) override;
    void verify(const StageRequest& request, const Plan& plan) override;
    void prepare(const TransactionIdentity& identity) override;
    void flip(const TransactionIdentity& identity) override;
    void probe(const TransactionIdentity& identity) override;
    void finish(const TransactionIdentity& identity) override;
    void abort(const TransactionIdentity& identity) override;

private:
    std::optional<Version> current_version(const std::string& repository);
    std::string manifest_digest(const TransactionIdentity& identity);
    void abort_transaction(const std::string& repository, const std::string& id);
    void withdraw_generation(const std::string& directory, const TransactionIdentity& identity);

    std::string name_;
    std::unique_ptr<fs::Filesystem> root_;
    MirrorOptions options_;
    std::unique_ptr<fs::Lock> lock_;
    std::unique_ptr<Staging> staging_;  // of the transaction in hand, from stage to verify
};

// The mirror at an existing directory. Throws base::Error (network) where there is none.
std::unique_ptr<Mirror> open_directory_mirror(const std::string& path, const MirrorOptions& options = {});

}  // namespace repotool::sync

// SPDX-License-Identifier: GPL-3.0-or-later
// One change of one repository: staged in private/txn/<id>, made visible by one flip (docs/FORMAT.md §10).
//
//   begin → stage files → pin → keep_objects → (under the repository's lock) stage content and tree → commit
//
// Until the flip nothing that clients read has changed; an object that goes away before it takes everything
// back. Killed at any point, recovery (recovery.hpp) does the same from the journal.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/fs/filesystem.hpp"
#include "core/fs/tree.hpp"
#include "core/store/history.hpp"
#include "core/store/site.hpp"

namespace repotool::store {

// A package file in the transaction's staging that becomes an object.
struct StagedObject {
    std::string path;  // relative to the site
    std::string sha256;
    std::uint64_t size = 0;
};

// How a staged file is known to be what its name says.
enum class ContentProof {
    none,       // not yet
    read_back,  // its digest was made from what the disk holds
};

struct CommitRequest {
    std::optional<std::uint64_t> parent;  // what must still be current
    std::uint64_t generation = 0;
    HistoryRecord record;  // of this flip
};

class Transaction {
public:
    // `run`: 16 hexadecimal digits that tell the same command from others, so that it can be resumed after it
    // died (resume.hpp); empty: it begins anew.
    static std::unique_ptr<Transaction> begin(Site& site, const std::string& repository,
                                              const std::string& operation, const std::string& run = {});
    // That of a dead run, whose lock the caller got; nothing of it is below public/.
    static std::unique_ptr<Transaction> take_over(Site& site, const std::string& repository,
                                                  const std::string& directory,
                                                  std::unique_ptr<fs::Lock> lock);
    // Takes back what was not committed. Never throws: what it cannot remove, recovery will.
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    // private/txn/<id>.
    const std::string& directory() const noexcept { return directory_; }
    // A fresh path in the staging area, relative to the site.
    std::string fresh_path();
    // private/txn/<id>/tree, the generation to be.
    std::string tree_path(std::string_view path) const;

    // Makes the transaction's claim on these objects durable, before anybody relies on one that is already
    // there (I13).
    void pin(const std::vector<std::string>& digests);
    // Durable objects under their digests; those that are there already are kept. Throws base::Error
    // (integrity) when an existing one has another size.
    void keep_objects(const std::vector<StagedObject>& objects);

    // A staged file (made at fresh_path(), written, closed) that becomes the content-named `path` below
    // public/.
    void add_content(const std::string& staged_path, const std::string& path,
                     ContentProof proof = ContentProof::none);
    void add_content_bytes(const std::string& path, std::string_view bytes, base::UnixSeconds mtime);
    // A symlink below public/ that every generation shares.
    void add_shared_link(const std::string& path, const std::string& target);
    // A published name for an object, `path` below public/.
    void add_pool_name(const std::string& path, const std::string& sha256);
    void add_tree_file(const std::string& path, std::string_view bytes, base::UnixSeconds mtime);
    void add_tree_link(const std::string& path, const std::string& target);
    // What add_content and add_content_bytes staged that is not in public/ yet: (staged path, path below
    // public/).
    struct StagedContent {
        std::string staged_path;
        std::string path;
        ContentProof proof = ContentProof::none;
    };
    const std::vector<StagedContent>& staged_content() const noexcept { return content_; }

    // After the flip: staged files join the repository's texts (a cache, docs/FORMAT.md §8) in this order,
    // and those that are dropped leave it, but for what is kept or added. Failures there are ignored.
    void add_text(const std::string& staged_path, const std::string& name) {
        texts_.push_back({staged_path, name});
    }
    void keep_text(const std::string& name) { kept_texts_.insert(name); }
    void drop_text(const std::string& name) { dropped_texts_.insert(name); }

    // ---- finished steps, for whoever resumes this run (steps.hpp, transaction_resume.cpp)

    bool is_resumed() const noexcept { return is_resumed_; }
    void note_step(const std::string& name, std::string_view body, fs::Durable durable);
    // Of the run that died; empty where it did not finish that step, or where what it left is damaged.
    std::optional<std::string> finished_step(const std::string& name) const;
    // Everything that is staged for commit(), with `of`, which is the caller's.
    void note_staged(const std::string& of);
    std::optional<std::string> noted_staging() const;
    // True where all that note_staged() listed is as it was: commit() can go on. False: nothing is taken
    // over.
    bool restore_staged();
    // What a run that died made of its generation, put aside: private/txn/<id>/before; the tree is empty
    // then.
    std::string put_tree_aside();

    // The commit protocol. Throws base::Error (conflict) where somebody else published.
    void commit(const CommitRequest& request);

private:
    struct PoolName {
        std::string path;
        std::string sha256;
    };
    struct SharedLink {
        std::string path;
        std::string target;
    };

    Transaction(Site& site, std::string repository);
    void journal(const std::string& line);
    bool is_new(const std::string& path_below_public);
    void sync_staged();
    void announce_content();
    void place_content();
    void place_pool_name(const PoolName& name);
    void claim(const CommitRequest& request);
    bool keep_object(const StagedObject& object, const std::string& path);
    bool is_as_noted(const StagedContent& content) const;
    void exchange_texts() noexcept;
    void finish() noexcept;

    Site& site_;
    fs::Filesystem& filesystem_;
    std::string repository_;
    std::string directory_;  // private/txn/<id>
    std::unique_ptr<fs::Lock> lock_;
    std::vector<StagedContent> content_;
    std::vector<PoolName> pool_;
    std::vector<SharedLink> links_;
    std::set<std::string> kept_;        // objects that nobody had before
    std::vector<StagedContent> texts_;  // path: the name in the cache
    std::set<std::string> kept_texts_, dropped_texts_;
    std::set<std::string> planned_;  // names below public/ that this transaction makes
    std::set<std::string> staged_directories_;
    std::map<std::string, std::string> tree_files_;  // with their digests
    std::map<std::string, std::string> tree_links_;  // with their targets
    bool is_resumed_ = false;
    std::atomic<std::uint64_t> next_fresh_ = 0;
    bool finished_ = false;
};

}  // namespace repotool::store

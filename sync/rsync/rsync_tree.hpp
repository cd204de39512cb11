// SPDX-License-Identifier: GPL-3.0-or-later
// A mirror behind an rsync daemon as a filesystem, so that what is done to directories is done to it as well.
// What is read is looked up or fetched when it is first asked for. What is changed is changed in an image of
// the mirror on this host, sparse and temporary, and pushed by flush(): new names first, then what goes.
//
// Three things do not wait for flush(), because their order is what a mirror relies on: a symlink that
// replaces another is a push of its own, after everything before it; so is one that goes; and a log that gets
// a line after something public was changed is pushed together with the lines before it first.
//
// rsync can neither lock nor sync: locks are this host's, and sync() promises nothing.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/fs/filesystem.hpp"
#include "sync/rsync/rsync_client.hpp"

namespace repotool::sync {

class RsyncTree : public fs::Filesystem {
public:
    // `locks`: a directory of this host for lock files.
    RsyncTree(RsyncClient client, const std::string& locks);
    ~RsyncTree() override;
    RsyncTree(const RsyncTree&) = delete;
    RsyncTree& operator=(const RsyncTree&) = delete;

    RsyncClient& client() noexcept { return client_; }
    // Where content-named files come from: read there, and pushed from there without a copy. Null: no more.
    void set_source(fs::Filesystem* source, const std::string& public_root);
    // What was seen and what was not pushed is forgotten.
    void forget();
    void flush();
    // Asks for all of these at once; a slash at the end: and for what is in it.
    void know(const std::vector<std::string>& paths);
    // Fetches these; a slash at the end: and the files in it.
    void fetch(const std::vector<std::string>& paths);
    // Names that the mirror has not with the bytes that they should have: of `content` those of the source,
    // of `made`, and what is below, those that were pushed. All is read on both sides.
    std::vector<std::string> differing(const std::vector<std::string>& content,
                                       const std::vector<std::string>& made);
    // Can what the symlink leads to be read? False where the daemon changes targets (munge symlinks).
    bool follows(const std::string& path) { return client_.follows(path, scratch_); }

    std::unique_ptr<fs::File> open_read(const std::string& path) override;
    std::unique_ptr<fs::File> create(const std::string& path, unsigned mode) override;
    std::unique_ptr<fs::File> open_append(const std::string& path) override;
    void rename(const std::string& from, const std::string& to, fs::Replace replace) override;
    void link(const std::string& from, const std::string& to) override;
    void symlink(const std::string& target, const std::string& path) override;
    std::optional<std::string> read_link(const std::string& path) override;
    std::optional<fs::Status> status(const std::string& path) override;
    std::vector<std::string> list(const std::string& path) override;
    void remove(const std::string& path) override;
    bool make_directory(const std::string& path, unsigned mode) override;
    void sync_directory(const std::string& path) override;
    void sync_all() override;
    std::unique_ptr<fs::Lock> try_lock(const std::string& path, fs::LockMode mode) override;
    // Nobody can say: as much as wanted.
    std::uint64_t free_bytes() override;
    std::string root() const override { return client_.target().url(); }

private:
    enum class Bytes { on_mirror, in_image, at_source };
    struct Entry {
        bool exists = false;
        fs::Kind kind = fs::Kind::other;
        std::uint64_t size = 0;  // of a file whose bytes are not in the image
        std::string link{};      // likewise, of a symlink
        Bytes bytes = Bytes::on_mirror;
        bool is_on_mirror = false;  // under this name, in some version
    };

    const Entry* find(const std::string& path);
    const Entry& require(const std::string& path, const char* verb);
    bool is_known_absent(const std::string& path) const;
    void take(const RsyncClient::Entries& found, Bytes bytes);
    void settle(const std::vector<std::string>& asked);
    // The filesystem of this host that a path belongs to; null for those of the mirror.
    fs::Filesystem* local(const std::string& path) const;
    std::string source_root() const;
    std::vector<std::string> below(const std::string& directory) const;

    Entry& change(const std::string& path, fs::Kind kind, Bytes bytes);
    void drop(const std::string& path);
    void drop_tree(const std::string& directory);
    void publish(const std::string& from, const std::string& to);
    void take_in_tree(const std::string& directory);
    void refuse_existing(const std::string& path, const char* verb);
    void make_image_parent(const std::string& path);
    void bring_to_image(const std::string& path);

    RsyncClient client_;
    std::string top_;  // temporary directory of the three below
    std::string scratch_, pulled_, image_root_;
    std::unique_ptr<fs::Filesystem> image_;
    std::unique_ptr<fs::Filesystem> locks_;
    fs::Filesystem* source_ = nullptr;
    std::string public_root_;
    std::map<std::string, Entry> known_;
    std::set<std::string> listed_;   // directories all of whose names are known; "/" is the root
    std::set<std::string> changed_;  // to be pushed
    std::set<std::string> removed_;  // to be removed
};

}  // namespace repotool::sync

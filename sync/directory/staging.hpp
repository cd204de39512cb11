// SPDX-License-Identifier: GPL-3.0-or-later
// Content-named files on their way to a directory mirror: copied into the transaction's directory, made
// durable, read back and hashed, announced in its journal, and only then given their names (I1: a name
// appears after its bytes).
#pragma once

#include <string>
#include <vector>

#include "core/base/digest.hpp"
#include "core/fs/filesystem.hpp"
#include "sync/directory/rate_limit.hpp"
#include "sync/mirror/mirror.hpp"

namespace repotool::sync {

class Staging {
public:
    // `directory`: that of the transaction on the mirror; it must exist and its journal must have begun.
    // `request` and `limit` outlive this object.
    Staging(fs::Filesystem& mirror, const StageRequest& request, std::string directory, RateLimit& limit);
    virtual ~Staging() = default;

    // Brings what the mirror lacks; durable on return. `plan` outlives this object. Throws base::Error:
    // integrity for a name that the mirror has with another size, storage where there is no room.
    void bring(const Plan& plan);
    // Reads it all back, and looks for what should be there already. Throws base::Error (integrity) that
    // names the damaged file, here or at the source.
    void verify(const Plan& plan);
    // Announces what was verified, and gives it its names; durable on return.
    void place(const Plan& plan);

    const Transferred& transferred() const noexcept { return transferred_; }

protected:
    struct Staged {
        std::string staged_path;
        store::ContentFile file;
        const IndexJoin* join = nullptr;
        bool is_left = false;  // an earlier run of the same transaction brought it and died
    };
    // How bytes come, and how they are read back: transports have their own ways.
    virtual void bring_staged(const Staged& staged);
    // Of what is at `path`, staged or with its name. Called by several threads.
    virtual base::FileDigests digest_of(const std::string& path) const;

    const StageRequest& request() const noexcept { return request_; }
    fs::Filesystem& mirror() const noexcept { return mirror_; }
    void count_sent(std::uint64_t bytes) noexcept { transferred_.bytes += bytes; }
    void stop_if_asked() const;

private:
    void take_in(const store::ContentFile& file, const Plan& plan);
    bool is_left(const std::string& staged_path, const store::ContentFile& file) const;
    void announce() const;
    void append(fs::File& target, fs::File& source, std::uint64_t offset, std::uint64_t length, bool is_sent);
    void bring_keys();
    void preload_keys(const std::vector<std::string>& names) const;
    void require_room(const Plan& plan) const;
    void verify_bytes();
    void bring_whole(const Staged& staged, const base::FileDigests& found);
    [[noreturn]] void blame(const store::ContentFile& file, const base::FileDigests& found) const;

    fs::Filesystem& mirror_;
    const StageRequest& request_;
    std::string directory_;
    RateLimit& limit_;
    std::vector<Staged> staged_;
    std::vector<store::ContentFile> kept_;  // there already, though nothing that the mirror serves names them
    Transferred transferred_;
};

// What a run that died staged in `directory` is left for the next one, but for what is not whole.
void forget_unfinished(fs::Filesystem& mirror, const std::string& directory);
// Takes the names of an announced transaction away again, with the directories that get empty.
void remove_content(fs::Filesystem& mirror, const std::string& repository,
                    const std::vector<std::string>& names);
// Gives staged public keys their names, replacing older ones. May be repeated.
void place_keys(fs::Filesystem& mirror, const std::string& directory);

}  // namespace repotool::sync

// SPDX-License-Identifier: GPL-3.0-or-later
// Content-named files on their way to a directory mirror: copied and hashed into the transaction's directory,
// made durable, announced in its journal, and only then given their names (I1: a name appears after its
// bytes).
#pragma once

#include <string>
#include <vector>

#include "core/fs/filesystem.hpp"
#include "sync/mirror.hpp"

namespace repotool::sync {

class Staging {
public:
    // `directory`: that of the transaction on the mirror; it must exist and its journal must have begun.
    Staging(fs::Filesystem& mirror, const StageRequest& request, std::string directory);

    // Copies what the mirror lacks. Throws base::Error: integrity for a wrong byte in the source or a name
    // that the mirror has with another size, storage where there is no room.
    void bring(const Plan& plan);
    // Public keys that are new or changed; they get their names at the flip.
    void bring_keys();
    // Makes everything that was brought durable, announces it, gives it its names.
    void place(const Plan& plan);
    // Reads it all back. Throws base::Error (integrity) that names the file on the mirror.
    void verify(const Plan& plan) const;

    const Transferred& transferred() const noexcept { return transferred_; }

private:
    void bring_file(const store::ContentFile& file);
    void copy(const store::ContentFile& file, const std::string& staged_path);
    void require_room(const Plan& plan) const;
    void stop_if_asked() const;
    void verify_digest(const store::ContentFile& file) const;

    struct Staged {
        std::string staged_path;
        store::ContentFile file;
    };

    fs::Filesystem& mirror_;
    const StageRequest& request_;
    std::string directory_;
    std::vector<Staged> staged_;
    std::vector<store::ContentFile> kept_;  // there already, though nothing that the mirror serves names them
    Transferred transferred_;
};

// Takes the names of an announced transaction away again, with the directories that get empty.
void remove_content(fs::Filesystem& mirror, const std::string& repository,
                    const std::vector<std::string>& names);
// Gives staged public keys their names, replacing older ones. May be repeated.
void place_keys(fs::Filesystem& mirror, const std::string& directory);

}  // namespace repotool::sync

// SPDX-License-Identifier: GPL-3.0-or-later
// A secret key that comes in a file, as CI systems hand them out: imported into a throw-away GnuPG home
// (0700) in $XDG_RUNTIME_DIR, $TMPDIR or /tmp, with an agent of its own. Both go with the object. What a
// killed run left there, the next one with a key file removes: a lock that dies with its process tells which
// homes are in use.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace repotool::signing {

class KeyFile {
public:
    // `file`: exported secret keys, armored or binary; one with a passphrase stays locked with it. Throws
    // base::Error (signing) where there is none in it.
    explicit KeyFile(const std::string& file);
    ~KeyFile();
    KeyFile(const KeyFile&) = delete;
    KeyFile& operator=(const KeyFile&) = delete;

    const std::string& file() const noexcept { return file_; }
    const std::filesystem::path& home() const;
    // Of the primary keys and subkeys that it has the secret part of.
    const std::vector<std::string>& fingerprints() const noexcept { return fingerprints_; }

private:
    class Home;
    void import();

    std::string file_;
    std::unique_ptr<Home> home_;
    std::vector<std::string> fingerprints_;
};

}  // namespace repotool::signing

// SPDX-License-Identifier: GPL-3.0-or-later
// GnuPG home directories: the user's, which is checked before use, and throw-away ones for public keys.
#pragma once

#include <filesystem>

namespace repotool::signing {

// Throws base::Error (signing), which names the directory and what to do, when `home` is missing, no
// directory, not readable, writable for others, or so deep that the agent's socket has no room (108
// characters).
void require_usable_home(const std::filesystem::path& home);

// The socket of the home's agent, which may be elsewhere. Throws base::Error (signing) where GnuPG does not
// say.
std::filesystem::path agent_socket(const std::filesystem::path& home);

// Makes `home` with mode 0700 where it is missing; its gpg.conf then prefers SHA-512 and SHA-256. A home that
// is there already keeps its configuration and must be usable.
void prepare_home(const std::filesystem::path& home);

// Removes a home whose gpg or agent may still be removing its own files. False where some of it stays.
bool remove_patiently(const std::filesystem::path& home);

// A private directory (0700) below $TMPDIR with a short name, removed with all that is in it.
class ThrowAwayDirectory {
public:
    ThrowAwayDirectory();
    ~ThrowAwayDirectory();
    ThrowAwayDirectory(const ThrowAwayDirectory&) = delete;
    ThrowAwayDirectory& operator=(const ThrowAwayDirectory&) = delete;

    const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

// Writes the gpg.conf of a home that signs.
void write_signer_configuration(const std::filesystem::path& home);
// Writes the gpg.conf of a home that only ever holds public keys: no agent, no network, no web of trust.
void write_verifier_configuration(const std::filesystem::path& home);

}  // namespace repotool::signing

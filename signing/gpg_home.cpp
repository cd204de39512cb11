// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/gpg_home.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "core/base/error.hpp"
#include "core/base/subprocess.hpp"
#include "core/base/text.hpp"
#include "core/fs/external.hpp"

namespace repotool::signing {
namespace {

using std::filesystem::path;

// sizeof(sockaddr_un::sun_path), with its terminating zero.
constexpr std::size_t kSocketPathSize = 108;
constexpr unsigned kWritableForOthers = 0022;
constexpr int kRemovalAttempts = 50;
// The longest socket that an agent makes.
constexpr std::string_view kLongestSocket = "/S.gpg-agent.browser";

[[noreturn]] void refuse(const path& home, const std::string& reason, const std::string& hint) {
    throw base::Error(base::ErrorKind::signing, "use the GnuPG home", home.string(), reason, hint);
}

// Empty where gpgconf does not say.
std::string socket_by_gpgconf(const path& home) {
    const auto answer =
        base::run_process({"gpgconf", "--homedir", home.string(), "--list-dirs", "agent-socket"}, {}, {}, 5);
    return answer.exit_code == 0 ? std::string(base::trim(answer.standard_output)) : "";
}

// GnuPG keeps its sockets in /run/user/<uid> where that exists, and in the home elsewhere; only the latter
// limits the home's length. gpgconf is asked for deep homes alone, since it costs a process.
bool has_room_for_socket(const path& home) {
    // As it was given: a symbolic link is the way out of a path that is too long.
    const path absolute = home.is_absolute() ? home : fs::current_directory() / home;
    if (absolute.string().size() + kLongestSocket.size() < kSocketPathSize) return true;
    const auto socket = socket_by_gpgconf(home);
    return !socket.empty() && socket.size() < kSocketPathSize;
}

// What `examine` finds out about the home; a home that cannot be looked at is refused.
template <typename Examine>
auto examined(const path& home, const Examine& examine) {
    try {
        return examine(home.string());
    } catch (const base::SystemError& error) {
        refuse(home, error.reason(), "run as the user that owns this directory");
    }
}

void write_configuration(const path& home, std::string_view text) {
    fs::write_external((home / "gpg.conf").string(), text, 0666);
}

}  // namespace

void require_usable_home(const path& home) {
    if (home.empty()) refuse(home, "no directory is named", "set GNUPGHOME or give --home DIR");
    const auto status =
        examined(home, [](const auto& name) { return fs::external_status(name, fs::FinalSymlink::follow); });
    if (!status)
        refuse(home, "there is no such directory",
               "make a key with: reposign keys generate --home " + base::shell_quote(home.string()));
    if (status->kind != fs::Kind::directory)
        refuse(home, "it is not a directory", "name the directory that holds the keys");
    examined(home, [](const auto& name) { return fs::list_external(name); });
    if ((status->mode & kWritableForOthers) != 0)
        refuse(home, "others may write to it", "chmod 700 " + base::shell_quote(home.string()));
    if (!has_room_for_socket(home))
        refuse(home,
               fmt::format("the path is too long for the agent's socket ({} characters at most)",
                           kSocketPathSize - 1 - kLongestSocket.size()),
               "move the directory to a shorter path, or put a short symbolic link in front of it");
}

path agent_socket(const path& home) {
    auto socket = socket_by_gpgconf(home);
    if (socket.empty())
        refuse(home, "gpgconf does not say where its agent's socket is", "gpgconf --list-dirs");
    return socket;
}

void prepare_home(const path& home) {
    if (!home.empty() && !fs::external_status(home.string(), fs::FinalSymlink::follow)) {
        // Made under another name, because its 0700 holds from the first moment whatever the umask.
        const std::string staged = fs::make_directory_beside(home.string());
        write_signer_configuration(staged);
        try {
            fs::rename_external(staged, home.string());
        } catch (const base::SystemError& error) {
            fs::remove_external(staged);
            refuse(home, error.reason(), "make the directory yourself with: mkdir -m 700");
        }
    }
    require_usable_home(home);
}

bool remove_patiently(const path& home) {
    for (int attempt = 0; attempt < kRemovalAttempts; ++attempt) {
        if (fs::remove_external(home.string())) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

ThrowAwayDirectory::ThrowAwayDirectory() : path_(fs::make_temporary_directory("rt")) {}

ThrowAwayDirectory::~ThrowAwayDirectory() {
    remove_patiently(path_);  // a directory that stays all the same is no reason to fail
}

void write_signer_configuration(const path& home) {
    write_configuration(home,
                        "# SHA-1 is out: signatures and self-signatures are SHA-512.\n"
                        "personal-digest-preferences SHA512 SHA256\n"
                        "cert-digest-algo SHA512\n");
}

void write_verifier_configuration(const path& home) {
    write_configuration(home,
                        "no-autostart\n"
                        "no-auto-key-retrieve\n"
                        "no-auto-key-import\n"
                        "disable-dirmngr\n"
                        "trust-model always\n"
                        "no-auto-check-trustdb\n");
}

}  // namespace repotool::signing

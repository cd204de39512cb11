// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/gpg_home.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <system_error>
#include <thread>

#include "core/base/error.hpp"
#include "core/base/subprocess.hpp"
#include "core/base/text.hpp"

namespace repotool::signing {
namespace {
namespace fs = std::filesystem;

// sizeof(sockaddr_un::sun_path), with its terminating zero.
constexpr std::size_t kSocketPathSize = 108;
constexpr int kRemovalAttempts = 50;
// The longest socket that an agent makes.
constexpr std::string_view kLongestSocket = "/S.gpg-agent.browser";

[[noreturn]] void refuse(const fs::path& home, const std::string& reason, const std::string& hint) {
    throw base::Error(base::ErrorKind::signing, "use the GnuPG home", home.string(), reason, hint);
}

// GnuPG keeps its sockets in /run/user/<uid> where that exists, and in the home elsewhere; only the latter
// limits the home's length. gpgconf is asked for deep homes alone, since it costs a process.
bool has_room_for_socket(const fs::path& home) {
    if (fs::absolute(home).string().size() + kLongestSocket.size() < kSocketPathSize) return true;
    const auto answer =
        base::run_process({"gpgconf", "--homedir", home.string(), "--list-dirs", "agent-socket"}, {}, {}, 5);
    const auto socket = base::trim(answer.standard_output);
    return answer.exit_code == 0 && !socket.empty() && socket.size() < kSocketPathSize;
}

void write_text(const fs::path& path, std::string_view text) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file) base::throw_errno("write", path.string());
}

fs::path make_private_directory(std::string name_template) {
    if (::mkdtemp(name_template.data()) == nullptr) base::throw_errno("make the directory", name_template);
    return name_template;
}

}  // namespace

void require_usable_home(const fs::path& home) {
    if (home.empty()) refuse(home, "no directory is named", "set GNUPGHOME or give --home DIR");
    std::error_code error;
    const auto status = fs::status(home, error);
    if (status.type() == fs::file_type::not_found)
        refuse(home, "there is no such directory",
               "make a key with: reposign keys generate --home " + base::shell_quote(home.string()));
    if (error) refuse(home, error.message(), "run as the user that owns this directory");
    if (!fs::is_directory(status))
        refuse(home, "it is not a directory", "name the directory that holds the keys");
    const fs::directory_iterator entries(home, error);
    if (error) refuse(home, error.message(), "run as the user that owns this directory");
    if ((status.permissions() & (fs::perms::group_write | fs::perms::others_write)) != fs::perms::none)
        refuse(home, "others may write to it", "chmod 700 " + base::shell_quote(home.string()));
    if (!has_room_for_socket(home))
        refuse(home,
               fmt::format("the path is too long for the agent's socket ({} characters at most)",
                           kSocketPathSize - 1 - kLongestSocket.size()),
               "move the directory to a shorter path, or put a short symbolic link in front of it");
}

void prepare_home(const fs::path& home) {
    std::error_code error;
    if (!home.empty() && !fs::exists(home, error)) {
        if (home.has_parent_path()) fs::create_directories(home.parent_path(), error);
        // Made under another name, because mkdtemp's 0700 holds from the first moment whatever the umask.
        const fs::path staged = make_private_directory(home.string() + ".XXXXXX");
        write_text(staged / "gpg.conf",
                   "# SHA-1 is out: signatures and self-signatures are SHA-512.\n"
                   "personal-digest-preferences SHA512 SHA256\n"
                   "cert-digest-algo SHA512\n");
        fs::rename(staged, home, error);
        if (error) {
            std::error_code ignored;
            fs::remove_all(staged, ignored);
            refuse(home, error.message(), "make the directory yourself with: mkdir -m 700");
        }
    }
    require_usable_home(home);
}

ThrowAwayDirectory::ThrowAwayDirectory() {
    path_ = make_private_directory((fs::temp_directory_path() / "rt-XXXXXX").string());
}

ThrowAwayDirectory::~ThrowAwayDirectory() {
    // A gpg that was told to stop may still be removing its own lock files in here. A directory that stays
    // all the same is no reason to fail.
    for (int attempt = 0; attempt < kRemovalAttempts; ++attempt) {
        std::error_code error;
        fs::remove_all(path_, error);
        if (!error) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

void write_verifier_configuration(const fs::path& home) {
    write_text(home / "gpg.conf",
               "no-autostart\n"
               "no-auto-key-retrieve\n"
               "no-auto-key-import\n"
               "disable-dirmngr\n"
               "trust-model always\n"
               "no-auto-check-trustdb\n");
}

}  // namespace repotool::signing

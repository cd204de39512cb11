// SPDX-License-Identifier: GPL-3.0-or-later
// Homes, keys, packages and other people's programs for the tests of signing/. All of it is made at test time
// and is gone afterwards, agents included.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/subprocess.hpp"
#include "signing/signer.hpp"

namespace repotool::signing::test {

// A directory of its own with a short path, removed at the end with the agent of each home below it.
class Workspace {
public:
    Workspace();
    ~Workspace();
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
    // A new, empty GnuPG home (0700) made without our code.
    std::filesystem::path home(std::string_view name);

private:
    std::filesystem::path path_;
};

std::string read(const std::filesystem::path& path);
void write(const std::filesystem::path& path, std::string_view bytes);
std::string flipped(std::string bytes, std::size_t at);

// Runs a program; its exit code.
int run(const std::vector<std::string>& arguments, const std::vector<std::string>& environment = {});
// Runs a program that must succeed; its standard output.
std::string output_of(const std::vector<std::string>& arguments,
                      const std::vector<std::string>& environment = {});

// Runs gpg in a home with --batch; its standard output. It must succeed.
std::string gpg(const std::filesystem::path& home, std::vector<std::string> arguments);
// Makes a key with gpg itself, without passphrase unless one is given; the fingerprint of the primary key.
std::string gpg_key(const std::filesystem::path& home, const std::string& algorithm,
                    std::vector<std::string> options = {}, const std::string& passphrase = {},
                    const std::string& expires = "never");
// All fingerprints in a home: primary key first, then its subkeys.
std::vector<std::string> fingerprints(const std::filesystem::path& home);

// An armored public key as a file that gpgv and sqv take.
std::filesystem::path keyring(const Workspace& workspace, const std::string& name,
                              const std::string& armored);

// A small noarch package with one file, built by rpmbuild with a macro of the caller's.
std::filesystem::path an_rpm(const Workspace& workspace, const std::string& name,
                             const std::string& define = "no_such_macro 1");

// What rpmkeys says with every verification required and only this key imported: the exit code.
int rpmkeys_check(const Workspace& workspace, const std::filesystem::path& package,
                  const std::string& armored_key);

// Runs `action`, which must throw base::Error; returns the error.
base::Error error_of(const std::function<void()>& action);

}  // namespace repotool::signing::test

// SPDX-License-Identifier: GPL-3.0-or-later
// Options that hand a command a secret: by file or file descriptor, never by argument, which every user of
// the machine can read.
#pragma once

#include <optional>
#include <string>

#include <CLI/CLI.hpp>

namespace repotool::console {

struct SecretOptions {
    std::string key_file;
    std::string passphrase_file;
    int passphrase_descriptor = -1;
};

void add_secret_options(CLI::App& command, SecretOptions& options);

// The passphrase that was given; empty where none was. A descriptor is read to the end of its line, once.
// Throws base::Error (signing) where it cannot be read or nothing comes within 8 s.
std::optional<std::string> read_passphrase(const SecretOptions& options);

}  // namespace repotool::console

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/console/secret_options.hpp"

#include <fmt/format.h>

#include <chrono>

#include "core/base/error.hpp"
#include "core/base/readiness.hpp"
#include "core/fs/external.hpp"

namespace repotool::console {
namespace {

constexpr std::chrono::seconds kPatience{8};

[[noreturn]] void refuse(const std::string& place, const std::string& reason) {
    throw base::Error(base::ErrorKind::signing, "read the passphrase from", place, reason,
                      "its first line is the passphrase");
}

std::string line_of(const std::string& place) {
    const auto line = fs::read_first_line(place);
    if (!line) refuse(place, "it cannot be read or is empty");
    return *line;
}

}  // namespace

void add_secret_options(CLI::App& command, SecretOptions& options) {
    command
        .add_option("--gpg-key-file", options.key_file,
                    "file with the exported secret key; it is imported for this run alone")
        ->type_name("FILE");
    auto* file =
        command
            .add_option("--passphrase-file", options.passphrase_file, "file whose first line unlocks the key")
            ->type_name("FILE");
    command
        .add_option("--passphrase-fd", options.passphrase_descriptor,
                    "open file descriptor whose first line unlocks the key")
        ->type_name("N")
        ->check(CLI::NonNegativeNumber)
        ->excludes(file);
}

std::optional<std::string> read_passphrase(const SecretOptions& options) {
    if (!options.passphrase_file.empty()) return line_of(options.passphrase_file);
    if (options.passphrase_descriptor < 0) return std::nullopt;
    const std::string place = fmt::format("/dev/fd/{}", options.passphrase_descriptor);
    std::vector<base::Awaited> awaited{{options.passphrase_descriptor, base::Direction::reading}};
    base::wait_until_ready(awaited, kPatience, place);
    if (!awaited[0].is_ready) refuse(place, fmt::format("nothing came within {} s", kPatience.count()));
    return line_of(place);
}

}  // namespace repotool::console

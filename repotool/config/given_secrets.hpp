// SPDX-License-Identifier: GPL-3.0-or-later
// Secrets that come with one run: a key in a file, a passphrase.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "signing/key_file.hpp"

namespace repotool::publisher {

// What one run is given of keys, beside the configuration.
struct GivenSecrets {
    std::shared_ptr<const signing::KeyFile> key_file;  // in the place of the configured key's home
    std::optional<std::string> passphrase;             // of that key; without a key file, of each
};

}  // namespace repotool::publisher

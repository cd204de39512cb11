// SPDX-License-Identifier: GPL-3.0-or-later
// From the configuration to an open signing key.
#pragma once

#include <memory>
#include <string>

#include "core/fs/filesystem.hpp"
#include "core/store/transaction.hpp"
#include "repotool/config/config.hpp"
#include "repotool/config/given_secrets.hpp"
#include "signing/signer.hpp"

namespace repotool::publisher {

// The signer of a repository, its key tried; null where the repository is not signed. `must_sign`: a
// repository that says nothing about signing is refused. Throws base::Error (signing), also for a key file
// that holds none of the repository's keys.
// `override_key`: another key of this run, which the key file may hold instead; may be empty.
std::unique_ptr<signing::Signer> open_signer(const Config& config, const std::string& repository,
                                             const std::string& site_root, bool must_sign,
                                             const GivenSecrets& given, const std::string& override_key = {});

// The signer that `keys` calls `name`, its key tried; from the key file that was given where that holds it.
// Throws base::Error (usage) where there is none of that name, (signing).
std::unique_ptr<signing::Signer> open_key(const Config& config, const std::string& name,
                                          const std::string& site_root, const GivenSecrets& given);

// Whether the key file that was given holds the key that `keys` calls `name`.
bool is_in_key_file(const Config& config, const std::string& name, const GivenSecrets& given);

// public/keys/<name>.asc holds each key that signs, durable; written only where it differs, and staged in the
// transaction, so that publishers of two repositories with one key do not meet.
void export_public_keys(fs::Filesystem& filesystem, store::Transaction& transaction, signing::Signer& signer);

}  // namespace repotool::publisher

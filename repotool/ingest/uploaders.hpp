// SPDX-License-Identifier: GPL-3.0-or-later
// Who may upload: where the configuration of a repository has `uploaders`, only files get in that a .changes
// or .dsc lists which one of these keys signed. An RPM is listed by neither, so such a repository takes none.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "repotool/config/config.hpp"
#include "repotool/ingest/inputs.hpp"
#include "signing/verifier.hpp"

namespace repotool::publisher {

struct UploaderKeys {
    std::string name;         // for messages: the path of the configuration
    std::string public_keys;  // empty: no such demand
};

// Reads the keyring that `repository` names, relative to the site at `site_root`. Throws base::Error (usage)
// where there is none.
UploaderKeys read_uploader_keys(const std::string& site_root, const RepositoryConfig& repository);

class Uploaders {
public:
    // Throws base::Error (usage) where `keys` is no keyring.
    explicit Uploaders(const UploaderKeys& keys);

    // The text of a clear-signed `document` that one of the keys vouches for. Throws base::Error (policy),
    // with the fingerprint of the signer and those that were expected, for any other; expired and revoked
    // keys are none.
    std::string check(const std::string& document, const std::string& shown_as);
    // "signed by one of …", for hints.
    const std::string& expected() const noexcept { return expected_; }

private:
    std::unique_ptr<signing::Verifier> verifier_;
    std::string expected_;
};

// SHA-256 of all files that good signatures vouch for: those that a signed .changes lists, the .dsc that are
// signed, and what .dsc so trusted list. Throws base::Error (policy) where a .changes, or a .dsc that no
// signed .changes lists, is not signed by one of the keys; all such are in its also().
std::set<std::string> vouched_digests(const Inputs& inputs, const UploaderKeys& keys);

}  // namespace repotool::publisher

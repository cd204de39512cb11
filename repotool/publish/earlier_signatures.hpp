// SPDX-License-Identifier: GPL-3.0-or-later
// Signatures that a run made of its metadata before it died in the middle of that. Private to this folder.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/base/time.hpp"
#include "core/fs/filesystem.hpp"
#include "signing/signer.hpp"
#include "signing/verifier.hpp"

namespace repotool::publisher {

// A signer that asks another one only for what is not among the files below `directory` (a staged tree), made
// by the same keys and good.
class EarlierSignatures : public signing::Signer {
public:
    EarlierSignatures(fs::Filesystem& filesystem, const std::string& directory, signing::Signer& signer);

    std::string clear_sign(std::string_view text) override;
    std::string detach_sign(std::string_view bytes) override;
    signing::SignaturePacket sign_packet(const signing::Content& content) override {
        return signer_.sign_packet(content);
    }
    const signing::KeyReference& key() const override { return signer_.key(); }
    std::string public_key() override { return signer_.public_key(); }
    std::vector<signing::PublicKey> public_keys() override { return signer_.public_keys(); }

private:
    using Signatures = std::map<std::string, std::string>;  // by the digest of what is signed
    template <typename IsGood>
    std::optional<std::string> find(const Signatures& signatures, std::string_view text, IsGood is_good);

    signing::Signer& signer_;
    Signatures detached_, clear_;
    std::vector<std::unique_ptr<signing::Verifier>> verifiers_;  // one for each key
};

// The date of the files of a staged tree; empty where there is none.
std::optional<base::UnixSeconds> date_of_tree(fs::Filesystem& filesystem, const std::string& directory);

}  // namespace repotool::publisher

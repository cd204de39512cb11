// SPDX-License-Identifier: GPL-3.0-or-later
// Several keys at once. Each signs for itself, wherever its secret part is; the signatures are put together
// here.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "signing/gpg_signer.hpp"
#include "signing/open_pgp_armor.hpp"
#include "signing/program_signer.hpp"
#include "signing/signer.hpp"

namespace repotool::signing {
namespace {

class RotationSigner : public Signer {
public:
    explicit RotationSigner(std::vector<std::unique_ptr<Signer>> signers) : signers_(std::move(signers)) {}

    std::string clear_sign(std::string_view text) override {
        return join_clear_signed(of_each([&](Signer& signer) { return signer.clear_sign(text); }));
    }
    std::string detach_sign(std::string_view bytes) override {
        return join_armored(ArmorKind::signature,
                            of_each([&](Signer& signer) { return signer.detach_sign(bytes); }));
    }
    SignaturePacket sign_packet(const Content& content) override {
        return signers_.front()->sign_packet(content);
    }
    const KeyReference& key() const override { return signers_.front()->key(); }
    std::string public_key() override { return signers_.front()->public_key(); }
    std::vector<PublicKey> public_keys() override {
        std::vector<PublicKey> keys;
        for (const auto& signer : signers_) keys.push_back({signer->key().name, signer->public_key()});
        return keys;
    }

private:
    template <typename Make>
    std::vector<std::string> of_each(const Make& make) {
        std::vector<std::string> made;
        for (const auto& signer : signers_) made.push_back(make(*signer));
        return made;
    }

    std::vector<std::unique_ptr<Signer>> signers_;
};

std::unique_ptr<Signer> open_one(const KeyReference& key) {
    if (key.program.empty()) return std::make_unique<GpgSigner>(key);
    return std::make_unique<ProgramSigner>(key);
}

}  // namespace

std::vector<PublicKey> Signer::public_keys() {
    return {{key().name, public_key()}};
}

std::unique_ptr<Signer> open_signer(const std::vector<KeyReference>& keys) {
    std::vector<std::unique_ptr<Signer>> signers;
    for (const auto& key : keys) signers.push_back(open_one(key));
    if (signers.size() == 1) return std::move(signers.front());
    return std::make_unique<RotationSigner>(std::move(signers));
}

std::unique_ptr<Signer> open_gpg_signer(const KeyReference& key) {
    return open_signer({key});
}

std::string join_public_keys(const std::vector<std::string>& armored) {
    return join_armored(ArmorKind::public_key, armored);
}

}  // namespace repotool::signing

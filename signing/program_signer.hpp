// SPDX-License-Identifier: GPL-3.0-or-later
// The Signer of a key whose secret part is with a program (`exec:` in repotool.yaml): a hardware module, a
// signing service. The program sees digests and nothing else; docs/TRUST.md has its protocol. Private to
// signing/: others use open_signer().
#pragma once

#include <memory>
#include <string>

#include "signing/digest_signer.hpp"
#include "signing/home_key.hpp"

namespace repotool::signing {

class ProgramSigner : public Signer {
public:
    // Has a probe signed. Throws base::Error (signing).
    explicit ProgramSigner(const KeyReference& key);

    std::string clear_sign(std::string_view text) override;
    std::string detach_sign(std::string_view bytes) override;
    SignaturePacket sign_packet(const Content& content) override;
    const KeyReference& key() const override { return key_.reference(); }
    std::string public_key() override { return key_.public_key(); }

private:
    HomeKey key_;
    std::unique_ptr<DigestSigners> program_;
};

}  // namespace repotool::signing

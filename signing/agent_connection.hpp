// SPDX-License-Identifier: GPL-3.0-or-later
// A connection to gpg-agent with one key selected. gpg itself starts for every signature and asks the agent
// anew; this costs a question and an answer, an S-expression of libgcrypt. Private to signing/.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "signing/agent_channel.hpp"
#include "signing/digest_signer.hpp"
#include "signing/signer.hpp"

namespace repotool::signing {

struct AgentKey {
    KeyReference reference;  // without a passphrase: the agent knows it, or there is none
    std::string keygrip;     // what gpg-agent calls the key: 40 hexadecimal digits
};

class AgentConnection : public DigestSigner {
public:
    // Throws base::Error (signing) where the agent does not answer or does not have the key.
    AgentConnection(const AgentKey& key, const std::filesystem::path& socket);
    std::vector<std::string> sign(std::string_view digest) override;

private:
    void forbid_questions();
    std::string ask(const std::string& command);
    [[noreturn]] void refuse(gpgme_error_t error) const;

    AgentKey key_;
    AgentChannel channel_;
};

// The numbers in libgcrypt's canonical S-expression of a signature: (7:sig-val(5:eddsa(1:r32:…)(1:s32:…))).
// Empty where it is anything else.
std::vector<std::string> numbers_of_signature(std::string_view expression);

}  // namespace repotool::signing

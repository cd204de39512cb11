// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/program_signer.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/subprocess.hpp"
#include "core/base/text.hpp"
#include "signing/gpg_policy.hpp"
#include "signing/open_pgp_armor.hpp"

namespace repotool::signing {
namespace {

const char* name_of(PublicKeyAlgorithm algorithm) {
    switch (algorithm) {
        case PublicKeyAlgorithm::eddsa:
            return "ed25519";
        case PublicKeyAlgorithm::ecdsa:
            return "ecdsa";
        case PublicKeyAlgorithm::rsa:
            break;
    }
    return "rsa";
}

// One run of the program for each digest.
class Program : public DigestSigner {
public:
    Program(KeyReference key, SigningIdentity identity)
        : key_(std::move(key)), identity_(std::move(identity)) {}

    std::vector<std::string> sign(std::string_view digest) override {
        const auto* bytes = reinterpret_cast<const unsigned char*>(digest.data());
        const nlohmann::ordered_json question{{"format", 1},
                                              {"key", key_.name},
                                              {"fingerprint", identity_.fingerprint},
                                              {"algorithm", name_of(identity_.algorithm)},
                                              {"hash", "sha512"},
                                              {"digest", base::to_hex({bytes, digest.size()})}};
        const auto answer = run(question.dump() + "\n");
        const auto document = nlohmann::json::parse(answer, nullptr, false);
        if (!document.is_object() || !document.contains("signature") || !document["signature"].is_string())
            refuse("its answer is not {\"signature\": \"…\"}");
        return numbers_of(bytes_of_hexadecimal(document["signature"].get<std::string>()));
    }

private:
    std::string run(const std::string& question) const {
        base::ProcessResult result;
        try {
            result =
                base::run_process(key_.program, question, {}, static_cast<int>(kOperationDeadline.count()));
        } catch (const base::SystemError& error) {
            refuse(error.reason());
        }
        if (result.exit_code == 124)
            refuse(fmt::format("it did not answer within {} s", kOperationDeadline.count()));
        if (result.exit_code != 0) {
            const auto said = base::split(base::trim(result.standard_error), '\n').back();
            refuse(fmt::format("it ended with exit code {}{}{}", result.exit_code, said.empty() ? "" : ": ",
                               base::printable(said)));
        }
        return result.standard_output;
    }

    std::vector<std::string> numbers_of(const std::string& signature) const {
        if (signature.empty()) refuse("its signature is not hexadecimal");
        if (identity_.algorithm == PublicKeyAlgorithm::rsa) return {signature};
        if (signature.size() % 2 != 0) refuse("its signature is not r and s of the same length");
        const std::size_t half = signature.size() / 2;
        return {signature.substr(0, half), signature.substr(half)};
    }

    [[noreturn]] void refuse(const std::string& reason) const {
        throw key_error(key_, fmt::format("{}: {}", key_.program.front(), reason),
                        "its question and answer are in docs/TRUST.md, 3");
    }

    KeyReference key_;
    SigningIdentity identity_;
};

}  // namespace

ProgramSigner::ProgramSigner(const KeyReference& key) : key_(key) {
    if (const auto fault = fault_of_key(key_.found(), key_.wanted()); !fault.empty())
        key_.refuse(fault, "name the subkey that signs");
    const SigningIdentity identity{algorithm_of(*find_subkey(key_.found(), key_.wanted())), key_.wanted()};
    const auto open = [reference = key_.reference(), identity] {
        return std::make_unique<Program>(reference, identity);
    };
    program_ = std::make_unique<DigestSigners>(identity, key_.public_key(), open);
    detach_sign("probe");
    key_.warn_of_expiry(key_.wanted());
}

std::string ProgramSigner::clear_sign(std::string_view text) {
    const auto content = [canonical = canonical_text(text)](const auto& take) { take(canonical); };
    return clear_signed_message(text, program_->sign(SignatureType::text, content).bytes);
}

std::string ProgramSigner::detach_sign(std::string_view bytes) {
    return armor(ArmorKind::signature, sign_packet([&](const auto& take) { take(bytes); }).bytes);
}

SignaturePacket ProgramSigner::sign_packet(const Content& content) {
    return program_->sign(SignatureType::binary, content);
}

}  // namespace repotool::signing

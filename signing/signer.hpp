// SPDX-License-Identifier: GPL-3.0-or-later
// OpenPGP signatures over metadata (GPGME). Nothing here ever asks a question: pinentry is off, and each call
// to the agent has a deadline. All failures are base::Error (signing), exit code 5, before anything is
// published.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace repotool::signing {

class KeyFile;

struct KeyReference {
    std::string name;                       // what the configuration calls it: "stable-key"
    std::string fingerprint;                // 40 hexadecimal digits, of a primary key or a signing subkey
    std::filesystem::path home;             // GNUPGHOME with the secret key (or an agent that has it)
    std::filesystem::path passphrase_file;  // its first line; empty: the agent knows it, or there is none
    // A program, with its arguments, that signs digests (docs/TRUST.md); empty: the agent of `home`, which
    // has the public key in any case.
    std::vector<std::string> program{};
    std::optional<std::string> passphrase{};  // instead of passphrase_file
    // Whose home `home` is; empty: somebody else's.
    std::shared_ptr<const KeyFile> key_file{};
};

// In GnuPG's spelling: upper case, without the blanks and the exclamation mark that people copy along.
std::string normalised_fingerprint(const std::string& fingerprint);

struct PublicKey {
    std::string name;     // what the configuration calls it
    std::string armored;  // as clients import it
};

// Bytes that are handed out piece by piece, as often as they are asked for.
using Content = std::function<void(const std::function<void(std::string_view)>& take)>;

// RFC 4880 §9.1.
enum class PublicKeyAlgorithm : std::uint8_t { rsa = 1, ecdsa = 19, eddsa = 22 };

// A binary OpenPGP signature.
struct SignaturePacket {
    PublicKeyAlgorithm algorithm = PublicKeyAlgorithm::rsa;
    std::string bytes;
};

class Signer {
public:
    virtual ~Signer() = default;
    // An InRelease: the text in a cleartext signature framework (RFC 4880 §7), SHA-256 or stronger.
    virtual std::string clear_sign(std::string_view text) = 0;
    // An armored detached signature (Release.gpg, repomd.xml.asc, MANIFEST.asc), SHA-256 or stronger.
    virtual std::string detach_sign(std::string_view bytes) = 0;
    // A binary detached signature, verified (RPM packages). Of this call alone, several may run side by side.
    virtual SignaturePacket sign_packet(const Content& content) = 0;
    virtual const KeyReference& key() const = 0;
    // The armored public key, as clients import it.
    virtual std::string public_key() = 0;
    // Of all keys that sign; the first one alone signs packages, and is key() and public_key().
    virtual std::vector<PublicKey> public_keys();
};

// Opens the key and signs a probe, so that a missing, expired, revoked, weak or locked key shows before any
// work. Refused: revoked, expired, disabled, RSA below 2048 bits, DSA. Expiry within 30 days is a warning
// (base::warn).
std::unique_ptr<Signer> open_gpg_signer(const KeyReference& key);
// The same for keys of any kind, at least one. With several, each signs metadata, so that clients with either
// key accept it.
std::unique_ptr<Signer> open_signer(const std::vector<KeyReference>& keys);

// One armored block with several keys, for apt, which reads no further than the first block.
std::string join_public_keys(const std::vector<std::string>& armored);

enum class KeyAlgorithm { ed25519, rsa4096 };

// Makes a signing key without a passphrase in `home` (made with mode 0700 when missing) and returns its
// fingerprint.
std::string generate_key(const std::filesystem::path& home, const std::string& user_id,
                         KeyAlgorithm algorithm);

struct KeyDescription {
    std::string fingerprint;
    std::string user_id;
    std::string algorithm;  // "ed25519", "rsa4096"
    std::string expires;    // ISO 8601, or empty
    bool usable = false;    // not expired, revoked, disabled; can sign
    std::string problem;    // why it is not usable
};
std::vector<KeyDescription> list_keys(const std::filesystem::path& home);

}  // namespace repotool::signing

// SPDX-License-Identifier: GPL-3.0-or-later
// GPGME's handles as objects, and the two rules that hold for every operation: nothing asks a question
// (pinentry is off), and nothing waits for ever (a deadline cancels an operation whose gpg or agent hangs).
// Private to signing/: no other folder sees gpgme.h.
#pragma once

#include <gpgme.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "signing/gpg_events.hpp"

namespace repotool::signing {

struct KeyReference;

// A hanging agent is reported within ten seconds.
constexpr std::chrono::seconds kOperationDeadline{8};
// How often one operation may be asked for the passphrase. A smartcard daemon whose card or token is gone
// asks for it until somebody says no.
constexpr int kPatienceWithQuestions = 5;
// RSA keys need many random primes, on a busy machine for a long time.
constexpr std::chrono::seconds kGenerationDeadline{180};

enum class KeyKind { public_key, secret_key };

// Bytes that go into or come out of an operation.
class GpgData {
public:
    GpgData();
    // Does not copy: `bytes` must outlive this object.
    explicit GpgData(std::string_view bytes);
    ~GpgData();
    GpgData(const GpgData&) = delete;
    GpgData& operator=(const GpgData&) = delete;

    gpgme_data_t get() const noexcept { return data_; }
    // Everything that was written to it, from the beginning.
    std::string text() const;

private:
    gpgme_data_t data_ = nullptr;
};

// An OpenPGP context with a home of its own. One operation at a time; contexts of several threads do not
// disturb each other.
class GpgContext {
public:
    // With a passphrase, that answers the agent (loopback); without, a locked key is an error.
    explicit GpgContext(const std::filesystem::path& home, std::optional<std::string> passphrase = {});
    ~GpgContext();
    GpgContext(const GpgContext&) = delete;
    GpgContext& operator=(const GpgContext&) = delete;

    gpgme_ctx_t get() const noexcept { return context_; }
    // The gpg program that GPGME starts.
    std::string engine_program() const;

    // Runs one operation, which `start` begins with a gpgme_op_…_start call, to its end or to `deadline`,
    // when the result is GPG_ERR_TIMEOUT.
    gpgme_error_t run(const std::function<gpgme_error_t(gpgme_ctx_t)>& start,
                      std::chrono::seconds deadline = kOperationDeadline);

    // The keys that match a fingerprint; all keys for an empty pattern. Public keys are read without the
    // agent.
    std::vector<KeyHandle> find_keys(const std::string& pattern, KeyKind kind = KeyKind::public_key);

    // Where the home's agent is another machine's (is_restricted_agent), which takes no option: from now on
    // gpg tells it none. False, and nothing changes, where it is not.
    bool yield_to_restricted_agent();

    const std::filesystem::path& home() const noexcept { return home_; }

private:
    static gpgme_error_t answer_passphrase(void* self, const char* uid_hint, const char* passphrase_info,
                                           int previous_was_bad, int descriptor);

    GpgEvents events_;  // outlives the context that calls it
    gpgme_ctx_t context_ = nullptr;
    std::filesystem::path home_;
    std::optional<std::string> passphrase_;
    int questions_ = 0;  // that the operation under way was asked
};

// What a GPGME error means to a person: "no secret key", "the agent did not answer within 8 s", …
std::string explain(gpgme_error_t error);
// The next step for such an error, or empty.
std::string hint_for(gpgme_error_t error, const std::filesystem::path& home);

// The name that messages call the key: its name in the configuration, else its fingerprint.
std::string display_name(const KeyReference& key);
// That this key does not sign: with its name, its home and the next step, which is a closer look at the key
// where nothing better is known.
base::Error key_error(const KeyReference& key, const std::string& reason, const std::string& hint = {});

}  // namespace repotool::signing

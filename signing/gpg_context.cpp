// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/gpg_context.hpp"

#include <fmt/format.h>

#include <cerrno>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "signing/agent_channel.hpp"
#include "signing/gpg_home.hpp"
#include "signing/key_file.hpp"
#include "signing/signer.hpp"

namespace repotool::signing {
namespace {

// Once per process, before any context, as GPGME's manual demands. It also makes the process ignore SIGPIPE.
void initialise_gpgme() {
    static const char* const version = gpgme_check_version("1.16.0");
    if (version == nullptr)
        throw base::Error(base::ErrorKind::signing, "use", "gpgme", "version 1.16.0 or later is needed");
}

void require(gpgme_error_t error, const char* verb, const std::string& object) {
    if (error == GPG_ERR_NO_ERROR) return;
    throw base::Error(base::ErrorKind::signing, verb, object, explain(error));
}

}  // namespace

GpgData::GpgData() {
    require(gpgme_data_new(&data_), "allocate", "gpgme data");
}

GpgData::GpgData(std::string_view bytes) {
    // GPGME takes no null pointer, which an empty view may have.
    const char* start = bytes.empty() ? "" : bytes.data();
    require(gpgme_data_new_from_mem(&data_, start, bytes.size(), 0), "allocate", "gpgme data");
}

GpgData::~GpgData() {
    gpgme_data_release(data_);
}

std::string GpgData::text() const {
    std::string all;
    char buffer[16384];
    gpgme_data_seek(data_, 0, SEEK_SET);
    for (;;) {
        const ssize_t count = gpgme_data_read(data_, buffer, sizeof buffer);
        if (count < 0) base::throw_errno("read", "the answer of gpg");
        if (count == 0) return all;
        all.append(buffer, static_cast<std::size_t>(count));
    }
}

GpgContext::GpgContext(const std::filesystem::path& home, std::optional<std::string> passphrase)
    : home_(home), passphrase_(std::move(passphrase)) {
    initialise_gpgme();
    require(gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP), "use", "gpg");
    require(gpgme_new(&context_), "use", "gpgme");
    const auto error =
        gpgme_ctx_set_engine_info(context_, GPGME_PROTOCOL_OpenPGP, nullptr, home.string().c_str());
    if (error != GPG_ERR_NO_ERROR)
        gpgme_release(context_);  // no destructor runs for a constructor that throws
    require(error, "use the GnuPG home", home.string());
    events_.attach(context_);
    gpgme_set_armor(context_, 1);
    gpgme_set_textmode(context_, 0);
    gpgme_set_offline(context_, 1);
    gpgme_set_keylist_mode(context_, GPGME_KEYLIST_MODE_LOCAL | GPGME_KEYLIST_MODE_WITH_KEYGRIP);
    if (!passphrase_) {
        gpgme_set_pinentry_mode(context_, GPGME_PINENTRY_MODE_ERROR);
    } else {
        gpgme_set_pinentry_mode(context_, GPGME_PINENTRY_MODE_LOOPBACK);
        gpgme_set_passphrase_cb(context_, &GpgContext::answer_passphrase, this);
    }
}

GpgContext::~GpgContext() {
    gpgme_release(context_);
}

std::string GpgContext::engine_program() const {
    for (auto* engine = gpgme_ctx_get_engine_info(context_); engine != nullptr; engine = engine->next)
        if (engine->protocol == GPGME_PROTOCOL_OpenPGP) return engine->file_name;
    throw base::Error(base::ErrorKind::signing, "find", "gpg", "GPGME knows no OpenPGP engine");
}

gpgme_error_t GpgContext::run(const std::function<gpgme_error_t(gpgme_ctx_t)>& start,
                              std::chrono::seconds deadline) {
    questions_ = 0;
    return events_.run(context_, start, deadline);
}

std::vector<KeyHandle> GpgContext::find_keys(const std::string& pattern, KeyKind kind) {
    const char* selection = pattern.empty() ? nullptr : pattern.c_str();
    const auto error = run([&](gpgme_ctx_t context) {
        return gpgme_op_keylist_start(context, selection, kind == KeyKind::secret_key ? 1 : 0);
    });
    auto keys = events_.take_keys();
    if (error == GPG_ERR_NO_ERROR) return keys;
    const std::string object = pattern.empty() ? home_.string() : pattern;
    throw base::Error(base::ErrorKind::signing, "look up keys", object, explain(error),
                      hint_for(error, home_));
}

bool GpgContext::yield_to_restricted_agent() {
    if (!is_restricted_agent(agent_socket(home_))) return false;
    gpgme_set_pinentry_mode(context_, GPGME_PINENTRY_MODE_DEFAULT);
    return true;
}

gpgme_error_t GpgContext::answer_passphrase(void* self, const char*, const char*, int previous_was_bad,
                                            int descriptor) {
    if (previous_was_bad != 0) return gpgme_error(GPG_ERR_BAD_PASSPHRASE);
    auto& context = *static_cast<GpgContext*>(self);
    if (++context.questions_ > kPatienceWithQuestions) return gpgme_error(GPG_ERR_CARD_NOT_PRESENT);
    const std::string line = *context.passphrase_ + '\n';
    const int failed = gpgme_io_writen(descriptor, line.data(), line.size());
    return failed == 0 ? gpgme_error(GPG_ERR_NO_ERROR) : gpgme_error_from_errno(errno);
}

std::string explain(gpgme_error_t error) {
    switch (gpgme_err_code(error)) {
        case GPG_ERR_TIMEOUT:
            return fmt::format("gpg or its agent did not answer within {} s", kOperationDeadline.count());
        case GPG_ERR_NO_SECKEY:
            return "the secret key is not there";
        case GPG_ERR_NO_PIN_ENTRY:
        case GPG_ERR_PIN_BLOCKED:
            return "the key is locked with a passphrase, and nothing here may ask for it";
        case GPG_ERR_BAD_PASSPHRASE:
        case GPG_ERR_CANCELED:
            return "the passphrase is wrong";
        case GPG_ERR_CARD_NOT_PRESENT:
            return "the card or token that has the key is not there";
        case GPG_ERR_NO_AGENT:
            return "the agent of GnuPG cannot be started";
        case GPG_ERR_GENERAL:
            return "gpg fails and does not say why, as it does where its agent cannot be started";
        case GPG_ERR_UNUSABLE_SECKEY:
            return "the secret key is unusable";
        default: {
            char buffer[256] = "";
            gpgme_strerror_r(error, buffer, sizeof buffer);
            return fmt::format("gpg says: {}", base::printable(buffer));
        }
    }
}

std::string hint_for(gpgme_error_t error, const std::filesystem::path& home) {
    switch (gpgme_err_code(error)) {
        case GPG_ERR_NO_AGENT:
        case GPG_ERR_GENERAL:
            return fmt::format("see what stops it with: gpgconf --homedir {} --launch gpg-agent",
                               base::shell_quote(home.string()));
        case GPG_ERR_CARD_NOT_PRESENT:
        case GPG_ERR_TIMEOUT:
            return fmt::format("end the agent with: gpgconf --homedir {} --kill gpg-agent",
                               base::shell_quote(home.string()));
        case GPG_ERR_NO_SECKEY:
        case GPG_ERR_UNUSABLE_SECKEY:
            return fmt::format("see what there is with: reposign keys list --home {}",
                               base::shell_quote(home.string()));
        case GPG_ERR_NO_PIN_ENTRY:
        case GPG_ERR_BAD_PASSPHRASE:
            return "name a file whose first line is the passphrase, or preset it in the agent";
        default:
            return {};
    }
}

std::string display_name(const KeyReference& key) {
    return key.name.empty() ? key.fingerprint : key.name;
}

base::Error key_error(const KeyReference& key, const std::string& reason, const std::string& hint) {
    const std::string place = key.key_file ? key.key_file->file() : key.home.string();
    // The home of a key file is gone before anybody could look at it.
    const bool is_useful =
        !hint.empty() && !(key.key_file && hint.find(key.home.string()) != std::string::npos);
    return {base::ErrorKind::signing, "sign with key", display_name(key),
            fmt::format("{} ({} {})", reason, key.key_file ? "key file" : "home", base::printable(place)),
            is_useful ? hint
                      : fmt::format("look at it with: reposign keys check --{} {} --key {}",
                                    key.key_file ? "gpg-key-file" : "home", base::shell_quote(place),
                                    base::shell_quote(key.fingerprint))};
}

}  // namespace repotool::signing

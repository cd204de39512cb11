// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/agent_connection.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "signing/gpg_context.hpp"

namespace repotool::signing {
namespace {

constexpr int kSha512 = 10;  // as libgcrypt numbers digests, which is as OpenPGP does

// Reads one S-expression from its beginning.
class Expression {
public:
    explicit Expression(std::string_view text) : rest_(text) {}

    bool take(char parenthesis) {
        if (!rest_.starts_with(parenthesis)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    // "3:rsa" is the word rsa.
    std::optional<std::string> word() {
        std::size_t size = 0;
        const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), size);
        const auto digits = static_cast<std::size_t>(end - rest_.data());
        if (error != std::errc{} || digits >= rest_.size() || *end != ':' || rest_.size() - digits - 1 < size)
            return std::nullopt;
        std::string word(rest_.substr(digits + 1, size));
        rest_.remove_prefix(digits + 1 + size);
        return word;
    }

private:
    std::string_view rest_;
};

}  // namespace

AgentConnection::AgentConnection(const AgentKey& key, const std::filesystem::path& socket) : key_(key) {
    auto error = gpgme_new(&context_);
    if (error == GPG_ERR_NO_ERROR) error = gpgme_set_protocol(context_, GPGME_PROTOCOL_ASSUAN);
    if (error == GPG_ERR_NO_ERROR)
        error = gpgme_ctx_set_engine_info(context_, GPGME_PROTOCOL_ASSUAN, socket.c_str(), nullptr);
    if (error != GPG_ERR_NO_ERROR) {
        gpgme_release(context_);  // no destructor runs for a constructor that throws
        throw key_error(key_.reference, explain(error));
    }
    events_.attach(context_);
    try {
        ask(fmt::format("OPTION pinentry-mode={}", key_.reference.passphrase ? "loopback" : "error"));
        ask("SIGKEY " + key_.keygrip);
    } catch (...) {
        gpgme_release(context_);
        throw;
    }
}

AgentConnection::~AgentConnection() {
    gpgme_release(context_);
}

std::vector<std::string> AgentConnection::sign(std::string_view digest) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(digest.data());
    ask(fmt::format("SETHASH {} {}", kSha512, base::to_hex({bytes, digest.size()})));
    auto numbers = numbers_of_signature(ask("PKSIGN"));
    if (numbers.empty()) throw key_error(key_.reference, "the agent's answer is no signature");
    return numbers;
}

// What the agent sends in answer to one command.
std::string AgentConnection::ask(const std::string& command) {
    received_.clear();
    const auto error = events_.run(
        context_,
        [&](gpgme_ctx_t context) {
            return gpgme_op_assuan_transact_start(context, command.c_str(), &AgentConnection::take_data, this,
                                                  &AgentConnection::answer, this, nullptr, nullptr);
        },
        kOperationDeadline);
    if (error == GPG_ERR_NO_ERROR) return received_;
    throw key_error(key_.reference, explain(error), hint_for(error, key_.reference.home));
}

gpgme_error_t AgentConnection::take_data(void* self, const void* data, std::size_t size) {
    static_cast<AgentConnection*>(self)->received_.append(static_cast<const char*>(data), size);
    return GPG_ERR_NO_ERROR;
}

// The agent asks for a passphrase; without a keyword, what it was given may go.
gpgme_error_t AgentConnection::answer(void* self, const char* keyword, const char*, gpgme_data_t* data) {
    const auto& passphrase = static_cast<AgentConnection*>(self)->key_.reference.passphrase;
    if (keyword == nullptr) {
        gpgme_data_release(*data);
        return GPG_ERR_NO_ERROR;
    }
    if (std::string_view(keyword) != "PASSPHRASE" || !passphrase) return gpgme_error(GPG_ERR_NO_PASSPHRASE);
    return gpgme_data_new_from_mem(data, passphrase->data(), passphrase->size(), 0);
}

std::vector<std::string> numbers_of_signature(std::string_view text) {
    Expression expression(text);
    if (!expression.take('(') || expression.word() != "sig-val" || !expression.take('(') ||
        !expression.word())
        return {};
    std::vector<std::string> numbers;
    while (expression.take('(')) {
        const auto name = expression.word();
        auto value = expression.word();
        if (!name || !value || !expression.take(')')) return {};
        numbers.push_back(*std::move(value));
    }
    return expression.take(')') && expression.take(')') ? numbers : std::vector<std::string>{};
}

}  // namespace repotool::signing

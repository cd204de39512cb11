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

AgentConnection::AgentConnection(const AgentKey& key, const std::filesystem::path& socket)
    : key_(key), channel_(socket, key.reference.passphrase) {
    forbid_questions();
    ask("SIGKEY " + key_.keygrip);
}

// An agent that serves strangers lets nobody say how it asks: it asks its owner, on his machine.
void AgentConnection::forbid_questions() {
    const auto* mode = key_.reference.passphrase ? "loopback" : "error";
    const auto error = channel_.tell(fmt::format("OPTION pinentry-mode={}", mode));
    if (error != GPG_ERR_NO_ERROR && gpgme_err_code(error) != GPG_ERR_FORBIDDEN) refuse(error);
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
    const auto error = channel_.tell(command);
    if (error != GPG_ERR_NO_ERROR) refuse(error);
    return channel_.received();
}

void AgentConnection::refuse(gpgme_error_t error) const {
    throw key_error(key_.reference, explain(error), hint_for(error, key_.reference.home));
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

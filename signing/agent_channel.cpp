// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/agent_channel.hpp"

#include <string_view>

#include "core/base/error.hpp"
#include "signing/gpg_context.hpp"

namespace repotool::signing {

AgentChannel::AgentChannel(const std::filesystem::path& socket, std::optional<std::string> passphrase)
    : passphrase_(std::move(passphrase)) {
    auto error = gpgme_new(&context_);
    if (error == GPG_ERR_NO_ERROR) error = gpgme_set_protocol(context_, GPGME_PROTOCOL_ASSUAN);
    if (error == GPG_ERR_NO_ERROR)
        error = gpgme_ctx_set_engine_info(context_, GPGME_PROTOCOL_ASSUAN, socket.c_str(), nullptr);
    if (error != GPG_ERR_NO_ERROR) {
        gpgme_release(context_);  // no destructor runs for a constructor that throws
        throw base::Error(base::ErrorKind::signing, "use the agent", socket.string(), explain(error));
    }
    events_.attach(context_);
}

AgentChannel::~AgentChannel() {
    gpgme_release(context_);
}

gpgme_error_t AgentChannel::tell(const std::string& command) {
    received_.clear();
    questions_ = 0;
    return events_.run(
        context_,
        [&](gpgme_ctx_t context) {
            return gpgme_op_assuan_transact_start(context, command.c_str(), &AgentChannel::take_data, this,
                                                  &AgentChannel::answer, this, nullptr, nullptr);
        },
        kOperationDeadline);
}

gpgme_error_t AgentChannel::take_data(void* self, const void* data, std::size_t size) {
    static_cast<AgentChannel*>(self)->received_.append(static_cast<const char*>(data), size);
    return GPG_ERR_NO_ERROR;
}

// The agent asks for a passphrase; without a keyword, what it was given may go.
gpgme_error_t AgentChannel::answer(void* self, const char* keyword, const char*, gpgme_data_t* data) {
    auto& channel = *static_cast<AgentChannel*>(self);
    if (keyword == nullptr) {
        gpgme_data_release(*data);
        return GPG_ERR_NO_ERROR;
    }
    if (std::string_view(keyword) != "PASSPHRASE" || !channel.passphrase_)
        return gpgme_error(GPG_ERR_NO_PASSPHRASE);
    if (++channel.questions_ > kPatienceWithQuestions) return gpgme_error(GPG_ERR_CARD_NOT_PRESENT);
    return gpgme_data_new_from_mem(data, channel.passphrase_->data(), channel.passphrase_->size(), 0);
}

bool is_restricted_agent(const std::filesystem::path& socket) {
    return AgentChannel(socket, {}).tell("GETINFO restricted") == GPG_ERR_NO_ERROR;
}

}  // namespace repotool::signing

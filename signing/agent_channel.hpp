// SPDX-License-Identifier: GPL-3.0-or-later
// A connection to gpg-agent that stays open: commands and their answers, by the protocol of its manual
// ("Agent's Assuan Protocol"). Nothing waits longer than for kOperationDeadline. Private to signing/.
#pragma once

#include <gpgme.h>

#include <filesystem>
#include <optional>
#include <string>

#include "signing/gpg_events.hpp"

namespace repotool::signing {

class AgentChannel {
public:
    // `passphrase` answers the agent where it asks for one.
    AgentChannel(const std::filesystem::path& socket, std::optional<std::string> passphrase);
    ~AgentChannel();
    AgentChannel(const AgentChannel&) = delete;
    AgentChannel& operator=(const AgentChannel&) = delete;

    // GPG_ERR_NO_ERROR, and the agent's answer is received(); else why there is none, which may be that
    // nobody listens.
    gpgme_error_t tell(const std::string& command);
    const std::string& received() const noexcept { return received_; }

private:
    static gpgme_error_t take_data(void* self, const void* data, std::size_t size);
    static gpgme_error_t answer(void* self, const char* keyword, const char* arguments, gpgme_data_t* data);

    std::optional<std::string> passphrase_;
    GpgEvents events_;  // outlives the context that calls it
    gpgme_ctx_t context_ = nullptr;
    std::string received_;
    int questions_ = 0;
};

// Whether the agent behind this socket serves strangers: its "extra" socket, which is what is forwarded to
// other machines. It does what a key is for and takes no options, so it asks its owner whatever it has to
// ask.
bool is_restricted_agent(const std::filesystem::path& socket);

}  // namespace repotool::signing

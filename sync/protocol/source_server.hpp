// SPDX-License-Identifier: GPL-3.0-or-later
// The coordinator's side of RemoteSource: answers what the agent asks for, from the public tree of one
// generation's repository and nothing else.
#pragma once

#include <stop_token>
#include <string>

#include "core/store/generation_reader.hpp"
#include "sync/directory/rate_limit.hpp"
#include "sync/protocol/channel.hpp"

namespace repotool::sync {

class SourceServer {
public:
    // All outlive this object.
    SourceServer(Channel& channel, const store::GenerationReader& source, RateLimit& limit,
                 std::stop_token stop);

    // True where `message` was a question of the agent's and has been answered.
    bool answer(const nlohmann::json& message);

private:
    void send_parts(const nlohmann::json& parts);
    void send_pieces(const nlohmann::json& pieces);
    bool send_piece(const nlohmann::json& piece);
    void send_status(const std::string& path);
    void send_names(const std::string& path);
    nlohmann::json head_of(const std::string& path);
    void check(const std::string& path) const;
    bool is_halted();

    Channel& channel_;
    const store::GenerationReader& source_;
    RateLimit& limit_;
    std::stop_token stop_;
    bool was_halted_ = false;
};

}  // namespace repotool::sync

// SPDX-License-Identifier: GPL-3.0-or-later
// A mirror with our agent at the other end of a program, which is ssh or whatever brings bytes there and
// back.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "sync/directory/directory_mirror.hpp"
#include "sync/fleet/fleet_config.hpp"
#include "sync/mirror/mirror.hpp"

namespace repotool::sync {

struct AgentConnectionOptions {
    std::vector<std::string> command;  // whose standard input and output lead to the agent
    MirrorOptions mirror;
    std::chrono::milliseconds heartbeat{1000};
    std::chrono::milliseconds patience{60000};  // with a silent agent
};

// Connects when it is first asked something, and again after a failure. Each step throws base::Error
// (network) where the agent cannot be reached.
std::unique_ptr<Mirror> make_agent_mirror(const std::string& name, AgentConnectionOptions options);

// The arguments of ssh for "ssh://[user@]host[:port]/dir": no questions, no forwarding, host keys checked.
// Throws base::Error (usage).
std::vector<std::string> ssh_arguments(const std::string& target, const SshConfig& config);

}  // namespace repotool::sync

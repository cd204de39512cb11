// SPDX-License-Identifier: GPL-3.0-or-later
// A server on a loopback port that says, byte for byte, what a test tells it to, whatever HTTP thinks of
// that.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace repotool::net {

class ScriptedServer {
public:
    // Sends bytes to whoever asked; false once nobody listens any more.
    using Send = std::function<bool(std::string_view bytes)>;
    // Called with the head of each request; the connection is closed after it unless it returns true.
    using Script = std::function<bool(const std::string& request, const Send& send)>;
    explicit ScriptedServer(Script script);
    ~ScriptedServer();
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    std::string url(const std::string& path) const;
    unsigned connections() const { return connections_; }

private:
    void accept_all();
    void serve(int connection);

    Script script_;
    int listener_ = -1;
    unsigned port_ = 0;
    std::atomic<unsigned> connections_ = 0;
    std::jthread thread_;
};

}  // namespace repotool::net

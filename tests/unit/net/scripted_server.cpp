// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/net/scripted_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace repotool::net {

ScriptedServer::ScriptedServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, any, length) != 0 || ::listen(listener_, 8) != 0 ||
        ::getsockname(listener_, any, &length) != 0)
        throw std::runtime_error("no loopback port");
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
}

std::string ScriptedServer::url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
}

void ScriptedServer::accept_all() {
    for (;;) {
        const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) return;
        ++connections_;
        serve(connection);
        ::close(connection);
    }
}

void ScriptedServer::serve(int connection) {
    const Send send = [&](std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    };
    std::string request;
    std::array<char, 4096> piece{};
    for (;;) {
        const auto got = ::recv(connection, piece.data(), piece.size(), 0);
        if (got <= 0) return;
        request.append(piece.data(), static_cast<std::size_t>(got));
        if (request.find("\r\n\r\n") == std::string::npos) continue;
        if (!script_(request, send)) return;
        request.clear();
    }
}

}  // namespace repotool::net

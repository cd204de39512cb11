// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/net/http_client.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>

#include "core/base/error.hpp"
#include "tests/unit/net/scripted_server.hpp"

namespace repotool::net {
namespace {

using Catch::Matchers::Contains;
using Send = ScriptedServer::Send;

constexpr const char* kPath = "/a/file";

std::string answer(const std::string& body, const std::string& status = "200 OK",
                   const std::string& more = "") {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more +
           "\r\n" + body;
}

ScriptedServer::Script always(const std::string& bytes) {
    return [bytes](const std::string&, const Send& send) {
        send(bytes);
        return false;
    };
}

// The message of the error that a GET of at most 100 bytes ends with.
std::string failure(const std::string& url, HttpLimits limits = {}, std::stop_token stop = {}) {
    try {
        HttpClient(limits).get(url, 100, std::move(stop));
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::network);
        return error.what();
    }
    return "";
}

std::string failure_of(const ScriptedServer::Script& script, HttpLimits limits = {}) {
    const ScriptedServer server(script);
    const auto message = failure(server.url(kPath), limits);
    CHECK_THAT(message, Contains(server.url(kPath)));
    return message;
}

}  // namespace

TEST_CASE("one connection serves several requests, which tell caches to ask the server", "[http]") {
    std::string seen;
    const ScriptedServer server([&](const std::string& request, const Send& send) {
        seen = request;
        return send(answer(request.starts_with("HEAD") ? "" : "hello"));
    });
    HttpClient client;
    CHECK(client.get(server.url(kPath), 5) == "hello");
    CHECK_THAT(seen, Contains("GET /a/file ") && Contains("Cache-Control: no-cache") &&
                         Contains("User-Agent: mirrorsync/"));
    CHECK(client.get(server.url("/other"), 5) == "hello");
    CHECK(client.head(server.url("/other")) == 0U);
    CHECK(server.connections() == 1);
}

TEST_CASE("a HEAD gives the length, where the server says it", "[http]") {
    const ScriptedServer told(always("HTTP/1.1 200 OK\r\nContent-Length: 4711\r\n\r\n"));
    CHECK(HttpClient().head(told.url(kPath)) == 4711U);
    const ScriptedServer silent(always("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"));
    CHECK_FALSE(HttpClient().head(silent.url(kPath)));
}

TEST_CASE("a status that is not 200 is an error, however long its page", "[http]") {
    CHECK_THAT(failure_of(always(answer(std::string(5000, 'x'), "404 Not Found"))), Contains("answered 404"));
    CHECK_THAT(failure_of(always(answer("x", "206 Partial Content"))), Contains("answered 206"));
}

TEST_CASE("a body that is shorter than announced is an error", "[http]") {
    CHECK_THAT(failure_of(always("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort")),
               Contains("45 bytes"));
}

TEST_CASE("a body that does not end is left at the upper bound", "[http]") {
    CHECK_THAT(failure_of([](const std::string&, const Send& send) {
                   send("HTTP/1.1 200 OK\r\n\r\n");
                   while (send(std::string(1000, 'x'))) continue;
                   return false;
               }),
               Contains("longer than the 100 bytes expected"));
}

TEST_CASE("a server that sends too slowly is given up", "[http]") {
    HttpLimits limits;
    const bool stalls = GENERATE(true, false);
    (stalls ? limits.stall_seconds : limits.answer_seconds) = 1;
    const auto began = std::chrono::steady_clock::now();
    const auto message = failure_of(
        [](const std::string&, const Send& send) {
            send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
            for (int i = 0; i < 100 && send("x"); ++i)
                std::this_thread::sleep_for(std::chrono::milliseconds(100));
            return false;
        },
        limits);
    CHECK_FALSE(message.empty());
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(8));
}

TEST_CASE("a redirect is followed on the same server, and not for ever", "[http]") {
    const ScriptedServer server([](const std::string& request, const Send& send) {
        return request.starts_with("GET /a/file ") ? send(answer("moved", "302 Found", "Location: /b\r\n"))
                                                   : send(answer("here"));
    });
    CHECK(HttpClient().get(server.url(kPath), 4) == "here");
    CHECK_THAT(failure_of(always(answer("", "302 Found", "Location: /a/file\r\n"))),
               Contains("redirects more than 3 times"));
}

TEST_CASE("a redirect to another server or another scheme is refused", "[http]") {
    const std::string target =
        GENERATE("http://localhost/a", "https://127.0.0.1/a", "http://127.0.0.1:1/a", "file:///etc/passwd");
    CHECK_THAT(failure_of(always(answer("", "301 Moved", "Location: " + target + "\r\n"))),
               Contains(target) && Contains("another server"));
}

TEST_CASE("other schemes are refused, and so is nobody there", "[http]") {
    CHECK_THAT(failure("file:///etc/passwd"), Contains("file:///etc/passwd"));
    CHECK_THAT(failure("ftp://127.0.0.1/a"), Contains("ftp"));
    CHECK_THAT(failure("http://127.0.0.1:1/a"), Contains("connect"));
}

TEST_CASE("whoever is told to stop stops", "[http]") {
    std::stop_source stop;
    stop.request_stop();
    const ScriptedServer server(always(answer("hello")));
    CHECK_THAT(failure(server.url(kPath), {}, stop.get_token()), Contains("stopped"));
}

TEST_CASE("an address is joined with what lies below it", "[http]") {
    CHECK(join_url("http://host/repo/", "pool/g/g++_1.0~rc1_amd64.deb") ==
          "http://host/repo/pool/g/g%2B%2B_1.0~rc1_amd64.deb");
    CHECK(join_url("http://host", "a b%") == "http://host/a%20b%25");
}

}  // namespace repotool::net

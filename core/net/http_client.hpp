// SPDX-License-Identifier: GPL-3.0-or-later
// An HTTP client for servers that may be slow, wrong or hostile: every answer has an upper bound of bytes and
// of time, known before it is asked for. Plain http and https alone; redirects only within the origin asked;
// the proxies of the environment are not used, because what a proxy answers says nothing about the server.
// Everything that goes wrong is base::Error (network) that names the address.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace repotool::net {

struct HttpLimits {
    unsigned connect_seconds = 10;
    unsigned stall_seconds = 15;    // so long below stall_bytes a second: it is given up
    unsigned stall_bytes = 1024;    // a second
    unsigned answer_seconds = 300;  // one whole answer, redirects included
};

// One connection that is kept between requests. For one thread at a time.
class HttpClient {
public:
    explicit HttpClient(HttpLimits limits = {});
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    // The body of a 200. Longer than `most_bytes`, or shorter than the server announced, is an error. Caches
    // on the way are told to ask the server again. Ends soon, with an error, when `stop` is asked for.
    std::string get(const std::string& url, std::uint64_t most_bytes, std::stop_token stop = {});
    // The length that a GET would have; empty where the server does not say.
    std::optional<std::uint64_t> head(const std::string& url, std::stop_token stop = {});

private:
    struct Exchange;
    void perform(const std::string& url, Exchange& exchange);
    std::optional<std::string> perform_once(const std::string& url, Exchange& exchange);
    void set_options(const std::string& url, Exchange& exchange);

    struct Handle;
    HttpLimits limits_;
    std::unique_ptr<Handle> handle_;
};

// `base` with `path` below it, which is percent-encoded but for its slashes.
std::string join_url(std::string_view base, std::string_view path);

}  // namespace repotool::net

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/net/http_client.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <new>

#include "core/base/error.hpp"

namespace repotool::net {
namespace {

using base::Error;
using base::ErrorKind;
using Clock = std::chrono::steady_clock;

constexpr int kMostRedirects = 3;
constexpr std::uint64_t kMostDiscarded = std::uint64_t{1} << 20U;

[[noreturn]] void fail(const std::string& url, const std::string& reason) {
    throw Error(ErrorKind::network, "read", url, reason);
}

// curl_global_init is not safe beside other threads, a static object's construction is.
void start_library() {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (started != CURLE_OK)
        throw Error(ErrorKind::internal, "start", "libcurl", curl_easy_strerror(started));
}

// "https://host:443", by curl's own reading of the address, so that nobody else's differs.
std::string origin_of(const std::string& url) {
    const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), curl_url_cleanup);
    if (!parsed) throw std::bad_alloc();
    if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        return "";
    const auto part = [&](CURLUPart which) {
        char* text = nullptr;
        if (curl_url_get(parsed.get(), which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return std::string();
        std::string copy(text);
        curl_free(text);
        return copy;
    };
    return fmt::format("{}://{}:{}", part(CURLUPART_SCHEME), part(CURLUPART_HOST), part(CURLUPART_PORT));
}

}  // namespace

struct HttpClient::Handle {
    std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl{nullptr, curl_easy_cleanup};
    std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers{nullptr, curl_slist_free_all};
    std::array<char, CURL_ERROR_SIZE> reason{};
};

struct HttpClient::Exchange {
    CURL* curl = nullptr;
    bool wants_body = true;
    std::uint64_t most_bytes = 0;
    std::stop_token stop;
    Clock::time_point deadline;
    std::string body{};
    std::uint64_t discarded = 0;
    bool is_too_long = false;
    std::optional<std::uint64_t> announced{};

    static std::size_t take(const char* bytes, std::size_t one, std::size_t length, void* exchange) noexcept {
        auto& self = *static_cast<Exchange*>(exchange);
        return self.keep({bytes, one * length}) ? one * length : 0;
    }
    // False ends the transfer.
    bool keep(std::string_view bytes) noexcept {
        long status = 0;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        if (status != 200) {  // the page that comes with it is of no use, and may be longer than the body
            discarded += bytes.size();
            return discarded <= kMostDiscarded;
        }
        is_too_long = bytes.size() > most_bytes - body.size();
        if (is_too_long) return false;
        try {
            body.append(bytes);
            return true;
        } catch (const std::bad_alloc&) {
            return false;
        }
    }
    static int is_over(void* exchange, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
        return static_cast<Exchange*>(exchange)->stop.stop_requested() ? 1 : 0;
    }
};

HttpClient::HttpClient(HttpLimits limits) : limits_(limits) {
    start_library();
    handle_ = std::make_unique<Handle>();
    handle_->curl.reset(curl_easy_init());
    handle_->headers.reset(curl_slist_append(nullptr, "Cache-Control: no-cache"));
    if (!handle_->curl || !handle_->headers) throw std::bad_alloc();
}

HttpClient::~HttpClient() = default;

std::string HttpClient::get(const std::string& url, std::uint64_t most_bytes, std::stop_token stop) {
    Exchange exchange{handle_->curl.get(), true, most_bytes, std::move(stop),
                      Clock::now() + std::chrono::seconds(limits_.answer_seconds)};
    perform(url, exchange);
    return std::move(exchange.body);
}

std::optional<std::uint64_t> HttpClient::head(const std::string& url, std::stop_token stop) {
    Exchange exchange{handle_->curl.get(), false, 0, std::move(stop),
                      Clock::now() + std::chrono::seconds(limits_.answer_seconds)};
    perform(url, exchange);
    return exchange.announced;
}

void HttpClient::perform(const std::string& url, Exchange& exchange) {
    const std::string origin = origin_of(url);
    std::string address = url;
    for (int redirects = 0; redirects <= kMostRedirects; ++redirects) {
        const auto elsewhere = perform_once(address, exchange);
        if (!elsewhere) return;
        if (origin_of(*elsewhere) != origin)
            fail(url, fmt::format("it redirects to '{}', which is another server", *elsewhere));
        address = *elsewhere;
    }
    fail(url, fmt::format("it redirects more than {} times", kMostRedirects));
}

// Where it redirects to; empty where it answered with 200.
std::optional<std::string> HttpClient::perform_once(const std::string& url, Exchange& exchange) {
    exchange.body.clear();
    set_options(url, exchange);
    CURL* curl = handle_->curl.get();
    const CURLcode code = curl_easy_perform(curl);
    if (exchange.stop.stop_requested()) fail(url, "it was stopped");
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    char* elsewhere = nullptr;
    curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &elsewhere);
    if (elsewhere != nullptr) return elsewhere;
    // Before the length: an error page is of any length.
    if (status != 0 && status != 200) fail(url, fmt::format("the server answered {}", status));
    if (exchange.is_too_long || code == CURLE_FILESIZE_EXCEEDED)
        fail(url, fmt::format("it is longer than the {} bytes expected", exchange.most_bytes));
    if (code != CURLE_OK)
        fail(url, handle_->reason[0] != 0 ? handle_->reason.data() : curl_easy_strerror(code));
    curl_off_t length = -1;
    curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length >= 0) exchange.announced = static_cast<std::uint64_t>(length);
    return std::nullopt;
}

void HttpClient::set_options(const std::string& url, Exchange& exchange) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(exchange.deadline - Clock::now()).count();
    if (left <= 0) fail(url, fmt::format("it took longer than {} s", limits_.answer_seconds));
    CURL* curl = handle_->curl.get();
    curl_easy_reset(curl);  // keeps the connection
    handle_->reason[0] = 0;
    const auto set = [&](CURLoption option, auto value) {
        const CURLcode code = curl_easy_setopt(curl, option, value);
        if (code != CURLE_OK) fail(url, curl_easy_strerror(code));
    };
    set(CURLOPT_ERRORBUFFER, handle_->reason.data());
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_USERAGENT, "mirrorsync/" REPOTOOL_VERSION);
    set(CURLOPT_HTTPHEADER, handle_->headers.get());
    set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(limits_.connect_seconds));
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(limits_.stall_seconds));
    set(CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(limits_.stall_bytes));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(left));
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &Exchange::is_over);
    set(CURLOPT_XFERINFODATA, static_cast<void*>(&exchange));
    if (!exchange.wants_body) {
        set(CURLOPT_NOBODY, 1L);
        return;
    }
    set(CURLOPT_WRITEFUNCTION, &Exchange::take);
    set(CURLOPT_WRITEDATA, static_cast<void*>(&exchange));
}

std::string join_url(std::string_view base, std::string_view path) {
    while (base.ends_with('/')) base.remove_suffix(1);
    std::string url(base);
    url += '/';
    for (const char c : path) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                              c == '/' || c == '.' || c == '-' || c == '_' || c == '~';
        if (is_plain) {
            url += c;
        } else {
            url += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return url;
}

}  // namespace repotool::net

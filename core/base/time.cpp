// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <string>
#include <thread>

#include "core/base/error.hpp"

namespace repotool::base {
namespace {

class SystemClock : public Clock {
public:
    UnixSeconds now() override { return fixed_ ? epoch_ : std::time(nullptr); }
    void sleep_ms(int milliseconds) override {
        if (!fixed_) std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    }
    bool is_fixed() const override { return fixed_; }
    UnixSeconds real_now() override { return std::time(nullptr); }
    SystemClock() {
        const char* text = std::getenv("SOURCE_DATE_EPOCH");
        if (text == nullptr || *text == '\0') return;
        const std::string_view value(text);
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), epoch_);
        if (error != std::errc() || end != value.data() + value.size() || epoch_ < 0) {
            throw Error(ErrorKind::usage, "use", "SOURCE_DATE_EPOCH",
                        "expected seconds since 1970, found '" + std::string(value) + "'");
        }
        fixed_ = true;
        epoch_ = std::min<UnixSeconds>(epoch_, std::time(nullptr));  // clients refuse a date in the future
    }

private:
    bool fixed_ = false;
    UnixSeconds epoch_ = 0;
};

std::tm broken_down(UnixSeconds time) {
    std::tm parts{};
    const std::time_t value = time;
    gmtime_r(&value, &parts);
    return parts;
}

}  // namespace

Clock& system_clock() {
    static SystemClock clock;
    return clock;
}

std::string rfc1123(UnixSeconds time) {
    // Not strftime: its day and month names follow the locale.
    constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::tm t = broken_down(time);
    return fmt::format(
        "{}, {:02} {} {} {:02}:{:02}:{:02} +0000", kDays.at(static_cast<std::size_t>(t.tm_wday)), t.tm_mday,
        kMonths.at(static_cast<std::size_t>(t.tm_mon)), t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

std::optional<UnixSeconds> parse_rfc1123(const std::string& text) {
    std::tm t{};  // the program's locale is always "C"
    const char* end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S", &t);
    const std::string_view zone(end == nullptr ? "" : end);
    if (zone != " +0000" && zone != " UTC" && zone != " GMT") return std::nullopt;
    return timegm(&t);
}

std::string iso8601(UnixSeconds time) {
    const std::tm t = broken_down(time);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                       t.tm_hour, t.tm_min, t.tm_sec);
}

UnixSeconds parse_iso8601(std::string_view text) {
    std::tm t{};
    const std::string copy(text);
    const char* end = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%SZ", &t);
    if (end == nullptr || *end != '\0') {
        throw Error(ErrorKind::input, "read", copy, "expected a time like 2026-11-20T12:50:00Z");
    }
    return timegm(&t);
}

UnixSeconds parse_duration(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    if (error == std::errc() && value >= 0 && value < 1'000'000'000) {
        if (unit == "ms") return (value + 999) / 1000;
        if (unit == "s" || (unit.empty() && value == 0)) return value;
        if (unit == "m") return value * 60;
        if (unit == "h") return value * 3600;
        if (unit == "d") return value * 86400;
    }
    throw Error(ErrorKind::usage, "read duration", std::string(text),
                "expected a number with a unit, such as 30s, 10m, 48h or 20d");
}

std::int64_t monotonic_ms() {
    using std::chrono::steady_clock;
    return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace repotool::base

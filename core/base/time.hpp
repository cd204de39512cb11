// SPDX-License-Identifier: GPL-3.0-or-later
// Time as whole seconds since 1970 (UTC), its text forms, and the clock that tests replace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace repotool::base {

using UnixSeconds = std::int64_t;

class Clock {
public:
    virtual ~Clock() = default;
    virtual UnixSeconds now() = 0;
    virtual void sleep_ms(int milliseconds) = 0;
    // The time that has really come, SOURCE_DATE_EPOCH or not: for what counts how long ago something was.
    virtual UnixSeconds real_now() { return now(); }
    // True where now() never changes: waiting for it would never end.
    virtual bool is_fixed() const { return false; }
};

// The system's clock; where SOURCE_DATE_EPOCH is set, now() is that moment (reproducible-builds.org), but
// never later than the real time.
Clock& system_clock();

// "Fri, 20 Nov 2026 12:50:00 +0000": the form of RFC 1123 that Release files use.
std::string rfc1123(UnixSeconds time);
// … and back; empty for any other form.
std::optional<UnixSeconds> parse_rfc1123(const std::string& text);
// "2026-11-20T12:50:00Z" (RFC 3339), and back. parse_iso8601 throws base::Error (input) on any other form.
std::string iso8601(UnixSeconds time);
UnixSeconds parse_iso8601(std::string_view text);
// "20d", "48h", "90m", "30s", "1500ms" in seconds (rounded up). Throws base::Error (usage).
UnixSeconds parse_duration(std::string_view text);

// Milliseconds of a clock that never steps, to measure how long things take.
std::int64_t monotonic_ms();

}  // namespace repotool::base

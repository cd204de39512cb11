// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers and texts as plain bytes, for pipes and caches between programs of one machine: no escapes, no
// alignment, numbers as they lie in memory.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace repotool::base {

class ByteWriter {
public:
    explicit ByteWriter(std::string beginning = {}) : bytes_(std::move(beginning)) {}
    template <std::unsigned_integral Number>
    void number(Number value) {
        bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    void count(std::size_t value) { number(static_cast<std::uint32_t>(value)); }
    void text(std::string_view value);
    void texts(const std::vector<std::string>& values);
    const std::string& bytes() const noexcept { return bytes_; }
    std::string take() { return std::move(bytes_); }

private:
    std::string bytes_;
};

// What it reads may come from anybody: each call throws base::Error (integrity) where the bytes end too soon.
class ByteReader {
public:
    // `what` is named in errors. `bytes` outlives this object.
    ByteReader(std::string_view bytes, const char* what) : rest_(bytes), what_(what) {}
    template <std::unsigned_integral Number>
    Number number() {
        Number value{};
        std::memcpy(&value, take(sizeof value).data(), sizeof value);
        return value;
    }
    // How many entries follow, each of at least `smallest` bytes.
    std::size_t count(std::size_t smallest = 1);
    std::string text() { return std::string(take(number<std::uint32_t>())); }
    std::vector<std::string> texts();
    // Throws where something is left.
    void end() const;
    [[noreturn]] void refuse(const char* reason) const;

private:
    std::string_view take(std::size_t size);
    std::string_view rest_;
    const char* what_;
};

}  // namespace repotool::base

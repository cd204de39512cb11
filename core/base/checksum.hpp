// SPDX-License-Identifier: GPL-3.0-or-later
// A checksum at memory speed (XXH3, 64 bits): finds bytes that a disk or a power cut changed. It is no
// protection from anybody who means to change them; digest.hpp is.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace repotool::base {

std::uint64_t checksum64(std::string_view bytes) noexcept;

// The same of a stream.
class Checksum {
public:
    Checksum();
    ~Checksum();
    Checksum(Checksum&&) noexcept;
    Checksum& operator=(Checksum&&) noexcept;

    void update(std::string_view bytes) noexcept;
    // Of everything since the beginning or the last take(); begins again.
    std::uint64_t take() noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace repotool::base

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/checksum.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace repotool::base {

struct Checksum::State {
    State() { XXH3_64bits_reset(&hash); }
    XXH3_state_t hash;
};

Checksum::Checksum() : state_(std::make_unique<State>()) {}
Checksum::~Checksum() = default;
Checksum::Checksum(Checksum&&) noexcept = default;
Checksum& Checksum::operator=(Checksum&&) noexcept = default;

void Checksum::update(std::string_view bytes) noexcept {
    XXH3_64bits_update(&state_->hash, bytes.data(), bytes.size());
}

std::uint64_t Checksum::take() noexcept {
    const std::uint64_t value = XXH3_64bits_digest(&state_->hash);
    XXH3_64bits_reset(&state_->hash);
    return value;
}

std::uint64_t checksum64(std::string_view bytes) noexcept {
    return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace repotool::base

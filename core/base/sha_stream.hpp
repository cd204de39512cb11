// SPDX-License-Identifier: GPL-3.0-or-later
// SHA-256, and SHA-512 where it is asked for, of one stream (FIPS 180-4), whose state can be kept and taken
// up again: a stream that begins as another one did is hashed from where they part.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace repotool::base {

enum class ShaDigests { sha256, sha256_and_sha512 };

class ShaStream {
public:
    explicit ShaStream(ShaDigests digests = ShaDigests::sha256);
    ~ShaStream();
    ShaStream(ShaStream&&) noexcept;
    ShaStream& operator=(ShaStream&&) noexcept;

    void update(std::string_view bytes);
    std::uint64_t size() const noexcept { return size_; }
    // What resume() takes: opaque bytes, state_size() of them.
    std::string state() const;
    static std::size_t state_size(ShaDigests digests) noexcept;
    // Goes on where the stream was that gave `state`. Throws base::Error (integrity) for what is none.
    void resume(std::string_view state);
    // Of everything so far; more may follow.
    std::string sha256() const;
    std::string sha512() const;  // empty where it was not asked for

private:
    struct Contexts;
    std::unique_ptr<Contexts> contexts_;
    std::uint64_t size_ = 0;
};

}  // namespace repotool::base

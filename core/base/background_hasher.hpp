// SPDX-License-Identifier: GPL-3.0-or-later
// A ShaStream whose work is done by a thread of its own, so that several long streams are hashed on several
// cores while they are written. A short stream starts no thread. While one is alive, do not fork.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/sha_stream.hpp"

namespace repotool::base {

// Hashers that are behind take turns on the processors that the others of this process leave them, one at
// least: where several streams are hashed, nobody is ready before the longest is.
enum class Urgency { normal, behind };

class BackgroundHasher {
public:
    explicit BackgroundHasher(ShaDigests digests = ShaDigests::sha256, Urgency urgency = Urgency::normal);
    // Ends the thread, whatever still waits.
    ~BackgroundHasher();
    BackgroundHasher(const BackgroundHasher&) = delete;
    BackgroundHasher& operator=(const BackgroundHasher&) = delete;

    // As ShaStream::resume(), before the first update().
    void resume(std::string_view state);
    // Copies the bytes; waits where the thread is too far behind.
    void update(std::string_view bytes);
    // The same without a copy.
    void update(std::string&& bytes);
    // `read` gives these `size` bytes, in the thread; what it throws, the calls below throw.
    void update(std::uint64_t size, std::function<std::string()> read);
    // Keeps the stream's state of this moment for states().
    void mark();
    std::uint64_t size() const noexcept { return size_; }

    // These wait for the thread.
    std::string sha256();
    std::string sha512();
    const std::vector<std::string>& states();  // one for each mark()

private:
    struct Step {
        std::string bytes;
        bool is_marked = false;               // after them
        std::function<std::string()> read{};  // gives the bytes
    };
    struct Queue;
    void take(const Step& step);
    void hand_over(Step&& step);
    void finish();

    const Urgency urgency_;
    ShaStream stream_;                 // the thread's, while there is one
    std::vector<std::string> states_;  // likewise
    std::string block_;
    std::uint64_t size_ = 0;
    std::exception_ptr error_;      // likewise
    std::unique_ptr<Queue> queue_;  // from the first full block on
};

}  // namespace repotool::base

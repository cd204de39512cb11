// SPDX-License-Identifier: GPL-3.0-or-later
// Messages between a coordinator and an agent (docs/FORMAT.md §12.2): frames of a length, a kind and bytes. A
// heartbeat goes both ways, so that whoever was stopped, or lost the network, is known to be gone.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include <nlohmann/json.hpp>

#include "core/base/byte_stream.hpp"
#include "core/base/time.hpp"

namespace repotool::sync {

inline constexpr int kProtocol = 1;
inline constexpr std::size_t kLargestFrame = std::size_t{64} << 20U;  // bytes
inline constexpr std::size_t kPieceOfData = std::size_t{256} << 10U;

class Channel {
public:
    // Both throw base::Error (network) as the stream does.
    Channel(std::unique_ptr<base::ByteStream> stream, std::string name, std::chrono::milliseconds heartbeat);
    ~Channel();
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    void send(const nlohmann::json& message);
    void send_data(std::string_view bytes);

    enum class Kind : char { message = 'J', data = 'D', heartbeat = 'H', end = 0 };
    struct Frame {
        Kind kind = Kind::end;  // end: the other side closed the channel
        std::string bytes;
    };
    // The next frame but for heartbeats. Throws base::Error (network) also for what is no frame.
    Frame receive();
    // The next frame, which must be a message. Throws base::Error (network) where the channel ended.
    nlohmann::json receive_message();
    // True where receive() has something to give, or has it within `patience`. A heartbeat ends the wait,
    // too.
    bool wait(std::chrono::milliseconds patience);
    // When anything, be it a heartbeat, came last: of base::monotonic_ms().
    std::int64_t last_heard_ms() const noexcept { return last_heard_ms_; }
    // The next frame, which must be data.
    std::string receive_data();
    // True where a message with this key came while we were sending: it, and what came before it, is dropped.
    // Does not wait.
    bool was_told(const std::string& key);

    // Bytes, frames and all.
    std::uint64_t sent() const noexcept { return sent_; }
    const std::string& name() const noexcept { return name_; }

private:
    void write(Kind kind, std::string_view bytes);
    Frame read_frame();
    bool read_all(char* into, std::size_t count);
    [[noreturn]] void fail(const std::string& reason) const;

    std::unique_ptr<base::ByteStream> stream_;
    std::string name_;
    std::mutex mutex_;  // of writing
    std::uint64_t sent_ = 0;
    std::int64_t last_heard_ms_ = base::monotonic_ms();
    std::deque<Frame> waiting_;  // that came while we were sending
    std::condition_variable_any wake_;
    std::jthread heart_;
};

}  // namespace repotool::sync

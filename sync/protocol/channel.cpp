// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/protocol/channel.hpp"

#include <array>

#include "core/base/error.hpp"

namespace repotool::sync {

using nlohmann::json;

Channel::Channel(std::unique_ptr<base::ByteStream> stream, std::string name,
                 std::chrono::milliseconds heartbeat)
    : stream_(std::move(stream)),
      name_(std::move(name)),
      heart_([this, heartbeat](const std::stop_token& stop) {
          std::mutex sleep;
          std::unique_lock lock(sleep);
          while (!wake_.wait_for(lock, stop, heartbeat, [&] { return stop.stop_requested(); })) {
              if (stop.stop_requested()) return;
              try {
                  write(Kind::heartbeat, {});
              } catch (const base::Error&) {
                  return;  // whoever uses the channel next is told
              }
          }
      }) {}

Channel::~Channel() = default;

void Channel::fail(const std::string& reason) const {
    throw base::Error(base::ErrorKind::network, "talk to", name_, reason);
}

void Channel::write(Kind kind, std::string_view bytes) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    const auto byte = [&](unsigned shift) { return static_cast<char>((size >> shift) & 0xffU); };
    std::string frame{byte(24), byte(16), byte(8), byte(0), static_cast<char>(kind)};
    frame.append(bytes);
    const std::scoped_lock lock(mutex_);
    stream_->write(frame);
    sent_ += frame.size();
}

void Channel::send(const json& message) {
    const std::string text = message.dump(-1, ' ', false, json::error_handler_t::replace);
    if (text.size() > kLargestFrame) fail("a message is too large to be sent");
    write(Kind::message, text);
}

void Channel::send_data(std::string_view bytes) {
    write(Kind::data, bytes);
}

// False where the stream ended before the first byte.
bool Channel::read_all(char* into, std::size_t count) {
    std::size_t got = 0;
    while (got < count) {
        const std::size_t more = stream_->read({into + got, count - got});
        if (more == 0 && got == 0) return false;
        if (more == 0) fail("the connection broke in the middle of a message");
        got += more;
    }
    last_heard_ms_ = base::monotonic_ms();
    return true;
}

Channel::Frame Channel::read_frame() {
    std::array<char, 5> head{};
    if (!read_all(head.data(), head.size())) return {};
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size = size << 8U | static_cast<unsigned char>(head.at(i));
    Frame frame{static_cast<Kind>(head[4]), {}};
    const bool is_known =
        frame.kind == Kind::message || frame.kind == Kind::data || frame.kind == Kind::heartbeat;
    if (!is_known || size > kLargestFrame) {
        // A login banner, the output of a shell's profile: anything but our program.
        fail(
            "what comes from there is not mirrorsync's protocol; is the forced command "
            "'mirrorsync serve --stdio --root DIR'?");
    }
    frame.bytes.resize(size);
    if (size > 0 && !read_all(frame.bytes.data(), size))
        fail("the connection broke in the middle of a message");
    return frame;
}

Channel::Frame Channel::receive() {
    if (!waiting_.empty()) {
        Frame frame = std::move(waiting_.front());
        waiting_.pop_front();
        return frame;
    }
    for (;;) {
        Frame frame = read_frame();
        if (frame.kind != Kind::heartbeat) return frame;
    }
}

bool Channel::wait(std::chrono::milliseconds patience) {
    if (!waiting_.empty()) return true;
    if (!stream_->has_input(patience)) return false;
    Frame frame = read_frame();
    if (frame.kind == Kind::heartbeat) return false;
    waiting_.push_back(std::move(frame));
    return true;
}

bool Channel::was_told(const std::string& key) {
    while (stream_->has_input(std::chrono::milliseconds(0))) {
        Frame frame = read_frame();
        if (frame.kind == Kind::heartbeat) continue;
        if (frame.kind == Kind::end) fail("it closed the connection");
        const json message = json::parse(frame.bytes, nullptr, false);
        waiting_.push_back(std::move(frame));
        if (!message.is_object() || !message.contains(key)) continue;
        waiting_.clear();
        return true;
    }
    return false;
}

json Channel::receive_message() {
    const Frame frame = receive();
    if (frame.kind == Kind::end) {
        const std::string said = stream_->complaints();
        fail(said.empty() ? "it closed the connection" : "it closed the connection: " + said);
    }
    json message = json::parse(frame.bytes, nullptr, false);
    if (frame.kind != Kind::message || !message.is_object()) fail("it sent no message where one was due");
    return message;
}

std::string Channel::receive_data() {
    Frame frame = receive();
    if (frame.kind != Kind::data) fail("it sent no data where some was due");
    return std::move(frame.bytes);
}

}  // namespace repotool::sync

// SPDX-License-Identifier: GPL-3.0-or-later
// A two-way stream of bytes with another program: one that this process starts, or the one that started it.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace repotool::base {

// Writing and reading may go on in two threads. Errors are base::Error (network): the other end is gone, or
// did not move for as long as the stream is patient.
class ByteStream {
public:
    virtual ~ByteStream() = default;
    // All of `bytes`.
    virtual void write(std::string_view bytes) = 0;
    // At least one byte; 0 where the stream ended.
    virtual std::size_t read(std::span<char> buffer) = 0;
    // True where read() would not wait, now or within `patience`.
    virtual bool has_input(std::chrono::milliseconds patience) = 0;
    // The end of what the other program said on its standard error, if that comes here.
    virtual std::string complaints() { return {}; }
};

// Starts a program (the first argument, looked up in PATH) whose standard input and output are the stream. It
// is killed, with what it started in its session, when the stream dies. Throws base::SystemError where it
// cannot be started. `name` is for messages.
std::unique_ptr<ByteStream> start_program(const std::vector<std::string>& arguments, const std::string& name,
                                          std::chrono::milliseconds patience);
// Standard input and output of this process. From here on nothing else may use them, and a broken pipe is an
// error, no signal.
std::unique_ptr<ByteStream> standard_stream(std::chrono::milliseconds patience);

}  // namespace repotool::base

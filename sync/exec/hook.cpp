// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/exec/hook.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/subprocess.hpp"
#include "core/base/text.hpp"
#include "sync/mirror/mirror.hpp"

namespace repotool::sync {
namespace {

using base::Error;
using base::ErrorKind;
using nlohmann::json;

constexpr int kTimedOut = 124;

// The exit codes of hooks are ours.
ErrorKind kind_of(int exit_code) {
    for (const auto kind : {ErrorKind::usage, ErrorKind::input, ErrorKind::policy, ErrorKind::signing,
                            ErrorKind::conflict, ErrorKind::storage, ErrorKind::integrity}) {
        if (base::exit_code(kind) == exit_code) return kind;
    }
    return ErrorKind::network;
}

}  // namespace

json Hook::ask(const std::string& verb, json question, const std::stop_token& stop) const {
    const std::string doing = fmt::format("ask for '{}' of", verb);
    question["format"] = 1;
    question["verb"] = verb;
    question["mirror"] = name_;
    std::vector<std::string> words = command_;
    words.push_back(verb);
    base::ProcessResult result;
    try {
        const std::string text = question.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
        result = base::run_session(words, text, {}, {timeout_seconds_, stop});
    } catch (const base::SystemError& error) {
        throw Error(ErrorKind::usage, doing, name_, fmt::format("{}: {}", words.front(), error.reason()));
    }
    if (result.exit_code != 0 && stop.stop_requested()) throw Cancelled();
    const auto fail = [&](ErrorKind kind, const std::string& reason) {
        throw Error(kind, doing, name_, fmt::format("{} {}", words.front(), reason));
    };
    if (result.exit_code == kTimedOut)
        fail(ErrorKind::network, fmt::format("did not end within {} s", timeout_seconds_));
    if (result.exit_code != 0) {
        const auto said = base::split(base::trim(result.standard_error), '\n').back();
        fail(kind_of(result.exit_code), fmt::format("ended with exit code {}{}{}", result.exit_code,
                                                    said.empty() ? "" : ": ", base::printable(said)));
    }
    json answer = json::parse(result.standard_output, nullptr, false);
    if (!answer.is_object()) fail(ErrorKind::network, "answered with something else than a JSON object");
    return answer;
}

}  // namespace repotool::sync

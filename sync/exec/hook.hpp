// SPDX-License-Identifier: GPL-3.0-or-later
// One program that answers questions: a JSON document in, one out.
#pragma once

#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <vector>

namespace repotool::sync {

class Hook {
public:
    // `name`: of the mirror, for messages.
    Hook(std::string name, std::vector<std::string> command, int timeout_seconds)
        : name_(std::move(name)), command_(std::move(command)), timeout_seconds_(timeout_seconds) {}

    // Its answer, an object. Throws base::Error of the kind that its exit code means, with the last line that
    // it said on standard error; network where that is none of ours, where it took too long, or where its
    // answer is no answer. Cancelled where `stop` is asked for.
    nlohmann::json ask(const std::string& verb, nlohmann::json question,
                       const std::stop_token& stop = {}) const;

private:
    std::string name_;
    std::vector<std::string> command_;
    int timeout_seconds_;
};

}  // namespace repotool::sync

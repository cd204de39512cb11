// SPDX-License-Identifier: GPL-3.0-or-later
// The answer of a publish as a JUnit file, as CI servers read it: one testsuite "repotool.<operation>", one
// testcase for each package and each step.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "repotool/publish/publish.hpp"

namespace repotool::publisher {

// What succeeded. A package that a rule refused is a failure in it.
std::string render_junit(const std::string& operation, const PublishResult& result);

// What failed as a whole: a testcase of each input, of which the one that `error` names fails, and one of the
// operation, which fails with the error and its hint.
struct FailedPublish {
    std::string operation;
    std::string repository;
    std::vector<std::string> inputs;  // paths and repository[@N], as they were given
    std::int64_t elapsed_ms = 0;
};
std::string render_junit(const FailedPublish& failed, const base::Error& error);

}  // namespace repotool::publisher

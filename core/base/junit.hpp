// SPDX-License-Identifier: GPL-3.0-or-later
// JUnit files as CI servers read them: one test suite in a document.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace repotool::base {

struct JunitCase {
    std::string class_name;  // below the suite's: "stable.package"
    std::string name;
    std::int64_t ms = 0;
    std::string failure{};  // message; empty: it passed
    std::string details{};
    bool skipped = false;
};

// The whole document. `suite` is a plain word; all other texts may be anything.
std::string render_junit(const std::string& suite, const std::vector<JunitCase>& cases,
                         std::int64_t elapsed_ms);

}  // namespace repotool::base

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/junit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"

namespace repotool::base {
namespace {

// Control characters are not allowed in XML 1.0, not even escaped.
std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : printable(text)) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string seconds(std::int64_t ms) {
    return fmt::format("{}.{:03}", ms / 1000, ms % 1000);
}

std::string case_text(const std::string& suite, const JunitCase& item) {
    const std::string head = fmt::format("  <testcase classname=\"{}.{}\" name=\"{}\" time=\"{}\"", suite,
                                         escaped(item.class_name), escaped(item.name), seconds(item.ms));
    if (!item.failure.empty()) {
        return fmt::format("{}>\n   <failure message=\"{}\">{}</failure>\n  </testcase>\n", head,
                           escaped(item.failure), escaped(item.details));
    }
    return item.skipped ? head + ">\n   <skipped/>\n  </testcase>\n" : head + "/>\n";
}

}  // namespace

std::string render_junit(const std::string& suite, const std::vector<JunitCase>& cases,
                         std::int64_t elapsed_ms) {
    const auto count = [&](auto member) { return std::count_if(cases.begin(), cases.end(), member); };
    std::string text = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
        " <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{}\">\n",
        suite, cases.size(), count([](const JunitCase& item) { return !item.failure.empty(); }),
        count([](const JunitCase& item) { return item.skipped; }), seconds(elapsed_ms));
    for (const auto& item : cases) text += case_text(suite, item);
    return text + " </testsuite>\n</testsuites>\n";
}

}  // namespace repotool::base

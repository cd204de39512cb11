// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/strict_json.hpp"

#include <fmt/format.h>

#include <set>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace repotool::base {
namespace {

using nlohmann::json;

// Looks at each event of the parser; the keys of an object are known until it ends.
class Watch {
public:
    explicit Watch(const std::string& name) : name_(name) {}

    void see(int depth, json::parse_event_t event, const json& value) {
        if (event == json::parse_event_t::object_start) objects_.emplace_back();
        if (event == json::parse_event_t::object_end) objects_.pop_back();
        if (depth >= kDeepestJson) refuse(fmt::format("it is nested deeper than {} levels", kDeepestJson));
        if (event != json::parse_event_t::key) return;
        const std::string key = value.get<std::string>();
        if (!objects_.back().insert(key).second)
            refuse(fmt::format("the key '{}' is there twice", printable(key)));
    }

private:
    [[noreturn]] void refuse(const std::string& reason) const {
        throw Error(ErrorKind::input, "read", name_, reason);
    }

    const std::string& name_;
    std::vector<std::set<std::string>> objects_;  // keys of each that is open
};

}  // namespace

json parse_strict_json(std::string_view text, const std::string& name) {
    Watch watch(name);
    try {
        return json::parse(text, [&](int depth, json::parse_event_t event, json& value) {
            watch.see(depth, event, value);
            return true;
        });
    } catch (const json::exception& error) {
        throw Error(ErrorKind::input, "read", name,
                    fmt::format("it is no JSON: {}", printable(error.what())));
    }
}

}  // namespace repotool::base

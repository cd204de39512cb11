// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace repotool::store {
namespace {

bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool consists_of(std::string_view text, const std::function<bool(char)>& first, std::string_view more,
                 bool upper) {
    if (text.empty() || !first(text[0])) return false;
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return is_lower(c) || is_digit(c) || (upper && is_upper(c)) || more.find(c) != std::string_view::npos;
    });
}

bool is_segment(std::string_view text) {
    const bool shape = consists_of(
        text, [](char c) { return is_lower(c) || is_digit(c); }, "._+-", false);
    return shape && text.size() <= 63 && !text.ends_with(".lock");
}

[[noreturn]] void refuse(const char* what, std::string_view name, const std::string& reason) {
    throw base::Error(base::ErrorKind::usage, fmt::format("use {} name", what), std::string(name), reason);
}

// Empty where the name is good.
std::string repository_problem(std::string_view name) {
    constexpr std::array<std::string_view, 7> kReserved{"gen",    "pool",    "meta", "keys",
                                                        "status", "project", "lock"};
    const auto segments = base::split(name, '/');
    if (name.size() > 128) return "it is longer than 128 bytes";
    for (const auto& segment : segments) {
        if (!is_segment(segment)) {
            return "expected lower-case letters, digits and . _ + -, beginning with a letter or digit, at "
                   "most 63 in each part";
        }
    }
    for (std::size_t i = 1; i < segments.size(); ++i) {
        if (std::all_of(segments[i].begin(), segments[i].end(), is_digit))
            return fmt::format(
                "a part below another one cannot be a number, because generations are; 'change-{}' can",
                segments[i]);
    }
    if (std::find(kReserved.begin(), kReserved.end(), segments[0]) != kReserved.end()) {
        return fmt::format("'{}' is a name of every site's or mirror's own", segments[0]);
    }
    return {};
}

}  // namespace

bool is_repository_name(std::string_view name) {
    return repository_problem(name).empty();
}

bool is_dist_name(std::string_view name) {
    if (name.size() > 64 || name == "rpm") return false;
    const auto parts = base::split(name, '/');
    return std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
        return consists_of(
            part, [](char c) { return is_lower(c) || is_upper(c) || is_digit(c); }, "._+-", true);
    });
}

bool is_component_name(std::string_view name) {
    return name.size() <= 64 && consists_of(
                                    name, [](char c) { return is_lower(c) || is_digit(c); }, ".-", false);
}

bool is_architecture_name(std::string_view name) {
    return name.size() <= 32 && consists_of(
                                    name, [](char c) { return is_lower(c) || is_digit(c); }, "_-", false);
}

void check_repository_name(std::string_view name) {
    if (const std::string problem = repository_problem(name); !problem.empty())
        refuse("repository", name, problem);
}

void check_dist_name(std::string_view name) {
    if (!is_dist_name(name))
        refuse("dist", name, "expected letters, digits and . _ + -, at most 64, and not 'rpm'");
}

void check_component_name(std::string_view name) {
    if (!is_component_name(name)) refuse("component", name, "expected lower-case letters, digits, . and -");
}

void check_architecture_name(std::string_view name) {
    if (!is_architecture_name(name))
        refuse("architecture", name, "expected lower-case letters, digits, _ and -");
}

namespace {
constexpr std::string_view kUdebMark = "udeb-";
constexpr std::string_view kDebugMark = "-debug";
}  // namespace

SetKind set_kind(std::string_view set_architecture) {
    if (set_architecture == "source") return SetKind::source;
    if (set_architecture.starts_with(kUdebMark)) return SetKind::udeb;
    return set_architecture.ends_with(kDebugMark) ? SetKind::debug : SetKind::binary;
}

std::string machine_architecture(std::string_view set_architecture) {
    switch (set_kind(set_architecture)) {
        case SetKind::udeb:
            set_architecture.remove_prefix(kUdebMark.size());
            break;
        case SetKind::debug:
            set_architecture.remove_suffix(kDebugMark.size());
            break;
        default:
            break;
    }
    return std::string(set_architecture);
}

bool is_safe_path(std::string_view path) {
    if (path.empty() || path.size() > 1024) return false;
    const auto parts = base::split(path, '/');
    return std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
        const bool control = std::any_of(part.begin(), part.end(), [](char c) {
            return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
        });
        return !part.empty() && part != "." && part != ".." && part.size() <= 255 && !control;
    });
}

std::uint64_t parse_generation(std::string_view text) {
    constexpr std::uint64_t kLimit = std::uint64_t{1} << 53U;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number == 0 || number >= kLimit ||
        text[0] == '0') {
        throw base::Error(base::ErrorKind::usage, "use generation", std::string(text),
                          "expected a number from 1 on");
    }
    return number;
}

bool is_tag_name(std::string_view name) {
    const bool shape = consists_of(
        name, [](char c) { return is_lower(c) || is_upper(c) || is_digit(c); }, "._+-", true);
    return shape && name.size() <= 63 && !std::all_of(name.begin(), name.end(), is_digit);
}

void check_tag_name(std::string_view name) {
    if (!is_tag_name(name)) {
        refuse(
            "tag", name,
            "expected letters, digits and . _ + -, beginning with a letter or digit, at most 63, and not a "
            "number");
    }
}

RepositoryReference parse_reference(std::string_view text) {
    const auto at = text.find('@');
    RepositoryReference reference{std::string(text.substr(0, at)), 0};
    check_repository_name(reference.repository);
    if (at == std::string_view::npos) return reference;
    const std::string_view which = text.substr(at + 1);
    if (is_tag_name(which)) {
        reference.tag = which;
    } else {
        reference.generation = parse_generation(which);
    }
    return reference;
}

}  // namespace repotool::store

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/grammar.hpp"

#include <charconv>

#include "core/base/text.hpp"

namespace repotool::formats::deb {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kNameStart = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kNameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789+.-";
constexpr std::string_view kArchitectureCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-";
constexpr std::string_view kRevisionCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+~";
constexpr std::string_view kUpstreamCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+~-:";
constexpr std::string_view kLettersAndDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kFileNameCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+-_~^:";

bool is_made_of(std::string_view text, std::string_view characters) noexcept {
    return text.find_first_not_of(characters) == std::string_view::npos;
}

bool is_epoch(std::string_view text) noexcept {
    int epoch = 0;  // dpkg keeps it in an int, and refuses larger ones
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), epoch);
    return !text.empty() && is_made_of(text, kDigits) && status == std::errc() &&
           end == text.data() + text.size();
}

}  // namespace

bool is_package_name(std::string_view text) noexcept {
    constexpr std::size_t kLengthMax = 255;  // NAME_MAX: directories of the pool are called so
    return text.size() >= 2 && text.size() <= kLengthMax && is_made_of(text.substr(0, 1), kNameStart) &&
           is_made_of(text, kNameCharacters);
}

bool is_architecture(std::string_view text) noexcept {
    constexpr std::size_t kLengthMax = 64;
    return !text.empty() && text.size() <= kLengthMax && is_made_of(text.substr(0, 1), kNameStart) &&
           is_made_of(text, kArchitectureCharacters) && text != "any" && text != "source";
}

bool is_version(std::string_view text) noexcept {
    constexpr std::size_t kLengthMax = 200;
    if (text.size() > kLengthMax) return false;
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && !is_epoch(text.substr(0, colon))) return false;
    std::string_view upstream = without_epoch(text);
    if (const std::size_t dash = upstream.rfind('-'); dash != std::string_view::npos) {
        const std::string_view revision = upstream.substr(dash + 1);
        if (revision.empty() || !is_made_of(revision, kRevisionCharacters)) return false;
        upstream = upstream.substr(0, dash);
    }
    return !upstream.empty() && is_made_of(upstream.substr(0, 1), kDigits) &&
           is_made_of(upstream, kUpstreamCharacters);
}

bool is_file_name(std::string_view text) noexcept {
    constexpr std::size_t kLengthMax = 255;
    return !text.empty() && text.size() <= kLengthMax && is_made_of(text.substr(0, 1), kLettersAndDigits) &&
           is_made_of(text, kFileNameCharacters);
}

std::string_view without_epoch(std::string_view version) noexcept {
    const std::size_t colon = version.find(':');
    return colon == std::string_view::npos ? version : version.substr(colon + 1);
}

std::optional<SourceReference> parse_source(std::string_view value) {
    SourceReference source{std::string(value.substr(0, value.find(' '))), {}};
    if (!is_package_name(source.name)) return std::nullopt;
    const std::string_view rest = base::trim(value.substr(source.name.size()));
    if (rest.empty()) return source;
    if (!rest.starts_with('(') || !rest.ends_with(')')) return std::nullopt;
    source.version = std::string(base::trim(rest.substr(1, rest.size() - 2)));
    if (!is_version(source.version)) return std::nullopt;
    return source;
}

}  // namespace repotool::formats::deb

// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/clear_text.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.hpp"

namespace repotool::signing {
namespace {

constexpr std::string_view kBeginMessage = "-----BEGIN PGP SIGNED MESSAGE-----";
constexpr std::array<std::string_view, 3> kFrame = {kBeginMessage, "-----BEGIN PGP SIGNATURE-----",
                                                    "-----END PGP SIGNATURE-----"};

std::string_view without_carriage_return(std::string_view line) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
}

// Only "Hash:" may stand between the first line and the empty one (RFC 4880 §7): gpg does not show other
// headers.
bool has_only_hash_headers(const std::vector<std::string>& lines) {
    for (std::size_t at = 1; at < lines.size(); ++at) {
        const auto line = without_carriage_return(lines[at]);
        if (line.empty()) return true;
        if (!line.starts_with("Hash: ")) return false;
    }
    return false;
}

}  // namespace

std::string fault_of_clear_signed_frame(std::string_view message) {
    const auto lines = base::split(message, '\n');
    if (without_carriage_return(lines.front()) != kBeginMessage)
        return "the file does not begin with a cleartext-signed message";
    if (message.find('\0') != std::string_view::npos) return "the signed message holds zero bytes";
    if (!has_only_hash_headers(lines)) return "the signed message has a header other than Hash";
    std::size_t seen = 0;
    for (std::size_t at = 0; at < lines.size(); ++at) {
        const auto line = without_carriage_return(lines[at]);
        if (seen == kFrame.size() && (!line.empty() || at + 1 != lines.size()))
            return "something follows the signed message";
        if (!line.starts_with("-----")) continue;  // text lines that begin with '-' are escaped as "- "
        if (seen == kFrame.size() || line != kFrame[seen]) return "the file is not one signed message";
        ++seen;
    }
    return seen == kFrame.size() ? "" : "the signed message is not complete";
}

std::string without_trailing_blanks(std::string_view text) {
    std::string covered;
    covered.reserve(text.size());
    std::size_t start = 0;
    while (start < text.size()) {
        const auto newline = text.find('\n', start);
        auto line = text.substr(start, newline == std::string_view::npos ? newline : newline - start);
        start += line.size() + 1;
        while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r'))
            line.remove_suffix(1);
        covered.append(line);
        if (newline != std::string_view::npos) covered += '\n';
    }
    return covered;
}

}  // namespace repotool::signing

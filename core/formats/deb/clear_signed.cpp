// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/clear_signed.hpp"

#include "core/base/error.hpp"

namespace repotool::formats::deb {
namespace {

constexpr std::string_view kMessage = "-----BEGIN PGP SIGNED MESSAGE-----";
constexpr std::string_view kSignature = "-----BEGIN PGP SIGNATURE-----";
constexpr std::string_view kEnd = "-----END PGP SIGNATURE-----";

[[noreturn]] void refuse(std::string reason) {
    throw base::Error(base::ErrorKind::input, "read", "control", std::move(reason));
}

class Lines {
public:
    explicit Lines(std::string_view text) : text_(text) {}
    bool at_end() const { return text_.empty(); }
    // The next line, without its end.
    std::string_view next() {
        const std::size_t end = text_.find('\n');
        std::string_view line = text_.substr(0, end);
        text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        return line;
    }

private:
    std::string_view text_;
};

// Other headers than Hash are shown by nobody and covered by nothing.
void skip_headers(Lines& lines) {
    while (!lines.at_end()) {
        const std::string_view line = lines.next();
        if (line.empty()) return;
        if (!line.starts_with("Hash: ")) refuse("its signed message has a header other than Hash");
    }
}

std::string message_text(Lines& lines) {
    std::string text;
    while (!lines.at_end()) {
        std::string_view line = lines.next();
        if (line == kSignature) return text;
        if (line.starts_with("- "))
            line.remove_prefix(2);
        else if (line.starts_with('-'))
            refuse("a line of its signed message begins with a dash");
        text += line.substr(0, line.find_last_not_of(" \t\r") + 1);
        text += '\n';
    }
    refuse("its signed message is not complete");
}

void skip_signature(Lines& lines) {
    while (!lines.at_end()) {
        const std::string_view line = lines.next();
        if (line == kEnd) return;
        if (line.starts_with('-')) refuse("it is not one signed message");
    }
    refuse("its signature is not complete");
}

std::string open_message(Lines& lines) {
    skip_headers(lines);
    std::string text = message_text(lines);
    skip_signature(lines);
    while (!lines.at_end()) {
        if (!lines.next().empty()) refuse("there is text after its signature");
    }
    return text;
}

}  // namespace

std::string open_clear_signed(std::string_view document) {
    Lines lines(document);
    if (lines.next() == kMessage) return open_message(lines);
    for (Lines rest(document); !rest.at_end();) {
        if (rest.next().starts_with("-----BEGIN PGP")) refuse("there is text before its signed message");
    }
    return std::string(document);
}

}  // namespace repotool::formats::deb

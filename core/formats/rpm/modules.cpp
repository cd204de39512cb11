// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/modules.hpp"

#include <vector>

#include "core/base/text.hpp"
#include "core/formats/rpm/extra_pieces.hpp"
#include "core/formats/rpm/module_identity.hpp"
#include "core/formats/rpm/refusal.hpp"
#include "core/formats/rpm/xml_text.hpp"

namespace repotool::formats::rpm {
namespace {

constexpr std::string_view kBegin = "---";
constexpr std::string_view kEnd = "...";

// YAML allows neither marker in the first column of anything else (YAML 1.1, 4.2 "c-forbidden").
bool is_marker(std::string_view line, std::string_view marker) {
    if (!line.starts_with(marker)) return false;
    const auto behind = line.substr(marker.size());
    return behind.empty() || behind.front() == ' ' || behind.front() == '\t';
}

bool says_nothing(std::string_view line) {
    line = base::trim(line);
    return line.empty() || line.front() == '#';
}

// Cuts a stream into documents, each with its first marker and without its last. Lines end in a line feed.
class Splitter {
public:
    Splitter(std::vector<std::string>& documents, const std::string& shown_as)
        : documents_(documents), shown_as_(shown_as) {}

    void add(std::string_view line) {
        if (is_marker(line, kBegin)) {
            finish();
            document_ = std::string(line) + "\n";
            is_open_ = true;
            has_content_ = !says_nothing(line.substr(kBegin.size()));
        } else if (is_marker(line, kEnd)) {
            finish();
        } else if (is_open_ || !says_nothing(line)) {
            if (!is_open_ && is_directive(line)) return;
            if (!is_open_) document_ = std::string(kBegin) + "\n";
            is_open_ = true;
            has_content_ = has_content_ || !says_nothing(line);
            document_ += std::string(line) + "\n";
        }
    }
    void finish() {
        if (is_open_ && has_content_) documents_.push_back(std::move(document_));
        document_.clear();
        is_open_ = has_content_ = false;
    }

private:
    // %YAML says nothing that matters here; anything else could change what a document means.
    bool is_directive(std::string_view line) const {
        if (line.front() != '%') return false;
        if (!line.starts_with("%YAML")) refuse(shown_as_, "it has a YAML directive, which is not allowed");
        return true;
    }

    std::vector<std::string>& documents_;
    const std::string& shown_as_;
    std::string document_;
    bool is_open_ = false;
    bool has_content_ = false;
};

std::vector<std::string> split_documents(std::string_view text, const std::string& shown_as) {
    if (text.empty()) return {};
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    if (!base::is_valid_utf8(text)) refuse(shown_as, "it is not UTF-8");
    if (has_forbidden_characters(text)) refuse(shown_as, "it has control characters");
    std::vector<std::string> documents;
    Splitter splitter(documents, shown_as);
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        splitter.add(line);
    }
    splitter.finish();
    if (documents.empty()) refuse(shown_as, "it has no document");
    return documents;
}

Pieces read_modules(const std::vector<std::string>& documents, const std::string& shown_as) {
    Pieces pieces;
    for (const auto& document : documents) pieces.push_back({module_identity(document, shown_as), document});
    make_canonical(pieces);
    return pieces;
}

}  // namespace

std::string merge_modules(std::string_view current, std::string_view incoming, const std::string& shown_as) {
    const auto old = split_documents(current, shown_as);
    const auto others = split_documents(incoming, shown_as);
    std::string text;
    for (const auto& piece : merge_pieces(read_modules(old, shown_as), read_modules(others, shown_as))) {
        text += piece.bytes;
        text += std::string(kEnd) + "\n";
    }
    return text;
}

}  // namespace repotool::formats::rpm

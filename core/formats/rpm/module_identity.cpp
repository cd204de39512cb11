// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/module_identity.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <vector>

#include "core/base/digest.hpp"
#include "core/base/text.hpp"
#include "core/formats/rpm/extra_pieces.hpp"
#include "core/formats/rpm/refusal.hpp"

namespace repotool::formats::rpm {
namespace {

// A value that a document gives in more than one plain word has no entry.
struct ModuleFields {
    std::optional<std::string> kind;
    std::map<std::string, std::string> data;
};

struct Entry {
    std::string key;
    std::string_view value;
};

// `text` without quotes or comment; nothing for what is not a plain or simply quoted word.
std::optional<std::string> plain_scalar(std::string_view text) {
    text = base::trim(text);
    if (text.empty()) return std::nullopt;
    if (text.front() == '"' || text.front() == '\'') {
        const auto end = text.find(text.front(), 1);
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view behind = base::trim(text.substr(end + 1));
        const std::string_view inside = text.substr(1, end - 1);
        const bool is_simple = (behind.empty() || behind.front() == '#') && !inside.empty() &&
                               inside.find('\\') == std::string_view::npos;
        return is_simple ? std::optional<std::string>(inside) : std::nullopt;
    }
    if (std::string_view("|>&*!%@`{}[],#?-").find(text.front()) != std::string_view::npos)
        return std::nullopt;
    return std::string(base::trim(text.substr(0, text.find(" #"))));
}

// "key: value" or "key:"; nothing for any other line.
std::optional<Entry> parse_entry(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    if (colon + 1 < line.size() && line[colon + 1] != ' ' && line[colon + 1] != '\t') return std::nullopt;
    auto key = plain_scalar(line.substr(0, colon));
    if (!key) return std::nullopt;
    return Entry{std::move(*key), line.substr(colon + 1)};
}

// Keys in the first column are the document's; those of its `data` have the indentation of its first line.
ModuleFields read_fields(std::string_view document) {
    ModuleFields fields;
    bool in_data = false;
    std::optional<std::size_t> data_indent;
    for (const auto& line : base::split(document, '\n')) {
        const auto indent = line.find_first_not_of(' ');
        if (indent == std::string::npos || line[indent] == '#' || line.starts_with("---")) continue;
        const auto entry = parse_entry(std::string_view(line).substr(indent));
        if (indent == 0) {
            if (entry && entry->key == "document") fields.kind = plain_scalar(entry->value);
            in_data = entry && entry->key == "data";
            continue;
        }
        if (!in_data) continue;
        if (!data_indent) data_indent = indent;
        if (indent != *data_indent || !entry) continue;
        if (auto value = plain_scalar(entry->value)) fields.data.emplace(entry->key, std::move(*value));
    }
    return fields;
}

// The fields of `data` that tell documents of one kind apart, the one that names the module first. The first
// `needed` of them must be there.
struct Identity {
    std::vector<std::string> fields;
    std::size_t needed;
};

std::optional<Identity> identity_of(const std::string& kind) {
    if (kind == "modulemd" || kind == "modulemd-packager") {
        return Identity{{"name", "stream", "version", "context", "arch"}, 2};
    }
    if (kind == "modulemd-defaults") return Identity{{"module"}, 1};
    if (kind == "modulemd-translations") return Identity{{"module", "stream"}, 2};
    if (kind == "modulemd-obsoletes") return Identity{{"module", "stream", "context", "modified"}, 2};
    return std::nullopt;
}

}  // namespace

std::string module_identity(std::string_view document, const std::string& shown_as) {
    const ModuleFields fields = read_fields(document);
    if (!fields.kind || !fields.kind->starts_with("modulemd")) {
        refuse(shown_as, "a document of it has no line 'document: modulemd…' that says what it is");
    }
    auto by_digest = make_key({"\x7f", *fields.kind, base::sha256_hex(document)});  // after all names
    const auto identity = identity_of(*fields.kind);
    if (!identity) return by_digest;
    std::vector<std::string> values;
    for (const auto& field : identity->fields) {
        const auto found = fields.data.find(field);
        if (found == fields.data.end() && values.size() < identity->needed) return by_digest;
        values.push_back(found == fields.data.end() ? std::string() : found->second);
    }
    values.insert(values.begin() + 1, *fields.kind);
    return make_key(values);
}

}  // namespace repotool::formats::rpm

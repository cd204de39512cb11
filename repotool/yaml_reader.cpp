// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/yaml_reader.hpp"

#include <fmt/format.h>

#include <charconv>
#include <set>

#include "core/base/text.hpp"
#include "core/base/time.hpp"

namespace repotool::publisher {
namespace {

constexpr std::size_t kLargestDocument = std::size_t{1} << 20U;

std::string where(const std::string& name, const YAML::Mark& mark) {
    return mark.is_null() ? name : fmt::format("{}:{}:{}", name, mark.line + 1, mark.column + 1);
}

// yaml-cpp expands anchors before anybody can object: a few lines of them make gigabytes. So look at the text
// first.
bool has_anchor(const std::string& text) {
    char quote = 0;  // inside a quoted text or, as '#', a comment
    char before = '\n';
    for (const char c : text) {
        const bool starts_token = std::string_view(" \n[{,:\t").find(before) != std::string_view::npos;
        if (quote == 0 && starts_token && (c == '&' || c == '*')) return true;
        if (quote == 0 && starts_token && (c == '"' || c == '\'' || c == '#')) {
            quote = c;
        } else if (c == quote || (quote == '#' && c == '\n')) {
            quote = 0;
        }
        before = c;
    }
    return false;
}

}  // namespace

YamlReader YamlReader::parse(const std::string& text, const std::string& name, base::ErrorKind kind) {
    if (text.size() > kLargestDocument) throw base::Error(kind, "read", name, "it is larger than 1 MiB");
    if (has_anchor(text))
        throw base::Error(kind, "read", name,
                          "YAML anchors and aliases are not allowed (quote a text that begins with & or *)");
    try {
        const std::vector<YAML::Node> documents = YAML::LoadAll(text);
        if (documents.size() > 1)
            throw base::Error(kind, "read", name, "expected one YAML document, found several");
        YamlReader reader(documents.empty() ? YAML::Node() : documents[0], {name, kind});
        reader.check_duplicates();
        return reader;
    } catch (const YAML::Exception& error) {
        throw base::Error(kind, "read", where(name, error.mark), error.msg);
    }
}

void YamlReader::check_duplicates() const {
    if (node_.IsSequence()) {
        for (const auto& item : node_) YamlReader(item, source_).check_duplicates();
    }
    if (!node_.IsMap()) return;
    std::set<std::string> seen;
    for (const auto& pair : node_) {
        const YamlReader key(pair.first, source_);
        if (!pair.first.IsScalar()) key.fail("expected a plain key");
        if (!seen.insert(pair.first.Scalar()).second)
            key.fail(fmt::format("the key '{}' is there twice", pair.first.Scalar()));
        YamlReader(pair.second, source_).check_duplicates();
    }
}

void YamlReader::fail(const std::string& reason) const {
    throw base::Error(source_.kind, "read", where(source_.name, node_.Mark()), reason);
}

void YamlReader::read_map(const Readers& readers) const {
    if (is_null()) return;
    if (!node_.IsMap()) fail("expected a map of keys and values");
    for (const auto& pair : node_) {
        const std::string key = pair.first.Scalar();
        const auto reader = readers.find(key);
        if (reader == readers.end()) {
            std::vector<std::string> known;
            for (const auto& [name, unused] : readers) known.push_back(name);
            const std::string nearest = base::nearest(key, known);
            const std::string advice = nearest.empty() ? "known keys: " + base::join(known, ", ")
                                                       : fmt::format("did you mean '{}'?", nearest);
            YamlReader(pair.first, source_).fail(fmt::format("unknown key '{}'; {}", key, advice));
        }
        reader->second(YamlReader(pair.second, source_));
    }
}

void YamlReader::each_pair(const std::function<void(const std::string&, const YamlReader&)>& visit) const {
    if (is_null()) return;
    if (!node_.IsMap()) fail("expected a map of names and values");
    for (const auto& pair : node_) visit(pair.first.Scalar(), YamlReader(pair.second, source_));
}

void YamlReader::each_item(const std::function<void(const YamlReader&)>& visit) const {
    if (is_null()) return;
    if (!node_.IsSequence()) fail("expected a list");
    for (const auto& item : node_) visit(YamlReader(item, source_));
}

std::string YamlReader::text() const {
    if (!node_.IsScalar()) fail("expected a text");
    return node_.Scalar();
}

bool YamlReader::boolean() const {
    if (node_.IsScalar() && node_.Scalar() == "true") return true;
    if (!node_.IsScalar() || node_.Scalar() != "false") fail("expected true or false");
    return false;
}

std::uint64_t YamlReader::number() const {
    const std::string value = text();
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size())
        fail(fmt::format("expected a number, found '{}'", value));
    return number;
}

std::int64_t YamlReader::duration() const {
    try {
        return base::parse_duration(text());
    } catch (const base::Error& error) {
        fail(error.reason());
    }
}

std::vector<std::string> YamlReader::texts() const {
    std::vector<std::string> values;
    each_item([&](const YamlReader& item) { values.push_back(item.text()); });
    return values;
}

bool YamlReader::is_null() const {
    return !node_.IsDefined() || node_.IsNull();
}

}  // namespace repotool::publisher

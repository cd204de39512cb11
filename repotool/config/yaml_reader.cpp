// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/config/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "core/base/text.hpp"
#include "core/base/time.hpp"

namespace repotool::publisher {
namespace {

constexpr std::size_t kLargestDocument = std::size_t{1} << 20U;

std::string where(const std::string& name, TextPlace place) {
    return fmt::format("{}:{}:{}", name, place.line, place.column);
}
std::string where(const std::string& name, const YAML::Mark& mark) {
    return mark.is_null() ? name : where(name, TextPlace{mark.line + 1, mark.column + 1});
}

TextPlace place_of(const std::string& text, std::size_t offset) {
    const auto before = std::string_view(text).substr(0, offset);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const auto begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    return {static_cast<int>(lines) + 1, static_cast<int>(offset - begin) + 1};
}

bool is_plain_word(const std::string& key) {
    return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-';
    });
}

// yaml-cpp expands anchors before anybody can object: a few lines of them make gigabytes. So look at the text
// first.
std::optional<std::size_t> find_anchor(const std::string& text) {
    char quote = 0;  // inside a quoted text or, as '#', a comment
    char before = '\n';
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool starts_token = std::string_view(" \n[{,:\t").find(before) != std::string_view::npos;
        if (quote == 0 && starts_token && (c == '&' || c == '*')) return i;
        if (quote == 0 && starts_token && (c == '"' || c == '\'' || c == '#')) {
            quote = c;
        } else if (c == quote || (quote == '#' && c == '\n')) {
            quote = 0;
        }
        before = c;
    }
    return std::nullopt;
}

}  // namespace

YamlReader YamlReader::parse(const std::string& text, const std::string& name, base::ErrorKind kind) {
    if (text.size() > kLargestDocument) throw base::Error(kind, "read", name, "it is larger than 1 MiB");
    if (const auto anchor = find_anchor(text)) {
        throw base::Error(kind, "read", where(name, place_of(text, *anchor)),
                          "YAML anchors and aliases are not allowed (quote a text that begins with & or *)");
    }
    try {
        const std::vector<YAML::Node> documents = YAML::LoadAll(text);
        if (documents.size() > 1) {
            throw base::Error(kind, "read", where(name, documents[1].Mark()),
                              "expected one YAML document, found several");
        }
        const YamlReader reader(documents.empty() ? YAML::Node() : documents[0], {name, kind}, "");
        reader.check_duplicates();
        return reader;
    } catch (const YAML::Exception& error) {
        throw base::Error(kind, "read", where(name, error.mark), error.msg);
    }
}

YamlReader YamlReader::child(const YAML::Node& node, const std::string& path) const {
    const YAML::Mark mark = node.Mark();
    source_.places->insert_or_assign(path, TextPlace{mark.line + 1, mark.column + 1});
    return {node, source_, path};
}

void YamlReader::check_duplicates() const {
    if (node_.IsSequence()) {
        for (const auto& item : node_) YamlReader(item, source_, path_).check_duplicates();
    }
    if (!node_.IsMap()) return;
    std::set<std::string> seen;
    for (const auto& pair : node_) {
        const YamlReader key(pair.first, source_, path_);
        if (!pair.first.IsScalar()) key.fail("expected a plain key" + key.found());
        if (!seen.insert(pair.first.Scalar()).second)
            key.fail(fmt::format("the key '{}' is there twice", pair.first.Scalar()));
        YamlReader(pair.second, source_, path_).check_duplicates();
    }
}

std::string YamlReader::found() const {
    if (is_null()) return ", found nothing";
    if (node_.IsSequence()) return ", found a list";
    return node_.IsMap() ? ", found a map" : fmt::format(", found '{}'", node_.Scalar());
}

void YamlReader::fail(const std::string& reason) const {
    throw base::Error(source_.kind, "read", where(source_.name, node_.Mark()), reason);
}

void YamlReader::fail_at(const std::string& path, const std::string& reason) const {
    const auto place = source_.places->find(path);
    if (place == source_.places->end()) fail(reason);
    throw base::Error(source_.kind, "read", where(source_.name, place->second), reason);
}

void YamlReader::read_map(const Readers& readers) const {
    if (is_null()) return;
    if (!node_.IsMap()) fail("expected a map of keys and values" + found());
    for (const auto& pair : node_) {
        const std::string key = pair.first.Scalar();
        const auto reader = readers.find(key);
        if (reader == readers.end()) {
            std::vector<std::string> known;
            for (const auto& [name, unused] : readers) known.push_back(name);
            const std::string nearest = base::nearest(key, known);
            const std::string advice = nearest.empty() ? "known keys: " + base::join(known, ", ")
                                                       : fmt::format("did you mean '{}'?", nearest);
            YamlReader(pair.first, source_, path_).fail(fmt::format("unknown key '{}'; {}", key, advice));
        }
        reader->second(child(pair.second, child_path(path_, key)));
    }
}

void YamlReader::each_pair(const std::function<void(const std::string&, const YamlReader&)>& visit) const {
    if (is_null()) return;
    if (!node_.IsMap()) fail("expected a map of names and values" + found());
    for (const auto& pair : node_) {
        const std::string key = pair.first.Scalar();
        visit(key, child(pair.second, child_path(path_, key)));
    }
}

void YamlReader::each_item(const std::function<void(const YamlReader&)>& visit) const {
    if (is_null()) return;
    if (!node_.IsSequence()) fail("expected a list" + found());
    std::size_t index = 0;
    for (const auto& item : node_) visit(child(item, fmt::format("{}[{}]", path_, index++)));
}

bool YamlReader::has(const std::string& key) const {
    return node_.IsMap() && node_[key].IsDefined();
}

std::string YamlReader::text() const {
    if (!node_.IsScalar()) fail("expected a text" + found());
    return node_.Scalar();
}

bool YamlReader::boolean() const {
    const bool is_true = node_.IsScalar() && node_.Scalar() == "true";
    if (!is_true && (!node_.IsScalar() || node_.Scalar() != "false"))
        fail("expected true or false" + found());
    return is_true;
}

std::uint64_t YamlReader::number(std::uint64_t most) const {
    const std::string value = node_.IsScalar() ? node_.Scalar() : "";
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (value.empty() || error != std::errc() || end != value.data() + value.size())
        fail("expected a number" + found());
    if (number > most) fail(fmt::format("expected a number up to {}{}", most, found()));
    return number;
}

std::int64_t YamlReader::duration() const {
    try {
        return base::parse_duration(node_.IsScalar() ? node_.Scalar() : "");
    } catch (const base::Error& error) {
        fail(error.reason() + found());
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

std::string child_path(const std::string& parent, const std::string& key) {
    const std::string word = is_plain_word(key) ? key : fmt::format("\"{}\"", key);
    return parent.empty() ? word : parent + "." + word;
}

}  // namespace repotool::publisher

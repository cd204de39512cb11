// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/yaml/yaml_reader.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>
#include <sstream>

#include "core/base/text.hpp"
#include "core/base/time.hpp"

namespace repotool::yaml {
namespace {

constexpr std::size_t kLargestDocument = std::size_t{1} << 20U;

std::string where(const std::string& name, TextPlace place) {
    return fmt::format("{}:{}:{}", name, place.line, place.column);
}
std::string where(const std::string& name, const YAML::Mark& mark) {
    return mark.is_null() ? name : where(name, TextPlace{mark.line + 1, mark.column + 1});
}

bool is_plain_word(const std::string& key) {
    return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-';
    });
}

constexpr const char* kNoAnchors =
    "YAML anchors and aliases are not allowed (quote a text that begins with & or *)";

// Sees the document as a stream, before anything is built of it: whoever walks over aliases meets what they
// stand for each time, and a few lines of them make gigabytes.
class AnchorFinder : public YAML::EventHandler {
public:
    explicit AnchorFinder(std::function<void(const YAML::Mark&)> refuse) : refuse_(std::move(refuse)) {}

    void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { look(mark, anchor); }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { refuse_(mark); }
    void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  const std::string& /*value*/) override {
        look(mark, anchor);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value /*style*/) override {
        look(mark, anchor);
    }
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value /*style*/) override {
        look(mark, anchor);
    }
    void OnMapEnd() override {}

private:
    void look(const YAML::Mark& mark, YAML::anchor_t anchor) const {
        if (anchor != YAML::NullAnchor) refuse_(mark);
    }
    std::function<void(const YAML::Mark&)> refuse_;
};

void refuse_anchors(const std::string& text, const std::string& name, base::ErrorKind kind) {
    AnchorFinder finder(
        [&](const YAML::Mark& mark) { throw base::Error(kind, "read", where(name, mark), kNoAnchors); });
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(finder)) continue;
}

}  // namespace

YamlReader YamlReader::parse(const std::string& text, const std::string& name, base::ErrorKind kind,
                             Faults faults) {
    if (text.size() > kLargestDocument) throw base::Error(kind, "read", name, "it is larger than 1 MiB");
    try {
        refuse_anchors(text, name, kind);
        const std::vector<YAML::Node> documents = YAML::LoadAll(text);
        if (documents.size() > 1) {
            throw base::Error(kind, "read", where(name, documents[1].Mark()),
                              "expected one YAML document, found several");
        }
        Source source{name, kind};
        if (faults == Faults::all) source.faults = std::make_shared<std::vector<base::Error>>();
        const YamlReader reader(documents.empty() ? YAML::Node() : documents[0], source, "");
        reader.check_duplicates();
        return reader;
    } catch (const YAML::Exception& error) {
        const bool is_alias = error.msg.starts_with(YAML::ErrorMsg::UNKNOWN_ANCHOR);
        throw base::Error(kind, "read", where(name, error.mark), is_alias ? kNoAnchors : error.msg);
    }
}

void YamlReader::attempt(const std::function<void()>& read) const {
    if (!source_.faults) return read();
    try {
        read();
    } catch (const base::Error& fault) {
        source_.faults->push_back(fault);
    }
}

void YamlReader::throw_faults() const {
    if (!source_.faults || source_.faults->empty()) return;
    base::Error first = source_.faults->front();
    std::vector<std::string> others;
    std::transform(source_.faults->begin() + 1, source_.faults->end(), std::back_inserter(others),
                   [](const base::Error& fault) { return std::string(fault.what()); });
    first.set_also(std::move(others));
    throw first;
}

YamlReader YamlReader::child(const YAML::Node& node, const std::string& path) const {
    const YAML::Mark mark = node.Mark();
    source_.places->insert_or_assign(path, TextPlace{mark.line + 1, mark.column + 1});
    return {node, source_, path};
}

// A value that is not there begins, for the parser, at whatever comes next, be it lines below its key.
YamlReader YamlReader::value_of(const YAML::Node& key, const YAML::Node& value) const {
    YamlReader reader = child(value, child_path(path_, key.Scalar()));
    if (value.IsNull() && value.Mark().line != key.Mark().line) reader.mark_ = key.Mark();
    return reader;
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
        attempt([&] {
            if (!seen.insert(pair.first.Scalar()).second)
                key.fail(fmt::format("the key '{}' is there twice", pair.first.Scalar()));
        });
        YamlReader(pair.second, source_, path_).check_duplicates();
    }
}

std::string YamlReader::found() const {
    if (is_null()) return ", found nothing";
    if (node_.IsSequence()) return ", found a list";
    return node_.IsMap() ? ", found a map" : fmt::format(", found '{}'", node_.Scalar());
}

void YamlReader::fail(const std::string& reason) const {
    throw base::Error(source_.kind, "read", where(source_.name, mark_), reason);
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
        attempt([&] {
            const std::string key = pair.first.Scalar();
            const auto reader = readers.find(key);
            if (reader == readers.end()) YamlReader(pair.first, source_, path_).fail_unknown(readers);
            reader->second(value_of(pair.first, pair.second));
        });
    }
}

void YamlReader::fail_unknown(const Readers& readers) const {
    std::vector<std::string> known;
    for (const auto& [name, unused] : readers) known.push_back(name);
    const std::string nearest = base::nearest(node_.Scalar(), known);
    const std::string advice = nearest.empty() ? "known keys: " + base::join(known, ", ")
                                               : fmt::format("did you mean '{}'?", nearest);
    fail(fmt::format("unknown key '{}'; {}", node_.Scalar(), advice));
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
    for (const auto& item : node_)
        attempt([&] { visit(child(item, fmt::format("{}[{}]", path_, index++))); });
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

bool YamlReader::is_list() const {
    return node_.IsSequence();
}

TextPlace YamlReader::place() const {
    return {mark_.line + 1, mark_.column + 1};
}

std::string child_path(const std::string& parent, const std::string& key) {
    const std::string word = is_plain_word(key) ? key : fmt::format("\"{}\"", key);
    return parent.empty() ? word : parent + "." + word;
}

}  // namespace repotool::yaml

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/relations_reader.hpp"

#include <map>

#include "core/formats/rpm/xml_parser.hpp"

namespace repotool::formats::rpm {
namespace {

// Depth 0 is the root that is put around, 1 the packages, 2 their fields, 3 what <format> has, 4 its entries.
constexpr int kPackageDepth = 1;
constexpr int kFieldDepth = 2;
constexpr int kListDepth = 3;
constexpr int kEntryDepth = 4;

std::string attribute(const XmlAttributes& attributes, const char* name) {
    const auto found = attributes.find(name);
    return found == attributes.end() ? std::string() : found->second;
}

std::string whole_version(const XmlAttributes& attributes) {
    const std::string epoch = attribute(attributes, "epoch");
    const std::string release = attribute(attributes, "rel");
    std::string text = epoch.empty() || epoch == "0" ? "" : epoch + ":";
    text += attribute(attributes, "ver");
    return release.empty() ? text : text + "-" + release;
}

std::string operation_text(const std::string& flags) {
    static const std::map<std::string, std::string> kOperations{
        {"EQ", "="}, {"LT", "<"}, {"LE", "<="}, {"GT", ">"}, {"GE", ">="}};
    const auto found = kOperations.find(flags);
    return found == kOperations.end() ? std::string() : found->second;
}

class RelationsReader {
public:
    void begin(const XmlTag& tag, const XmlAttributes& attributes) {
        if (tag.depth == kPackageDepth) packages_.emplace_back();
        if (tag.depth == kFieldDepth && tag.element == "version")
            packages_.back().version = whole_version(attributes);
        if (tag.depth == kListDepth) list_ = tag.element;
        if (tag.depth == kEntryDepth && tag.element == "entry") add(attributes);
    }
    void end(const XmlTag& tag, const std::string& text) {
        if (tag.depth == kFieldDepth && tag.element == "name") packages_.back().name = text;
        if (tag.depth == kFieldDepth && tag.element == "arch") packages_.back().architecture = text;
        if (tag.depth == kListDepth && tag.element == "file")
            packages_.back().offers.push_back({text, {}, {}});
    }
    std::vector<PackageRelations> take() { return std::move(packages_); }

private:
    void add(const XmlAttributes& attributes) {
        Relation relation{attribute(attributes, "name"), operation_text(attribute(attributes, "flags")),
                          whole_version(attributes)};
        if (list_ == "provides")
            packages_.back().offers.push_back(std::move(relation));
        else if (list_ == "requires" && !relation.name.starts_with('('))
            packages_.back().needs.push_back({std::move(relation)});
    }

    std::vector<PackageRelations> packages_;
    std::string list_;
};

}  // namespace

std::vector<PackageRelations> read_relations(std::string_view text) {
    RelationsReader reader;
    XmlHandlers handlers;
    handlers.begin = [&](const XmlTag& tag, const XmlAttributes& attributes) {
        reader.begin(tag, attributes);
    };
    handlers.end = [&](const XmlTag& tag, const std::string& content) { reader.end(tag, content); };
    parse_xml({"<packages>", text, "</packages>"}, handlers, "primary.xml");
    return reader.take();
}

}  // namespace repotool::formats::rpm

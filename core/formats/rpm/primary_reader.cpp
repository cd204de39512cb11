// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/primary_reader.hpp"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>

#include "core/base/error.hpp"
#include "core/formats/rpm/xml_parser.hpp"

namespace repotool::formats::rpm {
namespace {

constexpr std::size_t kMaximumRepomd = std::size_t{1} << 20U;

[[noreturn]] void refuse_document(const std::string& shown_as, const std::string& reason) {
    throw base::Error(base::ErrorKind::integrity, "read", shown_as, reason);
}

std::string attribute(const XmlAttributes& attributes, const std::string& name) {
    const auto found = attributes.find(name);
    return found == attributes.end() ? std::string() : found->second;
}

template <typename Number>
Number to_number(const std::string& text, const std::string& shown_as) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        refuse_document(shown_as, fmt::format("'{}' is not a number", text));
    }
    return value;
}

// Depth 0 is the root that read_entries puts around, 1 the packages, 2 what is directly in them.
constexpr int kPackageDepth = 1;
constexpr int kFieldDepth = 2;

// filelists and other name the package in attributes, primary in elements.
void begin_field(const std::string& element, const XmlAttributes& attributes, const std::string& shown_as,
                 XmlEntry& entry) {
    if (element == "version") {
        entry.epoch = attribute(attributes, "epoch");
        entry.version = attribute(attributes, "ver");
        entry.release = attribute(attributes, "rel");
    } else if (element == "location") {
        entry.location = attribute(attributes, "href");
    } else if (element == "size") {
        entry.size = to_number<std::uint64_t>(attribute(attributes, "package"), shown_as);
    }
}

void end_field(const std::string& element, const std::string& text, XmlEntry& entry) {
    if (element == "name") entry.name = text;
    if (element == "arch") entry.architecture = text;
    if (element == "checksum") entry.pkgid = text;
}

void begin_record_field(const std::string& element, const XmlAttributes& attributes, RepomdRecord& record) {
    if (element == "location") record.location = attribute(attributes, "href");
}

void end_record_field(const std::string& element, const std::string& text, RepomdRecord& record) {
    const auto number = [&text] { return to_number<std::uint64_t>(text, "repomd.xml"); };
    if (element == "checksum") record.sha256 = text;
    if (element == "open-checksum") record.open_sha256 = text;
    if (element == "size") record.size = number();
    if (element == "open-size") record.open_size = number();
    // createrepo_c wrote fractions of a second once, yum and Pulp still do; whole seconds are all that we
    // use.
    if (element == "timestamp") {
        record.timestamp = to_number<base::UnixSeconds>(text.substr(0, text.find('.')), "repomd.xml");
    }
}

}  // namespace

std::vector<XmlEntry> read_entries(std::string_view kind, std::string_view text) {
    if (kind != "primary" && kind != "filelists" && kind != "other") {
        throw std::logic_error(fmt::format("bug: no RPM index is called {}", kind));
    }
    const std::string shown_as = fmt::format("{}.xml", kind);
    std::vector<XmlEntry> entries;
    XmlHandlers handlers;
    handlers.begin = [&](const XmlTag& tag, const XmlAttributes& attributes) {
        const auto& element = tag.element;
        const int depth = tag.depth;
        if (depth == kPackageDepth) {
            if (element != "package")
                refuse_document(shown_as, fmt::format("<{}> outside of a package", element));
            entries.push_back({});
            entries.back().pkgid = attribute(attributes, "pkgid");
            entries.back().name = attribute(attributes, "name");
            entries.back().architecture = attribute(attributes, "arch");
        } else if (depth == kFieldDepth) {
            begin_field(element, attributes, shown_as, entries.back());
        }
    };
    handlers.end = [&](const XmlTag& tag, const std::string& content) {
        if (tag.depth == kFieldDepth) end_field(tag.element, content, entries.back());
    };
    parse_xml({"<packages>", text, "</packages>"}, handlers, shown_as);
    return entries;
}

Repomd read_repomd(std::string_view text) {
    const std::string shown_as = "repomd.xml";
    if (text.size() > kMaximumRepomd) refuse_document(shown_as, "it has more than 1 MiB");
    Repomd repomd;
    bool in_record = false;
    XmlHandlers handlers;
    handlers.begin = [&](const XmlTag& tag, const XmlAttributes& attributes) {
        const auto& element = tag.element;
        const int depth = tag.depth;
        if (depth == 0 && element != "repomd") refuse_document(shown_as, "its root is not <repomd>");
        if (depth == 1) in_record = element == "data";
        if (depth == 1 && in_record) {
            repomd.records.push_back({});
            repomd.records.back().type = attribute(attributes, "type");
        }
        if (depth == 2 && in_record) begin_record_field(element, attributes, repomd.records.back());
    };
    handlers.end = [&](const XmlTag& tag, const std::string& content) {
        if (tag.depth == 1 && tag.element == "revision") repomd.revision = content;
        if (tag.depth == 2 && in_record) end_record_field(tag.element, content, repomd.records.back());
    };
    parse_xml({text}, handlers, shown_as);
    return repomd;
}

}  // namespace repotool::formats::rpm

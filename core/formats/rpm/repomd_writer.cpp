// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/repomd_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <tuple>

#include "core/formats/rpm/xml_text.hpp"

namespace repotool::formats::rpm {
namespace {

struct IndexFrame {
    std::string_view kind;
    std::string_view element;
    std::string_view namespaces;
};

constexpr std::array<IndexFrame, 3> kFrames{{
    {"primary", "metadata",
     R"(xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm")"},
    {"filelists", "filelists", R"(xmlns="http://linux.duke.edu/metadata/filelists")"},
    {"other", "otherdata", R"(xmlns="http://linux.duke.edu/metadata/other")"},
}};

// createrepo_c's order; types that are not here follow by name.
constexpr std::array<std::string_view, 9> kRecordOrder{"primary",     "filelists",     "other",
                                                       "primary_db",  "filelists_db",  "other_db",
                                                       "primary_zck", "filelists_zck", "other_zck"};

const IndexFrame& frame_of(std::string_view kind) {
    const auto* frame = std::find_if(kFrames.begin(), kFrames.end(),
                                     [kind](const IndexFrame& one) { return one.kind == kind; });
    if (frame == kFrames.end()) throw std::logic_error(fmt::format("bug: no RPM index is called {}", kind));
    return *frame;
}

auto sort_key(const RepomdRecord& record) {
    const auto* place = std::find(kRecordOrder.begin(), kRecordOrder.end(), record.type);
    return std::make_tuple(place - kRecordOrder.begin(), std::cref(record.type), std::cref(record.location));
}

void append_record(std::string& text, const RepomdRecord& record) {
    const auto end = std::back_inserter(text);
    fmt::format_to(end, "  <data type=\"{}\">\n", xml_escape(record.type));
    fmt::format_to(end, "    <checksum type=\"sha256\">{}</checksum>\n", record.sha256);
    if (!record.open_sha256.empty()) {
        fmt::format_to(end, "    <open-checksum type=\"sha256\">{}</open-checksum>\n", record.open_sha256);
    }
    fmt::format_to(end, "    <location href=\"{}\"/>\n", xml_escape(record.location));
    fmt::format_to(end, "    <timestamp>{}</timestamp>\n    <size>{}</size>\n", record.timestamp,
                   record.size);
    if (!record.open_sha256.empty()) fmt::format_to(end, "    <open-size>{}</open-size>\n", record.open_size);
    text += "  </data>\n";
}

}  // namespace

std::string xml_escape(std::string_view text) {
    return escape_attribute(to_xml_characters(text));
}

std::string index_header(std::string_view kind, std::uint64_t package_count) {
    const IndexFrame& frame = frame_of(kind);
    return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{} {} packages=\"{}\">\n", frame.element,
                       frame.namespaces, package_count);
}

std::string index_footer(std::string_view kind) {
    return fmt::format("</{}>", frame_of(kind).element);
}

std::string render_repomd(base::UnixSeconds revision, const std::vector<RepomdRecord>& records) {
    std::vector<RepomdRecord> sorted = records;
    std::sort(sorted.begin(), sorted.end(),
              [](const RepomdRecord& a, const RepomdRecord& b) { return sort_key(a) < sort_key(b); });
    std::string text = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<repomd xmlns=\"http://linux.duke.edu/metadata/repo\" "
        "xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\">\n"
        "  <revision>{}</revision>\n",
        revision);
    for (const auto& record : sorted) append_record(text, record);
    text += "</repomd>\n";
    return text;
}

}  // namespace repotool::formats::rpm

// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <iterator>

#include "core/formats/rpm/package_text.hpp"
#include "core/formats/rpm/xml_text.hpp"

namespace repotool::formats::rpm {
namespace {

void append_element(std::string& text, std::string_view indent, std::string_view name,
                    const std::string& content) {
    fmt::format_to(std::back_inserter(text), "{0}<{1}>{2}</{1}>\n", indent, name,
                   escape_text(to_xml_characters(content)));
}

void append_attribute(std::string& text, std::string_view name, const std::string& value) {
    if (value.empty()) return;
    fmt::format_to(std::back_inserter(text), " {}=\"{}\"", name, escape_attribute(to_xml_characters(value)));
}

void append_entry(std::string& text, const DependencyEntry& entry) {
    if (entry.name.empty()) return;
    text += "      <rpm:entry";
    append_attribute(text, "name", entry.name);
    if (!entry.comparison.empty()) {
        append_attribute(text, "flags", entry.comparison);
        append_attribute(text, "epoch", entry.epoch);
        append_attribute(text, "ver", entry.version);
        append_attribute(text, "rel", entry.release);
    }
    if (entry.before_scripts) text += " pre=\"1\"";
    text += "/>\n";
}

void append_entries(std::string& text, std::string_view name, const std::vector<DependencyEntry>& entries) {
    if (entries.empty()) return;
    fmt::format_to(std::back_inserter(text), "    <rpm:{}>\n", name);
    for (const auto& entry : entries) append_entry(text, entry);
    fmt::format_to(std::back_inserter(text), "    </rpm:{}>\n", name);
}

void append_dependencies(std::string& text, const Dependencies& dependencies) {
    append_entries(text, "provides", dependencies.provides);
    append_entries(text, "requires", dependencies.needs);
    append_entries(text, "conflicts", dependencies.conflicts);
    append_entries(text, "obsoletes", dependencies.obsoletes);
    append_entries(text, "suggests", dependencies.suggests);
    append_entries(text, "enhances", dependencies.enhances);
    append_entries(text, "recommends", dependencies.recommends);
    append_entries(text, "supplements", dependencies.supplements);
}

std::string text_before_location(const PackageFacts& facts, const FileFacts& file) {
    std::string text = "<package type=\"rpm\">\n";
    append_element(text, "  ", "name", facts.name);
    append_element(text, "  ", "arch", facts.architecture);
    const auto end = std::back_inserter(text);
    fmt::format_to(end, "  <version epoch=\"{}\" ver=\"{}\" rel=\"{}\"/>\n", facts.epoch,
                   escape_attribute(facts.version), escape_attribute(facts.release));
    fmt::format_to(end, "  <checksum type=\"sha256\" pkgid=\"YES\">{}</checksum>\n", file.sha256);
    append_element(text, "  ", "summary", facts.summary);
    append_element(text, "  ", "description", facts.description);
    append_element(text, "  ", "packager", facts.packager);
    append_element(text, "  ", "url", facts.url);
    // createrepo_c has the file's mtime here; the build time makes the text depend on the package alone.
    fmt::format_to(end, "  <time file=\"{0}\" build=\"{0}\"/>\n", facts.build_time);
    fmt::format_to(end, "  <size package=\"{}\" installed=\"{}\" archive=\"{}\"/>\n", file.size,
                   facts.installed_size, facts.archive_size);
    text += "  <location href=\"";
    return text;
}

std::string text_after_location(const PackageFacts& facts, const FileFacts& file) {
    std::string text = "\"/>\n  <format>\n";
    append_element(text, "    ", "rpm:license", facts.license);
    append_element(text, "    ", "rpm:vendor", facts.vendor);
    append_element(text, "    ", "rpm:group", facts.group);
    append_element(text, "    ", "rpm:buildhost", facts.build_host);
    append_element(text, "    ", "rpm:sourcerpm", facts.source_rpm);
    fmt::format_to(std::back_inserter(text), "    <rpm:header-range start=\"{}\" end=\"{}\"/>\n",
                   file.header_start, file.header_end);
    append_dependencies(text, facts.dependencies);
    append_files(text, facts.files, FileSelection::primary_paths, "    ");
    text += "  </format>\n</package>\n";
    return text;
}

}  // namespace

IndexText primary_text(const PackageFacts& facts, const FileFacts& file) {
    return {text_before_location(facts, file), text_after_location(facts, file)};
}

}  // namespace repotool::formats::rpm

// SPDX-License-Identifier: GPL-3.0-or-later
// filelists.xml and other.xml: one shape, an opening that names the package and then a list.
#include <fmt/format.h>

#include <iterator>

#include "core/formats/rpm/package_text.hpp"
#include "core/formats/rpm/xml_text.hpp"

namespace repotool::formats::rpm {
namespace {

// Name, architecture and version have been checked to need no escaping.
std::string opening(const PackageFacts& facts, const FileFacts& file) {
    return fmt::format(
        "<package pkgid=\"{}\" name=\"{}\" arch=\"{}\">\n"
        "  <version epoch=\"{}\" ver=\"{}\" rel=\"{}\"/>\n",
        file.sha256, facts.name, facts.architecture, facts.epoch, facts.version, facts.release);
}

std::string_view type_attribute(FileType type) {
    switch (type) {
        case FileType::directory:
            return " type=\"dir\"";
        case FileType::ghost:
            return " type=\"ghost\"";
        case FileType::regular:
            break;
    }
    return "";
}

}  // namespace

void append_files(std::string& text, const std::vector<FileFact>& files, FileSelection selection,
                  std::string_view indent) {
    for (const auto& file : files) {
        if (selection == FileSelection::primary_paths && !is_primary_path(file.path)) continue;
        fmt::format_to(std::back_inserter(text), "{}<file{}>{}</file>\n", indent, type_attribute(file.type),
                       escape_text(to_xml_characters(file.path)));
    }
}

IndexText filelists_text(const PackageFacts& facts, const FileFacts& file) {
    std::string text = opening(facts, file);
    append_files(text, facts.files, FileSelection::all, "  ");
    text += "</package>\n";
    return {std::move(text), {}};
}

IndexText other_text(const PackageFacts& facts, const FileFacts& file) {
    std::string text = opening(facts, file);
    for (const auto& entry : facts.changelogs) {
        fmt::format_to(std::back_inserter(text), "  <changelog author=\"{}\" date=\"{}\">{}</changelog>\n",
                       escape_attribute(to_xml_characters(entry.author)), entry.date,
                       escape_text(to_xml_characters(entry.text)));
    }
    text += "</package>\n";
    return {std::move(text), {}};
}

}  // namespace repotool::formats::rpm

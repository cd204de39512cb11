// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/packages_reader.hpp"

#include <apt-pkg/tagfile.h>
#include <fmt/format.h>

#include <charconv>

#include "core/base/error.hpp"
#include "core/formats/deb/apt_errors.hpp"

namespace repotool::formats::deb {
namespace {

[[noreturn]] void refuse(std::size_t number, std::string reason) {
    throw base::Error(base::ErrorKind::integrity, "read", fmt::format("stanza {} of Packages", number),
                      std::move(reason));
}

std::string required(const pkgTagSection& section, const char* field, std::size_t number) {
    std::string value = section.FindS(field);
    if (value.empty()) refuse(number, fmt::format("it has no {}", field));
    return value;
}

std::uint64_t required_size(const pkgTagSection& section, std::size_t number) {
    const std::string text = required(section, "Size", number);
    std::uint64_t size = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (status != std::errc() || end != text.data() + text.size()) {
        refuse(number, fmt::format("its Size '{}' is not a number", text));
    }
    return size;
}

PackagesEntry read_entry(const pkgTagSection& section, std::size_t number) {
    PackagesEntry entry;
    entry.name = required(section, "Package", number);
    entry.version = required(section, "Version", number);
    entry.architecture = required(section, "Architecture", number);
    entry.filename = required(section, "Filename", number);
    entry.sha256 = required(section, "SHA256", number);
    entry.size = required_size(section, number);
    return entry;
}

}  // namespace

std::vector<PackagesEntry> read_packages(std::string_view text) {
    std::vector<PackagesEntry> entries;
    pkgTagSection section;
    while (!text.empty()) {
        const std::size_t number = entries.size() + 1;
        // Whole stanzas end with an empty line; one that does not was cut off.
        const bool is_whole = section.Scan(text.data(), text.size());
        const std::string complaints = take_apt_errors();
        if (!is_whole) refuse(number, complaints.empty() ? "it is not a whole stanza" : complaints);
        entries.push_back(read_entry(section, number));
        text.remove_prefix(section.size());
    }
    return entries;
}

}  // namespace repotool::formats::deb

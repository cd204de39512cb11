// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/index_check.hpp"

#include <fmt/format.h>

#include <set>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/formats/deb/packages_reader.hpp"
#include "core/formats/deb/sources_reader.hpp"
#include "core/formats/deb/translations_reader.hpp"
#include "core/formats/rpm/primary_reader.hpp"
#include "core/fs/tree.hpp"
#include "repotool/index/index_text.hpp"

namespace repotool::publisher {
namespace {

[[noreturn]] void differs(const std::string& index, const store::Record& record, const std::string& what) {
    throw base::Error(base::ErrorKind::integrity, "verify", index,
                      fmt::format("{} {}: {}", record.name, record.version, what));
}

void check_count(const std::string& index, std::size_t found, std::size_t expected) {
    if (found == expected) return;
    throw base::Error(base::ErrorKind::integrity, "verify", index,
                      fmt::format("expected {} packages, found {}", expected, found));
}

void check_packages(const std::string& dist, std::string_view text,
                    const std::vector<store::Record>& records) {
    const auto entries = formats::deb::read_packages(text);
    check_count("Packages", entries.size(), records.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
        const auto& record = records[i];
        const auto& entry = entries[i];
        const bool same = entry.name == record.name && entry.version == record.version &&
                          entry.architecture == record.architecture && entry.sha256 == record.sha256 &&
                          entry.size == record.size &&
                          entry.filename == location_in_index("Packages", dist, record);
        if (!same)
            differs("Packages", record,
                    fmt::format("the index says {} {} at '{}'", entry.name, entry.version, entry.filename));
    }
}

// The files of a source package as both sides name them.
std::string files_of(const formats::deb::SourcesEntry& entry) {
    std::set<std::string> lines;
    for (const auto& file : entry.files)
        lines.insert(fmt::format("{} {} {}", file.name, file.size, file.sha256));
    return base::join({lines.begin(), lines.end()}, ", ");
}

std::string files_of(const store::Record& record) {
    std::set<std::string> lines{
        fmt::format("{} {} {}", fs::base_name(record.path), record.size, record.sha256)};
    for (const auto& file : record.files)
        lines.insert(fmt::format("{} {} {}", file.name, file.size, file.sha256));
    return base::join({lines.begin(), lines.end()}, ", ");
}

void check_sources(const std::string& dist, std::string_view text,
                   const std::vector<store::Record>& records) {
    const auto entries = formats::deb::read_sources(text);
    check_count("Sources", entries.size(), records.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
        const auto& record = records[i];
        const auto& entry = entries[i];
        const bool same = entry.name == record.name && entry.version == record.version &&
                          entry.directory == location_in_index("Sources", dist, record);
        if (!same)
            differs("Sources", record,
                    fmt::format("the index says {} {} in '{}'", entry.name, entry.version, entry.directory));
        if (files_of(entry) != files_of(record))
            differs("Sources", record,
                    fmt::format("expected the files {}; found {}", files_of(record), files_of(entry)));
    }
}

void check_translations(std::string_view text, const std::vector<store::Record>& records) {
    std::set<std::string> names;
    for (const auto& record : records) names.insert(record.name);
    for (const auto& entry : formats::deb::read_translations(text)) {
        const bool known = names.contains(entry.name);
        if (known && entry.computed_md5 == entry.description_md5) continue;
        throw base::Error(base::ErrorKind::integrity, "verify", "Translation-en",
                          known ? fmt::format("the description of {} has the digest {}, not {}", entry.name,
                                              entry.computed_md5, entry.description_md5)
                                : fmt::format("{} is none of the packages", entry.name));
    }
}

std::string version_of(const formats::rpm::XmlEntry& entry) {
    const bool no_epoch = entry.epoch.empty() || entry.epoch == "0";
    return fmt::format("{}{}-{}", no_epoch ? "" : entry.epoch + ":", entry.version, entry.release);
}

void check_xml(const std::string& dist, const std::string& name, std::string_view text,
               const std::vector<store::Record>& records) {
    const auto entries = formats::rpm::read_entries(name, text);
    check_count(name, entries.size(), records.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
        const auto& record = records[i];
        const auto& entry = entries[i];
        // XML calls every source package src, as createrepo_c does.
        const std::string architecture = record.architecture == "nosrc" ? "src" : record.architecture;
        bool same = entry.pkgid == record.sha256 && entry.name == record.name &&
                    version_of(entry) == record.version && entry.architecture == architecture;
        if (name == "primary")
            same =
                same && entry.size == record.size && entry.location == location_in_index(name, dist, record);
        if (!same)
            differs(
                name, record,
                fmt::format("the index says {} {} at '{}'", entry.name, version_of(entry), entry.location));
    }
}

}  // namespace

void check_index_text(const std::string& name, const std::string& dist, std::string_view text,
                      const std::vector<store::Record>& records) {
    if (name == "Packages") return check_packages(dist, text, records);
    if (name == "Sources") return check_sources(dist, text, records);
    if (name == "Translation-en") return check_translations(text, records);
    check_xml(dist, name, text, records);
}

}  // namespace repotool::publisher

// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <rpm/rpmfiles.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "core/formats/rpm/package_facts.hpp"
#include "core/formats/rpm/refusal.hpp"
#include "core/formats/rpm/xml_text.hpp"

namespace repotool::formats::rpm {
namespace {

constexpr std::int64_t kChangelogLimit = 10;                            // createrepo_c's default
constexpr std::size_t kMaximumPath = 4096;                              // PATH_MAX
constexpr std::size_t kMaximumPaths = std::size_t{128} << 20U;          // bytes of all paths together
constexpr std::uint64_t kFileTypeMask = 0170000, kDirectory = 0040000;  // stat(2): S_IFMT, S_IFDIR

void read_texts(const HeaderReader& header, PackageFacts& facts) {
    facts.summary = header.text(RPMTAG_SUMMARY);
    facts.description = header.text(RPMTAG_DESCRIPTION);
    facts.packager = header.text(RPMTAG_PACKAGER);
    facts.url = header.text(RPMTAG_URL);
    facts.license = header.text(RPMTAG_LICENSE);
    facts.vendor = header.text(RPMTAG_VENDOR);
    facts.group = header.text(RPMTAG_GROUP);
    facts.build_host = header.text(RPMTAG_BUILDHOST);
    facts.source_rpm = header.text(RPMTAG_SOURCERPM);
}

}  // namespace

bool is_primary_path(std::string_view path) noexcept {
    return path.starts_with("/etc/") || path == "/usr/lib/sendmail" ||
           path.find("bin/") != std::string_view::npos;
}

std::vector<FileFact> read_files(const HeaderReader& header, const std::string& shown_as) {
    const auto base_names = header.texts(RPMTAG_BASENAMES);
    const auto directories = header.texts(RPMTAG_DIRNAMES);
    const auto indexes = header.numbers(RPMTAG_DIRINDEXES);
    const auto flags = header.numbers(RPMTAG_FILEFLAGS);
    const auto modes = header.numbers(RPMTAG_FILEMODES);
    const std::size_t count = std::min({base_names.size(), indexes.size(), flags.size(), modes.size()});
    std::vector<FileFact> files;
    files.reserve(count);
    std::size_t total = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (indexes[i] >= directories.size())
            refuse(shown_as, "a file of it names a directory that is not there");
        const auto& directory = directories[indexes[i]];
        // Many files in one long directory would make a small header a large text.
        if (directory.size() + base_names[i].size() > kMaximumPath) {
            refuse(shown_as, fmt::format("it has a path of more than {} bytes", kMaximumPath));
        }
        FileFact file{directory + base_names[i]};
        total += file.path.size();
        if (total > kMaximumPaths) refuse(shown_as, "its paths take more than 128 MiB");
        if (has_forbidden_characters(file.path)) {
            refuse(shown_as, fmt::format("control character in the path '{}'", base::printable(file.path)));
        }
        if ((modes[i] & kFileTypeMask) == kDirectory) {
            file.type = FileType::directory;
        } else if ((flags[i] & RPMFILE_GHOST) != 0) {
            file.type = FileType::ghost;
        }
        files.push_back(std::move(file));
    }
    return files;
}

std::vector<ChangelogFact> read_changelogs(const HeaderReader& header) {
    const auto dates = header.numbers(RPMTAG_CHANGELOGTIME);
    const auto authors = header.texts(RPMTAG_CHANGELOGNAME);
    const auto texts = header.texts(RPMTAG_CHANGELOGTEXT);
    const std::size_t count =
        std::min({dates.size(), authors.size(), texts.size(), static_cast<std::size_t>(kChangelogLimit)});
    std::vector<ChangelogFact> newest_first;
    for (std::size_t i = 0; i < count; ++i) {
        auto date = static_cast<std::int64_t>(dates[i]);
        auto author = authors[i];
        while (author.size() > 1 && author.back() == ' ') author.pop_back();
        newest_first.push_back({std::move(author), date, texts[i]});
        // Entries of one day have one date in the header; clients sort by date, so newer ones move up by
        // seconds.
        if (i == 0 || dates[i] != dates[i - 1]) continue;
        for (std::size_t newer = i; newer-- > 0 && newest_first[newer].date == date; ++date) {
            ++newest_first[newer].date;
        }
    }
    std::reverse(newest_first.begin(), newest_first.end());
    return newest_first;
}

PackageFacts read_facts(const HeaderReader& header, const std::string& shown_as) {
    PackageFacts facts;
    facts.name = header.text(RPMTAG_NAME);
    facts.epoch = std::to_string(header.number(RPMTAG_EPOCH));
    facts.version = header.text(RPMTAG_VERSION);
    facts.release = header.text(RPMTAG_RELEASE);
    facts.architecture = header.number(RPMTAG_SOURCEPACKAGE) != 0 ? "src" : header.text(RPMTAG_ARCH);
    read_texts(header, facts);
    facts.build_time = header.number(RPMTAG_BUILDTIME);
    facts.installed_size = header.number(RPMTAG_LONGSIZE);
    facts.archive_size = header.number(RPMTAG_LONGARCHIVESIZE);
    facts.files = read_files(header, shown_as);
    facts.dependencies = read_dependencies(header, facts.files, shown_as);
    facts.changelogs = read_changelogs(header);
    return facts;
}

}  // namespace repotool::formats::rpm

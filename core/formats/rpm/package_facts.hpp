// SPDX-License-Identifier: GPL-3.0-or-later
// What the three indexes say about a package, between reading its header and rendering texts. Texts are as
// the header has them: in any encoding, but with identity and key fields already checked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/formats/rpm/header_reader.hpp"

namespace repotool::formats::rpm {

// An <rpm:entry>. `comparison` is EQ, LT, GT, LE, GE or empty; the three parts of the version only count with
// it.
struct DependencyEntry {
    std::string name;
    std::string comparison;
    std::string epoch, version, release;
    bool before_scripts = false;  // pre="1": needed while scriptlets run
};

// In the order of primary.xml.
struct Dependencies {
    std::vector<DependencyEntry> provides, needs, conflicts, obsoletes;
    std::vector<DependencyEntry> suggests, enhances, recommends, supplements;
};

enum class FileType { regular, directory, ghost };

struct FileFact {
    std::string path;
    FileType type = FileType::regular;
};

struct ChangelogFact {
    std::string author;
    std::int64_t date = 0;
    std::string text;
};

struct PackageFacts {
    std::string name, epoch, version, release;
    std::string architecture;  // "src" for every source package, as createrepo_c has it
    std::string summary, description, packager, url;
    std::string license, vendor, group, build_host, source_rpm;
    std::uint64_t build_time = 0, installed_size = 0, archive_size = 0;
    Dependencies dependencies;
    std::vector<FileFact> files;
    std::vector<ChangelogFact> changelogs;  // oldest first
};

// True for the paths that primary.xml lists: what dependencies on files are resolved with before filelists is
// loaded.
bool is_primary_path(std::string_view path) noexcept;

// Each reads one part. They throw base::Error (input) for names that are not safe and for texts of key fields
// that no XML document can hold.
PackageFacts read_facts(const HeaderReader& header, const std::string& shown_as);
Dependencies read_dependencies(const HeaderReader& header, const std::vector<FileFact>& files,
                               const std::string& shown_as);
std::vector<FileFact> read_files(const HeaderReader& header, const std::string& shown_as);
std::vector<ChangelogFact> read_changelogs(const HeaderReader& header);

}  // namespace repotool::formats::rpm

// SPDX-License-Identifier: GPL-3.0-or-later
// One <package> element for each of the three indexes, laid out as createrepo_c does, with a line feed at its
// end.
#pragma once

#include <cstdint>
#include <string>

#include "core/formats/model.hpp"
#include "core/formats/rpm/package_facts.hpp"

namespace repotool::formats::rpm {

// What the file, and not its header, says.
struct FileFacts {
    std::string sha256;  // of the whole file: the pkgid
    std::uint64_t size = 0;
    std::uint64_t header_start = 0;
    std::uint64_t header_end = 0;
};

// Split where the location's address goes: `before` ends after `<location href="`, `after` begins at `"/>`.
IndexText primary_text(const PackageFacts& facts, const FileFacts& file);
// These name no location: `after` is empty.
IndexText filelists_text(const PackageFacts& facts, const FileFacts& file);
IndexText other_text(const PackageFacts& facts, const FileFacts& file);

// <file> elements, each on a line of its own after `indent`; of primary paths only, or of all.
enum class FileSelection { primary_paths, all };
void append_files(std::string& text, const std::vector<FileFact>& files, FileSelection selection,
                  std::string_view indent);

}  // namespace repotool::formats::rpm

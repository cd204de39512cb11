// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/sources_reader.hpp"

#include <fmt/format.h>

#include <sstream>

#include "core/formats/deb/stanza_reader.hpp"

namespace repotool::formats::deb {
namespace {

constexpr const char* kChecksums = "Checksums-Sha256";

// Lines of `<digest> <size> <name>`.
std::vector<SourcesFile> read_files(const StanzaReader& stanza) {
    std::vector<SourcesFile> files;
    std::istringstream words(stanza.required(kChecksums));
    for (std::string digest; words >> digest;) {
        std::string size;
        std::string name;
        if (!(words >> size >> name)) stanza.refuse(fmt::format("its {} is cut off", kChecksums));
        files.push_back({name, digest, stanza.size_of(kChecksums, size)});
    }
    return files;
}

}  // namespace

std::vector<SourcesEntry> read_sources(std::string_view text) {
    std::vector<SourcesEntry> entries;
    for_each_stanza("Sources", text, [&](const StanzaReader& stanza) {
        entries.push_back({stanza.required("Package"), stanza.required("Version"),
                           stanza.required("Directory"), read_files(stanza)});
    });
    return entries;
}

}  // namespace repotool::formats::deb

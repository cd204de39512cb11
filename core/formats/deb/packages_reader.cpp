// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/packages_reader.hpp"

#include "core/formats/deb/stanza_reader.hpp"

namespace repotool::formats::deb {

std::vector<PackagesEntry> read_packages(std::string_view text) {
    std::vector<PackagesEntry> entries;
    for_each_stanza("Packages", text, [&](const StanzaReader& stanza) {
        PackagesEntry entry;
        entry.name = stanza.required("Package");
        entry.version = stanza.required("Version");
        entry.architecture = stanza.required("Architecture");
        entry.filename = stanza.required("Filename");
        entry.sha256 = stanza.required("SHA256");
        entry.size = stanza.required_size("Size");
        entry.description_md5 = stanza.optional("Description-md5");
        entries.push_back(std::move(entry));
    });
    return entries;
}

}  // namespace repotool::formats::deb

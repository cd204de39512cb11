// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/translations_reader.hpp"

#include "core/base/digest.hpp"
#include "core/formats/deb/stanza_reader.hpp"

namespace repotool::formats::deb {

std::vector<TranslationsEntry> read_translations(std::string_view text) {
    std::vector<TranslationsEntry> entries;
    for_each_stanza("Translation-en", text, [&](const StanzaReader& stanza) {
        entries.push_back({stanza.required("Package"), stanza.required("Description-md5"),
                           base::md5_hex(stanza.required("Description-en") + "\n")});
    });
    return entries;
}

}  // namespace repotool::formats::deb

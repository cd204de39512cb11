// SPDX-License-Identifier: GPL-3.0-or-later
// Reads stanzas of a Translation-en index back with libapt-pkg, to check what was written as apt will see it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace repotool::formats::deb {

struct TranslationsEntry {
    std::string name;
    std::string description_md5;  // as the stanza says it
    std::string computed_md5;     // of its description, as apt computes it
};

// Throws base::Error (integrity) when libapt-pkg cannot read `text` (a run of whole stanzas).
std::vector<TranslationsEntry> read_translations(std::string_view text);

}  // namespace repotool::formats::deb

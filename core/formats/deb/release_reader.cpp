// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/release_reader.hpp"

#include <apt-pkg/strutl.h>
#include <apt-pkg/tagfile.h>

#include "core/base/error.hpp"
#include "core/formats/deb/apt_errors.hpp"

namespace repotool::formats::deb {
namespace {

bool is_yes(const pkgTagSection& section, const char* field) {
    return StringToBool(section.FindS(field), 0) == 1;
}

}  // namespace

ReleaseInfo read_release(std::string_view text) {
    const std::string stanza = std::string(text) + "\n";  // libapt-pkg wants the empty line that ends it
    pkgTagSection section;
    const bool is_whole = section.Scan(stanza.data(), stanza.size());
    const std::string complaints = take_apt_errors();
    if (!is_whole || section.Count() == 0 || section.size() != stanza.size()) {
        throw base::Error(base::ErrorKind::integrity, "read", "Release",
                          complaints.empty() ? "it is not one stanza" : complaints);
    }
    ReleaseInfo info;
    info.origin = section.FindS("Origin");
    info.label = section.FindS("Label");
    info.suite = section.FindS("Suite");
    info.codename = section.FindS("Codename");
    info.not_automatic = is_yes(section, "NotAutomatic");
    info.but_automatic_upgrades = is_yes(section, "ButAutomaticUpgrades");
    info.valid_until = base::parse_rfc1123(section.FindS("Valid-Until"));
    return info;
}

}  // namespace repotool::formats::deb

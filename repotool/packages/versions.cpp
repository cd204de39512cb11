// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/packages/versions.hpp"

#include "core/formats/deb/version.hpp"
#include "core/formats/rpm/version.hpp"

namespace repotool::publisher {

int compare_versions(formats::Format format, std::string_view a, std::string_view b) {
    return format == formats::Format::deb ? formats::deb::compare_versions(a, b)
                                          : formats::rpm::compare_versions(a, b);
}

}  // namespace repotool::publisher

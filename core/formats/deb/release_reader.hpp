// SPDX-License-Identifier: GPL-3.0-or-later
// Reads a Release file back: what apt compares with the copy that a client has.
#pragma once

#include <string>
#include <string_view>

namespace repotool::formats::deb {

// Where one of these but `suite` changes, every client's `apt-get update` fails until its user agrees.
struct ReleaseInfo {
    std::string origin;
    std::string label;
    std::string suite;
    std::string codename;
    bool not_automatic = false;
    bool but_automatic_upgrades = false;
};

// `text`: an open Release (no clear-signed one). Fields that are not there are empty. Throws base::Error
// (integrity) where libapt-pkg cannot read it.
ReleaseInfo read_release(std::string_view text);

}  // namespace repotool::formats::deb

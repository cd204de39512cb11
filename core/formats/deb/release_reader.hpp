// SPDX-License-Identifier: GPL-3.0-or-later
// Reads a Release file back: what apt compares with the copy that a client has.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.hpp"

namespace repotool::formats::deb {

// Where one of these but `suite` changes, every client's `apt-get update` fails until its user agrees.
struct ReleaseInfo {
    std::string origin;
    std::string label;
    std::string suite;
    std::string codename;
    bool not_automatic = false;
    bool but_automatic_upgrades = false;
    std::optional<base::UnixSeconds> valid_until;  // apt refuses the file after it; none: for ever
};

// `text`: an open Release (no clear-signed one). Fields that are not there are empty. Throws base::Error
// (integrity) where libapt-pkg cannot read it.
ReleaseInfo read_release(std::string_view text);

}  // namespace repotool::formats::deb

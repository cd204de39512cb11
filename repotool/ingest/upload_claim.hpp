// SPDX-License-Identifier: GPL-3.0-or-later
// What a .changes says of all packages that it lists (deb-changes(5): Source, Version, Architecture). A list
// that names somebody else's package is a mixed-up upload, or one that wants to be taken for another.
#pragma once

#include <set>
#include <string>

#include "core/formats/deb/upload_control.hpp"
#include "core/formats/model.hpp"

namespace repotool::publisher {

struct UploadClaim {
    std::string source;
    std::set<std::string> versions;       // of the upload, and for binNMUs of its source package
    std::set<std::string> architectures;  // empty: it does not say
};

UploadClaim claim_of(const formats::deb::UploadControl& changes);

// How `package`, which the .changes called `changes` lists, contradicts it; "" where it does not.
std::string contradiction(const UploadClaim& claim, const formats::Package& package,
                          const std::string& changes);

}  // namespace repotool::publisher

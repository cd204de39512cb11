// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/ingest/upload_claim.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace repotool::publisher {

UploadClaim claim_of(const formats::deb::UploadControl& changes) {
    return {changes.source,
            {changes.version, changes.source_version},
            {changes.architectures.begin(), changes.architectures.end()}};
}

std::string contradiction(const UploadClaim& claim, const formats::Package& package,
                          const std::string& changes) {
    if (package.source != claim.source)
        return fmt::format("it is of the source package {}, and '{}' is of {}", package.source, changes,
                           claim.source);
    if (!claim.versions.contains(package.version) && !claim.versions.contains(package.source_version))
        return fmt::format("it is of version {} of {}, and '{}' of {}", package.source_version,
                           package.source, changes, fmt::join(claim.versions, " and "));
    if (!claim.architectures.empty() && !claim.architectures.contains(package.architecture))
        return fmt::format("its architecture {} is not among those of '{}': {}", package.architecture,
                           changes, fmt::join(claim.architectures, " "));
    return {};
}

}  // namespace repotool::publisher

// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/mirror/version_json.hpp"

#include <nlohmann/json.hpp>

#include "core/base/digest.hpp"

namespace repotool::sync {

using nlohmann::json;

json version_json(const Version& version) {
    return {
        {"epoch", version.epoch}, {"generation", version.generation}, {"manifest", version.manifest_sha256}};
}

Version version_from(const json& document) {
    Version version{document.at("epoch").get<std::uint64_t>(), document.at("generation").get<std::uint64_t>(),
                    document.at("manifest").get<std::string>()};
    if (!base::is_sha256_hex(version.manifest_sha256))
        throw json::other_error::create(501, "not a digest", &document);
    return version;
}

}  // namespace repotool::sync

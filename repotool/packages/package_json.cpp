// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/packages/package_json.hpp"

namespace repotool::publisher {

nlohmann::ordered_json package_json(const std::string& format, const std::string& dist,
                                    const store::Record& record) {
    return {{"format", format},
            {"name", record.name},
            {"version", record.version},
            {"architecture", record.architecture},
            {"sha256", record.sha256},
            {"unsigned_sha256", record.unsigned_sha256.empty() ? record.sha256 : record.unsigned_sha256},
            {"size", record.size},
            {"dist", dist}};
}

std::string place_text(const std::string& dist, const std::string& component) {
    return component.empty() ? dist : dist + "/" + component;
}

}  // namespace repotool::publisher

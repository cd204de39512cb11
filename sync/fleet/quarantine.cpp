// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/fleet/quarantine.hpp"

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"

namespace repotool::sync {
namespace {

using nlohmann::json;

std::string path_of(const Source& source, const std::string& repository) {
    return fs::join_path(source.state_root, repository) + "/quarantine";
}

}  // namespace

std::vector<Quarantined> read_quarantine(Source& source, const std::string& repository) {
    const std::string path = path_of(source, repository);
    std::vector<Quarantined> entries;
    if (!source.state.status(path)) return entries;
    try {
        for (const auto& item : json::parse(fs::read_file(source.state, path, 1U << 24U))) {
            entries.push_back({item.at("mirror").get<std::string>(), item.at("reason").get<std::string>(),
                               item.at("since").get<base::UnixSeconds>()});
        }
    } catch (const json::exception& error) {
        throw base::Error(base::ErrorKind::integrity, "read", path, error.what());
    }
    return entries;
}

void write_quarantine(Source& source, const std::string& repository,
                      const std::vector<Quarantined>& entries) {
    json document = json::array();
    for (const auto& entry : entries)
        document.push_back({{"mirror", entry.mirror}, {"reason", entry.reason}, {"since", entry.since}});
    fs::make_directories(source.state, fs::join_path(source.state_root, repository), 0700);
    const std::string text = document.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
    fs::replace_file(source.state, path_of(source, repository), text, 0600);
}

}  // namespace repotool::sync

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/freeze.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/tree.hpp"
#include "core/store/history_event.hpp"
#include "core/store/layout.hpp"

namespace repotool::store {
namespace {

using base::Error;
using base::ErrorKind;
using nlohmann::json;

constexpr std::uint64_t kLimit = 65536;

}  // namespace

std::optional<Freeze> frozen(fs::Filesystem& filesystem, const std::string& repository) {
    const std::string path = layout::freeze(repository);
    const auto status = filesystem.status(path);
    // A directory: repositories below this name were frozen.
    if (!status || status->kind == fs::Kind::directory) return std::nullopt;
    try {
        const json document = json::parse(fs::read_file(filesystem, path, kLimit));
        return Freeze{document.at("reason").get<std::string>(), document.at("by").get<std::string>(),
                      base::parse_iso8601(document.at("since").get<std::string>())};
    } catch (const json::exception& error) {
        throw Error(ErrorKind::integrity, "read", path, error.what());
    }
}

bool freeze(Site& site, const std::string& repository, const Freeze& freeze, const std::string& job) {
    fs::Filesystem& filesystem = site.filesystem();
    if (frozen(filesystem, repository)) return false;
    const std::string path = layout::freeze(repository);
    for (const auto& changed : fs::make_directories(filesystem, fs::parent_path(path), 0700))
        filesystem.sync_directory(changed);
    const json document{{"reason", freeze.reason}, {"by", freeze.by}, {"since", base::iso8601(freeze.since)}};
    fs::replace_file(filesystem, path, document.dump(-1, ' ', false, json::error_handler_t::replace) + "\n",
                     0600);
    append_event(site, repository, "freeze", {{"reason", freeze.reason}}, job);
    return true;
}

bool thaw(Site& site, const std::string& repository, const std::string& job) {
    fs::Filesystem& filesystem = site.filesystem();
    if (!frozen(filesystem, repository)) return false;
    const std::string path = layout::freeze(repository);
    filesystem.remove(path);
    filesystem.sync_directory(fs::parent_path(path));
    append_event(site, repository, "thaw", {}, job);
    return true;
}

void check_not_frozen(fs::Filesystem& filesystem, const std::string& repository, const std::string& verb) {
    const auto found = frozen(filesystem, repository);
    if (!found || verb == kPurge) return;
    throw Error(ErrorKind::policy, verb, repository,
                fmt::format("it is frozen by {} since {}: {}", base::printable(found->by),
                            base::iso8601(found->since), base::printable(found->reason)),
                fmt::format("repotool thaw {} lets it change again", repository));
}

}  // namespace repotool::store

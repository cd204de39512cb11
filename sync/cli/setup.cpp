// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/cli/setup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/fs/external.hpp"
#include "core/fs/tree.hpp"
#include "core/store/names.hpp"
#include "core/store/purge_list.hpp"
#include "sync/directory/manifest_check.hpp"
#include "sync/fleet/http_checker.hpp"
#include "sync/fleet/unreachable_mirror.hpp"

namespace repotool::sync::cli {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint64_t kConfigLimit = std::uint64_t{1} << 20U;
constexpr std::uint64_t kKeyringLimit = std::uint64_t{16} << 20U;

bool contains(const std::string& directory, const std::string& path) {
    return path == directory || path.starts_with(directory == "/" ? directory : directory + "/");
}

bool is_mirror(const std::string& path) {
    return fs::external_status(path + "/.mirrorsync", fs::FinalSymlink::keep).has_value();
}

// The mirrors.yaml beside the nearest site's repotool.yaml; "" where there is none.
std::string nearest_config(const CommonOptions& options) {
    try {
        const std::string path = fs::absolute_path(nearest_site(options.site) + "/mirrors.yaml");
        return fs::external_status(path, fs::FinalSymlink::follow) ? path : "";
    } catch (const Error&) {  // no site: whoever needs one says so
        return "";
    }
}

// With one place only, it is the target of the nearest site, unless it is a source itself that lacks a
// target.
std::vector<std::string> with_source(const CommonOptions& options) {
    std::vector<std::string> places = options.places;
    if (places.size() == 1 && options.site.empty() && looks_like_source(places[0]) && !is_mirror(places[0])) {
        throw Error(ErrorKind::usage, "sync", places[0], "it is a source, and no target is given",
                    "mirrorsync SOURCE TARGET…, or a mirrors.yaml in the site");
    }
    const bool lacks_source = !options.site.empty() || places.size() == 1;
    if (lacks_source && !places.empty()) places.insert(places.begin(), nearest_site(options.site));
    if (places.size() < 2) {
        throw Error(ErrorKind::usage, "sync", "nothing", "no target is given",
                    "mirrorsync SOURCE TARGET…, or a mirrors.yaml in the site");
    }
    return places;
}

// Takes the words out of `places` that name mirrors of the mirrors.yaml that holds without them.
std::vector<std::string> take_names(CommonOptions& options) {
    const std::string file = options.config.empty() ? nearest_config(options) : options.config;
    if (file.empty() || options.places.empty()) return {};
    const FleetConfig config = read_fleet_config(fs::read_external(file, kConfigLimit), file);
    const auto is_name = [&](const std::string& word) {
        return std::any_of(config.mirrors.begin(), config.mirrors.end(),
                           [&](const MirrorConfig& mirror) { return mirror.name == word; });
    };
    std::vector<std::string> names;
    std::copy_if(options.places.begin(), options.places.end(), std::back_inserter(names), is_name);
    std::erase_if(options.places, is_name);
    return names;
}

}  // namespace

Setup::Setup(const CommonOptions& given) {
    CommonOptions options = given;
    const auto names = options.names_mirrors ? take_names(options) : std::vector<std::string>();
    std::string file = options.config;
    const bool is_one_source = options.places.size() == 1 && looks_like_source(options.places[0]) &&
                               !is_mirror(options.places[0]) && options.site.empty();
    if (file.empty() && options.places.empty()) file = nearest_config(options);
    if (file.empty() && is_one_source) {
        CommonOptions there = options;
        there.site = options.places[0];
        file = nearest_config(there);
    }
    if (!file.empty()) {
        take_config(file);
        keep_mirrors(names);
        if (options.places.size() > 1) {
            throw Error(ErrorKind::usage, "use target", options.places[1],
                        fmt::format("the mirrors are those of {}", file),
                        "give SOURCE alone, or no --config");
        }
        std::string source = options.places.empty() ? options.site : options.places[0];
        if (source.empty()) source = config_.source.empty() ? fs::parent_path(file) : config_.source;
        source_ = std::make_unique<OpenSource>(source);
    } else {
        take_places(options);
    }
    if (!options.keyring.empty()) config_.keyring = options.keyring;
    if (!options.lock_timeout.empty())
        config_.policy.lock_timeout_seconds = base::parse_duration(options.lock_timeout);
    if (options.max_delete) config_.policy.max_delete = options.max_delete;
    take_addresses(options);
    check_targets();
    choose_repositories(options);
}

void Setup::take_config(const std::string& file) {
    const std::string path = fs::absolute_path(file);
    config_ = read_fleet_config(fs::read_external(path, kConfigLimit), path);
    has_config_ = true;
}

void Setup::keep_mirrors(const std::vector<std::string>& names) {
    if (names.empty()) return;
    std::erase_if(config_.mirrors, [&](const MirrorConfig& mirror) {
        return std::find(names.begin(), names.end(), mirror.name) == names.end();
    });
}

void Setup::take_places(const CommonOptions& options) {
    const auto places = with_source(options);
    source_ = std::make_unique<OpenSource>(places[0]);
    for (auto given = places.begin() + 1; given != places.end(); ++given) {
        check_target(*given);
        MirrorConfig mirror;
        mirror.target = is_directory_target(*given) ? fs::absolute_path(*given) : *given;
        mirror.name = mirror.target;
        const bool is_known =
            std::any_of(config_.mirrors.begin(), config_.mirrors.end(),
                        [&](const MirrorConfig& other) { return other.target == mirror.target; });
        if (is_known) throw Error(ErrorKind::usage, "use target", *given, "it is given twice");
        config_.mirrors.push_back(std::move(mirror));
    }
}

void Setup::take_addresses(const CommonOptions& options) {
    for (const auto& item : options.base_urls) {
        const auto equals = item.find('=');
        const std::string given = item.substr(0, equals);
        const std::string url = equals == std::string::npos ? "" : item.substr(equals + 1);
        if (url.find("://") == std::string::npos || url.find_first_of(" \t\r\n") != std::string::npos) {
            throw Error(ErrorKind::usage, "use --base-url", item,
                        "expected TARGET=URL, such as /srv/mirror=https://host/path");
        }
        const std::string target = is_directory_target(given) ? fs::absolute_path(given) : given;
        const auto mirror = std::find_if(
            config_.mirrors.begin(), config_.mirrors.end(),
            [&](const MirrorConfig& each) { return each.target == target || each.name == given; });
        if (mirror == config_.mirrors.end()) {
            throw Error(ErrorKind::usage, "use --base-url", item,
                        fmt::format("'{}' is no target of this run", target));
        }
        mirror->url = url;
    }
}

void Setup::check_targets() const {
    const std::string& source = source_->directory();
    for (const auto& mirror : config_.mirrors) {
        check_target(mirror.target);
        const bool is_directory = is_directory_target(mirror.target);
        if (source_->is_plain_tree() && !is_directory && !mirror.target.starts_with("ssh://")) {
            throw Error(ErrorKind::usage, "use target", mirror.target,
                        "plain trees go to directories and ssh:// alone");
        }
        if (!is_directory) continue;
        const std::string target = fs::absolute_path(mirror.target);
        if (!contains(source, target) && !contains(target, source)) continue;
        throw Error(ErrorKind::usage, "use target", mirror.target,
                    fmt::format("it and the source '{}' lie in each other", source),
                    "give a directory of its own");
    }
}

void Setup::choose_repositories(const CommonOptions& options) {
    for (const auto& name : options.repositories) store::check_repository_name(name);
    repositories_ = !options.repositories.empty()   ? options.repositories
                    : !config_.repositories.empty() ? config_.repositories
                                                    : source_->default_repositories();
    std::sort(repositories_.begin(), repositories_.end());
    repositories_.erase(std::unique(repositories_.begin(), repositories_.end()), repositories_.end());
    if (source_->is_plain_tree() && repositories_.size() > 1) {
        throw Error(ErrorKind::usage, "mirror", source_->directory(),
                    "a plain tree is one repository, and several are named");
    }
    if (repositories_.empty()) {
        throw Error(ErrorKind::usage, "sync", source_->directory(),
                    "it has no repository but test repositories", "name one with --repository test/CHANGE");
    }
}

FleetOptions Setup::fleet_options() const {
    FleetOptions options;
    options.policy = config_.policy;
    options.policy.retire.lock_timeout = config_.policy.lock_timeout_seconds;
    options.policy.retire.purged = source_->purged();
    options.open_mirror = [this](const std::string& name) { return reopen(name); };
    if (config_.keyring.empty()) {
        base::detail("signatures are carried to the mirrors, not checked: no --keyring is given");
    } else {
        options.keyring = fs::read_external(config_.keyring, kKeyringLimit);
        options.check_signature = make_signature_check(options.keyring);
    }
    return options;
}

std::unique_ptr<Mirror> Setup::reopen(const std::string& name) const {
    for (const auto& mirror : config_.mirrors) {
        if (mirror.name == name || mirror.target == name) return open_mirror(mirror, Missing::refuse);
    }
    const bool is_target = !is_directory_target(name) || name.starts_with('/');
    if (!is_target) return nullptr;
    MirrorConfig mirror;
    mirror.name = mirror.target = name;
    return open_mirror(mirror, Missing::refuse);
}

OpenFleet Setup::open(Missing missing) const {
    OpenFleet fleet;
    for (const auto& mirror : config_.mirrors) {
        try {
            fleet.mirrors.push_back(open_mirror(mirror, missing));
        } catch (const Error& error) {
            if (!has_config_) throw;
            fleet.mirrors.push_back(make_unreachable_mirror(mirror.name, error));
        }
        Checker* checker = nullptr;
        if (!mirror.check.empty()) {
            fleet.checkers.push_back(make_http_checker({mirror.check, mirror.url, mirror.formats}));
            checker = fleet.checkers.back().get();
        }
        fleet.members.push_back({fleet.mirrors.back().get(), mirror.policy, checker});
    }
    return fleet;
}

}  // namespace repotool::sync::cli

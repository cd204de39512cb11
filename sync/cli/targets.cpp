// SPDX-License-Identifier: GPL-3.0-or-later
// What SOURCE and TARGET… on the command line mean.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/fs/external.hpp"
#include "core/fs/tree.hpp"
#include "sync/cli/commands.hpp"

namespace repotool::sync::cli {
namespace {

using base::Error;
using base::ErrorKind;

bool contains(const std::string& directory, const std::string& path) {
    return path == directory || path.starts_with(directory == "/" ? directory : directory + "/");
}

std::string require_directory_target(const std::string& given) {
    const bool is_other = given.find("://") != std::string::npos || given.starts_with("exec:");
    if (is_other) {
        throw Error(ErrorKind::usage, "use target", given, "this kind of target is not supported yet",
                    "give a directory");
    }
    if (given.empty()) throw Error(ErrorKind::usage, "use target", given, "it is empty", "give a directory");
    return fs::absolute_path(given);
}

// With one place only, it is the target of the nearest site, unless it is a source itself that lacks a
// target.
std::vector<std::string> with_source(const CommonOptions& options) {
    std::vector<std::string> places = options.places;
    const bool lacks_source = !options.site.empty() || places.size() == 1;
    if (lacks_source && !places.empty()) places.insert(places.begin(), nearest_site(options.site));
    if (places.size() < 2) {
        throw Error(ErrorKind::usage, "sync", "nothing", "no target is given", "mirrorsync SOURCE TARGET…");
    }
    return places;
}

}  // namespace

Places resolve_places(const CommonOptions& options) {
    const bool is_mirror =
        !options.places.empty() &&
        fs::external_status(options.places[0] + "/.mirrorsync", fs::FinalSymlink::keep).has_value();
    if (options.places.size() == 1 && options.site.empty() && looks_like_source(options.places[0]) &&
        !is_mirror) {
        throw Error(ErrorKind::usage, "sync", options.places[0], "it is a source, and no target is given",
                    "mirrorsync SOURCE TARGET…");
    }
    const auto places = with_source(options);
    Places resolved{std::make_unique<OpenSource>(places[0]), {}};
    for (auto given = places.begin() + 1; given != places.end(); ++given) {
        const std::string target = require_directory_target(*given);
        const std::string& source = resolved.source->directory();
        if (contains(source, target) || contains(target, source)) {
            throw Error(ErrorKind::usage, "use target", *given,
                        fmt::format("it and the source '{}' lie in each other", source),
                        "give a directory of its own");
        }
        if (std::find(resolved.targets.begin(), resolved.targets.end(), target) != resolved.targets.end()) {
            throw Error(ErrorKind::usage, "use target", *given, "it is given twice");
        }
        resolved.targets.push_back(target);
    }
    return resolved;
}

std::unique_ptr<Mirror> open_target(const std::string& path, const MirrorOptions& options, Missing missing) {
    const auto status = fs::external_status(path, fs::FinalSymlink::follow);
    if (status && status->kind != fs::Kind::directory) {
        throw Error(ErrorKind::usage, "use target", path, "it is no directory");
    }
    if (!status && missing == Missing::make) {
        const std::string parent = fs::parent_path(path);
        if (!fs::external_status(parent.empty() ? "/" : parent, fs::FinalSymlink::follow)) {
            throw Error(ErrorKind::usage, "use target", path, "the directory above it does not exist",
                        "is its filesystem mounted?");
        }
        fs::make_external_directory(path, 0755);
    }
    return open_directory_mirror(path, options);
}

}  // namespace repotool::sync::cli

// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/source/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/external.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/manifest.hpp"
#include "core/store/names.hpp"
#include "sync/mirror/local_state.hpp"

namespace repotool::sync {
namespace {

using base::Error;
using base::ErrorKind;

bool is_directory(const std::string& path) {
    const auto status = fs::external_status(path, fs::FinalSymlink::follow);
    return status && status->kind == fs::Kind::directory;
}

bool is_file(const std::string& path) {
    const auto status = fs::external_status(path, fs::FinalSymlink::follow);
    return status && status->kind == fs::Kind::file;
}

bool is_site(const std::string& path) {
    return is_directory(path + "/public") &&
           (is_file(path + "/repotool.yaml") || is_directory(path + "/private"));
}

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

// A newer tool's site is refused before anything else of it is read (docs/FORMAT.md §0). The configuration as
// a whole is none of our business.
void refuse_newer_format(const std::string& site) {
    const std::string path = site + "/repotool.yaml";
    if (!is_file(path)) return;
    for (const auto& line : base::split(fs::read_external(path, std::uint64_t{1} << 20U), '\n')) {
        if (!line.starts_with("format:")) continue;
        const std::string value(base::trim(std::string_view(line).substr(7)));
        const int format = std::atoi(value.c_str());
        if (format > store::kFormatVersion) {
            throw Error(ErrorKind::usage, "read site", site,
                        fmt::format("it has format {}, this program knows {}", format, store::kFormatVersion),
                        "use a newer mirrorsync");
        }
    }
}

// Whoever does not own the site, root among them, leaves no files in it that its owner could not touch.
bool owns_private(const std::string& site) {
    const auto status = fs::external_status(site + "/private", fs::FinalSymlink::keep);
    return status && status->kind == fs::Kind::directory && status->owner == fs::effective_user();
}

// No repository's name begins with a dot.
std::unique_ptr<PlainTree> open_plain_tree(const std::string& tree, const std::string& state) {
    const std::string work = state + "/.tree";
    fs::make_external_directory(work, 0700);
    return std::make_unique<PlainTree>(tree, work);
}

}  // namespace

OpenSource::Places OpenSource::find_places(const std::string& given) {
    const std::string path = fs::absolute_path(given);
    if (!is_directory(path))
        throw Error(ErrorKind::usage, "read source", given, "there is no such directory");
    const std::string parent = fs::parent_path(path);
    std::string site;
    if (is_site(path)) site = path;
    if (site.empty() && fs::base_name(path) == "public" && is_site(parent)) site = parent;
    if (site.empty()) {
        if (is_directory(path + "/gen")) return {path, path, local_state_directory(path), ""};
        return {path, path, local_state_directory(path), "", true};
    }
    refuse_newer_format(site);
    const std::string tree = site + "/public";
    if (owns_private(site)) return {site, tree, site, "private/sync"};
    return {site, tree, local_state_directory(tree), ""};
}

OpenSource::OpenSource(const std::string& path) : OpenSource(path, find_places(path)) {}

OpenSource::OpenSource(const std::string& path, const Places& places)
    : directory_(places.directory),
      plain_(places.is_plain ? open_plain_tree(places.tree, places.state) : nullptr),
      tree_(places.is_plain ? nullptr : fs::open_posix_filesystem(places.tree)),
      state_(fs::open_posix_filesystem(places.state)),
      source_{path, plain_ ? plain_->filesystem() : *tree_, *state_, places.state_root} {}

void OpenSource::refresh(const std::string& repository) {
    if (plain_) plain_->refresh(repository);
}

std::vector<store::PurgedEntry> OpenSource::purged() const {
    if (source_.state_root.empty()) return {};  // the state is not the site's
    return store::PurgeList(*state_).entries();
}

std::vector<std::string> OpenSource::default_repositories() const {
    if (plain_) {
        const std::string name = fs::base_name(directory_);
        if (store::is_repository_name(name)) return {name};
        throw Error(ErrorKind::usage, "mirror", directory_,
                    fmt::format("no repository may be called '{}'", name),
                    "give it a name with --repository");
    }
    auto names = store::list_repositories(*tree_, "");
    names.erase(std::remove_if(names.begin(), names.end(),
                               [](const auto& name) { return name.starts_with("test/"); }),
                names.end());
    return names;
}

bool looks_like_source(const std::string& path) {
    return is_site(path) || is_directory(path + "/gen");
}

std::string nearest_site(const std::string& site_option) {
    if (!site_option.empty()) return site_option;
    if (const std::string site = environment("REPOTOOL_SITE"); !site.empty()) return site;
    for (std::string path = fs::current_directory(); !path.empty(); path = fs::parent_path(path)) {
        if (is_file(path + "/repotool.yaml")) return path;
    }
    if (is_site("site")) return "site";
    throw Error(ErrorKind::usage, "find", "source", "no SOURCE is given, and there is no site here or above",
                "give SOURCE before the targets, or --site DIR");
}

}  // namespace repotool::sync

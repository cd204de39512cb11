// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/tags.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/history_event.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"

namespace repotool::store {
namespace {

using base::Error;
using base::ErrorKind;

std::string tag_path(const std::string& repository, const std::string& name) {
    return layout::generations(repository) + "/" + name;
}

}  // namespace

std::optional<std::uint64_t> find_tag(fs::Filesystem& filesystem, const std::string& public_root,
                                      const std::string& repository, const std::string& name) {
    const std::string path = fs::join_path(public_root, tag_path(repository, name));
    const auto target = filesystem.read_link(path);
    if (!target) return std::nullopt;
    try {
        return parse_generation(*target);
    } catch (const Error&) {
        throw Error(ErrorKind::integrity, "read", path,
                    fmt::format("expected a symlink to a generation beside it, found '{}'", *target));
    }
}

std::map<std::string, std::uint64_t> list_tags(fs::Filesystem& filesystem, const std::string& public_root,
                                               const std::string& repository) {
    std::map<std::string, std::uint64_t> tags;
    for (const auto& name : filesystem.list(fs::join_path(public_root, layout::generations(repository)))) {
        if (!is_tag_name(name)) continue;
        if (const auto generation = find_tag(filesystem, public_root, repository, name))
            tags[name] = *generation;
    }
    return tags;
}

bool add_tag(Site& site, const std::string& repository, std::uint64_t generation, const std::string& name,
             const std::string& job) {
    fs::Filesystem& filesystem = site.filesystem();
    check_tag_name(name);
    const std::string shown = fmt::format("{}@{}", repository, name);
    if (const auto known = find_tag(filesystem, "public", repository, name)) {
        if (*known == generation) return false;
        throw Error(
            ErrorKind::policy, "tag", fmt::format("{}@{}", repository, generation),
            fmt::format("the tag {} names generation {} already", name, *known),
            fmt::format("clients rely on it; to move it all the same: repotool tag --delete {}", shown));
    }
    if (!filesystem.status("public/" + layout::generation(repository, generation))) {
        throw Error(ErrorKind::usage, "tag", fmt::format("{}@{}", repository, generation),
                    "there is no such generation",
                    fmt::format("repotool history {} tells of all of them", repository));
    }
    filesystem.symlink(std::to_string(generation), "public/" + tag_path(repository, name));
    filesystem.sync_directory("public/" + layout::generations(repository));
    append_event(site, repository, "tag", {{"tag", name}, {"tagged", std::to_string(generation)}}, job);
    return true;
}

std::optional<std::uint64_t> delete_tag(Site& site, const std::string& repository, const std::string& name,
                                        const std::string& job) {
    fs::Filesystem& filesystem = site.filesystem();
    check_tag_name(name);
    const auto generation = find_tag(filesystem, "public", repository, name);
    if (!generation) return std::nullopt;
    filesystem.remove("public/" + tag_path(repository, name));
    filesystem.sync_directory("public/" + layout::generations(repository));
    append_event(site, repository, "untag", {{"tag", name}, {"tagged", std::to_string(*generation)}}, job);
    return generation;
}

}  // namespace repotool::store

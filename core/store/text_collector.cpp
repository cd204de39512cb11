// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/text_collector.hpp"

#include <algorithm>
#include <cerrno>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_names.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/head.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"
#include "core/store/text_map.hpp"

namespace repotool::store {
namespace {

using Files = std::map<std::string, std::uint64_t>;

// The map of the text with `digest`, where it can be read, and its packs stay.
void keep_text(fs::Filesystem& filesystem, const std::string& directory, const std::string& digest,
               Files& unused) {
    const std::string path = fs::join_path(directory, digest);
    if (!unused.contains(path)) return;
    try {
        for (const auto& pack : parse_text_map(fs::read_file(filesystem, path)).packs)
            unused.erase(fs::join_path(directory, pack));
        unused.erase(path);
    } catch (const base::SystemError& error) {
        if (error.error_number() != ENOENT) throw;  // its publisher has put the next one in its place
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::integrity) throw;
    }
}

// Exact under the repository's lock. Without it the packs of a text that a publisher exchanges just now may
// be among them.
Files unused_by(fs::Filesystem& filesystem, const std::string& repository) {
    const std::string directory = layout::text_directory(repository);
    Files unused;
    fs::walk(filesystem, directory,
             [&](const std::string& path, const fs::Status& status) { unused[path] = status.size; });
    if (unused.empty()) return unused;
    const auto current = make_symlink_head(filesystem, "public", repository)->current();
    if (!current) return unused;
    const auto names = read_generation_names(filesystem, "public/" + layout::generation(repository, *current),
                                             repository, Missing::is_damage);
    for (const auto& text : names.texts) keep_text(filesystem, directory, text, unused);
    return unused;
}

// As older releases wrote them: texts of all repositories in one directory.
Files flat_texts(fs::Filesystem& filesystem) {
    Files found;
    for (const auto& name : filesystem.list(layout::kTexts)) {
        const std::string path = fs::join_path(layout::kTexts, name);
        const auto status = filesystem.status(path);
        if (status && status->kind == fs::Kind::file) found[path] = status->size;
    }
    return found;
}

void remove_all(fs::Filesystem& filesystem, const Files& files, Tally& removed) {
    for (const auto& [path, size] : files) {
        filesystem.remove(path);
        removed.add(size);
    }
}

}  // namespace

std::vector<std::string> repositories_with_texts(fs::Filesystem& filesystem) {
    std::vector<std::string> repositories;
    for (std::string name : filesystem.list(layout::kTexts)) {
        std::replace(name.begin(), name.end(), ':', '/');
        const auto status = filesystem.status(layout::text_directory(name));
        if (is_repository_name(name) && status && status->kind == fs::Kind::directory)
            repositories.push_back(name);
    }
    return repositories;
}

Files unused_texts(fs::Filesystem& filesystem) {
    Files unused = flat_texts(filesystem);
    for (const auto& repository : repositories_with_texts(filesystem))
        unused.merge(unused_by(filesystem, repository));
    return unused;
}

void remove_flat_texts(fs::Filesystem& filesystem, Tally& removed) {
    remove_all(filesystem, flat_texts(filesystem), removed);
}

void remove_texts(Site& site, const std::string& repository, const LockRequest& lock, Tally& removed) {
    fs::Filesystem& filesystem = site.filesystem();
    if (unused_by(filesystem, repository).empty()) return;  // no publisher has to wait for that
    in_turns(site, repository, lock, [&](const TurnTime&) {
        remove_all(filesystem, unused_by(filesystem, repository), removed);
        return false;
    });
}

}  // namespace repotool::store

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/roster.hpp"

#include <algorithm>
#include <set>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/history.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"
#include "core/store/waste.hpp"

namespace repotool::store {

std::vector<std::uint64_t> list_generations(fs::Filesystem& filesystem, const std::string& public_root,
                                            const std::string& repository) {
    std::vector<std::uint64_t> numbers;
    for (const auto& name : filesystem.list(fs::join_path(public_root, layout::generations(repository)))) {
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        try {
            numbers.push_back(parse_generation(name));
        } catch (const base::Error&) {
            continue;  // "007": nobody's generation
        }
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

namespace {

// A directory in gen/ with a generation is a repository's, and an empty one with a history was; others may
// hold repositories further down, and after an expiry a directory may be both.
void find_generations(fs::Filesystem& filesystem, const std::string& path, std::set<std::string>& found) {
    const auto names = filesystem.list(fs::join_path("public/gen", path));
    const bool is_leftover = names.empty() && !path.empty() && History(filesystem, path).last();
    if (is_leftover) found.insert(path);
    for (const auto& name : names) {
        const std::string child = fs::join_path(path, name);
        const bool is_number = name.find_first_not_of("0123456789") == std::string::npos;
        if (is_number && !path.empty()) {
            found.insert(path);
        } else if (is_repository_name(child)) {
            const auto status = filesystem.status("public/gen/" + child);
            if (status && status->kind == fs::Kind::directory) find_generations(filesystem, child, found);
        }
    }
}

}  // namespace

std::vector<std::string> known_repositories(fs::Filesystem& filesystem) {
    std::set<std::string> found;
    for (const auto& repository : list_repositories(filesystem, "public")) found.insert(repository);
    find_generations(filesystem, "", found);
    for (const char* directory : {layout::kTrash, layout::kCondemned}) {
        for (const auto& waste : list_waste(filesystem, directory, "")) found.insert(waste.repository);
    }
    return {found.begin(), found.end()};
}

}  // namespace repotool::store

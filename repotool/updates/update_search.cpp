// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/updates/update_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/base/error.hpp"
#include "core/fs/external.hpp"
#include "core/fs/filesystem.hpp"
#include "core/fs/tree.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;

// What is at `path` below the update's directory; a symlink on the way or at its end is refused.
std::optional<fs::Kind> kind_below(const FoundUpdate& found, const std::string& path) {
    const auto directory = fs::open_posix_filesystem(found.directory);
    std::optional<fs::Status> status;
    for (std::size_t end = 0; end != std::string::npos;) {
        end = path.find('/', end + 1);
        status = directory->status(path.substr(0, end));
        if (!status) return std::nullopt;
        if (status->kind == fs::Kind::symlink) {
            throw Error(
                ErrorKind::input, "read", found.update.file,
                fmt::format("its packages are in '{}', and '{}' is a symlink", path, path.substr(0, end)),
                "updates name places below their own directory");
        }
    }
    return status->kind;
}

// Sorts what `packages:` names into files and repositories.
void find_places(FoundUpdate& found, const IsRepository& is_repository) {
    for (const auto& named : found.update.packages) {
        const bool is_explicit = named.starts_with("./");
        const std::string path = is_explicit ? named.substr(2) : named;
        const bool is_path = kind_below(found, path).has_value();
        const bool names_repository = !is_explicit && is_repository(named);
        const auto refuse = [&](const std::string& reason, const std::string& hint) {
            return Error(ErrorKind::input, "read", found.update.file,
                         fmt::format("packages: '{}' is {}", named, reason), hint);
        };
        if (is_path && names_repository)
            throw refuse("both a path and a repository", fmt::format("write ./{} for the path", named));
        if (!is_path && !names_repository)
            throw refuse("neither a path beside the update nor a repository", "");
        if (is_path)
            found.places.push_back(fs::join_path(found.directory, path));
        else
            found.repositories.push_back(named);
    }
}

FoundUpdate find_update(const std::string& file, const IsRepository& is_repository) {
    FoundUpdate found{read_update(file), "", {}, {}};
    const std::size_t slash = file.rfind('/');
    found.directory = fs::absolute_path(slash == std::string::npos ? "." : file.substr(0, slash + 1));
    find_places(found, is_repository);
    return found;
}

std::string directory_name(const Build& build) {
    return fs::join_path(fs::join_path(build.repo, build.dist), build.tag);
}

std::vector<std::string> candidates_of(const FoundUpdate& found) {
    if (!found.update.packages.empty()) return found.places;
    std::vector<std::string> directories;
    for (const auto& build : found.update.builds) {
        const std::string directory = build_directory(found, build);
        const bool is_new = std::find(directories.begin(), directories.end(), directory) == directories.end();
        if (is_new && kind_below(found, directory_name(build)) == fs::Kind::directory)
            directories.push_back(directory);
    }
    return directories;
}

void throw_all(const std::vector<Error>& refusals) {
    if (refusals.empty()) return;
    const Error& front = refusals.front();
    const std::string hint =
        front.hint().empty() ? "every .yml and .yaml below a directory is read as an update" : front.hint();
    Error first(front.kind(), front.verb(), front.object(), front.reason(), hint);
    std::vector<std::string> others = front.also();
    for (auto refusal = refusals.begin() + 1; refusal != refusals.end(); ++refusal) {
        others.emplace_back(refusal->what());
        others.insert(others.end(), refusal->also().begin(), refusal->also().end());
    }
    first.set_also(std::move(others));
    throw first;
}

}  // namespace

FoundInputs find_inputs(InputArguments arguments, const IsRepository& is_repository) {
    FoundInputs found;
    std::vector<Error> refusals;
    arguments.candidates_of = [&](const std::string& file) -> std::vector<std::string> {
        try {
            FoundUpdate update = find_update(file, is_repository);
            auto candidates = candidates_of(update);
            found.updates.push_back(std::move(update));
            return candidates;
        } catch (const base::SystemError&) {
            throw;  // nothing is wrong with the update
        } catch (const Error& refusal) {
            refusals.push_back(refusal);
            return {};
        }
    };
    found.inputs = expand_inputs(arguments);
    throw_all(refusals);
    return found;
}

std::string build_directory(const FoundUpdate& found, const Build& build) {
    return fs::join_path(found.directory, directory_name(build));
}

bool lies_in(const FoundUpdate& found, const Build& build, const std::string& path) {
    if (found.update.packages.empty()) return fs::parent_path(path) == build_directory(found, build);
    return std::any_of(found.places.begin(), found.places.end(), [&](const std::string& place) {
        return path == place || path.starts_with(place + "/");
    });
}

}  // namespace repotool::publisher

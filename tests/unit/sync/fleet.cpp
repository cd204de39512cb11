// SPDX-License-Identifier: GPL-3.0-or-later
#include "fleet.hpp"

#include <filesystem>
#include <sstream>
#include <stdexcept>

#include "core/base/log.hpp"
#include "forwarding_filesystem.hpp"
#include "sync/directory/directory_mirror.hpp"

namespace repotool::sync::testing {
namespace {

std::unique_ptr<fs::Filesystem> open(const std::string& which, const std::string& path, const Wrap& wrap) {
    auto filesystem = make_unsynced_filesystem(path);
    return wrap ? wrap(which, std::move(filesystem)) : std::move(filesystem);
}

}  // namespace

FleetResult TwoMirrors::run(const Wrap& wrap, const FleetOptions& options) const {
    return run_to({a, b}, wrap, options);
}

FleetResult TwoMirrors::run_to(const std::vector<std::string>& paths, const Wrap& wrap,
                               FleetOptions options) const {
    base::set_verbosity(base::Verbosity::quiet);
    const auto tree = fs::open_posix_filesystem(workspace.path("site/public"));
    const auto state = open("state", workspace.path("site"), wrap);
    Source source{workspace.path("site"), *tree, *state, "private/sync"};
    if (!options.open_mirror)
        options.open_mirror = [](const std::string& name) {
            return std::make_unique<DirectoryMirror>(name, make_unsynced_filesystem(name), MirrorOptions{});
        };
    std::vector<std::unique_ptr<Mirror>> owned;
    std::vector<FleetMember> mirrors;
    for (const auto& path : paths) {
        const std::string which = std::filesystem::path(path).filename().string();
        owned.push_back(std::make_unique<DirectoryMirror>(path, open(which, path, wrap), MirrorOptions{}));
        mirrors.push_back({owned.back().get(), {}, nullptr});
    }
    return run_fleet(source, "stable", mirrors, options);
}

// Looks as a client does: through the symlink, and at every package that the index there names.
std::uint64_t TwoMirrors::seen(const std::string& mirror) const {
    namespace stdfs = std::filesystem;
    if (!stdfs::is_symlink(mirror + "/stable")) return 0;
    const auto generation = std::stoull(stdfs::read_symlink(mirror + "/stable").filename().string());
    const std::string index = read_text(mirror + "/stable/dists/bookworm/main/binary-amd64/Packages.gz");
    if (!index.starts_with("gz ")) throw std::runtime_error("a client finds no index on " + mirror);
    std::istringstream lines(index.substr(3));
    for (std::string line; std::getline(lines, line);) {
        if (!stdfs::exists(mirror + "/stable/pool/" + line))
            throw std::runtime_error("a client misses " + line);
    }
    const std::string repomd = read_text(mirror + "/stable/rpm/el9/x86_64/repodata/repomd.xml");
    if (repomd.find("stable@" + std::to_string(generation) + " ") == std::string::npos) {
        throw std::runtime_error("a client reads another repomd.xml on " + mirror);
    }
    return generation;
}

std::size_t TwoMirrors::leftovers() const {
    std::size_t count = 0;
    for (const auto& mirror : {a, b}) {
        for (const auto& item : private_snapshot(mirror))
            count += item.first.starts_with("stable/txn/") ? 1 : 0;
    }
    const std::string journals = workspace.path("site/private/sync/stable");
    if (!std::filesystem::exists(journals)) return count;
    for (const auto& entry : std::filesystem::directory_iterator(journals))
        count += entry.is_directory() && entry.path().filename() != "ended" ? 1 : 0;
    return count;
}

}  // namespace repotool::sync::testing

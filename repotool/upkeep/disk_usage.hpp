// SPDX-License-Identifier: GPL-3.0-or-later
// Who needs how much space. A package file counts once for each repository, and once for the site, however
// many generations and dists have it. Takes no lock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "repotool/config/open_site.hpp"

namespace repotool::publisher {

// All in bytes.
struct RepositoryUsage {
    std::string repository;
    std::uint64_t generations = 0;         // number of them
    std::uint64_t exclusive = 0;           // packages that no other repository has
    std::uint64_t shared = 0;              // packages that another one has, too
    std::uint64_t metadata = 0;            // indexes, manifests, pointer files
    std::optional<std::uint64_t> garbage;  // what no generation needs, its grace over or not; empty: unknown
};

struct SiteUsage {
    std::vector<RepositoryUsage> repositories;
    std::uint64_t packages = 0;           // each file once
    std::optional<std::uint64_t> caches;  // private/text, records.db; empty: not the caller's to see
    std::uint64_t free = 0;
};

// Throws base::Error (integrity) where a generation is damaged.
SiteUsage disk_usage(OpenSite& site);

}  // namespace repotool::publisher

// SPDX-License-Identifier: GPL-3.0-or-later
// Tags: names for generations that gc keeps (docs/FORMAT.md §6.1). A tag is the relative symlink
// gen/<repository>/<NAME> -> <N>, so that it is a stable address for clients and stands where gc looks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/store/site.hpp"

namespace repotool::store {

// Name → generation. Throws base::Error (integrity) for a symlink that we did not make.
std::map<std::string, std::uint64_t> list_tags(fs::Filesystem& filesystem, const std::string& public_root,
                                               const std::string& repository);
std::optional<std::uint64_t> find_tag(fs::Filesystem& filesystem, const std::string& public_root,
                                      const std::string& repository, const std::string& name);

// Durable on return; the history tells it. False where the tag names this generation already. Throws
// base::Error: policy where it names another one, usage where the generation does not exist. Under the
// repository's lock.
bool add_tag(Site& site, const std::string& repository, std::uint64_t generation, const std::string& name,
             const std::string& job = {});
// The generation that the tag named; empty where there is no such tag. Under the repository's lock.
std::optional<std::uint64_t> delete_tag(Site& site, const std::string& repository, const std::string& name,
                                        const std::string& job = {});

}  // namespace repotool::store

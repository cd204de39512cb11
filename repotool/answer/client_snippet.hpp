// SPDX-License-Identifier: GPL-3.0-or-later
// What a client machine needs to use a repository: sources(5), dnf.conf(5) "REPO OPTIONS",
// apt_preferences(5).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/store/generation_reader.hpp"

namespace repotool::publisher {

enum class SnippetFormat { sources, list, repo, preferences };

struct SnippetRequest {
    std::string base_url;
    std::string origin;  // of Release files, for preferences
    std::string label;
    std::optional<int> priority;  // preferences: Pin-Priority (default 1001); repo: priority= (default none)
    std::vector<std::pair<std::string, std::string>>
        keys;  // (name in public/keys without .asc, armored text)
};

// Throws base::Error (usage) where the repository has nothing of that format.
std::string client_snippet(const store::GenerationReader& reader, SnippetFormat format,
                           const SnippetRequest& request);

// APT sources and RPM addresses of a generation, as results and env files show them. `options`: what stands
// in brackets in sources.list, such as "trusted=yes"; may be empty.
struct AptAddress {
    std::string suite;
    std::vector<std::string> components;
    std::string url;
    std::string sources;  // one line for sources.list
};
struct RpmAddress {
    std::string dist;
    std::string architecture;
    std::string baseurl;
    std::string mirrorlist;
};
std::vector<AptAddress> apt_addresses(const std::string& repository,
                                      const std::vector<store::SubManifest>& sub_manifests,
                                      const std::string& base_url, const std::string& options);
std::vector<RpmAddress> rpm_addresses(const std::string& repository,
                                      const std::vector<store::SubManifest>& sub_manifests,
                                      const std::string& base_url);

}  // namespace repotool::publisher

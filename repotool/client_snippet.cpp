// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/client_snippet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/store/layout.hpp"

namespace repotool::publisher {
namespace {

using store::GenerationReader;
using store::SubManifest;

const SubManifest* find(const std::vector<SubManifest>& sub_manifests, const char* format) {
    const auto found = std::find_if(sub_manifests.begin(), sub_manifests.end(),
                                    [&](const auto& sub) { return sub.format == format; });
    return found == sub_manifests.end() ? nullptr : &*found;
}

const SubManifest& demand(const GenerationReader& reader, const char* format) {
    if (const auto* found = reader.find_format(format)) return *found;
    throw base::Error(base::ErrorKind::usage, "write a client file for", reader.manifest().repository,
                      fmt::format("it has no {} packages", format));
}

bool is_signed(const GenerationReader& reader) {
    return reader.pointer_file("MANIFEST.asc").has_value();
}

// A multi-line deb822 value: continuation lines begin with a space, empty lines are " .".
std::string folded(const std::string& text) {
    std::string out;
    for (const auto& line : base::split(base::trim(text), '\n')) out += line.empty() ? "\n ." : "\n " + line;
    return out;
}

std::string sources_snippet(const GenerationReader& reader, const SnippetRequest& request) {
    std::string text;
    for (const auto& address :
         apt_addresses(reader.manifest().repository, {demand(reader, "deb")}, request.base_url, "")) {
        text += fmt::format("{}Types: deb\nURIs: {}\nSuites: {}\nComponents: {}\n", text.empty() ? "" : "\n",
                            address.url, address.suite, base::join(address.components, " "));
        if (!is_signed(reader)) {
            text += "Trusted: yes\n";
        } else if (!request.keys.empty()) {
            std::string keys;
            for (const auto& [name, key] : request.keys) keys += folded(key);
            text += "Signed-By:" + keys + "\n";
        }
    }
    return text;
}

std::string list_snippet(const GenerationReader& reader, const SnippetRequest& request) {
    const std::string key = request.keys.empty() ? "repository" : request.keys[0].first;
    const std::string options =
        is_signed(reader) ? fmt::format("signed-by=/etc/apt/keyrings/{}.asc", key) : "trusted=yes";
    std::string text;
    if (is_signed(reader))
        text = fmt::format("# first: curl -o /etc/apt/keyrings/{0}.asc {1}/keys/{0}.asc\n", key,
                           request.base_url);
    for (const auto& address :
         apt_addresses(reader.manifest().repository, {demand(reader, "deb")}, request.base_url, options))
        text += address.sources + "\n";
    return text;
}

std::string repo_snippet(const GenerationReader& reader, const SnippetRequest& request) {
    std::set<std::string> dists;
    for (const auto& set : demand(reader, "rpm").sets) dists.insert(set.dist);
    const std::string& repository = reader.manifest().repository;
    std::string text;
    for (const auto& dist : dists) {
        std::string id = repository + "-" + dist;
        std::replace(id.begin(), id.end(), '/', '-');
        const std::string url = fmt::format("{}/{}/rpm/{}/$basearch/", request.base_url, repository, dist);
        text += fmt::format("{}[{}]\nname={} for {}\n", text.empty() ? "" : "\n", id, repository, dist);
        // A mirrorlist pins the session to one generation: repomd.xml and its signature are two requests.
        text += is_signed(reader) ? fmt::format("mirrorlist={}mirrorlist\n", url)
                                  : fmt::format("baseurl={}\n", url);
        text += fmt::format("enabled=1\ngpgcheck={0}\nrepo_gpgcheck={0}\n", is_signed(reader) ? 1 : 0);
        for (const auto& [name, key] : request.keys) {
            if (is_signed(reader)) text += fmt::format("gpgkey={}/keys/{}.asc\n", request.base_url, name);
        }
        text += "skip_if_unavailable=0\n";
        if (request.priority) text += fmt::format("priority={}\n", *request.priority);
    }
    return text;
}

std::string preferences_snippet(const GenerationReader& reader, const SnippetRequest& request) {
    demand(reader, "deb");
    return fmt::format("Package: *\nPin: release o={},l={}\nPin-Priority: {}\n", request.origin,
                       request.label, request.priority.value_or(1001));
}

}  // namespace

std::string client_snippet(const GenerationReader& reader, SnippetFormat format,
                           const SnippetRequest& request) {
    switch (format) {
        case SnippetFormat::sources:
            return sources_snippet(reader, request);
        case SnippetFormat::list:
            return list_snippet(reader, request);
        case SnippetFormat::repo:
            return repo_snippet(reader, request);
        case SnippetFormat::preferences:
            return preferences_snippet(reader, request);
    }
    return {};
}

std::vector<AptAddress> apt_addresses(const std::string& repository,
                                      const std::vector<SubManifest>& sub_manifests,
                                      const std::string& base_url, const std::string& options) {
    const SubManifest* deb = find(sub_manifests, "deb");
    std::map<std::string, std::set<std::string>> components;
    if (deb != nullptr) {
        for (const auto& set : deb->sets) components[set.dist].insert(set.component);
    }
    std::vector<AptAddress> addresses;
    for (const auto& [suite, names] : components) {
        const std::string url = base_url + "/" + repository;
        const std::vector<std::string> list(names.begin(), names.end());
        const std::string bracket = options.empty() ? "" : "[" + options + "] ";
        addresses.push_back(
            {suite, list, url, fmt::format("deb {}{} {} {}", bracket, url, suite, base::join(list, " "))});
    }
    return addresses;
}

std::vector<RpmAddress> rpm_addresses(const std::string& repository,
                                      const std::vector<SubManifest>& sub_manifests,
                                      const std::string& base_url) {
    std::vector<RpmAddress> addresses;
    const SubManifest* rpm = find(sub_manifests, "rpm");
    if (rpm == nullptr) return addresses;
    for (const auto& set : rpm->sets) {
        const std::string url = fmt::format("{}/{}/{}/", base_url, repository,
                                            store::layout::rpm_directory(set.dist, set.architecture));
        addresses.push_back({set.dist, set.architecture, url, url + "mirrorlist"});
    }
    return addresses;
}

}  // namespace repotool::publisher

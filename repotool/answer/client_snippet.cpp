// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/answer/client_snippet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"
#include "signing/signer.hpp"

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

// What one suite offers: components that every client wants, those with debug packages alone, and sources.
struct SuiteOffer {
    std::vector<std::string> components;
    std::vector<std::string> debug_components;
    bool has_sources = false;
};
std::map<std::string, SuiteOffer> suites_of(const SubManifest& deb) {
    std::map<std::string, std::set<std::string>> components;
    std::map<std::string, SuiteOffer> suites;
    for (const auto& set : deb.sets) {
        components[set.dist].insert(set.component);
        if (store::set_kind(set.architecture) == store::SetKind::source) suites[set.dist].has_sources = true;
    }
    constexpr std::string_view kMark = "-debug";  // DebugPlace::apart
    for (const auto& [suite, names] : components) {
        for (const auto& name : names) {
            const bool apart =
                name.ends_with(kMark) && names.contains(name.substr(0, name.size() - kMark.size()));
            (apart ? suites[suite].debug_components : suites[suite].components).push_back(name);
        }
    }
    return suites;
}

std::string trust_lines(const GenerationReader& reader, const SnippetRequest& request) {
    if (!is_signed(reader)) return "Trusted: yes\n";
    if (request.keys.empty()) return "";
    std::vector<std::string> keys;
    for (const auto& [name, key] : request.keys) keys.push_back(key);
    return "Signed-By:" + folded(signing::join_public_keys(keys)) + "\n";
}

std::string sources_snippet(const GenerationReader& reader, const SnippetRequest& request) {
    const std::string url = request.base_url + "/" + reader.manifest().repository;
    std::string text;
    const auto add = [&](const std::string& first, const char* types, const std::string& suite,
                         const std::vector<std::string>& components) {
        text +=
            fmt::format("{}{}Types: {}\nURIs: {}\nSuites: {}\nComponents: {}\n{}", text.empty() ? "" : "\n",
                        first, types, url, suite, base::join(components, " "), trust_lines(reader, request));
    };
    for (const auto& [suite, offer] : suites_of(demand(reader, "deb"))) {
        add("", offer.has_sources ? "deb deb-src" : "deb", suite, offer.components);
        if (!offer.debug_components.empty())
            add("# Debug symbols\nEnabled: no\n", "deb", suite, offer.debug_components);
    }
    return text;
}

std::string list_snippet(const GenerationReader& reader, const SnippetRequest& request) {
    std::vector<std::string> names;
    for (const auto& [name, key] : request.keys) names.push_back(name);
    if (names.empty()) names.emplace_back("repository");
    std::vector<std::string> files;
    std::string text;
    for (const auto& name : names) {
        files.push_back(fmt::format("/etc/apt/keyrings/{}.asc", name));
        if (is_signed(reader))
            text +=
                fmt::format("# first: curl -o {1} {2}/keys/{0}.asc\n", name, files.back(), request.base_url);
    }
    const std::string options = is_signed(reader) ? "signed-by=" + base::join(files, ",") : "trusted=yes";
    const std::string url = request.base_url + "/" + reader.manifest().repository;
    const auto add = [&](const char* type, const std::string& suite,
                         const std::vector<std::string>& components) {
        text += fmt::format("{} [{}] {} {} {}\n", type, options, url, suite, base::join(components, " "));
    };
    for (const auto& [suite, offer] : suites_of(demand(reader, "deb"))) {
        add("deb", suite, offer.components);
        if (offer.has_sources) add("deb-src", suite, offer.components);
        if (!offer.debug_components.empty()) add("# debug symbols: deb", suite, offer.debug_components);
    }
    return text;
}

// One section of a .repo file.
struct RepoSection {
    std::string id;
    std::string name;
    std::string url;
    bool enabled = true;
};
std::string section_text(const RepoSection& section, const GenerationReader& reader,
                         const SnippetRequest& request) {
    std::string text = fmt::format("[{}]\nname={}\n", section.id, section.name);
    // A mirrorlist pins the session to one generation: repomd.xml and its signature are two requests.
    text += is_signed(reader) ? fmt::format("mirrorlist={}mirrorlist\n", section.url)
                              : fmt::format("baseurl={}\n", section.url);
    text += fmt::format("enabled={0}\ngpgcheck={1}\nrepo_gpgcheck={1}\n", section.enabled ? 1 : 0,
                        is_signed(reader) ? 1 : 0);
    std::vector<std::string> keys;
    for (const auto& [name, key] : request.keys)
        keys.push_back(fmt::format("{}/keys/{}.asc", request.base_url, name));
    if (is_signed(reader) && !keys.empty()) text += "gpgkey=" + base::join(keys, " ") + "\n";
    text += "skip_if_unavailable=0\n";
    if (request.priority) text += fmt::format("priority={}\n", *request.priority);
    return text;
}

std::string repo_snippet(const GenerationReader& reader, const SnippetRequest& request) {
    const std::string& repository = reader.manifest().repository;
    std::map<std::string, std::set<store::SetKind>> dists;
    for (const auto& set : demand(reader, "rpm").sets)
        dists[set.dist].insert(store::set_kind(set.architecture));
    std::vector<RepoSection> sections;
    for (const auto& [dist, kinds] : dists) {
        std::string id = repository + "-" + dist;
        std::replace(id.begin(), id.end(), '/', '-');
        const std::string name = fmt::format("{} for {}", repository, dist);
        const std::string url = fmt::format("{}/{}/rpm/{}/", request.base_url, repository, dist);
        const bool binary = kinds.contains(store::SetKind::binary);
        if (binary) sections.push_back({id, name, url + "$basearch/", true});
        if (kinds.contains(store::SetKind::debug))
            sections.push_back({id + "-debug", name + ", debug packages", url + "$basearch-debug/", false});
        if (kinds.contains(store::SetKind::source))
            sections.push_back({id + "-source", name + ", sources", url + "source/", !binary});
    }
    std::string text;
    for (const auto& section : sections)
        text += (text.empty() ? "" : "\n") + section_text(section, reader, request);
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

// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/setting_changes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/base/text.hpp"
#include "core/formats/deb/release_writer.hpp"
#include "core/store/layout.hpp"
#include "repotool/index/extras.hpp"
#include "repotool/index/generation_builder.hpp"
#include "repotool/index/release_info.hpp"
#include "repotool/index/set_form.hpp"
#include "repotool/publish/set_beginnings.hpp"

namespace repotool::publisher {
namespace {

// Keeps the order in which changes are found.
class Names {
public:
    void add_if(bool differs, std::string name) {
        if (differs && std::find(found_.begin(), found_.end(), name) == found_.end())
            found_.push_back(std::move(name));
    }
    std::vector<std::string> take() { return std::move(found_); }

private:
    std::vector<std::string> found_;
};

void compare_sets(Names& names, const store::GenerationReader& parent, const Config& config,
                  const std::string& repository) {
    const auto present = WorkingSets(&parent).names();
    for (const auto& set : missing_sets(present, config, config.repository(repository).rules)) {
        const bool has_component = std::any_of(present.begin(), present.end(), [&](const SetName& other) {
            return other.format == set.format && other.dist == set.dist && other.component == set.component;
        });
        names.add_if(true, (has_component ? "architectures of " : "components of ") + set.dist);
    }
}

void compare_forms(Names& names, const store::SubManifest& sub, const Config& config) {
    const auto format = formats::parse_format(sub.format);
    for (const auto& set : sub.sets) {
        const SetForm before = stored_form(sub, set);
        const SetForm now = wanted_form(format, set.architecture, config.metadata);
        const bool has_other_extras =
            std::any_of(set.extras.begin(), set.extras.end(),
                        [&](const auto& extra) { return has_other_form(extra, config.metadata); });
        names.add_if(before.compressions != now.compressions || has_other_extras, "metadata.compress");
        names.add_if(before.has_contents != now.has_contents, "metadata.contents");
        names.add_if(before.descriptions != now.descriptions, "metadata.translations");
        names.add_if(before.has_sha512 != now.has_sha512, "metadata.sha512");
    }
}

// The fields above the list of files, each a line.
std::map<std::string, std::string> fields_of(const std::string& release) {
    std::map<std::string, std::string> fields;
    for (const auto& line : base::split(release, '\n')) {
        const auto colon = line.find(':');
        if (colon == std::string::npos || line.starts_with("SHA256")) break;
        fields[std::string(line.substr(0, colon))] = line.substr(colon + 1);
    }
    return fields;
}

// With the date that it has, a Release that is written again is the same but for what was configured since.
void compare_releases(Names& names, const store::GenerationReader& parent, const store::SubManifest& sub,
                      const Config& config, const std::string& repository) {
    std::set<std::string> dists;
    for (const auto& set : sub.sets) dists.insert(set.dist);
    for (const auto& dist : dists) {
        const auto text = parent.pointer_file(fmt::format("dists/{}/Release", dist));
        if (!text) continue;
        const auto release = release_of(repository, dist, sub, config, parent.manifest().date);
        auto now = fields_of(formats::deb::render_release(release));
        const auto before = fields_of(*text);
        for (const auto& [field, value] : before) now.try_emplace(field);
        for (const auto& [field, value] : now) {
            const auto old = before.find(field);
            names.add_if(old == before.end() || old->second != value,
                         fmt::format("{} in Release of {}", field, dist));
        }
    }
}

// The only file that has the site's address in it.
void compare_addresses(Names& names, const store::GenerationReader& parent, const store::SubManifest& sub,
                       const Config& config) {
    for (const auto& set : sub.sets) {
        const std::string path = store::layout::rpm_directory(set.dist, set.architecture) + "/mirrorlist";
        names.add_if(
            parent.pointer_file(path).value_or("") !=
                mirrorlist_text(config, parent.manifest().repository, parent.manifest().generation, set),
            "site.base_url");
    }
}

}  // namespace

std::vector<std::string> setting_changes(const store::GenerationReader& parent, const Config& config,
                                         const std::string& repository, Signing signing) {
    Names names;
    compare_sets(names, parent, config, repository);
    for (const auto& sub : parent.sub_manifests()) {
        compare_forms(names, sub, config);
        if (sub.format == "deb") compare_releases(names, parent, sub, config, repository);
        if (sub.format == "rpm") compare_addresses(names, parent, sub, config);
    }
    names.add_if(parent.pointer_file("MANIFEST.asc").has_value() != (signing == Signing::yes), "sign");
    return names.take();
}

}  // namespace repotool::publisher

// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/set_form.hpp"

#include <algorithm>

#include "core/store/layout.hpp"
#include "core/store/names.hpp"
#include "repotool/index/extras.hpp"

namespace repotool::publisher {
namespace {

bool has_file_lists(formats::Format format, const std::string& architecture) {
    return format == formats::Format::deb && architecture != store::layout::kTranslations &&
           store::set_kind(architecture) != store::SetKind::source;
}

// All of the set's chunks, as they are.
SetPlan unchanged_plan(formats::Format format, const store::SetEntry& set,
                       const store::GenerationReader& parent) {
    SetPlan plan{format, set.dist, set.component, set.architecture, {}, &set, {}};
    for (const auto& chunk : parent.chunk_list(set))
        plan.pieces.push_back({chunk, plan.pieces.size(), {}, {}});
    return plan;
}

bool has_other_extras(const store::SetEntry& set, const MetadataConfig& metadata) {
    return std::any_of(set.extras.begin(), set.extras.end(),
                       [&](const auto& extra) { return has_other_form(extra, metadata); });
}

}  // namespace

bool has_descriptions(formats::Format format, const std::string& architecture) {
    return has_file_lists(format, architecture) && store::set_kind(architecture) == store::SetKind::binary;
}

SetForm wanted_form(formats::Format format, const std::string& architecture, const MetadataConfig& metadata) {
    const bool deb = format == formats::Format::deb;
    SetForm form;
    for (const auto compression : metadata.compress)
        form.compressions.emplace_back(formats::compression_name(compression));
    if (!deb) form.compressions.resize(1);  // repomd names one file for each type
    std::sort(form.compressions.begin(), form.compressions.end());
    form.has_sha512 = deb && metadata.sha512;
    form.has_contents = metadata.contents && has_file_lists(format, architecture);
    if (metadata.translations && has_descriptions(format, architecture))
        form.descriptions = Descriptions::split;
    return form;
}

SetForm stored_form(const store::SubManifest& sub_manifest, const store::SetEntry& set) {
    SetForm form;
    form.has_sha512 = !set.indexes.empty();
    for (const auto& index : set.indexes) {
        form.has_sha512 = form.has_sha512 && !index.sha512.empty();
        const bool is_known = std::find(form.compressions.begin(), form.compressions.end(),
                                        index.compression) != form.compressions.end();
        if (index.compression != "none" && !is_known) form.compressions.push_back(index.compression);
    }
    std::sort(form.compressions.begin(), form.compressions.end());
    form.has_contents = set.contents.has_value();
    const auto format = formats::parse_format(sub_manifest.format);
    const bool is_split = std::any_of(
        sub_manifest.translations.begin(), sub_manifest.translations.end(),
        [&](const auto& other) { return other.dist == set.dist && other.component == set.component; });
    if (is_split && has_descriptions(format, set.architecture)) form.descriptions = Descriptions::split;
    return form;
}

std::vector<SetPlan> plans_for_settings(const store::GenerationReader& parent,
                                        const MetadataConfig& metadata) {
    std::vector<SetPlan> plans;
    for (const auto& sub_manifest : parent.sub_manifests()) {
        const auto format = formats::parse_format(sub_manifest.format);
        for (const auto& set : sub_manifest.sets) {
            if (stored_form(sub_manifest, set) == wanted_form(format, set.architecture, metadata) &&
                !has_other_extras(set, metadata))
                continue;
            plans.push_back(unchanged_plan(format, set, parent));
        }
    }
    return plans;
}

}  // namespace repotool::publisher

// SPDX-License-Identifier: GPL-3.0-or-later
// The form in which a package set is stored, and the one that the settings ask for. Where they differ, the
// set is written again, whether its packages change or not: one generation never mixes settings.
#pragma once

#include <string>
#include <vector>

#include "core/store/generation_reader.hpp"
#include "repotool/config/config.hpp"
#include "repotool/index/index_builder.hpp"
#include "repotool/index/index_text.hpp"

namespace repotool::publisher {

struct SetForm {
    std::vector<std::string> compressions;  // sorted
    bool has_sha512 = false;
    bool has_contents = false;
    Descriptions descriptions = Descriptions::whole;
    friend bool operator==(const SetForm&, const SetForm&) = default;
};

// `architecture` tells the kind of the set (core/store/names.hpp).
SetForm wanted_form(formats::Format format, const std::string& architecture, const MetadataConfig& metadata);
SetForm stored_form(const store::SubManifest& sub_manifest, const store::SetEntry& set);

// True for a set whose packages' descriptions a site may split off: binary packages of Debian.
bool has_descriptions(formats::Format format, const std::string& architecture);

// Plans that write each set of `parent` whose form or passed-through metadata the settings want otherwise,
// without a change of its packages.
std::vector<SetPlan> plans_for_settings(const store::GenerationReader& parent,
                                        const MetadataConfig& metadata);

}  // namespace repotool::publisher

// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the indexes of a published set back as clients do and compares them with the manifest; private to
// verify.
#pragma once

#include <functional>
#include <string>

#include "core/store/generation_reader.hpp"

namespace repotool::publisher {

// Path below public/, and what is wrong there.
using FindingSink = std::function<void(const std::string& path, const std::string& problem)>;

// Each stored index, Contents and passed-through metadata of `set`.
void verify_set_indexes(const store::GenerationReader& reader, const store::SetEntry& set,
                        const FindingSink& find);

// Each description that Packages splits off is in Translation-en of its component.
void verify_descriptions(const store::GenerationReader& reader, const store::SubManifest& sub_manifest,
                         const FindingSink& find);

}  // namespace repotool::publisher

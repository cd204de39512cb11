// SPDX-License-Identifier: GPL-3.0-or-later
// What a check is about: a generation, its packages, what it was built against and made of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/store/generation_reader.hpp"
#include "repotool/policy/evidence.hpp"

namespace repotool::publisher {

// Keys of a request's `meta` that say where a generation comes from.
inline constexpr const char* kBaseMeta = "repotool.base";        // repository@N that it was built against
inline constexpr const char* kSourcesMeta = "repotool.sources";  // of a merge: repository@N, … with blanks

// "change-1234" stands for test/change-1234 where there is no repository of that name; "@N" may follow.
// Throws base::Error (usage) where neither exists.
store::GenerationReader open_change(fs::Filesystem& filesystem, const std::string& change);

// The generation that open_change() opens; empty where there is none.
std::optional<GenerationName> find_change(fs::Filesystem& filesystem, const std::string& change);

GenerationName name_of(const store::GenerationReader& generation);
std::vector<TestedPackage> packages_of(const store::GenerationReader& generation);

// By what the history says of the request that made the generation, or of the last one before it. Empty where
// it says nothing, or where the generation that it names is gone.
std::optional<GenerationName> base_of(const store::GenerationReader& generation);
// Of the generation itself alone.
std::vector<GenerationName> sources_of(const store::GenerationReader& generation);

}  // namespace repotool::publisher

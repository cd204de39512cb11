// SPDX-License-Identifier: GPL-3.0-or-later
// What the Release files of a repository say, and which changes of it stop every client.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/formats/deb/release_writer.hpp"
#include "core/store/generation_reader.hpp"
#include "repotool/config/config.hpp"

namespace repotool::publisher {

// The Release of one dist whose indexes `sub_manifest` names.
formats::deb::Release release_of(const std::string& repository, const std::string& dist,
                                 const store::SubManifest& sub_manifest, const Config& config,
                                 base::UnixSeconds date);

// One line for each change of Origin, Label, Codename or the default pin (NotAutomatic,
// ButAutomaticUpgrades) between the Release files of `parent` and what would be written now: after any of
// them `apt-get update` of every client fails until its user agrees. Throws base::Error (integrity) where a
// Release of the parent cannot be read.
std::vector<std::string> release_info_changes(const store::GenerationReader& parent, const Config& config,
                                              const std::string& repository);

// After this moment apt refuses at least one of its Release files; none: never. Throws base::Error
// (integrity).
std::optional<base::UnixSeconds> valid_until(const store::GenerationReader& reader);

// Throws base::Error (policy) where clients of `parent` would refuse what is to be published now: one of the
// changes above, or signed metadata that becomes unsigned. `verb` is what the caller is about to do.
enum class Becomes { signed_metadata, unsigned_metadata };
void check_release_info(const store::GenerationReader& parent, const Config& config,
                        const std::string& repository, Becomes becomes, const std::string& verb);

}  // namespace repotool::publisher

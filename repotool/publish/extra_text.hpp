// SPDX-License-Identifier: GPL-3.0-or-later
// The RPM metadata that a published set carries besides its packages, read again.
#pragma once

#include <string>
#include <vector>

#include "core/store/generation_reader.hpp"
#include "repotool/packages/candidate.hpp"

namespace repotool::publisher {

// The open text. Throws base::Error (integrity) where it is not what the manifest says.
std::string read_extra_text(const store::GenerationReader& reader, const store::SetEntry& set,
                            const store::ExtraEntry& extra);
// True where merging `extra` into the set would make another text.
bool changes_extra(const store::GenerationReader& reader, const store::SetEntry& set,
                   const ExtraCandidate& extra);
// True where the set has what `extras` are together, and no other metadata of this kind.
bool has_exactly(const store::SetEntry& set, const std::vector<const ExtraCandidate*>& extras);

}  // namespace repotool::publisher

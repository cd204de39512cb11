// SPDX-License-Identifier: GPL-3.0-or-later
// What of the manifest tree is needed to compare it with another one, fetched in as few questions as there
// are levels: chunk lists and frame tables, then chunks. Each is asked for as the difference to what the
// mirror has in its place.
#pragma once

#include "core/store/generation_reader.hpp"
#include "sync/mirror/read_ahead.hpp"

namespace repotool::sync {

// `present`: what the mirror serves, or null.
void preload_tree(const store::GenerationReader& wanted, const store::GenerationReader* present,
                  ReadAhead& ahead);
// The pointer files and the signature of MANIFEST.
void preload_pointers(const store::GenerationReader& wanted, const store::GenerationReader* present,
                      ReadAhead& ahead);

}  // namespace repotool::sync

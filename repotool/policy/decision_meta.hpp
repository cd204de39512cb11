// SPDX-License-Identifier: GPL-3.0-or-later
// Keys of a request's `meta` with what decided about it: the history keeps them, and `audit` asks again.
#pragma once

namespace repotool::publisher {

inline constexpr const char* kEvidenceMeta = "repotool.evidence";  // SHA-256 of what counted, with blanks
inline constexpr const char* kOverrideMeta = "repotool.override";  // the key, why, and in brackets the record
// The envelopes that let its packages in, "<SHA-256>=<builder>" with blanks.
inline constexpr const char* kProvenanceMeta = "repotool.provenance";

}  // namespace repotool::publisher

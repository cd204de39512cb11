// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a generation is signed by somebody whom the keyring knows. Keys that lie beside the generation
// prove nothing: whoever can replace one can replace the other.
#pragma once

#include <string>

#include "sync/mirror/mirror.hpp"

namespace repotool::sync {

// `keyring`: bytes of an armored or binary keyring. The check throws base::Error (integrity) for a signature
// that is missing or not good. Throws base::Error (signing) where the keyring has no keys.
SignatureCheck make_signature_check(const std::string& keyring);

}  // namespace repotool::sync

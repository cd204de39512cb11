// SPDX-License-Identifier: GPL-3.0-or-later
// DSSE envelopes (secure-systems-lab/dsse, version 1): bytes of a named type, and who
// signed them. Reading one proves nothing; MessageKey::accepts() of pre_authentication_encoding() does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace repotool::signing {

inline constexpr std::uint64_t kLargestEnvelope = std::uint64_t{4} << 20U;  // bytes
inline constexpr std::size_t kMostSignatures = 16;                          // of one envelope

struct EnvelopeSignature {
    std::string key_id;  // a hint by whoever made the envelope: nothing is decided by it; may be empty
    std::string bytes;
};

struct Envelope {
    std::string payload_type;
    std::string payload;
    std::vector<EnvelopeSignature> signatures;  // at least one
    // The whole document as one line of compact JSON with sorted keys, without LF. What it says that is not
    // known here is kept.
    std::string line;
};

// Throws base::Error (input): too large, no strict JSON, a field that is missing or of another type, base64
// that RFC 4648 (§4 or §5, padded) does not allow, no signature or more than kMostSignatures.
Envelope parse_envelope(std::string_view text, const std::string& name);

// What the signatures cover: "DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload.
std::string pre_authentication_encoding(std::string_view payload_type, std::string_view payload);

}  // namespace repotool::signing

// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/envelope.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/strict_json.hpp"
#include "core/base/text.hpp"
#include "signing/base64.hpp"

namespace repotool::signing {
namespace {

using base::Error;
using base::ErrorKind;
using nlohmann::json;

class Reading {
public:
    explicit Reading(const std::string& name) : name_(name) {}

    Envelope read(std::string_view text) const {
        if (text.size() > kLargestEnvelope)
            refuse(fmt::format("the envelope is larger than {}", base::human_size(kLargestEnvelope)));
        const json document = base::parse_strict_json(text, name_);
        if (!document.is_object()) refuse("it is no DSSE envelope: expected a JSON object");
        Envelope envelope;
        envelope.payload_type = text_of(document, "payloadType");
        envelope.payload = bytes_of(document, "payload");
        const auto list = document.find("signatures");
        if (list == document.end() || !list->is_array() || list->empty())
            refuse("it is no DSSE envelope: `signatures` is no list of at least one");
        if (list->size() > kMostSignatures)
            refuse(
                fmt::format("the envelope has {} signatures, more than {}", list->size(), kMostSignatures));
        for (const auto& item : *list) envelope.signatures.push_back(signature(item));
        envelope.line = document.dump();
        return envelope;
    }

private:
    EnvelopeSignature signature(const json& document) const {
        if (!document.is_object()) refuse("it is no DSSE envelope: a signature is no JSON object");
        EnvelopeSignature signature;
        signature.bytes = bytes_of(document, "sig");
        if (document.contains("keyid") && !document["keyid"].is_null())
            signature.key_id = text_of(document, "keyid");
        return signature;
    }

    std::string text_of(const json& document, const char* key) const {
        const auto found = document.find(key);
        if (found == document.end() || !found->is_string())
            refuse(fmt::format("it is no DSSE envelope: `{}` is no text", key));
        return found->get<std::string>();
    }

    std::string bytes_of(const json& document, const char* key) const {
        const auto bytes = decode_base64(text_of(document, key));
        if (!bytes) refuse(fmt::format("the `{}` of the envelope is no base64", key));
        return *bytes;
    }

    [[noreturn]] void refuse(const std::string& reason) const {
        throw Error(ErrorKind::input, "read", name_, reason);
    }

    const std::string& name_;
};

}  // namespace

Envelope parse_envelope(std::string_view text, const std::string& name) {
    return Reading(name).read(text);
}

std::string pre_authentication_encoding(std::string_view payload_type, std::string_view payload) {
    return fmt::format("DSSEv1 {} {} {} {}", payload_type.size(), payload_type, payload.size(), payload);
}

}  // namespace repotool::signing

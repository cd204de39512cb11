// SPDX-License-Identifier: GPL-3.0-or-later
// Envelopes as the DSSE specification has them, and base64 that has two readings. Keys and signatures of
// openssl are in tests/clients/provenance.py.
#include "signing/envelope.hpp"

#include <catch2/catch.hpp>

#include "core/base/error.hpp"
#include "signing/base64.hpp"

using namespace repotool;
using namespace repotool::signing;

TEST_CASE("what signatures cover is the specification's own example") {
    CHECK(pre_authentication_encoding("http://example.com/HelloWorld", "hello world") ==
          "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

TEST_CASE("base64 has one spelling for each text") {
    CHECK(decode_base64("") == "");
    CHECK(decode_base64("Zm9v") == "foo");
    CHECK(decode_base64("Zm8=") == "fo");
    CHECK(decode_base64("Zg==") == "f");
    CHECK(decode_base64("+/+/") == decode_base64("-_-_"));
    for (const char* bad :
         {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zm9v\n", " Zm9v", "+_+_", "Zg==Zg==", "Zm9v="})
        CHECK_FALSE(decode_base64(bad));
}

TEST_CASE("an envelope is kept as one line with what it says besides") {
    const Envelope envelope = parse_envelope(
        "{ \"signatures\": [{\"sig\": \"Zm9v\", \"cert\": \"x\"}, {\"keyid\": \"a\", \"sig\": \"Zg==\"}],\n"
        " \"payload\": \"Zm8=\", \"payloadType\": \"text/plain\" }",
        "envelope");
    CHECK(envelope.payload == "fo");
    REQUIRE(envelope.signatures.size() == 2);
    CHECK(envelope.signatures[0].key_id.empty());
    CHECK(envelope.signatures[1].key_id == "a");
    CHECK(envelope.line ==
          "{\"payload\":\"Zm8=\",\"payloadType\":\"text/"
          "plain\",\"signatures\":[{\"cert\":\"x\",\"sig\":\"Zm9v\"},"
          "{\"keyid\":\"a\",\"sig\":\"Zg==\"}]}");
    CHECK(parse_envelope(envelope.line, "envelope").line == envelope.line);
}

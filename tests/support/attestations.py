# SPDX-License-Identifier: GPL-3.0-or-later
"""What a build system says of its files: in-toto statements in DSSE envelopes, signed by the openssl command, written here by hand."""

import base64
import json
import pathlib
import subprocess

from workspace import sha256

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PROVENANCE = "https://slsa.dev/provenance/v1"
BUILDER = "https://ci.example.com/builder"
BUILD_TYPE = "https://ci.example.com/types/package/v1"
SOURCE = "git+https://git.example.com/acme/hello@refs/heads/main"

KEY_OPTIONS = {
    "ed25519": ["-algorithm", "ED25519"],
    "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "secp256k1": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
    "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa1024": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
}
SIGN_OPTIONS = {"p256": ["-sha256"], "p384": ["-sha384"], "rsa": ["-sha256"], "rsa1024": ["-sha256"], "secp256k1": ["-sha256"],
                "pss": ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]}


def _openssl(*arguments, data=None):
    return subprocess.run(["openssl", *map(str, arguments)], input=data, check=True, capture_output=True).stdout


def pae(payload_type, payload):
    """Pre-authentication encoding, from the DSSE specification."""
    return b"DSSEv1 %d %s %d %s" % (len(payload_type), payload_type.encode(), len(payload), payload)


class BuilderKey:
    """A key of a build system: its secret part, and `public` as the configuration wants it."""

    def __init__(self, directory, name, kind="ed25519", make=True):
        directory = pathlib.Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        self.kind, self.secret, self.public = kind, directory / f"{name}.key", directory / f"{name}.pem"
        if not make:
            return
        _openssl("genpkey", *KEY_OPTIONS["rsa" if kind == "pss" else kind], "-out", self.secret)
        _openssl("pkey", "-in", self.secret, "-pubout", "-out", self.public)

    def sign(self, message):
        if self.kind != "ed25519":
            return _openssl("dgst", *SIGN_OPTIONS[self.kind], "-sign", self.secret, data=message)
        text = self.secret.with_suffix(".message")  # openssl wants to know its length beforehand
        text.write_bytes(message)
        return _openssl("pkeyutl", "-sign", "-inkey", self.secret, "-rawin", "-in", text)


def statement(*files, builder=BUILDER, build_type=BUILD_TYPE, source=SOURCE, digests=(), **changes):
    """The statement as a document; `changes` replace what stands in it."""
    subjects = [{"name": pathlib.Path(path).name, "digest": {"sha256": sha256(path)}} for path in files]
    subjects += [{"name": "file", "digest": {"sha256": digest}} for digest in digests]
    return {"_type": STATEMENT, "subject": subjects, "predicateType": PROVENANCE,
            "predicate": {"buildDefinition": {"buildType": build_type, "externalParameters": {"source": source},
                                              "resolvedDependencies": []},
                          "runDetails": {"builder": {"id": builder}, "metadata": {"invocationId": "7"}}}, **changes}


def envelope(document, *keys, payload_type=PAYLOAD_TYPE, keyid="", encode=base64.b64encode):
    """The envelope as a document, signed by each key."""
    payload = document if isinstance(document, bytes) else json.dumps(document).encode()
    return {"payloadType": payload_type, "payload": encode(payload).decode(),
            "signatures": [{"keyid": keyid, "sig": encode(key.sign(pae(payload_type, payload))).decode()} for key in keys]}


def attest(path, key, target=None, **changes):
    """Writes the statement about one file beside it, as hello.deb.att, or to `target`; the path."""
    target = pathlib.Path(target or f"{path}.att")
    target.write_text(json.dumps(envelope(statement(path, **changes), key)) + "\n")
    return target

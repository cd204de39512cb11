# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing comes in that no listed builder speaks for: statements signed by the openssl command, and each way in which one does not do."""

import base64
import hashlib
import json
import shutil

from attestations import BUILDER, BuilderKey, attest, envelope, statement
from json_schema import check
from keys import generate_key
from packages import rpms
from small_deb import small_deb
from uploads import an_upload
from workspace import Scenario, exact_state, main, sha256

CONFIG = """
dists:
  - {{name: bookworm, format: deb, release: any, dist: bookworm, architectures: [amd64]}}
  - {{name: el9, format: rpm, architectures: [x86_64]}}
repositories:
  stable: {{sign: none, require_provenance: true{stable}}}
  "test/*": {{sign: none}}
builders:
  - {{id: "{builder}", keys: [{keys}]{more}}}
"""


class Provenance(Scenario):
    def setUp(self):
        super().setUp()
        self.site.mkdir(parents=True)
        self.key = BuilderKey(self.site / "builders", "ci")
        self.stranger = BuilderKey(self.dir / "elsewhere", "stranger")
        self.configure()
        self.repotool("gc")  # makes the directories of the site
        self.hello = small_deb(self.dir / "p", "hello")

    def configure(self, *, keys="builders/ci.pem", more="", stable="", rest=""):
        self.write_config(CONFIG.format(builder=BUILDER, keys=keys, more=more, stable=stable) + rest)

    def refused(self, sentence, *command, code=4):
        before = exact_state(self.site / "public")
        result = self.repotool(*command, code=code)
        self.assertIn(sentence, result.err)
        self.assertEqual(exact_state(self.site / "public"), before)
        return result

    def not_proven(self, sentence, document, package=None, code=4):
        """With this envelope beside the package, it is refused."""
        package = package or self.hello
        text = document if isinstance(document, str) else json.dumps(document)
        package.with_name(package.name + ".att").write_text(text + "\n")
        return self.refused(sentence, "publish", "--to", "stable", package, code=code)

    def stored(self, package):
        digest = sha256(package)
        path = self.site / f"private/provenance/{digest[:2]}/{digest}.jsonl"
        return path.read_text().splitlines() if path.exists() else []


class WhoBuiltIt(Provenance):
    def test_the_statement_of_a_listed_builder_lets_a_package_in_and_the_history_names_it(self):
        self.refused("hello 1.0-1 (amd64) has no provenance: there is no statement about its digest", "publish", "--to", "stable",
                     self.hello)
        attest(self.hello, self.key)
        answer = self.publish("stable", self.hello)
        self.assertTrue(answer["changed"])
        line, = self.stored(self.hello)
        meta = self.repotool("--json", "history", "stable").json["records"][0]["meta"]["repotool.provenance"]
        self.assertEqual(meta, f"{hashlib.sha256(line.encode()).hexdigest()}={BUILDER}")

    def test_keys_of_each_kind_that_builders_have_are_understood(self):
        for kind in ("p256", "p384", "rsa", "pss"):
            key = BuilderKey(self.site / "builders", kind, kind)
            self.configure(keys=f"builders/{key.public.name}")
            package = small_deb(self.dir / kind, f"hello-{kind}")
            self.not_proven("no key of a listed builder made its signature", envelope(statement(package), self.key), package)
            attest(package, key)
            self.assertTrue(self.publish("stable", package)["changed"], kind)

    def test_what_came_with_a_test_repository_counts_when_it_is_promoted_and_signed(self):
        fingerprint = generate_key(self, site=self.site)
        self.configure(rest=f"keys: {{stable-key: {{fingerprint: \"{fingerprint}\"}}}}\n")
        config = (self.site / "repotool.yaml").read_text().replace("stable: {sign: none", "stable: {sign: stable-key")
        (self.site / "repotool.yaml").write_text(config)
        packages = [self.hello, *rpms(self.dir / "r")]
        for package in packages:
            attest(package, self.key)
        self.publish("test/one", *packages)
        self.assertEqual([len(self.stored(package)) for package in packages], [1] * len(packages))
        self.assertIn("may pass the gate", self.repotool("gate", "one", "stable").out)
        answer = self.repotool("--json", "promote", "test/one", "stable").json
        signed = [package for package in answer["packages"] if package["format"] == "rpm"]
        self.assertTrue(signed and all(package["unsigned_sha256"] != package["sha256"] for package in signed))
        # Promoted once more from what is signed, it is still the file that was built.
        self.write_config(config.removeprefix("format: 1\n").replace("  stable:", "  later: {sign: none, require_provenance: true}\n  stable:"))
        self.assertTrue(self.repotool("--json", "promote", "stable", "later").json["changed"])

    def test_one_file_may_hold_statements_about_many_packages_and_those_of_others_are_not_kept(self):
        world, other = small_deb(self.dir / "p", "world"), small_deb(self.dir / "q", "other")
        lines = [envelope(statement(self.hello, world), self.key), envelope(statement(other), self.key)]
        (self.dir / "p/build.intoto.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        self.publish("stable", self.dir / "p")
        self.assertEqual((len(self.stored(self.hello)), len(self.stored(world)), len(self.stored(other))), (1, 1, 0))
        self.refused("other 1.0-1 (amd64) has no provenance", "publish", "--to", "stable", other)
        self.publish("stable", other, self.dir / "p/build.intoto.jsonl")

    def test_a_statement_may_come_later_and_be_named_by_itself(self):
        self.publish("test/one", self.hello)
        self.refused("test/one@1: hello 1.0-1 (amd64) has no provenance", "promote", "test/one", "stable")
        late = attest(self.hello, self.key, self.dir / "late.intoto.jsonl")
        self.assertTrue(self.repotool("--json", "promote", "test/one", late, "stable").json["changed"])

    def test_either_of_two_keys_of_a_builder_counts_and_others_beside_it_do_no_harm(self):
        newer = BuilderKey(self.site / "builders", "newer", "p256")
        self.configure(keys="builders/ci.pem, builders/newer.pem")
        for number, keys in enumerate(([self.key], [newer], [self.stranger, newer], [newer, self.key])):
            package = small_deb(self.dir / f"k{number}", f"hello{number}")
            document = envelope(statement(package), *keys, keyid="whatever it says")
            package.with_name(package.name + ".att").write_text(json.dumps(document, indent=1))
            self.assertTrue(self.publish("stable", package)["changed"])

    def test_a_source_package_is_known_by_its_dsc(self):
        an_upload(self.dir / "u", kind="source")
        dsc = next((self.dir / "u").rglob("*.dsc"))
        self.refused(f"{dsc.name}: hello 1.0-1 (source) has no provenance", "publish", "--to", "stable", dsc)
        attest(dsc, self.key)
        self.assertTrue(self.publish("stable", dsc)["changed"])

    def test_url_safe_base64_is_understood(self):
        document = envelope(statement(self.hello, builder=BUILDER), self.key, encode=base64.urlsafe_b64encode)
        self.hello.with_name(self.hello.name + ".att").write_text(json.dumps(document))
        self.assertTrue(self.publish("stable", self.hello)["changed"])


class WhatDoesNotDo(Provenance):
    def test_each_statement_that_does_not_do_is_told_apart(self):
        self.configure(more=', build_types: ["https://ci.example.com/types/package/v1"], source_prefix: "https://git.example.com/acme"')
        digest = sha256(self.hello)

        def signed(*keys, **changes):
            return envelope(statement(self.hello, **changes), *(keys or [self.key]))
        good = signed()
        other = envelope(statement(self.hello), self.key)
        other["payload"] = envelope(statement(self.hello, builder="x"), self.key)["payload"]
        wrong_type = envelope(statement(self.hello), self.key, payload_type="text/plain")
        relabelled = {**wrong_type, "payloadType": "application/vnd.in-toto+json"}
        for sentence, document in (
                ("no key of a listed builder made its signature (keyid: none)", signed(self.stranger)),
                ("no key of a listed builder made its signature", other),
                ("no key of a listed builder made its signature", relabelled),
                ("hello_1.0-1_amd64.deb.att: its payloadType is 'text/plain', expected application/vnd.in-toto+json", wrong_type),
                ("its _type is 'https://in-toto.io/Statement/v0.1', expected https://in-toto.io/Statement/v1",
                 signed(_type="https://in-toto.io/Statement/v0.1")),
                ("it is no SLSA provenance: its predicateType is 'https://slsa.dev/provenance/v0.2'",
                 signed(predicateType="https://slsa.dev/provenance/v0.2")),
                ("it speaks of builder 'https://evil.example.com', and key builders/ci.pem is that of "
                 f"'{BUILDER}'", signed(builder="https://evil.example.com")),
                (f"its buildType 'make' is not among those of builder '{BUILDER}'", signed(build_type="make")),
                ("its source 'https://git.example.com/acme-2/hello' is not below https://git.example.com/acme",
                 signed(source="https://git.example.com/acme-2/hello")),
                ("is not below", signed(source={"uri": "https://git.example.com/acme/../other"})),
                ("it names no source, and builder", signed(source=None)),
                (f"is about another file: its digest is {'0' * 64}, and this one has {digest}",
                 envelope(statement(digests=["0" * 64]), self.key))):
            with self.subTest(sentence):
                self.not_proven(sentence, document)
        self.hello.with_name(self.hello.name + ".att").write_text(json.dumps(good))
        self.assertTrue(self.publish("stable", self.hello)["changed"])

    def test_every_source_that_is_named_must_be_where_the_builder_builds_from(self):
        self.configure(more=', source_prefix: "https://git.example.com/acme/"')
        document = statement(self.hello)
        document["predicate"]["buildDefinition"]["externalParameters"]["workflow"] = {"repository": "https://evil.example.com/x"}
        self.not_proven("its source 'https://evil.example.com/x' is not below", envelope(document, self.key))

    def test_broken_and_hostile_envelopes_are_refused_input_whatever_the_repository_asks(self):
        good = json.dumps(envelope(statement(self.hello), self.key))
        document = json.loads(good)
        twice = good[:-1] + ', "payloadType": "application/vnd.in-toto+json"}'
        payload = json.dumps(statement(self.hello))[:-1].encode() + b', "_type": "x"}'
        for sentence, text in (
                ("it is no JSON", good[:-1]),
                ("it is no JSON", "\udcff".join(["{", "}"])),
                ("the key 'payloadType' is there twice", twice),
                ("the key '_type' is there twice", json.dumps(envelope(payload, self.key))),
                ("it is nested deeper than 32 levels", '{"payloadType": ' + "[" * 100000 + "]" * 100000 + "}"),
                ("the envelope is larger than 4.0 MiB", json.dumps({**document, "padding": "x" * (4 << 20)})),
                ("the `payload` of the envelope is no base64", json.dumps({**document, "payload": document["payload"] + "\n"})),
                ("the `payload` of the envelope is no base64", json.dumps({**document, "payload": "e31="})),
                ("`payload` is no text", json.dumps({**document, "payload": 7})),
                ("`signatures` is no list of at least one", json.dumps({**document, "signatures": []})),
                ("the envelope has 17 signatures, more than 16", json.dumps({**document, "signatures": document["signatures"] * 17})),
                ("`sig` is no text", json.dumps({**document, "signatures": [{"keyid": "a"}]})),
                ("it is no DSSE envelope: expected a JSON object", "[]"),
                ("`subject` is no list", json.dumps(envelope(statement(self.hello, subject={}), self.key))),
                ("what holds `id` is no JSON object", json.dumps(envelope(
                    statement(self.hello, predicate={"runDetails": {"builder": "x"}}), self.key)))):
            with self.subTest(sentence):
                path = self.hello.with_name(self.hello.name + ".att")
                path.write_bytes(text.encode(errors="surrogateescape"))
                for where in (("--to", "stable"), ("--test", "one")):
                    result = self.repotool("publish", *where, self.hello, code=3)
                    self.assertIn(f"cannot take statement '{path}'", result.err)
                    self.assertIn(sentence, result.err)
        (self.dir / "two.intoto.jsonl").write_text(good + "\n" + good[:-2] + "\n")
        path.unlink()
        self.assertIn("line 2: it is no JSON", self.repotool("publish", "--to", "stable", self.hello, self.dir / "two.intoto.jsonl", code=3).err)
        self.assertFalse((self.site / "private/provenance").exists())

    def test_a_key_that_cannot_be_used_is_told_before_anything_else(self):
        attest(self.hello, self.key)
        weak, odd = (BuilderKey(self.site / "builders", kind, kind) for kind in ("rsa1024", "secp256k1"))
        (self.site / "builders/two.pem").write_text(self.key.public.read_text() * 2)
        for sentence, name in (("the key of a builder is not there", "missing.pem"),
                               ("RSA with 1024 bits is too weak", weak.public.name),
                               ("its curve is secp256k1, expected P-256 or P-384", odd.public.name),
                               ("it holds no PEM public key", "ci.key"), ("it holds more than one key", "two.pem")):
            self.configure(keys=f"builders/{name}")
            self.refused(sentence, "publish", "--to", "stable", self.hello, code=2)
        self.write_config("repositories: {stable: {require_provenance: true}}\n")
        self.refused("there are no `builders`, so nothing could ever come in", "list", code=2)
        self.write_config("builders: [{id: a, keys: [k]}, {id: a, keys: [k]}]\n")
        self.assertIn("repotool.yaml:2:37': the builder 'a' is there twice", self.repotool("list", code=2).err)


class WaysIn(Provenance):
    def test_copy_merge_and_updates_are_asked_too_and_what_is_in_is_not_asked_again(self):
        self.publish("test/one", self.hello)
        self.refused("has no provenance", "copy", "test/one", "stable", "hello")
        self.configure(stable=", rules: {replace: true}")
        self.refused("has no provenance", "merge", "--into", "stable", "test/one")
        attest(self.hello, self.key)
        self.publish("stable", self.hello)
        self.configure(keys="builders/ci.pem", more=', build_types: ["https://ci.example.com/other"]')
        self.hello.with_name(self.hello.name + ".att").unlink()
        self.assertFalse(self.publish("stable", self.hello)["changed"])
        self.repotool("copy", "test/one", "stable")

    def test_statements_go_with_their_packages_from_updates_to_ready_to_promoted(self):
        place = self.dir / "updates/any/bookworm"
        place.mkdir(parents=True)
        shutil.copy(self.hello, place)
        (self.dir / "updates/one.yml").write_text("notes: one\nbuilds:\n  - {id: hello-1.0-1, repo: any, dist: bookworm}\n")
        sweep = ("--json", "ready", self.dir / "updates", self.dir / "ready", "--target", "stable")
        stayed, = self.repotool(*sweep).json["stayed"]
        self.assertIn("has no provenance", stayed["reason"])
        attest(place / self.hello.name, self.key)
        self.assertEqual(len(self.repotool(*sweep).json["moved"]), 1)
        self.repotool("promote", self.dir / "ready", "stable")
        self.assertEqual(sorted(path.name for path in (self.dir / "ready").rglob("*") if path.is_file()),
                         [self.hello.name, self.hello.name + ".att", "one.yml"])
        self.assertTrue((self.dir / f"ready/.promoted/1/any/bookworm/{self.hello.name}.att").exists())

    def test_the_gate_command_says_what_is_missing(self):
        self.publish("test/one", self.hello)
        answer = self.repotool("--json", "gate", "one", "stable", code=4).json
        check(answer, "gate-result")
        self.assertIn("hello 1.0-1 (amd64) has no provenance", answer["missing"][0]["reason"])
        self.assertFalse(answer["missing"][0]["may_be_overridden"])
        attest(self.hello, self.key)
        self.publish("test/one", self.hello)
        self.repotool("gate", "one", "stable")

    def test_a_dry_run_asks_and_keeps_nothing(self):
        self.refused("has no provenance", "publish", "--to", "stable", self.hello, "--dry-run")
        attest(self.hello, self.key)
        self.repotool("publish", "--to", "stable", self.hello, "--dry-run")
        self.assertEqual(self.stored(self.hello), [])

    def test_a_statement_is_kept_once_and_another_is_added(self):
        attest(self.hello, self.key)
        self.publish("test/one", self.hello)
        first = self.stored(self.hello)
        self.publish("stable", self.hello)
        attest(self.hello, self.key, source="https://git.example.com/acme/again")
        self.publish("test/two", self.hello)
        self.assertEqual(self.stored(self.hello)[:1], first)
        self.assertEqual(len(self.stored(self.hello)), 2)


if __name__ == "__main__":
    main()

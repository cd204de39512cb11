# SPDX-License-Identifier: GPL-3.0-or-later
"""audit proves for each file who built, tested, signed and published it, and names whatever was tampered with."""

import base64
import hashlib
import json
import shutil
import subprocess
import tempfile
import unittest
import zlib

from attestations import BUILDER, BuilderKey, attest, envelope, statement
from json_schema import check
from keys import generate_key
from packages import rpms
from small_deb import small_deb
from workspace import Scenario, main, sha256

CONFIG = """
dists:
  - {{name: bookworm, format: deb, architectures: [amd64]}}
  - {{name: el9, format: rpm, architectures: [x86_64]}}
repositories:
  stable: {{sign: stable-key, require_provenance: true, gate: {gate}}}
  later: {{sign: stable-key}}
builders:
  - {{id: "{builder}", keys: [{keys}]}}
evidence: {{sign: ci-key}}
keys:
  stable-key: {{fingerprint: "{stable}"}}
  ci-key: {{fingerprint: "{ci}"}}
  boss-key: {{fingerprint: "{boss}"}}
"""


class Audit(Scenario):
    """Two generations of stable: hello as .deb and .rpm with all that is asked for, then world."""

    template = None  # made by the first test: keys and tests of changes cost most

    def setUp(self):
        super().setUp()
        self.deb, self.world = self.dir / "p/hello_1.0-1_amd64.deb", self.dir / "q/world_1.0-1_amd64.deb"
        self.rpm = self.dir / "r/hello-1.0-1.el9.noarch.rpm"
        if Audit.template:
            subprocess.run(["cp", "-a", f"{Audit.template}/.", self.dir], check=True)
            self.keys = json.loads((self.dir / "keys.json").read_text())
            self.key = BuilderKey(self.site / "builders", "ci", make=False)
            return
        self.make()
        (self.dir / "keys.json").write_text(json.dumps(self.keys))
        Audit.template = tempfile.mkdtemp(prefix="rt-")
        unittest.addModuleCleanup(shutil.rmtree, Audit.template)
        subprocess.run(["gpgconf", "--homedir", self.site / "private/gnupg", "--kill", "all"], check=True)
        subprocess.run(["cp", "-a", f"{self.dir}/.", Audit.template], check=True)

    def make(self):
        self.site.mkdir(parents=True)
        self.key = BuilderKey(self.site / "builders", "ci")
        self.keys = {name: generate_key(self, site=self.site, name=f"{name}-key") for name in ("stable", "ci", "boss")}
        self.configure()
        small_deb(self.dir / "p", "hello")
        rpms(self.dir / "r")
        self.promote("one", self.deb, self.rpm)
        small_deb(self.dir / "q", "world")
        self.promote("two", self.world)

    def configure(self, gate="{checks: [install], overrides: [boss-key]}", keys="builders/ci.pem"):
        self.write_config(CONFIG.format(builder=BUILDER, gate=gate, keys=keys, **self.keys))

    def promote(self, change, *packages):
        for package in packages:
            attest(package, self.key)
        self.publish(f"test/{change}", *packages)
        self.repotool("result", change, "--check", "install", "--status", "pass", "--log-url", "https://ci.example.com/7")
        self.repotool("promote", f"test/{change}", "stable")

    def audit(self, code=0, repository="stable"):
        answer = self.repotool("--json", "audit", repository, code=code).json
        check(answer, "audit-result")
        self.assertEqual(answer["ok"], code == 0)
        return answer

    def found(self, object_part, sentence, kind="damage", code=None):
        """audit names this, on standard error too."""
        code = code or (9 if kind == "damage" else 4)
        gaps = self.audit(code)["gaps"]
        fitting = [gap for gap in gaps if object_part in gap["object"] and sentence in gap["problem"] and gap["kind"] == kind]
        self.assertTrue(fitting, json.dumps(gaps, indent=1))
        text = self.repotool("audit", "stable", code=code)
        self.assertIn(sentence, text.err)
        self.assertIn("gap", text.out)
        return gaps

    def rewrite(self, path, old, new):
        """As somebody who may write everything would."""
        text = path.read_bytes()
        self.assertIn(old, text)
        mode = path.stat().st_mode
        path.chmod(0o600)
        path.write_bytes(text.replace(old, new, 1))
        path.chmod(mode)

    def statement_of(self, package):
        digest = sha256(package)
        return self.site / f"private/provenance/{digest[:2]}/{digest}.jsonl"

    def evidence(self, change, name):
        return self.site / f"private/evidence/test/{change}/{name}"


class WholeChains(Audit):
    def test_each_file_has_its_builder_tests_signature_and_publisher(self):
        answer = self.audit()
        self.assertEqual([one["generation"] for one in answer["generations"]], [1, 2])
        self.assertTrue(all(one["signed_by"] == [self.keys["stable"]] for one in answer["generations"]))
        by_name = {(package["name"], package["format"]): package for package in answer["packages"]}
        self.assertEqual(set(by_name), {("hello", "deb"), ("hello", "rpm"), ("world", "deb")})
        for (name, form), package in by_name.items():
            line, = self.statement_of({"deb": self.deb, "rpm": self.rpm}[form] if name == "hello" else self.world).read_text().splitlines()
            self.assertEqual(package["built"]["builder"], BUILDER)
            self.assertEqual(package["built"]["envelope_sha256"], hashlib.sha256(line.encode()).hexdigest())
            test, = package["tested"]
            self.assertEqual((test["check"], test["status"], test["counts"], test["signed_by"], test["log_url"]),
                             ("install", "pass", True, self.keys["ci"], "https://ci.example.com/7"))
            self.assertEqual(package["published"]["generation"], 1 if name == "hello" else 2)
            self.assertEqual(package["published"]["operation"], "promote")
        rpm = by_name["hello", "rpm"]
        self.assertEqual((rpm["signed_by"], rpm["unsigned_sha256"], rpm["unsigned_proof"]),
                         (self.keys["stable"], sha256(self.rpm), "bytes"))
        self.assertNotEqual(rpm["sha256"], sha256(self.rpm))
        text = self.repotool("-v", "audit", "stable").out
        self.assertIn("stable: 3 packages in 2 generations", text)
        self.assertIn(f"hello 1.0-1 (amd64) in bookworm: built by {BUILDER}; tested: install (pass); promote by", text)

    def test_files_are_read_once_however_many_generations_have_them(self):
        before = self.audit()["files"]
        for _ in range(3):
            self.repotool("refresh", "stable")
        shutil.rmtree(self.site / "private/text")
        pointers_of_three = self.audit()["files"] - before
        self.assertLess(pointers_of_three, 3 * before, "packages and indexes that did not change are counted again")
        self.assertEqual(len(self.audit()["packages"]), 3)

    def test_what_tests_and_time_took_away_does_not_matter(self):
        self.repotool("expire", "--older-than", "0s")
        self.repotool("gc")
        self.audit()
        self.repotool("rollback", "stable")
        self.audit()

    def test_a_repository_that_asks_for_nothing_is_whole_and_one_that_never_was_is_not_there(self):
        self.repotool("promote", "test/one", "later")
        self.assertEqual(len(self.audit(repository="later")["packages"]), 2)
        self.repotool("audit", "nowhere", code=2)

    def test_an_override_is_part_of_the_chain(self):
        fire = small_deb(self.dir / "f", "fire")
        attest(fire, self.key)
        self.repotool("promote", fire, "stable", "--override-with", "boss-key", "--reason", "it burns")
        package = next(package for package in self.audit()["packages"] if package["name"] == "fire")
        self.assertEqual([(test["status"], test["reason"]) for test in package["tested"]], [("override", "it burns")])
        self.configure(gate="{checks: [install]}")
        self.found("fire 1.0-1 (amd64) in bookworm", "no evidence of check 'install' let it in", "missing")


class Tampering(Audit):
    def test_a_package_whose_bytes_changed(self):
        self.audit()
        served = next((self.site / "public/pool/stable").rglob("hello*.deb"))
        self.rewrite(served, b"2.0\n", b"2.1\n")
        self.found(str(served.relative_to(self.site)), "expected digest")

    def test_a_package_in_the_place_of_another(self):
        served = next((self.site / "public/pool/stable").rglob("hello*.rpm"))
        served.unlink()
        shutil.copy(self.rpm, served)
        gaps = self.found(str(served.relative_to(self.site)), "expected")
        self.assertTrue(any("the package is not signed" in gap["problem"] for gap in gaps))

    def test_an_evidence_record_that_was_changed_or_taken_away(self):
        record = self.evidence("one", "000001.json")
        good = record.read_bytes()
        self.rewrite(record, b'"user":"', b'"user":"not-')
        self.found("private/evidence/test/one", "record 1 is not the one that its signed end names")
        record.write_bytes(good)
        self.audit()
        signature = self.evidence("one", "000001.json.asc")
        kept = signature.read_bytes()
        shutil.copy(self.evidence("two", "000001.json.asc"), signature)
        self.found("private/evidence/test/one/000001.json", "its signature is bad")
        signature.write_bytes(kept)
        shutil.rmtree(self.evidence("one", ""))
        gaps = self.found("evidence " + hashlib.sha256(good).hexdigest(), "it let packages into stable@1, and is not there")
        self.assertTrue(any(gap["object"] == "hello 1.0-1 (amd64) in bookworm" and "no evidence of check" in gap["problem"] for gap in gaps))

    def test_a_statement_that_was_changed_swapped_or_taken_away(self):
        path = self.statement_of(self.deb)
        good = path.read_bytes()
        line = json.loads(good)
        payload = json.loads(base64.b64decode(line["payload"]))
        payload["predicate"]["runDetails"]["metadata"]["invocationId"] = "8"
        line["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
        let_in = "the statement that let hello 1.0-1 (amd64) in bookworm into stable@1 is not there, or was changed"
        for what in (json.dumps(line, sort_keys=True, separators=(",", ":")).encode() + b"\n",
                     self.statement_of(self.world).read_bytes(), b"{\n",
                     json.dumps(envelope(statement(self.deb), BuilderKey(self.dir, "evil"))).encode() + b"\n"):
            path.write_bytes(what)
            gaps = self.found(str(path.relative_to(self.site)), let_in)
            self.assertTrue(any("it has no provenance" in gap["problem"] for gap in gaps))
        path.write_bytes(good[:-1])
        self.found(str(path.relative_to(self.site)), "its last line has no end")
        path.unlink()
        self.found(str(path.relative_to(self.site)), let_in)

    def test_a_history_that_was_changed(self):
        log = self.site / "private/history/stable/000001.log"
        lines = log.read_text().splitlines()
        forged = lines[0][9:].replace('"operation":"promote"', '"operation":"publish"')
        log.write_text(f"{zlib.crc32(forged.encode()):08x} {forged}\n{lines[1]}\n")
        self.found("private/history/stable/000001.log", "the history was changed")
        log.write_text(lines[0].replace("promote", "publish") + "\n" + lines[1] + "\n")
        self.found("private/history/stable/000001.log", "")
        log.unlink()
        self.found("private/history/stable", "it ends with generation 0, but 'stable' is at 2")

    def test_signatures_of_a_generation_and_its_manifest(self):
        for name in ("MANIFEST.asc", "dists/bookworm/InRelease", "dists/bookworm/Release.gpg", "MANIFEST",
                     "pin/el9/x86_64/repodata/repomd.xml"):
            path = self.site / "public/gen/stable/1" / name
            good = path.read_bytes()
            other = self.site / "public/gen/stable/2" / name
            path.chmod(0o600)
            path.write_bytes(other.read_bytes())
            with self.subTest(name):
                self.found("gen/stable/1", "")
            path.write_bytes(good)
            path.chmod(0o444)
        self.audit()

    def test_what_stood_before_the_header_of_a_signed_package(self):
        front = self.statement_of(self.rpm).with_suffix(".front")
        good = front.read_bytes()
        front.write_bytes(good[:-8] + b"12345678")
        self.found(".rpm", f"was made of a file with digest {sha256(self.rpm)}, and what lies there comes from")
        front.unlink()
        rpm = next(package for package in self.audit()["packages"] if package["format"] == "rpm")
        self.assertEqual(rpm["unsigned_proof"], "record")

    def test_what_the_configuration_does_not_believe_any_more_is_missing(self):
        BuilderKey(self.site / "builders", "newer")
        self.configure(keys="builders/newer.pem")
        self.found("hello 1.0-1 (amd64) in bookworm", "no key of a listed builder made its signature", "missing")
        self.configure(gate="[install, systest]")
        self.found("world 1.0-1 (amd64) in bookworm", "no evidence of check 'systest' let it in", "missing")
        self.configure(gate="{checks: [install], keys: [boss-key]}")
        self.found("world 1.0-1 (amd64) in bookworm", "no evidence of check 'install' let it in", "missing")
        self.keys["stable"], stable = self.keys["boss"], self.keys["stable"]
        self.configure()
        self.found("public/gen/stable/2/MANIFEST.asc", f"it is signed by {stable}, which is no key of this site", "missing")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be promoted: evidence on exactly these packages, by a key that counts; and each way in which it is missing."""

import hashlib
import json
import pathlib
import shutil
import subprocess

from clock import DAY, HOUR, Calendar
from json_schema import check
from keys import GnuPG, generate_key
from packages import a_deb, rpms
from workspace import Scenario, exact_state, main, sha256

CONFIG = """
dists:
  - {{name: bookworm, format: deb, architectures: [amd64], components: [main]}}
  - {{name: el9, format: rpm, architectures: [x86_64]}}
repositories:
  stable: {{sign: none, gate: {gate}}}
evidence: {{sign: ci-key}}
keys:
  ci-key: {{fingerprint: "{ci}"}}
  other-key: {{fingerprint: "{other}"}}
  boss-key: {{fingerprint: "{boss}"}}
"""


class Gate(Scenario):
    def setUp(self):
        super().setUp()
        self.site.mkdir(parents=True)
        self.keys = {name: generate_key(self, site=self.site, name=f"{name}-key") for name in ("ci", "other", "boss")}
        self.configure("[install, systest]")
        self.hello = a_deb(self.dir / "p", "hello")

    def configure(self, gate):
        self.write_config(CONFIG.format(gate=gate, **self.keys))

    def record(self, change, name, status="pass", *options):
        return self.repotool("--json", "result", change, "--check", name, "--status", status, *options).json

    def pass_all(self, change="one"):
        for name in ("install", "systest"):
            self.record(change, name)

    def refused(self, sentence, change="one", *options):
        """The gate says why, promote refuses with the same words, and nothing comes in."""
        found = self.repotool("gate", change, "stable", code=4)
        self.assertIn(sentence, found.out)
        before = exact_state(self.site / "public")
        result = self.repotool("promote", f"test/{change}", "stable", *options, code=4)
        self.assertIn(sentence, result.err)
        self.assertEqual(exact_state(self.site / "public"), before)
        return result

    def promoted(self, *sources):
        return self.repotool("--json", "promote", *sources, "stable").json


class WhatIsMissing(Gate):
    def test_what_passed_every_check_gets_in_and_the_history_names_the_evidence(self):
        self.publish("test/one", self.hello, *rpms(self.dir / "r"))
        self.refused("check 'install' has no evidence")
        self.record("one", "install", "pass", "--log-url", "https://ci.example.com/1")
        self.refused("check 'systest' has no evidence")
        last = self.record("test/one@1", "systest")
        check(last, "result-result")
        self.assertIn("test/one@1 may pass the gate of stable", self.repotool("gate", "one", "stable").out)
        self.assertTrue(self.promoted("test/one")["changed"])
        history = self.repotool("--json", "history", "stable").json["records"][0]
        self.assertIn(last["evidence_sha256"], history["meta"]["repotool.evidence"].split())
        answer = self.repotool("--json", "gate", "one", "stable").json
        check(answer, "gate-result")
        self.assertEqual(answer["missing"], [])

    def test_a_check_that_failed_is_told_with_its_log_and_a_later_pass_counts(self):
        self.publish("test/one", self.hello)
        self.pass_all()
        self.record("one", "systest", "fail", "--log-url", "https://ci.example.com/7/console")
        result = self.refused("test/one@1 in bookworm: check 'systest' failed, see https://ci.example.com/7/console")
        self.assertIn("https://ci.example.com/7/console", result.err.splitlines()[0])
        self.record("one", "systest", "skip")
        self.refused("check 'systest' was skipped")
        self.record("one", "systest")
        self.promoted("test/one")

    def test_evidence_on_another_generation_does_not_count(self):
        self.publish("test/one", self.hello)
        self.pass_all()
        self.publish("test/one", self.hello, a_deb(self.dir / "q", "world"))
        self.refused("was made on test/one@1, and test/one@2 is what would be promoted: test again")
        self.promoted("test/one@1")

    def test_a_result_for_one_dist_does_not_speak_for_the_other(self):
        self.publish("test/one", self.hello, *rpms(self.dir / "r"))
        self.record("one", "install")
        self.record("one", "systest", "pass", "--dist", "el9")
        self.refused("test/one@1 in bookworm: check 'systest' has no evidence")
        self.record("one", "systest", "pass", "--dist", "bookworm")
        self.promoted("test/one")

    def test_a_key_that_is_not_listed_is_nobodys_word(self):
        self.publish("test/one", self.hello)
        self.record("one", "install", "pass", "--key", "other-key")
        self.record("one", "systest")
        self.refused(f"check 'install' is signed by {self.keys['other']}, which is not among the keys of the gate")
        self.configure("{checks: [install, systest], keys: [ci-key, other-key]}")
        self.promoted("test/one")

    def test_what_is_too_old_must_be_tested_again(self):
        calendar = Calendar(self, 9 * DAY + HOUR)
        self.keys["ci"] = generate_key(self, site=self.site, name="older-ci-key")
        self.configure("{checks: [install], max_age: 7d}")
        self.publish("test/one", self.hello)
        self.record("one", "install")
        calendar.go_to(9 * DAY + HOUR)
        self.refused("check 'install' is 9 days old, and the gate takes none older than 7 days")
        self.record("one", "install")
        self.promoted("test/one")

    def test_a_base_that_moved_on_asks_for_another_test_where_the_gate_says_so(self):
        self.configure("{checks: [install], stale_base: refuse}")
        self.publish("base", self.hello)
        self.publish("test/one", a_deb(self.dir / "q", "world"), "--base", "base")
        self.record("one", "install")
        self.assertIn("nothing has to be tested again", self.repotool("outstanding").out)
        self.assertIn("may pass", self.repotool("gate", "one", "stable").out)
        self.publish("base", a_deb(self.dir / "s", "more"))
        self.assertIn("test/one@1 was built against base@1, and base@2 is current: test again",
                      self.repotool("outstanding").out)
        check(self.repotool("--json", "outstanding").json, "outstanding-result")
        self.refused("was made on base@1, and base@2 is current now: build and test again")
        self.configure("{checks: [install]}")
        self.promoted("test/one")


class WhoLies(Gate):
    def record_path(self, number=1):
        return self.site / f"private/evidence/test/one/{number:06}.json"

    def test_a_record_that_was_changed_after_signing_is_damage_and_without_its_signature_it_does_not_count(self):
        self.publish("test/one", self.hello)
        self.record("one", "install")
        self.record("one", "systest")
        signatures = [pathlib.Path(f"{self.record_path(number)}.asc") for number in (1, 2)]
        good = signatures[1].read_bytes()
        signatures[1].write_bytes(signatures[0].read_bytes())
        self.refused("check 'systest' has a bad signature")
        signatures[1].unlink()
        self.refused("check 'systest' is not signed")
        signatures[1].write_bytes(good)
        path = self.record_path(2)
        path.write_text(path.read_text().replace('"status":"pass"', '"status":"skip"'))
        self.assertIn("record 2 is not the one that its signed end names", self.repotool("gate", "one", "stable", code=9).err)

    def test_a_record_that_vanished_from_the_middle_is_found(self):
        self.publish("test/one", self.hello)
        self.pass_all()
        self.record_path(2).rename(self.record_path(1))
        self.assertIn("the evidence was changed", self.repotool("gate", "one", "stable", code=9).err)

    def take_away(self, number):
        for suffix in ("", ".asc"):
            pathlib.Path(f"{self.record_path(number)}{suffix}").unlink()

    def test_the_newest_record_cannot_be_taken_away_unseen(self):
        self.publish("test/one", self.hello)
        self.pass_all()
        self.record("one", "systest", "fail")
        end = self.record_path().with_name("_end")
        self.take_away(3)
        sentence = "it has 2 records, and its signed end says 3"
        for command in (("gate", "one", "stable"), ("promote", "test/one", "stable"), ("fsck",),
                        ("result", "one", "--check", "systest", "--status", "pass")):
            self.assertIn(sentence, self.repotool(*command, code=9).err)
        signed = end.read_text()
        end.write_text(signed.replace('"seq":3', '"seq":2'))
        self.assertIn("record 2 is not the one that its signed end names", self.repotool("gate", "one", "stable", code=9).err)
        last = hashlib.sha256(self.record_path(2).read_bytes()).hexdigest()
        named = json.loads(signed.splitlines()[0])["record"]
        end.write_text(signed.replace('"seq":3', '"seq":2').replace(named, last))
        self.refused("is in the log of 'test/one', whose end has a bad signature")
        end.unlink()
        self.assertIn("its signed end is not there", self.repotool("gate", "one", "stable", code=9).err)

    def test_an_end_that_somebody_else_signed_makes_its_log_nobodys_word(self):
        self.publish("test/one", self.hello)
        self.pass_all()
        stranger = GnuPG(self, self.dir / "h")
        key = stranger.key("stranger")
        line = self.record_path().with_name("_end").read_text().splitlines(keepends=True)[0]
        signature = stranger.run("--armor", "--detach-sign", data=line.encode())
        self.record_path().with_name("_end").write_bytes(line.encode() + signature)
        (self.site / f"private/evidence/keys/{key}.asc").write_bytes(stranger.run("--armor", "--export", key))
        self.refused(f"whose end is signed by {key}, which is no key of this site")

    def test_a_result_that_was_killed_before_it_moved_the_end_counts_and_the_next_one_follows(self):
        self.publish("test/one", self.hello)
        self.record("one", "install")
        end = self.record_path().with_name("_end")
        before = end.read_bytes()
        self.record("one", "systest")
        end.write_bytes(before)
        self.repotool("gate", "one", "stable")
        self.record("one", "later")
        self.assertEqual(json.loads(end.read_text().splitlines()[0])["seq"], 3)
        self.promoted("test/one")

    def test_signatures_are_what_gpg_itself_accepts(self):
        self.publish("test/one", self.hello)
        self.record("one", "install")
        home = {"GNUPGHOME": str(self.site / "private/gnupg"), "PATH": "/usr/bin:/bin"}
        verify = ["gpg", "--batch", "--verify", f"{self.record_path()}.asc", str(self.record_path())]
        self.assertEqual(subprocess.run(verify, env=home, capture_output=True, check=False).returncode, 0)
        line, signature = (self.record_path().with_name("_end").read_text().split("\n", 1))
        (self.dir / "end").write_text(line + "\n")
        (self.dir / "end.asc").write_text(signature)
        done = subprocess.run(["gpg", "--batch", "--verify", self.dir / "end.asc", self.dir / "end"], env=home,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0)
        document = json.loads(self.record_path().read_text())
        check(document, "evidence")
        self.assertEqual(document["packages"][0]["sha256"], sha256(self.hello))

    def test_a_package_that_was_swapped_after_its_test_is_found(self):
        self.publish("test/one", self.hello)
        self.pass_all()
        served = next((self.site / "public/pool/test/one").rglob("hello*.deb"))
        served.unlink()
        served.write_bytes(a_deb(self.dir / "evil", "hello", content="evil\n").read_bytes())
        result = self.refused("is not what was published and tested")
        self.assertIn("hello 1.0-1 (all)", result.err)

    def test_a_log_that_no_page_should_link_to_is_refused(self):
        self.publish("test/one", self.hello)
        for url in ("javascript:alert(1)", "ftp://ci.example.com/1", "https://ci.example.com/\"onclick=x", "1"):
            self.repotool("result", "one", "--check", "install", "--status", "pass", "--log-url", url, code=2)
        self.assertFalse((self.site / "private/evidence").exists())

    def test_a_name_of_ours_in_meta_is_refused(self):
        self.repotool("publish", "--test", "one", self.hello, "--meta", "repotool.sources=test/two@1", code=2)


class Metadata(Gate):
    """RPM metadata is tested with the generation that has it."""

    def setUp(self):
        super().setUp()
        self.configure("[install]")
        self.rpms = rpms(self.dir / "r")

    def comps(self, name):
        """A directory with the packages and one group."""
        directory = self.dir / name
        directory.mkdir()
        for package in self.rpms:
            shutil.copy(package, directory)
        (directory / "comps.xml").write_text(
            f'<?xml version="1.0" encoding="UTF-8"?>\n<comps><group><id>{name}</id><name>{name}</name><packagelist/></group></comps>\n')
        return directory

    def test_metadata_in_files_has_no_evidence_and_in_a_tested_generation_it_has(self):
        first = self.comps("first")
        self.publish("test/one", first)
        self.record("one", "install")
        sentence = "check 'install' has no evidence on RPM metadata in a file: promote the repository that was tested with it"
        self.assertIn(f"{first}/comps.xml in el9: {sentence}", self.repotool("promote", first, "stable", code=4).err)
        self.promoted("test/one")
        self.assertFalse(self.promoted("test/one")["changed"])
        self.assertFalse(self.promoted(first)["changed"], "what the target has is not asked about")

    def test_new_metadata_beside_packages_that_are_in_needs_evidence_all_the_same(self):
        self.publish("test/one", self.comps("first"))
        self.record("one", "install")
        self.promoted("test/one")
        self.publish("test/two", self.comps("second"))
        self.refused("test/two@1 in el9: check 'install' has no evidence", "two")
        self.record("two", "install")
        self.assertTrue(self.promoted("test/two")["changed"])


class OtherWaysIn(Gate):
    def test_a_file_gets_in_by_its_digest_and_another_with_its_name_does_not(self):
        self.publish("test/one", self.hello)
        self.pass_all()
        other = a_deb(self.dir / "q", "hello", content="other\n")
        for command in (("promote", other, "stable"), ("publish", "--to", "stable", other)):
            self.assertIn("check 'install' was made on hello 1.0-1 (all) with other content: test again",
                          self.repotool(*command, code=4).err)
        world = a_deb(self.dir / "s", "world")
        self.assertIn("check 'install' has no evidence", self.repotool("promote", world, "stable", code=4).err)
        self.repotool("promote", self.hello, "stable")
        self.configure("[install, systest, later]")
        self.assertFalse(self.promoted(self.hello)["changed"], "what is in is not asked about again")

    def test_copy_and_merge_pass_the_gate_as_well(self):
        self.publish("test/one", self.hello)
        self.assertIn("has no evidence", self.repotool("copy", "test/one", "stable", "hello", code=4).err)

    def test_evidence_on_a_merge_counts_for_each_change_in_it(self):
        self.publish("test/one", self.hello)
        self.publish("test/two", a_deb(self.dir / "q", "world"))
        self.repotool("merge", "--into", "test/gate-7", "test/one", "test/two")
        self.pass_all("gate-7")
        self.promoted("test/one")
        self.publish("test/two", a_deb(self.dir / "s", "world", "1.1-1"))
        self.refused("was made on test/gate-7@1, and test/two@2 is what would be promoted: test again", "two")

    def test_an_update_needs_its_checks_on_each_combination(self):
        self.publish("test/one", self.hello)
        ready = self.dir / "ready"
        (ready / "any/bookworm").mkdir(parents=True)
        (ready / "any/bookworm" / pathlib.Path(self.hello).name).write_bytes(pathlib.Path(self.hello).read_bytes())
        self.write_config(CONFIG.format(gate="[install]", **self.keys).replace(
            "name: bookworm,", "name: bookworm, release: any, dist: bookworm,"))
        (ready / "update.yml").write_text(
            "notes: an update\nchange: one\nrequire: [systest]\n"
            "builds:\n  - {id: hello-1.0-1, repo: any, dist: bookworm}\n")
        self.record("one", "install")
        update = (ready / "update.yml").read_text()
        (ready / "update.yml").write_text(update.replace("change: one", "change: two"))
        self.assertIn("change 'two' has no test repository", self.repotool("promote", ready, "stable", code=4).err)
        (ready / "update.yml").write_text(update)
        result = self.repotool("promote", ready, "stable", code=4)
        self.assertIn("any/bookworm failed 'systest': check 'systest' has no evidence", result.err.splitlines()[0])
        self.assertTrue((ready / "update.yml").exists())
        self.record("one", "systest")
        self.assertTrue(self.promoted(ready)["changed"])


class Overrides(Gate):
    def test_only_a_second_key_lets_pass_what_is_missing_and_it_stays_in_the_history(self):
        self.configure("{checks: [install], overrides: [boss-key]}")
        self.publish("test/one", self.hello)
        self.assertIn("'ci-key' is not among its `overrides`",
                      self.repotool("promote", "test/one", "stable", "--override-with", "ci-key", "--reason", "x", code=4).err)
        self.repotool("promote", "test/one", "stable", "--override-with", "boss-key", code=2)
        result = self.repotool("promote", "test/one", "stable", "--override-with", "boss-key", "--reason", "fire")
        self.assertIn("the gate of 'stable' is overridden: test/one@1 in bookworm: check 'install' has no evidence",
                      result.err)
        meta = self.repotool("--json", "history", "stable").json["records"][0]["meta"]["repotool.override"]
        self.assertIn(self.keys["boss"], meta)
        self.assertIn("fire", meta)
        record = json.loads((self.site / "private/evidence/stable/000001.json").read_text())
        self.assertEqual((record["status"], record["reason"]), ("override", "fire"))
        self.assertEqual(record["missing"], ["test/one@1 in bookworm: check 'install' has no evidence"])

    def test_the_key_that_signs_evidence_cannot_override(self):
        self.configure("{checks: [install], overrides: [ci-key]}")
        self.assertIn("needs a second key", self.repotool("list", code=2).err)

    def test_where_no_key_signs_results_none_counts(self):
        self.publish("test/one", self.hello)
        self.record("one", "install")
        self.write_config("dists: [{name: bookworm, format: deb}]\nrepositories: {stable: {sign: none, gate: [install]}}\n")
        self.assertIn("no key signs evidence here",
                      self.repotool("result", "one", "--check", "install", "--status", "pass", code=2).err)
        self.refused("check 'install' is nobody's word")


if __name__ == "__main__":
    main()

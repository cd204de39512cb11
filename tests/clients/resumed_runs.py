# SPDX-License-Identifier: GPL-3.0-or-later
"""A publish that died goes on when it is started again: what it takes from before, and when it does not.

tests/crash/resume.py kills a signed promote everywhere and compares bytes; here each case has its reason."""

import os
import signal
import subprocess
import time

from clock import DAY, HOUR, Calendar
from locks import hold_lock
from packages import a_deb
from reader import read_everything
from trace import LOOKS, disturbed, of_main_process, traced
from workspace import CLIENT_TIMEOUT, Scenario, main, sha256, tool_path

CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
"""


class ResumedRuns(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)
        self.publish("test/one", a_deb(self.dir / "p", "first"))
        self.late = a_deb(self.dir / "p", "late")
        self.command = ["publish", "--test", "one", self.late]

    def dead(self):
        return sorted((self.site / "private/txn").iterdir())

    def die_waiting(self, *options):
        """The command, killed while it waits for the repository: its packages are ingested, and others could publish them."""
        with hold_lock(self.site / "private/locks/test/one.lock"):
            process = subprocess.Popen([tool_path("repotool"), "--site", self.site, *self.command, *options], env=self.env,
                                       cwd=self.dir, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + CLIENT_TIMEOUT
            while not list((self.site / "private/txn").glob("*/request")) and time.monotonic() < deadline:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            self.assertEqual(process.wait(), -signal.SIGKILL)
        self.assertEqual(len(self.dead()), 1)

    def die_after(self, name, path):
        """The command, killed right after its main process has renamed something to this path."""
        twin = self.dir / "twin"
        subprocess.run(["cp", "-a", self.site, twin], check=True)
        calls = of_main_process(traced(self, "--site", twin, *self.command))
        done = next(place for place, call in enumerate(calls) if call.name == name and call.paths[-1].endswith(path))
        disturbed(self, calls[done + 1], "signal=KILL", "--site", self.site, *self.command)
        self.assertEqual(len(self.dead()), 1)

    def die_staged(self):
        """… when the generation is staged, checked and has its name, and nobody sees it."""
        self.die_after("renameat2", "/gen/test/one/2")

    def die_flipped(self):
        self.die_after("renameat", "/public/test/one")

    def again(self, *options):
        """The same command: its answer, and the steps that it did not do."""
        answer = self.repotool("--json", *self.command, *options).json
        self.assertEqual(self.names(), self.expected | {"first", "late"})
        return answer, [step["name"] for step in answer["steps"] if step.get("reused")]

    expected = frozenset()

    def names(self):
        return {entry[0] for entry in read_everything(self.site / "public", "test/one")}

    def test_inputs_that_were_ingested_are_not_read_again(self):
        self.die_waiting()
        opened = {path for call in traced(self, "--site", self.site, *self.command, calls=[*LOOKS, "read", "pread64"])
                  if call.name.startswith(("open", "read", "pread")) for path in call.paths}
        self.assertNotIn(str(self.late), opened)
        self.assertEqual(self.names(), {"first", "late"})
        self.assert_nothing_left()

    def test_the_answer_and_the_talk_name_what_was_reused(self):
        self.die_waiting()
        result = self.repotool("--json", *self.command)
        self.assertEqual([step["name"] for step in result.json["steps"] if step.get("reused")], ["ingest"])
        self.assertIn("not done again: ingest", result.err)

    def test_adopted_inputs_are_found_where_they_were_linked(self):
        self.die_waiting("--adopt")
        self.assertEqual(self.again("--adopt")[1], ["ingest"])
        self.assertEqual(os.stat(self.late).st_ino, os.stat(next(self.site.glob("public/pool/**/late*.deb"))).st_ino)

    def test_a_staged_generation_becomes_current_without_being_made_again(self):
        self.die_staged()
        answer, reused = self.again()
        self.assertEqual(reused, ["ingest", "index", "verify"])
        self.assertEqual(answer["generation"], 2)
        self.repotool("verify", "test/one", "--full")
        self.assert_nothing_left()

    def test_a_generation_whose_parent_is_no_longer_current_is_made_again(self):
        self.die_staged()
        self.publish("test/one", a_deb(self.dir / "p", "between"))
        self.assertEqual(len(self.dead()), 1, "whoever publishes in between leaves it")
        self.expected = {"between"}
        answer, reused = self.again()
        self.assertEqual((reused, answer["generation"]), (["ingest"], 3))
        self.repotool("verify", "test/one", "--full")
        self.repotool("fsck")
        self.assert_nothing_left()

    def test_what_was_flipped_is_answered_as_it_was(self):
        self.die_flipped()
        self.assertEqual(self.names(), {"first", "late"})
        answer, reused = self.again()
        self.assertEqual(reused, ["ingest", "sign", "index", "verify", "commit"])
        self.assertTrue(answer["changed"])
        self.assertEqual((answer["generation"], answer["parent"]), (2, 1))
        self.assertEqual([(package["name"], package["action"]) for package in answer["packages"]], [("late", "added")])
        self.assertEqual(len(self.repotool("--json", "history", "test/one").json["records"]), 2)
        self.assert_nothing_left()

    def test_what_was_flipped_and_followed_by_others_is_found_unchanged(self):
        self.die_flipped()
        self.publish("test/one", a_deb(self.dir / "p", "between"))
        self.expected = {"between"}
        answer, reused = self.again()
        self.assertEqual((answer["changed"], answer["generation"], reused), (False, 3, []))

    def test_an_input_that_changed_or_another_option_is_another_command(self):
        self.die_waiting()
        self.assertEqual(self.again("--allow-downgrade")[1], [])
        self.publish("test/one", a_deb(self.dir / "other", "late", "1.0-2"))
        self.assertEqual(len(self.dead()), 1)
        status = os.stat(self.late)
        os.utime(self.late, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
        self.assertFalse(self.repotool("--json", *self.command).json["steps"][0].get("reused"))
        self.assertEqual(len(self.dead()), 1)

    def test_what_is_not_as_it_was_is_done_again(self):
        self.die_waiting()
        staged = [path for path in self.dead()[0].glob("files/*") if sha256(path) == sha256(self.late)]
        staged[0].chmod(0o600)
        staged[0].write_bytes(bytes(staged[0].stat().st_size))
        self.assertEqual(self.again()[1], [])
        self.assert_nothing_left()

    def test_a_damaged_staged_generation_is_made_again(self):
        for damage in ("files", "tree"):
            with self.subTest(damage):
                self.setUp()
                self.die_staged()
                self.repotool("gc")  # takes back what was visible
                for path in self.dead()[0].glob(f"{damage}/**/*"):
                    if path.is_file() and not path.is_symlink() and sha256(path) != sha256(self.late):
                        path.chmod(0o600)
                        path.write_bytes(b"")
                        path.chmod(0o644)
                answer, _ = self.again()
                self.assertEqual(answer["generation"], 2)
                self.assertNotIn("index", [step["name"] for step in answer["steps"] if step.get("reused")])
                self.repotool("verify", "test/one", "--full")
                self.assert_nothing_left()

    def test_rules_are_asked_again(self):
        self.die_staged()
        self.repotool("freeze", "test/one", "--reason", "release")
        self.repotool(*self.command, code=4)
        self.assertEqual(self.names(), {"first"})
        self.repotool("thaw", "test/one")
        self.assertEqual(self.again()[1], ["ingest", "index", "verify"])

    def test_status_and_gc_tell_of_it_and_gc_ends_it_after_a_day(self):
        calendar = Calendar(self, 3 * DAY)
        self.site = self.dir / "past"
        self.write_config(CONFIG)
        self.publish("test/one", a_deb(self.dir / "p", "first"))
        self.die_staged()
        self.assertEqual(self.repotool("--json", "status").json["transactions"], {"living": 0, "dead": 1, "resumable": 0})
        gone = self.repotool("--json", "gc").json
        self.assertEqual((gone["transactions"], gone["resumable"]), (0, 1))
        self.assertEqual(self.repotool("--json", "status").json["transactions"], {"living": 0, "dead": 0, "resumable": 1})
        self.assertIn("1 run that died", self.repotool("status").out + self.repotool("gc").out)
        self.repotool("fsck")
        calendar.go_to(DAY + HOUR)
        self.assertEqual(self.repotool("--json", "gc").json["transactions"], 1)
        self.assert_nothing_left()

    def test_purge_and_repair_end_it(self):
        self.die_staged()
        self.publish("test/two", self.late)
        self.repotool("purge", sha256(self.late), "--reason", "leaked")
        self.assert_nothing_left()
        self.command = ["publish", "--test", "one", a_deb(self.dir / "p", "next")]
        self.die_waiting()
        self.repotool("fsck", "--repair")
        self.assert_nothing_left()

    def test_a_command_that_is_killed_again_and_again_gets_on(self):
        self.die_waiting()
        self.die_staged()
        self.assertEqual(self.again()[1], ["ingest", "index", "verify"])
        self.assert_nothing_left()


if __name__ == "__main__":
    main()

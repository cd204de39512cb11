# SPDX-License-Identifier: GPL-3.0-or-later
"""Pitfalls 7 to 12: kills, full disks and locks at chosen system calls (tests/clients/pitfalls.py has the table).

tests/crash/kill_anywhere.py does the same at random moments and for all tools; here the moments are picked, so that each
kind of call is met in every run."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import time

from locks import hold_lock
from packages import a_deb
from reader import read_everything
from trace import disturbed, need_strace, of_main_process, spread, traced
from workspace import Scenario, content_state, main, sha256, tool_path, walk

CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
"""
POINTS = int(os.environ.get("REPOTOOL_PITFALL_POINTS", "14"))


class Crash(Scenario):
    def setUp(self):
        super().setUp()
        self.start = self.dir / "start"
        self.write_config(CONFIG, self.start)
        self.publish("test/one", a_deb(self.dir / "p", "one"), site=self.start)
        self.two = a_deb(self.dir / "p", "two")
        self.command = ["--site", self.site, "publish", "--test", "one", self.two]
        self.old = read_everything(self.start / "public", "test/one")
        self.new = self.old | {("two", "1.0-1", "all", sha256(self.two))}

    def fresh_site(self):
        shutil.rmtree(self.site, ignore_errors=True)
        subprocess.run(["cp", "-a", self.start, self.site], check=True)

    def calls_on_the_site(self):
        """What one publish does to the site, from its own process."""
        self.fresh_site()
        calls = [call for call in of_main_process(traced(self, *self.command))
                 if any(str(self.site) in path for path in call.paths)]
        self.assertGreater(len(calls), 60)
        return calls

    def check_old_or_new(self, where):
        seen = read_everything(self.site / "public", "test/one")
        self.assertIn(seen, (self.old, self.new), where)
        return seen

    def check_next_run(self, where):
        self.repotool(*self.command[2:])
        self.assertEqual(read_everything(self.site / "public", "test/one"), self.new, where)
        left = [name for name, _ in walk(self.site / "private/txn")]
        left += [name for name, _ in walk(self.site / "public") if name.endswith((".new", ".tmp"))]
        self.assertEqual(left, [], f"{where}: left behind")

    def test_pitfall_07_killed_at_any_call_the_tree_is_old_or_new_and_the_next_run_needs_nobody(self):
        outcomes = set()
        for call in spread(self.calls_on_the_site(), POINTS):
            where = f"killed at {call.name} number {call.number} of {call.paths}"
            with self.subTest(where):
                self.fresh_site()
                disturbed(self, call, "signal=KILL", *self.command)
                outcomes.add(len(self.check_old_or_new(where)))
                self.check_next_run(where)
        self.assertEqual(outcomes, {1, 2}, "some kills come before the flip and some after")

    def hold_everything(self):
        """A second name for each file that must not change: who writes through a name changes these."""
        held = {}
        for part in ("public", "private/objects", "private/text"):
            for name, info in walk(self.site / part):
                path = self.site / part / name
                if path.is_file() and not path.is_symlink() and info.st_ino not in held:
                    os.makedirs(self.dir / "held", exist_ok=True)
                    os.link(path, self.dir / "held" / str(info.st_ino))
                    held[info.st_ino] = sha256(path)
        return held

    def test_pitfall_08_nothing_writes_through_a_name_that_is_there(self):
        calls = self.calls_on_the_site()
        truncated = [call.paths for call in calls if call.name == "ftruncate"
                     and not re.search(r"/private/(locks/|records\.db)", call.paths[0])]
        self.assertEqual(truncated, [])
        self.fresh_site()
        rename = next(call for call in calls if call.name.startswith("rename") and "/by-hash/" in call.paths[-1])
        disturbed(self, rename, "signal=KILL", *self.command)  # leaves what aptly would later truncate
        held = self.hold_everything()
        self.publish("test/one", a_deb(self.dir / "other", "other"))
        self.repotool("rollback", "test/one")
        self.publish("test/one", self.two)
        for inode, digest in held.items():
            self.assertEqual(sha256(self.dir / "held" / str(inode)), digest)
        for path in (self.site / "public").rglob("by-hash/SHA256/*"):
            self.assertEqual(sha256(path), path.name)

    def test_pitfall_09_a_file_under_a_digest_name_is_not_believed(self):
        self.fresh_site()
        names = [path.relative_to(self.site) for path in (self.site / "public/meta").rglob("by-hash/SHA256/*")]
        twin = self.dir / "twin"
        self.fresh_site()
        subprocess.run(["cp", "-a", self.site, twin], check=True)
        self.publish("test/one", self.two, site=twin)
        to_come = [path.relative_to(twin) for path in (twin / "public/meta").rglob("by-hash/SHA256/*")
                   if path.relative_to(twin) not in names]
        digest = sha256(self.two)
        object_name = f"private/objects/sha256/{digest[:2]}/{digest}"
        self.assertTrue((twin / object_name).exists() and to_come)
        for name in (*to_come, object_name):
            for what, body in (("shorter", b"x"), ("of the same size", bytes((twin / name).stat().st_size))):
                with self.subTest(f"{name} is {what}"):
                    self.fresh_site()
                    (self.site / name).parent.mkdir(parents=True, exist_ok=True)
                    (self.site / name).write_bytes(body)
                    result = self.repotool(*self.command[2:], code=None)
                    self.assertEqual(self.check_old_or_new(name), self.old if result.code else self.new, result)
                    self.assertIn(result.code, (0, 7, 9), result)

    def test_pitfall_10_a_lock_names_its_holder_and_ends_with_it(self):
        self.fresh_site()
        path = self.site / "private/locks/test/one.lock"
        self.assertTrue(path.exists(), "what an ended publisher leaves does not lock")
        path.write_text('{"pid": 4242, "host": "elsewhere", "job": "nightly", "since": "2026-01-01T00:00:00Z"}')
        with hold_lock(path):
            began = time.monotonic()
            refused = self.repotool("--json", "--lock-timeout", "1s", *self.command[2:], code=6)
            self.assertLess(time.monotonic() - began, 20)
            for word in ("4242", "elsewhere", "nightly"):
                self.assertIn(word, refused.err)
            self.assertTrue(refused.json["error"]["retryable"])
        self.assertTrue(self.publish("test/one", self.two)["changed"])

    def test_pitfall_10_recovery_leaves_the_work_of_a_living_publisher_alone(self):
        need_strace()
        self.fresh_site()
        stopped = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=renameat2", "-e",
             "inject=renameat2:signal=STOP:when=2", tool_path("repotool"), *map(str, self.command)], env=self.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        process = self.wait_until_stopped()
        self.addCleanup(self.end, stopped, process)
        transactions = os.listdir(self.site / "private/txn")
        self.assertEqual(len(transactions), 1)
        self.publish("test/other", a_deb(self.dir / "other", "other"))
        self.assertEqual(os.listdir(self.site / "private/txn"), transactions)
        os.kill(process, signal.SIGCONT)
        self.assertEqual(stopped.wait(60), 0)
        self.assertEqual(read_everything(self.site / "public", "test/one"), self.new)
        self.assert_nothing_left()

    def wait_until_stopped(self):
        """The process that holds the lock of test/one, once it stands still."""
        for _ in range(1000):
            text = (self.site / "private/locks/test/one.lock").read_text()
            process = json.loads(text).get("pid") if text.startswith("{") else None
            if process and os.path.exists(f"/proc/{process}/stat"):
                with open(f"/proc/{process}/stat", encoding="ascii", errors="replace") as stream:
                    if stream.read().rsplit(")", 1)[1].split()[0] in "Tt":
                        return process
            time.sleep(0.02)
        self.fail("the publisher did not stop")

    @staticmethod
    def end(stopped, process):
        if stopped.poll() is None:
            os.kill(process, signal.SIGKILL)
            stopped.wait(60)

    def test_pitfall_11_a_full_or_broken_disk_changes_nothing_and_says_so(self):
        kinds = ("write", "fsync", "linkat", "renameat2", "renameat", "symlinkat", "mkdirat", "pwrite64", "fdatasync")
        calls = [call for call in self.calls_on_the_site() if call.name in kinds and call.ok]
        self.fresh_site()
        before = content_state(self.site / "public")
        failed = 0
        for index, call in enumerate(spread(calls, POINTS)):
            error = ("ENOSPC", "EIO", "EDQUOT")[index % 3]
            where = f"{error} at {call.name} number {call.number} of {call.paths}"
            with self.subTest(where):
                self.fresh_site()
                result = disturbed(self, call, f"error={error}", *self.command)
                seen = self.check_old_or_new(where)
                if result.code:
                    failed += 1
                    self.assertEqual(result.code, 7, f"{where}\n{result}")
                    self.assertRegex(result.err, r"^repotool: cannot \S.* '.*': \S")
                    self.assertIn(os.strerror(getattr(errno, error)), result.err)
                else:
                    self.assertEqual(seen, self.new, f"{where}: told that it is done")
                if seen == self.old:
                    self.assert_same_state(before, content_state(self.site / "public"), f"public/ ({where})")
                self.check_next_run(where)
        self.assertGreater(failed, POINTS // 2)

    def test_pitfall_12_files_and_directories_are_on_the_disk_before_the_flip(self):
        calls = self.calls_on_the_site()
        flip = next(number for number, call in enumerate(calls) if call.paths[-1].endswith("/public/test/one"))
        synced, unsynced_directories = set(), {}
        for number, call in enumerate(calls[:flip]):
            if call.name in ("fsync", "fdatasync"):
                synced.add(call.paths[0])
                unsynced_directories.pop(call.paths[0], None)
            elif call.name == "write" and "/tree/" in call.paths[0]:
                synced.discard(call.paths[0])
            elif call.name in ("linkat", "renameat2", "renameat") and call.ok:
                source, target = call.paths
                if "/private/txn/" in source and "/files/" in source:
                    self.assertIn(source, synced, f"{target} gets a name before its bytes are on the disk")
                if "/public/" in target or "/objects/" in target:
                    unsynced_directories[os.path.dirname(target)] = f"{call.name} of {target} (call {number})"
        temporary = str(self.site / "public/test")  # the link under its temporary name goes with the flip itself
        self.assertEqual({key: value for key, value in unsynced_directories.items() if key != temporary}, {})
        written = {call.paths[0] for call in calls[:flip] if call.name == "write" and "/tree/" in call.paths[0]}
        self.assertTrue(written)
        self.assertLessEqual(written, synced, "pointer files that are not on the disk when the flip names them")
        self.assertIn(temporary, [call.paths[0] for call in calls[flip:] if call.name == "fsync"])

    def test_pitfall_12_a_border_of_filesystems_is_an_error_or_a_copy(self):
        calls = [call for call in self.calls_on_the_site() if call.name in ("linkat", "renameat2", "renameat") and call.ok]
        for call in spread(calls, POINTS // 2):
            where = f"EXDEV at {call.name} number {call.number} of {call.paths}"
            with self.subTest(where):
                self.fresh_site()
                result = disturbed(self, call, "error=EXDEV", *self.command)
                seen = self.check_old_or_new(where)
                self.assertIn(result.code, (0, 7), f"{where}\n{result}")
                self.assertTrue(result.code or seen == self.new, f"{where}: told that it is done")
                self.check_next_run(where)


if __name__ == "__main__":
    main()

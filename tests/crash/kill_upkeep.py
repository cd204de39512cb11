# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 at any moment of gc, expire and purge.

After each kill every generation that is there is whole. The same command, run again without any flag, ends right: what is
on disk then is what an undisturbed run leaves. REPOTOOL_CRASH_POINTS kills in all (default 60), REPOTOOL_SEED."""

import collections
import os
import random
import re
import shutil
import signal
import subprocess
import time

from reader import read_everything
from trace import CHANGES, need_strace
from upkeep_site import UpkeepScenario
from workspace import main, run, sha256, tool_path, walk

POINTS = int(os.environ.get("REPOTOOL_CRASH_POINTS", "60")) // 3
SEED = int(os.environ.get("REPOTOOL_SEED", "1"))


class KillUpkeep(UpkeepScenario):
    def setUp(self):
        super().setUp()
        need_strace()
        self.chance = random.Random(SEED)
        self.start, self.copy = self.site, self.dir / "copy"
        for version in range(1, 6):
            self.publish_dated("stable", self.deb("hello", f"{version}.0-1"), self.deb("stays"), self.rpm("tool", f"{version}.0"))
        self.publish_dated("test/one", self.deb("hello", "2.0-1"), self.deb("other"))
        self.publish_dated("test/one", self.deb("hello", "3.0-1"))
        self.env["SOURCE_DATE_EPOCH"] = str(self.epoch + 10)  # what is published has the same bytes each time
        self.killed = collections.Counter()

    def fresh_copy(self):
        shutil.rmtree(self.copy, ignore_errors=True)
        subprocess.run(["cp", "-a", self.start, self.copy], check=True)

    def arguments(self, command):
        return [tool_path("repotool"), "--site", self.copy, *command]

    def undisturbed(self, command):
        result = run(self.arguments(command), env=self.env, cwd=self.dir)
        self.assertEqual(result.code, 0, result)
        return result

    def state(self):
        """What is on disk, without what tells the time (histories, waste names), and without caches."""
        found = collections.Counter()
        for name, _ in walk(self.copy):
            path = self.copy / name
            others = ("private/locks/", "private/history/", "private/text/", "private/records.db", "private/purged.log")
            if not path.is_file() or path.is_symlink() or name.startswith(others):
                continue
            found[re.sub(r"@\d+", "@", name) if "private/" in name else name] += 1
        return found

    def check_whole(self, where):
        """What clients can reach, by a reader that shares no code with the product."""
        public = self.copy / "public"
        for head in ("stable", "test/one"):
            if (public / head).is_symlink():
                read_everything(public, head)
            for number in (public / "gen" / head).glob("[0-9]*"):
                with self.subTest(where, generation=str(number)):
                    read_everything(public, str(number.relative_to(public)))

    def kill(self, command, calls, seconds):
        if self.chance.random() < 0.75:
            call, count = self.chance.choice(calls)
            when = self.chance.randint(1, count)
            done = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                                   f"inject={call}:signal=KILL:when={when}", *self.arguments(command)], cwd=self.dir, env=self.env,
                                  stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60)
            where, code = f"{call} number {when}", done.returncode
        else:
            process = subprocess.Popen(self.arguments(command), cwd=self.dir, env=self.env, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            delay = self.chance.uniform(0, seconds)
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
            where, code = f"{delay * 1000:.1f} ms", process.wait()
        self.killed["came through" if code == 0 else "killed"] += 1
        return where

    def calls_of(self, command):
        """Each kind of call that changes something, with its number."""
        self.fresh_copy()
        log = self.dir / "strace.log"
        subprocess.run(["strace", "-f", "-qq", "-o", log, "-e", "trace=" + ",".join(CHANGES), *self.arguments(command)],
                       cwd=self.dir, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=60)
        counts = collections.Counter(re.findall(r"^\d+\s+(\w+)\(", log.read_text(errors="replace"), re.M))
        return sorted(counts.items())

    def hammer(self, command, check, again=None):
        calls = self.calls_of(command)
        self.fresh_copy()
        seconds = self.undisturbed(command).seconds
        expected = self.state()
        for point in range(POINTS):
            self.fresh_copy()
            where = f"{command[0]}, point {point} (seed {SEED}), killed at {self.kill(command, calls, seconds)}"
            self.check_whole(where)
            self.undisturbed(again or command)
            self.check_whole(where)
            check(where)
            found = self.state()
            if found != expected:
                self.fail(f"{where}: the next run leaves something else\ntoo many: {sorted(found - expected)}\n"
                          f"missing: {sorted(expected - found)}")
        print(f"{command[0]}: {POINTS} points, {dict(self.killed)}, {seconds * 1000:.0f} ms undisturbed")
        if POINTS >= 5:
            self.assertGreater(self.killed["killed"], POINTS // 3, "hardly any kill hit")

    def assert_good_copy(self, *repositories):
        for repository in repositories:
            self.repotool("verify", repository, "--full", site=self.copy)

    def test_gc(self):
        self.hammer(["gc", "--grace", "0s"], lambda where: self.assert_good_copy("stable", "test/one"))

    def test_expire(self):
        def check(where):
            self.assertFalse((self.copy / "public/test/one").is_symlink(), where)
            self.assert_good_copy("stable")
        self.hammer(["expire", "--older-than", "0s"], check)

    def test_purge(self):
        bad = sha256(self.deb("hello", "3.0-1"))

        def check(where):
            left = [name for name, _ in walk(self.copy) if (self.copy / name).is_file() and sha256(self.copy / name) == bad]
            self.assertEqual(left, [], where)
            self.assert_good_copy("stable", "test/one")
        self.hammer(["purge", bad, "--reason", "leaked"], check)


if __name__ == "__main__":
    main()

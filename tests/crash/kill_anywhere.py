# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 at any moment of publish, promote and mirrorsync.

After each kill clients see the old or the new state, whole. The same command, run again without any flag, succeeds, and
what is on disk then is what an undisturbed run leaves. REPOTOOL_CRASH_POINTS kills in all (default 60), REPOTOOL_SEED."""

import collections
import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import time
import zlib

from keys import generate_key
from packages import a_deb, a_mixed_set, rpms
from reader import read_everything
from workspace import SANITIZED, Scenario, content_state, main, run, tool_path, walk

POINTS = int(os.environ.get("REPOTOOL_CRASH_POINTS", "60"))
SEED = int(os.environ.get("REPOTOOL_SEED", "1"))
CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64]}
"""
# The calls that change what is on disk or say that it is safe; the others only pass the time.
DURABLE = ("rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat", "fsync",
           "fdatasync", "syncfs", "mkdir", "mkdirat", "rmdir", "openat", "openat2", "write", "pwrite64",
           "copy_file_range", "ftruncate", "fchmod", "utimensat", "fcntl", "close", "flock")


class Operation:
    """One command on a copy of a prepared directory, and what is right after it."""

    def __init__(self, name, start, command, trees, repository, epoch=None):
        self.name, self.start, self.command = name, start, command
        self.trees, self.repository, self.epoch = trees, repository, epoch
        self.old = self.new = self.undisturbed = self.seconds = None
        self.calls = []
        self.outcomes = collections.Counter()  # how many were killed, how many came through, what clients saw


class KillAnywhere(Scenario):
    def setUp(self):
        super().setUp()
        self.chance = random.Random(SEED)
        self.copy = self.dir / "copy"

    def fresh_copy(self, operation):
        shutil.rmtree(self.copy, ignore_errors=True)
        subprocess.run(["cp", "-a", operation.start, self.copy], check=True)

    def environment(self, operation):
        return {**self.env, **({"SOURCE_DATE_EPOCH": str(operation.epoch)} if operation.epoch else {})}

    def arguments(self, operation):
        tool, *rest = operation.command
        return [tool_path(tool), *[str(part).replace("COPY", str(self.copy)) for part in rest]]

    def run_whole(self, operation):
        return run(self.arguments(operation), env=self.environment(operation), cwd=self.dir)

    def seen(self, operation):
        """What clients of each tree can read, checked down to the bytes. A package that is signed here has another
        digest each time."""
        found = [read_everything(self.copy / tree, operation.repository) for tree in operation.trees]
        if operation.epoch or operation.old is None:
            return found
        return [{entry if entry in old else (*entry[:3], "signed") for entry in packages}
                for packages, old in zip(found, operation.old)]

    def names(self, operation):
        """All names that clients could see, with contents when the operation is deterministic."""
        state = {}
        for tree in operation.trees:
            for name, value in content_state(self.copy / tree, skip=(".mirrorsync", "status", "project")).items():
                state[f"{tree}/{name}"] = value
        if not operation.epoch:  # signatures differ each time, and with them the names of what depends on them
            return collections.Counter(re.sub(r"/tree/[0-9a-f]{2}\b|[0-9a-f]{64}", "#", name) for name in state
                                       if not re.search(r"/tree/[0-9a-f]{2}$", name))
        return state

    def prepare(self, operation):
        """Runs it once undisturbed, once under strace, and keeps what to expect."""
        self.fresh_copy(operation)
        operation.old = self.seen(operation)
        result = self.run_whole(operation)
        self.assertEqual(result.code, 0, result)
        operation.new, operation.seconds = self.seen(operation), result.seconds
        operation.undisturbed = self.names(operation)
        self.assertNotEqual(operation.old, operation.new)
        self.fresh_copy(operation)
        log = self.dir / "strace.log"
        traced = subprocess.run(["strace", "-f", "-qq", "-o", log, *self.arguments(operation)], cwd=self.dir,
                                env=self.environment(operation), stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120)
        if traced.returncode == 0 and not SANITIZED:
            counts = collections.Counter(re.findall(r"^(\d+)\s+(\w+)\(", log.read_text(errors="replace"), re.M))
            most = collections.Counter()
            for (_, call), count in counts.items():
                most[call] = max(most[call], count)
            operation.calls = [(call, count) for call, count in most.items() if call in DURABLE]
        else:
            print(f"{operation.name}: strace cannot be used here, kills are by time alone")
        return operation

    def kill_at_a_call(self, operation):
        call, count = self.chance.choice(operation.calls)
        when = self.chance.randint(1, count)
        done = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                               f"inject={call}:signal=KILL:when={when}", *self.arguments(operation)], cwd=self.dir,
                              env=self.environment(operation), stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              timeout=60)
        operation.outcomes["came through" if done.returncode == 0 else "killed"] += 1
        return f"{call} number {when}"

    def kill_at_a_time(self, operation):
        delay = self.chance.uniform(0, operation.seconds * 1.05)
        process = subprocess.Popen(self.arguments(operation), cwd=self.dir, env=self.environment(operation),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        operation.outcomes["came through" if process.wait() == 0 else "killed"] += 1
        return f"{delay * 1000:.1f} ms"

    def kill(self, operation):
        by_call = operation.calls and self.chance.random() < 0.6
        return (self.kill_at_a_call if by_call else self.kill_at_a_time)(operation)

    def check_old_or_new(self, operation, where):
        for tree, seen, old, new in zip(operation.trees, self.seen(operation), operation.old, operation.new):
            operation.outcomes["old" if seen == old else "new"] += 1
            if seen not in (old, new):
                self.fail(f"{where}: {tree} is neither old nor new: {len(old)} packages before, {len(new)} after, "
                          f"{len(seen)} now")

    def check_history(self, where):
        """The log has one chained record per generation."""
        for log in sorted((self.copy / "site/private/history").rglob("*.log")):
            previous, records = "", 0
            for line in log.read_bytes().split(b"\n")[:-1]:
                crc, body = line.split(b" ", 1)
                self.assertEqual(int(crc, 16), zlib.crc32(body), f"{where}: {log.name} has a torn line")
                self.assertIn(f'"prev":"{previous}"'.encode(), body, f"{where}: the chain of {log.name} is broken")
                previous = hashlib.sha256(line).hexdigest()
                records += 1
            repository = log.parent.relative_to(self.copy / "site/private/history")
            generations = len(list((self.copy / "site/public/gen" / repository).glob("[0-9]*")))
            self.assertEqual(records, generations, f"{where}: history of {repository}")

    def leftovers(self):
        left = [name for name, _ in walk(self.copy / "site/private/txn")] if (
            self.copy / "site/private/txn").exists() else []
        for mirror in self.copy.glob("mirror*"):
            left += [f"{mirror.name}/{path.relative_to(mirror)}" for path in mirror.glob(".mirrorsync/**/txn/*")]
        return left

    def one_point(self, operation, number):
        self.fresh_copy(operation)
        where = f"{operation.name}, point {number} (seed {SEED}), killed at {self.kill(operation)}"
        self.check_old_or_new(operation, where)
        if self.chance.random() < 0.25:  # recovery may be killed as well
            where += f" and again at {self.kill(operation)}"
            self.check_old_or_new(operation, where)
        again = self.run_whole(operation)
        self.assertEqual(again.code, 0, f"{where}: the next run fails\n{again}")
        self.assertEqual(self.seen(operation), operation.new, f"{where}: the next run does not complete")
        if self.names(operation) != operation.undisturbed:
            self.fail(f"{where}: the public tree differs from an undisturbed run's:\n"
                      f"{self.difference(operation.undisturbed, self.names(operation))}")
        self.check_history(where)
        self.assertEqual(self.leftovers(), [], f"{where}: left behind")

    @staticmethod
    def difference(expected, got):
        lines = [f"{name}: {expected.get(name)} -> {got.get(name)}" for name in sorted(expected.keys() | got.keys())
                 if expected.get(name) != got.get(name)]
        return "\n".join(lines[:15])

    def hammer(self, operation, points):
        self.prepare(operation)
        for number in range(points):
            with self.subTest(operation.name, point=number):
                self.one_point(operation, number)
        print(f"{operation.name}: {points} points, {dict(operation.outcomes)}, "
              f"{operation.seconds * 1000:.0f} ms undisturbed, {len(operation.calls)} kinds of system calls")
        if points >= 5:
            self.assertGreater(operation.outcomes["killed"], points // 3, "hardly any kill hit")

    def a_site(self, config=CONFIG, repository="test/one"):
        """COPY/site with one generation, an hour old; returns the time of its date."""
        start = self.dir / "start"
        self.site = start / "site"
        self.write_config(config)
        epoch = int(time.time()) - 3600
        self.publish(repository, *a_mixed_set(self.dir / "packages"), env={"SOURCE_DATE_EPOCH": str(epoch)})
        return start, epoch

    def more_packages(self):
        return [a_deb(self.dir / "ready", "more"), *rpms(self.dir / "ready", "more", subpackages=("data",))]

    def test_publish(self):
        start, epoch = self.a_site()
        command = ["repotool", "--site", "COPY/site", "publish", "--test", "one", *self.more_packages()]
        self.hammer(Operation("publish", start, command, ["site/public"], "test/one", epoch + 10), POINTS - POINTS * 2 // 3)

    def test_promote(self):
        # The keys live outside the copies, with an agent that is there before: strace would wait for one that it saw start.
        home = self.dir / "keys"
        home.mkdir(mode=0o700)
        fingerprint = generate_key(self, home=home)
        subprocess.run(["gpgconf", "--homedir", home, "--launch", "gpg-agent"], check=True, stdin=subprocess.DEVNULL)
        signed = f"repositories:\n  stable: {{sign: k}}\nkeys: {{k: {{fingerprint: {fingerprint}, home: {home}}}}}\n"
        start, _ = self.a_site(CONFIG + signed, "stable")
        self.more_packages()
        shutil.move(self.dir / "ready", start / "ready")
        command = ["repotool", "--site", "COPY/site", "promote", "COPY/ready", "stable"]
        self.hammer(Operation("promote", start, command, ["site/public"], "stable"), POINTS // 3)

    def test_mirrorsync(self):
        start, epoch = self.a_site()
        mirrors = [start / "mirror1", start / "mirror2"]
        self.mirrorsync("--transactional", self.site, *mirrors, "--repository", "test/one")
        self.publish("test/one", *self.more_packages(), env={"SOURCE_DATE_EPOCH": str(epoch + 10)})
        command = ["mirrorsync", "--transactional", "COPY/site", "COPY/mirror1", "COPY/mirror2",
                   "--repository", "test/one"]
        self.hammer(Operation("mirrorsync", start, command, ["mirror1", "mirror2"], "test/one", epoch + 10), POINTS // 3)


if __name__ == "__main__":
    main()

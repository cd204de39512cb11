# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever befalls a mirror or the coordinator, at each phase: after `resume` all required mirrors are old, or all are new.

The agent of one mirror, and the coordinator, run under strace, which kills, stops or spoils them at the n-th call that changes
their disk. REPOTOOL_FAULT_POINTS=all takes each of those calls; otherwise three of each kind."""

import collections
import json
import os
import re
import shlex
import signal
import subprocess
import time

from small_deb import small_deb
from ssh import Sshd
from workspace import Scenario, content_state, main, tool_path

CONFIG = """
dists: [{name: bookworm, format: deb, architectures: [amd64], components: [main]}]
repositories: {"*": {sign: none, rules: {replace: false}}}
"""
CHANGES = "renameat2,unlinkat,linkat,symlinkat,mkdirat,fsync"
ALL_POINTS = os.environ.get("REPOTOOL_FAULT_POINTS") == "all"


class Faults(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)
        self.here, self.there = self.dir / "here", self.dir / "there"
        self.there.mkdir()
        self.before = self.dir / "before"  # what the agent's command is started with
        agent = self.dir / "agent"
        agent.write_text(f"#!/bin/sh\nexec $(cat {self.before}) {tool_path('mirrorsync')} serve --stdio --root {self.there} --idle-timeout 5s\n")
        agent.chmod(0o755)
        self.spoil()
        self.sshd = Sshd(self.dir / "sshd", str(agent))
        self.addCleanup(self.sshd.stop)
        self.number = 0
        (self.dir / "agent.log").touch()
        self.write_mirrors()

    def spoil(self, *strace):
        self.before.write_text(shlex.join(["strace", "-f", "-qq", "-A", "-o", str(self.dir / "agent.log"), *strace]) if strace else "")

    def write_mirrors(self, patience="30s", **fleet):
        mirrors = [{"name": "here", "target": str(self.here)},
                   {"name": "there", "target": self.sshd.target(self.there), "ssh": {**self.sshd.options(), "timeout": patience}}]
        (self.site / "mirrors.yaml").write_text(json.dumps({"retries": 0, "lock_timeout": "15s", "mirrors": mirrors, **fleet}))

    def publish_more(self, content=b"hello\n"):
        self.number += 1
        self.publish("stable", small_deb(self.dir / "packages", f"p{self.number}", content=content))

    def generations(self):
        return [int((tree / "stable").readlink().name) for tree in (self.here, self.there)]

    def changes(self, log):
        """The calls of the traced program that change its disk, each as (name, how often in its thread)."""
        seen, calls = collections.Counter(), []
        for line in log.read_text().splitlines():
            found = re.match(r"(\d+) +(\w+)\(", line)
            if found and found[2] in CHANGES.split(","):
                seen[found[1], found[2]] += 1
                calls.append((found[2], seen[found[1], found[2]]))
        return calls

    def points(self, calls):
        return calls if ALL_POINTS else [calls[len(calls) * part // 8] for part in (1, 4, 7)]

    def check_outcome(self, result, what):
        """Right after the fault, and after `resume`, and after the next run."""
        self.assertIn(result.code, (0, 6, 7, 8, 9, -9), f"{what}\n{result}")
        if result.code not in (0, -9):
            self.assertTrue(result.json["error"]["message"] or any(m["error"] for m in result.json["mirrors"]), f"{what}\n{result}")
        self.spoil()
        self.wake_up()
        self.mirrorsync("resume", self.site)
        self.assertEqual(len(set(self.generations())), 1, f"{what}: after resume")
        if result.code == 0:
            self.assertEqual(self.generations(), [self.number] * 2, what)
        self.mirrorsync(self.site)
        self.assertEqual(self.generations(), [self.number] * 2, f"{what}: after the next run")
        for tree in (self.here, self.there):
            left = list((tree / ".mirrorsync/stable/txn").iterdir())
            self.assertEqual(left, [], f"{what}: left on {tree.name}")

    def wake_up(self):
        """An agent that was stopped finds that nobody talks to it any more."""
        for pid in set(re.findall(r"(?m)^(\d+) .*SIGSTOP", (self.dir / "agent.log").read_text())):
            try:
                os.kill(int(pid), signal.SIGCONT)
            except ProcessLookupError:
                pass

    def calls_of_the_agent(self):
        self.publish_more()
        self.mirrorsync(self.site)
        self.publish_more()
        (self.dir / "agent.log").write_text("")
        self.spoil("-e", f"trace={CHANGES}")
        self.mirrorsync(self.site)
        calls = self.changes(self.dir / "agent.log")
        self.assertGreater(len(calls), 20)
        return calls

    def sweep(self, fault, calls, codes, patience="30s"):
        found = set()
        for name, count in self.points(calls):
            self.publish_more()
            self.spoil("-e", f"trace={name}", "-e", f"inject={name}:{fault}:when={count}")
            self.write_mirrors(patience=patience)
            result = self.mirrorsync(self.site, "--json", code=None)
            found.add(result.code)
            self.write_mirrors()
            self.check_outcome(result, f"{fault} at {name} {count}")
        self.assertTrue(found & codes, f"{fault} was never felt: {found}")

    def test_an_agent_that_is_killed_at_each_phase(self):
        self.sweep("signal=KILL", self.calls_of_the_agent(), {8})

    def test_an_agent_that_is_stopped_at_each_phase(self):
        self.sweep("signal=STOP", self.calls_of_the_agent(), {8}, patience="3s")

    def test_a_disk_that_fails_at_each_phase(self):
        calls = self.calls_of_the_agent()
        self.sweep("error=ENOSPC", calls, {7})
        self.sweep("error=EIO", calls, {7})

    def test_a_coordinator_that_is_killed_at_each_phase(self):
        self.publish_more()
        self.mirrorsync(self.site)
        self.publish_more()
        log = self.dir / "coordinator.log"
        trace = ["strace", "-f", "-qq", "-o", log]
        command = [tool_path("mirrorsync"), self.site, "--json"]
        subprocess.run([*trace, "-e", f"trace={CHANGES}", *command], env=self.env, check=True, stdout=subprocess.DEVNULL, timeout=60)
        for name, count in self.points([call for call in self.changes(log)]):
            self.publish_more()
            killed = subprocess.run([*trace, "-e", f"trace={name}", "-e", f"inject={name}:signal=KILL:when={count}", *command],
                                    env=self.env, check=False, capture_output=True, timeout=60)
            self.assertIn(killed.returncode, (0, -9, 137))
            self.spoil()
            self.mirrorsync("resume", self.site)
            self.assertEqual(len(set(self.generations())), 1, f"killed at {name} {count}")
            self.mirrorsync(self.site)
            self.assertEqual(self.generations(), [self.number] * 2)

    def test_a_mirror_that_is_too_slow_for_the_deadline_stops_the_fleet(self):
        self.publish_more()
        self.mirrorsync(self.site)
        self.publish_more(content=os.urandom(400_000))
        before = content_state(self.here, skip=(".mirrorsync",))
        self.write_mirrors(deadline="2s", bandwidth="50k")
        result = self.mirrorsync(self.site, "--json", code=8)
        self.assertIn("not ready in 2 s", result.json["error"]["message"])
        self.assert_same_state(before, content_state(self.here, skip=(".mirrorsync",)), "a mirror of a fleet that gave up")
        self.write_mirrors()
        self.check_outcome(self.mirrorsync(self.site, "--json"), "slow")

    def wait_until(self, condition):
        deadline = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)

    def on_small_disk(self, options):
        """`there` becomes a disk of its own, where this user may mount one."""
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.there], capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest(f"no tmpfs can be mounted here: {mounted.stderr.decode().strip()}")
        self.addCleanup(lambda: subprocess.run(["umount", "-l", self.there], check=True))

    def refused_for_room(self, word):
        before = content_state(self.there)
        result = self.mirrorsync(self.site, "--json", code=7)
        self.assertIn(word, result.json["error"]["message"])
        self.assertEqual(set(self.generations()), {1})
        self.assert_same_state({k: v for k, v in before.items() if not k.startswith(".mirrorsync")},
                               {k: v for k, v in content_state(self.there).items() if not k.startswith(".mirrorsync")}, "a full mirror")

    def test_a_disk_without_room_or_inodes_is_told_before_anything_is_brought(self):
        self.on_small_disk("size=1m,nr_inodes=120")
        self.publish_more()
        self.mirrorsync(self.site)
        self.publish_more(content=os.urandom(2_000_000))
        self.refused_for_room("bytes are needed")
        self.repotool("remove", "stable", "p2")
        for number in range(120):
            small_deb(self.dir / "many", f"many{number:03}")
        self.publish("stable", self.dir / "many")
        self.refused_for_room("inodes are needed")

    def test_a_disk_that_fills_up_on_the_way_takes_nothing_back_from_clients(self):
        self.on_small_disk("size=4m")
        self.publish_more()
        self.mirrorsync(self.site)
        self.publish_more(content=os.urandom(1_500_000))
        self.write_mirrors(bandwidth="1M")
        run = subprocess.Popen([tool_path("mirrorsync"), self.site, "--json"], env=self.env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(run.kill)
        self.wait_until(lambda: any(self.there.glob(".mirrorsync/stable/txn/*/files/*")))
        ballast = self.there / "ballast"
        try:
            ballast.write_bytes(bytes(4_000_000))
        except OSError:
            pass  # that is the point of it
        out, err = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 7, out + err)
        self.assertEqual(self.generations(), [1, 1])
        ballast.unlink()
        self.write_mirrors()
        self.mirrorsync(self.site)
        self.assertEqual(self.generations(), [2, 2])


if __name__ == "__main__":
    main()

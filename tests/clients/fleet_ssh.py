# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of a directory and a mirror behind a real sshd, where our agent is a forced command."""

import json
import os
import signal
import subprocess
import time

from clients import Apt, Dnf
from keys import GnuPG
from packages import a_deb, a_mixed_set
from reader import read_everything
from small_deb import many_debs, small_deb
from ssh import Sshd
from web import Nginx
from workspace import Scenario, content_state, main, tool_path

CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64]}
repositories:
  "*": {sign: none, rules: {replace: false}}
"""
PRIVATE_TO_A_MIRROR = (".mirrorsync", "status", "project", "keys")


class Fleet(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)
        self.here, self.there = self.dir / "here", self.dir / "there"
        self.there.mkdir()

    def start_agent(self, *options):
        words = [tool_path("mirrorsync"), "serve", "--stdio", "--root", self.there, *options]
        self.sshd = Sshd(self.dir / f"sshd{time.monotonic_ns()}", " ".join(str(word) for word in words))
        self.addCleanup(self.sshd.stop)
        self.write_mirrors()

    def write_mirrors(self, site=None, fleet=None, **more):
        mirrors = [{"name": "here", "target": str(self.here)},
                   {"name": "there", "target": self.sshd.target(self.there), "ssh": {**self.sshd.options(), **more}}]
        document = {"retries": 0, "lock_timeout": "1s", "mirrors": mirrors, **(fleet or {})}
        ((site or self.site) / "mirrors.yaml").write_text(json.dumps(document))

    def sync(self, *options, **more):
        return self.mirrorsync(self.site, "--json", *options, **more)

    def served(self, tree):
        state = content_state(tree, skip=PRIVATE_TO_A_MIRROR)
        return {name: value[:1] + value[2:] if value[0] == "file" else value
                for name, value in state.items() if not name.endswith("/mirrorlist")}

    def current(self):
        return [os.readlink(tree / "stable") if (tree / "stable").is_symlink() else None
                for tree in (self.here, self.there)]

    def assert_both_carry_the_site(self):
        expected = self.served(self.site / "public")
        for tree in (self.here, self.there):
            self.assert_same_state(expected, self.served(tree), f"{tree.name}, against the site,")

    def test_clients_install_from_what_the_agent_fetched(self):
        self.publish("stable", *a_mixed_set(self.dir / "packages"))
        self.start_agent()
        answer = self.sync().json
        self.assertEqual([mirror["state"] for mirror in answer["mirrors"]], ["flipped", "flipped"])
        self.assert_both_carry_the_site()
        self.publish("stable", a_deb(self.dir / "more", "more"))
        self.sync()
        self.assert_both_carry_the_site()
        server = Nginx(self.dir / "nginx", self.there)
        self.addCleanup(server.stop)
        apt = Apt(self.dir / "apt", f"deb [trusted=yes] {server.url}/stable bookworm main")
        apt.update()
        self.assertEqual(len(apt.download("more")), 1)
        dnf = Dnf(self.dir / "dnf", baseurl=f"{server.url}/stable/rpm/el9/x86_64/")
        self.assertEqual(len(dnf.download("delta")), 2)
        before = content_state(self.there, with_times=True)
        self.assertEqual([mirror["state"] for mirror in self.sync().json["mirrors"]], ["unchanged", "unchanged"])
        self.assert_same_state(before, content_state(self.there, with_times=True), "a mirror that has it")

    def test_indexes_are_joined_and_the_wire_carries_what_is_new(self):
        self.publish("stable", *many_debs(self.dir / "packages", range(600)))
        self.start_agent()
        first = self.sync().json["mirrors"][1]["bytes_sent"]
        new = small_deb(self.dir / "more", "many00300b")
        self.publish("stable", new)
        again = self.sync().json["mirrors"][1]["bytes_sent"]
        self.assert_both_carry_the_site()
        self.assertEqual(read_everything(self.there, "stable"), read_everything(self.site / "public", "stable"))
        index = sum(path.stat().st_size for path in (self.there / "stable/dists/bookworm/main/binary-amd64").glob("Packages.*"))
        self.assertLess(again, new.stat().st_size + index / 2, f"{first} bytes at first")

    def test_the_key_gives_no_shell_and_no_other_file(self):
        self.start_agent()
        for command in (["cat", "/etc/passwd"], ["sh", "-c", "id"], []):
            answer = self.sshd.run(*command)
            self.assertNotIn(b"root:", answer.stdout)
            self.assertNotIn(b"uid=", answer.stdout)
        question = json.dumps({"call": "open", "protocol": 1, "base_url": "", "formats": [], "trace": "../../etc/x"}).encode()
        answer = self.sshd.run(stdin=len(question).to_bytes(4, "big") + b"J" + question)
        self.assertIn(b"error", answer.stdout)
        self.assertEqual(list(self.there.iterdir()), [])

    def test_an_agent_takes_what_its_administrator_allows(self):
        self.publish("stable", a_deb(self.dir / "packages", "hello"))
        self.start_agent("--repository", "7.0")
        result = self.sync(code=4)
        self.assertIn("does not carry that repository", result.json["error"]["message"])
        self.assertEqual(self.current(), [None, None])

    def test_an_agent_with_a_keyring_refuses_what_its_key_did_not_sign(self):
        gpg = GnuPG(self, self.dir / "gnupg")
        ring = self.dir / "ring.asc"
        ring.write_bytes(gpg.run("--armor", "--export", gpg.key("mirror")))
        self.publish("stable", a_deb(self.dir / "packages", "hello"))
        self.start_agent("--keyring", str(ring))
        result = self.sync(code=9)
        self.assertIn("there", result.json["error"]["object"])
        self.assertEqual(self.current(), [None, None])

    def test_a_connection_that_is_cut_anywhere_leaves_all_old_or_all_new(self):
        self.publish("stable", *a_mixed_set(self.dir / "packages"))
        self.start_agent()
        self.sync()
        cutter = self.dir / "cut"
        outcomes = set()
        for number, size in enumerate((100, 4000, 6000, 8000, 20000)):
            self.publish("stable", small_deb(self.dir / f"more{number}", f"more{number}"))
            old, new = (f"gen/stable/{number + step}" for step in (1, 2))
            words = ["ssh", "-T", "-o", "BatchMode=yes", "-i", str(self.sshd.dir / "user"), "-o",
                     f"UserKnownHostsFile={self.sshd.dir}/known_hosts"]
            cutter.write_text(f"#!/bin/sh\nhead -c {size} | {' '.join(words)} \"$@\"\n")
            cutter.chmod(0o755)
            self.write_mirrors(command=[str(cutter)])
            result = self.sync(code=None)
            self.assertIn(result.code, (0, 6, 8), result)
            outcomes.add(result.code)
            self.write_mirrors()
            self.mirrorsync("resume", self.site)
            self.assertIn(self.current(), ([old, old], [new, new]), f"cut after {size} bytes")
            self.sync()
            self.assertEqual(self.current(), [new, new])
            self.assert_both_carry_the_site()
        self.assertIn(8, outcomes)

    def test_a_coordinator_that_was_stopped_changes_nothing_after_another_took_over(self):
        self.publish("stable", a_deb(self.dir / "packages", "hello"))
        self.start_agent("--idle-timeout", "2s")
        self.sync()
        other = self.dir / "other"
        self.publish("stable", a_deb(self.dir / "more", "more", content=os.urandom(150000).hex()))
        subprocess.run(["cp", "-a", self.site, other], check=True)
        self.publish("stable", a_deb(self.dir / "more", "again"), site=other)
        alone = {"mirrors": [{"name": "there", "target": self.sshd.target(self.there), "bandwidth": "40k",
                              "ssh": self.sshd.options()}]}
        self.write_mirrors(fleet=alone)
        stopped = subprocess.Popen([tool_path("mirrorsync"), self.site, "--json"], env=self.env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(stopped.kill)
        staged = self.there / ".mirrorsync/stable/txn"
        self.wait_until(lambda: staged.exists() and any(staged.glob("*/files/*")))
        stopped.send_signal(signal.SIGSTOP)
        self.write_mirrors(site=other, fleet={"mirrors": alone["mirrors"], "lock_timeout": "20s"})
        answer = self.mirrorsync(other, "--json").json
        self.assertEqual(answer["generation"], 3)
        before = content_state(self.there, skip=(".mirrorsync",))
        stopped.send_signal(signal.SIGCONT)
        out, _ = stopped.communicate(timeout=60)
        self.assertNotEqual(stopped.returncode, 0, out)
        self.assert_same_state(before, content_state(self.there, skip=(".mirrorsync",)), "the mirror, by the one that was stopped,")

    def wait_until(self, condition):
        deadline = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""A transfer that was killed in its middle goes on with what it had brought."""

import json
import os
import subprocess
import time

from local_agent import local_agent
from reader import read_everything
from small_deb import small_deb
from workspace import Scenario, main, tool_path

SIZE, COUNT = 100000, 8


class FleetResume(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config('repositories: {"*": {sign: none}}\n')
        self.mirror = self.dir / "mirror"
        self.mirror.mkdir()
        names = [f"large{number}" for number in range(COUNT)]
        self.publish("stable", *(small_deb(self.dir / "packages", name, content=os.urandom(SIZE)) for name in names))

    def write_mirrors(self, mirror):
        (self.site / "mirrors.yaml").write_text(json.dumps({"retries": 0, "mirrors": [{"name": "mirror", **mirror}]}))

    def staged(self):
        """Whole files of the transaction that is under way."""
        return [path for path in self.mirror.glob(".mirrorsync/stable/txn/*/files/*") if not path.suffix]

    def kill_in_mid_transfer(self, mirror, count):
        self.write_mirrors({**mirror, "bandwidth": "200k"})
        run = subprocess.Popen([tool_path("mirrorsync"), self.site], env=self.env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(run.kill)
        deadline = time.monotonic() + 60
        while len(self.staged()) < count:
            self.assertLess(time.monotonic(), deadline)
            self.assertIsNone(run.poll())
            time.sleep(0.01)
        run.kill()
        run.wait()
        self.write_mirrors(mirror)

    def sync(self):
        answer = self.mirrorsync(self.site, "--json").json["mirrors"][0]
        self.assertEqual(read_everything(self.mirror, "stable"), read_everything(self.site / "public", "stable"))
        self.assertEqual(list(self.mirror.glob(".mirrorsync/stable/txn/*")), [])
        return answer

    def test_a_directory_is_not_brought_again_what_is_there(self):
        self.kill_in_mid_transfer({"target": str(self.mirror)}, 3)
        left = len(self.staged())
        answer = self.sync()
        self.assertLess(answer["bytes_sent"], (COUNT - left + 1) * SIZE)

    def test_an_agent_is_not_sent_again_what_is_there(self):
        mirror = {"target": f"ssh://mirror@mirror.example{self.mirror}", "ssh": local_agent(self.dir)}
        self.kill_in_mid_transfer(mirror, 3)
        left = len(self.staged())
        self.assertLess(self.sync()["bytes_sent"], (COUNT - left + 1) * SIZE)

    def test_what_the_disk_did_not_keep_is_brought_again(self):
        self.kill_in_mid_transfer({"target": str(self.mirror)}, 3)
        spoiled = max(self.staged(), key=lambda path: path.stat().st_size)
        spoiled.write_bytes(b"\0" * spoiled.stat().st_size)
        self.sync()

    def test_another_generation_leaves_nothing_of_it(self):
        self.kill_in_mid_transfer({"target": str(self.mirror)}, 2)
        self.publish("stable", small_deb(self.dir / "packages", "more"))
        self.sync()

    def test_abort_takes_it_back(self):
        self.kill_in_mid_transfer({"target": str(self.mirror)}, 2)
        self.mirrorsync("abort", self.site)
        self.assertEqual(self.staged(), [])


if __name__ == "__main__":
    main()

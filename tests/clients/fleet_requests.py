# SPDX-License-Identifier: GPL-3.0-or-later
"""A push that comes in mid-sync is never lost, whoever is killed in between."""

import json
import os
import signal
import subprocess
import time

from json_schema import check
from small_deb import small_deb
from workspace import Scenario, main, tool_path


class Requests(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config('repositories: {"*": {sign: none}}\n')
        self.mirror = self.dir / "mirror"
        self.publish("stable", small_deb(self.dir / "packages", "large", content=os.urandom(150000)))
        mirrors = [{"name": "mirror", "target": str(self.mirror), "bandwidth": "100k"}]
        (self.site / "mirrors.yaml").write_text(json.dumps({"mirrors": mirrors}))

    def stopped_in_mid_sync(self):
        """A run that has begun to bring generation 1, and stands still."""
        run = subprocess.Popen([tool_path("mirrorsync"), self.site, "--json"], env=self.env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(run.kill)
        deadline = time.monotonic() + 30
        while not list(self.mirror.glob(".mirrorsync/stable/txn/*/files/*")):
            self.assertLess(time.monotonic(), deadline)
            self.assertIsNone(run.poll())
            time.sleep(0.005)
        run.send_signal(signal.SIGSTOP)
        return run

    def push(self):
        """Another generation, whose run cannot wait."""
        self.publish("stable", small_deb(self.dir / "packages", "pushed"))
        result = self.mirrorsync(self.site, "--json", "--lock-timeout", "0s", code=6)
        self.assertIn("the request is kept", result.json["error"]["hint"])
        self.assertEqual(len(self.requests()), 1)

    def requests(self):
        return list((self.site / "private/sync/stable").glob("requested*"))

    def test_the_run_that_is_under_way_brings_what_was_pushed_meanwhile(self):
        run = self.stopped_in_mid_sync()
        self.push()
        run.send_signal(signal.SIGCONT)
        out, err = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 0, err)
        answer = json.loads(out)
        check(answer, "mirrorsync-result")
        self.assertEqual([each["generation"] for each in answer["transactions"]], [1, 2])
        self.assertEqual(os.readlink(self.mirror / "stable"), "gen/stable/2")
        self.assertEqual(self.requests(), [])

    def test_a_request_outlives_the_run_that_should_have_served_it(self):
        run = self.stopped_in_mid_sync()
        self.push()
        run.kill()
        run.wait()
        status = self.mirrorsync("status", self.site, "--json").json
        check(status, "mirrorsync-status-result")
        self.assertTrue(status["repositories"][0]["requested"])
        answer = self.mirrorsync("resume", self.site, "--json").json
        check(answer, "mirrorsync-recovery-result")
        self.assertEqual(answer["repositories"][0]["requested"], 1)
        self.assertEqual(os.readlink(self.mirror / "stable"), "gen/stable/2")
        self.assertEqual(self.requests(), [])
        self.assertEqual(self.mirrorsync("resume", self.site, "--json").json["repositories"][0]["requested"], 0)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""Pitfalls 18 to 20: many at once (tests/clients/pitfalls.py has the table)."""

import concurrent.futures
import os
import threading
import time

from locks import hold_lock
from packages import a_deb, rpms
from reader import read_everything
from small_deb import many_debs
from workspace import Scenario, main

PUBLISHERS = int(os.environ.get("REPOTOOL_PITFALL_PUBLISHERS", "50"))
CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64]}
"""


class Concurrency(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)
        self.publish("test/one", a_deb(self.dir / "p", "first"), *rpms(self.dir / "p", "first"))

    def busy(self, repository="test/one"):
        """A publisher that never ends: it holds the repository's lock."""
        return hold_lock(self.site / f"private/locks/{repository}.lock")

    def test_pitfall_18_every_one_of_many_publishers_arrives(self):
        packages = many_debs(self.dir / "many", range(PUBLISHERS))
        start = threading.Barrier(PUBLISHERS)

        def one(package):
            start.wait()
            return self.publish("test/one", package)

        with concurrent.futures.ThreadPoolExecutor(PUBLISHERS) as pool:
            answers = list(pool.map(one, packages))
        for package, answer in zip(packages, answers, strict=True):
            self.assertIn((package.stem.split("_")[0], "added"), {(entry["name"], entry["action"]) for entry in answer["packages"]})
        names = {entry[0] for entry in read_everything(self.site / "public", "test/one")}
        self.assertEqual(names, {"first"} | {package.stem.split("_")[0] for package in packages})
        generations = sorted(int(name) for name in os.listdir(self.site / "public/gen/test/one"))
        self.assertEqual(generations, list(range(1, len(generations) + 1)))
        self.repotool("verify", "test/one", "--full")
        self.assert_nothing_left()

    def test_pitfall_18_waiting_is_bounded_and_says_for_whom(self):
        with self.busy():
            began = time.monotonic()
            refused = self.repotool("--lock-timeout", "1s", "publish", "--test", "one", a_deb(self.dir / "p", "late"), code=6)
            self.assertLess(time.monotonic() - began, 20)
        self.assertIn("test/one", refused.err)
        self.assertEqual({entry[0] for entry in read_everything(self.site / "public", "test/one")}, {"first"})

    def test_pitfall_19_readers_do_not_wait_for_a_publisher(self):
        with self.busy():
            for command in (["list"], ["list", "test/one"], ["show", "test/one"], ["show", "test/one", "first"],
                            ["verify", "test/one"], ["verify", "test/one", "--full"], ["client", "test/one"]):
                with self.subTest(" ".join(command)):
                    began = time.monotonic()
                    self.repotool(*command)
                    self.assertLess(time.monotonic() - began, 10)

    def test_pitfall_20_a_publisher_of_another_repository_does_not_wait(self):
        with self.busy():
            self.repotool("--lock-timeout", "0s", "publish", "--test", "two", a_deb(self.dir / "p", "other"))
            self.repotool("--lock-timeout", "0s", "publish", "--test", "two", *rpms(self.dir / "p", "other"))
        self.assertEqual({entry[0] for entry in read_everything(self.site / "public", "test/two")}, {"other"})


if __name__ == "__main__":
    main()

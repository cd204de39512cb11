# SPDX-License-Identifier: GPL-3.0-or-later
"""What a large source and its target have in common is neither read nor listed, and the promote means the same."""

import os
import signal
import subprocess
import time

from locks import hold_lock
from rule_scenario import RuleScenario
from small_deb import many_debs, small_deb
from workspace import main, tool_path

MANY = 1100


class PromoteLarge(RuleScenario):
    config = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
repositories:
  "*": {sign: none}
"""

    def setUp(self):
        super().setUp()
        self.publish("staging", *many_debs(self.dir / "many", range(MANY)))
        self.repotool("promote", "staging", "stable")

    def one_of_many(self, number):
        return f"many{number:05}"

    def test_only_what_is_new_is_listed_and_the_target_has_it_all(self):
        self.publish("staging", self.deb("new"), self.deb("many00007", "9.0-1"))
        answer = self.repotool("--json", "promote", "staging", "stable").json
        self.assertIn(("new", "1.0-1", "added"), self.actions(answer))
        self.assertIn(("many00007", "9.0-1", "added"), self.actions(answer))
        self.assertLess(len(answer["packages"]), MANY // 2)
        listed = sum(package["action"] == "unchanged" for package in answer["packages"])
        self.assertEqual(answer["unlisted"] + listed, MANY)
        self.assertEqual(self.shown("stable"), self.shown("staging"))
        self.repotool("verify", "stable", "--full")
        again = self.repotool("promote", "staging", "stable")
        self.assertRegex(again.out, r"stable@2 is current: nothing to do \(.*what both have unchanged\)")

    def test_versions_that_are_there_count_for_those_that_are_kept(self):
        """One older than those that are kept is left out, not a downgrade, wherever the newer ones are."""
        versions = [small_deb(self.dir / "versions", "much", f"2.{number:04}") for number in range(MANY)]
        self.publish("staging", *versions)
        self.repotool("promote", "staging", "stable")
        self.publish("staging", small_deb(self.dir / "versions", "much", "1.0"), "--allow-downgrade")
        answer = self.repotool("--json", "promote", "staging", "stable", "--keep", MANY - 100).json
        self.assertIn(("much", "1.0", "refused"), self.actions(answer))
        self.assertGreater(answer["unlisted"], MANY)
        kept = [version for name, version in self.shown("stable") if name == "much"]
        self.assertEqual(kept, [f"2.{number:04}" for number in range(100, MANY)])

    def test_what_the_target_loses_meanwhile_comes_back(self):
        """A promote that waits; a remove takes packages of chunks that both had, and carries the promote out with it."""
        self.publish("staging", self.deb("new"))
        gone = [self.one_of_many(number) for number in range(0, MANY, 50)]
        with hold_lock(self.site / "private/locks/stable.lock"):
            promote = subprocess.Popen([tool_path("repotool"), "--site", self.site, "--json", "promote", "staging", "stable"],
                                       env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
            deadline = time.monotonic() + 60
            while not list((self.site / "private/txn").glob("*/request")) and time.monotonic() < deadline:
                time.sleep(0.02)
            os.kill(promote.pid, signal.SIGSTOP)
        self.repotool("remove", "stable", *gone)
        os.kill(promote.pid, signal.SIGCONT)
        self.addCleanup(promote.wait)
        out = promote.communicate(timeout=60)[0]
        self.assertEqual(promote.returncode, 0, out)
        self.assertEqual(self.shown("stable"), self.shown("staging"))
        self.repotool("verify", "stable", "--full")
        self.repotool("fsck")


if __name__ == "__main__":
    main()

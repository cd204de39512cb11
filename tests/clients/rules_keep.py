# SPDX-License-Identifier: GPL-3.0-or-later
"""keep_versions: what never goes live is told as left out, and is no change."""

import json

from rule_scenario import RuleScenario
from workspace import main

VERSIONS = ("1.0-1", "2.0-1", "3.0-1")
KEPT = [("foo", "2.0-1"), ("foo", "3.0-1")]


class RulesOfKeeping(RuleScenario):
    config = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
repositories:
  stable: {keep_versions: 2}
"""

    def setUp(self):
        super().setUp()
        self.files = [self.deb("foo", version) for version in VERSIONS]

    def test_what_the_same_request_outdates_is_left_out_and_the_history_does_not_know_it(self):
        answer = self.publish("stable", *self.files)
        self.assertEqual(self.actions(answer), [("foo", "1.0-1", "refused"), ("foo", "2.0-1", "added"), ("foo", "3.0-1", "added")])
        self.assertEqual([package.get("reason") for package in answer["packages"]], ["keep_versions is 2", None, None])
        self.assertEqual(self.shown("stable"), KEPT)
        text = (self.site / "private/history/stable/000001.log").read_text()
        changes = json.loads(text.splitlines()[-1].split(" ", 1)[1])["changes"]
        self.assertEqual([(change["action"], change["version"]) for change in changes], [("added", "2.0-1"), ("added", "3.0-1")])

    def test_the_same_request_again_changes_nothing_and_says_so(self):
        self.publish("stable", *self.files)
        text = self.repotool("publish", "--to", "stable", *self.files).out
        self.assertIn("stable@1 is current: nothing to do", text.splitlines()[0])
        self.assertIn("1 left out: foo 1.0-1 amd64 (keep_versions is 2)", text.splitlines()[0])
        self.assertFalse(self.publish("stable", *self.files)["changed"])

    def test_an_allowed_downgrade_that_does_not_get_in_is_told_on_the_first_line(self):
        self.publish("stable", *self.files[1:])
        self.assertIn("older than", self.refused("publish", "--to", "stable", self.files[0])["message"])
        text = self.repotool("publish", "--to", "stable", "--allow-downgrade", self.files[0]).out
        self.assertIn("nothing to do (1 left out: foo 1.0-1 amd64", text.splitlines()[0])
        self.assertEqual(self.shown("stable"), KEPT)

    def test_what_was_there_before_is_superseded(self):
        self.publish("stable", *self.files[:2])
        answer = self.publish("stable", self.files[2])
        self.assertEqual(self.actions(answer), [("foo", "1.0-1", "superseded"), ("foo", "3.0-1", "added")])


if __name__ == "__main__":
    main()

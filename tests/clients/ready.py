# SPDX-License-Identifier: GPL-3.0-or-later
"""ready updates/ ready/: what passed its checks moves with its packages; what did not stays, and is told why."""

import shutil

from json_schema import check
from keys import generate_key
from packages import a_deb
from workspace import Scenario, exact_state, main

CONFIG = """
dists:
  - {{name: bookworm, format: deb, release: any, dist: bookworm, architectures: [amd64]}}
repositories:
  stable: {{sign: none, gate: [install]}}
evidence: {{sign: ci-key}}
keys:
  ci-key: {{fingerprint: "{ci}"}}
"""
UPDATE = "notes: {name}\nbuilds:\n  - {{id: {build}-1.0-1, repo: any, dist: bookworm}}\n"


class Ready(Scenario):
    def setUp(self):
        super().setUp()
        self.site.mkdir(parents=True)
        self.write_config(CONFIG.format(ci=generate_key(self, site=self.site, name="ci-key")))
        self.updates, self.ready = self.dir / "updates", self.dir / "ready"

    def update(self, name, build):
        """An update with its package, which is published for tests as well."""
        place = self.updates / "any/bookworm"
        place.mkdir(parents=True, exist_ok=True)
        package = place / f"{build}_1.0-1_all.deb"
        if not package.exists():
            shutil.copy(a_deb(self.dir / "built", build), package)
        (self.updates / f"{name}.yml").write_text(UPDATE.format(name=name, build=build))
        self.publish(f"test/{build}", package)

    def passed(self, build):
        self.repotool("result", build, "--check", "install", "--status", "pass")

    def sweep(self, *options):
        answer = self.repotool("--json", "ready", self.updates, self.ready, *options).json
        check(answer, "ready-result")
        return [one["update"] for one in answer["moved"]], {one["update"]: one["reason"] for one in answer["stayed"]}

    def names(self, directory):
        return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())

    def test_what_passed_moves_with_its_packages_and_can_be_promoted(self):
        self.update("one", "hello")
        self.update("two", "world")
        self.passed("hello")
        before = exact_state(self.updates)
        self.assertEqual(self.sweep("--dry-run")[0], ["one.yml"])
        self.assertEqual(exact_state(self.updates), before)
        moved, stayed = self.sweep()
        self.assertEqual(moved, ["one.yml"])
        self.assertIn("any/bookworm failed 'install': check 'install' has no evidence", stayed["two.yml"])
        self.assertEqual(self.names(self.ready), ["any/bookworm/hello_1.0-1_all.deb", "one.yml"])
        self.assertEqual(self.names(self.updates), ["any/bookworm/world_1.0-1_all.deb", "two.yml"])
        answer = self.repotool("--json", "promote", self.ready, "stable").json
        self.assertEqual([package["name"] for package in answer["packages"]], ["hello"])
        self.assertEqual(self.sweep()[0], [])
        text = self.repotool("ready", self.updates, self.ready).out
        self.assertIn("stays: two.yml: any/bookworm failed 'install'", text)

    def test_a_package_of_two_updates_stays_for_the_other(self):
        self.update("one", "hello")
        self.update("two", "hello")
        (self.updates / "two.yml").write_text(UPDATE.format(name="two", build="hello") + "require: [systest]\n")
        self.passed("hello")
        self.assertEqual(self.sweep()[0], ["one.yml"])
        self.repotool("result", "hello", "--check", "systest", "--status", "pass")
        self.assertEqual(self.sweep()[0], ["two.yml"])
        self.assertEqual(self.names(self.updates), [])
        self.assertEqual(self.names(self.ready), ["any/bookworm/hello_1.0-1_all.deb", "one.yml", "two.yml"])

    def test_a_run_that_was_killed_can_be_repeated(self):
        self.update("one", "hello")
        self.passed("hello")
        shutil.copytree(self.updates / "any", self.ready / "any")  # packages were brought, the update not yet
        self.assertEqual(self.sweep()[0], ["one.yml"])
        self.assertEqual(self.names(self.updates), [])

    def test_what_is_there_already_is_never_replaced(self):
        self.update("one", "hello")
        self.passed("hello")
        taken = self.ready / "any/bookworm/hello_1.0-1_all.deb"
        taken.parent.mkdir(parents=True)
        taken.write_text("other\n")
        self.assertIn("hello_1.0-1_all.deb is there already, with other content", self.sweep()[1]["one.yml"])
        self.assertEqual(taken.read_text(), "other\n")
        self.assertTrue((self.updates / "one.yml").exists())

    def test_an_update_that_cannot_be_read_stops_everything(self):
        self.update("one", "hello")
        self.passed("hello")
        (self.updates / "two.yml").write_text("builds: []\n")
        self.assertIn("two.yml", self.repotool("ready", self.updates, self.ready, code=3).err)
        self.assertTrue((self.updates / "one.yml").exists())

    def test_directories_within_each_other_are_a_wrong_use(self):
        self.update("one", "hello")
        self.repotool("ready", self.updates, self.updates / "ready", code=2)


if __name__ == "__main__":
    main()

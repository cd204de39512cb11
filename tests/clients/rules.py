# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a repository: what is refused, what supersedes what, and the commands that change sets."""

import json

from keys import generate_key
from packages import a_deb, rpms
from reader import read_everything
from rule_scenario import RuleScenario
from workspace import exact_state, main

DISTS = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64], match: ["*.el9"]}
"""


class Rules(RuleScenario):
    config = DISTS

    def test_a_lower_version_is_refused_unless_it_is_allowed(self):
        self.publish("stable", self.deb("aa", "1.0-2"))
        error = self.refused("publish", "--to", "stable", self.deb("aa", "1.0~rc1-1"))
        self.assertIn("older than 1.0-2", error["message"])
        self.assertIn("--allow-downgrade", error["hint"])
        self.publish("stable", "--allow-downgrade", self.deb("aa", "1.0~rc1-1"))
        self.assertEqual(self.shown("stable"), [("aa", "1.0-2"), ("aa", "1.0~rc1-1")])

    def test_versions_of_sibling_repositories_count_for_the_downgrade_rule(self):
        self.publish("7.0/os", self.deb("aa", "1.0-1"))
        self.publish("7.0/updates", self.deb("aa", "1.2-1"))
        error = self.refused("publish", "--to", "7.0/proposed", self.deb("aa", "1.1-1"))
        self.assertIn("7.0/updates", error["message"])
        self.publish("7.1/os", self.deb("aa", "1.1-1"))  # another product
        self.publish("7.0/proposed", self.deb("aa", "1.3-1"))

    def test_rpm_versions_are_compared_as_rpm_does(self):
        new = rpms(self.dir / "r", "tool", "1.10")
        self.publish("stable", *new)
        error = self.refused("publish", "--to", "stable", *rpms(self.dir / "r", "tool", "1.9"))
        self.assertIn("older than 1.10", error["message"])

    def test_keep_versions_supersedes_the_oldest(self):
        self.write_config(DISTS + "repositories:\n  stable: {keep_versions: 2}\n")
        for version in ("1.0-1", "1.9-1", "1.10-1"):
            answer = self.publish("stable", self.deb("aa", version), self.deb("bb", version))
        self.assertEqual(self.shown("stable"), [(name, version) for name in ("aa", "bb") for version in ("1.10-1", "1.9-1")])
        self.assertIn(("aa", "1.0-1", "superseded"), self.actions(answer))
        answer = self.publish("stable", "--keep", "1", self.deb("aa", "2.0-1"))
        self.assertEqual(self.shown("stable"), [("aa", "2.0-1"), ("bb", "1.10-1"), ("bb", "1.9-1")])

    def test_binaries_that_a_newer_source_no_longer_builds_go(self):
        source = "Source: src\n"
        self.publish("stable", self.deb("lib1", fields=source), self.deb("tool", fields=source), self.deb("other"),
                     self.deb("doc", architecture="all", fields=source))
        answer = self.publish("stable", self.deb("lib2", "2.0-1", fields=source), self.deb("tool", "2.0-1", fields=source))
        self.assertIn(("lib1", "1.0-1", "superseded"), self.actions(answer))
        self.assertEqual(self.shown("stable"), [("doc", "1.0-1"), ("lib2", "2.0-1"), ("other", "1.0-1"), ("tool", "1.0-1"),
                                                ("tool", "2.0-1")])

    def test_an_obsolete_binary_does_not_come_back_unless_it_is_allowed(self):
        source = "Source: src\n"
        self.publish("stable", self.deb("lib1", fields=source))
        self.publish("stable", self.deb("lib2", "2.0-1", fields=source))
        error = self.refused("publish", "--to", "stable", self.deb("lib1", fields=source))
        self.assertRegex(error["message"], r"lib1 .* was built from src 1\.0-1, and src 2\.0-1 is published .* with lib2")
        self.publish("stable", self.deb("lib3", "2.0-1", fields=source))
        self.publish("stable", "--allow-downgrade", self.deb("lib1", fields=source))
        self.assertEqual(self.shown("stable"), [("lib1", "1.0-1"), ("lib2", "2.0-1"), ("lib3", "2.0-1")])

    def test_what_one_publish_brings_does_not_make_itself_obsolete(self):
        source = "Source: src\n"
        self.publish("stable", self.deb("lib1", fields=source), self.deb("lib2", "2.0-1", fields=source))
        self.assertEqual(self.shown("stable"), [("lib1", "1.0-1"), ("lib2", "2.0-1")])

    def test_obsolete_binaries_stay_where_the_configuration_says_so(self):
        self.write_config(DISTS + "repositories:\n  stable: {rules: {supersede_obsolete: false}}\n")
        self.publish("stable", self.deb("lib1", fields="Source: src\n"))
        self.publish("stable", self.deb("lib2", "2.0-1", fields="Source: src\n"))
        self.assertEqual(self.shown("stable"), [("lib1", "1.0-1"), ("lib2", "2.0-1")])

    def test_remove_takes_what_the_pattern_names_and_nothing_else(self):
        self.publish("stable", self.deb("aa"), self.deb("aa", "2.0-1"), self.deb("aab"), self.deb("bb"))
        answer = self.repotool("--json", "remove", "stable", "aa=1.0-1").json
        self.assertEqual(self.actions(answer), [("aa", "1.0-1", "removed")])
        self.repotool("remove", "stable", "aa*", "--dry-run")
        self.assertEqual(len(self.shown("stable")), 3)
        self.repotool("remove", "stable", "aa*")
        self.assertEqual(self.shown("stable"), [("bb", "1.0-1")])
        error = self.refused("remove", "stable", "nothing", code=2)
        self.assertIn("no package of the repository matches", error["message"])
        self.repotool("remove", "stable", "bb")
        self.assertEqual(self.shown("stable"), [])
        self.repotool("verify", "stable", "--full")
        self.assertEqual(read_everything(self.site / "public", "stable"), set())

    def test_copy_takes_over_the_same_files(self):
        self.publish("test/one", self.deb("aa"), self.deb("bb"))
        answer = self.repotool("--json", "copy", "test/one", "stable", "aa").json
        self.assertEqual(self.actions(answer), [("aa", "1.0-1", "added")])
        again = self.repotool("--json", "copy", "test/one", "stable", "aa").json
        self.assertFalse(again["changed"])

    def test_merge_holds_what_its_sources_hold_and_nothing_else(self):
        self.publish("test/one", self.deb("aa"))
        self.publish("test/two", self.deb("bb"), *rpms(self.dir / "r", "cc", "1.0"))
        self.repotool("merge", "--into", "test/gate-1", "test/one", "test/two")
        self.assertEqual([name for name, _ in self.shown("test/gate-1")], ["aa", "bb", "cc"])
        self.repotool("merge", "--into", "test/gate-1", "test/two")
        self.assertEqual([name for name, _ in self.shown("test/gate-1")], ["bb", "cc"])
        self.repotool("verify", "test/gate-1", "--full")

    def test_a_frozen_repository_refuses_every_change(self):
        self.publish("stable", self.deb("aa"))
        self.publish("stable", self.deb("aa", "2.0-1"))
        self.publish("test/one", self.deb("cc"))
        self.repotool("freeze", "stable", "--reason", "release day")
        for command in (["publish", "--to", "stable", self.deb("bb")], ["remove", "stable", "aa"], ["rollback", "stable"],
                        ["refresh", "stable"], ["copy", "test/one", "stable", "cc"]):
            self.assertIn("release day", self.refused(*command)["message"])
        self.assertFalse(self.repotool("--json", "freeze", "stable").json["changed"])
        self.repotool("thaw", "stable")
        self.assertFalse(self.repotool("--json", "thaw", "stable").json["changed"])
        self.publish("stable", self.deb("bb"))

    def test_release_info_does_not_change_by_accident(self):
        self.publish("stable", self.deb("aa"))
        self.write_config('site: {label: Other}\n' + DISTS)
        error = self.refused("publish", "--to", "stable", self.deb("bb"))
        self.assertIn("Label", error["message"])
        self.assertIn("--allow-release-info-change", error["hint"])
        self.publish("stable", "--allow-release-info-change", self.deb("bb"))
        release = (self.site / "public/stable/dists/bookworm/Release").read_text()
        self.assertIn("Label: Other\n", release)

    def test_refresh_makes_a_new_generation_by_the_settings_of_today(self):
        key = generate_key(self, site=self.site)
        signing = f'repositories:\n  stable: {{sign: k}}\nkeys:\n  k: {{fingerprint: "{key}"}}\n'
        self.write_config(DISTS + signing)
        self.publish("stable", self.deb("aa"), self.deb("bb"))
        self.write_config(DISTS + "metadata: {compress: [gz, xz], valid_until: 7d}\n" + signing)
        answer = self.repotool("--json", "refresh", "stable").json
        self.assertTrue(answer["changed"])
        self.assertEqual(answer["generation"], 2)
        directory = self.site / "public/stable/dists/bookworm"
        self.assertIn("Valid-Until: ", (directory / "Release").read_text())
        self.assertTrue((directory / "main/binary-amd64/Packages.xz").exists())
        self.assertFalse((directory / "main/binary-amd64/Packages.zst").exists())
        self.repotool("verify", "stable", "--full")

    def test_two_dists_that_fit_are_a_question_to_the_user(self):
        self.write_config("dists:\n  - {name: el9, format: rpm, match: [\"*.el9\"]}\n  - {name: also9, format: rpm, "
                          "match: [\"*9\"]}\n")
        package = rpms(self.dir / "r", "tool", "1.0")
        error = self.repotool("--json", "publish", "--to", "stable", *package, code=2).json["error"]
        self.assertIn("el9", error["message"])
        self.assertIn("also9", error["message"])
        self.publish("stable", "--dist", "also9", *package)

    def test_what_a_publish_was_based_on_and_when_it_expires_is_recorded(self):
        self.publish("stable", self.deb("aa"))
        self.publish("test/one", "--base", "stable", "--expire", "5d", self.deb("bb"))
        text = (self.site / "private/history/test/one/000001.log").read_text()
        meta = json.loads(text.splitlines()[-1].split(" ", 1)[1])["meta"]
        self.assertEqual(meta, {"repotool.base": "stable@1", "repotool.expire": "5d"})

    def test_real_packages_go_the_whole_way(self):
        self.publish("test/one", a_deb(self.dir / "d", "hello"), *rpms(self.dir / "r", "hello", "1.0"))
        self.repotool("copy", "test/one", "stable")
        names = {entry[0] for entry in read_everything(self.site / "public", "stable")}
        self.assertEqual(names, {"hello"})


if __name__ == "__main__":
    main()

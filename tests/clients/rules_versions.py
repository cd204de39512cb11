# SPDX-License-Identifier: GPL-3.0-or-later
"""One version is one content for a client, whatever its component or spelling; and which builds a new one replaces."""

from packages import rpms
from rule_scenario import RuleScenario
from workspace import main, run


class RulesOfVersions(RuleScenario):
    config = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64, arm64], components: [main, contrib]}
  - {name: el9, format: rpm, architectures: [x86_64, aarch64]}
"""

    def test_other_content_in_another_component_is_refused_and_the_same_content_is_not(self):
        self.publish("stable", self.deb("foo"))
        error = self.refused("publish", "--to", "stable", self.deb("foo", build="p2"), "--component", "contrib")
        self.assertIn("published already with other content", error["message"])
        self.publish("stable", self.deb("foo"), "--component", "contrib")
        self.repotool("verify", "stable", "--full")

    def test_a_lower_version_in_another_component_is_a_downgrade(self):
        self.publish("stable", self.deb("foo", "2.0-1"))
        error = self.refused("publish", "--to", "stable", self.deb("foo", "1.0-1"), "--component", "contrib")
        self.assertIn("older than 2.0-1, which is published in dist 'bookworm', component 'main'", error["message"])

    def test_two_contents_in_two_components_of_one_request_are_refused(self):
        self.publish("test/one", self.deb("foo"))
        self.publish("test/two", self.deb("foo", build="p2"), "--component", "contrib")
        error = self.repotool("--json", "merge", "--into", "test/both", "test/one", "test/two", code=3).json["error"]
        self.assertIn("with other content than", error["message"])

    def test_a_test_repository_replaces_what_another_component_has(self):
        self.publish("test/one", self.deb("foo"))
        self.publish("test/one", self.deb("foo", build="p2"), "--component", "contrib")
        packages = self.repotool("--json", "show", "test/one").json["packages"]
        self.assertEqual([package["name"] for package in packages], ["foo"])

    def test_versions_that_dpkg_calls_equal_are_one_version(self):
        self.assertEqual(run(["dpkg", "--compare-versions", "1.0", "eq", "1.00"]).code, 0)
        self.publish("stable", self.deb("foo", "1.0"))
        error = self.refused("publish", "--to", "stable", self.deb("foo", "1.00", build="p2"))
        self.assertIn("as 1.0, which is the same version", error["message"])
        self.assertEqual(self.repotool("publish", "--to", "other", self.deb("foo", "1.0"), self.deb("foo", "1.00", build="p2"),
                                       code=4).code, 4)

    def test_a_request_that_repeats_what_is_published_does_not_allow_a_downgrade(self):
        for version in ("2.0-1", "3.0-1"):
            self.publish("stable", self.deb("foo", version))
        files = [self.deb("foo", version) for version in ("1.0-1", "2.0-1", "3.0-1")]
        self.assertIn("older than", self.refused("publish", "--to", "stable", *files)["message"])
        self.publish("new", *files)
        self.assertEqual(len(self.shown("new")), 3)
        self.publish("7.0/proposed", *files)
        self.publish("7.0/updates", *files)  # what it adds itself does not forbid it, nor where its sibling has it

    def test_a_new_build_for_any_architecture_replaces_that_for_one_and_back(self):
        self.publish("test/one", self.deb("foo", architecture="amd64"), self.deb("bar", architecture="amd64"))
        self.publish("test/one", self.deb("foo", architecture="all"))
        found = [(package["name"], package["architecture"]) for package in self.repotool("--json", "show", "test/one").json["packages"]]
        self.assertEqual(sorted(set(found)), [("bar", "amd64"), ("foo", "all")])
        self.publish("test/one", self.deb("foo", architecture="amd64"), self.deb("foo", architecture="arm64"))
        found = [(package["name"], package["architecture"]) for package in self.repotool("--json", "show", "test/one").json["packages"]]
        self.assertEqual(sorted(set(found)), [("bar", "amd64"), ("foo", "amd64"), ("foo", "arm64")])

    def test_a_noarch_build_replaces_that_for_one_machine(self):
        self.publish("test/one", *rpms(self.dir / "r1", "tool", "2.0", architecture="x86_64"))
        self.publish("test/one", *rpms(self.dir / "r2", "tool", "1.0"))
        self.assertEqual(self.shown("test/one"), [("tool", "1.0-1.el9")])

    def test_debug_packages_that_are_kept_apart_now_are_still_the_same_packages(self):
        first = rpms(self.dir / "r1", "tool-debuginfo", "2.0", architecture="x86_64")
        self.publish("stable", *first)
        self.write_config(self.config.replace("aarch64]", "aarch64], debug: apart"))
        other = rpms(self.dir / "r2", "tool-debuginfo", "2.0", architecture="x86_64", content="other")
        self.assertIn("published already with other content", self.refused("publish", "--to", "stable", *other)["message"])
        older = rpms(self.dir / "r2", "tool-debuginfo", "1.0", architecture="x86_64")
        self.assertIn("older than 2.0", self.refused("publish", "--to", "stable", *older)["message"])
        self.publish("stable", *first)
        self.repotool("verify", "stable", "--full")


if __name__ == "__main__":
    main()

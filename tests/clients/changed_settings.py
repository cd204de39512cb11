# SPDX-License-Identifier: GPL-3.0-or-later
"""After a change of repotool.yaml each command that makes a generation follows it in all sets, and says so."""

import pathlib

from packages import a_deb, rpms
from reader import FileSource, read_release, release_files
from workspace import Scenario, exact_state, main

DISTS = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64, arm64], components: [main]}
  - {name: trixie, format: deb, architectures: [amd64], components: [main]%s}
  - {name: el9, format: rpm, architectures: [x86_64]}
repositories: {stable: {sign: none}, next: {sign: none}}
"""
BEFORE = DISTS % "" + "metadata: {compress: [gz]}\n"
AFTER = (DISTS % ', version: "13.1"' + "site: {base_url: 'http://elsewhere.example.com'}\n"
         "metadata: {compress: [xz, gz], contents: true, translations: true, sha512: true, valid_until: 7d}\n")
CHANGES = {"metadata.compress", "metadata.contents", "metadata.translations", "metadata.sha512", "site.base_url",
           "Valid-Until in Release of bookworm", "Valid-Until in Release of trixie", "Version in Release of trixie"}


class ChangedSettings(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(BEFORE)
        self.packages = self.dir / "packages"
        self.debs = [a_deb(self.packages, name) for name in ("one", "two")]
        self.publish("stable", *self.debs, "--dist", "bookworm")
        self.publish("stable", *self.debs, "--dist", "trixie")
        self.rpms = rpms(self.packages, "three")
        self.publish("stable", *self.rpms)
        self.write_config(AFTER)

    def assert_followed(self, repository="stable"):
        source = FileSource(self.site / "public")
        for dist in ("bookworm", "trixie"):
            release = read_release(source, repository, dist)
            files = release_files(release)
            for name in ("Contents-amd64.xz", "Contents-amd64.gz", "binary-amd64/Packages.xz", "i18n/Translation-en.xz"):
                self.assertIn(f"main/{name}", files)
            self.assertIn("Valid-Until", release)
            self.assertIn("main/binary-amd64/Packages.gz", release["SHA512"])
        self.assertEqual(release["Version"], "13.1")
        repository = pathlib.Path(self.site, "public", repository)
        text = (repository / "rpm/el9/x86_64/repodata/repomd.xml").read_text()
        self.assertIn("primary.xml.xz", text)
        self.assertIn("elsewhere", (repository / "rpm/el9/x86_64/mirrorlist").read_text())
        self.repotool("verify", repository.name, "--full")

    def test_an_unchanged_publish_writes_nothing_and_says_who_applies_the_settings(self):
        before = exact_state(self.site / "public")
        answer = self.publish("stable", *self.debs, "--dist", "bookworm")
        self.assertFalse(answer["changed"])
        self.assertEqual(set(answer["setting_changes"]), CHANGES)
        shown = self.repotool("publish", "--to", "stable", *self.rpms).out
        self.assertRegex(shown, r"nothing to do .*\n  settings changed \(.*metadata\.contents.*\): `repotool refresh stable`")
        self.assert_same_state(before, exact_state(self.site / "public"), "public/")
        self.assertIn("with changed settings: metadata.compress", self.repotool("refresh", "stable").out)
        self.assert_followed()
        self.assertNotIn("setting_changes", self.publish("stable", *self.debs, "--dist", "bookworm"))
        self.assertNotIn("settings", self.repotool("publish", "--to", "stable", *self.rpms).out)

    def test_a_publish_into_one_set_makes_all_sets_follow(self):
        answer = self.publish("stable", a_deb(self.packages, "more"), "--dist", "trixie")
        self.assertEqual(set(answer["setting_changes"]), CHANGES)
        self.assert_followed()

    def test_a_remove_makes_all_sets_follow(self):
        self.assertIn("metadata.sha512", self.repotool("remove", "stable", "three").out)
        self.assert_followed()

    def test_a_promote_makes_all_sets_follow(self):
        self.repotool("promote", a_deb(self.packages, "more"), "--dist", "bookworm", "stable")
        self.assert_followed()
        self.repotool("promote", "stable", "next")
        self.assert_followed("next")

    def test_a_dry_run_names_what_it_would_follow(self):
        shown = self.repotool("publish", "--to", "stable", a_deb(self.packages, "more"), "--dist", "trixie", "--dry-run").out
        self.assertIn("Version in Release of trixie", shown)

    def test_what_was_switched_on_is_switched_off(self):
        self.repotool("refresh", "stable")
        before = exact_state(self.site / "public/meta")
        self.write_config(BEFORE)
        answer = self.publish("stable", a_deb(self.packages, "more"), "--dist", "trixie")
        self.assertEqual(set(answer["setting_changes"]), CHANGES)
        release = read_release(FileSource(self.site / "public"), "stable", "bookworm")
        self.assertEqual({"Valid-Until", "SHA512"} & set(release), set())
        self.assertEqual([name for name in release_files(release) if "Contents" in name or "i18n" in name], [])
        self.repotool("verify", "stable", "--full")
        self.assertLess(before.keys(), exact_state(self.site / "public/meta").keys(), "older generations stay readable")


if __name__ == "__main__":
    main()

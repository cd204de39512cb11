# SPDX-License-Identifier: GPL-3.0-or-later
"""Publishing again changes nothing, and the same inputs give the same bytes anywhere."""

import datetime
import os
import shutil

from packages import a_deb, a_mixed_set
from reader import read_everything
from workspace import Scenario, content_state, exact_state, main, sha256

EPOCH = str(int(datetime.datetime.now().timestamp()) - 3600)


class NoChange(Scenario):
    def setUp(self):
        super().setUp()
        self.files = a_mixed_set(self.dir / "packages")

    def test_publishing_the_same_files_again_writes_nothing_public(self):
        self.publish("test/one", *self.files)
        before = exact_state(self.site / "public")
        again = self.publish("test/one", *self.files)
        self.assertEqual((again["changed"], again["generation"]), (False, 1))
        self.assertEqual({package["action"] for package in again["packages"]}, {"unchanged"})
        self.assert_same_state(before, exact_state(self.site / "public"), "public/")
        self.assert_nothing_left()

    def test_the_same_bytes_under_another_name_and_twice_are_no_change(self):
        self.publish("test/one", *self.files)
        before = exact_state(self.site / "public")
        copy = shutil.copy(self.files[0], self.dir / "renamed.deb")
        again = self.publish("test/one", copy, self.files[0], self.files[0])
        self.assertFalse(again["changed"])
        self.assert_same_state(before, exact_state(self.site / "public"), "public/")

    def test_a_dry_run_says_what_would_happen_and_writes_nothing(self):
        self.publish("test/one", *self.files)
        before = exact_state(self.site / "public")
        more = a_deb(self.dir / "more", "more")
        plan = self.repotool("--json", "publish", "--test", "one", "--dry-run", more).json
        self.assertTrue(plan["changed"])
        self.assertEqual({package["name"] for package in plan["packages"] if package["action"] == "added"}, {"more"})
        self.assert_same_state(before, exact_state(self.site / "public"), "public/")
        self.assert_nothing_left()

    def test_a_dry_run_where_no_site_is_makes_none(self):
        self.repotool("publish", "--test", "one", "--dry-run", *self.files, site=self.dir / "new")
        self.assertFalse((self.dir / "new").exists())

    def test_two_empty_sites_get_identical_bytes(self):
        env = {"SOURCE_DATE_EPOCH": EPOCH}
        trees = []
        for name, files in (("a", self.files), ("b", list(reversed(self.files)))):
            site = self.dir / name
            self.publish("test/one", *files, site=site, env=env)
            trees.append(content_state(site / "public", with_times=True, skip=("status",)))
        files = [{name: entry for name, entry in tree.items() if entry[0] != "file" or not name.startswith("pool/")}
                 for tree in trees]
        self.assert_same_state(*files, "public/ between two sites")
        pools = [{name: entry[:3] for name, entry in tree.items()} for tree in trees]
        self.assert_same_state(*pools, "public/pool between two sites")

    def test_the_umask_and_the_locale_do_not_matter(self):
        env = {"SOURCE_DATE_EPOCH": EPOCH}
        self.publish("test/one", *self.files, site=self.dir / "a", env=env)
        old = os.umask(0o077)
        try:
            self.publish("test/one", *self.files, site=self.dir / "b", env={**env, "LC_ALL": "C", "TZ": "Asia/Tokyo"})
        finally:
            os.umask(old)
        states = [content_state(self.dir / name / "public", skip=("status",)) for name in "ab"]
        self.assert_same_state(*states, "public/ between two sites")

    def test_one_more_package_adds_names_and_changes_none(self):
        self.publish("test/one", *self.files)
        public = self.site / "public"
        before = {name: value for name, value in exact_state(public).items() if (public / name).is_file()
                  and not name.startswith(("test/", "status/"))}
        first = read_everything(public, "test/one")
        answer = self.publish("test/one", more := a_deb(self.dir / "more", "more"))
        self.assertEqual((answer["changed"], answer["generation"], answer["parent"]), (True, 2, 1))
        after = exact_state(public)
        for name, value in before.items():
            self.assertEqual(after[name][:4], value[:4], f"{name} changed although it is immutable")
        self.assertEqual(read_everything(public, "test/one") - first, {("more", "1.0-1", "all", sha256(more))})


if __name__ == "__main__":
    main()

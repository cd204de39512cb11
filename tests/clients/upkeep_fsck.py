# SPDX-License-Identifier: GPL-3.0-or-later
"""fsck: every kind of damage is found, what can be proven is mended, and nothing else is touched."""

import concurrent.futures
import os
import threading

from json_schema import check
from reader import read_everything
from trace import Call, disturbed
from upkeep_site import CONFIG, UpkeepScenario
from workspace import exact_state, main, sha256


class Fsck(UpkeepScenario):
    def setUp(self):
        super().setUp()
        self.publish_dated("stable", self.deb("hello"), self.deb("other"), self.rpm("tool"))
        self.publish_dated("stable", self.deb("hello", "2.0-1"))
        self.publish_dated("test/one", self.deb("hello"), self.deb("alone"))
        self.repotool("tag", "stable@1", "GA")
        self.seen = {name: read_everything(self.public, name) for name in ("stable", "test/one")}

    def fsck(self, *options, code=0):
        answer = self.repotool("--json", "fsck", *options, code=code).json
        check(answer, "fsck-result")
        self.assertEqual(answer["ok"], code == 0)
        return answer

    def found(self, answer):
        return sorted((finding["path"], finding["repair"]) for finding in answer["findings"])

    def mended(self, *paths):
        """Found, not touched without --repair, mended with it, good after it, and clients read what they read before."""
        before = exact_state(self.public)
        self.assertEqual(self.found(self.fsck(code=9)), sorted((str(path), "possible") for path in paths))
        self.assert_same_state(before, exact_state(self.public), "public/ after fsck")
        self.assertEqual(self.found(self.fsck("--repair")), sorted((str(path), "done") for path in paths))
        self.assertEqual(self.found(self.fsck()), [])
        self.assert_good("stable", "stable@1", "test/one")
        self.assertEqual({name: read_everything(self.public, name) for name in self.seen}, self.seen)

    def left(self, *paths):
        """Found, and still there after --repair."""
        for options in ((), ("--repair",)):
            self.assertEqual({path for path, _ in self.found(self.fsck(*options, code=9))}, set(paths))

    def relative(self, path):
        return str(path.relative_to(self.site))

    def pool(self, name, repository="stable"):
        return next(self.public.glob(f"pool/{repository}/**/{name}_*.deb"))

    def object_of(self, path):
        digest = sha256(path)
        return self.site / "private/objects/sha256" / digest[:2] / digest

    def replace(self, path, content=b"other bytes\n"):
        """Other bytes under this name, and under no other."""
        path.unlink()
        path.write_bytes(content)

    def test_a_good_site_is_good_and_not_written_to(self):
        self.repotool("fsck")
        before = exact_state(self.site)
        answer = self.fsck()
        self.assertEqual(answer["findings"], [])
        self.assertGreater(answer["files"], 20)
        self.fsck("--repair")
        changed = {name for name in before if exact_state(self.site).get(name) != before[name]}
        self.assertLessEqual({name.split("/")[1] for name in changed}, {"locks", "txn"})

    def test_each_form_of_the_indexes_is_good(self):
        self.write_config(CONFIG.replace("metadata: {", "metadata: {contents: true, translations: true, sha512: true, "))
        self.publish_dated("stable", self.deb("contents"))
        self.publish_dated("stable", self.deb("more"))
        self.repotool("fsck")

    def test_a_published_name_that_is_missing_or_wrong_comes_back_from_its_object(self):
        self.pool("other").unlink()
        self.replace(self.pool("alone", "test/one"))
        self.mended("public/pool/stable/bookworm/main/o/other/other_1.0-1_amd64.deb", self.relative(self.pool("alone", "test/one")))

    def test_an_object_that_is_missing_or_wrong_comes_back_from_a_published_name(self):
        missing, wrong = self.object_of(self.pool("other")), self.object_of(self.pool("alone", "test/one"))
        missing.unlink()
        self.replace(wrong)
        self.mended(self.relative(missing), self.relative(wrong))

    def test_links_that_the_manifest_fixes_are_made_again(self):
        generation = self.public / "gen/stable/2"
        gone = generation / "dists/bookworm/main/binary-amd64/Packages.gz"
        gone.unlink()
        wrong = generation / "rpm/el9/x86_64/Packages"
        wrong.unlink()
        wrong.symlink_to("/etc")
        shared = self.public / "meta/stable/rpm/el9/x86_64/repodata/repomd.xml"
        shared.unlink()
        self.mended(self.relative(gone), self.relative(wrong), self.relative(shared))

    def test_a_head_that_is_gone_leads_to_the_last_flip_again(self):
        (self.public / "stable").unlink()
        self.mended("public/stable")

    def test_what_nobody_names_goes(self):
        surplus = [self.public / "pool/stable/bookworm/main/x/x.deb", self.public / "meta/stable/tree/00" / ("0" * 64)]
        for path in surplus:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"surplus\n")
        nobodys = self.site / "private/objects/sha256/d4" / sha256(surplus[0])
        nobodys = self.site / "private/objects/sha256" / nobodys.name[:2] / nobodys.name
        nobodys.parent.mkdir(exist_ok=True)
        nobodys.write_bytes(b"surplus\n")
        self.mended(*(self.relative(path) for path in (*surplus, nobodys)))
        self.gc()
        self.assertFalse(nobodys.exists())
        self.assertEqual([path for path in surplus if path.exists()], [])

    def test_what_a_killed_publisher_left_is_told_and_mended(self):
        call = Call(0, "renameat2", 2, [], "", True)
        disturbed(self, call, "signal=KILL", "--site", self.site, "publish", "--to", "stable", self.deb("late"))
        self.assertEqual(len(os.listdir(self.site / "private/txn")), 1)
        self.assertIn(("private/txn", "possible"), self.found(self.fsck(code=9)))
        self.assertIn(("private/txn", "done"), self.found(self.fsck("--repair")))
        self.fsck()
        self.assertEqual(os.listdir(self.site / "private/txn"), [])

    def test_damage_that_nothing_proves_is_left_and_told(self):
        index = next(path for path in self.public.glob("meta/test/one/**/by-hash/SHA256/*"))
        self.replace(index)
        release = self.public / "gen/stable/1/dists/bookworm/Release"
        self.replace(release, release.read_bytes().replace(b"Origin", b"Orig1n"))
        surplus = self.public / "gen/stable/2/dists/notes"
        surplus.write_text("notes\n")
        package = self.pool("other")
        with open(package, "r+b") as stream:  # both names of it
            stream.write(b"?")
        tag = self.public / "gen/stable/gone"
        tag.symlink_to("17")
        digest = self.object_of(self.deb("other"))
        self.left(*(self.relative(path) for path in (index, release, surplus, package, digest, tag)))
        self.assertTrue(surplus.exists())

    def test_a_broken_history_and_a_broken_manifest_are_told(self):
        log = self.site / "private/history/stable/000001.log"
        log.write_bytes(log.read_bytes().replace(b"hello", b"hullo", 1))
        manifest = self.public / "gen/test/one/1/MANIFEST"
        self.replace(manifest, manifest.read_bytes().replace(b'"epoch": 1', b'"epoch": 2'))
        paths = {path for path, _ in self.found(self.fsck(code=9))}
        self.assertIn(self.relative(manifest), paths)
        self.assertTrue(any("history/stable" in path for path in paths), paths)

    def test_publishers_at_work_are_no_finding(self):
        stop = threading.Event()

        def check_on():
            count = 0
            while not stop.is_set():
                self.fsck("--repair" if count % 2 else "--quiet")
                count += 1
            return count

        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            checks = pool.submit(check_on)
            try:
                list(pool.map(lambda number: [self.publish("stable", self.deb(f"n{number}-{i}")) for i in range(4)], range(2)))
            finally:
                stop.set()
            self.assertGreater(checks.result(), 0)
        self.assert_good("stable")


if __name__ == "__main__":
    main()

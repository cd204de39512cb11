# SPDX-License-Identifier: GPL-3.0-or-later
"""promote ready/ TARGET: all of it or nothing, and what was promoted moves to ready/.promoted/<generation>/ after the flip."""

import os
import shutil
import time

from json_schema import check
from packages import a_deb, a_mixed_set, rpms
from small_deb import small_deb
from trace import Call, disturbed, of_main_process, spread, stopped, traced
from update_files import an_update
from workspace import Scenario, content_state, exact_state, main, walk

CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64]}
repositories:
  stable: {sign: none}
  other: {sign: none, keep_versions: 1}
"""
POINTS = 12


class PromoteReady(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)
        self.ready = self.dir / "ready"

    def promote(self, *options, code=0, target="stable", source=None):
        result = self.repotool("--json", "promote", source or self.ready, target, *options, code=code)
        check(result.json, "error" if result.json.get("ok") is False else "publish-result")
        return result

    def files(self, root=None):
        root = root or self.ready
        return {name for name, _ in walk(root) if (root / name).is_file()}

    def test_what_was_promoted_moves_with_its_path_and_the_next_run_has_nothing_to_do(self):
        a_mixed_set(self.ready / "deep/er")
        rpms(self.ready / "el9/x", "banana", "1.0", "1")
        an_update(self.ready / "x.yml", ("banana-1.0-1", "el9", "x"), packages=["el9"])
        self.write_config(CONFIG.replace("{name: el9,", "{name: el9, release: el9, dist: x,"))
        (self.ready / "notes.txt").write_text("not mine\n")
        before = self.files()
        planned = self.promote("--dry-run").json
        self.assertEqual(self.files(), before, "a dry run moves nothing")
        answer = self.promote().json
        self.assertEqual(answer["moved"], planned["moved"])
        self.assertEqual(self.files(), {f".promoted/1/{name}" for name in before - {"notes.txt"}} | {"notes.txt"})
        again = self.promote().json
        self.assertEqual((again["changed"], again["generation"], "moved" in again), (False, 1, False))
        self.assertEqual(os.listdir(self.site / "private/moves"), [])

    def test_a_directory_that_never_had_a_package_is_a_mistake(self):
        self.ready.mkdir()
        self.assertIn("no package", self.promote(code=3).err)

    def test_named_files_and_repositories_stay(self):
        deb = a_deb(self.ready, "hello")
        self.publish("test/one", deb)
        self.promote(source=deb)
        self.promote(source="test/one")
        self.assertTrue(deb.exists())
        answer = self.promote().json  # published already: the directory is tidied all the same
        self.assertEqual((answer["changed"], len(answer["moved"])), (False, 1))
        self.assertEqual(self.files(), {f".promoted/1/{deb.name}"})

    def test_one_bad_package_among_200_stops_everything(self):
        self.ready.mkdir()
        for number in range(200):
            small_deb(self.ready, f"many{number:03}", "1.0", "all")
        broken = self.ready / "many100_1.0_all.deb"
        good = broken.read_bytes()
        broken.write_bytes(good[:-50])
        before = exact_state(self.ready)
        refused = self.promote(code=3)
        self.assertIn(broken.name, refused.json["error"]["object"])
        self.assert_same_state(before, exact_state(self.ready), "ready/")
        self.assertFalse((self.site / "public/stable").exists())
        broken.write_bytes(good)
        other = a_deb(self.dir / "other", "many100", "1.0", content="other\n")
        self.promote(source=other)
        before = exact_state(self.ready)
        refused = self.promote(code=4)
        self.assertIn(broken.name, refused.json["error"]["object"])
        self.assert_same_state(before, exact_state(self.ready), "ready/")
        self.assertEqual(os.listdir(self.site / "private/moves"), [])
        self.assertEqual(os.listdir(self.site / "public/gen/stable"), ["1"])

    def test_a_name_that_is_taken_in_promoted_is_kept(self):
        deb = a_deb(self.ready, "hello")
        taken = self.ready / ".promoted/1" / deb.name
        taken.parent.mkdir(parents=True)
        taken.write_text("older\n")
        self.promote()
        self.assertEqual(taken.read_text(), "older\n")
        self.assertEqual(self.files(), {f".promoted/1/{deb.name}", f".promoted/1/{deb.name}.~1~"})

    def test_a_file_that_was_replaced_meanwhile_stays_and_so_does_what_came_late(self):
        kept, replaced = a_deb(self.ready, "kept"), a_deb(self.ready, "replaced")
        newer = a_deb(self.dir / "newer", "replaced", "2.0")
        command = ["--site", self.site, "promote", self.ready, "stable"]
        with stopped(self, Call(0, "renameat2", 1, [], "", True), *command):
            os.replace(newer, replaced)
            a_deb(self.ready, "late")
        left = self.files()
        self.assertEqual(left, {f".promoted/1/{kept.name}", replaced.name, "late-1.0-1_all.deb"})
        answer = self.promote().json
        self.assertEqual({package["name"] for package in answer["packages"] if package["action"] == "added"},
                         {"late", "replaced"})

    def test_files_of_the_site_itself_never_move(self):
        a_deb(self.ready, "hello")
        self.promote()
        before = exact_state(self.site / "public")
        answer = self.repotool("--json", "promote", self.site / "public/pool", "stable").json
        self.assertFalse(answer["changed"] or "moved" in answer)
        self.promote(source=self.dir, code=3)  # it holds nothing but the site and what was promoted
        self.assert_same_state(before, exact_state(self.site / "public"), "public/")

    def promote_disturbed(self, what, number=1, call="renameat2", path=None):
        """With something that happens to the numbered call that moves a file, or names `path`."""
        return disturbed(self, Call(0, call, number, [], "", True), what, "--site", self.site, "promote", self.ready, "stable",
                         path=path or self.ready / ".promoted/1")

    def test_a_directory_that_may_not_be_written_is_promoted_all_the_same(self):
        a_mixed_set(self.ready)
        before = self.files()
        result = self.promote_disturbed("error=EACCES", "1+")
        self.assertEqual(result.code, 0, result)
        self.assertIn(f"stable@1 is published, and {len(before)} files stayed", result.err)
        self.assertEqual(self.files(), before)
        self.assertEqual(os.listdir(self.site / "private/moves"), [])

    def test_a_full_disk_leaves_the_move_to_the_next_promote_of_anything(self):
        a_mixed_set(self.ready)
        before = self.files()
        result = self.promote_disturbed("error=ENOSPC")
        self.assertEqual(result.code, 7, result)
        self.assertIn("published, but", result.err)
        self.promote(source=a_deb(self.dir / "more", "more"))
        self.assertEqual(self.files(), {f".promoted/1/{name}" for name in before})
        self.assertEqual(os.listdir(self.site / "private/moves"), [])

    def test_a_file_on_another_filesystem_is_copied_and_then_removed(self):
        deb = a_deb(self.ready, "hello")
        before = deb.read_bytes()
        result = self.promote_disturbed("error=EXDEV")
        self.assertEqual(result.code, 0, result)
        self.assertEqual(self.files(), {f".promoted/1/{deb.name}"})
        self.assertEqual((self.ready / ".promoted/1" / deb.name).read_bytes(), before)

    def start_of_kills(self):
        """A site with a generation and a ready/ with an update, to be copied for each kill."""
        start = self.dir / "start"
        self.site = start / "site"
        self.write_config(CONFIG.replace("{name: el9,", "{name: el9, release: r, dist: d,"))
        self.epoch = int(time.time()) - 3600
        self.publish("stable", a_deb(self.dir / "first", "first"), env={"SOURCE_DATE_EPOCH": str(self.epoch)})
        a_deb(start / "ready", "loose")
        rpms(start / "ready/r/d", "banana", "1.0", "1", subpackages=("peel",))
        an_update(start / "ready/u.yml", ("banana-1.0-1", "r", "d"))
        self.env["SOURCE_DATE_EPOCH"] = str(self.epoch + 10)
        return start

    def fresh(self, start):
        shutil.rmtree(self.dir / "copy", ignore_errors=True)
        shutil.copytree(start, self.dir / "copy", symlinks=True)
        return "--site", self.dir / "copy/site", "promote", self.dir / "copy/ready", "stable"

    def state(self):
        public = content_state(self.dir / "copy/site/public", with_times=False)
        return public, self.files(self.dir / "copy/ready"), os.listdir(self.dir / "copy/site/private/moves")

    def test_a_promote_that_is_killed_and_started_again_ends_as_one_that_was_not(self):
        start = self.start_of_kills()
        calls = of_main_process(traced(self, *self.fresh(start)))
        wanted = self.state()
        self.assertEqual(wanted[1:], ({f".promoted/2/{name}" for name in self.files(start / "ready")}, []))
        moves = [call for call in calls if "/.promoted" in " ".join(call.paths) or "/moves" in " ".join(call.paths)]
        self.assertGreaterEqual(len(moves), 10)
        killed = 0
        for call in spread(moves, POINTS) + spread(calls, POINTS // 2):
            with self.subTest(call=call):
                command = self.fresh(start)
                # A thread may do what another one did when the calls were counted: then nobody is killed.
                killed += disturbed(self, call, "signal=KILL", *command).code != 0
                self.run_tool("repotool", *command)
                got = self.state()
                self.assert_same_state(wanted[0], got[0], "public/")
                self.assertEqual(wanted[1:], got[1:])
        self.assertGreater(killed, POINTS)

    def test_a_promote_that_died_after_its_flip_is_answered_by_the_one_that_finishes_it(self):
        start = self.start_of_kills()
        command = self.fresh(start)
        calls = of_main_process(traced(self, *command))
        journal = next(call.paths[0] for call in calls if call.name == "write" and "/private/moves/" in call.paths[0])
        told = ("changed", "generation", "parent", "manifest_sha256", "packages", "moved")
        wanted = self.run_tool("repotool", "--json", *self.fresh(start)).json
        for name, number, path in (("write", 2, journal), ("renameat2", 1, self.dir / "copy/ready/.promoted/2")):
            self.fresh(start)
            self.assertNotEqual(disturbed(self, Call(0, name, number, [], "", True), "signal=KILL", *command, path=path).code, 0)
            got = self.run_tool("repotool", "--json", *command).json
            self.assertEqual({key: wanted[key] for key in told}, {key: got[key] for key in told})
            self.assertIn("stable@2", got["notes"][0])
            self.assertFalse(self.run_tool("repotool", "--json", *command).json["changed"])

    def test_a_killed_promotes_files_keep_its_generation_whatever_came_since(self):
        start = self.start_of_kills()
        command = self.fresh(start)
        calls = of_main_process(traced(self, *command))
        journal = next(call.paths[0] for call in calls if call.name == "write" and "/private/moves/" in call.paths[0])
        del self.env["SOURCE_DATE_EPOCH"]
        # Killed before and after the journal says which generation it was.
        for name, number, path in (("write", 2, journal), ("renameat2", 1, self.dir / "copy/ready/.promoted/2")):
            self.fresh(start)
            self.assertNotEqual(disturbed(self, Call(0, name, number, [], "", True), "signal=KILL", *command, path=path).code, 0)
            site = ["--site", self.dir / "copy/site"]
            self.run_tool("repotool", *site, "publish", "--to", "stable", a_deb(self.dir / "more", "more"))
            a_deb(self.dir / "copy/ready", "new")
            self.run_tool("repotool", *command)
            self.assertEqual(self.files(self.dir / "copy/ready"),
                             {f".promoted/2/{name}" for name in self.files(start / "ready")} |
                             {".promoted/4/new-1.0-1_all.deb"})


if __name__ == "__main__":
    main()

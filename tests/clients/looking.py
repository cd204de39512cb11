# SPDX-License-Identifier: GPL-3.0-or-later
"""diff, history and why: what differs, what happened, and what brought a package where it is."""

import json
import unittest

from json_schema import check
from other_user import IS_POSSIBLE, open_to_others, run_as_nobody
from packages import a_deb, rpms
from workspace import Scenario, main, sha256

CONFIG = """dists:
  - {name: bookworm, format: deb, architectures: [amd64]}
  - {name: el9, format: rpm, architectures: [x86_64]}
repositories:
  stable: {sign: none}
"""


class Looking(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)

    def diff(self, a, b):
        answer = self.repotool("--json", "diff", a, b).json
        check(answer, "diff-result")
        return sorted((item["difference"], item["name"], item["before"] and item["before"]["version"],
                       item["after"] and item["after"]["version"]) for item in answer["packages"])

    def test_diff_tells_added_removed_and_changed_packages_of_two_generations(self):
        made = self.dir / "packages"
        self.publish("test/a", a_deb(made, "stays"), a_deb(made, "grows", "1.0"), a_deb(made, "same", "1.0", content="x\n"),
                     *rpms(made, "red", "1.0"))
        self.publish("test/a", a_deb(made / "2", "grows", "1.10"), a_deb(made / "2", "same", "1.0", content="y\n"),
                     *rpms(made / "2", "blue", "1.0"))
        self.repotool("remove", "test/a", "red")
        expected = [("added", "blue", None, "1.0-1.el9"), ("rebuilt", "same", "1.0", "1.0"),
                    ("removed", "red", "1.0-1.el9", None), ("upgraded", "grows", "1.0", "1.10")]
        self.assertEqual(self.diff("test/a@1", "test/a"), expected)
        self.assertEqual([item[0] for item in self.diff("test/a", "test/a@1")],
                         ["added", "downgraded", "rebuilt", "removed"])
        self.assertEqual(self.diff("test/a", "test/a@3"), [])
        text = self.repotool("diff", "test/a@1", "test/a").out.splitlines()
        self.assertEqual(text[0], "test/a@1 -> test/a@3: 1 added, 1 removed, 1 upgraded, 1 rebuilt")
        self.assertIn("  ~ deb grows 1.0 -> 1.10 all (bookworm/main)", text)
        self.assertEqual(self.repotool("diff", "test/a", "test/a").out, "test/a@3 -> test/a@3: no package differs\n")

    def test_diff_works_between_repositories_whose_files_have_other_paths(self):
        deb = a_deb(self.dir / "packages", "hello")
        self.publish("test/a", deb, a_deb(self.dir / "packages", "extra"))
        self.publish("stable", deb)
        self.assertEqual(self.diff("stable", "test/a"), [("added", "extra", None, "1.0-1")])

    def test_a_package_for_any_architecture_is_not_new_because_an_architecture_is(self):
        self.publish("test/a", a_deb(self.dir / "packages", "everywhere"))
        self.publish("test/a", a_deb(self.dir / "packages", "native", architecture="arm64"))
        self.assertEqual(self.diff("test/a@1", "test/a"), [("added", "native", None, "1.0-1")])
        self.assertEqual(self.diff("test/a", "test/a@1"), [("removed", "native", "1.0-1", None)])

    def a_story(self):
        """hello 1.0 tested and promoted, then superseded by 2.0."""
        old, new = a_deb(self.dir / "packages", "hello", "1.0"), a_deb(self.dir / "packages", "hello", "2.0")
        self.publish("test/change-1", old)
        self.write_config(CONFIG.replace("sign: none", "sign: none, keep_versions: 1"))
        self.repotool("promote", "test/change-1", "stable", "--meta", "change=1", env={"BUILD_URL": "http://localhost/job/7"})
        self.repotool("publish", "--to", "stable", new)
        return old, new

    def test_history_is_newest_first_with_who_what_and_how_much(self):
        self.a_story()
        answer = self.repotool("--json", "history", "stable").json
        check(answer, "history-result")
        self.assertEqual([(r["generation"], r["operation"], r["parent"]) for r in answer["records"]],
                         [(2, "publish", 1), (1, "promote", None)])
        self.assertEqual(answer["records"][1]["actor"]["job"], "http://localhost/job/7")
        self.assertEqual(answer["records"][1]["meta"], {"change": "1"})
        lines = self.repotool("history", "stable").out.splitlines()
        self.assertEqual(lines[0], "stable: 2 records")
        self.assertRegex(lines[1], r"^stable@2  \S+Z  publish  \S+@\S+  \+1 -1$")
        self.assertRegex(lines[2], r"^stable@1  \S+Z  promote  \S+@\S+  \+1 -0  http://localhost/job/7  change=1$")
        self.assertEqual(self.repotool("history", "stable", "-n", "1").out.splitlines()[0],
                         "stable: 2 records, the last 1")
        self.assertIn("+ deb hello 2.0 all (bookworm/main)", self.repotool("history", "stable", "-v").out)

    def test_a_history_that_was_changed_or_shortened_is_exit_code_9(self):
        self.a_story()
        log = self.site / "private/history/stable/000001.log"
        good = log.read_bytes()
        log.write_bytes(good.replace(b'"promote"', b'"publish"'))
        self.repotool("history", "stable", code=9)
        lines = good.splitlines(keepends=True)
        log.write_bytes(lines[1])
        self.assertIn("history was changed", self.repotool("history", "stable", code=9).err)
        log.write_bytes(b"")
        self.assertIn("ends with generation 0", self.repotool("history", "stable", code=9).err)
        self.repotool("why", "hello", code=9)
        log.write_bytes(good)
        manifest = self.site / "public/gen/stable/1/MANIFEST"
        manifest.chmod(0o644)
        manifest.write_text(manifest.read_text().replace('"epoch": 1', '"epoch": 2'))
        self.assertIn("not the one that the history", self.repotool("history", "stable", code=9).err)

    def test_why_names_the_operation_its_origin_and_what_took_a_package_away(self):
        old, new = self.a_story()
        answer = self.repotool("--json", "why", "hello").json
        check(answer, "why-result")
        stable = next(item for item in answer["repositories"] if item["repository"] == "stable")
        there, gone = stable["packages"]
        self.assertEqual((there["version"], there["present"], there["sha256"]), ("2.0", True, sha256(new)))
        self.assertEqual((there["since"]["generation"], there["since"]["operation"]), (2, "publish"))
        self.assertEqual((gone["version"], gone["present"], gone["action"], gone["successor"]),
                         ("1.0", False, "superseded", "2.0"))
        self.assertEqual((gone["since"]["operation"], gone["since"]["meta"]), ("promote", {"change": "1"}))
        self.assertEqual(gone["origin"], "test/change-1@1")
        self.assertEqual(gone["same_build"], [{"repository": "test/change-1", "generation": 1}])
        text = self.repotool("why", "hello", "stable").out
        self.assertRegex(text, r"^hello is in 1 repository\nstable@2  deb hello 2\.0 all \(bookworm/main\)\n")
        self.assertRegex(text, r"superseded by 2\.0: stable@2, \S+Z: publish by ")
        self.assertIn(sha256(old), self.repotool("why", sha256(old)).out)

    def test_why_of_a_package_that_nobody_had_suggests_one(self):
        self.a_story()
        self.assertIn("did you mean 'hello'?", self.repotool("why", "helo", code=2).err)
        self.assertIn("never had", self.repotool("why", "nothing-like-it", "stable", code=2).err)

    @unittest.skipUnless(IS_POSSIBLE, "needs root and setpriv")
    def test_whoever_may_read_public_may_look(self):
        self.a_story()
        before = self.repotool("--json", "diff", "stable@1", "stable").json
        open_to_others(self.site)
        site = ["--site", self.site]
        for command in (["list"], ["show", "stable"], ["verify", "stable", "--full"], ["client", "stable"],
                        ["diff", "stable@1", "stable"], ["history", "stable"], ["why", "hello"]):
            result = run_as_nobody(self, "repotool", *site, *command)
            self.assertEqual(result.code, 0, result)
        self.assertEqual(run_as_nobody(self, "repotool", *site, "--json", "diff", "stable@1", "stable").json, before)
        told = run_as_nobody(self, "repotool", *site, "--json", "history", "stable")
        check(told.json, "history-result")
        self.assertEqual(told.json["source"], "manifests")
        self.assertEqual([(r["generation"], len(r["changes"])) for r in told.json["records"]], [(2, 2), (1, 1)])
        self.assertIn("not yours to read", told.err)
        why = run_as_nobody(self, "repotool", *site, "--json", "why", "hello", "stable").json
        check(why, "why-result")
        self.assertEqual([p["version"] for p in why["repositories"][0]["packages"]], ["2.0", "1.0"])

    def test_list_and_show_tell_tags_freezes_and_kinds(self):
        self.publish("stable", a_deb(self.dir / "packages", "hello"), *rpms(self.dir / "packages", "red", source=True))
        answer = self.repotool("--json", "list").json
        check(answer, "list-result")
        self.assertEqual(sorted({(s["architecture"], s["kind"]) for s in answer["repositories"][0]["sets"]}),
                         [("amd64", "binary"), ("source", "source"), ("x86_64", "binary")])
        shown = self.repotool("--json", "show", "stable", "red").json
        check(shown, "show-result")
        self.assertEqual(sorted(p["kind"] for p in shown["packages"]), ["binary", "source"])
        self.assertEqual(self.repotool("list", "--names").out, "stable\n")
        self.assertIn("did you mean 'red'?", self.repotool("show", "stable", "rde", code=2).err)

    def test_a_quoted_document_is_one_document(self):
        self.a_story()
        for command in (["list"], ["show", "stable"], ["history", "stable"], ["why", "hello"], ["version"],
                        ["config", "show"], ["diff", "stable", "stable"], ["client", "stable"], ["verify", "stable"]):
            self.assertTrue(json.loads(self.repotool("--json", *command).out)["ok"])


if __name__ == "__main__":
    main()

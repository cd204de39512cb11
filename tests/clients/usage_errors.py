# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong use ends with the exit code of the contract and a line that helps; with --json, with one JSON document."""

import json
import pathlib

from packages import a_deb, rpms
from workspace import Scenario, main

WRONG_COMMANDS = [
    # arguments, exit code, what stderr must say
    (["publsh", "--test", "x"], 2, r"publish"),
    ([], 2, r"(?i)usage|command"),
    (["publish", "--tset", "x"], 2, r"--tset"),
    (["publish", "{deb}"], 2, r"--test|--to"),
    (["publish", "--test", "a", "--to", "b", "{deb}"], 2, r"--to|--test"),
    (["--lock-timeout", "banana", "list"], 2, r"banana|lock-timeout"),
    (["--progress", "nonsense", "list"], 2, r"nonsense|progress"),
    (["list", "nothing"], 2, r"nothing"),
    (["show", "nothing"], 2, r"nothing"),
    (["show", "test/one@99"], 2, r"99"),
    (["show", "test/one@x"], 2, r"x"),
    (["verify", "nothing"], 2, r"nothing"),
    (["rollback", "nothing"], 2, r"nothing"),
    (["client", "nothing"], 2, r"nothing"),
    (["client", "test/one", "--format", "nonsense"], 2, r"nonsense|format"),
    (["promote", "stable"], 2, r"(?i)target|source"),
    (["promote", "nowhere", "stable"], 2, r"nowhere"),
    (["promote", "test/one@99", "stable"], 2, r"99"),
    (["publish", "--test", "empty"], 3, r"packages"),
    (["publish", "--to", "gen/x", "{deb}"], 2, r"gen"),
    (["publish", "--to", "keys", "{deb}"], 2, r"keys"),
    (["publish", "--to", "test/one/deeper", "{deb}"], 2, r"test/one"),
    (["publish", "--test", "x", "--dist", "../x", "{deb}"], 2, r"\.\./x"),
    (["publish", "--test", "x", "--component", "A B", "{deb}"], 2, r"A B"),
    (["publish", "--test", "x", "--meta", "novalue", "{deb}"], 2, r"novalue|meta"),
]
BAD_CHANGES = ["", ".", "..", "../x", "/x", "x/", "a//b", ".hidden", "UPPER", "a b", "x.lock", "42", "grüße", "a\nb",
               "x" * 64, "a/" * 80 + "a"]
BAD_CONFIGURATIONS = [
    # text, line and column, what stderr must say
    ("site: {base_ulr: x}\n", "2:8", "base_url"),
    ("dists:\n  - {name: el9, format: rpm, archs: [x86_64]}\n", "3:", "architectures"),
    ("repositories:\n  stable: {sing: k}\n", "3:", "sign"),
    ("nonsense: 1\n", "2:1", "nonsense"),
    ("site: {origin: a}\nsite: {origin: b}\n", "3:1", "site"),
    ("dists: {name: el9}\n", "2:", "list"),
    ("metadata: {grace: {metadata: forever}}\n", "2:", "48h"),
    ("site: [\n", "", "repotool.yaml"),
    ("dists:\n  - {name: bookworm, format: tar}\n", "3:", "deb or rpm"),
    ("dists:\n  - {name: ../x, format: deb}\n", "3:", "../x"),
]


class UsageErrors(Scenario):
    def setUp(self):
        super().setUp()
        self.deb = a_deb(self.dir / "packages", "hello")
        self.write_config("repositories:\n  stable: {sign: none}\n")
        self.publish("test/one", self.deb)
        (self.dir / "cwd").mkdir()

    def wrong(self, arguments, code, expected):
        result = self.repotool(*[str(self.deb) if part == "{deb}" else part for part in arguments], code=None,
                               cwd=self.dir / "cwd")
        self.assertEqual(result.code, code, result)
        self.assertRegex(result.err, expected)
        self.assertEqual(result.out, "", "talk belongs on stderr")
        return result

    def test_wrong_commands(self):
        for arguments, code, expected in WRONG_COMMANDS:
            with self.subTest(" ".join(arguments)):
                self.wrong(arguments, code, expected)

    def test_bad_names_of_changes(self):
        for change in BAD_CHANGES:
            with self.subTest(change):
                result = self.repotool("publish", f"--test={change}", self.deb, code=2)
                self.assertRegex(result.err, r"^repotool: ")
        self.assertEqual(sorted(path.name for path in (self.site / "public/test").iterdir()), ["one"])

    def test_bad_configurations_are_named_with_line_and_column(self):
        for number, (text, position, expected) in enumerate(BAD_CONFIGURATIONS):
            with self.subTest(text):
                site = self.dir / f"bad{number}"
                self.write_config(text, site)
                result = self.repotool("publish", "--test", "x", self.deb, site=site, code=2)
                self.assertIn(f"repotool.yaml:{position}" if position else "repotool.yaml", result.err)
                self.assertIn(expected, result.err)
                self.assertFalse((site / "public/test").exists())

    def test_a_site_of_a_newer_format_is_refused(self):
        site = self.dir / "newer"
        site.mkdir()
        (site / "repotool.yaml").write_text("format: 2\nsomething_new: 1\n")
        self.assertIn("2", self.repotool("publish", "--test", "x", self.deb, site=site, code=2).err)

    def test_json_errors_are_one_document_on_stdout(self):
        for arguments, code in ((["publish", "--test", "UPPER", self.deb], 2), (["list", "nothing"], 2),
                                (["publsh"], 2)):
            with self.subTest(str(arguments)):
                answer = self.repotool("--json", *arguments, code=code).json
                self.assertEqual((answer["ok"], answer["error"]["code"], answer["error"]["kind"]), (False, code, "usage"))
                self.assertEqual(set(answer["error"]) - {"hint"}, {"code", "kind", "retryable", "object", "message"})

    def test_the_same_version_with_other_bytes_is_refused_where_replacing_is_not_allowed(self):
        self.write_config("repositories:\n  main: {rules: {replace: false}}\n  test/*: {rules: {replace: true}}\n")
        self.publish("main", self.deb)
        other = a_deb(self.dir / "other", "hello", content="other bytes\n")
        before = (self.site / "public/main").readlink()
        refused = self.repotool("publish", "--to", "main", other, code=4)
        self.assertIn("hello", refused.err)
        self.assertEqual((self.site / "public/main").readlink(), before)
        self.assertTrue(self.publish("test/one", other)["changed"])

    def test_one_name_and_version_twice_in_one_call_is_ambiguous(self):
        other = a_deb(self.dir / "other", "hello", content="other bytes\n")
        self.repotool("publish", "--test", "two", self.deb, other, code=3)
        self.assertFalse((self.site / "public/test/two").exists())

    def test_a_source_that_is_both_a_path_and_a_repository_is_refused(self):
        (self.dir / "cwd/test/one").mkdir(parents=True)
        a_deb(self.dir / "cwd/test/one", "other")
        result = self.repotool("promote", "test/one", "stable", code=2, cwd=self.dir / "cwd")
        self.assertIn("test/one", result.err)

    def test_a_missing_key_is_exit_code_2_when_it_is_not_configured_and_5_when_it_is_not_there(self):
        self.write_config("repositories:\n  stable: {sign: nobody}\n")
        self.assertIn("nobody", self.repotool("publish", "--to", "stable", self.deb, code=2).err)
        self.write_config(f"repositories:\n  stable: {{sign: k}}\nkeys: {{k: {{fingerprint: \"{'A' * 40}\"}}}}\n")
        self.repotool("publish", "--to", "stable", self.deb, code=5)
        self.assertFalse((self.site / "public/stable").exists())

    def test_the_other_tools_have_the_same_manners(self):
        for tool, arguments, code in (("reposign", ["frobnicate"], 2), ("reposign", ["keys", "frobnicate"], 2),
                                      ("reposign", ["verify", self.dir / "missing"], None),
                                      ("mirrorsync", ["--frobnicate"], 2),
                                      ("mirrorsync", [self.dir / "no-source", self.dir / "target"], None)):
            with self.subTest(f"{tool} {arguments}"):
                result = self.run_tool(tool, *arguments, code=None)
                self.assertEqual(result.code, code) if code else self.assertNotIn(result.code, (0, 1), result)
                self.assertTrue(result.err.startswith(f"{tool}: "), result)

    def test_help_and_version_go_to_stdout_and_end_with_0(self):
        for tool in ("repotool", "reposign", "mirrorsync"):
            for option in ("--help", "--version"):
                self.assertTrue(self.run_tool(tool, option).out.strip(), f"{tool} {option}")
        self.assertIn("publish", self.run_tool("repotool", "--help").out)
        version = self.run_tool("repotool", "version").out
        self.assertRegex(version, r"\d+\.\d+")

    def test_every_repository_listed_in_json_is_what_is_there(self):
        self.publish("test/two", *rpms(self.dir / "packages", "other"))
        text = json.dumps(self.repotool("--json", "list").json)
        for repository in ("test/one", "test/two"):
            self.assertIn(repository, text)
        self.assertTrue(pathlib.Path(self.site, "public/test/two").is_symlink())


if __name__ == "__main__":
    main()

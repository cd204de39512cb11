# SPDX-License-Identifier: GPL-3.0-or-later
"""Every wrong use ends with the exit code of the contract, says what, why and what next, and changes nothing.

Each row of wrong_use_rows.py runs once, with --json: so there is one document on standard output, and the line for
people on standard error. Then the whole working directory, site and all, is what it was.
"""

import os
import re
import shlex
import unittest

import wrong_use_rows as rows
from json_schema import check
from other_user import IS_POSSIBLE, NOBODY, open_to_others, run_as_nobody
from packages import a_deb, rpms
from workspace import Scenario, content_state, differences, main, run, tool_path

CONFIG = """site: {base_url: "http://repo.example.com"}
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main, contrib]}
  - {name: el9, format: rpm, architectures: [x86_64], match: ["*.el9"]}
  - {name: el8, format: rpm, architectures: [x86_64], match: ["*.el8"]}
repositories:
  stable: {sign: none}
  signed: {sign: gone-key}
keys:
  gone-key: {fingerprint: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
"""
NOT_STATE = ("bin-of-nobody", "tmp", "home", "site/private/locks", "site/private/records.db", "site/private/orphans")


class World(Scenario):
    """A site with a bit of everything, and files that are none. Made once: nothing may change it."""

    def runTest(self):
        """Only here to be made."""

    def setUp(self):
        super().setUp()
        made = self.dir / "made"
        self.names = {"site": self.site, "missing": self.dir / "missing", "empty": self.dir / "empty",
                      "zeros": "0" * 64, "deb": a_deb(made, "hello", "1.0-1"),
                      "other": a_deb(made / "other", "hello", "1.0-1", content="other bytes\n"),
                      "older": a_deb(made / "older", "hello", "0.9-1"),
                      "rpm": rpms(made, "red")[0], "text": made / "notes.txt"}
        self.names["two_el"] = rpms(made, "both", release="1.fc40")[0]
        (self.dir / "empty").mkdir()
        self.names["text"].write_text("no package\n")
        self.bad_files(made)
        self.repositories()
        self.other_sites()
        (self.dir / "cwd/both").mkdir(parents=True)
        open_to_others(self.dir)

    def bad_files(self, made):
        whole = self.names["deb"].read_bytes()
        (made / "broken").mkdir()
        for name, path, body in (("broken", "broken/broken.deb", whole[:200]), ("broken_rpm", "broken.rpm", b"\xed\xab\xee\xdb" * 30),
                                 ("dsc", "missing_1.0.dsc", b"Format: 3.0 (native)\n"),
                                 ("changes", "missing_1.0.changes", b"Format: 1.8\nFiles:\n 0 0 x y missing_1.0.deb\n")):
            self.names[name] = made / path
            self.names[name].write_bytes(body)
        self.names["broken_directory"] = made / "broken"
        self.names["link"] = made / "link.deb"
        self.names["link"].symlink_to(self.names["deb"])
        self.names["fifo"] = made / "fifo.deb"
        os.mkfifo(self.names["fifo"])

    def repositories(self):
        self.write_config(CONFIG)
        for repository, *inputs in (("test/one", "deb", "rpm"), ("test/two", "rpm"), ("test/other", "other"),
                                    ("test/old", "older"), ("stable", "deb", "rpm"), ("7.0/updates", "deb"),
                                    ("debs", "deb"), ("rpms", "rpm"), ("both", "deb")):
            self.publish(repository, *[self.names[name] for name in inputs])

    def other_sites(self):
        self.names["sealed"] = self.dir / "sealed"
        self.names["foreign"] = self.dir / "foreign"
        for name in ("sealed", "foreign"):
            self.write_config(CONFIG, self.names[name])
            self.publish("stable", self.names["deb"], site=self.names[name])
        self.names["sealed"].chmod(0o700)
        if IS_POSSIBLE:
            for directory, folders, files in os.walk(self.names["foreign"]):
                for name in (directory, *(os.path.join(directory, child) for child in folders + files)):
                    os.chown(name, NOBODY, NOBODY, follow_symlinks=False)


class WrongUses(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.world.setUp()
        cls.addClassCleanup(cls.world.doCleanups)
        cls.state = content_state(cls.world.dir, skip=NOT_STATE)
        cls.count = 0

    def command(self, text):
        return shlex.split(text.format(**self.world.names))

    def judge(self, tool, result, code, expected):
        """What holds for every failure."""
        type(self).count += 1
        expected = expected.replace("{", "{{").replace("}", "}}") if re.search(r"\{\d", expected) else expected
        expected = re.sub(r"\{(\w+)\}", lambda match: re.escape(str(self.world.names[match.group(1)])), expected)
        if code is None:
            self.assertIn(result.code, (2, 3, 4, 5, 7, 8), result)
        else:
            self.assertEqual(result.code, code, result)
        lines = result.err.splitlines()
        told = [line for line in lines if line.startswith(f"{tool}: ")]
        self.assertEqual(len(told), 1, result)
        self.assertRegex(told[0], rf"^{tool}: cannot [a-z][^']* '.*': .*[^.]$", result)
        self.assertRegex(result.err, expected)
        answer = result.json
        error = answer["error"]
        check({"ok": answer["ok"], "error": error}, "error")
        self.assertEqual((answer["ok"], error["code"]), (False, result.code))
        self.assertEqual(f"{tool}: {error['message']}", told[0])
        self.assertIn(f"'{error['object']}'", error["message"])
        if error["hint"]:
            self.assertEqual(lines[lines.index(told[0]) + 1], f"  {error['hint']}")
        state = content_state(self.world.dir, skip=NOT_STATE)
        changed = differences(self.state, state)
        type(self).state = state  # so that one mistake is told once
        self.assertEqual(changed, "", result)

    def run_rows(self, table):
        for text, code, expected in table:
            with self.subTest(text):
                command = self.command(text)
                site = [] if "--site" in command[:1] or text.startswith("init") else ["--site", self.world.site]
                result = run([tool_path("repotool"), *site, "--json", *command], env=self.world.env,
                             cwd=self.world.dir / "cwd", stdin="")
                self.judge("repotool", result, code, expected)

    def test_misspelt_words(self):
        self.run_rows(rows.MISSPELT)
        self.run_rows([(f"{command} --frobnicate", 2, "cannot understand '--frobnicate'") for command in rows.COMMANDS])

    def test_too_few_words_too_many_and_bad_values(self):
        self.run_rows(rows.SHAPES)

    def test_names_that_nothing_can_have(self):
        self.run_rows(rows.NAMES)
        self.run_rows([(f"publish --test={name} {{deb}}", 2, r"cannot (use repository name|publish)") for name in rows.BAD_NAMES])

    def test_what_is_not_there(self):
        self.run_rows(rows.MISSING)

    def test_inputs_that_are_refused(self):
        self.run_rows(rows.INPUTS)

    def test_what_a_rule_refuses(self):
        self.run_rows(rows.RULES)

    def test_configurations(self):
        for number, (text, place, expected) in enumerate(rows.CONFIGURATIONS):
            site = self.world.dir / "tmp" / f"site{number}"
            self.world.write_config(text, site)
            for command in (["list"], ["publish", "--test", "x", self.world.names["deb"]]):
                with self.subTest(f"{text!r} {command[0]}"):
                    result = run([tool_path("repotool"), "--site", site, "--json", *command], env=self.world.env,
                                 cwd=self.world.dir / "cwd")
                    self.judge("repotool", result, 2, expected)
                    self.assertIn(f"cannot read '{site}/repotool.yaml:{place}", result.err)
                    self.assertEqual(os.listdir(site), ["repotool.yaml"])

    @unittest.skipUnless(IS_POSSIBLE, "needs root and setpriv")
    def test_other_users(self):
        for text, code, expected in rows.STRANGERS:
            with self.subTest(text):
                command = self.command(text)
                site = [] if "--site" in command[:1] or text.startswith("init") else ["--site", self.world.site]
                self.judge("repotool", run_as_nobody(self.world, "repotool", *site, "--json", *command), code, expected)
        self.run_rows(rows.FOREIGN)

    def test_the_other_tools(self):
        for tool, text, code, expected in rows.OTHER_TOOLS:
            with self.subTest(f"{tool} {text}"):
                result = run([tool_path(tool), *self.command(text), "--json"], env=self.world.env,
                             cwd=self.world.dir / "cwd", stdin="")
                self.judge(tool, result, code, expected)

    @classmethod
    def tearDownClass(cls):
        assert cls.count >= 200, f"only {cls.count} wrong uses"


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""--junit and --run-file: what a CI server shows of a publish, and what a replay needs of it."""

import json
import xml.etree.ElementTree

from json_schema import check
from packages import a_deb, rpms
from workspace import Scenario, main, sha256


class ResultFiles(Scenario):
    def setUp(self):
        super().setUp()
        self.deb = a_deb(self.dir / "packages", "hello")
        self.junit, self.run_file = self.dir / "junit.xml", self.dir / "run.json"

    def suite(self):
        """The one testsuite, whose numbers are those of its testcases."""
        root = xml.etree.ElementTree.parse(self.junit).getroot()
        self.assertEqual((root.tag, [child.tag for child in root]), ("testsuites", ["testsuite"]))
        suite = root[0]
        for name, tag in (("failures", "failure"), ("skipped", "skipped")):
            self.assertEqual(int(suite.get(name)), len(suite.findall(f"testcase/{tag}")))
        self.assertEqual(int(suite.get("tests")), len(suite.findall("testcase")))
        return suite

    def test_a_publish_is_one_suite_with_a_case_for_each_package_and_step(self):
        answer = self.publish("test/x", self.deb, *rpms(self.dir / "packages", "red"), "--junit", self.junit)
        suite = self.suite()
        self.assertEqual((suite.get("name"), suite.get("failures")), ("repotool.publish", "0"))
        cases = [(case.get("classname"), case.get("name")) for case in suite.findall("testcase")]
        self.assertIn(("repotool.publish.test/x.package", "added deb hello 1.0-1 all (bookworm)"), cases)
        self.assertEqual([name for kind, name in cases if kind.endswith(".step")],
                         [step["name"] for step in answer["steps"]])

    def test_a_failure_names_the_input_with_its_reason_and_hint(self):
        broken = self.dir / "<broken> & \"co\".deb"
        broken.write_bytes(b"!<arch>\n")
        failed = self.repotool("publish", "--test", "x", self.deb, broken, "--junit", self.junit, code=3)
        suite = self.suite()
        self.assertEqual(suite.get("failures"), "2")
        failures = {case.get("name"): case.find("failure") for case in suite.findall("testcase")
                    if case.find("failure") is not None}
        self.assertEqual(set(failures), {str(broken), "publish"})
        self.assertIn(failures["publish"].get("message"), failed.err)
        other = self.repotool("publish", "--to", "BAD NAME", self.deb, "--junit", self.junit, code=2)
        self.assertIn(self.suite().find("testcase[@name='publish']/failure").get("message"), other.err)

    def test_what_an_earlier_run_wrote_does_not_outlive_a_failure(self):
        environment = self.dir / "repo.env"
        files = ["--env-file", environment, "--run-file", self.run_file]
        self.publish("test/x", self.deb, *files)
        self.assertTrue(environment.exists() and self.run_file.exists())
        self.repotool("publish", "--test", "x", self.dir / "missing.deb", *files, "--dry-run", code=3)
        self.assertTrue(environment.exists() and self.run_file.exists(), "a dry run writes nothing")
        self.repotool("publish", "--test", "x", self.dir / "missing.deb", *files, code=3)
        self.assertFalse(environment.exists() or self.run_file.exists())

    def test_nothing_is_published_where_a_result_file_could_not_be_written(self):
        for option in ("--junit", "--run-file", "--env-file"):
            for path in (self.dir / "missing" / "file", self.dir):
                self.repotool("publish", "--test", "x", self.deb, option, path, code=2)
        self.assertFalse(self.site.exists())

    def run_definition(self):
        document = json.loads(self.run_file.read_text())
        check(document, "run-file")
        return document

    def test_the_run_file_names_all_that_went_in_and_what_came_out(self):
        answer = self.publish("test/x", self.dir / "packages", "--run-file", self.run_file)
        run = self.run_definition()
        self.assertEqual(run["inputs"], [{"path": str(self.deb), "size": self.deb.stat().st_size,
                                          "sha256": sha256(self.deb)}])
        self.assertEqual((run["command"], run["repository"], run["directory"]), ("publish", "test/x", str(self.dir)))
        self.assertEqual(run["arguments"][-3:], [str(self.dir / "packages"), "--run-file", str(self.run_file)])
        self.assertEqual(run["configuration"]["sha256"], sha256(self.site / "repotool.yaml"))
        self.assertEqual(run["result"], {"changed": True, "generation": 1, "parent": None,
                                         "manifest_sha256": answer["manifest_sha256"],
                                         "date": self.repotool("--json", "list").json["repositories"][0]["date"]})

    def test_the_run_file_of_a_promote_pins_its_sources(self):
        self.publish("test/x", self.deb)
        self.write_config("repositories:\n  stable: {sign: none}\n")
        self.repotool("promote", "test/x", "stable", "--run-file", self.run_file)
        run = self.run_definition()
        manifest = sha256(self.site / "public/gen/test/x/1/MANIFEST")
        self.assertEqual(run["sources"], [{"reference": "test/x@1", "manifest_sha256": manifest}])
        self.publish("stable", a_deb(self.dir / "more", "more"), "--run-file", self.run_file)
        self.assertEqual(self.run_definition()["result"]["parent"]["generation"], 1)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""config show: every setting that is in force, and where it came from."""

import os
import pathlib

from json_schema import check
from workspace import Scenario, main

CONFIG = """site: {base_url: "http://repo.example.com/", origin: Acme}
dists:
  - {name: bookworm, format: deb, architectures: [amd64]}
repositories:
  stable: {sign: k}
keys:
  k: {fingerprint: "0123456789ABCDEF0123456789ABCDEF01234567"}
"""


class ConfigShow(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)

    def settings(self, **options):
        answer = self.repotool("--json", "config", "show", **options).json
        check(answer, "config-result")
        return answer, {setting["key"]: setting for setting in answer["settings"]}

    def test_a_value_of_the_file_has_its_line_and_column_and_any_other_is_a_default(self):
        answer, settings = self.settings()
        self.assertEqual(answer["site_origin"], {"kind": "option", "name": "--site"})
        self.assertEqual(settings["site.base_url"]["value"], "http://repo.example.com")
        self.assertEqual(settings["site.base_url"]["origin"], {"kind": "file", "line": 2, "column": 18})
        self.assertEqual(settings["site.label"]["origin"], {"kind": "default"})
        self.assertEqual(settings["repositories.stable.sign"]["origin"], {"kind": "file", "line": 6, "column": 18})
        shown = self.repotool("config", "show", "--origin").out
        self.assertRegex(shown, rf"^{self.site}  \(--site\)\n")
        self.assertRegex(shown, r'(?m)^site\.base_url = "http:[a-z./]+" +repotool\.yaml:2:18$')
        self.assertRegex(shown, r"(?m)^site\.label = repotool +default$")

    def test_the_site_and_the_key_home_may_come_from_the_environment(self):
        result = self.run_tool("repotool", "config", "show", "--origin",
                               env={"REPOTOOL_SITE": str(self.site), "GNUPGHOME": str(self.dir)})
        self.assertIn("(environment REPOTOOL_SITE)", result.out)
        self.assertRegex(result.out, r"(?m)^keys\.k\.home = .* environment GNUPGHOME$")

    def test_the_nearest_site_above_is_found_and_named(self):
        inside = self.site / "private" / "somewhere"
        os.makedirs(inside)
        first = self.run_tool("repotool", "config", "show", "--origin", cwd=inside).out.splitlines()[0]
        self.assertEqual(first, f"{self.site}  (the nearest directory above with a repotool.yaml)")

    def test_what_is_shown_is_a_configuration_that_means_the_same(self):
        again = self.dir / "again"
        again.mkdir()
        (again / "repotool.yaml").write_text(self.repotool("config", "show").out)
        before, after = self.settings()[1], self.settings(site=again)[1]
        self.assertEqual({key: setting["value"] for key, setting in before.items()},
                         {key: setting["value"] for key, setting in after.items()})

    def test_every_key_is_in_the_readme(self):
        readme = (pathlib.Path(__file__).parents[2] / "README.md").read_text()
        section = readme.split("## Configuration")[1].split("## ")[0]
        for key in self.settings()[1]:
            self.assertRegex(section, rf"\b{key.rsplit('.', 1)[-1]}\b", key)


if __name__ == "__main__":
    main()

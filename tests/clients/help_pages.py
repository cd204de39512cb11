# SPDX-License-Identifier: GPL-3.0-or-later
"""--help of every command of every tool: one look, at most 80 columns, with examples that are understood."""

import pathlib
import re

from workspace import Scenario, main

README = pathlib.Path(__file__).parents[2] / "README.md"


class HelpPages(Scenario):
    def pages(self, tool, *command):
        """(command, text) of a command and all below it, as the help itself lists them."""
        text = self.run_tool(tool, *command, "--help").out
        yield command, text
        for section in re.split(r"\n\n", text):
            title, _, body = section.partition(":\n")
            if title in ("Publish", "Inspect", "Look after", "Commands"):
                for name in re.findall(r"(?m)^  ([a-z]+)\b", body):
                    yield from self.pages(tool, *command, name)

    def test_every_page_has_usage_options_and_examples_in_80_columns(self):
        count = 0
        for tool in ("repotool", "reposign", "mirrorsync"):
            for command, text in self.pages(tool):
                with self.subTest(f"{tool} {' '.join(command)}"):
                    count += 1
                    lines = text.splitlines()
                    self.assertEqual([line for line in lines if len(line) > 80], [])
                    self.assertEqual([line for line in lines if line != line.rstrip()], [])
                    self.assertIn(f"Usage: {' '.join((tool, *command))} ", text)
                    self.assertRegex(text, r"\n-h --help|\n  -h --help ")
                    if tool == "repotool":
                        self.assertRegex(text, rf"\nExamples:\n(  .*\b{tool} .*\n)+$")
        self.assertGreater(count, 25)

    def test_the_bare_tool_shows_its_help_and_ends_with_2(self):
        for tool in ("repotool", "reposign"):
            result = self.run_tool(tool, code=2)
            self.assertEqual(result.out, "")
            self.assertIn(f"Usage: {tool} ", result.err)
            self.assertRegex(result.err, rf"(?m)^{tool}: cannot run '{tool}': a command is missing$")

    def test_every_command_of_repotool_is_in_the_readme(self):
        section = README.read_text().split("## Commands")[1].split("\n## ")[0]
        for command, _ in self.pages("repotool"):
            if command:
                self.assertRegex(section, rf"`[^`]*\b{command[0]}\b", command)


if __name__ == "__main__":
    main()

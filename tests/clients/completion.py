# SPDX-License-Identifier: GPL-3.0-or-later
"""completion: bash completes what there is; the scripts of the other shells parse where those are installed."""

import shutil

from packages import a_deb
from workspace import Scenario, main, run, tool_path

# What readline would do: the words, the cursor at the end of the last.
DRIVER = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
_repotool
printf '%s\\n' "${COMPREPLY[@]}"
"""


class Completion(Scenario):
    def setUp(self):
        super().setUp()
        self.script = self.dir / "repotool.bash"
        self.script.write_text(self.repotool("completion", "bash").out)

    def complete(self, *words):
        tool = tool_path("repotool")
        result = run(["bash", "--norc", "-c", DRIVER, "bash", self.script, tool, *words], env=self.env, cwd=self.dir)
        self.assertEqual((result.code, result.err), (0, ""), result)
        return result.out.split()

    def test_the_script_parses(self):
        self.assertEqual(run(["bash", "-n", self.script]).code, 0)

    def test_commands_options_and_values_are_completed(self):
        self.assertEqual(self.complete("his"), ["history"])
        self.assertIn("publish", self.complete(""))
        self.assertEqual(self.complete("publish", "--env"), ["--env-file"])
        self.assertEqual(self.complete("publish", "--js"), ["--json"])
        self.assertEqual(self.complete("config", ""), ["show"])
        self.assertEqual(self.complete("config", "show", "--or"), ["--origin"])
        self.assertEqual(self.complete("--progress", "p"), ["plain"])
        self.assertEqual(self.complete("list", "--progress", "js"), ["json"])
        self.assertEqual(self.complete("client", "x", "--format", "re"), ["repo"])
        self.assertEqual(self.complete("publish", "--to", "nothing-here"), [])
        (self.dir / "some.deb").touch()
        self.assertEqual(self.complete("publish", "--test", "x", "som"), ["some.deb"])

    def test_repositories_are_completed_from_the_site_that_is_named(self):
        self.publish("test/one", a_deb(self.dir / "packages", "hello"))
        self.publish("stable", a_deb(self.dir / "packages", "hello"))
        site = str(self.site)
        self.assertEqual(self.complete("--site", site, "show", "t"), ["test/one"])
        self.assertEqual(sorted(self.complete("--site", site, "diff", "stable", "")), ["stable", "test/one"])
        self.assertEqual(self.complete("--site", site, "publish", "--to", "st"), ["stable"])

    def test_every_command_and_option_of_the_help_is_in_every_script(self):
        for shell in ("bash", "zsh", "fish"):
            script = self.repotool("completion", shell).out
            for word in ("publish", "rollback", "history", "completion", "dry-run", "origin", "lock-timeout"):
                self.assertIn(word, script, shell)

    def test_zsh_and_fish_parse_their_scripts(self):
        for shell in ("zsh", "fish"):
            if not shutil.which(shell):
                continue
            path = self.dir / f"script.{shell}"
            path.write_text(self.repotool("completion", shell).out)
            result = run([shell, "-n", path], env=self.env)
            self.assertEqual((result.code, result.err), (0, ""), result)

    def test_another_shell_is_refused(self):
        self.assertIn("did you mean 'fish'?", self.repotool("completion", "fishh", code=2).err)


if __name__ == "__main__":
    main()

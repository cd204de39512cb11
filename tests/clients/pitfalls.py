# SPDX-License-Identifier: GPL-3.0-or-later
"""The 37 pitfalls of other publishers, and the tests that are named after them: pitfalls_*.py, test_pitfall_<number>_….

This test finds the numbers that no test has, and prints the table."""

import ast
import pathlib
import re
import unittest

from workspace import main

# What users of other publishers complained of, in a line each.
PITFALLS = {
    1: "Release, Packages and packages disagree during a publish", 2: "an old repomd.xml names files that are gone",
    3: "the link to the current state is missing for a moment", 4: "a first publish is written in place",
    5: "a signature and what it signs do not switch together", 6: "packages go before the metadata that names them",
    7: "a kill leaves half a publish, or needs a human", 8: "an existing file is truncated, and with it its hard links",
    9: "a file under a hash name is believed unread", 10: "a lock outlives its owner, or is taken from a living one",
    11: "a full disk damages what was published", 12: "names are durable before bytes; a move across filesystems is a copy",
    13: "after A, B, A, C the files of A are gone", 14: "the grace period counts from a file's time",
    15: "collecting one repository removes what another one needs", 16: "by-hash is promised for files that have none",
    17: "retention removes what is still served", 18: "many publishers lose packages, starve or wait without end",
    19: "readers wait for a publisher", 20: "publishers of different repositories wait for each other",
    21: "the same version changes its bytes", 22: "a package is signed after it was indexed",
    23: "odd names and versions break, or share a file", 24: "broken inputs go in, and big ones do not",
    25: "one package twice; empty and architecture-independent sets", 26: "old clients meet compressions that they do not know",
    27: "publishing nothing new, or one package, costs as much as everything", 28: "each unchanged package is looked at",
    29: "indexes are made from the start each time", 30: "collecting costs what is there, not what goes",
    31: "memory follows the number of packages", 32: "S3: half-written states, no atomic pointer",
    33: "a mirror that fails is ignored, or blocks the others", 34: "caches keep pointer files, and not the others",
    35: "locks, databases and temporary files are mirrored", 36: "time goes backwards for clients",
    37: "a partial failure ends with 0, or says nothing",
}
REMOTE = range(32, 38)  # mirrors and object stores: of these alone some may be left for later
LATER = {32: "object stores come with a later issue"}


def tests():
    """{number: [file: test]} of every test_pitfall_<number>_… beside this file."""
    found = {}
    for path in sorted(pathlib.Path(__file__).parent.glob("pitfalls_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and (match := re.match(r"test_pitfall_(\d+)_", node.name)):
                found.setdefault(int(match.group(1)), []).append(f"{path.stem}: {node.name}")
    return found


class Pitfalls(unittest.TestCase):
    def test_each_of_the_37_has_a_test_or_a_reason_why_not_yet(self):
        found = tests()
        for number, what in PITFALLS.items():
            print(f"{number:2} {what}\n     " + "\n     ".join(found.get(number, [f"later: {LATER.get(number)}"])))
        self.assertEqual(sorted(PITFALLS), list(range(1, 38)))
        self.assertEqual(sorted(found.keys() | LATER.keys()), sorted(PITFALLS), "pitfalls without a test")
        self.assertEqual(found.keys() & LATER.keys(), set(), "what has a test is not left for later")
        self.assertLessEqual(LATER.keys(), set(REMOTE), "left for later without a reason")

    def test_each_file_of_pitfalls_is_run(self):
        registered = (pathlib.Path(__file__).parent / "CMakeLists.txt").read_text()
        for path in pathlib.Path(__file__).parent.glob("pitfalls*.py"):
            self.assertIn(f"add_scenario({path.stem} ", registered)


if __name__ == "__main__":
    main()

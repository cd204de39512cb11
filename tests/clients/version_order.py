# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of versions equals that of rpm and of dpkg on 10,000 pairs each: seeded, and alike enough to be hard."""

import random
import re
import subprocess

from workspace import Scenario, main, run, tool_path

PAIRS = 10_000
DPKG_PAIRS = 500  # dpkg itself costs a process for each; its Perl library, which is another program, compares the rest
LONG_NUMBER = re.compile(r"[1-9]\d{14}")  # which Perl takes for floating point, other than dpkg
DEBIAN_VERSION = re.compile(r"\d{1,9}:\d[A-Za-z0-9.+~:-]*|\d[A-Za-z0-9.+~-]*")  # deb-version(7)
NAMES = {-1: "older", 0: "as new", 1: "newer"}


class Versions:
    """Random versions that are nearly the same: what decides between them comes late or is not there."""

    def __init__(self, seed, punctuation, is_valid=lambda version: True):
        self.random = random.Random(seed)
        self.punctuation = punctuation
        self.is_valid = is_valid

    def number(self):
        value = 2 ** 40 if self.random.random() < 0.01 else self.random.choice((0, 1, 2, 9, 10, 11, 99, 100))
        return "0" * self.random.choice((0, 0, 0, 1, 3)) + str(value)

    def part(self):
        kind = self.random.random()
        if kind < 0.45:
            return self.number()
        if kind < 0.65:
            return self.random.choice(("a", "b", "A", "Z", "rc", "el9", "fc", "git", "beta", "alpha"))
        return self.random.choice(self.punctuation)

    def text(self, parts):
        return self.number() + "".join(self.part() for _ in range(self.random.randrange(parts)))

    def version(self):
        epoch = self.random.choice(("", "", "", "0:", "1:", "01:", "2:", "10:"))
        release = "-" + self.text(5) if self.random.random() < 0.8 else ""
        return epoch + self.text(6) + release

    def changed(self, version):
        """`version` with one or two changes, or as it is."""
        epoch, colon, rest = version.partition(":") if ":" in version[:-1] else ("", "", version)
        for _ in range(self.random.choice((0, 1, 1, 2))):
            place = self.random.randrange(1, len(rest) + 1)
            cut = place + self.random.randrange(2)
            rest = rest[:place] + self.random.choice((self.part(), "0", "")) + rest[cut:]
        if self.random.random() < 0.1:
            epoch, colon = self.random.choice((("", ""), ("0", ":"), ("3", ":")))
        return epoch + colon + rest

    def pairs(self):
        found = []
        while len(found) < PAIRS:
            one = self.version()
            other = self.version() if self.random.random() < 0.2 else self.changed(one)
            if self.is_valid(one) and self.is_valid(other):
                found.append((one, other))
        return found


def is_debian_version(version):
    _, hyphen, revision = version.rpartition("-")
    return bool(DEBIAN_VERSION.fullmatch(version)) and not (hyphen and (not revision or ":" in revision))


class VersionOrder(Scenario):
    def answers(self, command, pairs):
        lines = "".join(f"{one}\t{other}\n" for one, other in pairs)
        done = subprocess.run([str(part) for part in command], input=lines, capture_output=True, text=True, check=False,
                              env=self.env, cwd=self.dir)
        self.assertEqual((done.returncode, done.stderr), (0, ""), command)
        found = [int(line) for line in done.stdout.split()]
        self.assertEqual(len(found), len(pairs))
        return found

    def compare(self, pairs, ours, theirs):
        differing = [f"{one} is {NAMES[we]} than {other}, the oracle says {NAMES[they]}"
                     for (one, other), we, they in zip(pairs, ours, theirs) if we != they]
        self.assertEqual(differing[:20], [], f"{len(differing)} of {len(pairs)} differ")
        for answer in NAMES:  # pairs that are too much or too little alike would prove nothing
            self.assertGreater(theirs.count(answer), len(pairs) // 20, NAMES[answer])

    def test_rpm_versions_are_ordered_as_rpm_orders_them(self):
        pairs = Versions(20231115, ".._+~^~^").pairs()
        (self.dir / "pairs").write_text("".join(f"{one}\t{other}\n" for one, other in pairs))
        program = ('local answers = {} for line in io.lines(rpm.expand("%pairs")) do '
                   'local one, other = line:match("^(.*)\\t(.*)$") answers[#answers + 1] = rpm.vercmp(one, other) end '
                   'print(table.concat(answers, "\\n"))')
        theirs = run(["rpm", "--define", f"pairs {self.dir / 'pairs'}", "--eval", f"%{{lua: {program}}}"], env=self.env)
        self.assertEqual((theirs.code, theirs.err), (0, ""))
        self.compare(pairs, self.answers([tool_path("version_order"), "rpm"], pairs), [int(line) for line in theirs.out.split()])

    def test_debian_versions_are_ordered_as_dpkg_orders_them(self):
        pairs = Versions(20231116, "..++~~-:", is_debian_version).pairs()
        ours = self.answers([tool_path("version_order"), "deb"], pairs)
        program = 'use Dpkg::Version; while (<STDIN>) { chomp; my ($a, $b) = split /\\t/; print version_compare($a, $b), "\\n" }'
        theirs = self.answers(["perl", "-e", program], pairs)
        asked = [number for number, pair in enumerate(pairs) if number < DPKG_PAIRS or LONG_NUMBER.search("".join(pair))]
        for number in asked:
            theirs[number] = self.ask_dpkg(*pairs[number], guess=theirs[number])
        self.compare(pairs, ours, theirs)

    def ask_dpkg(self, one, other, guess):
        for answer in sorted(NAMES, key=lambda each: each != guess):
            relation = {-1: "lt", 0: "eq", 1: "gt"}[answer]
            if subprocess.run(["dpkg", "--compare-versions", one, relation, other], check=False, env=self.env).returncode == 0:
                return answer
        self.fail(f"dpkg has no answer to {one} and {other}")


if __name__ == "__main__":
    main()

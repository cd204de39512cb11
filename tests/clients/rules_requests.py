# SPDX-License-Identifier: GPL-3.0-or-later
"""What remove, copy and merge take and leave, and that one request does not spoil another one."""

import subprocess
import time

from locks import hold_lock
from packages import rpms
from rule_scenario import RuleScenario
from workspace import main, tool_path

COMPS = """<?xml version="1.0" encoding="UTF-8"?>
<comps><group><id>{name}</id><name>{name}</name><description>d</description><uservisible>true</uservisible>
<packagelist><packagereq type="mandatory">{name}</packagereq></packagelist></group></comps>
"""


class RulesOfRequests(RuleScenario):
    config = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: trixie, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64], match: ["*.el9"]}
  - {name: el8, format: rpm, architectures: [x86_64], match: ["*.el8"]}
"""

    def comps(self, name):
        path = self.dir / f"comps-{name}.xml"
        path.write_text(COMPS.format(name=name))
        return f"group={path}"

    def groups(self, repository, dist="el9"):
        """What dnf would read as comps, uncompressed."""
        found = list((self.site / "public" / repository / "rpm" / dist / "x86_64" / "repodata").glob("*comps.xml*"))
        current = (self.site / "public" / repository / "rpm" / dist / "x86_64/repodata/repomd.xml").read_text()
        found = [path for path in found if path.name in current]
        return subprocess.run(["zcat", *found], capture_output=True, text=True, check=True).stdout if found else ""

    def test_patterns_may_name_the_same_package_and_are_told_as_they_were_written(self):
        where = ["--dist", "bookworm"]
        self.publish("stable", self.deb("foo"), self.deb("ra"), self.deb("bar"), *where)
        answer = self.repotool("--json", "remove", "stable", "foo", "fo*", "ra", "ra").json
        self.assertEqual(self.actions(answer), [("foo", "1.0-1", "removed"), ("ra", "1.0-1", "removed")])
        self.assertIn("'bar=9:amd64'", self.refused("remove", "stable", "bar", "bar=9:amd64", code=2)["message"])
        self.assertEqual(self.shown("stable"), [("bar", "1.0-1")])

    def test_a_merge_does_not_empty_a_repository_that_does_not_replace(self):
        self.publish("stable", self.deb("foo"), "--dist", "bookworm")
        self.publish("test/ee", self.deb("ee"), "--dist", "bookworm")
        error = self.refused("merge", "--into", "stable", "test/ee")
        self.assertIn("replace: true", error["message"])
        self.assertIn("--into test/NAME", error["hint"])

    def test_a_merge_has_the_metadata_of_its_sources_and_no_other(self):
        self.publish("test/one", *rpms(self.dir / "r", "one"), "--dist", "el9", "--repodata", self.comps("one"))
        self.publish("test/two", *rpms(self.dir / "r", "two"), "--dist", "el9", "--repodata", self.comps("two"))
        self.repotool("merge", "--into", "test/gate", "test/one", "test/two")
        self.assertIn("<id>one</id>", self.groups("test/gate"))
        self.assertIn("<id>two</id>", self.groups("test/gate"))
        self.assertFalse(self.repotool("--json", "merge", "--into", "test/gate", "test/one", "test/two").json["changed"])
        self.repotool("merge", "--into", "test/gate", "test/two")
        self.assertNotIn("<id>one</id>", self.groups("test/gate"))
        self.assertIn("<id>two</id>", self.groups("test/gate"))
        self.publish("test/plain", *rpms(self.dir / "r", "two"))
        self.assertTrue(self.repotool("--json", "merge", "--into", "test/gate", "test/plain").json["changed"])
        self.assertEqual(self.groups("test/gate"), "")
        self.repotool("verify", "test/gate", "--full")

    def test_copy_with_a_dist_and_no_pattern_takes_that_dist_with_its_metadata(self):
        self.publish("test/one", self.deb("foo"), "--dist", "bookworm")
        self.publish("test/one", *rpms(self.dir / "r", "one"), "--dist", "el9", "--repodata", self.comps("nine"))
        self.publish("test/one", *rpms(self.dir / "r", "old", release="1.el8"), "--dist", "el8", "--repodata", self.comps("eight"))
        self.repotool("copy", "test/one", "nine", "--dist", "el9")
        self.assertEqual([name for name, _ in self.shown("nine")], ["one"])
        self.assertIn("<id>nine</id>", self.groups("nine"))
        self.assertFalse((self.site / "public/nine/rpm/el8").exists())
        self.repotool("copy", "test/one", "some", "one", "--dist", "el9")
        self.assertEqual(self.groups("some"), "")

    def test_a_refused_request_keeps_no_path_from_those_beside_it(self):
        where = ["--dist", "bookworm"]
        self.publish("stable", self.deb("bb"), *where)
        # The path of bb 1:1.0-1 is that of bb 1.0-1: its request is refused, and aa may come from another one.
        bad = [[self.deb("aa", build=f"bad{i}"), self.epoch_of_bb(f"bad{i}")] for i in range(4)]
        good = [self.deb("aa", build="good")]
        lock = hold_lock(self.site / "private/locks/stable.lock")
        waiting = []
        for files in [*bad, good]:
            waiting.append(subprocess.Popen([tool_path("repotool"), "--site", self.site, "publish", "--to", "stable", *where,
                                             *files], env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                            stderr=subprocess.STDOUT, text=True))
        deadline = time.monotonic() + 60
        while len(list((self.site / "private/txn").glob("*/request"))) < len(waiting) and time.monotonic() < deadline:
            time.sleep(0.05)
        lock.close()
        outputs = [process.communicate(timeout=60)[0] for process in waiting]
        self.assertEqual([process.returncode for process in waiting], [4] * len(bad) + [0], outputs)
        self.assertIn(("aa", "1.0-1"), self.shown("stable"))

    def epoch_of_bb(self, build):
        made = self.deb("bb", "1:1.0-1", build=build)
        return made.rename(made.with_name("bb_1.0-1_amd64.deb"))


if __name__ == "__main__":
    main()

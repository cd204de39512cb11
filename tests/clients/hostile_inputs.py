# SPDX-License-Identifier: GPL-3.0-or-later
"""Broken and hostile packages are refused with exit code 3, by name and reason, and nothing changes anywhere."""

import os
import threading
import time

from hostile import hostile_inputs, sparse_deb
from packages import a_deb, a_mixed_set
from workspace import SANITIZED, Scenario, content_state, exact_state, main

CACHES = ("locks", "records.db")


class HostileInputs(Scenario):
    def setUp(self):
        super().setUp()
        self.publish("test/one", *a_mixed_set(self.dir / "packages"))
        self.before = self.state()

    def state(self):
        """Everything public to the last detail; names and contents of what is private, caches and locks aside."""
        return {"public": exact_state(self.site / "public"),
                "private": content_state(self.site / "private", skip=CACHES)}

    def assert_unchanged(self, what):
        after = self.state()
        for part in after:
            self.assert_same_state(self.before[part], after[part], f"{part}/ ({what})")
        self.assert_nothing_left()

    def assert_refused(self, result, path):
        self.assertEqual(result.code, 3, result)
        self.assertIn(path.name, result.err)
        first = result.err.strip().splitlines()[0]
        self.assertRegex(first, r"^repotool: cannot \S.* '.*': \S")
        if not SANITIZED:
            self.assertLess(result.peak_kib, 64 * 1024, f"{path.name}: peak memory")
        self.assertLess(result.seconds, 20)

    def test_each_is_refused_alone_and_nothing_changes(self):
        for what, path in hostile_inputs(self.dir / "hostile"):
            with self.subTest(what):
                self.assert_refused(self.repotool("publish", "--test", "one", path, code=None), path)
                self.assert_unchanged(what)

    def test_each_makes_its_good_neighbours_wait(self):
        good = a_deb(self.dir / "neighbour", "neighbour")
        for what, path in hostile_inputs(self.dir / "hostile")[::6]:
            with self.subTest(what):
                self.assert_refused(self.repotool("publish", "--test", "one", good, path, code=None), path)
                self.assert_unchanged(what)

    def test_the_json_answer_says_what_and_why(self):
        broken = self.dir / "broken.deb"
        broken.write_text("no package\n")
        answer = self.repotool("--json", "publish", "--test", "one", broken, code=3).json
        self.assertFalse(answer["ok"])
        error = answer["error"]
        self.assertEqual((error["code"], error["kind"], error["retryable"]), (3, "input", False))
        self.assertIn("broken.deb", error["object"])
        self.assertTrue(error["message"])

    def test_a_file_that_changes_while_it_is_read_is_refused(self):
        big = sparse_deb(self.dir / "changing.deb", 100_000_000)
        stop = threading.Event()

        def keep_changing():
            with open(big, "r+b") as stream:
                while not stop.is_set():
                    stream.seek(-1, os.SEEK_END)
                    last = stream.read(1)
                    stream.seek(-1, os.SEEK_END)
                    stream.write(bytes([last[0] ^ 1]))
                    stream.flush()
                    time.sleep(0.002)

        thread = threading.Thread(target=keep_changing)
        thread.start()
        try:
            result = self.repotool("publish", "--test", "one", big, code=None)
        finally:
            stop.set()
            thread.join()
        self.assert_refused(result, big)
        self.assert_unchanged("a changing file")

    def test_a_first_publish_of_something_hostile_publishes_nothing(self):
        site = self.dir / "fresh"
        broken = self.dir / "broken.deb"
        broken.write_text("no package\n")
        self.repotool("publish", "--test", "one", broken, site=site, code=3)
        self.assertFalse((site / "public/test/one").exists())
        self.assertEqual([path for path in site.rglob("*") if path.is_file() and path.suffix in (".deb", ".rpm")], [])

    def test_odd_but_honest_file_names_are_no_reason_to_refuse(self):
        odd = a_deb(self.dir / "odd", "odd", file_name="-rf 'quoted' \"name\" \n ünï.deb")
        answer = self.publish("test/odd", self.dir / "odd")
        self.assertEqual([package["name"] for package in answer["packages"]], ["odd"])
        self.assertTrue(odd.exists())


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""Pitfalls 13 to 17 and 30: what goes when it is no longer named (tests/clients/pitfalls.py has the table)."""

import re

from packages import a_deb, rpms
from reader import FileSource, read_release, release_files
from workspace import Scenario, main, sha256

CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64]}
"""


class Collector(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)
        self.public = self.site / "public"

    def test_pitfall_16_by_hash_is_there_for_every_file_that_release_promises_it_for(self):
        self.publish("test/one", a_deb(self.dir / "p", "hello"), *rpms(self.dir / "p", "hello"))
        suite = self.public / "test/one/dists/bookworm"
        release = read_release(FileSource(self.public), "test/one", "bookworm")
        self.assertEqual(release["Acquire-By-Hash"], "yes")
        stored = 0
        for path, (digest, size) in release_files(release).items():
            directory, name = path.rsplit("/", 1)
            if not (suite / path).exists():  # the open text is listed for its digest, and served in no form
                self.assertFalse(re.search(r"\.(gz|xz|zst)$", name), path)
                continue
            stored += 1
            by_hash = suite / directory / "by-hash/SHA256" / digest
            self.assertEqual((sha256(by_hash), by_hash.stat().st_size), (digest, size))
        self.assertEqual(stored, 2)
        algorithms = {path.name for path in suite.rglob("by-hash/*")} | {
            path.name for path in (self.public / "meta/test/one").rglob("by-hash/*")}
        self.assertEqual(algorithms, {"SHA256"})
        self.assertLessEqual({key for key in release if re.fullmatch(r"MD5Sum|SHA\d+", key)}, {"SHA256"})


if __name__ == "__main__":
    main()

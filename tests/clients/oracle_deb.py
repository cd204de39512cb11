# SPDX-License-Identifier: GPL-3.0-or-later
"""Each stanza of our Packages equals what apt-ftparchive writes for the same file, field by field."""

import os
import pathlib
import subprocess

from packages import a_deb
from reader import FileSource, decompress, read_release, release_files, stanzas
from workspace import Scenario, main

CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64, arm64], components: [main]}
"""

MANY_FIELDS = {
    "Source": "two-source (2.5-1)", "Multi-Arch": "foreign", "Essential": "yes", "Built-Using": "gcc-12 (= 12.2.0-14)",
    "Pre-Depends": "dpkg (>= 1.21)", "Depends": "a, b | c (>> 1:2~rc1), d:any", "Recommends": "e", "Suggests": "f",
    "Conflicts": "g", "Breaks": "h (<< 2)", "Replaces": "h (<< 2)", "Provides": "virtual (= 1.0)", "Enhances": "i",
    "Homepage": "https://example.org/two", "Bugs": "mailto:bugs@example.org", "Installed-Size": "1234",
    "Tag": "role::program,\n interface::commandline", "X-Custom-Field": "kept", "Original-Maintainer": "A <a@example.org>",
    "Description": "a synopsis: with a colon\n Long text, indented:\n   * an item\n .\n Grüße aus Köln — ünïcödé.",
}


def a_varied_set(directory):
    sets = [a_deb(directory, f"compressed-{kind}", compression=kind) for kind in ("none", "gzip", "xz", "zstd")]
    return sets + [
        a_deb(directory, "two", "1:2.5-1", "amd64", fields=MANY_FIELDS),
        a_deb(directory, "two", "1:2.5-1", "arm64", fields={**MANY_FIELDS, "Essential": None}),
        a_deb(directory, "libthree1", "3.0~rc1+b1-0.1", "amd64", conffiles=("/etc/three.conf", "/etc/three.d/x")),
        a_deb(directory, "minimal", fields={"Section": None, "Priority": None, "Description": None}),
        a_deb(directory, "g++-plus", "4:12.2.0-3", fields={"Source": "gcc-defaults (1.203)"}),
        a_deb(directory, "one-line", fields={"Description": "a synopsis without more"}),
        a_deb(directory, "odd-case", fields={"SECTION": "net", "section": None, "Section": None}),
    ] + sorted(pathlib.Path(os.environ.get("REPOTOOL_TEST_CORPUS", "/nonexistent")).glob("*.deb"))


class OracleDeb(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)
        self.files = a_varied_set(self.dir / "packages")

    def ours(self, architecture):
        source = FileSource(self.site / "public")
        files = release_files(read_release(source, "test/oracle", "bookworm"))
        directory = f"main/binary-{architecture}"
        body = source.get(f"test/oracle/dists/bookworm/{directory}/by-hash/SHA256/{files[f'{directory}/Packages.gz'][0]}")
        return decompress("Packages.gz", body).decode()

    def theirs(self):
        out = subprocess.run(["apt-ftparchive", "packages", "."], cwd=self.dir / "oracle", stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=True).stdout
        return out.decode()

    def test_every_stanza_equals_that_of_apt_ftparchive(self):
        self.publish("test/oracle", *self.files)
        (self.dir / "oracle").mkdir()
        for path in self.files:
            os.link(path, self.dir / "oracle" / path.name) if path.is_relative_to(self.dir) else \
                (self.dir / "oracle" / path.name).write_bytes(path.read_bytes())
        expected = {stanza["SHA256"]: stanza for stanza in stanzas(self.theirs())}
        self.assertEqual(len(expected), len(self.files))
        seen = set()
        for architecture in ("amd64", "arm64"):
            for stanza in stanzas(self.ours(architecture)):
                oracle = dict(expected[stanza["SHA256"]])
                stanza.pop("Filename")
                oracle.pop("Filename")
                self.assertEqual(stanza, oracle)
                self.assertEqual(list(stanza), list(oracle), "the order of the fields")
                self.assertIn(stanza["Architecture"], ("all", architecture))
                seen.add(stanza["SHA256"])
        self.assertEqual(seen, set(expected))

    def test_packages_is_sorted_and_ends_each_stanza_with_an_empty_line(self):
        self.publish("test/oracle", *self.files)
        text = self.ours("amd64")
        self.assertTrue(text.endswith("\n\n") and not text.endswith("\n\n\n"))
        keys = [(stanza["Package"].encode(), stanza["Version"].encode()) for stanza in stanzas(text)]
        self.assertEqual(keys, sorted(keys))
        self.assertEqual(len(keys), len(set(keys)))


if __name__ == "__main__":
    main()

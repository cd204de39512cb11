# SPDX-License-Identifier: GPL-3.0-or-later
"""Each stanza of our Sources equals what apt-ftparchive writes for the same source package, field by field."""

import os
import pathlib
import shutil
import subprocess

from reader import FileSource, decompress, read_release, release_files, stanzas
from uploads import Uploader, an_upload
from workspace import Scenario, main

CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
"""


class OracleSources(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)

    def ours(self):
        source = FileSource(self.site / "public")
        files = release_files(read_release(source, "stable", "bookworm"))
        texts = set()
        for name in ("Sources", "Sources.gz", "Sources.zst"):
            self.assertIn(f"main/source/{name}", files)
        for name in ("Sources.gz", "Sources.zst"):
            digest = files[f"main/source/{name}"][0]
            body = source.get(f"stable/dists/bookworm/main/source/by-hash/SHA256/{digest}")
            texts.add(decompress(name, body).decode())
        self.assertEqual(len(texts), 1, "each compression holds the same text")
        return texts.pop()

    def theirs(self, directory):
        out = subprocess.run(["apt-ftparchive", "sources", directory.name], cwd=directory.parent, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=True).stdout
        return out.decode()

    def sources(self):
        """Of each format, signed and not; and those of a corpus."""
        directory = self.dir / "sources"
        directory.mkdir()
        uploader = Uploader(self.dir / "uploader")
        self.addCleanup(uploader.stop)
        for number, (name, version, source_format) in enumerate((
                ("native", "1.0", "3.0 (native)"), ("quilt", "1:2.0-1", "3.0 (quilt)"), ("old", "3.0-1~bpo1", "1.0"),
                ("signed", "4.0+dfsg-1", "3.0 (quilt)"), ("libfive", "5.0-3", "1.0"))):
            upload = an_upload(self.dir / f"upload{number}", name, version, kind="source", source_format=source_format)
            if name == "signed":
                uploader.sign(upload.dsc)
            for path in upload.directory.iterdir():
                if path.suffix not in (".changes", ".buildinfo"):
                    shutil.copy(path, directory)
        corpus = os.environ.get("REPOTOOL_TEST_SOURCES")
        for path in sorted(pathlib.Path(corpus).iterdir()) if corpus else []:
            shutil.copy(path, directory)
        return directory

    def test_every_stanza_equals_that_of_apt_ftparchive(self):
        directory = self.sources()
        self.publish("stable", directory)
        expected = {stanza["Package"]: stanza for stanza in stanzas(self.theirs(directory))}
        ours = stanzas(self.ours())
        self.assertEqual([stanza["Package"] for stanza in ours], sorted(expected))
        for stanza in ours:
            oracle = dict(expected[stanza["Package"]])
            directory_field = stanza.pop("Directory")
            oracle.pop("Directory")
            self.assertEqual(stanza, oracle)
            self.assertEqual(list(stanza), list(oracle), "the order of the fields")
            for line in stanza["Checksums-Sha256"].split("\n"):
                if line.strip():
                    self.assertTrue((self.site / "public" / "stable" / directory_field / line.split()[2]).is_file())

    def test_a_lost_cache_gives_the_same_text_again(self):
        directory = self.sources()
        self.publish("stable", directory)
        before = self.ours()
        for path in (self.site / "private").glob("records.db*"):
            path.unlink()
        shutil.rmtree(self.site / "private" / "text", ignore_errors=True)
        upload = an_upload(self.dir / "more", "more", "1.0", kind="source", source_format="3.0 (native)")
        self.publish("stable", upload.dsc)
        after = stanzas(self.ours())
        self.assertEqual([stanza for stanza in after if stanza["Package"] != "more"], stanzas(before))


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader that judges storms and kills sees each kind of damage: a judge that sees nothing would pass everything."""

import pathlib
import shutil

from packages import a_mixed_set
from reader import Missing, Mixed, read_everything
from workspace import Scenario, main


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    path.write_bytes(data)


def swap(one, other):
    """Each gets the other's bytes: nothing is missing, but what is named is not what is there."""
    first, second = one.read_bytes(), other.read_bytes()
    for path, data in ((one, second), (other, first)):
        path.unlink()
        path.write_bytes(data)


DAMAGES = [
    ("an index of apt is gone", Missing, lambda tree: [path.unlink() for path in tree.glob("meta/**/SHA256/*")]),
    ("an index of apt has other bytes", Mixed, lambda tree: [flip(path) for path in tree.glob("meta/**/SHA256/*")]),
    ("a .deb is gone", Missing, lambda tree: next(tree.glob("pool/**/*.deb")).unlink()),
    ("a .deb has other bytes", Mixed, lambda tree: flip(next(tree.glob("pool/**/*.deb")))),
    ("two packages are exchanged", Mixed, lambda tree: swap(*sorted(tree.glob("pool/**/gamma*.rpm"))[:2])),
    ("an .rpm is gone", Missing, lambda tree: next(tree.glob("pool/**/*.rpm")).unlink()),
    ("primary has other bytes", Mixed, lambda tree: flip(next(tree.glob("meta/**/*-primary.xml.gz")))),
    ("other is gone", Missing, lambda tree: next(tree.glob("meta/**/*-other.xml.gz")).unlink()),
]


class ReaderSelfTest(Scenario):
    def test_each_kind_of_damage_is_seen(self):
        self.publish("test/one", *a_mixed_set(self.dir / "packages"))
        self.assertEqual(len(read_everything(self.site / "public", "test/one")), 6)
        for what, expected, damage in DAMAGES:
            with self.subTest(what):
                copy = pathlib.Path(self.dir, "copy")
                shutil.rmtree(copy, ignore_errors=True)
                shutil.copytree(self.site / "public", copy, symlinks=True)
                damage(copy)
                with self.assertRaises(expected):
                    read_everything(copy, "test/one")
                self.repotool("verify", "test/one", "--full", site=self.site_with(copy), code=9)

    def site_with(self, public):
        """A site with this public tree, to see that `verify` is no blinder than the reader."""
        site = self.dir / "damaged-site"
        shutil.rmtree(site, ignore_errors=True)
        site.mkdir()
        shutil.copy(self.site / "repotool.yaml", site)
        shutil.copytree(public, site / "public", symlinks=True)
        return site


if __name__ == "__main__":
    main()

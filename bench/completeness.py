# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a result whole? After every run by the index alone; after the first of each case and size by apt and dnf themselves."""

import gzip
import pathlib
import re
import sys
import tempfile
import xml.etree.ElementTree

from signing import accepted

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "support"))
from clients import Apt, Dnf  # noqa: E402  (the tests' own clients, with roots of their own)

REPO = "{http://linux.duke.edu/metadata/repo}"


class Incomplete(Exception):
    """A program ended well and its repository lacks packages: its time does not count."""


def indexed(tree):
    """How many packages the index says there are."""
    if tree.kind == "signed":
        return accepted(tree)
    if tree.kind == "rpm":
        repomd = xml.etree.ElementTree.parse(tree.root / "repodata" / "repomd.xml")
        primary = repomd.find(f"{REPO}data[@type='primary']/{REPO}location").get("href")
        with gzip.open(tree.root / primary) as stream:
            return int(re.search(rb'packages="(\d+)"', stream.read(4096)).group(1))
    path = tree.root / tree.index
    with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as stream:
        return sum(line.startswith(b"Package: ") for line in stream)


def _source_line(tree):
    if not tree.suite:
        return f"deb [trusted=yes] file:{tree.root.resolve()} ./"
    how = f"signed-by={tree.key.resolve()}" if tree.key else "trusted=yes"
    return f"deb [{how}] file:{tree.root.resolve()} {tree.suite} main"


def seen_by_client(tree):
    """How many packages dnf or apt finds."""
    if tree.kind == "signed":
        return accepted(tree)
    with tempfile.TemporaryDirectory(prefix="rt-") as directory:
        if tree.kind == "rpm":
            key = f"file://{tree.key.resolve()}" if tree.key else None
            return len(Dnf(directory, baseurl=f"file://{tree.root.resolve()}", key=key).repoquery())
        apt = Apt(directory, _source_line(tree))
        apt.update()
        return len(apt.names())


def check(side, work, expected, look):
    """Raises Incomplete unless each tree of this side has `expected` packages; `look` is indexed or seen_by_client."""
    for tree in side.trees(work):
        found = look(tree)
        if found != expected:
            raise Incomplete(f"{side.name}: {found} packages in {tree.root}, expected {expected} ({look.__name__})")

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the <package> elements of each index as canonical XML, sorted by pkgid, location and file time left out.

usage: canonical_packages.py INDEX.xml[.gz]...
"""
import gzip
import sys
import xml.etree.ElementTree as ElementTree


def local_name(element):
    return element.tag.rpartition("}")[2]


def pkgid(package):
    in_primary = [child.text for child in package if local_name(child) == "checksum"]
    return in_primary[0] if in_primary else package.get("pkgid")


def canonical(package):
    for element in package.iter():
        if local_name(element) == "location":
            element.attrib.clear()
        if local_name(element) == "time":
            del element.attrib["file"]
    return ElementTree.canonicalize(ElementTree.tostring(package, encoding="unicode"))


def main(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as stream:
        root = ElementTree.fromstring(stream.read())
    if len(root) != int(root.get("packages")):
        sys.exit(f"{path}: {len(root)} packages, its header says {root.get('packages')}")
    for package in sorted(root, key=pkgid):
        print(canonical(package).strip())


for argument in sys.argv[1:]:
    main(argument)

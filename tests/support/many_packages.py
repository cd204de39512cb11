# SPDX-License-Identifier: GPL-3.0-or-later
"""Thousands of small packages in a moment: well-formed .debs byte by byte, where dpkg-deb would take a minute."""

import gzip
import io
import pathlib
import tarfile


def _tar(name, body):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(body), 0o644
        archive.addfile(info, io.BytesIO(body))
    return out.getvalue()


def _member(name, body):
    head = b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (name.encode(), 0, 0, 0, b"100644", len(body))
    return head + body + (b"\n" if len(body) % 2 else b"")


def many_debs(directory, numbers, prefix="many"):
    """<prefix>00000 and so on, one .deb per number, each with a description of its own; sorted paths."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    made = []
    for number in numbers:
        name = f"{prefix}{number:05}"
        control = (f"Package: {name}\nVersion: 1.0-{number}\nArchitecture: all\nMaintainer: Test <test@example.org>\n"
                   f"Installed-Size: {number}\nDescription: package number {number}\n Made to be one of many.\n")
        path = directory / f"{name}.deb"
        path.write_bytes(b"!<arch>\n" + _member("debian-binary", b"2.0\n")
                         + _member("control.tar.gz", gzip.compress(_tar("./control", control.encode()), 1, mtime=0))
                         + _member("data.tar.gz", gzip.compress(_tar(f"./usr/share/{name}", name.encode()), 1, mtime=0)))
        made.append(path)
    return made

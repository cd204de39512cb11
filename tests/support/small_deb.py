# SPDX-License-Identifier: GPL-3.0-or-later
"""Hundreds of well-formed .deb files in a second: ar and tar written here, where dpkg-deb would cost a process each."""

import io
import pathlib
import tarfile

BUILD_TIME = 1700000000


def _tar(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=tarfile.GNU_FORMAT, compresslevel=1) as archive:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = len(content), BUILD_TIME, 0o644
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _member(name, content):
    header = f"{name:<16}{BUILD_TIME:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
    return header + content + b"\n" * (len(content) % 2)


def small_deb(directory, name, version="1.0-1", architecture="amd64", content=b"hello\n", fields=""):
    """One .deb; `fields` are further lines of its control file."""
    control = (f"Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n"
               f"Maintainer: Test <test@example.org>\n{fields}Description: small\n")
    target = pathlib.Path(directory, f"{name}_{version}_{architecture}.deb")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"!<arch>\n" + _member("debian-binary", b"2.0\n")
                       + _member("control.tar.gz", _tar([("./control", control.encode())]))
                       + _member("data.tar.gz", _tar([(f"./usr/share/{name}/content", content)])))
    return target


def many_debs(directory, numbers, prefix="many"):
    """<prefix>00000 and so on, one .deb per number, each with a version of its own; their paths in this order."""
    return [small_deb(directory, f"{prefix}{number:05}", f"1.0-{number}", "all", b"one of many\n", f"Installed-Size: {number}\n")
            for number in numbers]

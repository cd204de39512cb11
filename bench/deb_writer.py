# SPDX-License-Identifier: GPL-3.0-or-later
"""A .deb (deb(5): ar of debian-binary, control.tar.xz, data.tar.gz), byte by byte: dpkg-deb would cost three processes for each."""

import gzip
import hashlib
import lzma
import textwrap

BLOCK = 512


def _tar_header(path, mode, size, time, kind):
    """ustar (POSIX.1-1988); all names of the benchmark are shorter than its 100 bytes."""
    name = path.encode()
    if len(name) > 100:
        raise ValueError(f"cannot write '{path}': longer than the 100 bytes of a ustar header")
    fields = [name.ljust(100, b"\0"), b"%07o\0" % mode, b"0000000\0", b"0000000\0", b"%011o\0" % size, b"%011o\0" % time, b" " * 8, kind,
              b"\0" * 100, b"ustar\x0000", b"root".ljust(32, b"\0"), b"root".ljust(32, b"\0"), b"0000000\0", b"0000000\0", b"\0" * 155]
    header = b"".join(fields).ljust(BLOCK, b"\0")
    return header[:148] + b"%06o\0 " % sum(header) + header[156:]


def _tar(files, time):
    """`files`: (path without a leading slash, mode, content), sorted. Each directory comes before what it holds."""
    parts, seen = [_tar_header("./", 0o755, 0, time, b"5")], set()
    for path, mode, content in files:
        folders = path.split("/")[:-1]
        for depth in range(1, len(folders) + 1):
            folder = "/".join(folders[:depth])
            if folder not in seen:
                seen.add(folder)
                parts.append(_tar_header(f"./{folder}/", 0o755, 0, time, b"5"))
        parts += [_tar_header(f"./{path}", mode, len(content), time, b"0"), content, b"\0" * (-len(content) % BLOCK)]
    return b"".join(parts) + b"\0" * (2 * BLOCK)


def _member(name, time, content):
    return b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (name, time, 0, 0, b"100644", len(content)) + content + b"\n" * (len(content) % 2)


def _control(package, architecture):
    depends = ["libc6 (>= 2.36)"] + [f"{name} (>= {version})" if version else name for name, version in package.depends]
    paragraphs = "\n .\n".join(textwrap.fill(text, 78, initial_indent=" ", subsequent_indent=" ") for text in package.paragraphs)
    size = sum(len(each.content) for each in package.files) // 1024 + len(package.files)
    return (f"Package: {package.name}\nSource: {package.source}\nVersion: {package.version}-{package.release}\n"
            f"Architecture: {architecture}\nMaintainer: {package.changes[0][1]}\nInstalled-Size: {size}\nDepends: {', '.join(depends)}\n"
            f"Section: {package.section}\nPriority: optional\nMulti-Arch: foreign\nHomepage: https://example.org/{package.name}\n"
            f"Description: {package.summary}\n{paragraphs}\n")


def deb(package):
    """(file name, all bytes)"""
    architecture = "all" if package.portable else "amd64"
    sums = "".join(f"{hashlib.md5(each.content).hexdigest()}  {each.path}\n" for each in package.files)
    control = [("control", 0o644, _control(package, architecture).encode()), ("md5sums", 0o644, sums.encode())]
    data = [(each.path, each.mode, each.content) for each in package.files]
    members = [(b"debian-binary", b"2.0\n"),
               (b"control.tar.xz", lzma.compress(_tar(control, package.built), preset=0)),
               (b"data.tar.gz", gzip.compress(_tar(data, package.built), 1, mtime=0))]
    return (f"{package.name}_{package.version}-{package.release}_{architecture}.deb",
            b"!<arch>\n" + b"".join(_member(name, package.built, content) for name, content in members))

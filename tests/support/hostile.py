# SPDX-License-Identifier: GPL-3.0-or-later
"""Broken and hostile packages, each made byte by byte where no honest tool would make it.

Run as a program, it makes them and lists them as JSON: a child process reports the memory of the process that it was
forked from as its own peak, so the tests that measure memory must stay small."""

import gzip
import io
import json
import lzma
import os
import pathlib
import struct
import subprocess
import sys
import tarfile

from packages import a_deb, rpms

MEBIBYTE = 1 << 20
CONTROL = b"Package: bomb\nVersion: 1.0\nArchitecture: all\nMaintainer: Test <t@example.org>\nDescription: bomb\n"


def _member(name, body_size):
    return b"%-16s%-12s%-6s%-6s%-8s%-10d`\n" % (name.encode(), b"0", b"0", b"0", b"100644", body_size)


def ar_archive(path, members):
    with open(path, "wb") as out:
        out.write(b"!<arch>\n")
        for name, body in members:
            out.write(_member(name, len(body)) + body + (b"\n" if len(body) % 2 else b""))
    return path


def _tar_head(name, size):
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


def _tar(name, body):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        info = tarfile.TarInfo(name)
        info.size = len(body)
        archive.addfile(info, io.BytesIO(body))
    return out.getvalue()


def _compress(kind, head, zeros):
    """`head` and then `zeros` zero bytes, compressed without holding them."""
    if kind == "zst":
        body = io.BytesIO()
        process = subprocess.Popen(["zstd", "-q", "-c"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write(head)
        for _ in range(zeros // MEBIBYTE):
            process.stdin.write(bytes(MEBIBYTE))
        process.stdin.close()
        body.write(process.stdout.read())
        process.wait()
        return body.getvalue()
    body = io.BytesIO()
    opener = gzip.GzipFile(fileobj=body, mode="wb", compresslevel=1) if kind == "gz" else \
        lzma.LZMAFile(body, "wb", preset=0)
    with opener as stream:
        stream.write(head)
        for _ in range(zeros // MEBIBYTE):
            stream.write(bytes(MEBIBYTE))
    return body.getvalue()


def _deb_of(path, control_name, control_body):
    data = gzip.compress(_tar("./usr/share/x", b"x"), mtime=0)
    return ar_archive(path, [("debian-binary", b"2.0\n"), (control_name, control_body), ("data.tar.gz", data)])


def bomb(directory, kind):
    """A control archive of a few KiB that unpacks to 512 MiB: the control file itself is huge."""
    size = 512 * MEBIBYTE
    head = _tar_head("./control", size + len(CONTROL)) + CONTROL
    return _deb_of(pathlib.Path(directory, f"bomb-{kind}.deb"), f"control.tar.{kind}", _compress(kind, head, size))


def bomb_before_control(directory):
    """Another member of 512 MiB comes before an honest control file."""
    size = 512 * MEBIBYTE
    body = _compress("gz", _tar_head("./first", size), size)
    return _deb_of(pathlib.Path(directory, "bomb-before-control.deb"), "control.tar.gz",
                   body + gzip.compress(_tar("./control", CONTROL)))


def huge_control(directory):
    body = CONTROL + b"".join(b" " + b"a" * 1000 + b"\n" for _ in range(20 * 1024))
    return _deb_of(pathlib.Path(directory, "huge-control.deb"), "control.tar.xz", lzma.compress(_tar("./control", body)))


def two_controls(directory):
    body = gzip.compress(_tar("./control", CONTROL), mtime=0)
    data = gzip.compress(_tar("./usr/share/x", b"x"), mtime=0)
    return ar_archive(pathlib.Path(directory, "two-controls.deb"), [
        ("debian-binary", b"2.0\n"), ("control.tar.gz", body), ("control.tar.gz", body), ("data.tar.gz", data)])


def deb_with_control(directory, name, text):
    return _deb_of(pathlib.Path(directory, f"{name}.deb"), "control.tar.gz",
                   gzip.compress(_tar("./control", text.encode()), mtime=0))


def _rpm_main_header(data):
    index_count, size = struct.unpack(">II", data[104:112])
    return 96 + (16 + 16 * index_count + size + 7) // 8 * 8


def rpm_with_length(directory, good, name, *, main, field, value):
    """`good` with the entry count (field 8) or data length (field 12) of its main or signature header replaced."""
    data = bytearray(pathlib.Path(good).read_bytes())
    start = _rpm_main_header(data) if main else 96
    data[start + field:start + field + 4] = struct.pack(">I", value)
    path = pathlib.Path(directory, name)
    path.write_bytes(data)
    return path


def sparse_deb(path, size):
    """A good .deb with `size` bytes of zeros in its data, made without writing them."""
    name = _tar_head("./usr/share/zeros", size)
    padded = len(name) + size + (-size) % 512 + 1024
    control = gzip.compress(_tar("./control", CONTROL), mtime=0)
    ar_archive(path, [("debian-binary", b"2.0\n"), ("control.tar.gz", control)])
    with open(path, "ab") as out:
        out.write(_member("data.tar", padded) + name)
        out.truncate(out.tell() + padded - len(name))
    return path


def truncated(good, directory, fraction):
    data = pathlib.Path(good).read_bytes()
    path = pathlib.Path(directory, f"truncated-{fraction}-{pathlib.Path(good).name}")
    path.write_bytes(data[:int(len(data) * fraction)])
    return path


def _named_badly(directory):
    """Control fields that would leave the pool, or smuggle lines into an index."""
    traversal = {"Package": "../../evil", "Version": "1/../../evil", "Architecture": "../evil", "Source": "../../evil"}
    for field, value in traversal.items():
        yield f"traversal in {field}", a_deb(directory, "bad", fields={field: value}, check=False,
                                             file_name=f"traversal-{field.lower()}.deb")
    base = "Package: {p}\nVersion: {v}\nArchitecture: all\nMaintainer: T <t@example.org>\nDescription: d\n"
    texts = {"newline-in-version": base.format(p="bad", v="1.0\n 2.0"),
             "two-stanzas": base.format(p="bad", v="1.0") + "\n" + base.format(p="second", v="1.0"),
             "carriage-return": base.format(p="bad", v="1.0\r"), "nul-byte": base.format(p="bad\0x", v="1.0"),
             "duplicate-field": base.format(p="bad", v="1.0") + "Package: other\n", "no-version": "Package: bad\n",
             "upper-case-name": base.format(p="BAD", v="1.0"), "empty-name": base.format(p="", v="1.0"),
             "no-colon": base.format(p="bad", v="1.0") + "this is no field\n", "empty-control": ""}
    for name, text in texts.items():
        yield name, deb_with_control(directory, name, text)


def _of_no_use(directory):
    """Things that are no package files at all."""
    for suffix in ("deb", "rpm"):
        empty = pathlib.Path(directory, f"empty.{suffix}")
        empty.touch()
        yield f"empty .{suffix}", empty
        text = pathlib.Path(directory, f"text.{suffix}")
        text.write_text("This is not a package.\n" * 50)
        yield f"text as .{suffix}", text
    link = pathlib.Path(directory, "link.deb")
    link.symlink_to(a_deb(pathlib.Path(directory, "target"), "target"))
    yield "a symlink to a good package", link
    fifo = pathlib.Path(directory, "fifo.deb")
    os.mkfifo(fifo)
    yield "a fifo", fifo
    device = pathlib.Path("/dev/zero")
    yield "a device", device
    barren = pathlib.Path(directory, "barren-directory")
    barren.mkdir()
    (barren / "README").write_text("nothing here\n")
    yield "a directory without packages", barren
    yield "a file that is not there", pathlib.Path(directory, "missing.deb")
    if os.getuid() != 0:
        unreadable = a_deb(directory, "unreadable")
        unreadable.chmod(0)
        yield "an unreadable file", unreadable


def hostile_inputs(directory):
    """[(what it is, path)] of each input that must be refused, made by a child process."""
    made = subprocess.run([sys.executable, "-B", __file__, str(directory)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, check=True).stdout
    return [(what, pathlib.Path(path)) for what, path in json.loads(made)]


def _make_all(directory):
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    good_deb = a_deb(directory / "good", "good", content="some content\n" * 200)
    good_rpm = rpms(directory / "good", "good", content="some content " * 50)[0]
    yield from _of_no_use(directory)
    yield from _named_badly(directory)
    for good in (good_deb, good_rpm):
        for fraction in (0.02, 0.3, 0.6, 0.97):
            yield f"{good.name} cut at {fraction}", truncated(good, directory, fraction)
    for kind in ("gz", "xz", "zst"):
        yield f"a {kind} bomb", bomb(directory, kind)
    yield "a bomb before the control file", bomb_before_control(directory)
    yield "a control file of 20 MiB", huge_control(directory)
    yield "two control archives", two_controls(directory)
    for main in (True, False):
        for field, what in ((12, "length"), (8, "count")):
            name = f"{'main' if main else 'signature'}-header-{what}.rpm"
            yield f"RPM {name} 0x0fffffff", rpm_with_length(directory, good_rpm, name, main=main, field=field,
                                                             value=0x0FFFFFFF)
    renamed = directory / "rpm-with-another-name.rpm"
    renamed.write_bytes(good_rpm.read_bytes().replace(b"good\x00", b"../x\x00"))
    yield "an RPM whose name was changed to a traversal", renamed


if __name__ == "__main__":
    json.dump([(what, str(path)) for what, path in _make_all(sys.argv[1])], sys.stdout)

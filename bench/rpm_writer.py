# SPDX-License-Identifier: GPL-3.0-or-later
"""An .rpm of version 4 (lead, signature header, header, gzip of cpio "newc"), byte by byte: rpmbuild would cost a second for each.

Tags and their types are those of rpm's lib/rpmtag.h; the layout is that of rpm's docs/manual/format.md. Not signed."""

import hashlib
import os
import struct
import zlib

INT16, INT32, STRING, BINARY, STRINGS, TEXT = 3, 4, 6, 7, 8, 9
ALIGNMENT = {INT16: 2, INT32: 4}
SIGNATURE_REGION, HEADER_REGION = 62, 63
SENSE_AT_LEAST, SENSE_EQUAL, SENSE_RPMLIB = 0x0C, 0x08, 0x0100000A
REGULAR = 0o100000
RESERVED = 4128  # rpmbuild leaves this for a signature, so that signing need not move the rest


def _encode(kind, value):
    """(bytes, count)"""
    if kind in (INT16, INT32):
        return struct.pack(f">{len(value)}{'H' if kind == INT16 else 'I'}", *value), len(value)
    if kind == STRINGS:
        return b"".join(text.encode() + b"\0" for text in value), len(value)
    if kind == BINARY:
        return value, len(value)
    return value.encode() + b"\0", 1


def _header(tags, region):
    """Index and store; the region tag comes first in the index, what it points to last in the store."""
    entries, store = [], bytearray()
    for tag, (kind, value) in sorted(tags.items()):
        store += b"\0" * (-len(store) % ALIGNMENT.get(kind, 1))
        content, count = _encode(kind, value)
        entries.append(struct.pack(">IIII", tag, kind, len(store), count))
        store += content
    entries.insert(0, struct.pack(">IIII", region, BINARY, len(store), 16))
    store += struct.pack(">IIiI", region, BINARY, -16 * len(entries), 16)
    return struct.pack(">4sIII", b"\x8e\xad\xe8\x01", 0, len(entries), len(store)) + b"".join(entries) + bytes(store)


def _cpio_entry(number, name, mode, time, content):
    name = name.encode() + b"\0"
    head = b"070701" + b"".join(b"%08x" % field for field in (number, mode, 0, 0, 1, time, len(content), 0, 0, 0, 0, len(name), 0)) + name
    return head + b"\0" * (-len(head) % 4) + content + b"\0" * (-len(content) % 4)


def _payload(package):
    """(compressed, size before)"""
    entries = [_cpio_entry(number, f"./{each.path}", REGULAR | each.mode, package.built, each.content)
               for number, each in enumerate(package.files, 1)]
    archive = b"".join(entries) + _cpio_entry(0, "TRAILER!!!", 0, 0, b"")
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(archive) + packer.flush(), len(archive)


def _file_tags(package):
    files, count = package.files, len(package.files)
    folders = sorted({"/" + os.path.dirname(each.path) + "/" for each in files})
    number_of = {folder: number for number, folder in enumerate(folders)}
    return {1028: (INT32, [len(each.content) for each in files]), 1030: (INT16, [REGULAR | each.mode for each in files]),
            1033: (INT16, [0] * count), 1034: (INT32, [package.built] * count),
            1035: (STRINGS, [hashlib.sha256(each.content).hexdigest() for each in files]), 1036: (STRINGS, [""] * count),
            1037: (INT32, [1 if each.path.startswith("etc/") else 2 if "/doc/" in each.path else 0 for each in files]),
            1039: (STRINGS, ["root"] * count), 1040: (STRINGS, ["root"] * count), 1045: (INT32, [0xFFFFFFFF] * count),
            1095: (INT32, [1] * count), 1096: (INT32, list(range(1, count + 1))), 1097: (STRINGS, [""] * count),
            1116: (INT32, [number_of["/" + os.path.dirname(each.path) + "/"] for each in files]),
            1117: (STRINGS, [os.path.basename(each.path) for each in files]), 1118: (STRINGS, folders), 5011: (INT32, [8])}


def _dependency_tags(package, edition):
    provides = [(package.name, SENSE_EQUAL, edition)]
    if not package.portable:
        provides.append((f"{package.name}(x86-64)", SENSE_EQUAL, edition))
    requires = [(name, SENSE_AT_LEAST if version else 0, version or "") for name, version in package.depends]
    requires += [("/bin/sh", 0, ""), ("libc.so.6(GLIBC_2.34)(64bit)", 0, ""), ("rpmlib(CompressedFileNames)", SENSE_RPMLIB, "3.0.4-1"),
                 ("rpmlib(FileDigests)", SENSE_RPMLIB, "4.6.0-1"), ("rpmlib(PayloadFilesHavePrefix)", SENSE_RPMLIB, "4.0-1")]
    tags = {}
    for relations, (names, flags, versions) in ((provides, (1047, 1112, 1113)), (requires, (1049, 1048, 1050))):
        for tag, kind, column in ((names, STRINGS, 0), (flags, INT32, 1), (versions, STRINGS, 2)):
            tags[tag] = (kind, [relation[column] for relation in relations])
    return tags


def _text_tags(package, architecture, edition):
    return {100: (STRINGS, ["C"]), 1000: (STRING, package.name), 1001: (STRING, package.version), 1002: (STRING, edition.rpartition("-")[2]),
            1004: (TEXT, package.summary), 1005: (TEXT, "\n\n".join(package.paragraphs)), 1006: (INT32, [package.built]),
            1007: (STRING, "build.example.org"), 1009: (INT32, [sum(len(each.content) for each in package.files)]),
            1011: (STRING, "Example"), 1014: (STRING, package.licence), 1015: (STRING, package.changes[0][1]),
            1016: (TEXT, "System/Libraries"), 1020: (STRING, f"https://example.org/{package.name}"), 1021: (STRING, "linux"),
            1022: (STRING, architecture), 1044: (STRING, f"{package.source}-{edition}.src.rpm"), 1064: (STRING, "4.18.0"),
            1080: (INT32, [time for time, _, _ in package.changes]),
            1081: (STRINGS, [f"{author} - {edition}" for _, author, _ in package.changes]),
            1082: (STRINGS, [f"- {text}" for _, _, text in package.changes]),
            1124: (STRING, "cpio"), 1125: (STRING, "gzip"), 1126: (STRING, "6"), 1132: (STRING, "x86_64-redhat-linux-gnu")}


def rpm(package):
    """(file name, all bytes)"""
    architecture = "noarch" if package.portable else "x86_64"
    edition = f"{package.version}-{package.release}.el9"
    payload, unpacked = _payload(package)
    header = _header({**_text_tags(package, architecture, edition), **_file_tags(package), **_dependency_tags(package, edition),
                      5092: (STRINGS, [hashlib.sha256(payload).hexdigest()]), 5093: (INT32, [8])}, HEADER_REGION)
    signature = _header({269: (STRING, hashlib.sha1(header).hexdigest()), 273: (STRING, hashlib.sha256(header).hexdigest()),
                         1000: (INT32, [len(header) + len(payload)]), 1004: (BINARY, hashlib.md5(header + payload).digest()),
                         1007: (INT32, [unpacked]), 1008: (BINARY, b"\0" * RESERVED)}, SIGNATURE_REGION)
    lead = struct.pack(">4sBBHH66sHH16s", b"\xed\xab\xee\xdb", 3, 0, 0, 255 if package.portable else 1,
                       f"{package.name}-{edition}".encode()[:65], 1, 5, b"")
    return (f"{package.name}-{edition}.{architecture}.rpm",
            lead + signature + b"\0" * (-len(signature) % 8) + header + payload)

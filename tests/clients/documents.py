# SPDX-License-Identifier: GPL-3.0-or-later
"""Every --json answer and every file that FORMAT.md fixes: against the schemas, and against the page's own rules."""

import gzip
import hashlib
import json
import struct
import subprocess
import tempfile
import zlib

from json_schema import SCHEMAS, check
from packages import a_deb, a_mixed_set
from workspace import Scenario, main, sha256

CONFIG = "repositories:\n  stable: {sign: none}\n"


def canonical(value, indent=None):
    """Canonical JSON (FORMAT.md §0), by Python's own writer."""
    separators = (",", ":") if indent is None else None
    return json.dumps(value, sort_keys=True, ensure_ascii=False, indent=indent, separators=separators) + "\n"


class Documents(Scenario):
    @classmethod
    def setUpClass(cls):
        cls.packages = tempfile.TemporaryDirectory(prefix="rt-")
        cls.addClassCleanup(cls.packages.cleanup)
        cls.many = [a_deb(cls.packages.name, f"many{number:03}", compression="none") for number in range(150)]

    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)
        self.publish("stable", *a_mixed_set(self.dir / "packages"))
        self.publish("stable", *self.many)
        self.meta = self.site / "public/meta/stable"

    def part(self, reference):
        """The bytes of a manifest part, digest and size checked."""
        path = self.meta / "tree" / reference["sha256"][:2] / reference["sha256"]
        body = path.read_bytes()
        self.assertEqual((sha256(path), len(body)), (reference["sha256"], reference["size"]))
        return body

    def manifest(self):
        return json.loads((self.site / "public/gen/stable/2/MANIFEST").read_text())

    def sub_manifests(self):
        return [(name, json.loads(self.part(reference))) for name, reference in self.manifest()["formats"].items()]

    def test_answers_are_as_their_schemas_say(self):
        deb = a_deb(self.dir / "more", "more")
        check(self.publish("stable", deb), "publish-result")
        check(self.publish("stable", deb), "publish-result")
        check(self.repotool("--json", "publish", "--to", "stable", "--dry-run", deb).json, "publish-result")
        check(self.repotool("--json", "rollback", "stable").json, "publish-result")
        check(self.repotool("--json", "promote", "stable@1", "stable").json, "publish-result")
        check(self.repotool("--json", "list").json, "list-result")
        check(self.repotool("--json", "show", "stable").json, "show-result")
        check(self.repotool("--json", "verify", "stable", "--full").json, "verify-result")
        check(self.repotool("--json", "tag", "stable@1", "first").json, "tag-result")
        for command in (["freeze", "stable", "--reason", "release"], ["freeze", "stable"], ["thaw", "stable"]):
            check(self.repotool("--json", *command).json, "freeze-result")
        check(self.repotool("--json", "show", "nothing", code=2).json, "error")
        check(self.mirrorsync(self.site, self.dir / "m1", "--json").json, "mirrorsync-result")
        check(self.mirrorsync(self.site, self.dir / "m1", "--json").json, "mirrorsync-result")
        check(self.mirrorsync("plan", self.site, self.dir / "m1", "--json").json, "mirrorsync-plan-result")
        check(self.mirrorsync("status", self.site, self.dir / "m1", "--json").json, "mirrorsync-status-result")
        for command in ("resume", "abort"):
            check(self.mirrorsync(command, self.site, self.dir / "m1", "--json").json, "mirrorsync-recovery-result")
        check(self.mirrorsync("verify", self.site, self.dir / "m1", "--json").json, "mirrorsync-verify-result")
        check(self.mirrorsync("retire", self.site, self.dir / "m1", "--json").json, "mirrorsync-retire-result")
        check(self.mirrorsync(self.site, self.dir / "more" / deb.name, "--json", code=None).json, "error")
        check(self.reposign("verify", "missing", "--keyring", "missing", "--json", code=None).json, "error")

    def test_a_document_that_breaks_its_schema_is_found(self):
        good = self.repotool("--json", "list").json
        for broken in ({**good, "ok": "yes"}, {**good, "surprise": 1}, {"ok": True}):
            with self.assertRaises(AssertionError):
                check(broken, "list-result")
        self.assertTrue(list(SCHEMAS.glob("*.schema.json")))

    def test_the_manifest_and_its_parts_are_canonical_and_as_their_schemas_say(self):
        text = (self.site / "public/gen/stable/2/MANIFEST").read_text()
        check(self.manifest(), "manifest")
        self.assertEqual(text, canonical(self.manifest(), indent=1))
        self.assertEqual(self.manifest()["parent"]["sha256"], sha256(self.site / "public/gen/stable/1/MANIFEST"))
        for name, sub in self.sub_manifests():
            check(sub, "sub-manifest")
            self.assertEqual(self.part(self.manifest()["formats"][name]).decode(), canonical(sub, indent=1))
            for pointer in sub["pointers"]:
                path = self.site / "public/gen/stable/2" / pointer["path"]
                self.assertFalse(path.is_symlink())
                self.assertEqual((sha256(path), path.stat().st_size), (pointer["sha256"], pointer["size"]))

    def chunks_of(self, package_set):
        for line in self.part(package_set["chunks"]).decode().splitlines():
            digest, count, first, *sources = json.loads(line)
            self.assertEqual(line + "\n", canonical([digest, count, first, *sources]))
            path = self.meta / "tree" / digest[:2] / digest
            self.assertEqual(sha256(path), digest)
            records = [json.loads(record) for record in path.read_text().splitlines()]
            others = sorted({record["source"] for record in records if record["source"] != record["name"]})
            self.assertEqual(sources, [others] if others else [])
            yield path.read_text().splitlines(), count, first

    def test_chunks_end_where_the_page_says(self):
        for _, sub in self.sub_manifests():
            for package_set in sub["sets"]:
                chunks, keys = list(self.chunks_of(package_set)), []
                for index, (lines, count, first) in enumerate(chunks):
                    self.assertEqual(len(lines), count)
                    for number, line in enumerate(lines, 1):
                        record = json.loads(line)
                        check(record, "record")
                        self.assertEqual(line + "\n", canonical(record))
                        key = f"{record['name']}\n{record['version']}\n{record['arch']}"
                        keys.append(key.encode())
                        boundary = struct.unpack(">I", hashlib.sha256(key.encode()).digest()[:4])[0] % 64 == 0
                        ends = number == count and index + 1 < len(chunks)
                        self.assertEqual(ends, (boundary or number == 512) and not
                                         (number == count and index + 1 == len(chunks)), key)
                        if number == 1:
                            self.assertEqual(first, key)
                self.assertEqual(keys, sorted(set(keys)))
                self.assertEqual(len(keys), package_set["packages"])

    def test_indexes_are_their_frames_joined(self):
        for name, sub in self.sub_manifests():
            for package_set in sub["sets"]:
                table = json.loads(self.part(package_set["frames"]))
                check(table, "frame-table")
                for index in table["indexes"]:
                    for compression, lengths in index["frames"].items():
                        stored = next(entry for entry in package_set["indexes"]
                                      if (entry["name"], entry["compression"]) == (index["name"], compression))
                        self.check_frames(self.stored(name, package_set, stored), index["text"], lengths, compression)

    def stored(self, name, package_set, entry):
        """The bytes of one stored index, digest and size checked."""
        if name == "deb":
            path = self.meta / "dists" / package_set["dist"] / package_set["component"] / \
                f"binary-{package_set['architecture']}/by-hash/SHA256/{entry['sha256']}"
        else:
            path = self.meta / "rpm" / package_set["dist"] / package_set["architecture"] / \
                f"repodata/{entry['sha256']}-{entry['name']}.xml.{entry['compression']}"
        self.assertEqual((sha256(path), path.stat().st_size), (entry["sha256"], entry["size"]))
        return path.read_bytes()

    def check_frames(self, body, texts, lengths, compression):
        self.assertEqual(sum(lengths), len(body))
        position = 0
        for text, length in zip(texts, lengths, strict=True):
            frame = body[position:position + length]
            position += length
            if not frame:
                self.assertEqual(text, 0)
                continue
            if compression == "gz":
                self.assertEqual(frame[:10], b"\x1f\x8b\x08\x00\0\0\0\0" + frame[8:10], "no name, time 0")
            plain = gzip.decompress(frame) if compression == "gz" else subprocess.run(
                ["zstd", "-dc"], input=frame, stdout=subprocess.PIPE, check=True).stdout
            self.assertEqual(len(plain), text)

    def test_the_history_is_chained_and_as_its_schema_says(self):
        previous = ""
        lines = (self.site / "private/history/stable/000001.log").read_bytes().split(b"\n")
        self.assertEqual(lines.pop(), b"")
        for number, line in enumerate(lines, 1):
            crc, body = line.split(b" ", 1)
            self.assertEqual(f"{zlib.crc32(body):08x}".encode(), crc)
            record = json.loads(body)
            check(record, "history-record")
            self.assertEqual(body.decode() + "\n", canonical(record))
            self.assertEqual((record["seq"], record["prev"], record["generation"]), (number, previous, number))
            self.assertEqual(record["manifest"], sha256(self.site / f"public/gen/stable/{number}/MANIFEST"))
            previous = hashlib.sha256(line).hexdigest()

    def test_files_of_a_generation_have_its_date(self):
        for number in (1, 2):
            manifest = json.loads((self.site / f"public/gen/stable/{number}/MANIFEST").read_text())
            for path in (self.site / f"public/gen/stable/{number}").rglob("*"):
                if path.is_file() and not path.is_symlink():
                    stamp = subprocess.run(["date", "-u", "-d", f"@{int(path.stat().st_mtime)}", "+%Y-%m-%dT%H:%M:%SZ"],
                                           stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
                    self.assertEqual(stamp, manifest["date"], path)


if __name__ == "__main__":
    main()

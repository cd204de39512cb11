# SPDX-License-Identifier: GPL-3.0-or-later
"""Attacks on a fleet by whoever holds the tree that mirrorsync reads, or a mirror's disk: each is refused with its own message, and no
mirror changes. Named as TUF names them.

Elsewhere: a mirror that goes back (mirror.py, unit sync/refusal_test.cpp), wrong bytes (mirror.py), Valid-Until that is over: freeze
(fleet_preflight.py), servers that lie about what they serve (fleet_http.py) or are silent (unit net), agents that are silent (fleet_ssh.py)."""

import hashlib
import json
import os
import re
import shutil
import subprocess

from keys import GnuPG, generate_key, signing_config
from small_deb import small_deb
from workspace import Scenario, content_state, main

LIMIT = 20  # seconds, far from what copying a tebibyte takes


class Attacks(Scenario):
    sign = "stable-key"

    def setUp(self):
        super().setUp()
        self.key = generate_key(self, site=self.site)
        self.write_config(signing_config({"stable": f"sign: {self.sign}"}, {"stable-key": f'fingerprint: "{self.key}"'}))
        self.keyring = self.dir / "keyring.asc"
        self.keyring.write_text(self.reposign("keys", "export", "--site", self.site, "--key", self.key).out)
        self.mirrors = [self.dir / "one", self.dir / "two"]
        self.publish("stable", small_deb(self.dir / "p", "hello"))
        self.sync(self.site)
        self.publish("stable", small_deb(self.dir / "p", "more"))
        self.evil = self.dir / "evil"
        subprocess.run(["cp", "-a", self.site, self.evil], check=True)
        self.public = self.evil / "public"
        self.generation = self.public / "gen/stable/2"

    def sync(self, source, code=0):
        file = self.dir / "mirrors.yaml"
        document = {"format": 1, "source": str(source), "retries": 0, "mirrors": [
            {"name": mirror.name, "target": str(mirror)} for mirror in self.mirrors]}
        if self.sign != "none":
            document["keyring"] = str(self.keyring)
        file.write_text(json.dumps(document))
        for mirror in self.mirrors:
            mirror.mkdir(exist_ok=True)
        return self.mirrorsync("--config", file, "--json", code=code)

    def served(self):
        return [content_state(mirror, skip=(".mirrorsync", "project")) for mirror in self.mirrors]

    def refused(self, *words, code=9):
        before = self.served()
        result = self.sync(self.evil, code=code)
        self.assertLess(result.seconds, LIMIT, result)
        for word in words:
            self.assertIn(word, result.json["error"]["message"] + result.json["error"]["object"])
        for mirror, old, new in zip(self.mirrors, before, self.served()):
            self.assert_same_state(old, new, mirror.name)
        # What was refused leaves nothing behind that would keep the honest site out.
        self.sync(self.site)
        self.assertEqual([os.readlink(mirror / "stable") for mirror in self.mirrors], ["gen/stable/2"] * 2)
        return result

    def writable(self, path):
        """A file of the evil tree alone."""
        copy = path.with_name("copy")
        shutil.copy2(path, copy)
        copy.rename(path)
        path.chmod(0o644)
        return path

    def forge(self, path, edit):
        """Changes a file of the manifest tree, and each file that names it up to MANIFEST, so that all digests fit again."""
        before = path.read_bytes()
        after = edit(before.decode()).encode()
        self.assertNotEqual(before, after)
        old, new = (hashlib.sha256(data).hexdigest() for data in (before, after))
        target = self.public / f"meta/stable/tree/{new[:2]}/{new}"
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(after)

        def renamed(text):
            sized = re.sub(rf'("sha256": ?"){old}(",\s*"size": ?)\d+', rf"\g<1>{new}\g<2>{len(after)}", text)
            return sized.replace(old, new)
        manifest = self.generation / "MANIFEST"
        for parent in [file for file in (self.public / "meta/stable/tree").rglob("*") if file.is_file() and old in file.read_text()]:
            self.forge(parent, renamed)
        if old in manifest.read_text():
            self.writable(manifest).write_text(renamed(manifest.read_text()))

    def tree_file(self, words):
        """The file of the manifest tree that has these words and that generation 2 alone has."""
        found = [file for file in (self.public / "meta/stable/tree").rglob("*") if file.is_file() and words in file.read_text()]
        return max(found, key=lambda file: (file.stat().st_mtime_ns, file.stat().st_size))


class WithKeys(Attacks):
    def test_arbitrary_software_signed_by_somebody_else(self):
        other = GnuPG(self, self.dir / "other")
        asc = self.writable(self.generation / "MANIFEST.asc")
        asc.write_bytes(other.run("--armor", "--local-user", other.key("other"), "--detach-sign", "--output", "-", self.generation / "MANIFEST"))
        self.refused("MANIFEST", "signed by unknown key")

    def test_arbitrary_software_that_nobody_signed(self):
        (self.generation / "MANIFEST.asc").unlink()
        self.refused("MANIFEST", "it is not signed")

    def test_a_manifest_that_was_changed_after_it_was_signed(self):
        manifest = self.writable(self.generation / "MANIFEST")
        manifest.write_text(manifest.read_text().replace('"epoch": 1', '"epoch": 2'))
        self.refused("MANIFEST", "does not match")

    def test_mix_and_match_of_files_that_are_all_signed(self):
        release = self.generation / "dists/bookworm/InRelease"
        shutil.copy2(self.public / "gen/stable/1/dists/bookworm/InRelease", self.writable(release))
        self.refused("InRelease", "expected digest")

    def test_fast_forward_to_a_number_that_nobody_could_pass(self):
        self.generation.rename(self.public / "gen/stable/4000000000")
        (self.public / "stable").unlink()
        (self.public / "stable").symlink_to("gen/stable/4000000000")
        self.refused("4000000000", "it is the manifest of stable@2")

    def test_rollback_of_a_repository_that_was_deleted_from_the_mirror(self):
        self.sync(self.site)
        for mirror in self.mirrors:
            for name in ("stable", "gen", "meta", "pool"):
                subprocess.run(["rm", "-rf", mirror / name], check=True)
        (self.public / "stable").unlink()
        (self.public / "stable").symlink_to("gen/stable/1")
        self.refused("never go back")

    def test_endless_data_in_the_place_of_a_package(self):
        package = self.writable(next(self.public.rglob("more*.deb")))
        os.truncate(package, 1 << 40)
        self.refused(package.name, "found 1099511627776")

    def test_endless_data_in_the_place_of_the_manifest(self):
        os.truncate(self.writable(self.generation / "MANIFEST"), 1 << 40)
        self.refused("MANIFEST", "more than the limit")

    def test_a_pipe_in_the_place_of_a_package(self):
        package = next(self.public.rglob("more*.deb"))
        package.unlink()
        os.mkfifo(package)  # who opens it for reading waits for ever
        self.refused(package.name, "found 0")

    def test_a_symlink_in_the_source_tells_nothing_of_other_files(self):
        secret = self.dir / "secret"
        package = next(self.public.rglob("more*.deb"))
        package.rename(secret)  # even with the right bytes
        package.symlink_to(secret)
        self.refused(package.name, "it is a symbolic link")


class WithoutKeys(Attacks):
    """Whoever signs nothing has nobody to ask: but what a manifest says stays inside the mirror's root."""

    sign = "none"

    def outside(self):
        return sorted(path.name for path in self.dir.iterdir())

    def refused_inside(self, *words, code=9):
        self.dir.joinpath("mirrors.yaml").touch()
        before = self.outside()
        self.refused(*words, code=code)
        self.assertEqual(before, self.outside())

    def test_a_package_path_that_climbs_out(self):
        path = re.search(r'"path":"([^"]*more[^"]*)"', self.tree_file('"name":"more"').read_text())[1]
        self.forge(self.tree_file('"name":"more"'), lambda text: text.replace(path, "../../../../escaped"))
        self.refused_inside("'more' has a path or digest that we never write")

    def test_a_pointer_path_that_climbs_out(self):
        self.forge(self.tree_file('"pointers"'), lambda text: text.replace('"dists/bookworm/Release"', '"../../../../escaped"'))
        self.refused_inside("pointer file '../../../../escaped' is not allowed")

    def test_a_symlink_that_the_manifest_asks_for_is_not_made(self):
        self.forge(self.tree_file('"pointers"'), lambda text: re.sub(r'"links": ?\[', '"links": [{"path": "way", "target": "/"}', text, count=1))
        self.sync(self.evil)
        for mirror in self.mirrors:
            self.assertEqual(list(mirror.rglob("way")), [])
            for link in mirror.rglob("*"):
                if link.is_symlink():
                    self.assertTrue(link.resolve().is_relative_to(mirror.resolve()), link)

    def test_a_symlink_that_was_planted_on_the_mirror(self):
        (self.dir / "away").mkdir()
        for name in ("pool/stable", "gen/stable", "meta/stable"):
            with self.subTest(name):
                planted = self.mirrors[1] / name
                kept = planted.with_name("kept")
                planted.rename(kept)
                planted.symlink_to(self.dir / "away")
                result = self.sync(self.site, code=None)
                self.assertNotEqual(result.code, 0)
                self.assertIn("two", result.json["error"]["message"] + json.dumps(result.json["mirrors"]))
                self.assertEqual(list((self.dir / "away").iterdir()), [])
                self.assertEqual(os.readlink(self.mirrors[0] / "stable"), "gen/stable/1")
                planted.unlink()
                kept.rename(planted)
        self.sync(self.site)


if __name__ == "__main__":
    main()

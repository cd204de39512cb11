# SPDX-License-Identifier: GPL-3.0-or-later
"""mirrorsync moves all mirrors to the same generation, or none."""

import os
import subprocess

from clients import Apt, Dnf
from packages import a_deb, a_mixed_set, rpms
from reader import read_everything
from web import Nginx
from workspace import Scenario, content_state, exact_state, main, sha256

CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64]}
repositories:
  "*": {sign: none, rules: {replace: false}}
  "*/*": {sign: none}
"""
PRIVATE_TO_A_MIRROR = (".mirrorsync", "status", "project")


class Mirror(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)
        self.publish("stable", *a_mixed_set(self.dir / "packages"))
        self.mirrors = [self.dir / "mirror1", self.dir / "mirror2"]

    def sync(self, *targets, **options):
        return self.mirrorsync("--transactional", self.site, *(targets or self.mirrors), "--json", **options)

    def served(self, tree):
        """What clients can get; the mode of a file says only where it came from."""
        return {name: value[:1] + value[2:] if value[0] == "file" else value
                for name, value in content_state(tree, skip=PRIVATE_TO_A_MIRROR).items() if name != "keys"}

    def test_both_mirrors_carry_the_site_and_clients_install_from_each(self):
        answer = self.sync().json
        self.assertTrue(answer["ok"], answer)
        self.assertEqual(answer["transaction"], sha256(self.site / "public/gen/stable/1/MANIFEST"))
        self.assertEqual(len(answer["mirrors"]), 2)
        for mirror in answer["mirrors"]:
            self.assertFalse(mirror["error"], mirror)
            self.assertGreater(mirror["bytes_sent"], 0)
            self.assertGreater(mirror["files_sent"], 0)
            self.assertTrue(mirror["flipped_at"])
        self.assertIsInstance(answer["flip_skew_ms"], int)
        expected = {name: value for name, value in self.served(self.site / "public").items()
                    if not name.endswith("/mirrorlist")}
        for number, mirror in enumerate(self.mirrors):
            got = {name: value for name, value in self.served(mirror).items() if not name.endswith("/mirrorlist")}
            self.assert_same_state(expected, got, "the mirror, against the site,")
            self.assertEqual((mirror / ".mirrorsync").stat().st_mode & 0o777, 0o700)
            server = Nginx(self.dir / f"nginx{number}", mirror)
            self.addCleanup(server.stop)
            apt = Apt(self.dir / f"apt{number}", f"deb [trusted=yes] {server.url}/stable bookworm main")
            apt.update()
            self.assertEqual(len(apt.download("alpha")), 2)
            dnf = Dnf(self.dir / f"dnf{number}", baseurl=f"{server.url}/stable/rpm/el9/x86_64/")
            self.assertEqual(len(dnf.download("delta")), 2)

    def test_a_second_run_changes_nothing(self):
        self.sync()
        before = [exact_state(mirror) for mirror in self.mirrors]
        answer = self.sync().json
        self.assertTrue(answer["ok"])
        for mirror, state, entry in zip(self.mirrors, before, answer["mirrors"]):
            after = {name: value for name, value in exact_state(mirror).items() if not name.startswith(".mirrorsync")}
            state = {name: value for name, value in state.items() if not name.startswith(".mirrorsync")}
            self.assert_same_state(state, after, f"{mirror.name}")
            self.assertEqual(entry["bytes_sent"], 0)

    def test_only_what_is_new_is_sent(self):
        self.sync()
        first = self.sync().json
        self.publish("stable", new := a_deb(self.dir / "more", "more", content="x" * 5000 + "\n"))
        answer = self.sync().json
        for mirror in answer["mirrors"]:
            self.assertLess(mirror["bytes_sent"], new.stat().st_size + 60000)
        for mirror in self.mirrors:
            self.assertEqual(read_everything(mirror, "stable"), read_everything(self.site / "public", "stable"))
        self.assertNotEqual(first["transaction"], answer["transaction"])
        self.assertEqual(answer["generation"], 2)

    def unusable_targets(self):
        """Targets on which staging cannot work, one per reason."""
        plain_file = self.dir / "a-file"
        plain_file.write_text("not a directory\n")
        yield "a file", plain_file
        if os.getuid() != 0:
            locked = self.dir / "locked"
            locked.mkdir(mode=0o500)
            yield "a directory without permission", locked
            return
        small = self.dir / "small"
        small.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], check=False,
                                 stdin=subprocess.DEVNULL, capture_output=True)
        if mounted.returncode == 0:
            self.addCleanup(subprocess.run, ["umount", small], check=False)
            yield "a disk that is too small", small

    def test_one_failing_mirror_leaves_all_as_they_were(self):
        self.sync()
        self.publish("stable", *rpms(self.dir / "more", "more", content="y" * 200000))
        big = a_deb(self.dir / "more", "big", content=os.urandom(150000).hex() + "\n")
        self.publish("stable", big)
        before = [self.served(mirror) for mirror in self.mirrors]
        for reason, target in self.unusable_targets():
            with self.subTest(reason):
                result = self.sync(*self.mirrors, target, code=None)
                self.assertIn(result.code, (2, 7, 8), result)
                self.assertIn(target.name, result.err + result.out)
                self.assertFalse(result.json["ok"])
                for mirror, state in zip(self.mirrors, before):
                    self.assertEqual(os.readlink(mirror / "stable"), "gen/stable/1")
                    names = {name: value for name, value in self.served(mirror).items() if name in state}
                    self.assert_same_state({name: value for name, value in state.items() if value[0] != "directory"},
                                           {name: value for name, value in names.items() if value[0] != "directory"},
                                           mirror.name)
        self.sync()
        for mirror in self.mirrors:
            self.assertEqual(read_everything(mirror, "stable"), read_everything(self.site / "public", "stable"))

    def test_a_mirror_refuses_an_older_generation(self):
        old = self.dir / "old-site"
        subprocess.run(["cp", "-a", self.site, old], check=True)
        self.publish("stable", a_deb(self.dir / "more", "more"))
        self.sync()
        before = self.served(self.mirrors[0])
        result = self.mirrorsync("--transactional", old, *self.mirrors, "--json", code=None)
        self.assertIn(result.code, (6, 8, 9), result)
        self.assert_same_state(before, self.served(self.mirrors[0]), "the mirror")

    def test_damage_in_the_source_is_not_passed_on(self):
        self.sync()
        self.publish("stable", a_deb(self.dir / "more", "more"))
        damaged = next((self.site / "public/pool/stable").rglob("more*.deb"))
        data = bytearray(damaged.read_bytes())
        data[-1] ^= 1
        damaged.unlink()
        damaged.write_bytes(data)
        result = self.sync(code=9)
        self.assertIn(damaged.name, result.err + result.out)
        for mirror in self.mirrors:
            self.assertEqual(os.readlink(mirror / "stable"), "gen/stable/1")
            self.assertEqual(len(read_everything(mirror, "stable")), 6)

    def test_every_repository_of_the_site_is_carried(self):
        self.publish("7.0/updates", a_deb(self.dir / "more", "more"))
        self.sync()
        for mirror in self.mirrors:
            for repository in ("stable", "7.0/updates"):
                self.assertEqual(read_everything(mirror, repository), read_everything(self.site / "public", repository))


if __name__ == "__main__":
    main()

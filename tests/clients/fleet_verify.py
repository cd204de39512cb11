# SPDX-License-Identifier: GPL-3.0-or-later
"""mirrorsync verify: whatever is wrong with what a mirror serves is found on the mirror, and named."""

import json
import shutil

from json_schema import check
from keys import GnuPG, generate_key, signing_config
from local_agent import local_agent
from packages import a_mixed_set
from small_deb import small_deb
from web import Nginx
from workspace import Scenario, exact_state, main

STALE_INDEXES = "server {{ listen 127.0.0.1:{port}; root {root}; location ~ by-hash {{ return 200 'an old index'; }} }}"


class FleetVerify(Scenario):
    def setUp(self):
        super().setUp()
        self.site.mkdir()
        (self.site / "repotool.yaml").write_text("format: 1\n")
        fingerprint = generate_key(self, site=self.site)
        self.write_config(signing_config({"*": "sign: stable-key"}, {"stable-key": f'fingerprint: "{fingerprint}"'}))
        self.publish("stable", *a_mixed_set(self.dir / "packages"))
        self.here, self.there = self.dir / "here", self.dir / "there"
        self.there.mkdir()
        self.agent = local_agent(self.dir)
        self.write_mirrors()
        self.mirrorsync(self.site)

    def write_mirrors(self, here=None, there=None, **fleet):
        mirrors = [{"name": "here", "target": str(self.here), **(here or {})},
                   {"name": "there", "target": f"ssh://mirror@mirror.example{self.there}", "ssh": self.agent, **(there or {})}]
        keyring = str(next((self.site / "public/keys").glob("*.asc")))
        document = {"retries": 0, "lock_timeout": "1s", "keyring": keyring, "mirrors": mirrors, **fleet}
        (self.site / "mirrors.yaml").write_text(json.dumps(document))

    def verify(self, *words, code=0):
        result = self.mirrorsync("verify", *words, "--json", "--site", self.site, code=code)
        check(result.json, "mirrorsync-verify-result")
        self.assertEqual(result.json["ok"], code == 0)
        return {mirror["name"]: mirror for mirror in result.json["repositories"][0]["mirrors"]}

    def test_a_sound_fleet_is_read_to_the_last_byte_and_not_written_to(self):
        before = [exact_state(tree) for tree in (self.here, self.there)]
        for mirror in self.verify().values():
            self.assertEqual((mirror["state"], mirror["damage"], mirror["generation"]), ("sound", [], 1))
            self.assertTrue(mirror["read"] and mirror["signature_checked"])
            pool = sum(path.stat().st_size for path in (self.here / "pool").rglob("*") if path.is_file())
            self.assertGreater(mirror["bytes"], pool)
        for tree, state in zip((self.here, self.there), before):
            self.assert_same_state(state, exact_state(tree), tree.name)
        text = self.mirrorsync("verify", "there", "--site", self.site).out
        self.assertRegex(text, r"^there: stable@1 is sound \(\d+ files read, .*signature checked\)\n$")

    def test_every_kind_of_damage_is_found_and_named(self):
        generation = self.there / "gen/stable/1"
        spoiled = [next((self.there / "pool").rglob("*.deb")), next((self.there / "pool").rglob("*.rpm")),
                   next(path for path in (self.there / "meta/stable/dists").rglob("*") if path.is_file() and path.stat().st_size),
                   next((self.there / "meta/stable/rpm").rglob("*-primary.xml*")),
                   next(path for path in (self.there / "meta/stable/tree").rglob("*") if path.is_file()),
                   generation / "MANIFEST", generation / "MANIFEST.asc", generation / "dists/bookworm/InRelease",
                   next((generation / "pin").rglob("repomd.xml"))]
        for path in spoiled:
            with self.subTest(path=path.name):
                good = path.read_bytes()
                middle = len(good) // 2
                path.write_bytes(good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1:])
                self.assert_found(path)
                path.write_bytes(good)
        for path in (spoiled[0], spoiled[2], generation / "MANIFEST"):
            path.rename(self.dir / "taken")
            self.assert_found(path)
            (self.dir / "taken").rename(path)
        link = generation / "pool"
        for target in ("../../../pool", None):
            link.unlink()
            if target:
                link.symlink_to(target)
            self.assert_found(link)
        link.symlink_to("../../../pool/stable")
        self.assertEqual(self.verify()["there"]["state"], "sound")

    def assert_found(self, path):
        mirrors = self.verify(code=9)
        self.assertEqual(mirrors["here"]["state"], "sound")
        self.assertEqual(mirrors["there"]["state"], "damaged")
        self.assertIn(str(path.relative_to(self.there)), json.dumps(mirrors["there"]["damage"]))

    def test_what_is_deleted_as_the_hint_says_is_brought_again(self):
        package = next((self.there / "pool").rglob("*.rpm"))
        package.write_bytes(b"rot")
        hint = self.mirrorsync("verify", "--site", self.site, code=9).err
        self.assertIn("symlink 'stable'", hint)
        package.unlink()
        (self.there / "stable").unlink()
        self.mirrorsync(self.site)
        self.assertEqual(self.verify()["there"]["state"], "sound")

    def test_a_generation_that_another_key_signed_is_damage(self):
        gpg = GnuPG(self, self.dir / "gnupg")
        ring = self.dir / "ring.asc"
        ring.write_bytes(gpg.run("--armor", "--export", gpg.key("other")))
        mirrors = self.verify("--keyring", str(ring), code=9)
        for mirror in mirrors.values():
            self.assertIn("MANIFEST.asc", mirror["damage"][0]["path"])

    def test_an_agent_that_says_all_is_well_is_not_believed_about_what_it_serves(self):
        self.agent = local_agent(self.dir, lies={"damaged": 0, "damage": [], "manifest": "{}\n"})
        self.write_mirrors()
        mirrors = self.verify(code=9)
        self.assertIn("as the source has it", mirrors["there"]["damage"][0]["problem"])

    def test_a_mirror_that_is_away_or_empty_is_exit_8(self):
        self.publish("stable", small_deb(self.dir / "packages", "more"))
        shutil.rmtree(self.there)
        mirrors = self.verify(code=8)
        self.assertEqual([mirror["state"] for mirror in mirrors.values()], ["sound", "unreachable"])
        self.assertEqual(mirrors["here"]["generation"], 1, "behind, and sound")
        self.there.mkdir()
        mirrors = self.verify(code=8)
        self.assertEqual([mirror["state"] for mirror in mirrors.values()], ["sound", "missing"])
        self.assertEqual(list(self.verify("here")), ["here"])
        self.assertEqual(list(self.there.iterdir()), [])

    def test_a_server_that_gives_something_else_is_exit_8_and_named(self):
        server = Nginx(self.dir / "nginx", self.here, server=STALE_INDEXES)
        self.addCleanup(server.stop)
        self.write_mirrors(here={"check": server.url})
        mirrors = self.verify(code=8)
        self.assertEqual([mirror["state"] for mirror in mirrors.values()], ["unserved", "sound"])
        self.assertIn(f"{server.url}/gen/stable/1/dists/bookworm", mirrors["here"]["error"])


if __name__ == "__main__":
    main()

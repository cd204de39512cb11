# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory that other people's tools made is mirrored as one: all of it or nothing, with hard links for what stays."""

import json
import os
import shutil
import subprocess
import time

from clients import Apt
from json_schema import check
from local_agent import local_agent
from small_deb import small_deb
from web import Nginx
from workspace import Scenario, content_state, exact_state, main

OURS = ("MANIFEST", "LINKS")


class PlainTree(Scenario):
    def setUp(self):
        super().setUp()
        self.tree = self.dir / "debian"
        self.here, self.there = self.dir / "here", self.dir / "there"
        self.there.mkdir()
        self.config = self.dir / "mirrors.yaml"
        self.write_mirrors()

    def write_mirrors(self, **there):
        mirrors = [{"name": "here", "target": str(self.here)},
                   {"name": "there", "target": f"ssh://mirror@mirror.example{self.there}", "ssh": local_agent(self.dir), **there}]
        self.config.write_text(json.dumps({"source": str(self.tree), "retries": 0, "keep_generations": 2,
                                           "grace": {"metadata": "0s", "packages": "0s"}, "mirrors": mirrors}))

    def index(self):
        """What apt-ftparchive says of the tree, as a flat repository."""
        text = subprocess.run(["apt-ftparchive", "packages", "pool"], cwd=self.tree, check=True, capture_output=True).stdout
        (self.tree / "Packages").write_bytes(text)

    def make_tree(self):
        small_deb(self.tree / "pool/h", "hello")
        small_deb(self.tree / "pool/odd", "odd", "1.0~a+b").rename(self.tree / "pool/odd/ödd name [1] %20.deb")
        (self.tree / "empty/deeper").mkdir(parents=True)
        (self.tree / "nothing").touch()
        (self.tree / "latest").symlink_to("pool/h")
        (self.tree / "pool/h/up").symlink_to("../odd")
        self.index()

    def sync(self, *options, code=0):
        answer = self.mirrorsync("--config", self.config, "--json", *options, code=code).json
        return answer

    def served(self, root):
        """Names and contents; modes are the mirror's own."""
        state = content_state(root)
        return {name: value[:1] + value[3 if value[0] == "directory" else 2:] if value[0] != "link" else value
                for name, value in state.items() if name not in OURS}

    def assert_both_carry(self, expected, name="debian"):
        for mirror in (self.here, self.there):
            self.assert_same_state(expected, self.served(os.path.realpath(mirror / name)), f"{mirror.name}, against the tree,")

    def test_apt_reads_a_mirror_of_other_peoples_tree_and_what_changed_alone_is_brought(self):
        self.make_tree()
        server = Nginx(self.dir / "nginx", self.there)
        self.addCleanup(server.stop)
        self.write_mirrors(check=server.url)
        check(self.sync(), "mirrorsync-result")
        self.assertIn((200, "/gen/debian/" + os.path.basename(os.readlink(self.there / "debian")) + "/nothing"),
                      [(status, path) for status, path in server.requests()])
        first = self.served(self.tree)
        self.assert_both_carry(first)
        apt = Apt(self.dir / "apt", f"deb [trusted=yes] {server.url}/debian ./")
        apt.update()
        self.assertEqual(len(apt.download("hello")), 1)
        self.assert_nothing_happens()

        old = {mirror: os.path.realpath(mirror / "debian") for mirror in (self.here, self.there)}
        new = small_deb(self.tree / "pool/n", "new", content=os.urandom(50000))
        (self.tree / "nothing").unlink()
        time.sleep(1.1)  # apt asks for what is newer than its copy, in seconds
        (self.tree / "latest").unlink()
        (self.tree / "latest").symlink_to("pool/n")
        self.index()
        answer = self.sync()
        self.assert_both_carry(self.served(self.tree))
        for mirror in answer["mirrors"]:
            self.assertLess(mirror["bytes_sent"], new.stat().st_size + 10000)
        for mirror, before in old.items():
            self.assert_same_state(first, self.served(before), "the generation before")
            kept = "pool/h/hello_1.0-1_amd64.deb"
            self.assertEqual(os.stat(f"{before}/{kept}").st_ino, os.stat(mirror / "debian" / kept).st_ino)
        apt.update()
        self.assertEqual(len(apt.download("new")), 2, "with the one from before")
        self.verify_finds_damage()

    def assert_nothing_happens(self):
        before = [exact_state(mirror / "gen") for mirror in (self.here, self.there)]
        self.assertEqual([mirror["state"] for mirror in self.sync()["mirrors"]], ["unchanged", "unchanged"])
        for mirror, state in zip((self.here, self.there), before):
            self.assert_same_state(state, exact_state(mirror / "gen"), mirror.name)

    def verify_finds_damage(self):
        check(self.mirrorsync("verify", "--config", self.config, "--json").json, "mirrorsync-verify-result")
        spoiled = self.there / "debian/pool/h/hello_1.0-1_amd64.deb"
        good = spoiled.read_bytes()
        spoiled.unlink()
        spoiled.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        found = self.mirrorsync("verify", "--config", self.config, "there", code=9).out
        self.assertIn("pool/h/hello_1.0-1_amd64.deb", found)

    def test_old_generations_and_what_only_they_had_leave_the_mirrors(self):
        self.make_tree()
        for number in range(4):
            (self.tree / "changing").write_text(f"{number}\n" * 1000)
            self.sync()
        self.mirrorsync("retire", "--config", self.config)
        self.mirrorsync("retire", "--config", self.config)
        for mirror in (self.here, self.there):
            self.assertEqual(len(list((mirror / "gen/debian").iterdir())), 2)
            changing = {path for path in (mirror / "pool").rglob("*") if path.is_file() and path.stat().st_size == 2000}
            self.assertEqual(len(changing), 2)
        self.assert_both_carry(self.served(self.tree))

    def test_a_lost_working_directory_is_made_again(self):
        self.make_tree()
        self.sync()
        shutil.rmtree(self.dir / "home/.local")
        time.sleep(1.1)  # numbers are seconds
        (self.tree / "more").write_text("more\n")
        self.sync()
        self.assert_both_carry(self.served(self.tree))

    def test_what_leads_out_of_the_tree_is_mirrored_nowhere(self):
        self.make_tree()
        outside = self.dir / "secret"
        outside.write_text("secret\n")
        for target in (str(outside), "../../../../secret", "pool/../../secret"):
            (self.tree / "link").symlink_to(target)
            answer = self.sync(code=3)
            self.assertIn("link", answer["error"]["object"])
            (self.tree / "link").unlink()
        os.mkfifo(self.tree / "pipe")
        self.sync(code=3)
        for mirror in (self.here, self.there):
            self.assertFalse((mirror / "debian").exists())

    def test_a_tree_without_anything_or_without_a_name_is_exit_2(self):
        self.tree.mkdir()
        self.assertIn("empty", self.sync(code=2)["error"]["message"])
        self.make_tree()
        self.tree.rename(self.dir / "pool")
        result = self.mirrorsync(self.dir / "pool", self.here, code=2)
        self.assertIn("--repository", result.err)
        self.mirrorsync("--repository", "other/debian", self.dir / "pool", self.here)
        self.assertEqual((self.here / "other/debian/nothing").read_text(), "")
        self.mirrorsync("--repository", "x", self.dir / "pool", "rsync://host/module", code=2)

    def test_plan_tells_what_a_tree_would_cost(self):
        self.make_tree()
        self.sync()
        (self.tree / "more").write_text("m" * 100000)
        mirrors = self.mirrorsync("plan", "--config", self.config, "--json").json["repositories"][0]["mirrors"]
        for mirror in mirrors:
            self.assertEqual((mirror["state"], mirror["packages"]), ("behind", 1))
            self.assertGreater(mirror["bytes"], 100000)
        self.assertFalse((self.here / "debian/more").exists())


if __name__ == "__main__":
    main()

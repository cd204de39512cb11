# SPDX-License-Identifier: GPL-3.0-or-later
"""Mirrors are looked at through their own web servers: what clients could not read never flips."""

import json
import os
import shutil

from local_agent import local_agent
from packages import a_deb, a_mixed_set, rpms
from reader import read_everything
from web import Nginx
from workspace import Scenario, content_state, free_port, main, sha256

CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64]}
repositories:
  "*": {sign: none}
"""
ERROR_PAGE = "server {{ listen 127.0.0.1:{port}; root {root}; location / {{ return 200 '<html>not here, come back later</html>'; }} }}"
NO_SYMLINKS = "server {{ listen 127.0.0.1:{port}; root {root}; disable_symlinks on; }}"
FORBIDDEN_PACKAGES = "server {{ listen 127.0.0.1:{port}; root {root}; location ~ \\.rpm$ {{ deny all; }} }}"
LONG_PACKAGES = "server {{ listen 127.0.0.1:{port}; root {root}; location ~ \\.deb$ {{ return 200 'a page'; }} }}"
STALE_INDEXES = "server {{ listen 127.0.0.1:{port}; root {root}; location ~ by-hash {{ return 200 'an old index'; }} }}"
REDIRECTING = "server {{ listen 127.0.0.1:{port}; root {root}; location / {{ return 302 http://localhost:9$request_uri; }} }}"
STALE_NAME = """server {{ listen 127.0.0.1:{port}; root {root};
  location = /stable/MANIFEST {{ return 200 'what a cache kept'; }} }}"""


class FleetHttp(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)
        self.publish("stable", *a_mixed_set(self.dir / "packages"))
        self.mirrors = [self.dir / "mirror0", self.dir / "mirror1"]
        self.ports = [free_port(), free_port()]
        self.servers = [self.serve(number) for number in (0, 1)]
        self.sync()
        self.publish("stable", a_deb(self.dir / "more", "more"), *rpms(self.dir / "more", "more"))

    def serve(self, number, **options):
        self.mirrors[number].mkdir(exist_ok=True)
        options.setdefault("root", self.mirrors[number])
        server = Nginx(self.dir / f"nginx{number}-{len(list(self.dir.glob('nginx*')))}", port=self.ports[number], **options)
        self.addCleanup(server.stop)
        return server

    def sync(self, *options, code=0, **settings):
        mirrors = [{"name": f"m{number}", "target": str(mirror), "url": f"http://127.0.0.1:{port}", **settings.get(f"m{number}", {})}
                   for number, (mirror, port) in enumerate(zip(self.mirrors, self.ports))]
        file = self.dir / "mirrors.yaml"
        file.write_text(json.dumps({"format": 1, "source": str(self.site), "retries": 0, "mirrors": mirrors}))
        return self.mirrorsync("--config", file, "--json", *options, code=code)

    def served(self):
        return [content_state(mirror, skip=(".mirrorsync", "status", "project", ".not-ready")) for mirror in self.mirrors]

    def refused_behind(self, expected_path, reason, **server):
        """The second mirror's server becomes this one: nothing flips anywhere, and the message names the address."""
        before = self.served()
        self.servers[1].stop()
        self.servers[1] = self.serve(1, **server)
        result = self.sync(code=8)
        for number, state in enumerate(self.served()):
            self.assertEqual(os.readlink(self.mirrors[number] / "stable"), "gen/stable/1")
            self.assert_same_state(before[number], state, f"mirror {number}")
        failed = result.json["mirrors"][1]["error"]
        self.assertIn(f"http://127.0.0.1:{self.ports[1]}/{expected_path}", json.dumps(failed), result)
        self.assertIn(reason, json.dumps(failed), result)
        self.assertIn("m1", result.err)

    def test_what_is_new_is_read_through_the_server_before_the_flip_and_the_names_after_it(self):
        for server in self.servers:
            server.forget_requests()
        self.sync()
        for server, mirror in zip(self.servers, self.mirrors):
            self.assertEqual(os.readlink(mirror / "stable"), "gen/stable/2")
            self.assertEqual(read_everything(mirror, "stable"), read_everything(self.site / "public", "stable"))
            asked = server.requests()
            self.assertEqual({status for status, _ in asked}, {200}, asked)
            paths = [path for _, path in asked]
            first_live = paths.index("/stable/MANIFEST")
            self.assertTrue(all(path.startswith("/gen/stable/2/") for path in paths[:first_live]), paths)
            for wanted in ("/MANIFEST", "/dists/bookworm/InRelease", "/pin/el9/x86_64/repodata/repomd.xml"):
                if (mirror / f"gen/stable/2{wanted}").exists():
                    self.assertIn(f"/gen/stable/2{wanted}", paths)
            self.assertTrue(any("by-hash" in path for path in paths), paths)
            self.assertTrue(any("primary.xml" in path for path in paths), paths)
            self.assertEqual(len([path for path in paths if path.endswith(".deb")]), 1, paths)
            self.assertTrue(any(path.endswith(".rpm") for path in paths), paths)
            self.assertIn("/stable/rpm/el9/x86_64/repodata/repomd.xml", paths)
            self.assertIn("/stable/rpm/el9/x86_64/mirrorlist", paths)

    def test_a_server_with_another_root_stops_the_fleet(self):
        (self.dir / "empty").mkdir()
        self.refused_behind("gen/stable/2/MANIFEST", "404", root=self.dir / "empty")

    def test_a_server_that_serves_a_stale_copy_stops_the_fleet(self):
        shutil.copytree(self.mirrors[1], self.dir / "stale", symlinks=True)
        self.refused_behind("gen/stable/2/MANIFEST", "404", root=self.dir / "stale")

    def test_a_server_that_follows_no_symlinks_stops_the_fleet(self):
        self.refused_behind("gen/stable/2/dists/", "the server answered 40", server=NO_SYMLINKS)

    def test_a_server_that_forbids_packages_stops_the_fleet(self):
        self.refused_behind("gen/stable/2/rpm/el9/x86_64/Packages/", "403", server=FORBIDDEN_PACKAGES)

    def test_an_error_page_with_status_200_stops_the_fleet(self):
        self.refused_behind("gen/stable/2/MANIFEST", "digest", server=ERROR_PAGE)

    def test_a_page_in_the_place_of_a_package_stops_the_fleet(self):
        self.refused_behind("gen/stable/2/pool/", "the server has 6", server=LONG_PACKAGES)

    def test_other_bytes_in_the_place_of_an_index_stop_the_fleet(self):
        self.refused_behind("gen/stable/2/dists/bookworm/main/", "digest", server=STALE_INDEXES)

    def test_a_redirect_to_another_server_stops_the_fleet(self):
        self.refused_behind("gen/stable/2/MANIFEST", "which is another server", server=REDIRECTING)

    def test_a_mirror_that_lies_about_what_it_brought_is_looked_at_no_less(self):
        self.servers[1].stop()
        self.servers[1] = self.serve(1, server=LONG_PACKAGES)
        lying = {"target": f"ssh://mirror@mirror.example{self.mirrors[1]}", "ssh": local_agent(self.dir, lies={"files": 0, "packages": []})}
        result = self.sync(m1=lying, code=8)
        self.assertIn(f"http://127.0.0.1:{self.ports[1]}/gen/stable/2/pool/", json.dumps(result.json["mirrors"][1]["error"]))
        self.assertEqual(os.readlink(self.mirrors[0] / "stable"), "gen/stable/1")

    def test_a_server_that_is_down_stops_the_fleet(self):
        before = self.served()
        self.servers[1].stop()
        result = self.sync(code=8)
        self.assertIn(f"http://127.0.0.1:{self.ports[1]}/gen/stable/2/MANIFEST", result.out + result.err)
        for state, now in zip(before, self.served()):
            self.assert_same_state(state, now, "a mirror")
        self.sync(m1={"check": "none"})  # nobody looks, by configuration

    def test_a_canary_whose_clients_see_something_else_is_returned_and_nobody_else_flips(self):
        self.servers[1].stop()
        self.servers[1] = self.serve(1, server=STALE_NAME)
        result = self.sync(m1={"canary": True}, code=8)
        self.assertIn(f"http://127.0.0.1:{self.ports[1]}/stable/MANIFEST", json.dumps(result.json["mirrors"][1]["error"]))
        for mirror in self.mirrors:
            self.assertEqual(os.readlink(mirror / "stable"), "gen/stable/1")
            self.assertEqual(sha256(mirror / "stable/MANIFEST"), sha256(self.site / "public/gen/stable/1/MANIFEST"))

    def test_a_mirrorlist_that_names_another_address_is_found_on_the_canary(self):
        served = f"http://127.0.0.1:{self.ports[1]}"
        list_of_others = ("server {{ listen 127.0.0.1:{port}; root {root}; "
                          "location ~ mirrorlist$ {{ return 200 'http://elsewhere.example/stable/'; }} }}")
        self.servers[1].stop()
        self.servers[1] = self.serve(1, server=list_of_others)
        result = self.sync(m1={"canary": True}, code=8)
        self.assertIn(f"expected an address below {served}", json.dumps(result.json["mirrors"][1]["error"]))
        self.assertEqual(os.readlink(self.mirrors[0] / "stable"), "gen/stable/1")


if __name__ == "__main__":
    main()

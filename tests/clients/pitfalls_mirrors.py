# SPDX-License-Identifier: GPL-3.0-or-later
"""Pitfalls 33 to 37: mirrors, web servers, clocks and answers (tests/clients/pitfalls.py has the table)."""

import email.utils
import http.client
import json
import pathlib
import re

from clients import Apt, Dnf
from packages import a_deb, rpms
from reader import FileSource, read_everything, read_release
from web import Nginx
from workspace import Scenario, content_state, main, run, walk

ROOT = pathlib.Path(__file__).parents[2]
CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64]}
repositories: {stable: {sign: none}}
"""


class Mirrors(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)
        self.public = self.site / "public"
        self.publish("stable", *self.packages("1.0"))

    def packages(self, version):
        return [a_deb(self.dir / "p", "hello", version), *rpms(self.dir / "p", "hello", version)]

    def test_pitfall_33_one_mirror_that_fails_is_named_and_no_mirror_moves(self):
        good, bad = self.dir / "good", self.dir / "bad"
        self.mirrorsync("--transactional", self.site, good, bad)
        before = {mirror: read_everything(mirror, "stable") for mirror in (good, bad)}
        self.publish("stable", *self.packages("2.0"))
        blocked = bad / "meta/stable/tree"
        blocked.rename(self.dir / "aside")
        blocked.write_text("where a directory must be\n")
        result = self.mirrorsync("--transactional", "--json", self.site, good, bad, code=None)
        self.assertNotIn(result.code, (0, 1), result)
        states = {pathlib.Path(mirror["name"]).name: mirror["state"] for mirror in result.json["mirrors"]}
        self.assertEqual(set(states), {"good", "bad"})
        self.assertFalse(result.json["ok"])
        self.assertNotIn("flipped", states.values())
        self.assertIn("bad", result.err)
        self.assertEqual(read_everything(good, "stable"), before[good])
        blocked.unlink(missing_ok=True)
        (self.dir / "aside").rename(blocked)
        self.mirrorsync("--transactional", self.site, good, bad)
        for mirror in (good, bad):
            self.assertEqual(read_everything(mirror, "stable"), read_everything(self.public, "stable"))

    def test_pitfall_34_pointer_files_are_asked_for_again_and_hashed_files_are_kept(self):
        server = self.nginx_as_we_ship_it()
        release = read_release(FileSource(self.public), "stable", "bookworm")
        digest = next(line.split()[0] for line in release["SHA256"].splitlines() if line.endswith("Packages.gz"))
        repomd = (self.public / "stable/rpm/el9/x86_64/repodata/repomd.xml").read_text()
        primary = re.search(r'href="(repodata/[0-9a-f]{64}-primary[^"]*)"', repomd).group(1)
        immutable = [f"stable/dists/bookworm/main/binary-amd64/by-hash/SHA256/{digest}", f"stable/rpm/el9/x86_64/{primary}"]
        pointers = ["stable/dists/bookworm/Release", "stable/rpm/el9/x86_64/repodata/repomd.xml",
                    "stable/dists/bookworm/main/binary-amd64/Packages.gz"]
        for path in immutable:
            self.assertIn("immutable", self.cache_control(server, path), path)
        for path in pointers:
            self.assertEqual(self.cache_control(server, path), "no-cache", path)
        for path in (".mirrorsync/lock", "private/records.db"):
            self.assertEqual(self.get(server, path)[0], 404)

    def nginx_as_we_ship_it(self):
        """packaging/nginx.conf with another root and port; everything else as it is."""
        text = (ROOT / "packaging/nginx.conf").read_text()
        for old, new in (("listen 80;", "listen 127.0.0.1:{port};"), ("root /srv/repotool/public;", "root {root};")):
            self.assertIn(old, text)
            text = text.replace(old, new)
        text = text.replace("{", "{{").replace("}", "}}").replace("{{port}}", "{port}").replace("{{root}}", "{root}")
        for name in (".mirrorsync/lock", "private/records.db"):
            (self.public / name).parent.mkdir()
            (self.public / name).write_text("not for the web\n")
        server = Nginx(self.dir / "nginx", self.public, server=text)
        self.addCleanup(server.stop)
        return server

    @staticmethod
    def get(server, path):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request("GET", f"/{path}")
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, answer.getheader("Cache-Control")

    def cache_control(self, server, path):
        status, value = self.get(server, path)
        self.assertEqual(status, 200, path)
        return value

    def test_pitfall_35_nothing_private_and_nothing_temporary_leaves_the_site(self):
        self.publish("test/one", *self.packages("2.0"))
        mirror = self.dir / "mirror"
        self.mirrorsync("--transactional", self.site, mirror)
        for tree in (self.public, mirror):
            odd = [name for name, _ in walk(tree) if re.search(r"(^|[./])(lock|journal|records|txn|tmp|gnupg|new)\b", name)
                   and not name.startswith(".mirrorsync/")]
            self.assertEqual(odd, [])
        self.assertEqual((mirror / ".mirrorsync").stat().st_mode & 0o777, 0o700)
        skipped = (".mirrorsync", "status", "project", "test", "gen/test", "pool/test", "meta/test", "gen", "keys")
        source, copy = (content_state(tree, skip=skipped) for tree in (self.public, mirror))
        source, copy = ({name: (entry[0], entry[2]) if entry[0] == "file" else entry for name, entry in tree.items()}
                        for tree in (source, copy))
        self.assert_same_state(source, copy, "what the mirror has of stable")

    def dates(self):
        """Date of each generation of stable, the revision of its repomd.xml, in order."""
        found = []
        for number in sorted(int(path.name) for path in (self.public / "gen/stable").iterdir()):
            release = read_release(FileSource(self.public), f"gen/stable/{number}", "bookworm")
            repomd = (self.public / f"gen/stable/{number}/pin/el9/x86_64/repodata/repomd.xml").read_text()
            found.append((email.utils.parsedate_to_datetime(release["Date"]).timestamp(),
                          int(re.search(r"<revision>(\d+)<", repomd).group(1))))
        return found

    def test_pitfall_36_time_moves_forward_for_clients_even_when_the_content_goes_back(self):
        server = Nginx(self.dir / "nginx", self.public)
        self.addCleanup(server.stop)
        apt = Apt(self.dir / "apt", f"deb [trusted=yes] {server.url}/stable bookworm main")
        dnf = Dnf(self.dir / "dnf", baseurl=f"{server.url}/stable/rpm/el9/x86_64/")
        self.publish("stable", *self.packages("2.0"))
        self.assertIn("2.0", self.update(apt))
        self.assertIn("hello-2.0-1.el9.noarch", dnf.repoquery())
        self.repotool("rollback", "stable")
        self.assertEqual(self.update(apt), ["1.0"])
        self.assertEqual(dnf.repoquery(), ["hello-1.0-1.el9.noarch"])
        self.check_dates(3)

    def test_pitfall_36_states_that_follow_each_other_at_once_have_dates_of_their_own(self):
        self.publish("stable", *self.packages("2.0"))
        for _ in range(4):
            self.repotool("rollback", "stable")
        self.check_dates(6)

    def check_dates(self, count):
        dates = self.dates()
        self.assertEqual(len(dates), count)
        for earlier, later in zip(dates, dates[1:]):
            self.assertGreaterEqual(later[0] - earlier[0], 1)
            self.assertGreater(later[1], earlier[1])

    def update(self, apt):
        result = apt.update()
        self.assertNotIn("W:", result.out + result.err)
        return apt.versions("hello")

    def test_pitfall_37_one_bad_input_fails_the_whole_request_and_the_answer_says_which(self):
        before = content_state(self.public)
        broken = self.dir / "broken.rpm"
        broken.write_text("no package\n")
        result = self.repotool("--json", "publish", "--to", "stable", *self.packages("3.0"), broken, code=3)
        self.assertFalse(result.json["ok"])
        self.assertEqual((result.json["error"]["code"], result.json["error"]["kind"]), (3, "input"))
        self.assertIn("broken.rpm", result.json["error"]["object"] + result.json["error"]["message"])
        self.assert_same_state(before, content_state(self.public), "public/")
        result = self.mirrorsync("--json", self.site, self.dir / "mirror", broken, code=None)
        self.assertNotIn(result.code, (0, 1), result)
        self.assertFalse(json.loads(result.out)["ok"])
        self.assertEqual(run(["find", self.dir / "mirror", "-name", "InRelease"]).out, "")


if __name__ == "__main__":
    main()

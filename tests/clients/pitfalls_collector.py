# SPDX-License-Identifier: GPL-3.0-or-later
"""Pitfalls 15 to 17: what goes when it is no longer named, and what must not (tests/clients/pitfalls.py has the table).

gc has no grace here: all that it leaves, it leaves because somebody needs it."""

import os
import re
import shutil
import subprocess

from clients import Apt, Dnf
from packages import a_deb, rpms
from reader import FileSource, read_everything, read_release, release_files
from small_deb import small_deb
from trace import of_main_process, spread, stopped, traced
from upkeep_site import CONFIG, UpkeepScenario
from web import Nginx
from workspace import main, sha256

TWO_SUITES = CONFIG.replace("components: [main]}", "components: [main, extra]}\n"
                            "  - {name: trixie, format: deb, architectures: [amd64, arm64]}").replace(
                                "metadata:", "  - {name: el10, format: rpm, architectures: [x86_64]}\nmetadata:")
POINTS = int(os.environ.get("REPOTOOL_PITFALL_POINTS", "8"))


class Collector(UpkeepScenario):
    def serve(self):
        server = Nginx(self.dir / "nginx", self.public)
        self.addCleanup(server.stop)
        return server

    def keep_start(self):
        """What again() begins with; the command that is run then waits for no clock."""
        subprocess.run(["cp", "-a", self.site, self.dir / "start"], check=True)
        self.env["SOURCE_DATE_EPOCH"] = str(self.epoch + 10)

    def again(self):
        shutil.rmtree(self.site)
        subprocess.run(["cp", "-a", self.dir / "start", self.site], check=True)

    def moments(self, *arguments):
        """Calls in which this command changes the site, up to the flip of `stable`, which is the last."""
        calls = [call for call in of_main_process(traced(self, "--site", self.site, *arguments))
                 if str(self.site) in call.paths[-1] and call.name not in ("write", "pwrite64")]
        flip = next(index for index, call in enumerate(calls) if call.paths[-1] == str(self.public / "stable"))
        return calls[:flip + 1]

    def some_moments(self, *arguments):
        """Evenly spread; the flip, and what is before it, are among them."""
        *before, flip = self.moments(*arguments)
        return [*spread(before, POINTS), flip]

    def gc_beside_somebody(self):
        """A repository that is busy is left alone, with exit code 6."""
        result = self.repotool("--json", "--lock-timeout", "0s", "gc", "--grace", "0s", code=None)
        self.assertIn(result.code, (0, 6), result)

    def test_pitfall_15_suites_and_repositories_that_share_packages_keep_them(self):
        self.write_config(TWO_SUITES)
        shared = [a_deb(self.dir / "p", "data"), a_deb(self.dir / "p", "tool", architecture="amd64")]
        rpm = rpms(self.dir / "p", "tool", release="1")
        for options in (["--dist", "bookworm"], ["--dist", "bookworm", "--component", "extra"], ["--dist", "trixie"]):
            self.dated("publish", "--to", "stable", *options, *shared)
        for dist in ("el9", "el10"):
            self.dated("publish", "--to", "stable", "--dist", dist, *rpm)
        self.dated("publish", "--test", "one", "--dist", "trixie", *shared, self.deb("alone"))
        self.dated("copy", "stable", "test/two")
        before = read_everything(self.public, "stable")
        self.dated("remove", "stable", "tool", "--dist", "trixie")
        self.dated("remove", "stable", "tool", "--dist", "el10")
        self.repotool("expire", "test/one", "--older-than", "0s")
        self.assertGreater(self.gc_now()["packages"]["files"], 3)
        self.assertEqual(read_everything(self.public, "test/two"), before)
        self.shared_packages_are_there(shared, rpm[0])
        self.repotool("fsck")

    def shared_packages_are_there(self, shared, rpm):
        server = self.serve()
        digests = {sha256(path) for path in shared}
        for number, where in enumerate(("stable bookworm main", "stable bookworm extra", "test/two trixie main")):
            apt = Apt(self.dir / f"apt{number}", f"deb [trusted=yes] {server.url}/{where}")
            apt.update()
            self.assertEqual(set(apt.download("data", "tool")), digests, where)
        self.assertEqual([path.name for path in self.public.glob("pool/stable/trixie/**/*.deb")], ["data_1.0-1_all.deb"])
        for number, where in enumerate(("stable/rpm/el9", "test/two/rpm/el10")):
            dnf = Dnf(self.dir / f"dnf{number}", baseurl=f"{server.url}/{where}/x86_64/")
            self.assertEqual(set(dnf.download("tool")), {sha256(rpm)}, where)
        self.assertEqual(list(self.public.glob("pool/stable/rpm/el10/**/*.rpm")), [])

    def test_pitfall_15_they_keep_them_on_a_copy_of_the_site_that_lost_its_hard_links(self):
        """Where names are copies, no count of links tells that another repository needs the object."""
        for repository in ("stable", "test/one", "test/two"):
            self.publish_dated(repository, self.deb("hello"), self.rpm("tool"))
        copy = self.dir / "copy"
        subprocess.run(["rsync", "-a", f"{self.site}/", copy], check=True)
        shutil.rmtree(self.site)
        copy.rename(self.site)
        self.repotool("expire", "test/one", "--older-than", "0s")
        self.dated("remove", "test/two", "tool")
        self.assertEqual(self.gc_now()["packages"]["files"], 3)
        self.repotool("fsck")
        self.dated("copy", "stable", "test/three")
        self.assertEqual(read_everything(self.public, "test/three"), read_everything(self.public, "stable"))

    def test_pitfall_15_gc_at_any_moment_of_a_publish_leaves_what_the_publish_needs(self):
        """One package has its last name in another repository, one in this one: gc takes them while they come back."""
        hello, back, again = self.deb("hello"), self.deb("back"), self.deb("again")
        command = ["publish", "--to", "stable", back, again]
        begin = [("test/other", back), ("test/other", self.deb("other")), ("stable", again), ("stable", hello)]
        for repository, package in begin:
            self.publish_dated(repository, package)
        self.dated("remove", "test/other", "back")
        self.dated("remove", "stable", "again")
        self.keep_start()
        for call in self.some_moments(*command):
            with self.subTest(f"stopped after {call.name} number {call.number} of {call.paths}"):
                self.again()
                with stopped(self, call, "--site", self.site, *command):
                    self.gc_beside_somebody()
                self.assertEqual({entry[0] for entry in read_everything(self.public, "stable")}, {"hello", "back", "again"})
                self.assertEqual({entry[0] for entry in read_everything(self.public, "test/other")}, {"other"})
                self.gc_now()
                self.repotool("fsck")

    def test_pitfall_15_foreign_files_in_the_pool_stay_and_are_told(self):
        self.publish_dated("stable", self.deb("hello"), self.rpm("tool"))
        self.publish_dated("stable", self.deb("hello", "2.0-1"))
        directory = next(self.public.glob("pool/stable/**/hello_1.0-1_amd64.deb")).parent
        foreign = [directory / "hello_0.1-1_amd64.deb", self.public / "pool/stable/by-hand/notes.txt", self.public / "pool/other/x.deb"]
        for path in foreign:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("somebody else's\n")
        (directory / "link.deb").symlink_to("hello_2.0-1_amd64.deb")
        self.assertEqual(self.gc_now()["packages"]["files"], 1)
        self.assertEqual({path.name for path in directory.iterdir()}, {"hello_2.0-1_amd64.deb", "hello_0.1-1_amd64.deb", "link.deb"})
        findings = {finding["path"] for finding in self.repotool("--json", "fsck", code=9).json["findings"]}
        self.assertEqual(findings, {str(path.relative_to(self.site)) for path in (*foreign[:2], directory / "link.deb")})
        self.dated("remove", "stable", "hello")
        self.repotool("expire", "stable", "--older-than", "0s")
        self.gc_now()
        self.assertEqual([path.read_text() for path in foreign], ["somebody else's\n"] * 3)
        self.assertFalse(list(self.public.glob("pool/stable/rpm")))

    def test_pitfall_16_by_hash_is_there_for_every_file_that_release_promises_it_for(self):
        self.publish("test/one", a_deb(self.dir / "p", "hello"), *rpms(self.dir / "p", "hello"))
        suite = self.public / "test/one/dists/bookworm"
        release = read_release(FileSource(self.public), "test/one", "bookworm")
        self.assertEqual(release["Acquire-By-Hash"], "yes")
        stored = 0
        for path, (digest, size) in release_files(release).items():
            directory, name = path.rsplit("/", 1)
            if not (suite / path).exists():  # the open text is listed for its digest, and served in no form
                self.assertFalse(re.search(r"\.(gz|xz|zst)$", name), path)
                continue
            stored += 1
            by_hash = suite / directory / "by-hash/SHA256" / digest
            self.assertEqual((sha256(by_hash), by_hash.stat().st_size), (digest, size))
        self.assertEqual(stored, 2)
        algorithms = {path.name for path in suite.rglob("by-hash/*")} | {
            path.name for path in (self.public / "meta/test/one").rglob("by-hash/*")}
        self.assertEqual(algorithms, {"SHA256"})
        self.assertLessEqual({key for key in release if re.fullmatch(r"MD5Sum|SHA\d+", key)}, {"SHA256"})

    def test_pitfall_17_what_is_served_stays_until_its_successor_is(self):
        """One version and one generation are kept. A publisher of the next stops, or is killed, at any moment, and gc runs."""
        hello, tool = (self.deb("hello"), self.deb("hello", "2.0-1")), (self.rpm("tool"), self.rpm("tool", "2.0"))
        command = ["publish", "--to", "stable", hello[1], tool[1]]
        old, new = [{(name, version, architecture, sha256(path)) for name, version, architecture, path in (
            ("hello", f"{number}.0-1", "amd64", hello[number - 1]), ("tool", f"{number}.0-1.el9", "noarch", tool[number - 1]))}
            for number in (1, 2)]
        self.publish_dated("stable", hello[0], tool[0])
        self.keep_start()
        moments = self.some_moments(*command)
        for call in moments:
            expected = new if call is moments[-1] else old
            with self.subTest(f"at {call.name} number {call.number} of {call.paths}"):
                self.again()
                with stopped(self, call, "--site", self.site, *command) as kill:
                    self.gc_beside_somebody()
                    self.assertEqual(read_everything(self.public, "stable"), expected, "stopped")
                    kill()
                self.gc_now()
                self.assertEqual(read_everything(self.public, "stable"), expected, "killed")
                self.assertEqual(self.generations(), [2] if expected is new else [1])
                self.repotool(*command)
                self.assertEqual(read_everything(self.public, "stable"), new)

    def test_pitfall_17_clients_get_the_old_version_until_the_moment_in_which_they_get_the_new_one(self):
        hello, tool = (self.deb("hello"), self.deb("hello", "2.0-1")), (self.rpm("tool"), self.rpm("tool", "2.0"))
        command = ["publish", "--to", "stable", hello[1], tool[1]]
        self.publish_dated("stable", hello[0], tool[0])
        self.keep_start()
        before_flip = self.moments(*command)[-2]
        self.again()
        server = self.serve()
        with stopped(self, before_flip, "--site", self.site, *command):
            self.assertEqual(self.generations(), [1, 2])
            self.gc_beside_somebody()
            self.clients_get(server, "before", hello[0], tool[0])
        self.clients_get(server, "after", hello[1], tool[1])
        self.assertEqual(self.gc_now()["packages"]["files"], 2)
        self.clients_get(server, "then", hello[1], tool[1])
        self.assertEqual({path.name for path in self.public.glob("pool/**/*.*") if path.is_file()}, {hello[1].name, tool[1].name})

    def clients_get(self, server, name, deb, rpm):
        apt = Apt(self.dir / name / "apt", f"deb [trusted=yes] {server.url}/stable bookworm main")
        apt.update()
        self.assertEqual(set(apt.download("hello")), {sha256(deb)})
        dnf = Dnf(self.dir / name / "dnf", baseurl=f"{server.url}/stable/rpm/el9/x86_64/")
        self.assertEqual(set(dnf.download("tool")), {sha256(rpm)})


if __name__ == "__main__":
    main()

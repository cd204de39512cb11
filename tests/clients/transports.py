# SPDX-License-Identifier: GPL-3.0-or-later
"""One set of scenarios that holds for every transport: what a fleet relies on, whatever moves the bytes."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from packages import SCRATCH, a_mixed_set, rpms
from reader import read_everything
from rsyncd import Rsyncd
from small_deb import many_debs, small_deb
from ssh import Sshd
from web import Nginx
from workspace import Scenario, content_state, exact_state, main, tool_path, walk

CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64]}
repositories:
  "*": {sign: none}
"""
STALE_NAME = """server {{ listen 127.0.0.1:{port}; root {root};
  location = /stable/MANIFEST {{ return 200 'what a cache kept'; }} }}"""
NO_SYMLINKS = "server {{ listen 127.0.0.1:{port}; root {root}; disable_symlinks on; }}"
# Many small syncs, and no power cut: what a disk would take to make them durable is tested elsewhere.
tempfile.tempdir = SCRATCH
PRIVATE_TO_A_MIRROR = (".mirrorsync", "status", "project", "keys")
SITES = pathlib.Path(tempfile.mkdtemp(prefix="rt-sites-"))  # one site, as it was after each of its publishes


class Template(Scenario):
    """Publishes what the scenarios start from."""

    def runTest(self):
        self.write_config(CONFIG)
        self.publish("stable", *a_mixed_set(self.dir / "packages"))
        shutil.copytree(self.site, SITES / "1", symlinks=True)
        self.publish("stable", small_deb(self.dir / "more", "more"), *rpms(self.dir / "more", "more"))
        shutil.copytree(self.site, SITES / "2", symlinks=True)
        self.repotool("remove", "stable", "more")
        shutil.copytree(self.site, SITES / "3", symlinks=True)


def setUpModule():  # noqa: N802 (the name that unittest calls)
    result = Template().run()
    if not result.wasSuccessful():
        raise AssertionError(f"no sites: {result.errors}{result.failures}")


def tearDownModule():  # noqa: N802
    shutil.rmtree(SITES)


class Transport(Scenario):
    """What each transport must do. The mirror is self.tree, on this host, so that it can be looked at."""

    def setUp(self):
        super().setUp()
        self.tree = self.dir / "mirror"
        self.tree.mkdir()
        self.server = None
        self.serve()
        self.at_generation(1)
        self.open_transport()

    def serve(self, **options):
        port = self.server.port if self.server else None
        if self.server:
            self.server.stop()
        self.server = Nginx(self.dir / f"nginx{time.monotonic_ns()}", self.tree, port=port, **options)
        self.addCleanup(self.server.stop)

    def open_transport(self):
        """Starts what is needed, and sets self.target and self.options, for mirrors.yaml."""
        self.target, self.options = str(self.tree), {}

    def at_generation(self, number):
        shutil.rmtree(self.site, ignore_errors=True)
        shutil.copytree(SITES / str(number), self.site, symlinks=True)

    def sync(self, *options, code=0, command=(), others=(), **settings):
        mirror = {"name": "it", "target": self.target, "url": self.server.url, **self.options, **settings.pop("mirror", {})}
        (self.dir / "mirrors.yaml").write_text(json.dumps(
            {"source": str(self.site), "retries": 0, "lock_timeout": "2s", "mirrors": [mirror, *others], **settings}))
        return self.mirrorsync(*command, "--config", self.dir / "mirrors.yaml", "--json", *options, code=code)

    def served(self, tree):
        state = content_state(tree, skip=PRIVATE_TO_A_MIRROR)
        return {name: value[:1] + value[2:] if value[0] == "file" else value
                for name, value in state.items() if not name.endswith("/mirrorlist")}

    def assert_carries_the_site(self):
        self.assert_same_state(self.served(self.site / "public"), self.served(self.tree), "the mirror, against the site,")
        self.assertEqual(read_everything(self.tree, "stable"), read_everything(self.site / "public", "stable"))

    def assert_serves(self, generation):
        self.assertEqual(os.readlink(self.tree / "stable"), f"gen/stable/{generation}")

    def state(self):
        return self.sync(command=["status"]).json["repositories"][0]["mirrors"][0]["state"]

    def new_package(self):
        """Of generation 2: path below public/."""
        return next(str(path.relative_to(SITES / "2/public")) for path in (SITES / "2/public/pool").rglob("more*.deb"))

    def test_the_first_sync_brings_everything(self):
        plan = self.sync(command=["plan"]).json["repositories"][0]["mirrors"][0]
        self.assertEqual((plan["state"], plan["packages"]), ("behind", 6))
        answer = self.sync().json
        self.assertEqual(answer["mirrors"][0]["state"], "flipped")
        self.assert_carries_the_site()
        self.assertEqual(self.state(), "current")

    def test_a_change_brings_what_changed_and_keeps_what_clients_may_still_read(self):
        first = self.sync().json["mirrors"][0]
        before = self.served(self.tree)
        self.at_generation(2)
        self.assertEqual(self.state(), "behind")
        second = self.sync().json["mirrors"][0]
        self.assert_serves(2)
        self.assert_carries_the_site()
        self.assertLess(second["bytes_sent"], first["bytes_sent"])
        after = self.served(self.tree)
        lost = [name for name, value in before.items() if name != "stable" and after.get(name) != value]
        self.assertEqual(lost, [])

    def test_the_same_again_writes_nothing(self):
        self.sync()
        self.sync()  # what a first run leaves for gc is there now
        before = exact_state(self.tree)
        self.assertEqual(self.sync().json["mirrors"][0]["state"], "unchanged")
        self.assert_same_state(before, exact_state(self.tree), "the mirror")

    def test_when_another_mirror_cannot_follow_it_stays_as_it_was(self):
        self.sync()
        before = self.served(self.tree)
        self.at_generation(2)
        other = {"name": "other", "target": str(self.dir / "other"), "check": "http://127.0.0.1:9/"}
        answer = self.sync(code=8, others=[other]).json
        self.assertEqual(answer["mirrors"][0]["state"], "aborted", answer)
        self.assert_same_state(before, self.served(self.tree), "the mirror")
        self.sync()
        self.assert_carries_the_site()

    def test_a_run_that_was_killed_when_this_mirror_was_ready_is_taken_back_and_done_again(self):
        self.sync()
        before = self.served(self.tree)
        self.at_generation(2)
        slow = {"name": "slow", "target": str(self.dir / "slow"), "bandwidth": "1k"}
        self.sync(command=["plan"], others=[slow], code=None)  # writes mirrors.yaml
        (self.dir / "slow").mkdir()
        process = subprocess.Popen([tool_path("mirrorsync"), "--config", self.dir / "mirrors.yaml"], env=self.env,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   start_new_session=True)
        self.wait_until(lambda: self.is_prepared(), "the mirror is prepared")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.assert_serves(1)
        self.assertEqual(self.sync(command=["resume"]).json["repositories"][0]["undone"], 1)
        self.assert_same_state(before, self.served(self.tree), "the mirror")
        self.assertEqual(self.sync().json["mirrors"][0]["state"], "flipped")
        self.assert_carries_the_site()

    def is_prepared(self):
        journals = list(self.tree.glob(".mirrorsync/stable/txn/*/journal"))
        return any('"prepared"' in journal.read_text() for journal in journals)

    def wait_until(self, condition, what):
        deadline = time.monotonic() + 20
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"in vain waited until {what}")
            time.sleep(0.02)

    def test_a_purged_package_leaves_at_the_next_sync(self):
        self.at_generation(2)
        self.sync()
        package = self.new_package()
        self.assertTrue((self.tree / package).exists())
        self.repotool("purge", "more=1.0-1", "--reason", "leaked")
        self.sync()
        self.assertFalse((self.tree / package).exists())
        self.assertEqual([name for name, _ in walk(self.tree / "pool") if "more_" in name], [])

    def test_what_is_old_is_retired_when_its_grace_is_over(self):
        self.at_generation(2)
        self.sync()
        package = self.new_package()
        self.at_generation(3)
        self.sync()
        self.assertTrue((self.tree / "gen/stable/2/MANIFEST").exists())
        time.sleep(1.1)  # grace has a grain of a second
        at_once = {"grace": {"metadata": "0s", "packages": "0s"}, "keep_generations": 1}
        retired = self.sync(command=["retire"], **at_once).json["mirrors"][0]
        self.assertEqual((retired["generations"], retired["package_files"]), (1, 2), retired)
        self.assertFalse((self.tree / "gen/stable/2").exists())
        self.assertFalse((self.tree / package).exists())
        self.assertEqual(read_everything(self.tree, "stable"), read_everything(self.site / "public", "stable"))
        left = self.served(self.tree).keys() - self.served(self.site / "public").keys()
        self.assertEqual(left, set())

    def test_wrong_bytes_on_the_mirror_are_found_before_anything_flips(self):
        self.sync()
        self.at_generation(2)
        package = self.new_package()
        wrong = self.tree / package
        wrong.parent.mkdir(parents=True, exist_ok=True)
        right = (SITES / "2/public" / package).read_bytes()
        wrong.write_bytes(b"\0" * len(right))
        result = self.sync(code=9)
        self.assertIn(package, result.json["mirrors"][0]["error"])
        self.assert_serves(1)
        wrong.unlink()
        self.sync()
        self.assert_carries_the_site()

    def test_a_canary_that_clients_do_not_see_well_is_returned(self):
        self.sync()
        self.at_generation(2)
        self.serve(server=STALE_NAME)
        result = self.sync(code=8, mirror={"canary": True})
        self.assertEqual(result.json["mirrors"][0]["state"], "returned", result)
        self.assert_serves(1)
        self.assertTrue((self.tree / self.new_package()).exists(), "what its clients were told of stays readable")
        self.serve()
        self.sync()
        self.assert_carries_the_site()


class Directory(Transport):
    """The mirror is a path."""


class Ssh(Transport):
    def open_transport(self):
        sshd = Sshd(self.dir / "sshd", f"{tool_path('mirrorsync')} serve --stdio --root {self.tree}")
        self.addCleanup(sshd.stop)
        self.target, self.options = sshd.target(self.tree), {"ssh": sshd.options()}


class Rsync(Transport):
    def open_transport(self, **options):
        self.daemon = Rsyncd(self.dir / f"rsyncd{time.monotonic_ns()}", self.dir, **options)
        self.addCleanup(self.daemon.stop)
        self.target, self.options = f"{self.daemon.target}/mirror", {}

    def refused(self, code, *sentences, **options):
        before = content_state(self.tree, skip=(".mirrorsync",))
        result = self.sync(code=code, **options)
        for sentence in sentences:
            self.assertIn(sentence, result.err)
        self.assert_same_state(before, content_state(self.tree, skip=(".mirrorsync",)), "the mirror")

    def test_a_daemon_that_changes_symlinks_is_refused(self):
        self.open_transport(munge="yes")
        self.refused(2, "changes where they lead (munge symlinks)", "munge symlinks = no")

    def test_a_web_server_that_follows_no_symlinks_is_refused_before_anything_is_brought(self):
        self.serve(server=NO_SYMLINKS)
        self.refused(8, "its web server does not follow them")

    def test_a_web_server_with_another_root_is_refused_before_anything_is_brought(self):
        self.refused(8, "is 'check' the address of the target's directory?", mirror={"url": self.server.url + "/elsewhere"})

    def test_without_a_check_it_is_no_mirror(self):
        result = self.sync(code=2, mirror={"check": "none"})
        self.assertIn("needs a 'check'", result.err)
        self.assertIn("no 'check' is given", self.mirrorsync(self.site, self.target, code=2).err)

    def test_what_the_daemon_says_is_passed_on(self):
        for target, sentence in ((self.target.replace("/mirror/", "/nothing/"), "Unknown module 'nothing'"),
                                 ("rsync://127.0.0.1:9/mirror/x", "onnection refused")):
            with self.subTest(target=target):
                self.assertIn(sentence, self.sync(code=8, mirror={"target": target}).err)
        self.open_transport(more="read only = yes")
        self.refused(8, "read only = no")

    def test_a_password_comes_from_its_file_alone(self):
        (self.dir / "secrets").write_text("writer:pass word\n")
        (self.dir / "secrets").chmod(0o600)
        self.open_transport(more=f"auth users = writer\nsecrets file = {self.dir}/secrets")
        self.target = self.target.replace("//", "//writer@")
        (self.dir / "password").write_text("wrong\n")
        (self.dir / "password").chmod(0o600)
        self.options = {"rsync": {"password_file": "password"}}
        self.refused(8, "password_file")
        (self.dir / "password").write_text("pass word\n")
        self.sync()
        self.assert_carries_the_site()

    def test_nothing_is_walked_and_no_list_of_all_files_is_sent(self):
        self.publish("stable", *many_debs(self.dir / "many", range(1000)))
        self.sync()
        self.publish("stable", small_deb(self.dir / "one", "one", architecture="all"))
        log = self.daemon.dir / "log"
        os.truncate(log, 0)
        self.sync()
        lines = [line.split() for line in log.read_text().splitlines()]
        told = sum(int(words[words.index("sent") + 1]) for words in lines if "sent" in words)
        self.assertLess(told, 25_000)  # a list of a thousand packages is longer
        self.assertEqual(read_everything(self.tree, "stable"), read_everything(self.site / "public", "stable"))

    def test_no_temporary_directory_is_left(self):
        self.sync()
        self.sync(code=8, mirror={"target": self.target.replace("/mirror/", "/nothing/")})
        self.assert_nothing_left()



def load_tests(_loader, _tests, _pattern):
    """All but Transport, which is no transport."""
    suite = unittest.TestSuite()
    for one in (Directory, Ssh, Rsync):
        suite.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(one))
    return suite


if __name__ == "__main__":
    main()

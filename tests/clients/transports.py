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

from cvmfs import Cvmfs
from json_schema import check
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
EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "examples/cvmfs_mirror.py"
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

    def trees(self):
        """Where somebody must write who wants to spoil the mirror."""
        return [self.tree]

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
        right = (SITES / "2/public" / package).read_bytes()
        for tree in self.trees():
            (tree / package).parent.mkdir(parents=True, exist_ok=True)
            (tree / package).write_bytes(b"\0" * len(right))
        result = self.sync(code=9)
        self.assertIn(package, result.json["mirrors"][0]["error"])
        self.assert_serves(1)
        for tree in self.trees():
            (tree / package).unlink()
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


class WithoutHardLinks(Transport):
    """Of a transport that has none on the mirror."""

    def test_a_plain_directory_is_refused(self):
        (self.dir / "plain").mkdir()
        (self.dir / "plain/file").write_text("not of ours")
        before = content_state(self.tree, skip=(".mirrorsync",))
        result = self.sync(source=str(self.dir / "plain"), repositories=["plain"], code=2)
        self.assertIn("plain trees go to directories and ssh:// alone", result.err)
        self.assert_same_state(before, content_state(self.tree, skip=(".mirrorsync",)), "the mirror")


class Rsync(WithoutHardLinks):
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

    def test_the_flip_is_one_rename_and_the_name_is_never_gone(self):
        self.sync()
        self.at_generation(2)
        trace = self.dir / "trace"
        self.open_transport(under=["strace", "-f", "-qq", "-e", "trace=rename,renameat,renameat2,unlink,unlinkat,symlink,symlinkat", "-o", trace])
        self.sync()
        calls = [line.split(" ", 1)[1] for line in trace.read_text().splitlines() if '"stable"' in line]
        self.assertEqual(len(calls), 1, calls)
        self.assertRegex(calls[0], r'^ *rename.*"\.stable\.[0-9A-Za-z]+", .*"stable".* = 0')

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



class Exec(WithoutHardLinks):
    """The example for a CVMFS release manager."""

    def setUp(self):
        super().setUp()
        self.env["PATH"] = f"{self.cvmfs.dir}/bin:{os.environ['PATH']}"

    def open_transport(self):
        self.cvmfs = Cvmfs(self.dir / "cvmfs")
        self.tree.rmdir()
        self.tree.symlink_to(self.cvmfs.current)
        hook = f"{EXAMPLE} --mount {self.cvmfs.dir}/mount --spool {self.cvmfs.dir}/spool {Cvmfs.NAME}"
        self.target, self.options = f"exec:{self.cvmfs.dir}/bin/recorder {hook}", {}

    def trees(self):
        return [self.cvmfs.mount, self.cvmfs.current.resolve()]

    def is_prepared(self):
        notes = self.cvmfs.current / ".mirrorsync/state.json"
        return notes.exists() and any(one["unfinished"] for one in json.loads(notes.read_text()).values())

    def refused(self, code, sentence, script="", **options):
        before = content_state(self.cvmfs.mount)
        (self.dir / "hook").write_text("#!/bin/sh\n" + script)
        (self.dir / "hook").chmod(0o755)
        result = self.sync(code=code, mirror={"target": f"exec:{self.dir}/hook", **options})
        self.assertIn(sentence, result.err)
        self.assert_same_state(before, content_state(self.cvmfs.mount), "the mirror")
        return result

    def test_what_is_asked_and_answered_is_what_the_schemas_say(self):
        self.at_generation(2)
        self.sync()
        self.at_generation(3)
        self.sync()
        self.assertEqual(self.cvmfs.commands(), ["transaction", "publish"] * 4)
        stages = [json.loads(file.read_text()) for file in (self.cvmfs.dir / "asked").glob("*.stage")]
        second = next(stage for stage in stages if stage["generation"] == "gen/stable/3")
        # What did not change, the source packages, is expected to be there, and neither brought nor dropped.
        named = {kind: [path for path in paths if "/rpm/el9/source/" in path] for kind, paths in (
            ("files", [file["path"] for file in second["files"]]), ("dropped", second["dropped"]),
            ("expected", [file["path"] for file in second["expected"]]))}
        self.assertEqual((named["files"], named["dropped"], len(named["expected"])), ([], [], 3))
        verbs = set()
        for kind, schema in (("asked", "exec-request"), ("answered", "exec-answer")):
            for document in (self.cvmfs.dir / kind).iterdir():
                check(json.loads(document.read_text()), schema)
                verbs.add(document.suffix)
        self.assertEqual(verbs, {".state", ".stage", ".verify", ".flip", ".retire"})

    def test_a_copy_that_fails_aborts_the_transaction_and_nobody_sees_anything(self):
        self.sync()
        self.at_generation(2)
        before = os.readlink(self.cvmfs.current)
        package = self.cvmfs.mount / self.new_package()
        for tree in self.trees():  # where the package belongs is a file in the way
            (tree / self.new_package()).parent.parent.mkdir(parents=True, exist_ok=True)
            (tree / self.new_package()).parent.write_text("in the way")
        result = self.sync(code=7)
        self.assertIn(str(package.parent), result.json["mirrors"][0]["error"])
        self.assertEqual(self.cvmfs.commands()[-2:], ["transaction", "abort"])
        self.assertEqual(os.readlink(self.cvmfs.current), before)

    def test_a_transaction_that_a_killed_hook_left_open_is_aborted(self):
        self.sync()
        (self.cvmfs.dir / "open").touch()
        (self.cvmfs.dir / f"spool/{Cvmfs.NAME}.open").touch()
        (self.cvmfs.mount / "half").write_text("half a copy")
        self.at_generation(2)
        self.sync()
        self.assert_carries_the_site()
        self.assertFalse((self.tree / "half").exists())

    def test_the_exit_codes_of_a_hook_are_ours_and_its_last_words_are_told(self):
        for code in (2, 4, 6, 7, 8, 9):
            with self.subTest(code=code):
                self.refused(code, f"ended with exit code {code}: last words", f"echo first >&2; echo last words >&2; exit {code}\n")
        self.refused(8, "ended with exit code 77", "exit 77\n")

    def test_a_hook_that_answers_nonsense_or_nothing_is_refused(self):
        self.refused(8, "something else than a JSON object", "echo hello\n")
        self.refused(8, "'current' not found", "echo '{}'\n")
        self.refused(8, "did not end within 1 s", "sleep 60 & wait\n", exec={"timeout": "1s"})
        self.assertIn("No such file", self.sync(code=2, mirror={"target": "exec:/nothing/there"}).err)


def load_tests(_loader, _tests, _pattern):
    """All but Transport, which is no transport."""
    suite = unittest.TestSuite()
    for one in (Directory, Ssh, Rsync, Exec):
        suite.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(one))
    return suite


if __name__ == "__main__":
    main()

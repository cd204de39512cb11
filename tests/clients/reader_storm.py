# SPDX-License-Identifier: GPL-3.0-or-later
"""Readers of every kind during publishes: nothing missing, nothing mixed, nothing failed."""

import os
import random
import shutil
import threading

from clients import Apt, Dnf
from packages import a_deb, rpms
from reader import HttpSource, read_deb, read_rpm
from web import Nginx, SlowProxy
from workspace import Scenario, main

PUBLISHES = int(os.environ.get("REPOTOOL_STORM_PUBLISHES", "20"))
SEED = int(os.environ.get("REPOTOOL_SEED", "1"))
CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64]}
"""


class Readers:
    """Loops that run until stop(); each counts its rounds and keeps what went wrong."""

    def __init__(self):
        self.stopping = threading.Event()
        self.rounds, self.failures, self.threads = {}, [], []

    def start(self, name, once):
        """`once(round)` returns how many packages it saw; they never become fewer."""
        def loop():
            seen = number = 0
            while not self.stopping.is_set():
                number += 1
                try:
                    now = once(number)
                    if now < seen:
                        raise AssertionError(f"saw {seen} packages and then {now}")
                    seen = now
                except Exception as error:  # whatever goes wrong in a client is what this test is for
                    self.failures.append(f"{name}, round {number}: {type(error).__name__}: {error}")
                self.rounds[name] = number
        self.threads.append(threading.Thread(target=loop))
        self.threads[-1].start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


class ReaderStorm(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)
        self.publish("test/storm", a_deb(self.dir / "p", "p000"), *rpms(self.dir / "p", "p000"))
        self.server = Nginx(self.dir / "nginx", self.site / "public")
        self.addCleanup(self.server.stop)
        self.slow = SlowProxy(self.server.port, 0.05)
        self.addCleanup(self.slow.stop)

    def assert_one_state(self, names):
        """Publish k added package p<k>: what a reader sees is all of them up to some k, or states were mixed."""
        names = sorted(names)
        if names != [f"p{number:03}" for number in range(len(names))] or not names:
            raise AssertionError(f"a mixed state: {names}")
        return len(names)

    def connect(self):
        source = HttpSource(self.server.port)
        self.addCleanup(source.close)
        return source

    def deb_reader(self, seed):
        source, chance = self.connect(), random.Random(seed)

        def once(_):
            one = f"p{chance.randrange(PUBLISHES):03}"
            found = read_deb(source, "test/storm", "bookworm", only=lambda name: name == one)
            return self.assert_one_state({name for name, _, _ in found})
        return once

    def rpm_reader(self, seed):
        source, chance = self.connect(), random.Random(seed)

        def once(_):
            one = f"p{chance.randrange(PUBLISHES):03}"
            found = read_rpm(source, "test/storm", "el9", "x86_64", only=lambda name: name == one)
            return self.assert_one_state({name for name, _, _ in found})
        return once

    def apt_reader(self, number):
        """An empty client each time: all that it fetches comes from this one session."""
        directory = self.dir / f"apt{number}"
        shutil.rmtree(directory, ignore_errors=True)
        apt = Apt(directory, f"deb [trusted=yes] {self.slow.url}/test/storm bookworm main")
        apt.update()
        names = apt.names()
        if len(apt.download(names[-1])) != 1:
            raise AssertionError(f"apt downloaded no {names[-1]}")
        return self.assert_one_state(names)

    def dnf_reader(self, number):
        directory = self.dir / f"dnf{number}"
        shutil.rmtree(directory, ignore_errors=True)
        dnf = Dnf(directory, baseurl=f"{self.slow.url}/test/storm/rpm/el9/x86_64/")
        names = [name.split("-")[0] for name in dnf.repoquery()]
        if len(dnf.download(names[-1])) != 1:
            raise AssertionError(f"dnf downloaded no {names[-1]}")
        return self.assert_one_state(names)

    def test_no_reader_sees_anything_missing_or_mixed(self):
        packages = [(a_deb(self.dir / "p", f"p{number:03}"), *rpms(self.dir / "p", f"p{number:03}"))
                    for number in range(1, PUBLISHES + 1)]
        readers = Readers()
        self.addCleanup(readers.stop)
        for seed in (SEED, SEED + 1):
            readers.start(f"deb reader {seed}", self.deb_reader(seed))
            readers.start(f"rpm reader {seed}", self.rpm_reader(seed))
        readers.start("apt", self.apt_reader)
        readers.start("dnf", self.dnf_reader)
        for number, files in enumerate(packages, 2):
            self.assertEqual(self.publish("test/storm", *files)["generation"], number)
        readers.stop()
        print(f"{PUBLISHES} publishes; rounds: {readers.rounds}; failed: {len(readers.failures)}")
        self.assertEqual(readers.failures, [])
        self.assertEqual(len(readers.rounds), 6)
        expected = {"/InRelease", "/Release.gpg", "/repomd.xml.asc", "/repomd.xml.key"}
        wrong = [entry for entry in self.server.requests() if entry[0] >= 400
                 and not any(entry[1].endswith(name) for name in expected)]
        self.assertEqual(wrong, [], "requests that failed")

    def test_a_client_that_updates_after_two_quick_publishes_sees_the_second(self):
        apt = Apt(self.dir / "apt", f"deb [trusted=yes] {self.server.url}/test/storm bookworm main")
        dnf = Dnf(self.dir / "dnf", baseurl=f"{self.server.url}/test/storm/rpm/el9/x86_64/")
        apt.update()
        dnf.repoquery()
        for number in range(1, 7, 2):
            for one in (number, number + 1):
                name = f"p{one:03}"
                self.publish("test/storm", a_deb(self.dir / "p", name), *rpms(self.dir / "p", name))
            apt.update()
            self.assertEqual(self.assert_one_state(apt.names()), number + 2)
            names = [name.split("-")[0] for name in dnf.repoquery()]
            self.assertEqual(self.assert_one_state(names), number + 2)


if __name__ == "__main__":
    main()

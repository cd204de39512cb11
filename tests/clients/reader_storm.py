# SPDX-License-Identifier: GPL-3.0-or-later
"""Readers of every kind during publishes: nothing missing, nothing mixed, nothing failed.

REPOTOOL_STORM_PUBLISHES publishes (default 20), REPOTOOL_STORM_DNF_RUNS of dnf with all checks (12), REPOTOOL_SEED."""

import os
import random
import shutil
import threading
import time

from clients import Apt, Dnf
from keys import generate_key
from packages import a_deb, rpms
from reader import HttpSource, read_deb, read_rpm
from web import Nginx, SlowProxy
from workspace import Scenario, main

PUBLISHES = int(os.environ.get("REPOTOOL_STORM_PUBLISHES", "20"))
DNF_RUNS = int(os.environ.get("REPOTOOL_STORM_DNF_RUNS", "12"))
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


def assert_one_state(names):
    """Publish k added package p<k>: what a reader sees is all of them up to some k, or states were mixed."""
    names = sorted(names)
    if names != [f"p{number:03}" for number in range(len(names))] or not names:
        raise AssertionError(f"a mixed state: {names}")
    return len(names)


class ReaderStorm(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)
        self.publish("test/storm", a_deb(self.dir / "p", "p000"), *rpms(self.dir / "p", "p000"))
        self.server = Nginx(self.dir / "nginx", self.site / "public")
        self.addCleanup(self.server.stop)
        self.slow = SlowProxy(self.server.port, 0.05)
        self.addCleanup(self.slow.stop)

    def connect(self):
        source = HttpSource(self.server.port)
        self.addCleanup(source.close)
        return source

    def deb_reader(self, seed):
        source, chance = self.connect(), random.Random(seed)

        def once(_):
            one = f"p{chance.randrange(PUBLISHES):03}"
            found = read_deb(source, "test/storm", "bookworm", only=lambda name: name == one)
            return assert_one_state({name for name, _, _ in found})
        return once

    def rpm_reader(self, seed):
        source, chance = self.connect(), random.Random(seed)

        def once(_):
            one = f"p{chance.randrange(PUBLISHES):03}"
            found = read_rpm(source, "test/storm", "el9", "x86_64", only=lambda name: name == one)
            return assert_one_state({name for name, _, _ in found})
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
        return assert_one_state(names)

    def dnf_reader(self, number):
        directory = self.dir / f"dnf{number}"
        shutil.rmtree(directory, ignore_errors=True)
        dnf = Dnf(directory, baseurl=f"{self.slow.url}/test/storm/rpm/el9/x86_64/")
        names = [name.split("-")[0] for name in dnf.repoquery()]
        if len(dnf.download(names[-1])) != 1:
            raise AssertionError(f"dnf downloaded no {names[-1]}")
        return assert_one_state(names)

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
            self.assertEqual(assert_one_state(apt.names()), number + 2)
            names = [name.split("-")[0] for name in dnf.repoquery()]
            self.assertEqual(assert_one_state(names), number + 2)


class SignedStorm(Scenario):
    """dnf as careful people use it: gpgcheck and repo_gpgcheck, through the mirrorlist, which pins a run to one generation."""

    def setUp(self):
        super().setUp()
        (self.site / "public").mkdir(parents=True)
        self.server = Nginx(self.dir / "nginx", self.site / "public")
        self.addCleanup(self.server.stop)
        self.slow = SlowProxy(self.server.port, 0.02)
        self.addCleanup(self.slow.stop)
        fingerprint = generate_key(self, site=self.site)
        self.write_config(f"site: {{base_url: \"{self.slow.url}\"}}\ndists: [{{name: el9, format: rpm, architectures: [x86_64]}}]\n"
                          f"repositories: {{stable: {{sign: k}}}}\nkeys: {{k: {{fingerprint: {fingerprint}}}}}\n")
        self.publish("stable", *rpms(self.dir / "p", "p000"))

    def flip(self, more, runs):
        """Flips as often as time allows (I12), some of them with a package more, while `runs` go on; how many it made."""
        flips = 0
        while not all(run.is_set() for run in runs):
            flips += 1
            if more and flips % 4 == 0:
                self.publish("stable", *more.pop(0))
            else:
                self.repotool("refresh", "stable")
        return flips

    def dnf_run(self, name):
        directory = self.dir / name
        dnf = Dnf(directory, key=f"file://{self.site}/public/keys/k.asc", mirrorlist=f"{self.slow.url}/stable/rpm/el9/x86_64/mirrorlist")
        names = [name.split("-")[0] for name in dnf.repoquery()]
        if len(dnf.download(names[-1])) != 1:
            raise AssertionError(f"dnf downloaded no {names[-1]}")
        shutil.rmtree(directory)
        return assert_one_state(names)

    def test_dnf_with_every_check_through_the_mirrorlist_never_fails_during_flips(self):
        more = [rpms(self.dir / "p", f"p{number:03}") for number in range(1, 8)]
        threads, ends, seen, failures = [], [threading.Event() for _ in range(2)], [], []

        def client(number):
            try:
                for run in range(DNF_RUNS // len(ends)):
                    try:
                        seen.append(self.dnf_run(f"dnf{number}-{run}"))
                    except Exception as error:  # whatever goes wrong in a client is what this test is for
                        failures.append(f"client {number}, run {run}: {type(error).__name__}: {error}")
            finally:
                ends[number].set()

        began = time.monotonic()
        for number in range(len(ends)):
            threads.append(threading.Thread(target=client, args=(number,)))
            threads[-1].start()
            self.addCleanup(threads[-1].join)
        flips = self.flip(more, ends)
        print(f"{len(seen) + len(failures)} runs of dnf with gpgcheck and repo_gpgcheck during {flips} flips in "
              f"{time.monotonic() - began:.0f} s: {len(failures)} failed, {min(seen, default=0)} to {max(seen, default=0)} packages")
        self.assertEqual(failures, [])
        self.assertEqual(len(seen), DNF_RUNS // 2 * 2)


if __name__ == "__main__":
    main()

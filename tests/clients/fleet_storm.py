# SPDX-License-Identifier: GPL-3.0-or-later
"""apt and dnf go round a fleet of mirrors while transactions flip them: no run fails, and the journals say why.

REPOTOOL_STORM_TRANSACTIONS transactions (default 4) at the highest rate."""

import json
import os
import pathlib
import shutil
import threading
import time

from clients import Apt, Dnf
from packages import a_deb, rpms
from reader import FileSource, HttpSource, read_deb, read_rpm, read_rpm_at
from rsyncd import Rsyncd
from ssh import Sshd
from web import Nginx, SlowProxy
from workspace import Scenario, main, tool_path

TRANSACTIONS = int(os.environ.get("REPOTOOL_STORM_TRANSACTIONS", "4"))
RPM_EVERY = 3  # building one takes longer than a transaction
CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64]}
repositories: {"*": {sign: none, rules: {replace: false}}}
"""
BALANCER = """
upstream fleet.example.org {{ SERVERS }}
server {{ listen 127.0.0.1:{port};
  location / {{ proxy_pass http://fleet.example.org; proxy_next_upstream off; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}
"""


def journals(directory):
    """{transaction: [lines]} of those that are over."""
    found = {}
    for path in pathlib.Path(directory).iterdir():
        lines = [json.loads(line.split(" ", 1)[1]) for line in path.read_text().splitlines()]
        found[path.name] = lines
    return found


def only(lines, state):
    """The one line of a journal that has this state."""
    chosen = [line for line in lines if line["state"] == state]
    if len(chosen) != 1:
        raise AssertionError(f"{len(chosen)} lines '{state}' in {lines}")
    return chosen[0]


class RecordingSource(FileSource):
    """Remembers each file that was read, by its real path."""

    def __init__(self, root):
        super().__init__(os.path.realpath(root))
        self.seen = set()

    def get(self, path):
        body = super().get(path)
        self.seen.add(os.path.realpath(self.root / path))
        return body


def one_state(names, prefix):
    """Publish k added <prefix>k: what a client sees is all of them up to some k, or states were mixed."""
    names = sorted(names)
    if names != [f"{prefix}{number:03}" for number in range(len(names))] or not names:
        raise AssertionError(f"a mixed state: {names}")
    return names


class FleetStorm(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)
        self.trees = {name: self.dir / name for name in ("one", "two", "three", "four")}
        for tree in self.trees.values():
            tree.mkdir()
        self.servers = {name: self.serve(Nginx(self.dir / f"nginx-{name}", tree)) for name, tree in self.trees.items()}
        servers = " ".join(f"server 127.0.0.1:{server.port};" for server in self.servers.values())
        self.balancer = self.serve(Nginx(self.dir / "balancer", self.dir, server=BALANCER.replace("SERVERS", servers)))
        self.slow = self.serve(SlowProxy(self.balancer.port, 0.02))
        mirrors = [self.entry(name, transport) for name, transport in zip(self.trees, (self.plain, self.plain, self.agent, self.daemon))]
        (self.site / "mirrors.yaml").write_text(json.dumps({"retries": 0, "mirrors": mirrors}))
        self.failures, self.rounds, self.stopping = [], {}, threading.Event()

    def serve(self, server):
        self.addCleanup(server.stop)
        return server

    def entry(self, name, transport):
        return {"name": name, "url": self.slow.url, "check": self.servers[name].url, **transport(self.trees[name])}

    def plain(self, tree):
        return {"target": str(tree)}

    def agent(self, tree):
        sshd = self.serve(Sshd(self.dir / f"sshd-{tree.name}", f"{tool_path('mirrorsync')} serve --stdio --root {tree}"))
        return {"target": sshd.target(tree), "ssh": sshd.options()}

    def daemon(self, tree):
        daemon = self.serve(Rsyncd(self.dir / "rsyncd", self.dir))
        return {"target": f"{daemon.target}/{tree.name}"}

    # ---- clients

    def loop(self, name, once):
        def run():
            for number in range(1, 1 << 30):
                try:
                    once(number)
                except Exception as error:  # whatever goes wrong in a client is what this test is for
                    self.failures.append(f"{name}, round {number}: {type(error).__name__}: {error}")
                self.rounds[name] = number
                if self.stopping.is_set():
                    return
        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.stopping.set)  # comes first: the last added
        return thread

    def apt(self, number):
        directory = self.dir / f"apt{number}"
        apt = Apt(directory, f"deb [trusted=yes] {self.slow.url}/stable bookworm main")
        apt.update()
        newest = one_state(apt.names(), "p")[-1]
        apt.install(newest)
        shutil.rmtree(directory)

    def dnf(self, number):
        directory = self.dir / f"dnf{number}"
        dnf = Dnf(directory, mirrorlist=f"{self.slow.url}/stable/rpm/el9/x86_64/mirrorlist")
        newest = one_state([name.split("-")[0] for name in dnf.repoquery()], "r")[-1]
        dnf.install(newest)
        shutil.rmtree(directory)

    def reader(self, _):
        """Fast rounds, each request to the next mirror; the pause leaves the processors to the fleet."""
        time.sleep(0.02)
        source = HttpSource(self.balancer.port)
        try:
            newest = []
            found = read_deb(source, "stable", "bookworm", only=lambda name: not newest and not newest.append(name))
            one_state({name for name, _, _ in found}, "p")
            found = read_rpm(source, "stable", "el9", "x86_64", packages=False)
            one_state({name for name, _, _ in found}, "r")
        finally:
            source.close()

    # ---- what the journals prove

    def check_journals(self, generations):
        """No instant existed at which a client could have seen a name without its content, on any mirror."""
        coordinator = journals(self.site / "private/sync/stable/ended")
        self.assertEqual(len(coordinator), generations)
        there = {name: set() for name in self.trees}
        mirrors = {name: journals(tree / ".mirrorsync/stable/ended") for name, tree in self.trees.items()
                   if (tree / ".mirrorsync/stable/ended").is_dir()}
        for name in sorted(coordinator, key=lambda name: int(name.split("-")[0])):
            lines, generation = coordinator[name], int(name.split("-")[0])
            began, committed = only(lines, "begin"), only(lines, "commit")["at"]
            self.assertEqual(began["generation"], generation)
            self.assertEqual(sorted(began["mirrors"]), sorted(self.trees))
            for state in ("prepared", "flipped"):
                self.assertEqual(sorted(only(lines, state)["mirrors"]), sorted(self.trees), f"{state} of {name}")
            self.assertLessEqual(only(lines, "prepared")["at"], committed)
            self.assertLessEqual(committed, only(lines, "flipped")["at"])
            for mirror, of_mirror in mirrors.items():
                own = of_mirror[name]
                there[mirror].update(only(own, "content")["names"])
                times = [began["at"], only(own, "content")["at"], only(own, "prepared")["at"], committed,
                         only(own, "settled")["flipped_at"], only(own, "settled")["at"]]
                self.assertEqual(times, sorted(times), f"{mirror} in {name}")
            self.check_content(generation, committed, there)

    def check_content(self, generation, committed, there):
        """All that this generation names was there when the fleet decided, by the kernel's own clock; and is still there."""
        for name, tree in self.trees.items():
            source, head = RecordingSource(tree), f"gen/stable/{generation}"
            debs = read_deb(source, head, "bookworm", only=lambda deb: deb == f"p{generation - 1:03}")
            one_state({deb for deb, _, _ in debs}, "p")
            self.assertEqual(len(debs), generation)
            last = (generation - 1) // RPM_EVERY
            found = read_rpm_at(source, f"{head}/pin/el9/x86_64", only=lambda rpm: rpm == f"r{last:03}")
            self.assertEqual(len(one_state({rpm for rpm, _, _ in found}, "r")), last + 1)
            self.assertGreater(len(source.seen), 6)
            for path in source.seen:
                self.assertLessEqual(os.stat(path).st_ctime_ns // 1_000_000, committed, path)
                relative = os.path.relpath(path, source.root)
                if there[name] and not relative.startswith("gen/"):
                    self.assertIn(relative, there[name], name)

    def publish_next(self, number):
        packages = [a_deb(self.dir / "p", f"p{number:03}")]
        if number % RPM_EVERY == 0:
            packages += rpms(self.dir / "p", f"r{number // RPM_EVERY:03}")
        self.publish("stable", *packages)

    def test_no_client_of_a_round_robin_fails_while_the_fleet_flips(self):
        self.publish_next(0)
        self.mirrorsync(self.site)
        threads = [self.loop("apt", self.apt), self.loop("dnf", self.dnf), self.loop("reader", self.reader)]
        began, skews = time.monotonic(), []
        for number in range(1, TRANSACTIONS + 1):
            self.publish_next(number)
            answer = self.mirrorsync(self.site, "--json").json
            self.assertEqual({mirror["state"] for mirror in answer["mirrors"]}, {"flipped"}, answer)
            skews.append(answer["flip_skew_ms"])
        self.stopping.set()
        for thread in threads:
            thread.join()
        skews.sort()
        print(f"{TRANSACTIONS} transactions over {len(self.trees)} mirrors in {time.monotonic() - began:.0f} s, skew {skews[len(skews) // 2]} ms "
              f"(largest {skews[-1]}); rounds: {self.rounds}; failed: {len(self.failures)}")
        self.assertEqual(self.failures, [])
        expected = ("/InRelease", "/Release.gpg")
        for name, server in self.servers.items():
            requests = server.requests()
            self.assertGreater(len(requests), 3, f"{name} was asked for too little")
            self.assertEqual([entry for entry in requests if entry[0] >= 400 and not entry[1].endswith(expected)], [], name)
        self.check_journals(TRANSACTIONS + 1)


if __name__ == "__main__":
    main()

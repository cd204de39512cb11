# SPDX-License-Identifier: GPL-3.0-or-later
"""Pitfalls 27 to 31: the cost follows the change, not what is there (tests/clients/pitfalls.py has the table).

Counted, not timed: system calls and memory of one more package, or of twenty that go, in a small repository and in one ten
times as large."""

import gzip
import http.client
import pathlib
import re
import subprocess
import tempfile
import time

from packages import a_deb, rpms
from reader import FileSource, read_deb
from small_deb import many_debs
from trace import CHANGES, LOOKS, need_strace, traced
from web import Nginx
from workspace import SANITIZED, Scenario, exact_state, main, run, tool_path

SMALL, LARGE, REMOVED = 200, 2000, 20
CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64]}
metadata: {keep_generations: 1}
"""


class Cost(Scenario):
    @classmethod
    def setUpClass(cls):
        """Two sites that the tests add to: a repository of 200 packages, and one of 2,000."""
        cls.temporary = tempfile.TemporaryDirectory(prefix="rt-")
        cls.addClassCleanup(cls.temporary.cleanup)
        many = many_debs(pathlib.Path(cls.temporary.name, "many"), range(LARGE))
        cls.sites = {count: pathlib.Path(cls.temporary.name, f"site{count}") for count in (SMALL, LARGE)}
        for count, site in cls.sites.items():
            site.mkdir()
            (site / "repotool.yaml").write_text("format: 1\n" + CONFIG)
            result = run([tool_path("repotool"), "--site", site, "publish", "--test", "one", "-"],
                         stdin="".join(f"{path}\n" for path in many[:count]))
            if result.code:
                raise AssertionError(str(result))

    def setUp(self):
        super().setUp()
        self.public = self.site / "public"

    def one_more(self, site, name):
        return ["--site", site, "publish", "--test", "one", a_deb(self.dir / "p", name)]

    def test_pitfall_27_publishing_nothing_new_writes_nothing_and_keeps_validators(self):
        self.write_config(CONFIG)
        files = [a_deb(self.dir / "p", "hello"), *rpms(self.dir / "p", "hello")]
        self.publish("test/one", *files)
        server = Nginx(self.dir / "nginx", self.public)
        self.addCleanup(server.stop)
        names = ("dists/bookworm/Release", "rpm/el9/x86_64/repodata/repomd.xml", "dists/bookworm/main/binary-amd64/Packages.gz")
        before, validators = exact_state(self.public), [self.validators(server, name) for name in names]
        self.assertFalse(self.publish("test/one", *files)["changed"])
        self.assert_same_state(before, exact_state(self.public), "public/")
        self.assertEqual([self.validators(server, name) for name in names], validators)
        calls = traced(self, "--site", self.site, "publish", "--test", "one", *files)
        written = [call for call in calls if call.ok and any(str(self.public) in path for path in call.paths)
                   and call.name not in ("fsync", "fdatasync")]
        self.assertEqual(written, [], "what a publish without a change does below public/")

    @staticmethod
    def validators(server, name):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request("HEAD", f"/test/one/{name}")
        answer = connection.getresponse()
        connection.close()
        return answer.status, answer.getheader("ETag"), answer.getheader("Last-Modified")

    def test_a_lost_cache_is_made_anew_by_few_processes(self):
        """The packages of a chunk that changes are parsed together: a process for each would take minutes where settings change."""
        need_strace()
        self.write_config(CONFIG)
        self.publish("stable", *many_debs(self.dir / "p", range(40)))
        for path in [*(self.site / "private").glob("records.db*"), *(self.site / "private/text").rglob("*.pack")]:
            path.unlink()
        trace = self.dir / "trace"
        result = run(["strace", "-f", "-e", "trace=clone,clone3,fork,vfork", "-o", trace, tool_path("repotool"), "--site", self.site,
                      "publish", "--to", "stable", a_deb(self.dir / "p", "more")], env=self.env, cwd=self.dir)
        self.assertEqual(result.code, 0, result)
        self.assertEqual(len(self.repotool("--json", "show", "stable").json["packages"]), 41)
        processes = [line for line in trace.read_text().splitlines() if re.search(r" v?(fork|clone3?)\(", line) and "CLONE_THREAD" not in line]
        self.assertLessEqual(len(processes), 8, processes)

    def test_pitfall_27_one_more_package_costs_as_many_calls_in_a_large_repository(self):
        counts = {}
        for count, site in self.sites.items():
            calls = traced(self, *self.one_more(site, "counted"), calls=CHANGES + LOOKS)
            counts[count] = len(calls)
        print(f"system calls of one more package: {counts}")
        self.assertLess(counts[LARGE], counts[SMALL] * 1.5 + 200)

    def test_pitfall_28_packages_that_do_not_change_are_not_touched(self):
        calls = traced(self, *self.one_more(self.sites[LARGE], "many00500-and-more"), calls=CHANGES + LOOKS)
        seen = {found for call in calls for path in call.paths for found in re.findall(r"/many\d{5}/", path)}
        print(f"packages whose files were looked at: {len(seen)} of {LARGE}")
        self.assertLess(len(seen), 200, "more than the neighbours in the same chunk (docs/FORMAT.md §5.1)")
        objects = {path for call in calls for path in call.paths if re.search(r"/objects/sha256/../[0-9a-f]{64}", path)}
        self.assertLess(len(objects), 200)

    def test_pitfall_29_an_index_is_made_of_what_was_there_and_the_new_part(self):
        site = self.sites[LARGE]
        old = self.gzip_members(site)
        self.publish("test/one", a_deb(self.dir / "p", "indexed"), site=site)
        new = self.gzip_members(site)
        self.assertGreater(len(old), 20)
        self.assertLessEqual(len(set(new) - set(old)), 3, "more parts than those around the new package were compressed again")

    def gzip_members(self, site):
        """The current Packages.gz, cut where its gzip members begin."""
        body = (site / "public/test/one/dists/bookworm/main/binary-amd64/Packages.gz").read_bytes()
        self.assertIn(b"Package: many00000\n", gzip.decompress(body))
        return [part for part in body.split(b"\x1f\x8b\x08\x00\0\0\0\0") if part]

    def test_pitfall_30_collecting_costs_what_goes_and_not_what_is_there(self):
        idle, counts = {}, {}
        time.sleep(2)  # states that follow each other at once have dates ahead of the clock, by two seconds at most
        for count, site in self.sites.items():
            self.repotool("gc", "--grace", "0s", site=site)  # what other tests left
            idle[count] = len(traced(self, *self.collect(site), calls=CHANGES + LOOKS))
            gone = {f"many{number:05}" for number in range(0, count, count // REMOVED)}
            before = read_deb(FileSource(site / "public"), "test/one", "bookworm", packages=False)
            self.repotool("remove", "test/one", *sorted(gone), site=site)
            calls = traced(self, *self.collect(site), calls=CHANGES + LOOKS)
            counts[count] = len(calls)
            touched = {found for call in calls for path in call.paths for found in re.findall(r"/(many\d{5})/", path)}
            self.assertEqual(touched, gone, "packages whose files were looked at")
            objects = {path for call in calls for path in call.paths if re.search(r"/objects/sha256/../[0-9a-f]{64}$", path)}
            self.assertEqual(len(objects), REMOVED)
            left = {key: digest for key, digest in before.items() if key[0] not in gone}
            self.assertEqual(read_deb(FileSource(site / "public"), "test/one", "bookworm"), left)
            self.assertEqual(len(left) + REMOVED, len(before))
            self.assertEqual(len(list((site / "public/pool").rglob("*.deb"))), len(left))
        print(f"system calls of a gc of {REMOVED} packages: {counts}, of nothing: {idle}")
        self.assertLess(counts[LARGE], counts[SMALL] * 1.5 + 200)
        self.assertLess(idle[LARGE], idle[SMALL] + 20)

    @staticmethod
    def collect(site):
        return ["--site", site, "gc", "--grace", "0s"]

    def test_pitfall_31_memory_does_not_follow_the_number_of_packages(self):
        if SANITIZED:
            self.skipTest("sanitizers have memory of their own")
        peaks = {}
        for count, site in self.sites.items():
            peaks[count] = self.peak_of([tool_path("repotool"), *self.one_more(site, "measured")])
        print(f"peak memory of one more package, KiB: {peaks}")
        self.assertLess(peaks[LARGE], peaks[SMALL] * 1.25 + 4096)

    def peak_of(self, command):
        """VmHWM in KiB. (What wait4 tells begins with the memory of this test, from which the tool is forked.)"""
        process = subprocess.Popen([str(part) for part in command], env=self.env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL)
        peak = 0
        while process.poll() is None:
            try:
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            except ProcessLookupError:
                continue
            if match := re.search(r"^VmHWM:\s+(\d+)", status, re.M):
                peak = int(match.group(1))
            time.sleep(0.001)
        self.assertEqual(process.returncode, 0)
        self.assertGreater(peak, 1000)
        return peak


if __name__ == "__main__":
    main()

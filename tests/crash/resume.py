# SPDX-License-Identifier: GPL-3.0-or-later
"""A promote that is killed at each step, and started again, ends in the same bytes as one that was not, and does nothing
twice that was finished: a program signs, and counts how often it is asked. REPOTOOL_RESUME_POINTS kills besides those at steps."""

import os
import re
import shutil
import subprocess
import time

from keys import rsa_key_without_gpg, signing_config
from packages import a_deb, rpms
from trace import disturbed, need_strace, of_main_process, spread, traced
from workspace import SANITIZED, Scenario, content_state, main, tool_path

POINTS = int(os.environ.get("REPOTOOL_RESUME_POINTS", "7"))
# PKCS#1 v1.5: the same digest gets the same signature.
SIGNER = r"""#!/bin/sh
echo asked >> "$2"
digest=$(sed 's/.*"digest":"\([0-9a-f]*\)".*/\1/')
signature=$(printf %s "$digest" | xxd -r -p | openssl pkeyutl -sign -inkey "$1" -pkeyopt digest:sha512 | xxd -p | tr -d '\n')
printf '{"signature": "%s"}\n' "$signature"
"""
PROBES = 1  # signatures that opening the key asks for, in each run
RPMS, METADATA = 2, 4  # Release.gpg, InRelease, repomd.xml.asc, MANIFEST.asc


class Resume(Scenario):
    def setUp(self):
        super().setUp()
        if SANITIZED:
            self.skipTest("a preloaded clock and the sanitizers do not go together")
        self.start, self.work, self.count = self.dir / "start", self.dir / "work", self.dir / "count"
        site = self.start / "site"
        fingerprint, pem = rsa_key_without_gpg(self, site / "private/gnupg")
        signer = self.dir / "signer"
        signer.write_text(SIGNER)
        signer.chmod(0o755)
        key = f'fingerprint: "{fingerprint}", exec: ["{signer}", "{pem}", "{self.count}"]'
        self.write_config(signing_config({"stable": "sign: k"}, {"k": key}), site)
        moment = int(time.time())
        self.env.update(SOURCE_DATE_EPOCH=str(moment - 100))
        self.repotool("promote", a_deb(self.dir / "p", "first"), "stable", site=site)
        self.env.update(LD_PRELOAD=tool_path("shifted_clock.so"), STOPPED_CLOCK=str(moment), SOURCE_DATE_EPOCH=str(moment))
        a_deb(self.start / "ready", "more")
        rpms(self.start / "ready", "more", subpackages=("data",))
        self.site, self.command = self.work / "site", ["promote", self.work / "ready", "stable"]

    def fresh(self):
        shutil.rmtree(self.work, ignore_errors=True)
        subprocess.run(["cp", "-a", self.start, self.work], check=True)
        self.count.write_text("")

    def asked(self):
        """How many signatures were asked for since the last time."""
        found = len(self.count.read_text().split())
        self.count.write_text("")
        return found

    def state(self):
        return {tree: content_state(self.work / tree) for tree in ("site/public", "ready")}

    def run_again(self):
        """The same command; its answer, and which steps it did not do again."""
        result = self.repotool("--json", *self.command)
        return result, {step["name"] for step in result.json["steps"] if step.get("reused")}

    def undisturbed(self):
        self.fresh()
        self.assertTrue(self.run_again()[0].json["changed"])
        return self.state(), self.asked()

    def finished(self):
        """Steps that the dead run noted, and what of it is public."""
        logs = list(self.site.glob("private/txn/*/steps"))
        self.assertLessEqual(len(logs), 1)
        return set(re.findall(r'"step":"(\w+)"', logs[0].read_text())) if logs else set()

    def kills(self):
        """Calls of the main process: after each step's end, and evenly between."""
        self.fresh()
        calls = [call for call in of_main_process(traced(self, "--site", self.site, *self.command))
                 if any(str(self.site) in path for path in call.paths)]
        ends = [place for place, call in enumerate(calls) if any(path.endswith("/steps") for path in call.paths)]
        self.assertGreaterEqual(len(ends), 3, "ingest, sign and index were noted")
        # How often it writes is chance, since threads share that work; how often it does these is not.
        counted = [place for place, call in enumerate(calls) if call.name in ("unlinkat", "fsync", "renameat2", "linkat", "mkdirat")]
        places = {next(place for place in counted if place > end) for end in ends} | set(spread(counted, POINTS))
        return [calls[place] for place in sorted(places)]

    def check_resumed(self, where, state, whole):
        """What the dead run had finished, the next one does not do again; the rest, it does."""
        finished, before = self.finished(), self.asked()
        if os.readlink(self.site / "public/stable").endswith("/2"):
            finished = set()  # it had flipped: the next promote finishes its moves, and finds nothing more to do
        result, reused = self.run_again()
        now = self.asked()
        if self.state() != state:
            self.fail(f"{where}: other bytes than an undisturbed run's")
        self.assertEqual(os.listdir(self.site / "private/txn"), [], where)
        self.assertEqual(bool(reused), bool(finished), where)
        self.assertLessEqual(finished & {"ingest", "sign"}, reused, where)
        for step in reused:
            self.assertIn(step, result.err, where)
        if "sign" in finished:
            self.assertLessEqual(before + now, whole + PROBES + 1, f"{where}: signed twice")  # one may not have been written
        if "index" in finished:
            self.assertEqual(now, PROBES, f"{where}: signed twice")
            self.assertLessEqual({"index", "verify"}, reused, where)
        return frozenset(reused)

    def test_killed_anywhere_and_started_again_it_ends_in_the_same_bytes_and_signs_nothing_twice(self):
        need_strace()
        state, whole = self.undisturbed()
        self.assertEqual(whole, PROBES + RPMS + METADATA)
        again, _ = self.undisturbed()
        self.assertEqual(state, again, "two undisturbed runs differ: nothing can be compared")
        seen = set()
        for call in self.kills():
            where = f"killed at {call.name} number {call.number} of {call.paths}"
            with self.subTest(where):
                self.fresh()
                disturbed(self, call, "signal=KILL", "--site", self.site, *self.command)
                if (self.work / "ready/.promoted").exists():
                    continue  # it was done, but for its answer: nothing is left to promote
                seen.add(self.check_resumed(where, state, whole))
        print(f"{whole} signatures; steps that were not done again: {sorted(map(sorted, seen))}")
        self.assertLessEqual({frozenset(), frozenset({"ingest"}), frozenset({"ingest", "sign"}),
                              frozenset({"ingest", "sign", "index", "verify"})}, seen)


if __name__ == "__main__":
    main()

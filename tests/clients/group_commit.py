# SPDX-License-Identifier: GPL-3.0-or-later
"""Many publishers of one repository: what waits is published together, and each gets its own answer.

REPOTOOL_PUBLISHERS and REPOTOOL_PUBLISHES set the size (32 and 20 in the acceptance run)."""

import concurrent.futures
import json
import os
import threading
import time

from packages import a_deb
from reader import read_everything
from small_deb import small_deb
from workspace import Scenario, main, run, tool_path

PUBLISHERS = int(os.environ.get("REPOTOOL_PUBLISHERS", "12"))
PUBLISHES = int(os.environ.get("REPOTOOL_PUBLISHES", "5"))
DISTS = "dists:\n  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}\n"


class GroupCommit(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(DISTS + 'repositories:\n  "stable": {sign: none, rules: {downgrade: false}}\n')
        self.refused = small_deb(self.dir / "first", "taken", content=b"first\n")
        self.publish("stable", self.refused)

    def history(self):
        records = []
        for segment in sorted((self.site / "private/history/stable").glob("*.log")):
            records += [json.loads(line.split(" ", 1)[1]) for line in segment.read_text().splitlines()]
        return records

    def publisher(self, number, start):
        """Publishes one package after the other; every fifth publish is of a file that must be refused."""
        bad = small_deb(self.dir / f"bad{number}", "taken", content=f"other {number}\n".encode())
        debs = [small_deb(self.dir / f"p{number}", f"p{number}-{i}") for i in range(PUBLISHES)]
        start.wait()
        answers = []
        for i, deb in enumerate(debs):
            answers.append(self.publish("stable", deb, timeout=300))
            if i % 5 == 4:
                refusal = self.repotool("--json", "publish", "--to", "stable", bad, code=4, timeout=300)
                self.assertIn("published already with other content", refusal.json["error"]["message"])
        return answers

    def beside(self, command, stop, runs):
        while not stop.is_set():
            runs.append(self.repotool(*command, timeout=300))

    def test_every_package_arrives_and_every_answer_is_right(self):
        self.publish("test/beside", a_deb(self.dir / "beside", "beside"))
        self.publish("test/tested", a_deb(self.dir / "tested", "tested"))
        start = threading.Barrier(PUBLISHERS)
        stop = threading.Event()
        reads, collections = [], []
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(PUBLISHERS + 4) as pool:
            others = [pool.submit(self.beside, ["--json", "show", "stable"], stop, reads),
                      pool.submit(self.beside, ["gc", "--quiet"], stop, collections)]
            copied = pool.submit(self.repotool, "copy", "test/beside", "stable", timeout=300)
            promoted = pool.submit(self.repotool, "promote", "test/tested", "stable", timeout=300)
            jobs = [pool.submit(self.publisher, number, start) for number in range(PUBLISHERS)]
            try:
                answers = [answer for job in jobs for answer in job.result()]
            finally:
                stop.set()
            copied.result()
            promoted.result()
            for other in others:
                other.result()
        seconds = time.monotonic() - began
        names = {entry[0] for entry in read_everything(self.site / "public", "stable")}
        wanted = {f"p{number}-{i}" for number in range(PUBLISHERS) for i in range(PUBLISHES)}
        self.assertEqual(names, wanted | {"taken", "beside", "tested"})
        self.check_answers(answers, wanted)
        records = [record for record in self.history() if record["operation"] in ("publish", "copy", "promote")]
        self.assertEqual([record["generation"] for record in records], list(range(1, len(records) + 1)))
        self.assertLess(len(records), len(wanted), "nothing was published together")
        self.assert_nothing_left()
        print(f"{len(wanted)} publishes by {PUBLISHERS} in {seconds:.1f} s: {len(records) - 1} generations, "
              f"{len(reads)} reads (the longest {max(read.seconds for read in reads):.2f} s), {len(collections)} collections beside")

    def check_answers(self, answers, wanted):
        """Each was told that its own package, and nothing else, came in, and in which generation."""
        added = [package for answer in answers for package in answer["packages"] if package["action"] == "added"]
        self.assertEqual(sorted(package["name"] for package in added), sorted(wanted))
        by_generation = {record["generation"]: {change["name"] for change in record["changes"]}
                         for record in self.history()}
        for answer in answers:
            self.assertTrue(answer["changed"])
            self.assertIn(answer["packages"][0]["name"], by_generation[answer["generation"]])

    def test_reading_commands_take_no_lock(self):
        for command in (["list"], ["show", "stable"], ["verify", "stable"], ["client", "stable"]):
            trace = self.dir / "trace"
            result = run(["strace", "-f", "-e", "trace=fcntl,flock", "-o", trace, tool_path("repotool"), "--site", self.site,
                          *command], env=self.env, cwd=self.dir)
            self.assertEqual(result.code, 0, result)
            locks = [line for line in trace.read_text().splitlines() if "SETLK" in line or "flock(" in line]
            self.assertEqual(locks, [], command)

    def test_a_request_that_waited_tells_of_itself_in_the_history(self):
        start = threading.Barrier(6)

        def one(number):
            deb = small_deb(self.dir / "w", f"w{number}")
            start.wait()
            return self.publish("stable", "--meta", f"change={number}", deb)

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            list(pool.map(one, range(6)))
        told = {}
        for record in self.history():
            for change in record["changes"]:
                request = record["requests"][change.get("request", 0)] if "requests" in record else record
                told[change["name"]] = request["meta"].get("change")
        self.assertEqual({name: told[name] for name in told if name != "taken"}, {f"w{i}": str(i) for i in range(6)})


if __name__ == "__main__":
    main()

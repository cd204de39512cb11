# SPDX-License-Identifier: GPL-3.0-or-later
"""Several publishers at once: nobody's packages are lost, and the line of generations stays one line."""

import concurrent.futures
import json
import os
import threading

from packages import a_deb, rpms
from reader import read_everything
from workspace import Scenario, main

PUBLISHERS = 6


class ParallelPublishers(Scenario):
    def together(self, repositories):
        """One publisher per entry, all started at the same moment; their answers."""
        start = threading.Barrier(len(repositories))

        def one(number, repository):
            packages = [a_deb(self.dir / f"p{number}", f"deb{number}"), *rpms(self.dir / f"p{number}", f"rpm{number}")]
            start.wait()
            return self.publish(repository, *packages)

        with concurrent.futures.ThreadPoolExecutor(len(repositories)) as pool:
            return [done.result() for done in [pool.submit(one, *entry) for entry in enumerate(repositories)]]

    def test_all_packages_of_all_publishers_arrive_in_one_repository(self):
        answers = self.together(["test/one"] * PUBLISHERS)
        names = {entry[0] for entry in read_everything(self.site / "public", "test/one")}
        self.assertEqual(names, {f"{kind}{number}" for kind in ("deb", "rpm") for number in range(PUBLISHERS)})
        generations = sorted(int(name) for name in os.listdir(self.site / "public/gen/test/one"))
        self.assertEqual(generations, list(range(1, len(generations) + 1)))
        self.assertLessEqual({answer["generation"] for answer in answers}, set(generations))
        for answer in answers:
            added = {package["name"] for package in answer["packages"] if package["action"] == "added"}
            self.assertTrue(added, "a publisher whose packages arrived must be told so")
        self.check_history(len(generations))
        self.assert_nothing_left()

    def check_history(self, count):
        text = (self.site / "private/history/test/one/000001.log").read_text()
        records = [json.loads(line.split(" ", 1)[1]) for line in text.splitlines()]
        self.assertEqual([record["generation"] for record in records], list(range(1, count + 1)))

    def test_publishers_of_different_repositories_do_not_disturb_each_other(self):
        self.together([f"test/r{number}" for number in range(PUBLISHERS)])
        for number in range(PUBLISHERS):
            names = {entry[0] for entry in read_everything(self.site / "public", f"test/r{number}")}
            self.assertEqual(names, {f"deb{number}", f"rpm{number}"})
        self.assert_nothing_left()


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""Instructions (valgrind's callgrind) of a publish of one package: bounded, and growing far slower than the repository.

What may grow is the pass over the bytes of the index files (I11): SHA-256 of what is read and written, in the main."""

import re
import unittest

from small_deb import many_debs
from workspace import SANITIZED, Scenario, main, run, tool_path

SMALL, LARGE = 500, 4000
MOST_FOR_LARGE = 250_000_000  # 140 million when this was written; 287 with the whole text hashed and written
MOST_GROWTH = 3.5  # for 8 times the packages
CONFIGURATION = "dists:\n  - {name: bookworm, format: deb, architectures: [amd64]}\nrepositories:\n  stable: {sign: none}\n"


class PublishInstructions(Scenario):
    def setUp(self):
        super().setUp()
        if SANITIZED:
            raise unittest.SkipTest("valgrind and the sanitizers do not go together")
        self.debs = many_debs(self.dir / "packages", range(LARGE + 2))

    def instructions(self, packages):
        """Of one package more in a repository of so many. The one before it is not counted: it reads the history's last
        record, which names all packages that the first publish brought."""
        self.site = self.dir / f"site{packages}"
        self.site.mkdir()
        (self.site / "repotool.yaml").write_text("format: 1\n" + CONFIGURATION)
        bulk = self.dir / f"bulk{packages}"
        bulk.mkdir()
        for deb in self.debs[:packages]:
            (bulk / deb.name).hardlink_to(deb)
        self.repotool("publish", "--to", "stable", bulk)
        self.repotool("publish", "--to", "stable", self.debs[LARGE])
        result = run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={self.dir}/callgrind.%p", tool_path("repotool"), "--site",
                      self.site, "--json", "publish", "--to", "stable", self.debs[LARGE + 1]],
                     env={**self.env, "LD_PRELOAD": tool_path("openat2_shim.so")}, cwd=self.dir)
        self.assertEqual(result.code, 0, result)
        self.assertTrue(result.json["changed"])
        return int(re.search(r"Collected : (\d+)", result.err).group(1))

    def test_the_cost_of_one_package_more_grows_far_slower_than_the_repository(self):
        small, large = self.instructions(SMALL), self.instructions(LARGE)
        print(f"one package into {SMALL}: {small:,} instructions, into {LARGE}: {large:,}: {large / small:.2f} times")
        self.assertLess(large, MOST_FOR_LARGE)
        self.assertLess(large, MOST_GROWTH * small)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""A site whose generations are as old as a test says, and what is left of them."""

import json
import os
import pathlib
import time

from packages import rpms
from small_deb import small_deb
from workspace import Scenario, walk

CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64], match: ["*.el9"]}
metadata: {keep_generations: 1}
repositories:
  stable: {keep_versions: 1, sign: none}
  "test/*": {sign: none}
"""


class UpkeepScenario(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)
        self.public = self.site / "public"
        self.epoch = int(time.time()) - 86400

    def deb(self, name, version="1.0-1", **options):
        """Made once: it holds the time at which it was made."""
        path = self.dir / "p" / version / f"{name}_{version}_amd64.deb"
        return path if path.exists() else small_deb(path.parent, name, version, **options)

    def rpm(self, name, version="1.0"):
        path = self.dir / "r" / f"{name}-{version}-1.el9.noarch.rpm"
        return path if path.exists() else rpms(path.parent, name, version)[0]

    def publish_dated(self, repository, *inputs, **options):
        """publish, ten seconds of yesterday after the publish before: nobody waits for the clock."""
        self.epoch += 10
        return self.publish(repository, *inputs, env={"SOURCE_DATE_EPOCH": str(self.epoch)}, **options)

    def dated(self, *command, **options):
        self.epoch += 10
        return self.repotool("--json", *command, env={"SOURCE_DATE_EPOCH": str(self.epoch)}, **options)

    def gc(self, *options, code=0):
        return self.repotool("--json", "gc", *options, code=code).json

    def gc_now(self):
        """gc without any grace."""
        return self.gc("--grace", "0s")

    def generations(self, repository="stable"):
        return sorted(int(name) for name in os.listdir(self.public / "gen" / repository) if name.isdigit())

    def history(self, repository="stable"):
        records = []
        for segment in sorted((self.site / "private/history" / repository).glob("*.log")):
            records += [json.loads(line.split(" ", 1)[1]) for line in segment.read_text().splitlines()]
        return records

    def names(self, *parts, site=None):
        """Files and links in these directories of the site, relative to it."""
        root = pathlib.Path(site or self.site)
        return {f"{part}/{name}" for part in parts for name, _ in walk(root / part) if not (root / part / name).is_dir()
                or (root / part / name).is_symlink()}

    def assert_good(self, *references):
        for reference in references:
            self.repotool("verify", reference, "--full")

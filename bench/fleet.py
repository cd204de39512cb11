# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet does that no peer can be measured beside: how far apart its mirrors flip, and what years of failures come to in the
simulation. Each look gives figures, some of them with a limit."""

import dataclasses
import json
import os
import pathlib
import statistics
import subprocess

from corpus import Corpus
from engine import tell
from programs import ENVIRONMENT, Failed, quietly, remove_tree


@dataclasses.dataclass
class Figure:
    case: str
    figure: str
    value: float
    unit: str
    at_most: float = None

    def document(self):
        return dataclasses.asdict(self)


class FlipSkew:
    """Directory mirrors on this machine, moved together by the real mirrorsync; seen from outside by the times of the symlinks."""

    name, title = "flip-skew", "fleet: from the first flip to the last over 50 directory mirrors"
    MIRRORS, LIMIT_MS = 50, 100

    def __init__(self, binaries):
        self.binaries = pathlib.Path(binaries).resolve()

    def run(self, quick, cache, work):
        site, mirrors = work / "skew/site", [work / f"skew/mirror{number}" for number in range(self.MIRRORS)]
        try:
            for mirror in mirrors:
                mirror.mkdir(parents=True)
            packages = Corpus("deb", cache).extra(6 if quick else 16)
            measured = [self._transact(site, mirrors, package) for package in packages][1:]  # the first one makes the mirrors
        finally:
            remove_tree(work / "skew")
        for number, who in enumerate(("as mirrorsync reports it", "seen from outside")):
            values = [one[number] for one in measured]
            yield Figure(self.name, f"median {who}", round(statistics.median(values), 1), "ms")
            yield Figure(self.name, f"largest of {len(values)}, {who}", round(max(values), 1), "ms", self.LIMIT_MS)

    def _transact(self, site, mirrors, package):
        quietly(self.binaries / "repotool", "--site", site, "--quiet", "publish", "--to", "stable", package)
        os.sync()  # what the publish left to write is not the flip's
        told = json.loads(quietly(self.binaries / "mirrorsync", "--json", "--quiet", site, *mirrors))
        flips = [os.lstat(mirror / "stable").st_ctime_ns / 1e6 for mirror in mirrors]
        tell(f"{self.name}: {told['flip_skew_ms']} ms, {max(flips) - min(flips):.1f} ms seen from outside")
        return told["flip_skew_ms"], max(flips) - min(flips)


class FleetSimulation:
    """bench/fleet_simulation: the real coordinator, over simulated mirrors that fail."""

    name, title = "fleet-simulation", "fleet: 10,000 transactions over 1,000 simulated mirrors, 1 % of them failing"
    DISTRIBUTIONS = {"flip_skew_ms": "flip skew", "merged_to_visible_ms": "published to visible on all required mirrors",
                     "merged_to_visible_on_each_ms": "published to visible on a mirror"}

    def __init__(self, binaries):
        self.program = pathlib.Path(binaries).resolve() / "fleet_simulation"

    def run(self, quick, _cache, _work):
        size = ["--mirrors", "100", "--transactions", "1000"] if quick else []
        done = subprocess.run([self.program, *size], env=ENVIRONMENT, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise Failed(f"{self.program}: exit {done.returncode}\n{done.stderr[-2000:]}")
        told = json.loads(done.stdout)
        for example in told["examples"]:
            tell(f"{self.name}: {example}")
        for name in ("runs", "committed", "late", "aborted", "killed", "overtaken", "recoveries", "events"):
            yield Figure(self.name, name, told[name], "")
        for name, title in self.DISTRIBUTIONS.items():
            for quantile in ("p50", "p90", "p99", "max"):
                yield Figure(self.name, f"{title}, {quantile}", told[name][quantile], "ms")
        yield Figure(self.name, "violations of the invariants", told["violations"], "", 0)


def looks(binaries):
    return [FlipSkew(binaries), FleetSimulation(binaries)]

# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a case: all sides in turn, several times, each run on a fresh clone of a prepared state, each result looked at."""

import dataclasses
import pathlib
import sys
import time

import completeness
from corpus import Corpus, fingerprint
from programs import Cost, remove_tree, settle, timed


MOST_ADDED = 5  # packages of one format in one change


@dataclasses.dataclass
class Measured:
    case: object
    packages: int
    side: object
    runs: list  # [Cost]


def tell(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Engine:
    """`cache` keeps corpora and prepared states from one benchmark to the next, `work` is for clones: on the same file system."""

    def __init__(self, cache, work, rounds, patience):
        self.cache, self.work = pathlib.Path(cache), pathlib.Path(work)
        self.rounds, self.patience = rounds, patience
        self.corpora = {kind: Corpus(kind, cache) for kind in ("rpm", "deb")}

    def packages(self, side, count):
        kinds = ("rpm", "deb") if side.kind == "both" else (side.kind,)
        return [shard for kind in kinds for shard in self.corpora[kind].shards(count)]

    def extra(self, side):
        """What may be added: some packages, or one of each format and then two more."""
        if side.kind == "both":
            return [path for pair in zip(self.corpora["rpm"].extra(2), self.corpora["deb"].extra(2)) for path in pair]
        return self.corpora[side.kind].extra(MOST_ADDED)

    def state(self, side, count):
        """The prepared state of a side; those of other versions of the same program make room."""
        stem = f"{side.state_name}-{side.kind}-{count}"
        state = self.cache / "states" / f"{stem}-{side.state_version()}-{fingerprint()}"
        if not state.exists():
            for old in (self.cache / "states").glob(f"{stem}-*"):
                remove_tree(old)
            shards = self.packages(side, count)
            began = time.monotonic()
            staging = state.with_name(f".{state.name}")
            remove_tree(staging)
            side.prepare(staging, shards)
            staging.rename(state)
            tell(f"prepared {side.name} with {count} packages ({side.kind}) in {time.monotonic() - began:.0f} s")
        return state

    def run(self, case, sizes):
        """[Measured] of one case."""
        return [measured for count in sizes for measured in self._run_size(case, count)]

    def _run_size(self, case, count):
        measured = [Measured(case, count, contestant.side, []) for contestant in case.contestants if count <= contestant.limit]
        actions = [contestant.action for contestant in case.contestants if count <= contestant.limit]
        for number in range(1 if case.memory else self.rounds):
            for position in range(len(measured)):
                one = (number + position) % len(measured)  # nobody always comes first
                if not case.memory and len(measured[one].runs) >= 2 and sum(run.wall for run in measured[one].runs) > self.patience:
                    continue
                measured[one].runs.append(self._run_once(case, measured[one], actions[one], number == 0))
                tell(f"{case.name} {count} {measured[one].side.name}: {measured[one].runs[-1].wall:.3f} s, "
                     f"{measured[one].runs[-1].peak_kib >> 10} MiB")
        return measured

    def _run_once(self, case, measured, action, first):
        side, count = measured.side, measured.packages
        work = self.work / f"{case.name}-{side.name.replace(' ', '')}"
        remove_tree(work)
        try:
            if case.from_files:
                commands = getattr(side, action)(work, self.packages(side, count))
            else:
                side.clone(self.state(side, count), work)
                commands = getattr(side, action)(work, self.extra(side))
            cost = Cost()
            settle()
            for command in commands:
                cost += timed(command.words, cwd=command.cwd, output=command.output, sample=case.memory)
            expected = count + case.more
            completeness.check(side, work, expected, completeness.indexed)
            if first:
                completeness.check(side, work, expected, completeness.seen_by_client)
            return cost
        finally:
            remove_tree(work)

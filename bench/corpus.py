# SPDX-License-Identifier: GPL-3.0-or-later
"""corpus.py KIND NUMBER [--cache DIR]: packages for the benchmark, made once per machine and used again.

A corpus is a row of directories (shards) of 1,000 packages: <cache>/<kind>-<fingerprint>/000, 001 … The corpus of N packages is its
first N / 1,000 shards, so the small ones are part of the large ones. The fingerprint is that of the generator's own text and of the
seed: another generator makes another corpus. Numbers from EXTRA on are packages that no corpus has, for what is added in a run."""

import argparse
import hashlib
import multiprocessing
import os
import pathlib
import shutil

import deb_writer
import rpm_writer
import synthetic

SHARD = 1000
EXTRA = 10_000_000
SEED = "1"
WRITERS = {"deb": deb_writer.deb, "rpm": rpm_writer.rpm}
DEFAULT_CACHE = pathlib.Path(__file__).resolve().parents[1] / "build" / "bench-corpus"


def fingerprint():
    digest = hashlib.sha256(SEED.encode())
    for module in (synthetic, deb_writer, rpm_writer):
        digest.update(pathlib.Path(module.__file__).read_bytes())
    return digest.hexdigest()[:12]


def _make_shard(job):
    """All or nothing: a shard that is there is whole."""
    kind, directory, first, count = job
    staging = directory.with_name(f".{directory.name}.{os.getpid()}")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    for number in range(first, first + count):
        name, content = WRITERS[kind](synthetic.describe(SEED, number))
        (staging / name).write_bytes(content)
    staging.rename(directory)


class Corpus:
    """The packages of one kind ("deb", "rpm") below `cache`."""

    def __init__(self, kind, cache=DEFAULT_CACHE):
        self.kind = kind
        self.root = pathlib.Path(cache) / f"{kind}-{fingerprint()}"

    def shards(self, count):
        """Directories that hold the first `count` packages, a multiple of SHARD or less than one; made where they are missing."""
        if count < SHARD:
            return self._made([(self.root / f"first-{count}", 0, count)])
        if count % SHARD:
            raise ValueError(f"cannot make a corpus of {count} packages: shards are of {SHARD}")
        return self._made([(self.root / f"{number:03}", number * SHARD, SHARD) for number in range(count // SHARD)])

    def extra(self, count):
        """`count` packages that no corpus has, sorted."""
        directory, = self._made([(self.root / f"extra-{count}", EXTRA, count)])
        return sorted(directory.iterdir())

    def _made(self, wanted):
        missing = [(self.kind, directory, first, count) for directory, first, count in wanted if not directory.exists()]
        if missing:
            self.root.mkdir(parents=True, exist_ok=True)
            with multiprocessing.Pool(initializer=os.nice, initargs=(5,)) as pool:
                pool.map(_make_shard, missing, chunksize=1)
        return [directory for directory, _, _ in wanted]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(WRITERS))
    parser.add_argument("number", type=int)
    parser.add_argument("--cache", type=pathlib.Path, default=DEFAULT_CACHE)
    options = parser.parse_args()
    for shard in Corpus(options.kind, options.cache).shards(options.number):
        print(shard)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""aptly, reprepro and apt-ftparchive. None signs here, as ours does not in the same cases, and none writes Contents."""

import json
import re

from programs import quietly, timed
from side import Command, Side, Tree, link_file, link_shards

SUITE = "bench"


class Aptly(Side):
    name = state_name = "aptly"
    kind = "deb"
    leaves_out = "fsync (but of packages), by-hash, zst, verification"
    in_place = ("db",)  # LevelDB appends to its logs; pool and public get new names only
    more = ()  # options of each publish

    def version(self):
        return quietly("aptly", "version").split()[-1]

    def _aptly(self, work, *words):
        """A configuration outside of the state, because it names the state's place."""
        work.parent.mkdir(parents=True, exist_ok=True)
        configuration = work.with_name(f".{work.name}.aptly.conf")
        configuration.write_text(json.dumps({"rootDir": str(work.resolve()), "architectures": ["amd64"]}))
        return ["aptly", f"-config={configuration}", *words]

    def _options(self):
        return ["-skip-signing", "-skip-contents", *self.more]

    def _make(self, work, shards):
        work.mkdir(parents=True, exist_ok=True)
        return [self._aptly(work, "repo", "create", f"-distribution={SUITE}", "-component=main", "bench"),
                self._aptly(work, "repo", "add", "bench", *shards),
                self._aptly(work, "publish", "repo", *self._options(), "-architectures=amd64", "bench")]

    def prepare(self, state, shards):
        for words in self._make(state, shards):
            timed(words)

    def build(self, work, shards):
        return [Command(words) for words in self._make(work, shards)]

    def add(self, work, extra):
        return [Command(self._aptly(work, "repo", "add", "bench", extra[0])), *self.nothing(work, extra)]

    def nothing(self, work, _extra):
        return [Command(self._aptly(work, "publish", "update", *self._options(), SUITE))]

    def switch(self, work, extra):
        """From one snapshot to another that has one package more, both made before."""
        quietly(*self._aptly(work, "snapshot", "create", "before", "from", "repo", "bench"))
        quietly(*self._aptly(work, "publish", "snapshot", *self._options(), "-distribution=switched", "before"))
        quietly(*self._aptly(work, "repo", "add", "bench", extra[0]))
        quietly(*self._aptly(work, "snapshot", "create", "after", "from", "repo", "bench"))
        return [Command(self._aptly(work, "publish", "switch", *self._options(), "switched", "after"))]

    def trees(self, work):
        suite = "switched" if (work / "public/dists/switched").exists() else SUITE
        return [Tree("deb", work / "public", suite, f"dists/{suite}/main/binary-amd64/Packages")]


class AptlyWithoutBzip2(Aptly):
    name = "aptly -skip-bz2"
    more = ("-skip-bz2",)


class Reprepro(Side):
    name = state_name = "reprepro"
    kind = "deb"
    leaves_out = "fsync, by-hash, zst, verification"
    in_place = ("db", "dists")  # Berkeley DB; indexes it writes anew, but nobody has promised that
    at_once = 5000  # packages of one call: more would not fit into the arguments of a program

    def version(self):
        return re.search(r"version (\S+)", quietly("sh", "-c", "reprepro --version 2>&1")).group(1)

    def _make(self, work, shards):
        (work / "conf").mkdir(parents=True, exist_ok=True)
        (work / "conf/distributions").write_text(f"Codename: {SUITE}\nArchitectures: amd64\nComponents: main\n")
        paths = [f"{shard.name}/{path.name}" for shard in shards for path in sorted(shard.iterdir())]
        for first in range(0, len(paths), self.at_once):
            yield Command(self._include(work, *paths[first:first + self.at_once]), cwd=shards[0].parent)

    def _include(self, work, *paths):
        return ["reprepro", "--silent", "-b", work.resolve(), "includedeb", SUITE, *paths]

    def prepare(self, state, shards):
        for command in self._make(state, shards):
            timed(command.words, cwd=command.cwd)

    def build(self, work, shards):
        return list(self._make(work, shards))

    def add(self, work, extra):
        return [Command(self._include(work, extra[0]))]

    def nothing(self, work, _extra):
        path = next(work.glob("pool/main/*/*/*.deb"))
        return [Command(self._include(work, path.resolve()))]

    def trees(self, work):
        return [Tree("deb", work, SUITE, f"dists/{SUITE}/main/binary-amd64/Packages")]


class AptFtparchive(Side):
    name, state_name, kind = "apt-ftparchive packages", "apt-ftparchive", "deb"
    leaves_out = "everything but one uncompressed Packages: no Release, no compression, no fsync, no copy of the packages"
    in_place = ("cache.db", "Packages")

    def version(self):
        return quietly("apt-ftparchive", "--version").split()[1]

    def _command(self, work):
        return Command(["apt-ftparchive", "--db", (work / "cache.db").resolve(), "packages", "pool"], (work / "Packages").resolve(), work)

    def prepare(self, state, shards):
        command, = self.build(state, shards)
        timed(command.words, cwd=command.cwd, output=command.output)

    def build(self, work, shards):
        link_shards(shards, work / "pool")
        return [self._command(work)]

    def add(self, work, extra):
        link_file(extra[0], work / "pool" / "extra")
        return [self._command(work)]

    def nothing(self, work, _extra):
        return [self._command(work)]

    def trees(self, work):
        return [Tree("deb", work, "", "Packages")]

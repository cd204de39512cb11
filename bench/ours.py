# SPDX-License-Identifier: GPL-3.0-or-later
"""repotool: every publish is durable, verified before the flip, and leaves the old indexes to slow clients."""

import hashlib
import pathlib

from programs import copy_tree, timed
from side import Command, Side, Tree

CONFIGURATION = """\
format: 1
dists:
{dists}repositories:
  stable: {{sign: {sign}}}
  staging: {{sign: none}}
metadata: {{keep_generations: 1}}
{keys}"""
DISTS = {"rpm": "  - {name: el9, format: rpm, architectures: [x86_64]}\n", "deb": "  - {name: bookworm, format: deb, architectures: [amd64]}\n"}
REMOVED = 1000  # packages that go in the case of gc


class Repotool(Side):
    name = state_name = "repotool"
    # SQLite, and logs that are appended to; all else below a site gets new names only (invariant I1)
    in_place = ("repotool.yaml", "private/records.db", "private/records.db-wal", "private/records.db-shm", "private/history",
                "private/locks", "private/purged.log")

    def __init__(self, kind, binaries, adopt=False):
        self.kind, self.program, self.adopt = kind, pathlib.Path(binaries).resolve() / "repotool", adopt
        self.kinds = ("rpm", "deb") if kind == "both" else (kind,)
        if adopt:
            self.name = "repotool --adopt"

    def version(self):
        return hashlib.sha256(self.program.read_bytes()).hexdigest()[:12]

    def state_version(self):
        return f"{self.version()}-{hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()[:6]}"

    def _configure(self, work, sign="none", keys=""):
        work.mkdir(parents=True, exist_ok=True)
        text = CONFIGURATION.format(dists="".join(DISTS[kind] for kind in self.kinds), sign=sign, keys=keys)
        (work / "repotool.yaml").write_text(text)

    def _command(self, work, *words):
        return Command([self.program, "--site", work, "--quiet", "--json", *words])

    def _do(self, work, *words):
        timed(self._command(work, *words).words)  # its answer would make this interpreter large, and a child is measured with it

    def prepare(self, state, shards):
        """All but one package of each format at once, then these: a repository as it is after any usual publish."""
        self._configure(state)
        last = [sorted(shard.iterdir())[-1] for shard in shards if shard.name == shards[-1].name]
        others = [path for shard in shards if shard.name == shards[-1].name for path in sorted(shard.iterdir())[:-1]]
        self._do(state, "publish", "--to", "stable", *(shard for shard in shards if shard.name != shards[-1].name), *others)
        self._do(state, "publish", "--to", "stable", *last)

    def build(self, work, shards):
        """With --adopt the packages become the site's own (and read-only), so it gets copies, made before the clock starts."""
        self._configure(work)
        if not self.adopt:
            return [self._command(work, "publish", "--to", "stable", *shards)]
        for shard in shards:
            copy_tree(shard, work / "incoming" / shard.name)
        return [self._command(work, "publish", "--to", "stable", "--adopt", *sorted((work / "incoming").iterdir()))]

    def add(self, work, extra):
        return [self._command(work, "publish", "--to", "stable", *extra[:len(self.kinds)])]

    def nothing(self, work, _extra):
        """The last build of a package again, as a repeated job would."""
        return [self._command(work, "publish", "--to", "stable", *self._published(work))]

    def _published(self, work):
        for kind in self.kinds:
            yield next((work / "public/pool/stable").rglob(f"*.{kind}"))

    def refresh(self, work, _extra):
        return [self._command(work, "refresh", "stable")]

    def roll_back(self, work, extra):
        self._do(work, "publish", "--to", "stable", extra[0])
        return [self._command(work, "rollback", "stable")]

    def promote(self, work, extra):
        """One package into a repository that has the others already."""
        self._do(work, "publish", "--to", "stable", extra[0])
        return [self._command(work, "promote", "stable", "staging")]

    def promote_all(self, work, _extra):
        return [self._command(work, "promote", "stable", "staging")]

    def collect(self, work, _extra):
        return [self._command(work, "gc", "--grace", "0s")]

    def trees(self, work, repository="stable"):
        root = (work / "public" / repository).resolve()
        key = work / "public/keys/bench.asc"
        key = key if key.exists() else None
        for kind in self.kinds:
            if kind == "rpm":
                yield Tree("rpm", root / "rpm/el9/x86_64", key=key)
            else:
                yield Tree("deb", root, "bookworm", "dists/bookworm/main/binary-amd64/Packages.gz", key)


class AfterAll(Repotool):
    """The last publish brought all packages, so the last record of the history names them all."""

    state_name = "repotool-after-all"

    def prepare(self, state, shards):
        self._configure(state)
        self._do(state, "publish", "--to", "stable", *shards)


class Promoted(Repotool):
    """With a second repository that has the same packages."""

    state_name = "repotool-promoted"

    def prepare(self, state, shards):
        super().prepare(state, shards)
        self._do(state, "promote", "stable", "staging")

    def trees(self, work, repository="staging"):
        return super().trees(work, repository)


class PromotedWhole(Repotool):
    """Clients look at what was promoted."""

    def trees(self, work, repository="staging"):
        return super().trees(work, repository)


class Shrunk(Repotool):
    """With REMOVED packages that no generation in force has any more."""

    state_name = "repotool-shrunk"

    def prepare(self, state, shards):
        super().prepare(state, shards)
        names = [path.name.split("_")[0] if self.kind == "deb" else path.name.rsplit("-", 2)[0] for path in sorted(shards[0].iterdir())]
        self._do(state, "remove", "stable", *names[:REMOVED])

    def clone(self, state, work):
        """A true copy: gc looks at the number of names that a package has."""
        copy_tree(state, work)


class Signed(Repotool):
    """Both formats in one repository, with a key. The packages of the prepared state are published before the key is set, because to
    sign 50,000 RPM files takes longer than all else here; a publish signs what it brings, Release, repomd.xml and MANIFEST."""

    def __init__(self, kind, binaries, key):
        super().__init__(kind, binaries)
        self.key = key

    def add(self, work, extra):
        keys = f'keys:\n  bench: {{fingerprint: "{self.key.fingerprint()}", home: "{self.key.home}"}}\n'
        self._configure(work, "bench", keys)
        self._do(work, "publish", "--to", "stable", *extra[2:])
        return super().add(work, extra)

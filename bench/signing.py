# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures in many RPM packages: reposign beside rpmsign, with the same key in the same gpg-agent. rpmkeys judges both."""

import hashlib
import json
import pathlib
import shutil
import subprocess
import tempfile

from programs import copy_tree, quietly
from side import Command, Side, Tree


class Key:
    """Made when it is asked for; its agent runs until it is forgotten."""

    def __init__(self, home, binaries, algorithm):
        self.home, self.algorithm = pathlib.Path(home).resolve() / algorithm, algorithm
        self.reposign = pathlib.Path(binaries).resolve() / "reposign"

    def fingerprint(self):
        made = self.home / "fingerprint"
        if not made.exists():
            self.home.mkdir(parents=True, mode=0o700, exist_ok=True)
            said = quietly(self.reposign, "keys", "generate", "bench", "--home", self.home, "--algorithm", self.algorithm, "--json")
            made.write_text(json.loads(said)["fingerprint"])
            (self.home / "public.asc").write_text(quietly(self.reposign, "keys", "export", "--home", self.home))
        return made.read_text()

    def forget(self):
        if self.home.exists():
            quietly("gpgconf", "--homedir", self.home, "--kill", "all")
            quietly("gpgconf", "--homedir", self.home, "--remove-socketdir")
            shutil.rmtree(self.home)


class _Signing(Side):
    kind = "rpm"

    def __init__(self, key):
        self.key = key

    def _copied(self, work, shards):
        """The packages, to be written into, made before the clock starts."""
        self.key.fingerprint()
        for shard in shards:
            copy_tree(shard, work / "packages" / shard.name)
        packages = sorted((work / "packages").rglob("*.rpm"))
        for package in packages:
            package.chmod(0o644)
        return packages

    def trees(self, work):
        return [Tree("signed", work / "packages", key=self.key.home / "public.asc")]


class Reposign(_Signing):
    name = "reposign packages"

    def version(self):
        return hashlib.sha256(self.key.reposign.read_bytes()).hexdigest()[:12]

    def sign(self, work, shards):
        packages = self._copied(work, shards)
        return [Command([self.key.reposign, "packages", "--json", "--home", self.key.home, "--key", self.key.fingerprint(), *packages])]


class RpmSign(_Signing):
    name = "rpmsign --addsign"
    leaves_out = "fsync, a look at the result"

    def version(self):
        return quietly("rpmsign", "--version").split()[-1]

    def sign(self, work, shards):
        packages = self._copied(work, shards)
        macros = {"__gpg": "/usr/bin/gpg", "_gpg_path": self.key.home, "_gpg_name": self.key.fingerprint()}
        defined = [word for name, value in macros.items() for word in ("--define", f"{name} {value}")]
        return [Command(["rpmsign", "--addsign", *defined, *packages])]


def accepted(tree):
    """How many packages rpmkeys accepts with this key alone and all checks demanded."""
    with tempfile.TemporaryDirectory(prefix="rt-") as directory:
        quietly("rpmkeys", "--dbpath", directory, "--import", tree.key)
        said = subprocess.run(["rpmkeys", "--dbpath", directory, "--define", "_pkgverify_level all", "-K", *sorted(tree.root.rglob("*.rpm"))],
                              capture_output=True, text=True, check=False).stdout
    return sum(line.endswith(": digests signatures OK") for line in said.splitlines())

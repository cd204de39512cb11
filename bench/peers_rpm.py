# SPDX-License-Identifier: GPL-3.0-or-later
"""createrepo_c: reads a directory of packages, writes its repodata."""

from programs import quietly
from side import Command, Side, Tree, link_file, link_shards


class CreaterepoC(Side):
    name = state_name = "createrepo_c"
    kind = "rpm"
    leaves_out = "fsync, verification, old indexes for slow clients; packages stay where they are"

    def version(self):
        return quietly("createrepo_c", "--version").split()[1]

    def _command(self, work, *more):
        return Command(["createrepo_c", "--quiet", "--no-database", *more, work / "repository"])

    def prepare(self, state, shards):
        link_shards(shards, state / "repository")
        quietly(*self._command(state).words)

    def add(self, work, extra):
        link_file(extra[0], work / "repository" / "extra")
        return [self._command(work, "--update")]

    def nothing(self, work, _extra):
        return [self._command(work, "--update")]

    def build(self, work, shards):
        link_shards(shards, work / "repository")
        return [self._command(work)]

    def trees(self, work):
        return [Tree("rpm", work / "repository")]

# SPDX-License-Identifier: GPL-3.0-or-later
"""A mirror that follows a site: mirrorsync through its agent (without ssh between), and rsync with hard links to the tree before."""

import hashlib
import json
import pathlib

from ours import Repotool
from programs import timed
from side import Command, Side, Tree

AGENT = """\
#!/bin/sh
shift; shift
exec "{program}" "$@"
"""


class Following(Side):
    """`follow` makes the mirror as it is before the change."""

    in_place = (*(f"site/{name}" for name in Repotool.in_place), "site/private/sync", "mirror/.mirrorsync", "mirrors.yaml", "agent")

    def __init__(self, kind, binaries):
        self.kind, self.site = kind, Repotool(kind, binaries)
        self.program = pathlib.Path(binaries).resolve() / "mirrorsync"
        self.state_name = self.name.replace(" ", "")

    def version(self):
        return f"{self.site.state_version()}-{hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()[:6]}"

    def follow(self, work):
        raise NotImplementedError

    def prepare(self, state, shards):
        self.site.prepare(state / "site", shards)
        timed(self.follow(state).words)

    def publish(self, work, packages):
        timed([self.site.program, "--site", work / "site", "--quiet", "publish", "--to", "stable", *packages])

    def tree_of(self, root):
        if self.kind == "rpm":
            return Tree("rpm", root / "rpm/el9/x86_64")
        return Tree("deb", root, "bookworm", "dists/bookworm/main/binary-amd64/Packages.gz")


class Mirrorsync(Following):
    name = "mirrorsync"

    def version(self):
        return f"{super().version()}-{hashlib.sha256(self.program.read_bytes()).hexdigest()[:6]}"

    def follow(self, work):
        agent, fleet, mirror = (work / name for name in ("agent", "mirrors.yaml", "mirror"))
        mirror.mkdir(exist_ok=True)
        agent.write_text(AGENT.format(program=self.program))
        agent.chmod(0o755)
        target = f"ssh://mirror@host{mirror.absolute()}"
        fleet.write_text(json.dumps({"mirrors": [{"name": "mirror", "target": target, "ssh": {"command": [str(agent.absolute())]}}]}))
        return Command([self.program, "--config", fleet, work / "site", "--quiet"])

    def add(self, work, extra):
        self.publish(work, extra)
        return [self.follow(work)]

    def trees(self, work):
        yield self.tree_of((work / "mirror/stable").resolve())


class RsyncLinkDest(Following):
    name = "rsync --link-dest"
    leaves_out = "digests, fsync, the switch to the new tree"

    def follow(self, work):
        return Command(["rsync", "-a", "--mkpath", f"{work}/site/public/", f"{work}/mirror/1/"])

    def add(self, work, extra):
        self.publish(work, extra)
        return [Command(["rsync", "-a", "--link-dest=../1", f"{work}/site/public/", f"{work}/mirror/2/"])]

    def trees(self, work):
        yield self.tree_of((work / "mirror/2/stable").resolve())

# SPDX-License-Identifier: GPL-3.0-or-later
"""A side of the comparison: one program, and how it does what the cases ask for.

    prepare(state, packages)   makes the state of a repository that has these packages, once
    add, nothing, build, …     everything that is not measured, then the commands that are
    tree(work)                 what a client reads

Each run works on a clone of the state, made of hard links: the programs of the benchmark never write into files that are there but
those below `in_place`, which are copied."""

import dataclasses
import pathlib

from programs import copy_tree, link_tree, remove_tree


@dataclasses.dataclass
class Command:
    words: list
    output: pathlib.Path = None  # takes standard output
    cwd: pathlib.Path = None


@dataclasses.dataclass
class Tree:
    """How clients read it: baseurl for dnf, the words after the options of a line of sources for apt."""

    kind: str  # "rpm", "deb"; "signed": packages alone
    root: pathlib.Path  # for rpm the directory of repodata, for deb what a source line names
    suite: str = ""  # "" for a flat repository
    index: str = ""  # of deb: the Packages file, below root
    key: pathlib.Path = None


class Side:
    name = ""
    kind = ""  # "rpm" or "deb"
    state_name = ""  # of its prepared state; sides that are prepared alike share one
    leaves_out = ""  # compared with the other side
    in_place = ()  # below a state: files and directories that the program writes into

    def version(self):
        """What tells one version of the program from another."""
        raise NotImplementedError

    def state_version(self):
        """What tells one prepared state from another, beside the packages."""
        return self.version()

    def prepare(self, state, shards):
        raise NotImplementedError

    def clone(self, state, work):
        link_tree(state, work)
        for name in self.in_place:
            if (state / name).exists():
                remove_tree(work / name)
                copy_tree(state / name, work / name)

    def trees(self, work):
        """[Tree]"""
        raise NotImplementedError


def link_shards(shards, target):
    """The packages of a corpus below `target`, as hard links: nobody in the benchmark writes into a package."""
    for shard in shards:
        link_tree(shard, target / shard.name)


def link_file(source, directory):
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / source.name
    target.hardlink_to(source)
    return target

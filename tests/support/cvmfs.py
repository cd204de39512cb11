# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for cvmfs_server: CVMFS is not in Debian. A repository is a directory that its release manager changes in
transactions, and the revisions that were published of it; a change outside of a transaction is an error."""

import pathlib

SERVER = """#!/bin/sh
# cvmfs_server transaction|publish|abort [-f] NAME
set -eu
command=$1; shift
[ "$1" != -f ] || shift
mount={dir}/mount/$1; open={dir}/open; current={dir}/current
echo "$command" >> {dir}/log
case $command in
transaction)
  [ ! -e $open ] || {{ echo "already in a transaction"; exit 1; }}
  diff -r --no-dereference $current/ $mount/ || {{ echo "changed outside of a transaction"; exit 1; }}
  touch $open;;
publish)
  [ -e $open ] || {{ echo "no transaction is open"; exit 1; }}
  revision={dir}/revisions/$(ls {dir}/revisions | wc -l)
  cp -a $mount $revision; ln -s $revision $current.new; mv -T $current.new $current
  rm $open;;
abort)
  [ -e $open ] || {{ echo "no transaction is open"; exit 1; }}
  rsync -a --delete $current/ $mount/
  rm $open;;
esac
"""
RECORDER = """#!/bin/sh
# What the hook is asked, kept for the test.
for verb; do :; done
tee {dir}/asked/$(ls {dir}/asked | wc -l).$verb | "$@" > {dir}/answer || exit
tee {dir}/answered/$(ls {dir}/answered | wc -l).$verb < {dir}/answer
"""


class Cvmfs:
    """The repository NAME; `mount` is its release manager's, `current` is what clients see."""

    NAME = "packages.example.org"

    def __init__(self, directory):
        self.dir = pathlib.Path(directory)
        self.mount = self.dir / "mount" / self.NAME
        for path in (self.mount, self.dir / "revisions/0", self.dir / "bin", self.dir / "asked", self.dir / "answered"):
            path.mkdir(parents=True)
        self.current = self.dir / "current"
        self.current.symlink_to(self.dir / "revisions/0")
        for name, text in (("cvmfs_server", SERVER), ("recorder", RECORDER)):
            (self.dir / "bin" / name).write_text(text.format(dir=self.dir))
            (self.dir / "bin" / name).chmod(0o755)

    def commands(self):
        """What was asked of cvmfs_server so far."""
        log = self.dir / "log"
        return log.read_text().split() if log.exists() else []

# SPDX-License-Identifier: GPL-3.0-or-later
"""A real rsync daemon on a loopback port of its own, with one module."""

import os
import pathlib
import signal
import subprocess

from workspace import comes_up, free_port

CONFIGURATION = """
pid file = {dir}/pid
lock file = {dir}/lock
log file = {dir}/log
reverse lookup = no
socket options = TCP_NODELAY
[mirror]
path = {root}
read only = no
use chroot = no
uid = {uid}
gid = {gid}
munge symlinks = {munge}
{more}
"""


class Rsyncd:
    """Serves `root` from construction until stop(). `under`: a program that runs it, such as strace."""

    def __init__(self, directory, root, munge="no", more="", under=()):
        self.under = under
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True)
        (self.dir / "rsyncd.conf").write_text(CONFIGURATION.format(
            dir=self.dir, root=root, munge=munge, more=more, uid=os.getuid(), gid=os.getgid()))
        for _ in range(5):  # a free port can be taken before rsync has it
            self.port = free_port()
            if self._start():
                return
        raise AssertionError("rsync --daemon does not start: " + (self.dir / "output").read_text())

    def _start(self):
        with open(self.dir / "output", "wb") as output:
            self.process = subprocess.Popen(
                [*self.under, "rsync", "--daemon", "--no-detach", "--address", "127.0.0.1", "--port", str(self.port), "--config",
                 self.dir / "rsyncd.conf"], stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
        if comes_up(self.process, self.port):
            return True
        self.stop()
        return False

    @property
    def target(self):
        return f"rsync://127.0.0.1:{self.port}/mirror"

    def stop(self):
        if self.process.poll() is None:
            pid = self.dir / "pid"
            os.kill(int(pid.read_text()) if pid.exists() else self.process.pid, signal.SIGTERM)
            self.process.wait(20)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs other programs: quietly where only their work is wanted, with a clock and their memory where they are measured."""

import dataclasses
import os
import pathlib
import subprocess
import tempfile
import threading
import time

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": "/nonexistent"}
SAMPLE = 0.02  # seconds between two looks at the memory of a tree of processes


@dataclasses.dataclass
class Cost:
    """Of one or several programs, one after the other. Memory: the largest process, or, where sampled, all at once; the kernel
    counts what this interpreter had when it started the program, so nothing below about 32 MiB can be seen."""

    wall: float = 0.0  # seconds
    cpu: float = 0.0  # seconds, user and system, all processes that were waited for
    peak_kib: int = 0

    def __add__(self, other):
        return Cost(self.wall + other.wall, self.cpu + other.cpu, max(self.peak_kib, other.peak_kib))


class Failed(Exception):
    """A program that should have succeeded did not."""


def _text(command):
    text = " ".join(map(str, command))
    return text if len(text) < 400 else text[:400] + " …"


def quietly(*command, cwd=None):
    """Standard output of a program that must succeed."""
    done = subprocess.run(list(map(str, command)), env=ENVIRONMENT, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", check=False)
    if done.returncode:
        raise Failed(f"{_text(command)}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


def settle():
    """What was written before is on disk, so that its writing is not in the next program's time."""
    os.sync()


def _tree_kib(session):
    """Proportional set sizes of all processes of a session: pages that forked processes share count once."""
    total = 0
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.getsid(int(entry.name)) != session:
                    continue
                for line in (entry / "smaps_rollup").read_text().splitlines():
                    total += int(line.split()[1]) if line.startswith("Pss:") else 0
            except OSError:
                continue  # ended meanwhile
    return total


class _Sampler(threading.Thread):
    def __init__(self, session):
        super().__init__()
        self.session, self.peak_kib, self.over = session, 0, threading.Event()

    def run(self):
        while not self.over.wait(SAMPLE):
            self.peak_kib = max(self.peak_kib, _tree_kib(self.session))


def timed(command, *, cwd=None, output=None, sample=False):
    """The Cost of a program that must succeed. `output`: the file that takes its standard output."""
    with tempfile.TemporaryFile() as err, open(output or os.devnull, "wb") as out:
        began = time.monotonic()
        process = subprocess.Popen(list(map(str, command)), env=ENVIRONMENT, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                   start_new_session=True)
        sampler = _Sampler(process.pid) if sample else None
        if sampler:
            sampler.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if sampler:
            sampler.over.set()
            sampler.join()
        if process.returncode:
            err.seek(0)
            raise Failed(f"{_text(command)}: exit {process.returncode}\n{err.read().decode(errors='replace')[-3000:]}")
        return Cost(wall, usage.ru_utime + usage.ru_stime, max(usage.ru_maxrss, sampler.peak_kib if sampler else 0))


def link_tree(source, target):
    """The same files under new names, in `target`, which need not exist."""
    target.parent.mkdir(parents=True, exist_ok=True)
    quietly("cp", "-al", source, target)


def copy_tree(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    quietly("cp", "-a", "--reflink=auto", source, target)


def remove_tree(path):
    quietly("rm", "-rf", path)

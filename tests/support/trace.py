# SPDX-License-Identifier: GPL-3.0-or-later
"""The system calls of a tool, seen and disturbed with strace."""

import contextlib
import dataclasses
import os
import re
import signal
import subprocess
import time
import unittest

from workspace import CLIENT_TIMEOUT, SANITIZED, run, tool_path

# Calls that change what is on disk, or say that it is safe there.
CHANGES = ("rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat", "mkdir",
           "mkdirat", "rmdir", "write", "pwrite64", "ftruncate", "copy_file_range", "fsync", "fdatasync", "syncfs")
LOOKS = ("open", "openat", "openat2", "stat", "lstat", "newfstatat", "statx", "access", "faccessat2", "readlink", "readlinkat")
_LINE = re.compile(r"^(?P<process>\d+) +(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+|\?)", re.S)
# Another thread's call came between the two halves of this one.
_BEGUN = re.compile(r"^(?P<process>\d+) +(?P<call>\w+\(.*?) *<unfinished \.\.\.>$", re.S)
_RESUMED = re.compile(r"^(?P<process>\d+) +<\.\.\. \w+ resumed>(?P<rest>.*)$", re.S)
_AT = re.compile(r'(?:AT_FDCWD|\d+)<([^>]*)>, "((?:[^"\\]|\\.)*)"')
_DESCRIPTOR = re.compile(r"^\d+<([^>]*)>")
_PLAIN = re.compile(r'^"((?:[^"\\]|\\.)*)"')


@dataclasses.dataclass
class Call:
    """One call: `paths` are absolute where the tool named a directory, `number` counts calls of that name in its process."""
    process: int
    name: str
    number: int
    paths: list
    arguments: str
    ok: bool


def _paths(name, arguments):
    if name in ("write", "pwrite64", "fsync", "fdatasync", "syncfs", "ftruncate"):  # what is written may look like a path
        return _DESCRIPTOR.findall(arguments) or [""]
    found = [path if path.startswith("/") else f"{directory}/{path}" for directory, path in _AT.findall(arguments)]
    return found or _PLAIN.findall(arguments) or [""]


def _whole_lines(text):
    begun = {}
    for line in text.splitlines():
        if match := _BEGUN.match(line):
            begun[match["process"]] = match["call"]
        elif match := _RESUMED.match(line):
            yield f"{match['process']} {begun.pop(match['process'], '')}{match['rest']}"
        else:
            yield line


def parse(text):
    calls, counts = [], {}
    for line in _whole_lines(text):
        if match := _LINE.match(line):
            key = match["process"], match["name"]
            counts[key] = counts.get(key, 0) + 1
            calls.append(Call(int(match["process"]), match["name"], counts[key], _paths(match["name"], match["arguments"]),
                              match["arguments"], not match["result"].startswith("-")))
    return calls


def need_strace():
    """Skips a test where processes cannot be traced: strace is what it looks through."""
    if SANITIZED:
        raise unittest.SkipTest("strace and the sanitizers do not go together")
    if subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], stdin=subprocess.DEVNULL, capture_output=True,
                      check=False).returncode:
        raise unittest.SkipTest("strace may not trace here")


def _strace(scenario, options, arguments):
    return run(["strace", "-f", "-qq", "-y", *options, tool_path("repotool"), *arguments], env=scenario.env, cwd=scenario.dir)


def traced(scenario, *arguments, calls=CHANGES):
    """Runs repotool to its end, which must be good; the calls of these names that it made, in order."""
    need_strace()
    log = scenario.dir / "strace.log"
    result = _strace(scenario, ["-s", "4096", "-o", log, "-e", "trace=" + ",".join(calls)], arguments)
    if result.code:
        raise AssertionError(str(result))
    return parse(log.read_text(errors="replace"))


def of_main_process(calls):
    return [call for call in calls if call.process == calls[0].process]


def spread(items, count):
    """`count` of `items`, evenly spread, the first and the last among them."""
    if len(items) <= count:
        return items
    return [items[round(index * (len(items) - 1) / (count - 1))] for index in range(count)]


def disturbed(scenario, call, what, *arguments, path=None):
    """Runs repotool; at its `call.number`-th call of that name in a process happens `what`: signal=KILL, error=ENOSPC, …
    With `path` only calls count that have it, or a descriptor of it, as an argument: which thread does what is chance."""
    need_strace()
    return _strace(scenario, ["-o", "/dev/null", *(["-P", path] if path else []), "-e", f"trace={call.name}", "-e",
                              f"inject={call.name}:{what}:when={call.number}"], arguments)


@contextlib.contextmanager
def stopped(scenario, call, *arguments):
    """repotool, stopped right after its `call.number`-th call of that name: a publisher as slow as anybody can be. In the end
    it goes on, and must come to a good one; or it is killed with what is yielded."""
    need_strace()
    log = scenario.dir / "stopped.log"
    log.unlink(missing_ok=True)
    with open(scenario.dir / "stopped.err", "w+b") as err:
        process = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", log, "-e", f"trace={call.name}", "-e",
             f"inject={call.name}:signal=STOP:when={call.number}", tool_path("repotool"), *map(str, arguments)],
            env=scenario.env, cwd=scenario.dir, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err)
        pid = None
        try:
            pid = _wait_until_stopped(process, log)
            yield lambda: os.kill(pid, signal.SIGKILL)
        finally:
            if pid is None:
                process.kill()
            else:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
            code = process.wait(CLIENT_TIMEOUT)
        if code not in (0, -signal.SIGKILL):
            err.seek(0)
            raise AssertionError(f"what was stopped ended with {code}: {err.read().decode()}")


def _wait_until_stopped(process, log):
    deadline = time.monotonic() + CLIENT_TIMEOUT
    while time.monotonic() < deadline:
        if log.exists() and (match := re.search(r"^(\d+) +--- stopped by SIGSTOP ---$", log.read_text(), re.M)):
            return int(match.group(1))
        if process.poll() is not None:
            break
        time.sleep(0.005)
    raise AssertionError(f"it was not stopped: {log.read_text() if log.exists() else 'no trace'}")

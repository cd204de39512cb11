# SPDX-License-Identifier: GPL-3.0-or-later
"""A scenario's own directory, its view of the tools, and what it leaves behind: nothing."""

import hashlib
import json
import os
import pathlib
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unittest

SANITIZED = bool(os.environ.get("REPOTOOL_SANITIZED"))
CLIENT_TIMEOUT = 120


def tool_path(name):
    """The tool under test: REPOTOOL_BIN_DIR is set by CMake."""
    directory = os.environ.get("REPOTOOL_BIN_DIR")
    if not directory:
        sys.exit("REPOTOOL_BIN_DIR is not set: run through ctest, or set it to build/dev/bin")
    return os.path.join(directory, name)


class Result:
    """One finished process: exit code (negative: killed by that signal), output, and peak memory with its children."""

    def __init__(self, command, code, out, err, seconds, peak_kib):
        self.command = [str(part) for part in command]
        self.code = code
        self.out = out
        self.err = err
        self.seconds = seconds
        self.peak_kib = peak_kib

    @property
    def json(self):
        """The one document on stdout."""
        try:
            return json.loads(self.out)
        except ValueError as error:
            raise AssertionError(f"stdout is not one JSON document ({error})\n{self}") from None

    def __str__(self):
        return (f"$ {' '.join(self.command)}\nexit {self.code} after {self.seconds:.2f} s\n"
                f"--- stdout\n{self.out[-6000:]}\n--- stderr\n{self.err[-6000:]}")


def run(command, *, env=None, cwd=None, timeout=CLIENT_TIMEOUT, stdin=None):
    """Runs to the end with no terminal. Output goes through files, so that wait4 can tell the memory of one child."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.monotonic()
        process = subprocess.Popen([str(part) for part in command], env=env, cwd=cwd, stdout=out, stderr=err,
                                   stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                                   start_new_session=True)
        if stdin is not None:
            process.stdin.write(stdin.encode())
            process.stdin.close()
        code, usage = _wait(process, began + timeout)
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode(errors="backslashreplace"))
        return Result(command, code, *texts, time.monotonic() - began, usage.ru_maxrss)


def _wait(process, deadline):
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage
        if time.monotonic() > deadline:
            os.killpg(process.pid, 9)
            os.wait4(process.pid, 0)
            process.returncode = -9
            raise AssertionError(f"still running after its deadline: {process.args}")
        time.sleep(0.005)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def comes_up(process, port):
    """False where the server ends, or does not listen on its port for 4 seconds."""
    for _ in range(200):
        if process.poll() is not None:
            return False
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.02)
    return False


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def walk(root):
    """Every entry below `root`, sorted, symlinks not followed, as (relative path, lstat)."""
    root = pathlib.Path(root)
    found = []
    for directory, folders, files in os.walk(root):
        for name in folders + files:
            path = pathlib.Path(directory, name)
            found.append((str(path.relative_to(root)), path.lstat()))
    return sorted(found, key=lambda entry: entry[0])


def exact_state(root):
    """All that a write would change: identity, mode, times (ctime too), size. Equal before and after: nothing was written."""
    return {name: (info.st_ino, info.st_mode, info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_nlink)
            for name, info in walk(root)}


def content_state(root, with_times=False, skip=()):
    """Names, modes and contents (optionally modification times): equal for two trees that a client cannot tell apart."""
    state = {}
    for name, info in walk(root):
        if any(name == part or name.startswith(part + "/") or name.startswith(part + "-") for part in skip):
            continue
        path = os.path.join(root, name)
        if stat.S_ISLNK(info.st_mode):
            state[name] = ("link", os.readlink(path))
        elif stat.S_ISREG(info.st_mode):
            state[name] = ("file", stat.S_IMODE(info.st_mode), sha256(path), info.st_mtime if with_times else 0)
        else:
            state[name] = ("directory", info.st_mode, "", 0)
    return state


def differences(before, after, limit=10):
    """The names that differ between two states, for a failure message."""
    names = [name for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name)]
    lines = [f"{name}: {before.get(name)} -> {after.get(name)}" for name in names[:limit]]
    return "\n".join(lines + ([f"… and {len(names) - limit} more"] if len(names) > limit else []))


class Scenario(unittest.TestCase):
    """A test with a directory of its own (self.dir), removed with every process that it started."""

    maxDiff = None

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="rt-"))
        self.addCleanup(self._remove_directory)
        for name in ("home", "tmp"):
            (self.dir / name).mkdir()
        self.site = self.dir / "site"
        self.env = {name: value for name, value in os.environ.items()
                    if not name.startswith(("REPOTOOL_", "GNUPG", "GPG_", "SOURCE_DATE", "APT_")) and name not in (
                        "DISPLAY", "MAKEFLAGS", "http_proxy", "https_proxy")}
        self.env.update(HOME=str(self.dir / "home"), TMPDIR=str(self.dir / "tmp"), LC_ALL="C.UTF-8", TZ="UTC")

    def _remove_directory(self):
        for home in self.dir.rglob("private-keys-v1.d"):
            for what in (["--kill", "all"], ["--remove-socketdir"]):
                subprocess.run(["gpgconf", "--homedir", str(home.parent), *what], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        if os.environ.get("REPOTOOL_KEEP"):
            print(f"kept: {self.dir}", file=sys.stderr)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    def run_tool(self, tool, *arguments, code=0, env=None, cwd=None, timeout=CLIENT_TIMEOUT, stdin=None):
        """Runs a tool and demands its exit code; `code=None` takes any."""
        result = run([tool_path(tool), *arguments], env={**self.env, **(env or {})}, cwd=cwd or self.dir,
                     timeout=timeout, stdin=stdin)
        if code is not None and result.code != code:
            self.fail(f"exit code {result.code}, expected {code}\n{result}")
        return result

    def repotool(self, *arguments, site=None, **options):
        return self.run_tool("repotool", "--site", site or self.site, *arguments, **options)

    def reposign(self, *arguments, **options):
        return self.run_tool("reposign", *arguments, **options)

    def mirrorsync(self, *arguments, **options):
        return self.run_tool("mirrorsync", *arguments, **options)

    def publish(self, repository, *inputs, site=None, **options):
        """publish into test/CHANGE, or with --to, and the JSON answer."""
        where = ["--test", repository[5:]] if repository.startswith("test/") else ["--to", repository]
        answer = self.repotool("--json", "publish", *where, *inputs, site=site, **options).json
        self.assertTrue(answer["ok"], answer)
        return answer

    def write_config(self, text, site=None):
        """Makes the site's directory with this repotool.yaml."""
        site = pathlib.Path(site or self.site)
        site.mkdir(parents=True, exist_ok=True)
        (site / "repotool.yaml").write_text("format: 1\n" + text)

    def assert_same_state(self, before, after, what):
        if before != after:
            self.fail(f"{what} changed:\n{differences(before, after)}")

    def assert_nothing_left(self):
        """No temporary file, no half transaction."""
        left = [name for name, _ in walk(self.dir / "tmp")]
        self.assertEqual(left, [], "left behind in TMPDIR")
        transactions = self.site / "private" / "txn"
        if transactions.exists():
            self.assertEqual(os.listdir(transactions), [], "left behind in private/txn")


def main():
    unittest.main(verbosity=2)

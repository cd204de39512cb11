# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools as another user, who may read public/ and nothing of private/."""

import os
import pathlib
import shutil

from workspace import run, tool_path

NOBODY = 65534
IS_POSSIBLE = os.geteuid() == 0 and shutil.which("setpriv") is not None


def open_to_others(directory):
    """Lets other users pass through a directory of a test."""
    pathlib.Path(directory).chmod(0o755)


def run_as_nobody(test, tool, *arguments):
    """Runs a copy of the tool, which is where nobody may start it."""
    copy = test.dir / "bin-of-nobody" / tool
    if not copy.exists():
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(tool_path(tool), copy)
        open_to_others(test.dir)
        open_to_others(copy.parent)
    command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", copy, *arguments]
    return run(command, env={**test.env, "HOME": "/nonexistent", "TMPDIR": "/tmp"}, cwd="/")

# SPDX-License-Identifier: GPL-3.0-or-later
"""Locks as a living publisher holds them (docs/FORMAT.md §11)."""

import fcntl
import os
import struct


def hold_lock(path):
    """An open-file-description lock on `path`, held until the returned file is closed."""
    stream = open(path, "r+b")
    fcntl.fcntl(stream, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
    return stream

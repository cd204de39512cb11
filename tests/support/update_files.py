# SPDX-License-Identifier: GPL-3.0-or-later
"""Update files, as people write them and as the schema has them."""

import pathlib

from json_schema import check

try:
    import yaml
except ImportError:  # where it is missing, updates are only judged by the tool
    yaml = None


def an_update(path, *builds, notes="what it brings", **keys):
    """Writes an update; a build is (id, release, dist) or a dict. Returns its path."""
    lines = ["---", "notes: |-", *(f"  {line}" for line in notes.splitlines())]
    for key, value in keys.items():
        shown = value if isinstance(value, str) else "[" + ", ".join(value) + "]"
        lines.append(f"{key}: {shown}")
    lines.append("builds:")
    for build in builds:
        if not isinstance(build, dict):
            build = dict(zip(("id", "repo", "dist"), build))
        lines += [f"  {'-' if number == 0 else ' '} {key}: {value}" for number, (key, value) in enumerate(build.items())]
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    check_update(path)
    return path


def check_update(path):
    """Raises AssertionError where a good update is not as its schema says."""
    if yaml:
        check(yaml.safe_load(pathlib.Path(path).read_text()), "update")

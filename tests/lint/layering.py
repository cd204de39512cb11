# SPDX-License-Identifier: GPL-3.0-or-later
"""Arrows between folders point one way, no includes in a ring, third-party headers and system calls stay in their rooms."""

import re

from lint_sources import blank_comments_and_strings, cpp_files, is_product, read

# room: the rooms that it may include besides itself (docs/ARCHITECTURE.md, section 3)
LIBRARY = {"core/base", "core/fs", "core/yaml", "core/net", "core/store", "core/formats", "signing"}
ARROWS = {
    "core/base": set(),
    "core/fs": {"core/base"},
    "core/console": {"core/base", "core/fs"},
    "core/net": {"core/base"},
    "core/yaml": {"core/base"},
    "core/formats": {"core/base"},
    "core/store": {"core/base", "core/fs"},
    "signing": {"core/base", "core/fs"},
    "repotool/config": LIBRARY,
    "repotool/packages": {*LIBRARY, "repotool/config"},
    "repotool/policy": {*LIBRARY, "repotool/config", "repotool/packages"},
    "repotool/ingest": {*LIBRARY, "repotool/config", "repotool/packages"},
    "repotool/updates": {*LIBRARY, "repotool/config", "repotool/packages", "repotool/ingest"},
    "repotool/index": {*LIBRARY, "repotool/config", "repotool/packages"},
    "repotool/inspect": {*LIBRARY, "repotool/config", "repotool/packages", "repotool/index"},
    "repotool/publish": {*LIBRARY, "repotool/config", "repotool/packages", "repotool/policy", "repotool/ingest", "repotool/updates",
                         "repotool/index", "repotool/inspect"},
    "repotool/upkeep": {*LIBRARY, "repotool/config", "repotool/packages", "repotool/policy", "repotool/index", "repotool/inspect",
                        "repotool/publish"},
    "repotool/audit": {*LIBRARY, "repotool/config", "repotool/packages", "repotool/policy", "repotool/index", "repotool/inspect",
                       "repotool/publish", "repotool/upkeep"},
    "repotool/answer": {*LIBRARY, "repotool/config", "repotool/packages", "repotool/updates", "repotool/inspect",
                        "repotool/publish"},
    "sync": {"core/base", "core/fs", "core/yaml", "core/net", "core/store", "core/formats", "signing"},
    "signing/cli": {"core/base", "core/fs", "core/console", "core/net", "signing"},
    "repotool/cli": {*LIBRARY, "core/console", "repotool/config", "repotool/packages", "repotool/policy", "repotool/ingest",
                     "repotool/updates",
                     "repotool/index", "repotool/inspect", "repotool/publish", "repotool/upkeep", "repotool/audit",
                     "repotool/answer"},
    "sync/cli": {"core/base", "core/fs", "core/yaml", "core/console", "core/net", "core/store", "core/formats", "signing", "sync"},
}

# pattern of a third-party header: the folders that may name it
ROOMS = [
    (r"rpm/", ("core/formats/rpm/", "signing/")),
    (r"apt-pkg/|archive(_entry)?\.h$", ("core/formats/deb/",)),
    (r"gpgme\.h$", ("signing/",)),
    (r"curl/", ("core/net/",)),
    (r"yaml-cpp/", ("core/yaml/",)),
    (r"xxhash\.h$", ("core/base/",)),
    (r"libdeflate\.h$", ("core/formats/",)),
    (r"(unistd|fcntl|dirent|poll|spawn|ftw|glob|fts)\.h$|sys/|linux/|fstream$", ("core/fs/", "core/base/")),
]

FILESYSTEM_OPERATION = re.compile(
    r"\bfilesystem::(absolute|canonical|weakly_canonical|relative|proximate|copy\w*|create_\w+|current_path|exists|"
    r"equivalent|file_size|hard_link_count|is_\w+|last_write_time|permissions|read_symlink|remove\w*|rename|"
    r"resize_file|space|status|symlink_status|temp_directory_path|(recursive_)?directory_iterator)\b")
FILE_STREAM = re.compile(r"\b(std::[io]?fstream|(std::)?(fopen|freopen|fdopen|tmpfile)\s*\()")
SYSTEM_CALL = re.compile(
    r"(?<![\w:>.])::(open|openat|creat|read|write|pread|pwrite|close|unlink|unlinkat|rename|renameat2?|link|linkat|"
    r"symlink|symlinkat|mkdir|mkdirat|rmdir|mkdtemp|mkstemp|f?l?stat|fstatat|statx?|f?chmod|f?chown|f?truncate|fsync|"
    r"fdatasync|syncfs|opendir|readdir|fcntl|flock|ioctl|mmap|fork|exec\w+|dup2?|pipe2?)\s*\(")


def room_of(path):
    """The longest room that holds this path, or None."""
    rooms = [room for room in ARROWS if path.startswith(room + "/")]
    return max(rooms, key=len) if rooms else None


def includes(root, path):
    """(line number, target, quoted or angle) of each #include."""
    for number, line in enumerate(read(root, path).splitlines(), 1):
        if match := re.match(r'\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', line):
            yield number, match.group(1) or match.group(2), "quoted" if match.group(1) else "angle"


def _arrow_findings(path, number, target):
    here, there = room_of(path), room_of(target)
    if not is_product(target):
        if target.startswith("tests/") or is_product(path):
            yield f"{path}:{number}: includes \"{target}\": product code includes product headers by their full path"
    elif there is None:
        yield f"{path}:{number}: \"{target}\" is in no known folder"
    elif here != there and there not in ARROWS[here]:
        yield f"{path}:{number}: {here} must not include {there} (\"{target}\")"


def _room_findings(path, number, target):
    for pattern, rooms in ROOMS:
        if re.match(pattern, target) and not path.startswith(rooms):
            yield f"{path}:{number}: <{target}> belongs in {' and '.join(rooms)}"


def _call_findings(root, path):
    if path.startswith(("core/fs/", "core/base/")):
        return
    text = blank_comments_and_strings(read(root, path))
    for number, line in enumerate(text.splitlines(), 1):
        for pattern in (FILESYSTEM_OPERATION, FILE_STREAM, SYSTEM_CALL):
            if match := pattern.search(line):
                yield f"{path}:{number}: '{match.group(0).strip()}' touches the disk outside core/fs"


def _ring_findings(edges):
    """Each ring of includes once, found by depth-first search."""
    state = {}

    def visit(path, trail):
        state[path] = "open"
        for number, target in edges.get(path, ()):
            if state.get(target) == "open":
                ring = trail[trail.index(target):] if target in trail else [target]
                yield f"{path}:{number}: includes in a ring: {' -> '.join([*ring, target])}"
            elif target not in state:
                yield from visit(target, [*trail, target])
        state[path] = "done"

    for path in sorted(edges):
        if path not in state:
            yield from visit(path, [path])


def findings(root):
    edges, sqlite = {}, []
    for path in cpp_files(root):
        product = is_product(path)
        edges[path] = []
        for number, target, kind in includes(root, path):
            if kind == "quoted":
                edges[path].append((number, target))
                if product:
                    yield from _arrow_findings(path, number, target)
            elif product:
                yield from _room_findings(path, number, target)
                if target == "sqlite3.h":
                    sqlite.append(f"{path}:{number}: <sqlite3.h> belongs in one file")
        if product:
            yield from _call_findings(root, path)
    yield from _ring_findings(edges)
    if len(sqlite) > 1:
        yield from sqlite

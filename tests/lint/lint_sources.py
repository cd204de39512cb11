# SPDX-License-Identifier: GPL-3.0-or-later
"""What all lint rules share: the files of the tree and C++ text without comments and strings."""

import os
import pathlib
import re

SKIPPED = {".git", "build", "site", "__pycache__", ".cache"}
PRODUCT = ("core/", "signing/", "repotool/", "sync/")


def files(root, *suffixes):
    """Paths relative to `root`, sorted, build and site trees left out; without suffixes: all files."""
    found = []
    for directory, folders, names in os.walk(root):
        folders[:] = sorted(folder for folder in folders if folder not in SKIPPED)
        for name in sorted(names):
            if name != ".git" and (not suffixes or name.endswith(suffixes)):  # a worktree's .git is a file
                found.append(str(pathlib.Path(directory, name).relative_to(root)))
    return found


def cpp_files(root):
    return files(root, ".cpp", ".hpp")


def is_product(path):
    return path.startswith(PRODUCT)


def read(root, path):
    return pathlib.Path(root, path).read_text(encoding="utf-8", errors="replace")


_TOKENS = re.compile(r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^ ()\\]{0,16})\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'',
                     re.DOTALL)


def blank_comments_and_strings(text, keep_includes=False):
    """The same text, same line numbers, with the inside of comments and literals gone. A digit separator is no quote."""
    text = re.sub(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])", "_", text)

    def blank(match):
        token = match.group(0)
        line_start = text.rfind("\n", 0, match.start()) + 1
        if keep_includes and text[line_start:match.start()].lstrip().startswith("#include"):
            return token
        return ("" if token.startswith("/") else '""') + "\n" * token.count("\n")

    return _TOKENS.sub(blank, text)

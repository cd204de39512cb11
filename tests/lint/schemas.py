# SPDX-License-Identifier: GPL-3.0-or-later
"""Every JSON Schema parses, says what it is, and refers only to what it defines."""

import json
import re

from lint_sources import files, read


def _references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _resolves(document, reference):
    node = document
    for part in reference.removeprefix("#").strip("/").split("/"):
        if part and (not isinstance(node, dict) or part not in node):
            return False
        node = node[part] if part else node
    return True


def findings(root):
    for path in files(root, ".json"):
        text = read(root, path)
        try:
            document = json.loads(text)
        except ValueError as error:
            line = re.search(r"line (\d+)", str(error))
            yield f"{path}:{line.group(1) if line else 1}: is not JSON: {error}"
            continue
        if not path.startswith("schemas/"):
            continue
        for key in ("$schema", "title", "type"):
            if key not in document:
                yield f"{path}:1: lacks \"{key}\""
        for reference in _references(document):
            if reference.startswith("#") and not _resolves(document, reference):
                yield f"{path}:1: refers to '{reference}', which is not there"

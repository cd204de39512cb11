# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing that is committed depends on one machine: no path of it, no address but those that a rule or a format names."""

import re

from lint_sources import cpp_files, files, read

MACHINE_PATH = re.compile(r"(?<![\w.])/(wor[k]|hom[e]/\w+|User[s]/\w+|roo[t])/[\w.]")
ADDRESS = re.compile(r"\b(?:https?|ftp|rsync|git|ssh)://(?:[\w.-]+@)?([A-Za-z0-9.-]+)")
REGISTRY = re.compile(r"\b(docker|quay|ghcr|pkg|gcr|npmjs|pypi|crates)\.(io|org|dev|pkg\.dev)\b")
ALLOWED_HOSTS = re.compile(
    r"^(localhost|127\.0\.0\.1|host|user|mirror\d*|h|(.*\.)?example(\.(org|com|net))?|(.*\.)?invalid|(.*\.)?test|"
    r"linux\.duke\.edu|json-schema\.org|(.*\.)?gnu\.org|fsf\.org|(.*\.)?debian\.org|(.*\.)?w3\.org|spdx\.org|in-toto\.io|slsa\.dev)\.?$")
LICENCE_LINE = "// SPDX-License-Identifier: GPL-3.0-or-later"


def findings(root):
    for path in files(root):
        if path == "LICENSE" or path.endswith((".png", ".gz", ".zst", ".deb", ".rpm", ".gpg")):
            continue
        for number, line in enumerate(read(root, path).splitlines(), 1):
            if match := MACHINE_PATH.search(line):
                yield f"{path}:{number}: names a path of one machine: '{match.group(0)}'"
            if match := REGISTRY.search(line):
                yield f"{path}:{number}: names a registry: '{match.group(0)}'"
            for host in ADDRESS.findall(line):
                if not ALLOWED_HOSTS.match(host):
                    yield f"{path}:{number}: names the host '{host}'"
    for path in cpp_files(root):
        if not read(root, path).startswith(LICENCE_LINE):
            yield f"{path}:1: the first line must be '{LICENCE_LINE}'"

# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing keys for a site, and what other people's programs say about signatures."""

import pathlib
import re
import subprocess

from workspace import run


def generate_key(scenario, *, site=None, home=None, name="stable-key"):
    """A key made by `reposign keys generate`, in the site's own key home or in `home`; its fingerprint."""
    where = ["--site", site] if site else ["--home", home]
    result = scenario.reposign("keys", "generate", name, *where, "--json")
    fingerprint = result.json["fingerprint"]
    scenario.assertRegex(fingerprint, r"^[0-9A-F]{40}$")
    return fingerprint


def binary_keyring(armored, target):
    """gpgv and sqv of Debian 12 read binary keyrings."""
    subprocess.run(["gpg", "--batch", "--yes", "--dearmor", "-o", str(target), str(armored)], check=True,
                   stdin=subprocess.DEVNULL, capture_output=True, env={"HOME": str(target.parent), "PATH": "/usr/bin:/bin"})
    return target


def gpgv(keyring, *files):
    """True when gpgv accepts: one clear-signed file, or signature and data."""
    return run(["gpgv", "--keyring", pathlib.Path(keyring).absolute(), *files]).code == 0


def sqv(keyring, signature, data):
    """sqv of Debian 12 checks detached signatures only."""
    return run(["sqv", "--keyring", keyring, signature, data]).code == 0


class RpmKeys:
    """rpmkeys with a database of its own and each check demanded: an unsigned package is refused too."""

    def __init__(self, directory, key):
        self.options = ["--dbpath", pathlib.Path(directory).absolute()]
        pathlib.Path(directory).mkdir(parents=True, exist_ok=True)
        result = run(["rpmkeys", *self.options, "--import", key])
        if result.code:
            raise AssertionError(str(result))

    def accepts(self, path):
        result = run(["rpmkeys", *self.options, "--define", "_pkgverify_level all", "-Kv", path])
        return result.code == 0 and bool(re.search(r"(?i)signature.*: OK", result.out))

# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads as developers make them: dpkg-buildpackage on a tiny source package, and signatures of gpg."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from packages import BUILD_TIME

RULES = """#!/usr/bin/make -f
build build-arch build-indep clean:
binary-indep:
binary binary-arch:
\tset -e; for package in $$(sed -n 's/^Package: //p' debian/control); do \\
\t  rm -rf debian/made; mkdir -p debian/made/DEBIAN debian/made/usr/share/$$package; \\
\t  echo "$$package of $$(dpkg-parsechangelog -S Version)" >debian/made/usr/share/$$package/content; \\
\t  dpkg-gencontrol -p$$package -Pdebian/made; \\
\t  dpkg-deb --root-owner-group --build debian/made .. ; rm -rf debian/made; done
"""
CONTROL = """Source: {name}
Section: {section}
Priority: optional
Maintainer: Test <test@example.org>
Rules-Requires-Root: no
Standards-Version: 4.6.2
Homepage: https://example.org/{name}

"""
BINARY = """Package: {binary}
Architecture: {architecture}
Description: a package of the tests
 Built by dpkg-buildpackage.

"""
CHANGELOG = """{name} ({version}) {distribution}; urgency=medium{flags}

  * Made at test time.

 -- Test <test@example.org>  Wed, 15 Nov 2023 00:00:00 +0000
"""


def _run(command, **options):
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, **options)
    if done.returncode:
        raise AssertionError(f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


class Upload:
    """The files of one upload in `directory`."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)

    def one(self, suffix):
        found = sorted(self.directory.glob("*" + suffix))
        if len(found) != 1:
            raise AssertionError(f"{len(found)} files *{suffix} in {self.directory}")
        return found[0]

    @property
    def changes(self):
        return self.one(".changes")

    @property
    def dsc(self):
        return self.one(".dsc")

    @property
    def debs(self):
        return sorted(self.directory.glob("*.deb"))


def an_upload(directory, name="hello", version="1.0-1", distribution="bookworm", *, kind="full", source_format="3.0 (quilt)",
              binaries=None, architecture="all", section="misc", orig="-sa", rebuild_of=None):
    """One upload in a new directory; kind: full, source, binary; orig: -sd leaves the upstream tarball out of .changes;
    rebuild_of: the version of the source package, where this is a binNMU of it."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as work:
        tree = pathlib.Path(work, name)
        (tree / "debian" / "source").mkdir(parents=True)
        (tree / "file").write_text("upstream\n")
        if "native" not in source_format:
            upstream = version.split(":")[-1].rsplit("-", 1)[0]
            _run(["tar", "--sort=name", "--mtime=@" + BUILD_TIME, "-czf", f"{work}/{name}_{upstream}.orig.tar.gz",
                  "-C", work, "--exclude=debian", name])
        control = CONTROL.format(name=name, section=section)
        for binary in binaries or [name]:
            control += BINARY.format(binary=binary, architecture=architecture)
        (tree / "debian" / "control").write_text(control)
        entry = {"name": name, "distribution": distribution}
        changelog = CHANGELOG.format(version=version, flags=", binary-only=yes" if rebuild_of else "", **entry)
        if rebuild_of:
            changelog += "\n" + CHANGELOG.format(version=rebuild_of, flags="", **entry)
        (tree / "debian" / "changelog").write_text(changelog)
        (tree / "debian" / "source" / "format").write_text(source_format + "\n")
        rules = tree / "debian" / "rules"
        rules.write_text(RULES)
        rules.chmod(0o755)
        option = {"full": "-F", "source": "-S", "binary": "-b"}[kind]
        _run(["dpkg-buildpackage", option, "-us", "-uc", "-d", orig], cwd=tree,
             env={**os.environ, "SOURCE_DATE_EPOCH": BUILD_TIME, "HOME": work})
        for path in sorted(pathlib.Path(work).iterdir()):
            if path.is_file():
                shutil.copy(path, directory / path.name)
    return Upload(directory)


class Uploader:
    """A person with a key of their own, as gpg makes it."""

    def __init__(self, home, name="Uploader", expires="0"):
        self.home = pathlib.Path(home)
        self.home.mkdir(mode=0o700, parents=True)
        self.gpg("--quick-generate-key", f"{name} <{name.lower()}@example.org>", "ed25519", "sign", expires)
        self.fingerprint = next(line.split(":")[9] for line in self.gpg("--list-keys", "--with-colons").splitlines()
                                if line.startswith("fpr:"))

    def gpg(self, *arguments):
        return _run(["gpg", "--homedir", self.home, "--batch", "--yes", "--pinentry-mode", "loopback", "--passphrase", "",
                     *arguments], env={"PATH": os.environ["PATH"], "HOME": str(self.home)})

    def public_key(self):
        return self.gpg("--armor", "--export", self.fingerprint)

    def sign(self, path):
        """Clear-signs in place, as debsign does."""
        path = pathlib.Path(path)
        signed = path.with_name(path.name + ".signed")
        self.gpg("--local-user", self.fingerprint, "--output", signed, "--clear-sign", path)
        signed.replace(path)

    def wait_for_expiry(self):
        """For a key that was made to last a few seconds."""
        until = next(int(line.split(":")[6]) for line in self.gpg("--list-keys", "--with-colons").splitlines()
                     if line.startswith("pub:"))
        while time.time() <= until + 1:
            time.sleep(0.1)

    def revoke(self):
        """With the certificate that gpg made beside the key."""
        certificate = self.home / "openpgp-revocs.d" / f"{self.fingerprint}.rev"
        certificate.write_text(certificate.read_text().replace(":-----BEGIN", "-----BEGIN"))
        self.gpg("--import", certificate)

    def stop(self):
        _run(["gpgconf", "--homedir", self.home, "--kill", "all"])

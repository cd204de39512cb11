# SPDX-License-Identifier: GPL-3.0-or-later
"""A minimal Debian, published by us: debootstrap resolves, fetches and unpacks it, and apt plans the same installation.

Set-up downloads about 90 packages (32 MB) of Debian 12 from the mirror that this machine's apt uses. Where none answers
the test fails: there is no other way to have a real Debian."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from clients import Apt
from keys import binary_keyring, generate_key
from packages import a_deb
from reader import FileSource, read_release, release_files
from web import Nginx
from workspace import Scenario, main, run, sha256

SUITE = "bookworm"
DEFAULT_MIRROR = "http://deb.debian.org/debian"
ARCHIVE_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# What every Debian has, and what --variant=minbase adds to it. usr-is-merged stands for usrmerge, as debootstrap wants it.
WANTED = ["?essential", "?priority(required)", "apt", "usr-is-merged"]
CONFIG = """
dists:
  - {{name: bookworm, format: deb, architectures: [amd64], components: [main]}}
metadata: {{compress: [gz, zst]}}
repositories:
  stable: {{sign: stable-key}}
keys: {{stable-key: {{fingerprint: {fingerprint}}}}}
"""


def this_machines_mirror():
    """The address of Debian's own packages in this machine's sources of apt."""
    out = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN) $(CODENAME) $(COMPONENT)",
                          "Created-By: Packages"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False).stdout
    found = [line.split()[0] for line in out.splitlines() if line.split()[1:] == ["Debian", SUITE, "main"]]
    return found[0] if found else DEFAULT_MIRROR


def download_minimal_debian(directory):
    """The packages that a minimal Debian consists of, with all that they depend on. The network is that of this machine's
    apt (proxies too), everything else is of its own."""
    mirror = this_machines_mirror()
    for name in ("state/lists/partial", "cache/archives/partial"):
        (directory / name).mkdir(parents=True)
    (directory / "status").touch()
    (directory / "sources.list").write_text(f"deb [signed-by={ARCHIVE_KEYRING} arch=amd64] {mirror} {SUITE} main\n")
    options = {"Dir::State": directory / "state", "Dir::State::status": directory / "status",
               "Dir::Cache": directory / "cache", "Dir::Etc::sourcelist": directory / "sources.list",
               "Dir::Etc::sourceparts": "/dev/null", "Dir::Etc::preferencesparts": "/dev/null",
               "Acquire::Languages": "none", "Acquire::Retries": "3", "Acquire::http::Timeout": "30",
               "APT::Architecture": "amd64", "APT::Architectures::": "amd64", "APT::Sandbox::User": "root"}
    apt = ["apt-get", "-q", "-y", *[f"-o{name}={value}" for name, value in options.items()]]
    for arguments in (["update", "--error-on=any"], ["install", "--download-only", "--no-install-recommends", *WANTED]):
        result = run([*apt, *arguments])
        if result.code:
            raise AssertionError(f"Debian's packages cannot be had from {mirror}, and without them there is nothing to "
                                 f"test\n{result}")
    return sorted((directory / "cache/archives").glob("*.deb"))


class MinimalDebian(Scenario):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="rt-")
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.packages = download_minimal_debian(pathlib.Path(cls.temporary.name))
        cls.digests = {sha256(path): path for path in cls.packages}
        cls.names = {path.name.split("_")[0] for path in cls.packages}

    def setUp(self):
        super().setUp()
        original = pathlib.Path(self.temporary.name, "site")  # published once, copied for each test
        if not original.exists():
            self.make_site()
            subprocess.run(["cp", "-a", self.site, original], check=True)
        else:
            subprocess.run(["cp", "-a", original, self.site], check=True)
        self.server = Nginx(self.dir / "nginx", self.site / "public")
        self.addCleanup(self.server.stop)
        self.keyring = binary_keyring(self.site / "public/keys/stable-key.asc", self.dir / "keyring.gpg")

    def make_site(self):
        self.site.mkdir()
        self.write_config(CONFIG.format(fingerprint=generate_key(self, site=self.site)))
        answer = self.publish("stable", *self.packages)
        self.assertEqual(len(answer["packages"]), len(self.packages))

    def debootstrap(self, *options, target="target", keyring=None, code=0):
        path = self.env["PATH"] + ":/usr/sbin:/sbin"
        result = run(["debootstrap", "--variant=minbase", "--arch=amd64", f"--keyring={keyring or self.keyring}", *options,
                      SUITE, self.dir / target, f"{self.server.url}/stable"], env={**self.env, "PATH": path})
        self.assertEqual(result.code, code, f"{result}\n{self.log_of(target)}")
        return result

    def log_of(self, target):
        log = self.dir / target / "debootstrap/debootstrap.log"
        return log.read_text() if log.exists() else ""

    def test_debootstrap_resolves_a_base_system_and_fetches_the_same_files(self):
        printed = set(self.debootstrap("--print-debs", target="printed").out.split())
        self.assertEqual(printed, self.names, "debootstrap leaves out what it does not find, and says nothing")
        self.debootstrap("--download-only")
        fetched = sorted((self.dir / "target/var/cache/apt/archives").glob("*.deb"))
        self.assertEqual({path.name.split("_")[0] for path in fetched}, printed)
        self.assertLessEqual({sha256(path) for path in fetched}, set(self.digests))
        requests = self.server.requests()
        self.assertEqual({status for status, _ in requests}, {200}, "debootstrap met something that is missing")

    def test_debootstrap_reads_an_index_in_xz(self):
        configuration = self.site / "repotool.yaml"
        configuration.write_text(configuration.read_text().replace("[gz, zst]", "[xz]"))
        self.publish("stable", a_deb(self.dir / "extra", "one-more"))
        self.debootstrap("--print-debs", target="printed")
        digest, _ = release_files(read_release(FileSource(self.site / "public"), "stable", SUITE))["main/binary-amd64/Packages.xz"]
        self.assertIn(digest, " ".join(path for _, path in self.server.requests()))

    @unittest.skipUnless(os.getuid() == 0, "debootstrap unpacks as root alone")
    def test_debootstrap_unpacks_a_base_system(self):
        self.debootstrap("--foreign")
        original = self.dir / "original"
        bash = next(path for path in self.packages if path.name.startswith("bash_"))
        subprocess.run(["dpkg-deb", "-x", bash, original], check=True)
        self.assertEqual(sha256(self.dir / "target/bin/bash"), sha256(original / "bin/bash"))
        required = set((self.dir / "target/debootstrap/required").read_text().split())
        self.assertIn("dpkg", required)
        self.assertTrue((self.dir / "target/usr/bin/dpkg").exists())

    def test_debootstrap_refuses_a_repository_whose_key_it_does_not_have(self):
        self.debootstrap("--print-debs", target="refused", keyring=ARCHIVE_KEYRING, code=1)

    def test_apt_plans_the_same_installation_as_from_debian(self):
        key = shutil.copy(self.site / "public/keys/stable-key.asc", self.dir / "key.asc")
        apt = Apt(self.dir / "apt", f"deb [signed-by={key}] {self.server.url}/stable {SUITE} main")
        apt.update()
        self.assertEqual(set(apt.download(*WANTED)), set(self.digests))

    def test_a_package_more_is_one_that_debootstrap_can_include(self):
        extra = a_deb(self.dir / "extra", "our-own", fields={"Depends": "bash, dpkg (>= 1.20)"})
        self.publish("stable", extra)
        printed = self.debootstrap("--print-debs", "--include=our-own", target="extra-target").out.split()
        self.assertIn("our-own", printed)


if __name__ == "__main__":
    main()

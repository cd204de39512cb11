# SPDX-License-Identifier: GPL-3.0-or-later
"""Contents-<arch> has the paths and packages of apt-ftparchive contents, while packages come, change and go."""

import hashlib
import os
import pathlib
import subprocess
import tempfile

from packages import a_deb
from reader import FileSource, decompress, read_release, release_files
from workspace import Scenario, main

CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64, arm64], components: [main]}
repositories: {stable: {sign: none}}
metadata: {contents: true, compress: [gz, xz, zst], sha512: true}
"""
GENERATE = """
Dir { ArchiveDir "."; CacheDir "."; };
Default { Packages::Compress "."; Contents::Compress "."; };
BinDirectory "debs" { Packages "Packages"; Contents "Contents"; BinCacheDB "db"; };
"""


def entries(text):
    """(path, qualified package) of each line: the last white space divides the two."""
    found = set()
    for line in text.splitlines():
        path, packages = line.rsplit(None, 1)
        found |= {(path, package) for package in packages.split(",")}
    return found


def odd_paths(root):
    for path in ("usr/bin/tool", "usr/share/a b/c  d", "usr/share/Köln", "etc/,comma", "top"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x")
    (root / "usr/bin/link").symlink_to("tool")
    (root / "usr/share/empty").mkdir()


class OracleContents(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)

    def theirs(self, paths):
        """`generate` writes section and name of a package, `contents` the same lines with the name alone."""
        directory = pathlib.Path(tempfile.mkdtemp(dir=self.dir))
        (directory / "debs").mkdir()
        for path in paths:
            os.link(path, directory / "debs" / path.name)
        (directory / "apt.conf").write_text(GENERATE)
        options = {"cwd": directory, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL, "check": True}
        subprocess.run(["apt-ftparchive", "generate", "apt.conf"], stdout=subprocess.DEVNULL, **options)
        plain = subprocess.run(["apt-ftparchive", "contents", "debs"], stdout=subprocess.PIPE, **options).stdout
        qualified = entries((directory / "Contents").read_text())
        self.assertEqual({(path, package.rsplit("/", 1)[-1]) for path, package in qualified}, entries(plain.decode()))
        return qualified

    def ours(self, architecture):
        """From each file that Release lists, by either digest."""
        base = "stable/dists/bookworm"
        source = FileSource(self.site / "public")
        release = read_release(source, "stable", "bookworm")
        files = release_files(release)
        other_digests = {line.split()[2]: line.split()[0] for line in release["SHA512"].splitlines() if line.strip()}
        name = f"main/Contents-{architecture}"
        self.assertEqual(sorted(path for path in files if path.split(".")[0] == name),
                         [name] + [f"{name}.{kind}" for kind in ("gz", "xz", "zst")])
        texts = set()
        for kind in ("gz", "xz", "zst"):
            path = f"{name}.{kind}"
            body = source.get(f"{base}/main/by-hash/SHA256/{files[path][0]}")
            self.assertEqual(hashlib.sha256(body).hexdigest(), files[path][0])
            self.assertEqual(source.get(f"{base}/main/by-hash/SHA512/{other_digests[path]}"), body)
            self.assertEqual(source.get(f"{base}/{path}"), body)
            texts.add(subprocess.run(["xz", "-dc"], input=body, stdout=subprocess.PIPE, check=True).stdout
                      if kind == "xz" else decompress(path, body))
        self.assertEqual(len(texts), 1, "each compression holds the same text")
        text = texts.pop()
        self.assertEqual((hashlib.sha256(text).hexdigest(), len(text)), files[name])
        return entries(text.decode())

    def check(self, packages):
        """What is published are `packages` and no other."""
        for architecture in ("amd64", "arm64"):
            here = [path for path in packages if path.stem.endswith(("_all", f"_{architecture}"))]
            self.assertEqual(self.ours(architecture), self.theirs(here))
        self.repotool("verify", "stable", "--full")

    def test_packages_that_come_change_and_go_leave_what_apt_ftparchive_lists(self):
        made = self.dir / "p"
        tool = a_deb(made, "tool", "1.0-1", populate=odd_paths)
        both = [a_deb(made, "native", "1.0-1", architecture, fields={"Section": "contrib/net"}) for architecture in
                ("amd64", "arm64")]
        plain = a_deb(made, "plain", "1.0-1", "amd64", fields={"Section": None}, populate=odd_paths)
        self.publish("stable", tool, *both)
        self.check([tool, *both])
        self.publish("stable", plain)
        self.check([tool, *both, plain])
        newer = a_deb(made, "tool", "2.0-1", populate=lambda root: (root / "only-newer").write_text("x"))
        self.publish("stable", newer)
        self.check([tool, newer, *both, plain])
        self.repotool("remove", "stable", "tool=1.0-1")
        self.check([newer, *both, plain])
        self.repotool("remove", "stable", "plain")
        self.check([newer, *both])

    def test_each_installer_has_contents_of_its_own(self):
        deb = a_deb(self.dir / "p", "tool", architecture="amd64")
        udeb = a_deb(self.dir / "p", "tool-udeb", architecture="amd64", file_name="tool-udeb_1.0-1_amd64.udeb",
                     fields={"Section": "debian-installer", "Package-Type": "udeb"})
        self.publish("stable", deb, udeb)
        self.assertEqual(self.ours("amd64"), self.theirs([deb]))
        same = pathlib.Path(self.dir, "tool-udeb_1.0-1_amd64.deb")
        os.link(udeb, same)
        self.assertEqual(self.ours("udeb-amd64"), self.theirs([same]))
        self.repotool("verify", "stable", "--full")

    def test_a_lost_cache_changes_nothing(self):
        first, second = (a_deb(self.dir / "p", name, populate=odd_paths) for name in ("one", "two"))
        self.publish("stable", first)
        for path in [*(self.site / "private").glob("records.db*"), *(self.site / "private/text").rglob("*.*")]:
            path.unlink()
        self.publish("stable", second)
        self.check([first, second])


if __name__ == "__main__":
    main()

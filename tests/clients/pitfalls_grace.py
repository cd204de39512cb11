# SPDX-License-Identifier: GPL-3.0-or-later
"""Pitfalls 13 and 14: for how long what is no longer current stays (tests/clients/pitfalls.py has the table).

Weeks pass for the site, with the graces that everybody has who sets none: 48 hours for metadata, 14 days for packages. The
judges are apt and dnf behind a cache that keeps old pointer files and asks the site for everything else."""

import os
import shutil
import subprocess

from clients import Apt, Dnf
from clock import DAY, HOUR, MINUTE, Calendar
from upkeep_site import UpkeepScenario
from web import Nginx
from workspace import main, sha256, walk

POINTERS = ("dists/bookworm/Release", "rpm/el9/x86_64/repodata/repomd.xml")
SERVER = """server {{ listen 127.0.0.1:{port}; root {root};
  location ~ /(InRelease|Release|Release[.]gpg|repomd[.]xml)$ {{ root CACHE; }} }}"""
LONG_AGO = 1_000_000_000


class Grace(UpkeepScenario):
    def setUp(self):
        super().setUp()
        self.calendar = Calendar(self, began_ago=60 * DAY)

    def publish_at(self, moment, version, **options):
        """The whole content of test/one is `hello` of this version, as .deb and as .rpm."""
        self.calendar.go_to(moment)
        self.publish("test/one", self.deb("hello", f"{version}-1"), self.rpm("hello", version), **options)

    def gc_at(self, moment):
        self.calendar.go_to(moment)
        self.assertEqual(self.gc()["problems"], [])

    def cache_pointers(self):
        """A server that has the pointer files of this moment for ever, and all other files as long as the site has them."""
        cache = self.dir / f"cache{len(list(self.dir.glob('cache*')))}"
        for name in POINTERS:
            (cache / "test/one" / name).parent.mkdir(parents=True)
            shutil.copy(self.public / "test/one" / name, cache / "test/one" / name)
        server = Nginx(cache / "nginx", self.public, server=SERVER.replace("CACHE", str(cache)))
        self.addCleanup(server.stop)
        return server

    def new_clients(self, server):
        directory = self.dir / f"clients{len(list(self.dir.glob('clients*')))}"
        return (Apt(directory / "apt", f"deb [trusted=yes] {server.url}/test/one bookworm main"),
                Dnf(directory / "dnf", baseurl=f"{server.url}/test/one/rpm/el9/x86_64/"))

    def can_read(self, server, version):
        """Clients that come now and are told the cached pointers get this version of the package; they are returned."""
        apt, dnf = self.new_clients(server)
        apt.update()
        self.assertEqual(apt.versions("hello"), [f"{version}-1"])
        self.assertEqual(dnf.repoquery(), [f"hello-{version}-1.el9.noarch"])
        self.can_download(apt, dnf, version)
        return apt, dnf

    def cannot_read(self, server):
        apt, dnf = self.new_clients(server)
        apt.update(code=100)
        self.assertIn("primary.xml.gz - Cannot download", dnf.repoquery(code=1).err)

    def can_download(self, apt, dnf, version):
        """Clients that have the metadata already get the very file that it names."""
        self.forget_downloads(apt, dnf)
        self.assertEqual(set(apt.download("hello")), {sha256(self.deb("hello", f"{version}-1"))})
        self.assertEqual(set(dnf.download("--setopt=metadata_expire=never", "hello")), {sha256(self.rpm("hello", version))})

    def cannot_download(self, apt, dnf):
        self.forget_downloads(apt, dnf)
        self.assertIn("404", apt.download("hello", code=100).err)
        self.assertIn("hello-1.0-1.el9.noarch: Cannot download", dnf.download("--setopt=metadata_expire=never", "hello", code=1).err)

    @staticmethod
    def forget_downloads(apt, dnf):
        for client, ending in ((apt, "*.deb"), (dnf, "*.rpm")):
            for path in client.dir.rglob(ending):
                path.unlink()

    def test_pitfall_13_after_a_b_a_c_the_metadata_of_a_stays_for_the_whole_grace_of_its_second_end(self):
        self.publish_at(0, "1.0")
        cache, index = self.cache_pointers(), self.indexes()
        self.publish_at(1 * HOUR, "2.0")
        self.publish_at(2 * HOUR, "1.0")
        self.assertLessEqual(index, self.indexes(), "A again is the same bytes under the same names")
        self.gc_at(3 * DAY)  # the first A goes
        self.assertEqual(self.generations("test/one"), [3])
        self.can_read(cache, "1.0")
        end = 4 * DAY
        self.publish_at(end, "3.0")
        self.gc_at(end + MINUTE)
        self.gc_at(end + 2 * DAY - MINUTE)
        self.can_read(cache, "1.0")
        self.gc_at(end + 2 * DAY + MINUTE)
        self.cannot_read(cache)
        self.assertFalse(index & self.indexes())

    def test_pitfall_13_packages_that_were_on_their_way_out_and_came_back_have_their_whole_grace_again(self):
        self.publish_at(0, "1.0")
        index = self.indexes()
        self.publish_at(1 * HOUR, "2.0")
        self.gc_at(2 * DAY + 2 * HOUR)
        self.assertFalse(index & self.indexes())
        self.assertEqual(self.gc()["waiting"]["files"], 2)
        self.publish_at(3 * DAY, "1.0")
        slow = self.can_read(self.cache_pointers(), "1.0")
        end = 5 * DAY
        self.publish_at(end, "3.0")
        self.gc_at(end + 2 * DAY + MINUTE)
        self.gc_at(1 * HOUR + 14 * DAY + MINUTE)  # the grace that began with their first end
        self.can_download(*slow, "1.0")
        self.gc_at(end + 14 * DAY - MINUTE)
        self.can_download(*slow, "1.0")
        self.gc_at(end + 14 * DAY + MINUTE)
        self.cannot_download(*slow)
        self.assert_good("test/one")

    def indexes(self):
        found = {path for path in self.names("public/meta") if "/by-hash/SHA256/" in path or "-primary.xml" in path}
        self.assertGreaterEqual(len(found), 3)  # Packages.gz, Packages.zst, primary.xml.gz
        return found

    def test_pitfall_14_grace_counts_from_the_switch_and_not_from_times_of_files(self):
        """Files may be older than the switch by years (rsync, hard links, SOURCE_DATE_EPOCH) or newer (a restored backup)."""
        self.publish_at(0, "1.0", env={"SOURCE_DATE_EPOCH": str(LONG_AGO)})
        self.move_site("rsync", "-aH")
        self.set_times(LONG_AGO)
        end = 30 * DAY  # for which it was current
        self.gc_at(end - MINUTE)
        cache = self.cache_pointers()
        self.publish_at(end, "2.0", env={"SOURCE_DATE_EPOCH": str(LONG_AGO + 100)})
        self.set_times(LONG_AGO)
        self.gc_at(end + MINUTE)
        self.can_read(cache, "1.0")
        self.gc_at(end + 2 * DAY - MINUTE)
        self.assertEqual(self.generations("test/one"), [1, 2])  # who follows a mirrorlist reads in the generation's directory
        slow = self.can_read(cache, "1.0")
        self.move_site("rsync", "-rlHp", "--ignore-times")  # every file is new
        self.gc_at(end + 2 * DAY + MINUTE)
        self.assertEqual(self.generations("test/one"), [2])
        self.cannot_read(cache)
        self.set_times(LONG_AGO)
        self.gc_at(end + 14 * DAY - MINUTE)
        self.can_download(*slow, "1.0")
        self.move_site("rsync", "-rlHp", "--ignore-times")
        self.gc_at(end + 14 * DAY + MINUTE)
        self.cannot_download(*slow)
        self.assertEqual([path for path in self.names("public", "private/objects") if "hello_1.0" in path
                          or sha256(self.deb("hello", "1.0-1")) in path], [])
        self.assert_good("test/one")

    def move_site(self, *copier):
        """The site is copied to another place, and the copy takes its name."""
        subprocess.run([*copier, f"{self.site}/", self.dir / "copy"], check=True)
        shutil.rmtree(self.site)
        (self.dir / "copy").rename(self.site)

    def set_times(self, when):
        for name, _ in walk(self.site):
            os.utime(self.site / name, (when, when), follow_symlinks=False)


if __name__ == "__main__":
    main()

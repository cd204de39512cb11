# SPDX-License-Identifier: GPL-3.0-or-later
"""Pitfalls 21 to 26: what goes in, and what must not (tests/clients/pitfalls.py has the table)."""

import pathlib
import shutil

from clients import Apt, Dnf
from hostile import truncated
from keys import RpmKeys, generate_key
from packages import a_deb, rpms
from reader import FileSource, read_deb, read_everything, read_release, read_rpm, release_files
from web import Nginx
from workspace import Scenario, exact_state, main, run, sha256

DISTS = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64, arm64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64, aarch64]}
"""
SIGNED = """repositories:
  stable: {{sign: stable-key}}
keys: {{stable-key: {{fingerprint: {fingerprint}}}}}
"""
UNSIGNED = "repositories: {stable: {sign: none}}\n"


def content_of_rpm(path):
    """What signing does not change, as rpm itself reads it."""
    query = "%{SHA256HEADER} %{PAYLOADDIGEST}"
    return run(["rpm", "-qp", "--nosignature", "--qf", query, pathlib.Path(path).absolute()]).out


class Inputs(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(DISTS)
        self.public = self.site / "public"

    def serve(self):
        server = Nginx(self.dir / "nginx", self.public)
        self.addCleanup(server.stop)
        return server

    def apt(self, repository="test/one", architecture="amd64"):
        url = self.serve().url
        apt = Apt(self.dir / f"apt-{architecture}", f"deb [trusted=yes] {url}/{repository} bookworm main", architecture)
        apt.update()
        return apt

    def dnf(self, repository="test/one", architecture="x86_64"):
        return Dnf(self.dir / f"dnf-{architecture}", baseurl=f"{self.serve().url}/{repository}/rpm/el9/{architecture}/")

    def packages(self, directory, content):
        return [a_deb(self.dir / directory, "hello", content=content),
                *rpms(self.dir / directory, "hello", content=content.strip())]

    def test_pitfall_21_the_same_version_with_other_bytes_is_refused_where_stable_means_stable(self):
        self.write_config(DISTS + UNSIGNED)
        self.publish("stable", *self.packages("first", "one\n"))
        before = exact_state(self.public)
        for other in self.packages("second", "two\n"):
            refused = self.repotool("publish", "--to", "stable", other, code=4)
            self.assertIn("hello", refused.err)
        self.assert_same_state(before, exact_state(self.public), "public/")

    def test_pitfall_21_what_was_tested_is_what_becomes_stable(self):
        self.write_config(DISTS + SIGNED.format(fingerprint=generate_key(self, site=self.site)))
        deb, rpm = self.packages("p", "one\n")
        self.publish("test/one", deb, rpm)
        self.repotool("promote", "test/one", "stable")
        stable = {path.suffix: path for path in (self.public / "pool/stable").rglob("*.*") if path.is_file()}
        self.assertEqual(sha256(stable[".deb"]), sha256(deb))
        self.assertNotEqual(sha256(stable[".rpm"]), sha256(rpm))
        self.assertEqual(content_of_rpm(stable[".rpm"]), content_of_rpm(rpm))
        self.assertEqual(len(content_of_rpm(rpm).split()), 2)

    def test_pitfall_22_packages_are_signed_before_anything_names_them(self):
        self.write_config(DISTS + SIGNED.format(fingerprint=generate_key(self, site=self.site)))
        self.publish("stable", *self.packages("p", "one\n"))
        named = {entry[3] for entry in read_everything(self.public, "stable")}
        keys = RpmKeys(self.dir / "rpmdb", self.public / "keys/stable-key.asc")
        for path in (self.public / "pool/stable").rglob("*.rpm"):
            self.assertIn(sha256(path), named)
            self.assertTrue(keys.accepts(path))

    def test_pitfall_22_a_package_that_was_signed_after_it_was_indexed_is_noticed(self):
        self.write_config(DISTS + UNSIGNED)
        _, rpm = self.packages("p", "one\n")
        self.publish("stable", rpm)
        path = next((self.public / "pool/stable").rglob("*.rpm"))
        home = self.dir / "gnupg"
        home.mkdir(mode=0o700)
        late = generate_key(self, home=home, name="late")
        signed = pathlib.Path(shutil.copy(rpm, self.dir / "signed.rpm"))
        self.reposign("packages", "--home", home, "--key", late, signed)
        self.assertNotEqual(sha256(signed), sha256(rpm))
        again = self.publish("stable", signed)  # the same content: what is published stays as it is named
        self.assertFalse(again["changed"])
        self.assertEqual(sha256(path), sha256(rpm))
        path.unlink()
        shutil.copy(signed, path)
        damage = self.repotool("verify", "stable", "--full", code=9)
        self.assertIn(path.name, damage.err + damage.out)

    def test_pitfall_23_odd_names_and_versions_reach_apt(self):
        odd = [a_deb(self.dir / "p", "g++", "4:12.2.0-3"), a_deb(self.dir / "p", "tilde", "1.0~rc1+b1-0.1"),
               a_deb(self.dir / "p", "a-name-" + "x" * 120, "1.0"), a_deb(self.dir / "p", "epoch", "1:1.0-1"),
               a_deb(self.dir / "p", "escaped", "2:1.0-1", file_name="escaped_2%3a1.0-1_all.deb"),
               a_deb(self.dir / "p", "spaced", file_name="a name with spaces, ünïcödé & 'quotes'.deb")]
        self.publish("test/one", self.dir / "p")
        apt = self.apt()
        names = [path.name for path in odd]
        self.assertEqual(len(set(names)), len(odd))
        wanted = ["g++", "tilde", "a-name-" + "x" * 120, "epoch", "escaped", "spaced"]
        self.assertEqual(set(apt.download(*wanted)), {sha256(path) for path in odd})
        self.assertEqual(apt.versions("escaped"), ["2:1.0-1"])

    def test_pitfall_23_versions_that_differ_in_their_epoch_do_not_share_a_file(self):
        one = a_deb(self.dir / "p", "epoch", "1:1.0-1", content="one\n", file_name="one.deb")
        two = a_deb(self.dir / "p", "epoch", "2:1.0-1", content="two\n", file_name="two.deb")
        self.publish("test/one", one, two)
        self.assertEqual(self.apt().versions("epoch"), ["2:1.0-1", "1:1.0-1"])
        self.assertEqual({entry[3] for entry in read_everything(self.public, "test/one")}, {sha256(one), sha256(two)})
        self.write_config(DISTS + UNSIGNED)
        self.publish("stable", one)
        before = read_everything(self.public, "stable")
        result = self.repotool("publish", "--to", "stable", two, code=None)
        self.assertIn(result.code, (0, 4), result)
        self.assertEqual(len(read_everything(self.public, "stable") - before), 0 if result.code else 1)

    def test_pitfall_24_broken_inputs_are_refused_by_name_and_change_nothing(self):
        deb, rpm = self.packages("p", "one\n")
        self.publish("test/one", deb, rpm)
        before = exact_state(self.public)
        broken = [truncated(path, self.dir, fraction) for path in (deb, rpm) for fraction in (0.3, 0.9)]
        for name in ("empty.deb", "empty.rpm"):
            (self.dir / name).touch()
            broken.append(self.dir / name)
        (self.dir / "link.deb").symlink_to(deb)
        (self.dir / "directory.deb").mkdir()
        for path in (*broken, self.dir / "link.deb", self.dir / "directory.deb"):
            with self.subTest(path.name):
                refused = self.repotool("publish", "--test", "one", path, code=3)
                self.assertIn(path.name, refused.err)
                self.assert_same_state(before, exact_state(self.public), "public/")
        self.assertFalse(self.publish("test/one", deb, deb, rpm, rpm)["changed"], "an argument that is given twice")

    def test_pitfall_24_zstd_many_files_and_a_huge_changelog_reach_the_clients(self):
        deb = a_deb(self.dir / "p", "compressed", compression="zstd")
        many = "mkdir -p %{buildroot}/usr/share/many; cd %{buildroot}/usr/share/many; seq 31000 | xargs touch"
        entry = "* Wed Nov 15 2023 Test <test@example.org> - 1.0-1\n" + ("- " + "x" * 98 + "\n") * 30000
        rpm, = rpms(self.dir / "p", "big", install=many, files="/usr/share/many\n", changelog=entry)
        self.publish("test/one", deb, rpm)
        self.assertEqual(list(self.apt().download("compressed")), [sha256(deb)])
        dnf = self.dnf()
        self.assertEqual(dnf.repoquery(), ["big-1.0-1.el9.noarch"])
        listed = dnf.run("repoquery", "-l", "big").out.split()
        self.assertEqual(len(listed), 31002)
        self.assertIn("/usr/share/many/30999", listed)
        self.assertGreater(len(dnf.run("repoquery", "--changelogs", "big").out), 2_900_000)

    def test_pitfall_25_one_nevra_twice_is_ambiguous_or_one_entry(self):
        deb, rpm = self.packages("first", "one\n")
        other_deb, other_rpm = self.packages("second", "two\n")
        for pair in ((deb, other_deb), (rpm, other_rpm)):
            self.assertIn("hello", self.repotool("publish", "--test", "two", *pair, code=3).err)
        copies = [shutil.copy(path, self.dir / f"copy-{path.name}") for path in (deb, rpm)]
        self.publish("test/one", deb, rpm, *copies)
        self.assertEqual(self.dnf().repoquery(), ["hello-1.0-1.el9.noarch"])
        self.assertEqual(len(read_deb(FileSource(self.public), "test/one", "bookworm")), 1)

    def test_pitfall_25_packages_for_all_are_in_every_architecture_and_empty_ones_have_an_index(self):
        self.publish("test/one", a_deb(self.dir / "p", "everywhere"), a_deb(self.dir / "p", "here", architecture="amd64"),
                     *rpms(self.dir / "p", "everywhere"), *rpms(self.dir / "p", "here", architecture="x86_64"))
        self.assertEqual((self.apt().names(), self.apt(architecture="arm64").names()), (["everywhere", "here"], ["everywhere"]))
        self.assertEqual([entry.split("-")[0] for entry in self.dnf().repoquery()], ["everywhere", "here"])
        self.assertEqual([entry.split("-")[0] for entry in self.dnf(architecture="aarch64").repoquery()], ["everywhere"])
        self.publish("test/two", a_deb(self.dir / "p", "here", architecture="amd64"),
                     *rpms(self.dir / "p", "here", architecture="x86_64"))
        self.assertEqual(self.apt("test/two", "arm64").names(), [])
        self.assertEqual(self.dnf("test/two", "aarch64").repoquery(), [])
        files = release_files(read_release(FileSource(self.public), "test/two", "bookworm"))
        self.assertIn("main/binary-arm64/Packages", files)

    def test_pitfall_25_an_architecture_without_packages_left_keeps_an_empty_index(self):
        self.publish("test/one", a_deb(self.dir / "p", "here", architecture="amd64"),
                     a_deb(self.dir / "p", "late", architecture="i386"), *rpms(self.dir / "p", "here", architecture="x86_64"),
                     *rpms(self.dir / "p", "late", architecture="ppc64le"))
        self.assertEqual(self.apt(architecture="i386").names(), ["late"])
        self.assertEqual(self.dnf(architecture="ppc64le").repoquery(), ["late-1.0-1.el9.ppc64le"])
        self.repotool("remove", "test/one", "late")
        self.assertEqual(self.apt(architecture="i386").names(), [])
        self.assertEqual(self.dnf(architecture="ppc64le").repoquery(), [])
        self.assertEqual(self.dnf().repoquery(), ["here-1.0-1.el9.x86_64"])

    def test_pitfall_26_old_clients_get_compressions_and_digests_that_they_know(self):
        self.publish("test/one", *self.packages("p", "one\n"))
        repomd = (self.public / "test/one/rpm/el9/x86_64/repodata/repomd.xml").read_text()
        self.assertIn("primary.xml.gz", repomd)
        self.assertNotIn(".zst", repomd)
        self.assertIn('checksum type="sha256"', repomd)
        files = release_files(read_release(FileSource(self.public), "test/one", "bookworm"))
        self.assertIn("main/binary-amd64/Packages.gz", files)
        release = (self.public / "test/one/dists/bookworm/Release").read_text()
        self.assertNotIn("MD5Sum", release)
        self.assertNotIn("SHA1:", release)
        self.write_config(DISTS + "metadata: {compress: [zst, gz]}\n")
        self.publish("test/new", *self.packages("p", "one\n"))
        self.assertIn("primary.xml.zst", (self.public / "test/new/rpm/el9/x86_64/repodata/repomd.xml").read_text())
        self.assertEqual(len(read_rpm(FileSource(self.public), "test/new", "el9", "x86_64")), 1)


if __name__ == "__main__":
    main()

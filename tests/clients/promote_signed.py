# SPDX-License-Identifier: GPL-3.0-or-later
"""promote ready/ stable: everything is signed, other people's programs accept it, and refuse it after one flipped byte."""

import pathlib
import shutil
import unittest

from clients import Apt, Dnf, Zypper
from keys import GnuPG, RpmKeys, binary_keyring, gpgv, signing_config, sqv
from packages import a_deb, a_mixed_set
from reader import read_everything
from web import Nginx
from workspace import Scenario, exact_state, main, sha256



def flip_byte(path, position):
    """Changes one byte of a copy of what `path` names, and puts the copy in its place."""
    data = bytearray(pathlib.Path(path).read_bytes())
    data[position] ^= 0x01
    pathlib.Path(path).unlink()
    pathlib.Path(path).write_bytes(data)


class Signed(Scenario):
    """Both formats in one generation; what is asked of it holds for every kind of key."""

    algorithms = {"stable-key": "ed25519"}  # all of them sign; clients know the first alone
    secrets = {}  # by algorithm, made once: RSA needs its time

    def setUp(self):
        super().setUp()
        (self.site / "public").mkdir(parents=True)
        self.server = Nginx(self.dir / "nginx", self.site / "public")
        self.addCleanup(self.server.stop)
        self.gpg = GnuPG(self, self.site / "private/gnupg")
        self.fingerprints = {name: self.import_key(algorithm) for name, algorithm in self.algorithms.items()}
        self.configure("stable")
        self.files = a_mixed_set(self.dir / "ready")
        self.answer = self.repotool("--json", "promote", self.dir / "ready", "stable").json
        self.files = [self.dir / "ready/.promoted/1" / path.name for path in self.files]
        self.key = self.site / "public/keys/stable-key.asc"
        self.keyring = binary_keyring(self.key, self.dir / "stable-key.gpg")
        self.whole_keyring = self.dir / "whole.gpg"  # gpgv demands to know each key that signed
        self.whole_keyring.write_bytes(b"".join(binary_keyring(self.site / f"public/keys/{name}.asc", self.dir / "one.gpg").read_bytes()
                                                for name in self.algorithms))
        self.rpmkeys = RpmKeys(self.dir / "rpmdb", self.key)

    def import_key(self, algorithm):
        if algorithm not in Signed.secrets:
            maker = GnuPG(self, self.dir / "maker")
            fingerprint = maker.key(algorithm, algorithm=algorithm)
            Signed.secrets[algorithm] = (fingerprint, maker.secret_key(fingerprint))
        fingerprint, secret = Signed.secrets[algorithm]
        self.gpg.run("--import", data=secret)
        return fingerprint

    def configure(self, repository, fingerprints=None):
        keys = {**self.fingerprints, **(fingerprints or {})}
        self.write_config(signing_config({repository: f"sign: [{', '.join(keys)}]"},
                                         {name: f'fingerprint: "{key}"' for name, key in keys.items()}, self.server.url))

    def apt(self, name, url=None):
        return Apt(self.dir / name, f"deb [signed-by={self.keyring}] {url or self.server.url}/stable bookworm main")

    def dnf(self, name, url=None, mirrorlist=False):
        base = f"{url or self.server.url}/stable/rpm/el9/x86_64/"
        where = {"mirrorlist": base + "mirrorlist"} if mirrorlist else {"baseurl": base}
        return Dnf(self.dir / name, key=f"file://{self.key}", **where)

    def accept_detached(self, directory, name, signature):
        paths = (directory / signature, directory / name)
        self.assertTrue(gpgv(self.whole_keyring, *paths), f"gpgv refuses {name}")
        self.assertTrue(sqv(self.keyring, *paths), f"sqv refuses {name}")

    def test_gpgv_sqv_and_rpmkeys_accept_every_signature(self):
        generation = self.site / "public/gen/stable/1"
        suite = generation / "dists/bookworm"
        self.assertTrue(gpgv(self.whole_keyring, suite / "InRelease"))
        self.accept_detached(suite, "Release", "Release.gpg")
        self.accept_detached(generation, "MANIFEST", "MANIFEST.asc")
        for architecture in ("x86_64", "source"):
            self.accept_detached(generation / f"pin/el9/{architecture}/repodata", "repomd.xml", "repomd.xml.asc")
        packages = list((self.site / "public/pool/stable").rglob("*.rpm"))
        self.assertEqual(len(packages), 4)
        for path in packages:
            self.assertTrue(self.rpmkeys.accepts(path), f"rpmkeys refuses {path}")
        self.reposign("verify", "--keyring", self.key, suite, *packages)

    def test_apt_dnf_and_zypper_accept_with_all_checks_on(self):
        apt = self.apt("apt")
        apt.update()
        self.assertEqual(len(apt.download("alpha")), 2)
        for name, mirrorlist in (("dnf-baseurl", False), ("dnf-mirrorlist", True)):
            dnf = self.dnf(name, mirrorlist=mirrorlist)
            self.assertEqual(dnf.repoquery(), ["delta-4.0-1.el9.x86_64", "gamma-3.0-1.el9.noarch",
                                               "gamma-data-3.0-1.el9.noarch"])
            self.assertEqual(len(dnf.download("delta")), 2)
        zypper = Zypper(self.dir / "zypper", f"{self.server.url}/stable/rpm/el9/x86_64/", key=self.key)
        zypper.refresh()
        self.assertEqual(zypper.names(), ["delta", "gamma", "gamma-data"])

    def test_one_flipped_byte_in_a_metadata_file_is_refused(self):
        copy = self.dir / "copied-site"
        shutil.copytree(self.site, copy, symlinks=True, ignore=shutil.ignore_patterns("S.*", "private"))
        generation = copy / "public/gen/stable/1"
        suite, repodata = generation / "dists/bookworm", generation / "pin/el9/x86_64/repodata"
        checks = [(suite / "InRelease", lambda: gpgv(self.whole_keyring, suite / "InRelease"))]
        for directory, name, signature in ((suite, "Release", "Release.gpg"), (generation, "MANIFEST", "MANIFEST.asc"),
                                           (repodata, "repomd.xml", "repomd.xml.asc")):
            # A signature of two keys that is damaged in one of them stays good for clients with the other.
            for path in (directory / name, directory / signature)[:2 if len(self.algorithms) == 1 else 1]:
                checks.append((path, lambda d=directory, n=name, s=signature: gpgv(self.whole_keyring, d / s, d / n)
                               or sqv(self.keyring, d / s, d / n)))
        for path, accepts in checks:
            original = path.read_bytes()
            self.assertTrue(accepts(), f"{path.name} is refused before it is changed")
            flip_byte(path, len(original) // 2)
            self.assertFalse(accepts(), f"{path.name} is accepted with a flipped byte")
            verdict = self.repotool("verify", "stable", "--full", site=copy, code=9)
            self.assertIn(path.name.split(".")[0], verdict.err + verdict.out)
            path.unlink()
            path.write_bytes(original)

    def test_clients_refuse_flipped_metadata(self):
        copy = self.dir / "copy"
        shutil.copytree(self.site / "public", copy, symlinks=True)
        server = Nginx(self.dir / "nginx-copy", copy)
        self.addCleanup(server.stop)
        generation = copy / "gen/stable/1"
        self.apt("apt-good", server.url).update()
        release = generation / "dists/bookworm/InRelease"
        flip_byte(release, release.read_bytes().index(b"Origin:") + 9)
        self.assertEqual(self.apt("apt-bad", server.url).update(code=100).code, 100)
        self.dnf("dnf-good", server.url).repoquery()
        repomd = generation / "pin/el9/x86_64/repodata/repomd.xml"
        flip_byte(repomd, repomd.read_bytes().index(b"<revision>") + 12)
        self.assertNotEqual(self.dnf("dnf-bad", server.url).repoquery(code=None).code, 0)

    def test_one_flipped_byte_in_a_package_is_refused(self):
        for path in (self.site / "public/pool/stable").rglob("*.rpm"):
            copy = pathlib.Path(shutil.copy(path, self.dir / path.name))
            self.assertTrue(self.rpmkeys.accepts(copy))
            flip_byte(copy, copy.stat().st_size - 40)
            self.assertFalse(self.rpmkeys.accepts(copy), f"{path.name} is accepted with a flipped payload byte")


class PromoteSigned(Signed):
    def test_both_formats_arrive_in_one_flip_and_inputs_stay_as_they_were(self):
        self.assertEqual((self.answer["changed"], self.answer["generation"]), (True, 1))
        self.assertEqual({package["format"] for package in self.answer["packages"]}, {"deb", "rpm"})
        self.assertEqual({package["unsigned_sha256"] for package in self.answer["packages"]},
                         {sha256(path) for path in self.files})
        for package in self.answer["packages"]:
            self.assertEqual(package["sha256"] != package["unsigned_sha256"], package["format"] == "rpm", package)
        self.assertEqual(len(read_everything(self.site / "public", "stable")), len(self.files))
        self.assert_nothing_left()

    def test_the_client_snippets_carry_the_key(self):
        apt = Apt(self.dir / "apt", "# nothing here")
        snippet = self.repotool("client", "stable", "--format", "sources").out
        (apt.dir / "etc/sources.list.d/stable.sources").write_text(snippet)
        apt.update()
        self.assertEqual(len(apt.download("alpha")), 2)
        dnf = Dnf(self.dir / "dnf", baseurl="http://127.0.0.1:1/")
        (dnf.dir / "repos/r.repo").write_text(self.repotool("client", "stable", "--format", "repo").out)
        self.assertEqual(len(dnf.download("delta")), 2)

    def test_an_unsigned_test_repository_is_promoted_with_its_tested_files(self):
        self.publish("test/change-1", *self.files)
        answer = self.repotool("--json", "promote", "test/change-1", "stable").json
        self.assertFalse(answer["changed"], "ready/ held the same packages already")
        self.configure("other")
        answer = self.repotool("--json", "promote", "test/change-1", "other").json
        self.assertEqual({package["unsigned_sha256"] for package in answer["packages"]},
                         {sha256(path) for path in self.files})
        for path in (self.site / "public/pool/other").rglob("*.rpm"):
            self.assertTrue(self.rpmkeys.accepts(path))

    def test_a_missing_secret_key_ends_before_anything_is_published(self):
        shutil.rmtree(self.gpg.home)
        before = exact_state(self.site / "public")
        (self.dir / "more").mkdir()
        more = a_deb(self.dir / "more", "more")
        for fingerprint in (self.fingerprints["stable-key"], "0" * 40):
            self.configure("stable", {"stable-key": fingerprint})
            refused = self.repotool("--json", "promote", self.dir / "more", "stable", code=5)
            self.assertEqual(refused.json["error"]["kind"], "signing")
            self.assert_same_state(before, exact_state(self.site / "public"), "public/")
        self.assertTrue(more.exists())
        self.assert_nothing_left()


class RsaAlone(Signed):
    algorithms = {"stable-key": "rsa4096"}


class TwoKeysOneOfThemRsa(Signed):
    """A client that knows the RSA key alone accepts what its key and another have signed."""

    algorithms = {"stable-key": "rsa4096", "next-key": "ed25519"}


def load_tests(loader, _tests, _pattern):
    """Signed is what the others are made of."""
    return unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in (PromoteSigned, RsaAlone, TwoKeysOneOfThemRsa))


if __name__ == "__main__":
    main()

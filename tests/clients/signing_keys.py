# SPDX-License-Identifier: GPL-3.0-or-later
"""Two keys at once and keys behind a program: clients that know one key accept what both, or a program, have signed."""

import sys

from clients import Apt, Dnf
from keys import RpmKeys, binary_keyring, generate_key, gpgv, rsa_key_without_gpg, signing_config, sqv
from packages import a_deb, a_mixed_set, rpms
from web import Nginx
from workspace import Scenario, exact_state, main


SIGNER = """#!{python}
import json, subprocess, sys
question = json.load(sys.stdin)
assert set(question) == {{"format", "key", "fingerprint", "algorithm", "hash", "digest"}}, question
assert question["algorithm"] == "rsa" and question["hash"] == "sha512", question
signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", sys.argv[1], "-pkeyopt", "digest:sha512"],
                           input=bytes.fromhex(question["digest"]), stdout=subprocess.PIPE, check=True).stdout
print(json.dumps({{"signature": signature.hex()}}))
"""


def a_tree(directory):
    """What reposign signs of other people's repositories: a Release, a repomd.xml, a package."""
    suite, repodata = directory / "suite", directory / "rpm/repodata"
    for made in (suite, repodata):
        made.mkdir(parents=True)
    (suite / "Release").write_text("Origin: Acme\nSuite: stable\n")
    (repodata / "repomd.xml").write_text("<repomd/>\n")
    return suite, repodata, rpms(directory, "plain")[0]


class Keys(Scenario):
    def setUp(self):
        super().setUp()
        (self.site / "public").mkdir(parents=True)
        self.server = Nginx(self.dir / "nginx", self.site / "public")
        self.addCleanup(self.server.stop)
        self.ready = self.dir / "ready"
        self.files = a_mixed_set(self.ready)

    def configure(self, sign, **keys):
        self.write_config(signing_config({"stable": f"sign: {sign}"}, keys, self.server.url))

    def clients_accept(self, name):
        """Clients that know nothing but public/keys/<name>.asc."""
        key = self.site / f"public/keys/{name}.asc"
        keyring = binary_keyring(key, self.dir / f"{name}.gpg")
        generation = self.site / "public/stable"
        suite, pin = generation / "dists/bookworm", generation / "rpm/el9/x86_64/repodata"
        for data, signature in ((suite / "Release", suite / "Release.gpg"), (pin / "repomd.xml", pin / "repomd.xml.asc"),
                                (generation / "MANIFEST", generation / "MANIFEST.asc")):
            self.assertTrue(sqv(keyring, signature, data), f"sqv refuses {signature.name} with {name}")
        apt = Apt(self.dir / f"apt-{name}", f"deb [signed-by={keyring}] {self.server.url}/stable bookworm main")
        apt.update()
        self.assertEqual(len(apt.download("alpha")), 2)

    def dnf(self, name, packages):
        key = f"file://{self.site}/public/keys/{name}.asc"
        dnf = Dnf(self.dir / f"dnf-{name}", key=key, baseurl=f"{self.server.url}/stable/rpm/el9/x86_64/")
        self.assertEqual(len(dnf.repoquery()), 3)
        if packages:
            self.assertEqual(len(dnf.download("delta")), 2)


class Rotation(Keys):
    def setUp(self):
        super().setUp()
        self.old = generate_key(self, site=self.site, name="old")
        self.new = generate_key(self, home=self.dir / "h", name="new")
        self.configure("[old, new]", old=f'fingerprint: "{self.old}"',
                       new=f'fingerprint: "{self.new}", home: "{self.dir}/h"')
        self.repotool("promote", self.ready, "stable")

    def test_clients_with_either_key_accept_metadata_and_the_first_key_signs_packages(self):
        self.clients_accept("old")
        self.clients_accept("new")
        self.dnf("old", packages=True)
        self.dnf("new", packages=False)  # the metadata is good; packages are the old key's until the drill ends
        rpm = next((self.site / "public/pool/stable").rglob("delta*.rpm"))
        self.assertTrue(RpmKeys(self.dir / "db-old", self.site / "public/keys/old.asc").accepts(rpm))
        self.assertFalse(RpmKeys(self.dir / "db-new", self.site / "public/keys/new.asc").accepts(rpm))
        self.repotool("verify", "stable", "--full")

    def test_client_files_and_repomd_xml_key_carry_both_keys(self):
        self.configure("[new, old]", old=f'fingerprint: "{self.old}"',
                       new=f'fingerprint: "{self.new}", home: "{self.dir}/h"')
        self.repotool("promote", a_deb(self.dir, "later"), "stable")  # now new signs packages, and nothing is signed again
        self.repotool("promote", self.ready, "stable")
        apt = Apt(self.dir / "apt", "# nothing here")
        snippet = self.repotool("client", "stable", "--format", "sources").out
        (apt.dir / "etc/sources.list.d/stable.sources").write_text(snippet)
        apt.update()
        dnf = Dnf(self.dir / "dnf", baseurl="http://127.0.0.1:1/")
        (dnf.dir / "repos/r.repo").write_text(self.repotool("client", "stable", "--format", "repo").out)
        self.assertEqual(len(dnf.download("delta")), 2)
        key = (self.site / "public/stable/rpm/el9/x86_64/repodata/repomd.xml.key").read_text()
        self.assertEqual(key.count("BEGIN PGP PUBLIC KEY BLOCK"), 2)

    def test_reposign_signs_with_two_keys_and_each_alone_is_enough(self):
        more = generate_key(self, site=self.site, name="more")
        suite, repodata, package = a_tree(self.dir / "tree")
        keys = ["--site", self.site, "--key", self.old, "--key", more]
        for what, path in (("release", suite), ("repomd", repodata), ("packages", package)):
            self.reposign(what, *keys, path)
        for name, fingerprint in (("old", self.old), ("more", more)):
            armored = self.dir / f"{name}.asc"
            armored.write_text(self.reposign("keys", "export", "--site", self.site, "--key", fingerprint).out)
            keyring = binary_keyring(armored, self.dir / f"{name}.gpg")
            self.assertTrue(sqv(keyring, suite / "Release.gpg", suite / "Release"))
            self.assertTrue(sqv(keyring, repodata / "repomd.xml.asc", repodata / "repomd.xml"))
            self.assertEqual(RpmKeys(self.dir / f"db-{name}", armored).accepts(package), name == "old")
            self.reposign("verify", "--keyring", armored, suite, repodata)
        self.assertEqual((repodata / "repomd.xml.key").read_text().count("BEGIN PGP PUBLIC KEY BLOCK"), 2)

    def test_one_of_two_keys_out_of_reach_ends_before_anything_is_published(self):
        self.configure("[old, new]", old=f'fingerprint: "{self.old}"', new=f'fingerprint: "{"0" * 40}"')
        before = exact_state(self.site / "public")
        self.repotool("promote", a_deb(self.dir, "more"), "stable", code=5)
        self.assert_same_state(before, exact_state(self.site / "public"), "public/")


class Program(Keys):
    def setUp(self):
        super().setUp()
        self.fingerprint, self.pem = rsa_key_without_gpg(self, self.site / "private/gnupg")
        self.signer = self.dir / "signer"
        self.signer.write_text(SIGNER.format(python=sys.executable))
        self.signer.chmod(0o755)
        self.configure("hsm", hsm=f'fingerprint: "{self.fingerprint}", exec: ["{self.signer}", "{self.pem}"]')

    def test_what_a_program_signs_is_accepted_by_every_client(self):
        self.repotool("promote", self.ready, "stable")
        self.clients_accept("hsm")
        self.assertTrue(gpgv(self.dir / "hsm.gpg", self.site / "public/stable/dists/bookworm/InRelease"))
        self.dnf("hsm", packages=True)
        rpmkeys = RpmKeys(self.dir / "rpmdb", self.site / "public/keys/hsm.asc")
        for rpm in (self.site / "public/pool/stable").rglob("*.rpm"):
            self.assertTrue(rpmkeys.accepts(rpm), rpm.name)

    def test_reposign_signs_through_a_program(self):
        suite, repodata, package = a_tree(self.dir / "tree")
        given = ["--site", self.site, "--key", self.fingerprint, "--exec", f"{self.signer} {self.pem}"]
        for what, path in (("release", suite), ("repomd", repodata), ("packages", package)):
            self.reposign(what, path, *given)
        key = repodata / "repomd.xml.key"
        keyring = binary_keyring(key, self.dir / "program.gpg")
        self.assertTrue(gpgv(keyring, suite / "InRelease"))
        self.assertTrue(sqv(keyring, repodata / "repomd.xml.asc", repodata / "repomd.xml"))
        self.assertTrue(RpmKeys(self.dir / "rpmdb", key).accepts(package))
        before = package.read_bytes()
        refused = self.reposign("release", suite, *given[:-1], "echo no card >&2; exit 3", code=5)
        self.assertIn("no card", refused.err)
        self.reposign("release", suite, "--site", self.site, "--exec", "true", code=2)
        self.assertEqual(package.read_bytes(), before)

    def test_a_program_that_fails_lies_or_hangs_is_refused_and_nothing_is_published(self):
        for script, says in (("echo no card >&2; exit 3", "no card"), ("cat >/dev/null; echo nonsense", "its answer"),
                             ('cat >/dev/null; echo \'{"signature": "%s"}\'' % ("01" * 256), "not one of this key"),
                             ("exec sleep 60", "did not answer")):
            self.signer.write_text(f"#!/bin/sh\n{script}\n")
            refused = self.repotool("promote", self.ready, "stable", code=5)
            self.assertIn(says, refused.err)
            self.assertFalse((self.site / "public/stable").is_symlink())
            self.assertFalse(any((self.site / "public/gen").rglob("MANIFEST")))
        self.assert_nothing_left()


if __name__ == "__main__":
    main()

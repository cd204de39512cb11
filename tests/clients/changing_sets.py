# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets that begin, packages that are superseded, keys that come late: each was wrong once, with exit code 0."""

import os
import pathlib

from clients import Apt
from keys import generate_key
from packages import a_deb, rpms
from reader import read_everything
from small_deb import many_debs
from workspace import Scenario, main

DISTS = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64]}
"""


TWO_SUITES = DISTS + "  - {name: trixie, format: deb, architectures: [amd64], components: [main]}\n"


def signing(fingerprint):
    return f'repositories:\n  stable: {{sign: stable-key}}\nkeys:\n  stable-key: {{fingerprint: "{fingerprint}"}}\n'


class ChangingSets(Scenario):
    def shown(self, repository, name):
        packages = self.repotool("--json", "show", repository, name).json["packages"]
        return sorted((package["set"], package["version"]) for package in packages)

    def test_a_new_architecture_gets_the_signed_noarch_package_that_is_published(self):
        self.write_config(DISTS + signing(generate_key(self, site=self.site)))
        common = rpms(self.dir / "p", "common", "1.0")
        self.repotool("promote", *common, *rpms(self.dir / "p", "bar", "1.0", architecture="x86_64"), "stable")
        self.repotool("promote", *common, *rpms(self.dir / "p", "baz", "1.0", architecture="aarch64"), "stable")
        self.assertEqual(self.shown("stable", "common"), [("aarch64", "1.0-1.el9"), ("x86_64", "1.0-1.el9")])
        self.repotool("verify", "stable", "--full")
        read_everything(self.site / "public", "stable")

    def test_each_component_has_the_architectures_that_one_has(self):
        components = DISTS.replace("[main]", "[main, extra]")
        self.write_config(components)
        self.publish("test/one", a_deb(self.dir / "p", "common"), "--component", "extra")
        self.publish("test/one", a_deb(self.dir / "p", "machine", architecture="riscv64"))
        for architecture in ("amd64", "riscv64"):
            apt = Apt(self.dir / architecture, f"deb [trusted=yes] copy:{self.site}/public/test/one bookworm main extra",
                      architecture)
            self.assertNotIn("W:", apt.update().err)
            self.assertIn("common", apt.names())
        self.write_config(components.replace("[amd64]", "[amd64, arm64]"))
        answer = self.publish("test/one", a_deb(self.dir / "p", "common"), "--component", "extra")
        self.assertEqual((answer["changed"], answer["setting_changes"]), (False, ["architectures of bookworm"]))
        self.repotool("refresh", "test/one")
        self.assertEqual(self.shown("test/one", "common"), [(name, "1.0-1") for name in ("amd64", "arm64", "riscv64")])
        self.repotool("verify", "test/one", "--full")

    def test_a_new_architecture_does_not_bring_back_what_was_replaced(self):
        self.write_config(DISTS)
        self.publish("test/one", *rpms(self.dir / "p", "common", "1.0"))
        self.publish("test/one", *rpms(self.dir / "p", "common", "2.0"),
                     *rpms(self.dir / "p", "baz", "1.0", architecture="aarch64"))
        self.assertEqual(self.shown("test/one", "common"), [("aarch64", "2.0-1.el9"), ("x86_64", "2.0-1.el9")])

    def test_a_test_repository_shows_the_last_build_of_each_name(self):
        self.write_config(DISTS)
        one, two = a_deb(self.dir / "p", "hello", "1.0-1"), a_deb(self.dir / "p", "hello", "2.0-1")
        self.publish("test/one", one, two)
        self.assertEqual(len(self.shown("test/one", "hello")), 2)
        answer = self.publish("test/one", one)
        self.assertTrue(answer["changed"])
        self.assertEqual(self.shown("test/one", "hello"), [("amd64", "1.0-1")])

    def test_an_architecture_that_cannot_name_a_set_is_refused(self):
        self.write_config(DISTS)
        good = a_deb(self.dir / "p", "hello")
        self.publish("test/one", good)
        odd = a_deb(self.dir / "p", "odd", architecture="a" * 40, check=False)
        result = self.repotool("publish", "--test", "one", odd, code=3)
        self.assertIn("architecture", result.err)
        self.assertEqual(self.publish("test/one", good)["changed"], False)

    def test_a_package_whose_dist_is_gone_is_refused_and_not_dropped(self):
        self.write_config(TWO_SUITES)
        self.publish("test/one", a_deb(self.dir / "p", "hello"), "--dist", "trixie")
        self.write_config(TWO_SUITES.replace("trixie", "sid") + "repositories: {stable: {sign: none}}\n")
        result = self.repotool("promote", "test/one", "stable", code=2)
        self.assertIn("trixie", result.err)

    def test_damage_in_the_current_index_is_not_passed_on(self):
        self.write_config(DISTS)
        self.publish("test/one", *many_debs(self.dir / "p", range(400)))
        index = (self.site / "public/test/one/dists/bookworm/main/binary-amd64/Packages.gz").resolve()
        data = bytearray(index.read_bytes())
        data[len(data) // 2] ^= 1  # far from the end, where the next package goes
        index.unlink()
        index.write_bytes(data)
        self.assertIn("is not what was published",
                      self.repotool("publish", "--test", "one", a_deb(self.dir / "p", "world"), code=9).err)
        self.assertEqual(os.readlink(self.site / "public/test/one"), "../gen/test/one/1")
        self.repotool("verify", "test/one", code=9)

    def test_a_missing_signature_or_manifest_is_damage(self):
        self.write_config(DISTS + signing(generate_key(self, site=self.site)))
        self.repotool("promote", a_deb(self.dir / "p", "hello"), "stable")
        generation = self.site / "public/gen/stable/1"
        self.repotool("verify", "stable")
        (generation / "MANIFEST.asc").unlink()
        self.assertIn("MANIFEST.asc", self.repotool("verify", "stable", code=9).err)
        (generation / "MANIFEST").unlink()
        self.repotool("verify", "stable", code=9)

    def test_an_unsigned_package_in_a_repository_that_signs_now_is_not_called_good(self):
        fingerprint = generate_key(self, site=self.site)
        self.write_config(DISTS + "repositories: {stable: {sign: none}}\n")
        packages = rpms(self.dir / "p", "hello", "1.0")
        self.repotool("promote", *packages, "stable")
        self.write_config(DISTS + signing(fingerprint))
        self.assertIn("signed", self.repotool("promote", *packages, "stable", code=4).err)
        self.repotool("promote", *rpms(self.dir / "p", "hello", "2.0"), "stable")

    def test_a_rollback_publishes_the_key_that_it_signs_with(self):
        self.write_config(DISTS + "repositories: {stable: {sign: none}}\n")
        self.repotool("promote", a_deb(self.dir / "p", "hello"), "stable")
        self.repotool("promote", a_deb(self.dir / "p", "world"), "stable")
        self.write_config(DISTS + signing(generate_key(self, site=self.site)))
        self.repotool("rollback", "stable")
        self.assertTrue((self.site / "public/keys/stable-key.asc").exists())
        self.repotool("verify", "stable", "--full")

    def test_the_env_file_speaks_of_this_run_alone(self):
        self.write_config(TWO_SUITES)
        self.publish("test/one", a_deb(self.dir / "p", "hello"), "--dist", "bookworm")
        env = self.dir / "env"
        self.publish("test/one", a_deb(self.dir / "p", "world"), "--dist", "trixie", "--env-file", env)
        self.assertIn("test/one trixie main'", env.read_text())
        self.publish("test/one", *rpms(self.dir / "p", "gamma"), "--env-file", env)
        self.assertNotIn("DEB_", env.read_text())
        self.assertIn("RPM_PUBLISH_SUCCEEDED", env.read_text())

    def test_an_env_file_that_cannot_be_written_stops_the_publish_before_it_begins(self):
        self.write_config(TWO_SUITES)
        package = a_deb(self.dir / "p", "hello")
        for path in (self.dir / "no" / "env", self.dir):
            self.repotool("publish", "--test", "one", package, "--dist", "bookworm", "--env-file", path, code=2)
        self.assertFalse((self.site / "public/test/one").exists())

    def test_the_name_of_a_failed_first_publish_can_be_used_again(self):
        self.write_config(TWO_SUITES)
        (self.site / "public/seven").mkdir(parents=True)
        self.publish("seven", a_deb(self.dir / "p", "hello"), "--dist", "bookworm")
        self.repotool("publish", "--to", "seven/updates", a_deb(self.dir / "p", "world"), "--dist", "bookworm", code=2)

    def test_a_generation_that_nobody_claims_any_more_does_not_block(self):
        self.write_config(DISTS)
        self.publish("test/one", *rpms(self.dir / "p", "hello", "1.0"))
        (self.site / "public/gen/test/one/2").mkdir()
        self.assertEqual(self.publish("test/one", *rpms(self.dir / "p", "hello", "2.0"))["generation"], 2)

    def test_a_dry_run_writes_nothing(self):
        self.write_config(DISTS)
        package = rpms(self.dir / "p", "hello")
        self.publish("test/one", *package)
        before = sorted(str(path) for path in pathlib.Path(self.site).rglob("*"))
        self.repotool("publish", "--to", "other", *package, "--dry-run")
        after = sorted(str(path) for path in pathlib.Path(self.site).rglob("*"))
        self.assertEqual(before, after)
        self.assert_nothing_left()


if __name__ == "__main__":
    main()

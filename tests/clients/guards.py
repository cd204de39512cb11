# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways around a rule that must not be there: other commands, other inputs, changed settings."""

import os
import stat
import subprocess

from clients import Apt
from json_schema import check
from keys import generate_key
from packages import rpms
from small_deb import small_deb
from uploads import Uploader, an_upload
from workspace import Scenario, exact_state, main, run, sha256, tool_path

DISTS = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main, contrib]}
  - {name: el9, format: rpm, architectures: [x86_64], match: ["*.el9"]}
"""


class Guards(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(DISTS)

    def deb(self, name="aa", version="1.0-1", **options):
        return small_deb(self.dir / "p" / version, name, version, **options)

    def refused(self, *command, code=4):
        before = exact_state(self.site / "public")
        result = self.repotool("--json", *command, code=code)
        self.assert_same_state(before, exact_state(self.site / "public"), "public/ after a refusal")
        return result.json["error"]

    def signing(self, more=""):
        if not hasattr(self, "fingerprint"):
            self.fingerprint = generate_key(self, site=self.site)
        return f'repositories:\n  stable: {{sign: k}}\n{more}keys:\n  k: {{fingerprint: "{self.fingerprint}"}}\n'

    # Uploaders

    def test_packages_of_a_repository_that_asks_no_uploader_do_not_get_into_one_that_does(self):
        uploader = Uploader(self.dir / "uploader")
        self.addCleanup(uploader.stop)
        self.write_config(DISTS + "repositories:\n  guarded: {uploaders: up.asc}\n  also: {uploaders: up.asc}\n")
        (self.site / "up.asc").write_text(uploader.public_key())
        upload = an_upload(self.dir / "upload")
        uploader.sign(upload.changes)
        self.publish("also", upload.changes)
        self.publish("test/q", self.deb())
        self.publish("guarded", upload.changes)
        self.assertIn("up.asc", self.refused("copy", "test/q", "guarded")["message"])
        self.repotool("copy", "also", "guarded")

    def test_a_later_revision_takes_the_upstream_tarball_that_is_published(self):
        self.publish("stable", an_upload(self.dir / "one", version="1.0-1").changes)
        second = an_upload(self.dir / "two", version="1.0-2", orig="-sd")
        second.one(".orig.tar.gz").unlink()
        self.publish("stable", second.changes)
        apt = Apt(self.dir / "apt", f"deb-src [trusted=yes] copy:{self.site}/public/stable bookworm main")
        apt.update()
        self.assertEqual(run(["apt-get", "source", "hello=1.0-2"], env=apt.env, cwd=apt.dir).code, 0)

    # What clients would refuse

    def test_a_rollback_does_not_change_what_the_release_says_unless_that_is_allowed(self):
        self.publish("stable", self.deb("aa"))
        self.publish("stable", self.deb("bb"))
        self.write_config("site: {origin: Other}\n" + DISTS)
        for dry_run in ([], ["--dry-run"]):
            self.assertIn("Origin", self.refused("rollback", "stable", *dry_run)["message"])
        self.repotool("rollback", "stable", "--allow-release-info-change")

    def test_a_signed_repository_does_not_become_unsigned_unless_that_is_allowed(self):
        self.write_config(DISTS + self.signing())
        self.publish("stable", self.deb("aa"))
        self.publish("stable", self.deb("bb"))
        self.write_config(DISTS + "repositories:\n  stable: {sign: none}\n")
        for command in (["publish", "--to", "stable", self.deb("cc")], ["refresh", "stable"], ["rollback", "stable"]):
            error = self.refused(*command)
            self.assertIn("no key is set for it any more", error["message"])
            self.assertIn("--allow-release-info-change", error["hint"])
        self.publish("stable", "--allow-release-info-change", self.deb("cc"))

    def test_verify_finds_packages_from_before_the_repository_was_signed(self):
        self.publish("stable", *rpms(self.dir / "r", "alpha"))
        self.write_config(DISTS + self.signing())
        self.publish("stable", *rpms(self.dir / "r", "beta"))
        self.repotool("verify", "stable")
        findings = self.repotool("--json", "verify", "stable", "--full", code=9).json["findings"]
        self.assertEqual([os.path.basename(finding["path"]) for finding in findings], ["alpha-1.0-1.el9.noarch.rpm"])

    def test_a_dry_run_refuses_what_the_run_would_refuse(self):
        rpm, = rpms(self.dir / "r", "alpha")
        self.publish("stable", rpm)
        self.write_config(DISTS + self.signing())
        whole = self.refused("promote", rpm, "stable")
        planned = self.refused("promote", rpm, "stable", "--dry-run")
        self.assertEqual(planned["message"], whole["message"])

    def test_a_pin_that_would_fit_another_repository_too_is_refused(self):
        self.publish("prod/os", self.deb("aa"))
        self.publish("prod/updates", self.deb("bb"))
        error = self.refused("client", "prod/os", "--format", "preferences", code=2)
        self.assertIn("'prod/updates' has the same origin", error["message"])
        self.publish("test/one", self.deb("cc"))
        document = self.repotool("--json", "client", "test/one", "--format", "preferences").json
        check(document, "client-result")
        self.assertIn("l=repotool test/one", document["preferences"])

    # Inputs and answers

    def test_a_list_of_paths_may_be_separated_by_nul(self):
        paths = [str(self.deb("aa")), str(self.deb("bb"))]
        done = run([tool_path("repotool"), "--site", self.site, "--json", "publish", "--test", "nul", "-"],
                   env=self.env, stdin="\0".join(paths) + "\0")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(len(done.json["packages"]), 2)

    def test_a_list_of_paths_may_have_the_line_ends_of_windows(self):
        paths = [str(self.deb("aa")), str(self.deb("bb"))]
        done = run([tool_path("repotool"), "--site", self.site, "--json", "publish", "--test", "crlf", "-"],
                   env=self.env, stdin="\r\n".join(paths) + "\r\n")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(len(done.json["packages"]), 2)

    def test_a_refused_publish_gives_adopted_files_their_mode_back(self):
        good, bad = self.deb("aa"), self.dir / "bad.deb"
        bad.write_bytes(b"!<arch>\nbroken")
        good.chmod(0o664)
        self.publish("stable", self.deb("zz"))
        self.refused("publish", "--to", "stable", "--adopt", good, bad, code=3)
        self.repotool("publish", "--to", "stable", "--adopt", good, "--dry-run")
        self.assertEqual(stat.S_IMODE(good.stat().st_mode), 0o664)

    def test_links_to_one_file_are_adopted_side_by_side(self):
        first, second = self.dir / "first", self.dir / "second"
        for directory in (first, second):
            directory.mkdir()
        for number in range(60):
            deb = self.deb(f"linked{number}")
            deb.chmod(0o664)
            for directory in (first, second):
                os.link(deb, directory / deb.name)
        bad = self.dir / "bad.deb"
        bad.write_bytes(b"!<arch>\nbroken")
        self.publish("stable", self.deb("zz"))
        self.refused("publish", "--to", "stable", "--adopt", first, second, bad, code=3)
        self.assertEqual({stat.S_IMODE(path.stat().st_mode) for path in first.iterdir()}, {0o664})
        done = self.repotool("--json", "publish", "--to", "stable", "--adopt", first, second)
        self.assertEqual(len({package["name"] for package in done.json["packages"]}), 60)

    def publish_to(self, output, change, **options):
        """A publish whose standard output goes elsewhere."""
        command = ["sh", "-c", 'exec "$@" >' + output, "sh", tool_path("repotool"), "--site", self.site, "publish", "--test", change,
                   self.deb()]
        return subprocess.run(command, env=self.env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, **options)

    def test_who_cannot_be_told_learns_that_it_is_published(self):
        done = self.publish_to("/dev/full", "full")
        self.assertEqual(done.returncode, 7, done)
        self.assertIn(b"test/full@1 is published all the same", done.stderr)
        self.assertEqual(len(self.repotool("--json", "show", "test/full").json["packages"]), 1)

    def test_a_reader_that_has_seen_enough_is_no_failure(self):
        reading, writing = os.pipe()
        os.close(reading)
        done = self.publish_to(f"/dev/fd/{writing}", "pipe", pass_fds=[writing])
        os.close(writing)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_the_binaries_of_the_environment_file_are_none_of_the_sources(self):
        upload = an_upload(self.dir / "upload", name="zzsrc", binaries=["libzz1", "zz-doc"])
        self.publish("test/e", upload.changes, "--env-file", self.dir / "env")
        self.assertIn("DEB_BINARIES='libzz1 zz-doc'", (self.dir / "env").read_text())

    def test_why_names_each_component(self):
        deb = self.deb()
        self.publish("stable", deb)
        self.publish("stable", deb, "--component", "contrib")
        packages = self.repotool("--json", "why", "aa").json["repositories"][0]["packages"]
        self.assertEqual(sorted(package["component"] for package in packages), ["contrib", "main"])
        self.assertEqual(len({package["sha256"] for package in packages}), 1)
        self.assertEqual(packages[0]["sha256"], sha256(deb))

    def test_small_answers_are_json_too(self):
        check(self.repotool("--json", "version").json, "version-result")
        check(self.repotool("--json", "completion", "bash").json, "completion-result")
        check(self.run_tool("repotool", "--json", "init", self.dir / "other").json, "init-result")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads of dpkg-buildpackage go in as a whole or not at all, and where asked for only when an uploader signed them."""

import hashlib
import os
import pathlib
import shutil
import tempfile

from clients import Apt
from keys import generate_key
from packages import a_deb, rpms
from reader import FileSource, decompress, read_release, release_files, stanzas
from uploads import Upload, Uploader, an_upload
from workspace import Scenario, exact_state, main, run, sha256

CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: trixie, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64]}
repositories:
  guarded: {uploaders: uploaders.asc}
"""


def without_fields(lines, fields):
    """The lines of a control file but those of these fields."""
    kept, skipping = [], False
    for line in lines:
        if not line.startswith(" "):
            skipping = line.startswith(fields)
        if not skipping:
            kept.append(line)
    return kept


class Uploads(Scenario):
    @classmethod
    def setUpClass(cls):
        cls.templates = pathlib.Path(tempfile.mkdtemp(prefix="rt-"))
        cls.addClassCleanup(shutil.rmtree, cls.templates, ignore_errors=True)
        an_upload(cls.templates / "full", distribution="trixie", binaries=["hello", "hello-doc"])
        cls.uploader = Uploader(cls.templates / "uploader")
        cls.addClassCleanup(cls.uploader.stop)
        cls.stranger = Uploader(cls.templates / "stranger", "Stranger")
        cls.addClassCleanup(cls.stranger.stop)

    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)
        (self.site / "uploaders.asc").write_text(self.uploader.public_key())
        self.upload = Upload(shutil.copytree(self.templates / "full", self.dir / "upload"))

    def refused(self, repository, *inputs, code, says):
        """The publish is refused with this exit code, says each of `says`, and changes nothing that clients see."""
        public = self.site / "public"
        before = exact_state(public) if public.exists() else {}
        where = ["--test", repository[5:]] if repository.startswith("test/") else ["--to", repository]
        result = self.repotool("publish", *where, *inputs, code=code)
        for text in says:
            self.assertIn(text, result.err)
        self.assertFalse((public / repository).exists())
        left = {name: state for name, state in exact_state(public).items() if (public / name).is_file()} if public.exists() else {}
        self.assertEqual(left, {name: state for name, state in before.items() if (public / name).is_file()})
        self.assert_nothing_left()
        return result

    def sources(self, repository, suite):
        source = FileSource(self.site / "public")
        files = release_files(read_release(source, repository, suite))
        digest = files["main/source/Sources.gz"][0]
        body = source.get(f"{repository}/dists/{suite}/main/source/by-hash/SHA256/{digest}")
        return stanzas(decompress("Sources.gz", body).decode())

    def rewrite(self, path, change):
        path.write_text(change(path.read_text()))

    # What goes in

    def test_a_changes_brings_all_that_it_lists_to_its_distribution(self):
        answer = self.publish("test/upload", self.upload.changes)
        self.assertEqual(sorted((entry["name"], entry["architecture"], entry["dist"]) for entry in answer["packages"]),
                         [("hello", "all", "trixie"), ("hello", "source", "trixie"), ("hello-doc", "all", "trixie")])
        stanza, = self.sources("test/upload", "trixie")
        pool = self.site / "public" / "test/upload" / stanza["Directory"]
        self.assertEqual(sorted(path.name for path in pool.iterdir()),
                         ["hello_1.0-1.debian.tar.xz", "hello_1.0-1.dsc", "hello_1.0.orig.tar.gz"])

    def test_without_arguments_the_upload_in_the_current_directory_is_taken(self):
        here = {"cwd": self.upload.directory}
        answer = self.publish("test/here", **here)
        self.assertEqual([(entry["action"], entry["dist"]) for entry in answer["packages"]], [("added", "trixie")] * 3)
        self.assertFalse(self.publish("test/here", **here)["changed"], "the same upload again")

    def test_apt_get_source_takes_the_published_package_apart(self):
        self.publish("test/upload", self.upload.directory)
        apt = Apt(self.dir / "apt", f"deb-src [trusted=yes] copy:{self.site}/public/test/upload trixie main")
        apt.update()
        result = run(["apt-get", "source", "hello"], env=apt.env, cwd=apt.dir)
        self.assertEqual(result.code, 0, result)
        self.assertEqual((apt.dir / "hello-1.0" / "file").read_text(), "upstream\n")
        self.assertTrue((apt.dir / "hello-1.0" / "debian" / "control").exists())

    def test_a_dist_that_is_named_wins_over_two_changes_that_disagree(self):
        other = self.upload.changes.with_name("other_1.0-1_amd64.changes")
        other.write_text(self.upload.changes.read_text().replace("Distribution: trixie", "Distribution: bookworm"))
        changes = sorted(self.upload.directory.glob("*.changes"))
        self.refused("test/two", *changes, code=3, says=["sends it to"])
        answer = self.publish("test/two", "--dist", "bookworm", *changes)
        self.assertEqual([package["dist"] for package in answer["packages"]], ["bookworm"] * 3)

    def test_a_dsc_alone_and_source_uploads_go_where_dist_says(self):
        self.publish("test/dsc", self.upload.dsc, "--dist", "bookworm")
        stanza, = self.sources("test/dsc", "bookworm")
        self.assertEqual(stanza["Package"], "hello")
        self.assertEqual(stanza["Checksums-Sha256"].split()[0], sha256(self.upload.dsc))

    def test_signed_uploads_are_read_like_unsigned_ones(self):
        self.stranger.sign(self.upload.changes)  # nobody asks who
        self.publish("test/signed", self.upload.changes)
        self.assertEqual(len(self.sources("test/signed", "trixie")), 1)

    def test_a_verbose_publish_says_what_is_checked_and_left_out(self):
        result = self.repotool("-v", "publish", "--test", "verbose", self.upload.changes)
        self.assertIn(".buildinfo' is checked and not published", result.err)

    # What does not

    def test_an_upload_with_a_missing_wrong_or_changed_file_is_refused_and_all_problems_are_named(self):
        one, two = self.upload.debs
        one.unlink()
        two.write_bytes(two.read_bytes()[:-1] + b"!")
        self.upload.one(".buildinfo").write_text("short\n")
        result = self.refused("test/bad", self.upload.changes, code=3, says=[
            f"'{one}': it is not there, and '{self.upload.changes}' lists it", f"'{two}': its SHA-256 is",
            "it has 6 bytes"])
        self.assertEqual(result.err.count("cannot publish"), 3)
        first, *others = result.err.splitlines()
        self.assertTrue(first.startswith("repotool: cannot publish"), result.err)
        self.assertEqual(sum(line.startswith("  also: cannot publish") for line in others), 2)

    def test_a_package_that_belongs_to_another_upload_is_refused(self):
        stranger = an_upload(self.dir / "other", name="other", version="2.0-1").debs[0]
        newer = an_upload(self.dir / "newer", version="2.0-1", distribution="trixie", kind="binary").debs[0]
        victim = self.upload.debs[0]
        for package, says in ((stranger, "it is of the source package other, and"), (newer, "it is of version 2.0-1 of hello, and")):
            upload = Upload(shutil.copytree(self.upload.directory, self.dir / f"mixed-{package.name}"))
            shutil.copy(package, upload.directory / victim.name)
            self.rewrite(upload.changes, lambda text: text.replace(sha256(victim), sha256(package)).replace(
                f" {victim.stat().st_size} {victim.name}", f" {package.stat().st_size} {victim.name}"))
            lines = [line for line in upload.changes.read_text().splitlines(True)]
            lists = ("Checksums-Sha1:", "Files:")  # of the old bytes
            upload.changes.write_text("".join(without_fields(lines, lists)))
            self.refused("test/bad", upload.changes, code=3, says=[says])

    def test_a_package_of_an_architecture_that_the_changes_do_not_name_is_refused(self):
        self.rewrite(self.upload.changes, lambda text: text.replace("Architecture: source all", "Architecture: source amd64"))
        self.refused("test/bad", self.upload.changes, code=3, says=["its architecture all is not among those of"])

    def test_a_rebuild_without_source_changes_goes_in(self):
        upload = an_upload(self.dir / "nmu", version="1.0-1+b1", distribution="trixie", kind="binary", rebuild_of="1.0-1")
        self.publish("test/nmu", upload.changes)

    def test_a_source_package_with_a_missing_or_wrong_file_is_refused(self):
        orig = self.upload.one(".orig.tar.gz")
        orig.write_bytes(b"x" * orig.stat().st_size)
        self.refused("test/bad", self.upload.dsc, "--dist", "bookworm", code=3, says=["its SHA-256 is"])
        orig.unlink()
        self.refused("test/bad", self.upload.dsc, "--dist", "bookworm", code=3, says=["it is not there"])

    def test_hostile_changes_are_refused(self):
        deb = self.upload.debs[0].name
        original = self.upload.changes.read_text()
        for change, says in (
                (lambda text: text.replace(deb, "../" + deb), "not allowed as a file's name"),
                (lambda text: text.replace(deb, ".hidden"), "not allowed as a file's name"),
                (lambda text: text.replace(deb, "/etc/passwd"), "not allowed as a file's name"),
                (lambda text: text.replace("Distribution: trixie", "Distribution: ../../x"), "not allowed as Distribution"),
                (lambda text: text.replace("Checksums-Sha256:", "X-Sha256:"), "no field Checksums-Sha256"),
                (lambda text: text + "\nSource: other\n", "more than one stanza"),
                (lambda text: text.replace("Version: 1.0-1\n", "Version: 1.0-1\nVersion: 2\n"), "twice"),
                (lambda text: text.replace("\n", "\n\x1b[2J", 1), "control character"),
                (lambda text: "x" * (9 << 20), "larger than 8 MiB"),
                (lambda text: "", "it is empty")):
            self.upload.changes.write_text(change(original))
            result = self.refused("test/bad", self.upload.changes, code=3, says=[says])
            self.assertNotIn("\x1b", result.err)

    def test_a_signed_changes_with_text_around_its_message_is_refused_even_where_nobody_asks(self):
        self.uploader.sign(self.upload.changes)
        signed = self.upload.changes.read_text()
        for text, says in (("Source: evil\n" + signed, "text before"), (signed + "Source: evil\n", "after its signature"),
                           (signed + signed, "after its signature"),
                           (signed.replace("\n\n", "\nComment: x\n\n", 1), "header other than Hash"),
                           (signed.replace("-----END PGP SIGNATURE-----\n", ""), "not complete")):
            self.upload.changes.write_text(text)
            self.refused("test/bad", self.upload.changes, code=3, says=[says])

    def test_a_package_called_udeb_is_one_as_dpkg_gencontrol_writes_no_package_type(self):
        udeb = a_deb(self.dir / "debs", "plain").rename(self.dir / "debs" / "plain.udeb")
        self.assertEqual(run(["dpkg-deb", "-f", udeb, "Package-Type"]).out.strip(), "")
        self.publish("test/installer", udeb, "--dist", "bookworm")
        index = self.site / "public/test/installer/dists/bookworm/main/debian-installer/binary-amd64/Packages.gz"
        stanza, = stanzas(decompress(index.name, index.read_bytes()).decode())
        self.assertTrue(stanza["Filename"].endswith("plain_1.0-1_all.udeb"), stanza)

    # Uploaders

    def test_what_an_uploader_signed_goes_in(self):
        self.uploader.sign(self.upload.changes)
        answer = self.publish("guarded", self.upload.changes)
        self.assertEqual(len(answer["packages"]), 3)

    def test_debsign_as_it_is_done_goes_in(self):
        before = (self.upload.dsc.stat().st_size, *self.digests(self.upload.dsc))
        self.uploader.sign(self.upload.dsc)
        after = (self.upload.dsc.stat().st_size, *self.digests(self.upload.dsc))
        text = self.upload.changes.read_text()
        for old, new in zip(before[1:], after[1:]):
            text = text.replace(f"{old} {before[0]}", f"{new} {after[0]}")
        self.upload.changes.write_text(text)
        self.uploader.sign(self.upload.changes)
        self.assertEqual(len(self.publish("guarded", self.upload.directory)["packages"]), 3)

    @staticmethod
    def digests(path):
        return [hashlib.new(name, path.read_bytes()).hexdigest() for name in ("md5", "sha1", "sha256")]

    def test_a_dsc_that_an_uploader_signed_goes_in_with_its_files(self):
        self.uploader.sign(self.upload.dsc)
        answer = self.publish("guarded", self.upload.dsc, "--dist", "bookworm")
        self.assertEqual([entry["architecture"] for entry in answer["packages"]], ["source"])

    def test_who_is_no_uploader_is_refused_with_the_fingerprint_and_what_was_expected(self):
        self.refused("guarded", self.upload.changes, code=4, says=[
            "does not begin with a cleartext-signed message", self.uploader.fingerprint, "uploaders.asc"])
        self.stranger.sign(self.upload.changes)
        self.refused("guarded", self.upload.changes, code=4, says=[self.stranger.fingerprint[-16:], self.uploader.fingerprint])

    def test_text_that_was_changed_after_signing_is_refused(self):
        self.uploader.sign(self.upload.changes)
        self.rewrite(self.upload.changes, lambda text: text.replace("Distribution: trixie", "Distribution: bookworm"))
        self.refused("guarded", self.upload.changes, code=4, says=["the signature does not match the content"])

    def test_an_expired_or_revoked_uploader_is_refused(self):
        expired = Uploader(self.dir / "expired", "Expired", "seconds=2")
        expired.sign(self.upload.changes)
        (self.site / "uploaders.asc").write_text(expired.public_key())
        expired.wait_for_expiry()
        expired.stop()
        self.refused("guarded", self.upload.changes, code=4, says=["expired"])

        revoked = Uploader(self.dir / "revoked", "Revoked")
        shutil.copy(self.templates / "full" / self.upload.changes.name, self.upload.changes)
        revoked.sign(self.upload.changes)
        revoked.revoke()
        (self.site / "uploaders.asc").write_text(revoked.public_key())
        revoked.stop()
        self.refused("guarded", self.upload.changes, code=4, says=["revoked"])

    def test_what_no_signed_list_names_stays_out(self):
        self.uploader.sign(self.upload.changes)
        stray = a_deb(self.dir / "stray", "stray")
        self.refused("guarded", self.upload.changes, stray, "--dist", "trixie", code=4, says=["stray", "no .changes or .dsc"])
        self.refused("guarded", *self.upload.debs, "--dist", "trixie", code=4, says=["no .changes or .dsc"])
        self.refused("guarded", self.upload.dsc, "--dist", "trixie", code=4, says=["cleartext-signed"])
        rpm, = rpms(self.dir / "rpms", "gamma")
        self.refused("guarded", rpm, code=4, says=["no .changes or .dsc"])
        other = an_upload(self.dir / "other", "other", distribution="trixie")
        self.refused("guarded", self.upload.changes, other.changes, code=4, says=["cleartext-signed", "other"])

    def test_a_keyring_that_is_missing_or_none_is_a_mistake_of_the_configuration(self):
        self.uploader.sign(self.upload.changes)
        keyring = self.site / "uploaders.asc"
        for text in ("", "no keys\n", None):
            keyring.unlink()
            if text is not None:
                keyring.write_text(text)
            else:
                keyring.symlink_to("nowhere")
            self.refused("guarded", self.upload.changes, code=2, says=["uploaders.asc"])

    # --adopt

    def test_adopted_files_are_linked_and_become_read_only(self):
        deb, _ = self.upload.debs
        inode = deb.stat().st_ino
        self.publish("test/adopt", "--adopt", self.upload.changes)
        for path in (*self.upload.debs, self.upload.dsc, self.upload.one(".orig.tar.gz")):
            self.assertEqual((path.stat().st_mode & 0o777, path.stat().st_nlink), (0o444, 3), path)
            stored = self.site / "private/objects/sha256" / sha256(path)[:2] / sha256(path)
            self.assertTrue(stored.samefile(path))
        self.assertEqual(deb.stat().st_ino, inode)
        self.assertEqual(self.upload.changes.stat().st_nlink, 1)
        self.assert_nothing_left()

    def test_an_adopted_rpm_keeps_its_content_when_the_repository_signs_it(self):
        fingerprint = generate_key(self, site=self.site)
        self.write_config(CONFIG + f"  signed: {{sign: stable-key}}\nkeys: {{stable-key: {{fingerprint: {fingerprint}}}}}\n")
        rpm, = rpms(self.dir / "rpms", "gamma")
        before = sha256(rpm)
        entry, = self.publish("signed", "--adopt", rpm)["packages"]
        self.assertEqual((sha256(rpm), entry["unsigned_sha256"]), (before, before))
        self.assertNotEqual(entry["sha256"], before)

    def test_files_of_others_are_not_adopted(self):
        if os.geteuid() != 0:
            self.skipTest("only root can give a file away")
        deb = self.upload.debs[0]
        os.chown(deb, 12345, 12345)
        mode = deb.stat().st_mode
        self.refused("test/adopt", "--adopt", deb, "--dist", "trixie", code=3, says=["belongs to user 12345"])
        self.assertEqual(deb.stat().st_mode, mode)

    def test_a_file_that_somebody_still_writes_is_not_adopted(self):
        deb = self.upload.debs[0]
        mode = deb.stat().st_mode
        with open(deb, "r+b"):
            self.refused("test/adopt", "--adopt", deb, "--dist", "trixie", code=3, says=["open for writing"])
        self.assertEqual(deb.stat().st_mode, mode)
        self.publish("test/adopt", "--adopt", deb, "--dist", "trixie")

    def test_files_of_another_filesystem_are_copied_with_a_warning(self):
        other = pathlib.Path("/dev/shm")
        if not other.is_dir() or other.stat().st_dev == self.dir.stat().st_dev:
            self.skipTest("there is no second filesystem to write to")
        with tempfile.TemporaryDirectory(dir=other, prefix="rt-") as elsewhere:
            deb = a_deb(elsewhere)
            result = self.repotool("publish", "--test", "adopt", "--adopt", "--dist", "trixie", deb)
            self.assertIn("so it is copied", result.err)
            self.assertEqual(deb.stat().st_nlink, 1)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that a run is given: a key in a file, a passphrase in a file or descriptor. Nothing of them outlives the run."""

import os
import pathlib
import signal
import subprocess
import time

from keys import GnuPG, RpmKeys, binary_keyring, gpgv, signing_config
from locks import hold_lock
from packages import a_deb, rpms
from workspace import Scenario, exact_state, main, run, tool_path


class Secrets(Scenario):
    """The site knows a fingerprint; its own home is not even there."""

    def setUp(self):
        super().setUp()
        self.runtime = self.dir / "run"
        self.runtime.mkdir(mode=0o700)
        self.env["XDG_RUNTIME_DIR"] = str(self.runtime)
        self.gpg = GnuPG(self, self.dir / "h")
        self.key = self.gpg.key("stable", passphrase="right")
        self.other = self.gpg.key("other")
        self.file = self.dir / "stable.key"
        self.file.write_bytes(self.gpg.secret_key(self.key, "right"))
        self.right, self.wrong = self.dir / "right", self.dir / "wrong"
        self.right.write_text("right\nand more\n")
        self.wrong.write_text("wrong\n")
        self.given = ["--gpg-key-file", self.file, "--passphrase-file", self.right]
        self.configure("stable-key")
        self.ready = [a_deb(self.dir / "in"), *rpms(self.dir / "in", "delta")]

    def configure(self, sign):
        keys = {"stable-key": f'fingerprint: "{self.key}"', "other-key": f'fingerprint: "{self.other}", home: "{self.gpg.home}"'}
        self.write_config(signing_config({"stable": f"sign: {sign}", "open": "sign: none"}, keys))

    def agents(self):
        """Agents of the homes that our tools made."""
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if b"gpg-agent" in (line := path.read_bytes()) and str(self.runtime).encode() in line:
                    found.append(path.parent.name)
            except OSError:
                continue
        return found

    def assert_no_trace(self):
        self.assertEqual(os.listdir(self.runtime), [])
        self.assert_nothing_left()
        deadline = time.monotonic() + 5
        while self.agents():
            self.assertLess(time.monotonic(), deadline, "an agent goes on")
            time.sleep(0.02)

    def with_descriptor(self, path, tool, *arguments):
        return run(["sh", "-c", 'exec "$@" 7<"$0"', path, tool_path(tool), *arguments], env=self.env, cwd=self.dir)


class Publishing(Secrets):
    def test_a_key_file_signs_every_kind_of_change(self):
        deb, rpm = self.ready
        self.repotool("publish", "--to", "stable", deb, *self.given)
        self.repotool("promote", rpm, "stable", *self.given)
        self.repotool("refresh", "stable", *self.given)
        self.repotool("remove", "stable", "hello", *self.given)
        self.repotool("rollback", "stable", *self.given)
        self.assert_no_trace()
        key = self.site / "public/keys/stable-key.asc"
        self.assertTrue(gpgv(binary_keyring(key, self.dir / "key.gpg"), self.site / "public/stable/dists/bookworm/InRelease"))
        rpmkeys = RpmKeys(self.dir / "rpmdb", key)
        self.assertTrue(all(rpmkeys.accepts(path) for path in (self.site / "public/pool/stable").rglob("*.rpm")))
        self.repotool("verify", "stable", "--full")
        self.assertFalse((self.site / "private/gnupg").exists())

    def test_a_passphrase_comes_by_file_or_descriptor_for_key_files_and_for_configured_keys(self):
        promote = ["--site", self.site, "promote", *self.ready, "stable"]
        descriptor = ["--passphrase-fd", "7"]
        refused = self.with_descriptor(self.wrong, "repotool", *promote, "--gpg-key-file", self.file, *descriptor)
        self.assertEqual(refused.code, 5, refused)
        self.assertEqual(self.with_descriptor(self.right, "repotool", *promote, "--gpg-key-file", self.file, *descriptor).code, 0)
        self.gpg.end_agent()
        self.env["GNUPGHOME"] = str(self.gpg.home)
        self.assertIn("locked", self.repotool("refresh", "stable", code=5).err)
        self.assertIn("the passphrase is wrong", self.repotool("refresh", "stable", "--passphrase-file", self.wrong, code=5).err)
        refresh = self.with_descriptor(self.right, "repotool", "--site", self.site, "refresh", "stable", *descriptor)
        self.assertEqual(refresh.code, 0, refresh)
        self.assert_no_trace()

    def test_one_of_two_keys_may_come_from_a_file(self):
        self.configure("[stable-key, other-key]")
        self.repotool("promote", *self.ready, "stable", *self.given)
        for name in ("stable-key", "other-key"):
            keyring = binary_keyring(self.site / f"public/keys/{name}.asc", self.dir / f"{name}.gpg")
            said = run(["gpgv", "--keyring", keyring, self.site / "public/stable/dists/bookworm/InRelease"]).err
            self.assertIn("Good signature", said)

    def test_files_that_do_not_serve_are_refused_and_nothing_is_published(self):
        (self.dir / "other.key").write_bytes(self.gpg.secret_key(self.other))
        (self.dir / "public.key").write_bytes(self.gpg.run("--armor", "--export", self.key))
        (self.dir / "nonsense.key").write_text("nonsense")
        before = exact_state(self.dir / "in")
        for given, says in ((["--gpg-key-file", self.file], "locked with a passphrase"),
                            (["--gpg-key-file", self.file, "--passphrase-file", self.wrong], "the passphrase is wrong"),
                            (["--gpg-key-file", self.file, "--passphrase-file", self.dir / "none"], "cannot be read"),
                            (["--gpg-key-file", self.dir / "other.key"], self.other),
                            (["--gpg-key-file", self.dir / "public.key"], "no secret key"),
                            (["--gpg-key-file", self.dir / "nonsense.key"], "nonsense.key"),
                            (["--gpg-key-file", self.dir / "none.key"], "none.key"),
                            (["--gpg-key-file", self.dir], str(self.dir))):
            refused = self.repotool("promote", *self.ready, "stable", *given, code=5)
            self.assertIn(says, refused.err.splitlines()[0])
            self.assertNotIn(str(self.runtime), refused.err, "a home that is gone is named")
            self.assertLess(refused.seconds, 10)
            self.assertFalse((self.site / "public/stable").is_symlink())
            self.assert_no_trace()
        self.assertIn("no key of", self.repotool("publish", "--to", "open", *self.ready, *self.given, code=5).err)
        self.assert_same_state(before, exact_state(self.dir / "in"), "inputs")

    def test_a_silent_descriptor_is_an_error_and_no_question(self):
        reading, writing = os.pipe()
        self.addCleanup(os.close, writing)
        began = time.monotonic()
        done = subprocess.run([tool_path("repotool"), "--site", self.site, "promote", *self.ready, "stable", "--passphrase-fd",
                               str(reading)], pass_fds=[reading], stdin=subprocess.DEVNULL, capture_output=True, env=self.env, check=False)
        os.close(reading)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertLess(time.monotonic() - began, 10)

    def test_what_a_killed_run_left_is_removed_by_the_next(self):
        self.repotool("promote", self.ready[0], "stable", *self.given)
        with hold_lock(self.site / "private/locks/stable.lock"):
            process = subprocess.Popen([tool_path("repotool"), "--site", self.site, "promote", *self.ready, "stable", *self.given],
                                       env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + 20
            while not any((self.site / "private/txn").glob("*/*")):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)
            beside = self.repotool("refresh", "stable", "--dry-run", *self.given)  # does not take the home of a living run
            self.assertEqual(beside.code, 0)
            self.assertEqual(len(os.listdir(self.runtime)), 1)
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.assertEqual(len(os.listdir(self.runtime)), 1, "it was killed too late to show anything")
        self.repotool("promote", *self.ready, "stable", *self.given)
        self.assert_no_trace()


class StandAlone(Secrets):
    def test_reposign_signs_with_a_key_file(self):
        (self.dir / "Release").write_text("Suite: stable\n")
        (self.dir / "repomd.xml").write_text("<repomd/>\n")
        before = exact_state(self.dir / "in")
        for what in (["release", self.dir], ["repomd", self.dir], ["packages", self.ready[1]], ["keys", "check"]):
            self.reposign(*what, "--gpg-key-file", self.file, "--passphrase-file", self.wrong, code=5)
        self.assert_same_state(before, exact_state(self.dir / "in"), "packages")
        self.assertEqual([path.name for path in self.dir.glob("*.asc")], [])
        for what in (["release", self.dir], ["repomd", self.dir], ["packages", self.ready[1]], ["keys", "check"]):
            self.reposign(*what, *self.given)
        key = self.dir / "repomd.xml.key"
        self.reposign("verify", "--keyring", key, self.dir, self.ready[1])
        self.assertTrue(gpgv(binary_keyring(key, self.dir / "key.gpg"), self.dir / "InRelease"))
        self.assertTrue(RpmKeys(self.dir / "rpmdb", key).accepts(self.ready[1]))
        signed = self.with_descriptor(self.right, "reposign", "repomd", self.dir, "--gpg-key-file", self.file, "--passphrase-fd", "7")
        self.assertEqual(signed.code, 0, signed)
        self.reposign("repomd", self.dir, *self.given, "--home", self.gpg.home, code=2)
        self.assert_no_trace()


class EvidenceSecrets(Secrets):
    """Results and overrides are signed by such keys as well."""

    def setUp(self):
        super().setUp()
        self.publish("test/one", self.ready[0])

    def configure(self, sign):
        keys = {"stable-key": f'fingerprint: "{self.key}"', "other-key": f'fingerprint: "{self.other}", home: "{self.dir}/nowhere"'}
        gate = "sign: none, gate: {checks: [install], keys: [other-key], overrides: [stable-key]}"
        self.write_config(signing_config({"stable": gate, "open": "sign: none"}, keys) + "evidence: {sign: other-key}\n")

    def test_a_result_is_signed_with_a_key_from_a_file(self):
        record = ["result", "one", "--check", "install", "--status", "pass"]
        self.assertIn("cannot", self.repotool(*record, code=5).err)
        self.assertIn("which is not 'other-key'", self.repotool(*record, *self.given, code=5).err)
        file = self.dir / "other.key"
        file.write_bytes(self.gpg.secret_key(self.other))
        self.repotool(*record, "--gpg-key-file", file)
        self.repotool("promote", "test/one", "stable")
        self.assert_no_trace()

    def test_an_override_is_signed_with_a_key_from_a_file_that_signs_nothing_else(self):
        override = ["promote", "test/one", "stable", "--override-with", "stable-key", "--reason", "fire"]
        self.repotool(*override, code=5)
        self.repotool(*override, "--gpg-key-file", self.file, "--passphrase-file", self.wrong, code=5)
        self.assertIn("is overridden", self.repotool(*override, *self.given).err)
        self.assert_no_trace()


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""Pitfalls 1 to 6: what clients see while a repository changes (tests/clients/pitfalls.py has the table)."""

import hashlib
import os
import pathlib
import shutil
import tempfile
import threading

from keys import binary_keyring, generate_key, gpgv
from packages import a_deb, rpms
from reader import FileSource, HttpSource, Missing, decompress, read_deb, read_everything, read_rpm, release_files, stanzas
from trace import disturbed, of_main_process, traced
from web import Nginx
from workspace import Scenario, main

PUBLISHES = int(os.environ.get("REPOTOOL_PITFALL_PUBLISHES", "5"))
CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64]}
"""
SIGNED = """repositories:
  stable: {{sign: stable-key}}
keys: {{stable-key: {{fingerprint: {fingerprint}}}}}
"""


class Poller:
    """Calls `once` again and again until stop(), and keeps what it raised."""

    def __init__(self, once):
        self.stopping, self.rounds, self.failures, self.once = threading.Event(), 0, [], once
        self.thread = threading.Thread(target=self._loop)
        self.thread.start()

    def _loop(self):
        while not self.stopping.is_set():
            try:
                self.once()
            except Exception as error:  # whatever goes wrong in a client is what this is for
                self.failures.append(f"round {self.rounds}: {type(error).__name__}: {error}")
            self.rounds += 1

    def stop(self):
        self.stopping.set()
        self.thread.join()


class LateSource(FileSource):
    """A client that has read one file long ago and now reads the rest."""

    def __init__(self, root, path, body):
        super().__init__(root)
        self.path, self.body = path, body

    def get(self, path):
        return self.body if path == self.path else super().get(path)


class PinnedSource(FileSource):
    """A client that follows a generation's own directory, as `mirrorlist` says, and not the name that flips."""

    def get(self, path):
        return super().get(path.replace("/rpm/", "/pin/", 1))


class Visibility(Scenario):
    @classmethod
    def setUpClass(cls):
        cls.packages = tempfile.TemporaryDirectory(prefix="rt-")
        cls.addClassCleanup(cls.packages.cleanup)

    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)
        self.public = self.site / "public"

    def publish_number(self, number, repository="test/one"):
        """Every publish replaces `changing` and adds one package, in both formats."""
        directory = pathlib.Path(self.packages.name, f"p{number}")
        if not directory.exists():
            version = f"1.{number}"
            a_deb(directory, "changing", version)
            a_deb(directory, f"p{number:03}")
            rpms(directory, "changing", version, subpackages=(f"p{number:03}",))
        return self.publish(repository, directory)

    def both_formats(self, repository, source):
        return read_deb(source, repository, "bookworm"), read_rpm(source, repository, "el9", "x86_64")

    def while_polling(self, once, work):
        poller = Poller(once)
        try:
            work()
        finally:
            poller.stop()
        self.assertEqual(poller.failures, [])
        self.assertGreater(poller.rounds, 3)

    def test_pitfall_01_release_indexes_and_packages_agree_during_publishes(self):
        self.publish_number(0)
        server = Nginx(self.dir / "nginx", self.public)
        self.addCleanup(server.stop)
        source = HttpSource(server.port)
        self.addCleanup(source.close)
        release, index = "test/one/dists/bookworm/Release", "main/binary-amd64/Packages.gz"

        def once():
            before = source.get(release)
            by_name = source.get(f"test/one/dists/bookworm/{index}")
            if source.get(release) == before:  # no flip in between: then the plain name agrees, too
                digest, size = release_files(stanzas(before.decode())[0])[index]
                if (hashlib.sha256(by_name).hexdigest(), len(by_name)) != (digest, size):
                    raise AssertionError("Packages.gz is not what Release says, and Release did not change")
            stanzas(decompress(index, by_name).decode())
            read_deb(source, "test/one", "bookworm")

        self.while_polling(once, lambda: [self.publish_number(number) for number in range(1, PUBLISHES + 1)])
        self.assertEqual({status for status, path in server.requests() if "InRelease" not in path}, {200})

    def test_pitfall_02_an_old_repomd_is_good_for_as_long_as_a_client_is_slow(self):
        path, old = "test/one/rpm/el9/x86_64/repodata/repomd.xml", []
        for number in range(3):
            self.publish_number(number)
            old.append((FileSource(self.public).get(path), read_rpm(FileSource(self.public), "test/one", "el9", "x86_64")))
        self.assertEqual(len({repomd for repomd, _ in old}), 3)
        for repomd, expected in old:
            late = LateSource(self.public, path, repomd)
            self.assertEqual(read_rpm(late, "test/one", "el9", "x86_64"), expected)

    def test_pitfall_03_the_link_is_replaced_by_rename_and_is_never_missing(self):
        self.publish_number(0)
        link = self.public / "test/one"
        self.while_polling(lambda: (os.readlink(link), os.stat(link / "dists/bookworm/Release")),
                           lambda: [self.publish_number(number) for number in range(1, 4)])
        calls = traced(self, "--site", self.site, "publish", "--test", "one", a_deb(self.dir / "last", "last"))
        made_so = [call.name for call in calls if call.ok and str(link) == call.paths[-1]]
        self.assertEqual(made_so, ["renameat"], "the only thing that happens to the name of the repository")

    def test_pitfall_04_a_first_publish_is_as_atomic_as_any_other(self):
        package = a_deb(self.dir / "p", "hello")
        arguments = ["publish", "--test", "first", package]
        twin = self.dir / "twin"
        shutil.copytree(self.site, twin)
        calls = of_main_process(traced(self, "--site", twin, *arguments))
        flip = next(call for call in calls if call.paths[-1].endswith("/public/test/first"))
        disturbed(self, flip, "signal=KILL", "--site", self.site, *arguments)
        self.assertFalse(os.path.lexists(self.public / "test/first"))
        complete = read_everything(self.public, "gen/test/first/1")
        self.assertEqual({entry[0] for entry in complete}, {"hello"}, "all is in place before the flip shows it")
        self.publish("test/first", package)
        self.assertEqual(read_everything(self.public, "test/first"), complete)

    def test_pitfall_05_signatures_and_what_they_sign_switch_together(self):
        self.write_config(CONFIG + SIGNED.format(fingerprint=generate_key(self, site=self.site)))
        self.publish_number(0, "stable")
        keyring = binary_keyring(self.public / "keys/stable-key.asc", self.dir / "keyring.gpg")
        pairs = [("dists/bookworm/Release", "dists/bookworm/Release.gpg"), ("MANIFEST", "MANIFEST.asc"),
                 ("pin/el9/x86_64/repodata/repomd.xml", "pin/el9/x86_64/repodata/repomd.xml.asc")]

        def once():
            generation = pathlib.Path(os.path.realpath(self.public / "stable"))
            for data, signature in pairs:
                if not gpgv(keyring, generation / signature, generation / data):
                    raise AssertionError(f"{signature} in generation {generation.name}")
            for name in ("dists/bookworm/Release.gpg", "rpm/el9/x86_64/repodata/repomd.xml.asc"):
                if not (self.public / "stable" / name).stat().st_size:
                    raise Missing(name)
            if not gpgv(keyring, self.public / "stable/dists/bookworm/InRelease"):
                raise AssertionError("InRelease")

        self.while_polling(once, lambda: [self.publish_number(number, "stable") for number in range(1, 4)])

    def test_pitfall_06_what_an_older_state_names_is_still_there_after_it_was_replaced(self):
        self.publish_number(0)
        deb, rpm = self.both_formats("test/one", FileSource(self.public))
        self.publish_number(1)
        now = self.both_formats("test/one", FileSource(self.public))
        for old, new, version in ((deb, now[0], "1.0"), (rpm, now[1], "1.0-1.el9")):
            self.assertIn(("changing", version), {entry[:2] for entry in old})
            self.assertNotIn(("changing", version), {entry[:2] for entry in new})
        self.assertEqual(self.both_formats("gen/test/one/1", PinnedSource(self.public)), (deb, rpm))


if __name__ == "__main__":
    main()

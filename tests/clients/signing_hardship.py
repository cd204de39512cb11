# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that are gone, spent or locked, and homes and agents that do not serve: exit 5 within ten seconds, and nothing has changed."""

import socket
import subprocess
import unittest

from keys import GnuPG, signing_config
from other_user import IS_POSSIBLE, NOBODY, open_to_others, run_as_nobody
from packages import a_mixed_set
from workspace import Scenario, exact_state, main

LIMIT = 10


class SilentAgent:
    """Takes connections where the agent of a home should, and never says a word."""

    def __init__(self, path):
        path.unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen(16)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


class Hardship(Scenario):
    def setUp(self):
        super().setUp()
        self.gpg = GnuPG(self, self.dir / "h")
        self.good = self.gpg.key("good")
        self.configure(self.good)
        a_mixed_set(self.dir / "first", source=False)
        self.repotool("promote", self.dir / "first", "stable")
        self.ready = self.dir / "ready"
        a_mixed_set(self.ready, source=False)
        self.before = self.state()

    def configure(self, fingerprint, home=None, **more):
        values = {"fingerprint": fingerprint, "home": home or self.gpg.home, **more}
        key = ", ".join(f'{name}: "{value}"' for name, value in values.items())
        self.write_config(signing_config({"*": "sign: stable-key, rules: {replace: true}"}, {"stable-key": key}))

    def state(self):
        return {name: exact_state(self.dir / name) for name in ("site/public", "ready", "first")}

    def refused(self, *says, home=None):
        """What each command answers: quickly, with the key, the home, the reason and the next step."""
        home = home or self.gpg.home
        for command in (("promote", self.ready, "stable"), ("publish", "--test", "change-1", self.ready),
                        ("refresh", "stable")):
            result = self.repotool(*command, code=5)
            self.assert_refusal(result, says, home)

    def assert_refusal(self, result, says, home):
        self.assertEqual(result.code, 5, result)
        self.assertLess(result.seconds, LIMIT, result)
        message, _, hint = result.err.strip().partition("\n")
        self.assertRegex(message, "^repotool: cannot sign with key 'stable-key': ")
        for words in (str(home), *says):
            self.assertIn(words, message)
        self.assertTrue(hint.strip(), f"no next step\n{result}")
        for name, state in self.state().items():
            self.assert_same_state(self.before[name], state, name)
        self.assert_nothing_left()

    def test_keys_that_may_not_sign(self):
        self.configure(self.gpg.key("spent", "--faked-system-time", "20200101T000000!", expires="1d"))
        self.refused("the key is expired")
        self.configure(self.gpg.revoked("lost"))
        self.refused("the key is revoked")
        self.configure("A" * 40)
        self.refused("A" * 40, "no key")
        self.configure(self.good)
        (self.gpg.home / "private-keys-v1.d").rename(self.dir / "away")
        self.gpg.end_agent()
        self.refused("the secret key is not there")

    def test_keys_that_stay_locked(self):
        locked = self.gpg.key("locked", passphrase="right")
        self.gpg.end_agent()  # it remembers passphrases
        passphrase = self.dir / "passphrase"
        self.configure(locked)
        self.refused("locked with a passphrase")
        self.configure(locked, passphrase_file=passphrase)
        self.refused(str(passphrase), "cannot be read")
        passphrase.write_text("wrong\n")
        self.refused("the passphrase is wrong")
        passphrase.write_text("right\n")
        self.repotool("promote", self.ready, "stable")

    def test_agents_that_do_not_serve(self):
        self.gpg.end_agent()
        configuration = self.gpg.home / "gpg.conf"
        configuration.write_text("no-autostart\n")
        self.refused("agent", "cannot be started")
        configuration.write_text("agent-program /bin/false\n")
        self.refused("agent", "cannot be started")
        configuration.unlink()
        with SilentAgent(self.gpg.socket()):
            self.assert_refusal(self.repotool("promote", self.ready, "stable", code=5), ["did not answer"], self.gpg.home)

    def test_homes_that_cannot_be_used(self):
        missing = self.dir / "missing"
        self.configure(self.good, missing)
        self.refused("there is no such directory", home=missing)
        (self.dir / "file").touch()
        self.configure(self.good, self.dir / "file")
        self.refused("it is not a directory", home=self.dir / "file")
        self.configure(self.good)
        self.gpg.home.chmod(0o777)
        self.refused("others may write to it")

    @unittest.skipUnless(IS_POSSIBLE, "needs root to be somebody else")
    def test_homes_of_others_and_homes_too_deep_for_a_socket(self):
        """As a user who has no /run/user/<uid>, where GnuPG would keep the sockets of deep homes."""
        deep = self.dir / ("d" * (119 - len(str(self.dir))))
        self.assertEqual(len(str(deep)), 120)
        deep.mkdir(mode=0o700)
        for path in (self.site, self.ready, deep):
            subprocess.run(["chown", "-R", str(NOBODY), path], check=True)
        open_to_others(self.dir)
        self.before = self.state()
        for home, says in ((deep, "too long"), (self.gpg.home, "Permission denied")):
            self.configure(self.good, home)
            promote = ("--site", self.site, "promote", self.ready, "stable")
            self.assert_refusal(run_as_nobody(self, "repotool", *promote), [says], home)


if __name__ == "__main__":
    main()

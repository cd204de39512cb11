# SPDX-License-Identifier: GPL-3.0-or-later
"""Secret keys that are not on this machine: behind an agent that ssh forwards, and in a PKCS#11 token. docs/TRUST.md §3 has the same steps.

gpgv and rpmkeys accept what they sign. When they go away, also in the middle of a run: exit 5 within ten seconds, and nothing has changed."""

import re
import shutil
import signal
import subprocess
import time

from keys import GnuPG, RpmKeys, binary_keyring, gpgv, signing_config
from locks import hold_lock
from packages import a_deb, rpms
from ssh import Sshd
from workspace import CLIENT_TIMEOUT, Scenario, exact_state, main, tool_path

LIMIT = 10
TOKEN_MODULE = "/usr/lib/softhsm/libsofthsm2.so"


class Remote(Scenario):
    """`self.home` is the home on this machine; `self.secrets` what the tools are given besides."""

    def prepare(self, fingerprint, secrets=(), **more):
        self.fingerprint, self.secrets = fingerprint, secrets
        values = {"fingerprint": fingerprint, "home": self.home, **more}
        key = ", ".join(f'{name}: "{value}"' for name, value in values.items())
        self.write_config(signing_config({"*": "sign: stable-key, rules: {replace: true}"}, {"stable-key": key}))
        self.ready = self.dir / "ready"
        self.deb, (self.rpm,) = a_deb(self.ready), rpms(self.ready, "delta")

    def publish_and_judge(self):
        """Everything that a key signs, and what other people's programs say about it."""
        self.repotool("publish", "--to", "stable", self.deb, self.rpm)
        key = self.site / "public/keys/stable-key.asc"
        keyring, rpmkeys = binary_keyring(key, self.dir / "key.gpg"), RpmKeys(self.dir / "rpmdb", key)
        public = self.site / "public/stable"
        repomd = public / "rpm/el9/x86_64/repodata/repomd.xml"
        self.assertTrue(gpgv(keyring, public / "dists/bookworm/InRelease"))
        self.assertTrue(gpgv(keyring, repomd.with_name("repomd.xml.asc"), repomd))
        packages = list((self.site / "public/pool/stable").rglob("*.rpm"))
        self.assertEqual([rpmkeys.accepts(path) for path in packages], [True])
        own = self.dir / "own"
        own.mkdir()
        copy = shutil.copy(self.rpm, own)
        (own / "Release").write_text("Suite: own\n")
        with_key = ["--home", self.home, "--key", self.fingerprint, *self.secrets]
        self.assertFalse(rpmkeys.accepts(copy))
        self.reposign("packages", *with_key, copy)
        self.reposign("release", own, *with_key)
        self.assertTrue(rpmkeys.accepts(copy))
        self.assertTrue(gpgv(keyring, own / "InRelease"))

    def refused(self, *says):
        """What a command answers: at once, with the key, the home, the reason and the next step."""
        before = exact_state(self.site / "public")
        self.assert_refusal(self.repotool("publish", "--test", "one", self.deb, self.rpm, code=5), says)
        self.assert_same_state(before, exact_state(self.site / "public"), "public/")

    def assert_refusal(self, result, says):
        self.assertLess(result.seconds, LIMIT, result)
        message, _, hint = result.err.strip().partition("\n")
        self.assertRegex(message, "^repotool: cannot sign with key 'stable-key': ")
        for words in (str(self.home), *says):
            self.assertIn(words, message)
        self.assertTrue(hint.strip(), f"no next step\n{result}")

    def lose_in_mid_run(self, lose):
        """The key signs the probe and the RPM package; while the run waits for the repository, it goes."""
        before = exact_state(self.site / "public")
        late = a_deb(self.dir / "late", "late")
        with hold_lock(self.site / "private/locks/stable.lock"):
            process = subprocess.Popen([tool_path("repotool"), "--site", self.site, "publish", "--to", "stable", late], env=self.env,
                                       cwd=self.dir, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            deadline = time.monotonic() + CLIENT_TIMEOUT
            while not list((self.site / "private/txn").glob("*/request")) and time.monotonic() < deadline:
                time.sleep(0.01)
            lose()
        began = time.monotonic()
        said = process.communicate(timeout=CLIENT_TIMEOUT)[1]
        self.assertEqual(process.returncode, 5, said)
        self.assertLess(time.monotonic() - began, LIMIT, said)
        self.assertIn("cannot sign with key 'stable-key'", said)
        self.assert_same_state(before, exact_state(self.site / "public"), "public/")


class ForwardedAgents(Remote):
    """The desk has the key. Its agent's extra socket stands where this machine's home would have its agent's."""

    def setUp(self):
        super().setUp()
        self.desk = GnuPG(self, self.dir / "desk")
        fingerprint = self.desk.key("desk")
        self.home = self.dir / "h"
        self.home.mkdir(mode=0o700)
        (self.home / "gpg.conf").write_text("no-autostart\n")
        here = GnuPG(self, self.home)
        here.run("--import", data=self.desk.run("--export", fingerprint))
        here.run("--create-socketdir", program="gpgconf")
        self.addCleanup(here.run, "--remove-socketdir", program="gpgconf")
        self.socket = here.socket()
        self.sshd = Sshd(self.dir / "sshd", "/bin/false", permits=",port-forwarding")
        self.addCleanup(self.sshd.stop)
        self.forward()
        self.prepare(fingerprint)

    def forward(self):
        """What the desk does: ssh -N -R SOCKET-HERE:EXTRA-SOCKET-THERE builder."""
        extra = self.desk.run("--list-dirs", "agent-extra-socket", program="gpgconf").decode().strip()
        self.socket.unlink(missing_ok=True)
        self.ssh = subprocess.Popen(self.sshd.ssh("-N", "-o", "ExitOnForwardFailure=yes", "-R", f"{self.socket}:{extra}"),
                                    stdin=subprocess.DEVNULL)
        self.addCleanup(self.ssh.wait)
        self.addCleanup(self.ssh.kill)
        deadline = time.monotonic() + LIMIT
        while not self.socket.exists():
            self.assertLess(time.monotonic(), deadline, "ssh does not forward")
            time.sleep(0.02)

    def hang_up(self):
        self.ssh.terminate()
        self.ssh.wait()

    def test_a_forwarded_agent_signs_everything(self):
        self.publish_and_judge()
        self.assertEqual(list(self.home.glob("private-keys-v1.d/*")), [])
        self.assertRegex(self.reposign("keys", "check", "--home", self.home).out, f"^{self.fingerprint}  signs$")
        self.assertIn("elsewhere", self.reposign("keys", "list", "--home", self.home).out)

    def test_a_forwarded_agent_that_goes_away(self):
        self.repotool("publish", "--to", "stable", self.deb)
        self.lose_in_mid_run(self.hang_up)
        self.refused("agent")
        self.forward()
        self.ssh.send_signal(signal.SIGSTOP)  # as when the network is cut
        self.refused("did not answer")
        self.ssh.send_signal(signal.SIGCONT)
        self.repotool("publish", "--test", "one", self.deb, self.rpm)


class Tokens(Remote):
    """A key that was made in a SoftHSM token and never leaves it; gpg-agent reaches it through gnupg-pkcs11-scd."""

    def setUp(self):
        super().setUp()
        self.tokens = self.dir / "tokens"
        self.tokens.mkdir()
        (self.dir / "softhsm.conf").write_text(f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\n")
        self.env["SOFTHSM2_CONF"] = str(self.dir / "softhsm.conf")
        self.home, self.pin = self.dir / "h", self.dir / "pin"
        self.gpg = GnuPG(self, self.home)
        self.make_key_in_token()
        self.prepare(self.make_openpgp_key(), ["--passphrase-file", self.pin], passphrase_file=self.pin)

    def call(self, *command):
        done = subprocess.run(list(map(str, command)), env=self.env, cwd=self.dir, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, f"{command}: {done.stderr.decode()}")
        return done.stdout.decode()

    def make_key_in_token(self):
        """An RSA key, and a certificate beside it: by that gnupg-pkcs11-scd finds the key. Who signed it, nobody asks."""
        self.pin.write_text("1234\n")
        self.call("softhsm2-util", "--init-token", "--free", "--label", "stable", "--pin", "1234", "--so-pin", "5678")
        token = ["pkcs11-tool", "--module", TOKEN_MODULE, "--token-label", "stable", "--login", "--pin", "1234", "--id", "01", "--label", "stable"]
        self.call(*token, "--keypairgen", "--key-type", "rsa:2048", "--usage-sign")
        self.call(*token, "--read-object", "--type", "pubkey", "--output-file", "public.der")
        self.call("openssl", "pkey", "-pubin", "-inform", "DER", "-in", "public.der", "-out", "public.pem")
        self.call("openssl", "genpkey", "-algorithm", "ed25519", "-out", "nobody.pem")
        self.call("openssl", "x509", "-new", "-subj", "/CN=stable", "-force_pubkey", "public.pem", "-signkey", "nobody.pem", "-days", "3650",
                  "-outform", "DER", "-out", "certificate.der")
        self.call(*token, "--write-object", "certificate.der", "--type", "cert")

    def make_openpgp_key(self):
        (self.home / "gpg-agent.conf").write_text("scdaemon-program /usr/bin/gnupg-pkcs11-scd\n")
        (self.home / "gnupg-pkcs11-scd.conf").write_text(f"providers softhsm\nprovider-softhsm-library {TOKEN_MODULE}\n")
        self.gpg.run("--card-status")
        learnt = self.call("gpg-connect-agent", "--homedir", self.home, "SCD LEARN --force", "LEARN --force", "/bye")
        keygrip = re.search(r"KEYPAIRINFO ([0-9A-F]{40})", learnt)[1]
        parameters = f"Key-Type: RSA\nKey-Grip: {keygrip}\nKey-Usage: sign\nName-Real: stable\nExpire-Date: 0\n%commit\n"
        said = self.gpg.run("--status-fd", "1", "--pinentry-mode", "loopback", "--passphrase-file", self.pin, "--full-generate-key",
                            data=parameters.encode())
        return re.search(rb"KEY_CREATED \w ([0-9A-F]{40})", said)[1].decode()

    def lose_token(self):
        self.tokens.rename(self.dir / "drawer")
        self.tokens.mkdir()

    def find_token(self):
        self.tokens.rmdir()
        (self.dir / "drawer").rename(self.tokens)

    def test_a_token_signs_everything(self):
        self.publish_and_judge()
        stub, = self.home.glob("private-keys-v1.d/*.key")
        self.assertIn(b"shadowed", stub.read_bytes())

    def test_a_token_that_is_taken_away(self):
        self.repotool("publish", "--to", "stable", self.deb)
        self.lose_in_mid_run(self.lose_token)
        self.refused("the card or token that has the key is not there")
        self.find_token()
        self.gpg.end_agent()
        self.pin.write_text("9999\n")
        self.refused("PIN")
        self.pin.write_text("1234\n")
        self.repotool("publish", "--test", "one", self.deb, self.rpm)


if __name__ == "__main__":
    main()

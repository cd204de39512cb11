# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing keys for a site, and what other people's programs say about signatures."""

import pathlib
import re
import subprocess
import time

from workspace import run


def generate_key(scenario, *, site=None, home=None, name="stable-key"):
    """A key made by `reposign keys generate`, in the site's own key home or in `home`; its fingerprint."""
    where = ["--site", site] if site else ["--home", home]
    result = scenario.reposign("keys", "generate", name, *where, "--json")
    fingerprint = result.json["fingerprint"]
    scenario.assertRegex(fingerprint, r"^[0-9A-F]{40}$")
    return fingerprint


def signing_config(repositories, keys, url="http://127.0.0.1:1"):
    """A repotool.yaml for both formats; of each repository and key the settings, as inside a YAML flow mapping."""
    def lines(entries):
        return "".join(f'  "{name}": {{{settings}}}\n' for name, settings in entries.items())
    return (f'site: {{base_url: "{url}", origin: Acme, label: Acme}}\n'
            "dists:\n"
            "  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}\n"
            "  - {name: el9, format: rpm, architectures: [x86_64]}\n"
            f"repositories:\n{lines(repositories)}keys:\n{lines(keys)}")


def binary_keyring(armored, target):
    """gpgv and sqv of Debian 12 read binary keyrings."""
    subprocess.run(["gpg", "--batch", "--yes", "--dearmor", "-o", str(target), str(armored)], check=True,
                   stdin=subprocess.DEVNULL, capture_output=True, env={"HOME": str(target.parent), "PATH": "/usr/bin:/bin"})
    return target


def gpgv(keyring, *files):
    """True when gpgv accepts: one clear-signed file, or signature and data."""
    return run(["gpgv", "--keyring", pathlib.Path(keyring).absolute(), *files]).code == 0


def sqv(keyring, signature, data):
    """sqv of Debian 12 checks detached signatures only."""
    return run(["sqv", "--keyring", keyring, signature, data]).code == 0


def rsa_key_without_gpg(scenario, home):
    """The fingerprint of an RSA key whose certificate is in the GnuPG home `home`, and its secret part for openssl alone."""
    maker = scenario.dir / "maker"
    maker.mkdir(mode=0o700)
    pathlib.Path(home).mkdir(mode=0o700, parents=True, exist_ok=True)

    def gpg(directory, *arguments, data=None):
        return subprocess.run(["gpg", "--batch", "--quiet", "--homedir", str(directory), "--pinentry-mode", "loopback",
                               "--passphrase", "", *arguments], check=True, input=data, capture_output=True).stdout
    gpg(maker, "--quick-generate-key", "Module <module@example.org>", "rsa2048", "sign", "never")
    fingerprint = re.search(rb"^fpr:+([0-9A-F]{40}):", gpg(maker, "--with-colons", "--list-keys"), re.MULTILINE)[1].decode()
    gpg(home, "--import", data=gpg(maker, "--export", fingerprint))
    secret = gpg(maker, "--export-secret-keys", fingerprint)
    subprocess.run(["gpgconf", "--homedir", str(maker), "--kill", "gpg-agent"], check=True)
    # One packet (RFC 4880 5.5.3): old format, two octets of length, then version, time, algorithm, n, e, no protection, d, p, q, u.
    at, numbers = 3 + 6, []
    for count in (2, 4):
        for _ in range(count):
            size = (int.from_bytes(secret[at:at + 2], "big") + 7) // 8
            numbers.append(int.from_bytes(secret[at + 2:at + 2 + size], "big"))
            at += 2 + size
        at += 1  # the octet that says "not protected"
    n, e, d, p, q, _ = numbers
    fields = [0, n, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p)]
    text = "asn1=SEQUENCE:k\n[k]\n" + "".join(f"f{i}=INTEGER:0x{field:x}\n" for i, field in enumerate(fields))
    (scenario.dir / "asn1").write_text(text)
    der, pem = scenario.dir / "key.der", scenario.dir / "key.pem"
    subprocess.run(["openssl", "asn1parse", "-genconf", str(scenario.dir / "asn1"), "-noout", "-out", str(der)], check=True)
    subprocess.run(["openssl", "rsa", "-inform", "DER", "-in", str(der), "-out", str(pem)], check=True, capture_output=True)
    return fingerprint, pem


class GnuPG:
    """A GnuPG home and gpg itself, for keys of all kinds."""

    def __init__(self, scenario, home):
        self.scenario = scenario
        self.home = pathlib.Path(home)
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Else the agent finds out how slow it can be made, which takes long and fails on a machine that is busy.
        (self.home / "gpg-agent.conf").write_text("s2k-count 65536\n")

    def run(self, *arguments, data=None, program="gpg"):
        options = ["--batch", "--quiet"] if program == "gpg" else []
        done = subprocess.run([program, "--homedir", str(self.home), *options, *map(str, arguments)], input=data,
                              stdin=None if data else subprocess.DEVNULL, capture_output=True, env=self.scenario.env, check=False)
        if done.returncode:
            raise AssertionError(f"{program} {arguments}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def key(self, name, *options, algorithm="ed25519", passphrase="", expires="never"):
        """The fingerprint of a new key."""
        said = self.run("--status-fd", "1", "--pinentry-mode", "loopback", "--passphrase", passphrase, *options,
                        "--quick-generate-key", f"{name} <{name}@example.org>", algorithm, "sign", expires)
        return re.search(rb"KEY_CREATED \w ([0-9A-F]{40})", said)[1].decode()

    def revoked(self, name):
        fingerprint = self.key(name)
        certificate = (self.home / f"openpgp-revocs.d/{fingerprint}.rev").read_bytes().replace(b":-----BEGIN", b"-----BEGIN")
        self.run("--import", data=certificate)
        return fingerprint

    def secret_key(self, fingerprint, passphrase=""):
        """Armored; protected with the same passphrase."""
        return self.run("--pinentry-mode", "loopback", "--passphrase", passphrase, "--armor", "--export-secret-keys", fingerprint)

    def socket(self):
        return pathlib.Path(self.run("--list-dirs", "agent-socket", program="gpgconf").decode().strip())

    def end_agent(self):
        """gpgconf only asks the agent to end: who goes on at once may still reach the old one."""
        self.run("--kill", "gpg-agent", program="gpgconf")
        deadline = time.monotonic() + 5
        while self.socket().exists():
            if time.monotonic() > deadline:
                raise AssertionError(f"the agent of {self.home} does not end")
            time.sleep(0.02)


class RpmKeys:
    """rpmkeys with a database of its own and each check demanded: an unsigned package is refused too."""

    def __init__(self, directory, key):
        self.options = ["--dbpath", pathlib.Path(directory).absolute()]
        pathlib.Path(directory).mkdir(parents=True, exist_ok=True)
        result = run(["rpmkeys", *self.options, "--import", key])
        if result.code:
            raise AssertionError(str(result))

    def accepts(self, path):
        result = run(["rpmkeys", *self.options, "--define", "_pkgverify_level all", "-Kv", path])
        return result.code == 0 and bool(re.search(r"(?i)signature.*: OK", result.out))

# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a repository as clients do, trusting nothing: from the pointer file down to each package, every digest checked.

Written against the formats alone and with the standard library, so it shares no mistake with the product."""

import gzip
import hashlib
import http.client
import pathlib
import subprocess
import xml.etree.ElementTree as elements

REPO = "{http://linux.duke.edu/metadata/repo}"
COMMON = "{http://linux.duke.edu/metadata/common}"


class Missing(Exception):
    """Something that is named cannot be read."""


class Mixed(Exception):
    """Something has other bytes than what names it says."""


class FileSource:
    """Paths below a directory, read as a web server would (symlinks followed)."""

    def __init__(self, root):
        self.root = pathlib.Path(root)

    def get(self, path):
        try:
            return (self.root / path).read_bytes()
        except OSError as error:
            raise Missing(f"{path}: {error.strerror}") from None


class HttpSource:
    """One keep-alive connection, as apt and dnf hold it."""

    def __init__(self, port, prefix=""):
        self.prefix = prefix
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def get(self, path):
        try:
            self.connection.request("GET", f"/{self.prefix}{path}")
            answer = self.connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise
        if answer.status != 200:
            raise Missing(f"{path}: HTTP {answer.status}")
        return body

    def close(self):
        self.connection.close()


def _checked(source, path, digest, size):
    body = source.get(path)
    if len(body) != size or hashlib.sha256(body).hexdigest() != digest:
        raise Mixed(f"{path}: {len(body)} bytes with SHA-256 {hashlib.sha256(body).hexdigest()}, "
                    f"expected {size} bytes with {digest}")
    return body


def decompress(name, body):
    if name.endswith(".gz"):
        return gzip.decompress(body)
    if name.endswith(".zst"):
        return subprocess.run(["zstd", "-dc"], input=body, stdout=subprocess.PIPE, check=True).stdout
    return body


def stanzas(text):
    """Deb822 text as a list of {field: value}, continuation lines joined by LF."""
    result = []
    for block in text.split("\n\n"):
        fields, last = {}, None
        for line in block.splitlines():
            if line[:1] in (" ", "\t") and last:
                fields[last] += "\n" + line
            elif ":" in line:
                last, value = line.split(":", 1)
                fields[last] = value.strip()
        if fields:
            result.append(fields)
    return result


def release_files(release):
    """The SHA256 block of a Release: {path: (digest, size)}."""
    files = {}
    for line in release.get("SHA256", "").splitlines():
        if len(parts := line.split()) == 3:
            files[parts[2]] = (parts[0], int(parts[1]))
    return files


def clear_text(message):
    """The text of an InRelease; here the signature is not checked (gpgv does that)."""
    if not message.startswith("-----BEGIN PGP SIGNED MESSAGE-----"):
        return message
    return message.split("\n\n", 1)[1].split("\n-----BEGIN PGP SIGNATURE-----", 1)[0] + "\n"


def read_release(source, repository, suite):
    base = f"{repository}/dists/{suite}"
    try:
        text = source.get(f"{base}/InRelease").decode()
    except Missing:
        text = source.get(f"{base}/Release").decode()
    return stanzas(clear_text(text))[0]


def read_deb(source, repository, suite, packages=True, only=lambda name: True):
    """{(name, version, architecture): SHA-256} of an APT suite: Release, then by-hash, then each package."""
    found = {}
    files = release_files(read_release(source, repository, suite))
    for path in sorted(files):
        directory, name = path.rsplit("/", 1)
        if name not in ("Packages.gz", "Packages.zst") or (name == "Packages.zst" and f"{directory}/Packages.gz" in files):
            continue
        body = _checked(source, f"{repository}/dists/{suite}/{directory}/by-hash/SHA256/{files[path][0]}", *files[path])
        text = decompress(name, body)
        open_digest, open_size = files[f"{directory}/Packages"]
        if len(text) != open_size or hashlib.sha256(text).hexdigest() != open_digest:
            raise Mixed(f"{path}: the open text is not what Release says")
        for stanza in stanzas(text.decode()):
            found[stanza["Package"], stanza["Version"], stanza["Architecture"]] = stanza["SHA256"]
            if packages and only(stanza["Package"]):
                _checked(source, f"{repository}/{stanza['Filename']}", stanza["SHA256"], int(stanza["Size"]))
    return found


def read_rpm(source, repository, dist, architecture, packages=True, only=lambda name: True):
    """{(name, version, architecture): SHA-256} of one RPM repository: repomd, then each index, then each package."""
    return read_rpm_at(source, f"{repository}/rpm/{dist}/{architecture}", packages, only)


def read_rpm_at(source, base, packages=True, only=lambda name: True):
    """The same where `base` is what clients have as baseurl."""
    repomd = elements.fromstring(source.get(f"{base}/repodata/repomd.xml"))
    found, indexes = {}, {}
    for data in repomd.iter(f"{REPO}data"):
        href = data.find(f"{REPO}location").get("href")
        body = _checked(source, f"{base}/{href}", data.find(f"{REPO}checksum").text, int(data.find(f"{REPO}size").text))
        text = decompress(href, body)
        if hashlib.sha256(text).hexdigest() != data.find(f"{REPO}open-checksum").text:
            raise Mixed(f"{href}: the open text is not what repomd.xml says")
        indexes[data.get("type")] = text
    for package in elements.fromstring(indexes["primary"]).iter(f"{COMMON}package"):
        version = package.find(f"{COMMON}version")
        epoch = version.get("epoch", "0")
        evr = (f"{epoch}:" if epoch != "0" else "") + f"{version.get('ver')}-{version.get('rel')}"
        name, digest = package.find(f"{COMMON}name").text, package.find(f"{COMMON}checksum").text
        found[name, evr, package.find(f"{COMMON}arch").text] = digest
        if packages and only(name):
            href = package.find(f"{COMMON}location").get("href")
            _checked(source, f"{base}/{href}", digest, int(package.find(f"{COMMON}size").get("package")))
    return found


def read_everything(root, repository):
    """All that `repository` below the public tree `root` offers, both formats: a set of (name, version, arch, digest)."""
    source, top = FileSource(root), pathlib.Path(root, repository)
    found = set()
    for release in sorted(top.glob("dists/**/Release")):
        suite = str(release.parent.relative_to(top / "dists"))
        found |= {(*key, digest) for key, digest in read_deb(source, repository, suite).items()}
    for repodata in sorted(top.glob("rpm/**/repodata")):
        where = repodata.parent.relative_to(top / "rpm")
        rpm = read_rpm(source, repository, str(where.parent), where.name)
        found |= {(*key, digest) for key, digest in rpm.items()}
    return found

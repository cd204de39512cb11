# SPDX-License-Identifier: GPL-3.0-or-later
"""Real apt, dnf and zypper, each with a root of its own and nothing of this machine's configuration."""

import os
import pathlib

from workspace import run, sha256

APT_CONFIGURATION = """
Dir "{dir}/"; Dir::State "{dir}/state"; Dir::State::lists "{dir}/state/lists"; Dir::State::status "{dir}/state/status";
Dir::Cache "{dir}/cache"; Dir::Etc "{dir}/etc"; Dir::Log "{dir}/log"; Dir::Bin::Methods "/usr/lib/apt/methods";
Dir::Bin::dpkg "/usr/bin/dpkg";
APT::Architecture "{architecture}"; APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "root"; APT::Get::Assume-Yes "true"; Acquire::Retries "0";
Acquire::Check-Valid-Until "true"; Acquire::Check-Date "true"; Acquire::http::Timeout "20";
"""


class _Client:
    """A client program that keeps everything below `directory`."""

    def __init__(self, directory):
        self.dir = pathlib.Path(directory).absolute()
        self.env = {name: value for name, value in os.environ.items()
                    if not name.startswith("APT_") and name not in ("http_proxy", "https_proxy")}
        self.env.update(LC_ALL="C.UTF-8", HOME=str(self.dir / "home"), TMPDIR=str(self.dir / "tmp"), TZ="UTC")
        for name in ("home", "tmp"):
            (self.dir / name).mkdir(parents=True, exist_ok=True)

    def _run(self, command, code):
        result = run(command, env=self.env, cwd=self.dir)
        if code is not None and result.code != code:
            raise AssertionError(f"exit code {result.code}, expected {code}\n{result}")
        return result


class Apt(_Client):
    """apt with this one line of sources; all date checks on."""

    def __init__(self, directory, source_line, architecture="amd64"):
        super().__init__(directory)
        for name in ("state/lists/partial", "cache/archives/partial", "etc/apt.conf.d", "etc/preferences.d",
                     "etc/trusted.gpg.d", "etc/sources.list.d", "log"):
            (self.dir / name).mkdir(parents=True, exist_ok=True)
        (self.dir / "state/status").touch()
        (self.dir / "etc/sources.list").write_text(source_line + "\n")
        (self.dir / "apt.conf").write_text(APT_CONFIGURATION.format(dir=self.dir, architecture=architecture))
        self.env["APT_CONFIG"] = str(self.dir / "apt.conf")

    def update(self, code=0):
        return self._run(["apt-get", "update", "--error-on=any"], code)

    def versions(self, package):
        """The versions that apt knows, newest first."""
        out = self._run(["apt-cache", "madison", package], 0).out
        return [line.split("|")[1].strip() for line in out.splitlines()]

    def names(self):
        return sorted(self._run(["apt-cache", "pkgnames"], 0).out.split())

    def download(self, *packages, code=0):
        """Resolves, downloads and checks what an installation of `packages` needs: {SHA-256: path}."""
        result = self._run(["apt-get", "install", "--download-only", *packages], code)
        if result.code:
            return result
        return {sha256(path): path for path in (self.dir / "cache/archives").glob("*.deb")}

    def can_install(self, package):
        return self._run(["apt-get", "install", "--simulate", package], None).code == 0


    def install(self, *packages):
        """Installs into a root of its own, where this user may; elsewhere all but that."""
        if os.getuid() != 0:
            self.download(*packages)
            return
        root = self.dir / "root"
        for name in ("info", "updates", "triggers"):
            (root / "var/lib/dpkg" / name).mkdir(parents=True, exist_ok=True)
        status = root / "var/lib/dpkg/status"
        status.touch()
        words = [f"Dir::State::status={status}", f"DPkg::Options::=--root={root}", f"DPkg::Options::=--log={root}/log", "Dpkg::Use-Pty=0"]
        self._run(["apt-get", *(word for option in words for word in ("-o", option)), "install", *packages], 0)
        for package in packages:
            if f"Package: {package}\nStatus: install ok installed\n" not in status.read_text():
                raise AssertionError(f"apt installed no {package}")


class Dnf(_Client):
    """dnf with one repository. dnf as Debian ships it skips a broken repository in silence: switched off."""

    def __init__(self, directory, *, baseurl=None, mirrorlist=None, key=None, repo_gpgcheck=None):
        super().__init__(directory)
        for name in ("repos", "cache", "persist", "log", "root", "packages"):
            (self.dir / name).mkdir(exist_ok=True)
        where = f"baseurl={baseurl}" if baseurl else f"mirrorlist={mirrorlist}"
        checks = 1 if key else 0
        repo_checks = checks if repo_gpgcheck is None else repo_gpgcheck
        (self.dir / "repos/r.repo").write_text(
            f"[r]\nname=r\n{where}\nenabled=1\nskip_if_unavailable=0\ngpgcheck={checks}\nrepo_gpgcheck={repo_checks}\n"
            + (f"gpgkey={key}\n" if key else ""))
        (self.dir / "dnf.conf").write_text("[main]\nplugins=0\nretries=1\ntimeout=20\nkeepcache=1\n")

    def run(self, *arguments, code=0):
        options = [f"--setopt={name}={self.dir / directory}" for name, directory in
                   (("reposdir", "repos"), ("cachedir", "cache"), ("persistdir", "persist"), ("logdir", "log"))]
        return self._run(["dnf", "-q", "-y", f"--config={self.dir / 'dnf.conf'}", *options,
                          f"--installroot={self.dir / 'root'}", "--releasever=9", "--forcearch=x86_64", *arguments],
                         code)

    def repoquery(self, code=0):
        """name-[epoch:]version-release.architecture of all packages, sorted; or the result when it must fail."""
        result = self.run("repoquery", "--refresh", "--show-duplicates", "--qf", "%{name}-%{evr}.%{arch}", code=code)
        return result if result.code else sorted(set(result.out.split()))

    def download(self, *packages, code=0):
        """Resolves, downloads and checks what an installation needs: {SHA-256: path}."""
        target = self.dir / "packages"
        result = self.run("install", "--downloadonly", f"--downloaddir={target}", "--setopt=install_weak_deps=0",
                          *packages, code=code)
        return result if result.code else {sha256(path): path for path in target.glob("*.rpm")}

    def installable(self, *packages):
        """Of `packages`, the names of those whose dependencies can be resolved."""
        target = self.dir / "packages"
        self.run("install", "--downloadonly", f"--downloaddir={target}", "--setopt=strict=0", *packages)
        return {path.name.rsplit("-", 2)[0] for path in target.glob("*.rpm")} & set(packages)


    def install(self, *packages):
        """Installs into a root of its own, where this user may; elsewhere all but that."""
        if os.getuid() != 0:
            self.download(*packages)
            return
        self.run("install", "--setopt=install_weak_deps=0", *packages)
        self._run(["rpm", "--root", str(self.dir / "root"), "-q", *packages], 0)


class Zypper(_Client):
    """zypper with one repository."""

    def __init__(self, directory, baseurl, key=None):
        super().__init__(directory)
        (self.dir / "root").mkdir(exist_ok=True)
        self._command = ["zypper", "--root", self.dir / "root", "--non-interactive"]
        if not key:
            self._command.append("--no-gpg-checks")
        else:
            self._run(["rpmkeys", "--root", self.dir / "root", "--import", key], 0)
        self._run([*self._command, "addrepo", "--check" if key else "--no-check", baseurl, "r"], 0)

    def refresh(self, code=0):
        return self._run([*self._command, "refresh", "--force"], code)

    def names(self):
        out = self._run([*self._command, "search", "--repo", "r"], 0).out
        return sorted({line.split("|")[1].strip() for line in out.splitlines()
                       if line.count("|") >= 3 and "| package" in line})

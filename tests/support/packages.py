# SPDX-License-Identifier: GPL-3.0-or-later
"""Small packages, made at test time by dpkg-deb and rpmbuild.

A byte that is not UTF-8 is written as a lone surrogate: "\\udce4" is the byte e4."""

import os
import pathlib
import shutil
import subprocess
import tempfile

DEB_FIELDS = {"Maintainer": "Test <test@example.org>", "Section": "misc", "Priority": "optional",
              "Description": "a package of the tests\n Made at test time.\n .\n It installs one file."}
BUILD_TIME = "1700000000"
SCRATCH = "/dev/shm" if os.path.isdir("/dev/shm") and "TMPDIR" not in os.environ else None  # ten times faster for many files


def _run(command, **options):
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="backslashreplace", check=False, **options)
    if done.returncode:
        raise AssertionError(f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def a_deb(directory, name="hello", version="1.0-1", architecture="all", *, fields=None, content="hello\n",
          compression="xz", conffiles=(), check=True, raw_control=None, file_name=None, populate=None):
    """One .deb below `directory`; `fields` adds or replaces control fields (None removes one), `populate` is called with
    the directory of what it installs."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    all_fields = {"Package": name, "Version": version, "Architecture": architecture, **DEB_FIELDS, **(fields or {})}
    control = "".join(f"{key}: {value}\n" for key, value in all_fields.items() if value is not None)
    safe_name = "".join(c if c.isalnum() or c in "+.-~" else "_" for c in f"{name}-{version.split(':')[-1]}")
    target = directory / (file_name or f"{safe_name[:80]}_{architecture.replace('/', '_')}.deb")
    with tempfile.TemporaryDirectory(dir=SCRATCH) as work:
        root = pathlib.Path(work)
        root.chmod(0o755)
        (root / "DEBIAN").mkdir(mode=0o755)
        (root / "DEBIAN" / "control").write_text(control if raw_control is None else raw_control, errors="surrogateescape")
        share = root / "usr" / "share" / safe_name[:80]
        share.mkdir(parents=True)
        (share / "content").write_text(content)
        for conffile in conffiles:
            (root / conffile.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
            (root / conffile.lstrip("/")).write_text("setting\n")
        if conffiles:
            (root / "DEBIAN" / "conffiles").write_text("".join(path + "\n" for path in conffiles))
        if populate:
            populate(root)
        options = ["--uniform-compression"] + ([] if check else ["--nocheck"])
        _run(["dpkg-deb", "--root-owner-group", f"-Z{compression}", *options, "--build", root, target],
             env={**os.environ, "SOURCE_DATE_EPOCH": BUILD_TIME})
    return target


SPEC = """
%global debug_package %{{nil}}
%global __os_install_post %{{nil}}
Name: {name}
Version: {version}
Release: {release}
{epoch}Summary: a package of the tests
License: MIT
URL: https://example.org/{name}
{build_arch}
{header}
%description
{description}
{subpackage_headers}
%install
mkdir -p %{{buildroot}}/usr/share %{{buildroot}}/etc
{install}
%files
{files}
{subpackage_files}
{extra}
%changelog
{changelog}
"""
CHANGELOG = """* Wed Nov 15 2023 Test <test@example.org> - 2-1
- made for the tests & <nothing> else
* Tue Nov 14 2023 Test <test@example.org> - 1-1
- first"""


def rpms(directory, name="hello", version="1.0", release="1.el9", *, epoch=None, architecture="noarch",
         subpackages=(), content="hello", header="", install="", files="", extra="", changelog=CHANGELOG,
         source=False, description="Made at test time.", defines=()):
    """Binary packages (main and `subpackages`) and, if asked, the source package; one rpmbuild for all. Sorted paths."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    everything = [name] + [f"{name}-{part}" for part in subpackages]
    one_file = "\n".join(f"echo '{content}' > %{{buildroot}}/usr/share/{full}" for full in everything)
    spec = SPEC.format(
        name=name, version=version, release=release, epoch=f"Epoch: {epoch}\n" if epoch is not None else "",
        description=description, build_arch="BuildArch: noarch" if architecture == "noarch" else "", header=header,
        subpackage_headers="\n".join(f"%package {part}\nSummary: the {part} part\n%description {part}\nA part."
                                     for part in subpackages),
        install=one_file + "\n" + install, files=f"/usr/share/{name}\n" + files,
        subpackage_files="\n".join(f"%files {part}\n/usr/share/{name}-{part}" for part in subpackages),
        extra=extra, changelog=changelog)
    with tempfile.TemporaryDirectory(dir=SCRATCH) as work:
        top = pathlib.Path(work)
        (top / "one.spec").write_text(spec, errors="surrogateescape")
        _run(["rpmbuild", "-ba" if source else "-bb", "--define", f"_topdir {top}", "--define", "_build_id_links none",
              "--define", "use_source_date_epoch_as_buildtime 1", "--define", "_buildhost build.example.org",
              *(part for each in defines for part in ("--define", each)),
              *(["--target", architecture] if architecture != "noarch" else []), top / "one.spec"],
             env={**os.environ, "SOURCE_DATE_EPOCH": BUILD_TIME, "HOME": str(top)})
        made = sorted(top.glob("RPMS/*/*.rpm")) + sorted(top.glob("SRPMS/*.rpm"))
        return [pathlib.Path(shutil.copy(path, directory / path.name)) for path in made]


def a_mixed_set(directory, source=True):
    """Two Debian packages (all, amd64) and RPMs for noarch, x86_64 and, if asked, a source package."""
    return [a_deb(directory, "alpha", "1.0-1", "all", fields={"Depends": "beta (>= 2.0)"}),
            a_deb(directory, "beta", "2.0-1", "amd64", content="beta\n"),
            *rpms(directory, "gamma", "3.0", subpackages=("data",)),
            *rpms(directory, "delta", "4.0", architecture="x86_64", header="Requires: gamma >= 3.0", source=source)]

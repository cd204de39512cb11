# SPDX-License-Identifier: GPL-3.0-or-later
"""Each package in our primary, filelists and other equals what createrepo_c writes, as canonical XML.

Left aside: the location and the file time, which are the publisher's. Where createrepo_c 0.17.3 has a fault that a later
version mended, the later behaviour is expected: pre="1" for %pretrans and %posttrans requirements (1.1.1)."""

import os
import pathlib
import shutil
import subprocess
import xml.etree.ElementTree as elements

from packages import rpms
from reader import COMMON, REPO, FileSource, decompress
from workspace import Scenario, main

CONFIG = """
dists:
  - {name: el9, format: rpm, architectures: [x86_64]}
"""
RPM = "{http://linux.duke.edu/metadata/rpm}"

HEADER = """Requires: /bin/sh
Requires: bash >= 4.0
Requires: other < 2:3.0-1
Requires: (foo if bar else baz)
Requires(pre): shadow-utils
Requires(post): systemd
Requires(preun): systemd
Provides: virtual = 2.0
Provides: virtual(thing)
Conflicts: enemy <= 1
Obsoletes: old < 1.0
Recommends: (good or better)
Suggests: nice
Supplements: langpacks-de
Enhances: more
Vendor: Ünïcode & Söhne <x>
Packager: Some One <one@example.org>
Group: Development/Tools"""
INSTALL = r"""mkdir -p %{buildroot}/etc/thing.d %{buildroot}/usr/bin %{buildroot}/usr/lib %{buildroot}/var/log
echo a > %{buildroot}/etc/thing.conf; echo b > %{buildroot}/usr/bin/thing; chmod 755 %{buildroot}/usr/bin/thing
ln -s ../bin/thing %{buildroot}/usr/lib/sendmail; touch %{buildroot}/var/log/thing.log
mkdir -p "%{buildroot}/usr/share/with & <odd> names"; echo c > "%{buildroot}/usr/share/with & <odd> names/a'b\"c"
mkdir -p %{buildroot}/opt/sbin; echo d > %{buildroot}/opt/sbin/tool; echo e > %{buildroot}/usr/share/cabin"""
FILES = r"""%config(noreplace) /etc/thing.conf
%dir /etc/thing.d
/usr/bin/thing
/usr/lib/sendmail
%ghost /var/log/thing.log
"/usr/share/with & <odd> names"
/opt/sbin/tool
/usr/share/cabin"""
EXTRA = "%pre\ntrue\n%post -p /sbin/ldconfig\n%preun\ntrue\n%pretrans -p <lua>\nprint('x')\n%posttrans -p /usr/bin/after\ntrue"
CHANGELOG = "\n".join(f"* {day} 2022 Many <many@example.org> - 1-{number}\n- entry {number} äöü & <b>" for number, day in
                      enumerate(["Thu Dec 15", "Wed Dec 14", "Wed Dec 14", "Mon Dec 12", "Sun Dec 11", "Sat Dec 10", "Fri Dec 09",
                                 "Thu Dec 08", "Wed Dec 07", "Tue Dec 06", "Mon Dec 05", "Sun Dec 04"]))


def a_varied_set(directory):
    return [*rpms(directory, "plain"),
            *rpms(directory, "rich", "2.0^git1", "3.el9", epoch=7, architecture="x86_64", header=HEADER, install=INSTALL,
                  files=FILES, extra=EXTRA, subpackages=("devel", "doc"), source=True),
            *rpms(directory, "changes", "1~rc1", changelog=CHANGELOG),
            *sorted(pathlib.Path(os.environ.get("REPOTOOL_TEST_CORPUS", "/nonexistent")).glob("*.rpm"))]


def indexes(root):
    """The three indexes of a repodata tree as parsed XML: {type: root element}."""
    repomd = elements.fromstring(FileSource(root).get("repodata/repomd.xml"))
    found = {}
    for data in repomd.iter(f"{REPO}data"):
        href = data.find(f"{REPO}location").get("href")
        if data.get("type") in ("primary", "filelists", "other"):
            found[data.get("type")] = elements.fromstring(decompress(href, FileSource(root).get(href)))
    return found


def packages_of(index, mend=False):
    """{SHA-256 of the package: canonical XML without location and file time}."""
    found = {}
    for package in index:
        location, time = package.find(f"{COMMON}location"), package.find(f"{COMMON}time")
        if location is not None:
            location.attrib.clear()
            time.attrib.pop("file")
        digest = package.get("pkgid") or package.find(f"{COMMON}checksum").text
        for entry in package.iter(f"{RPM}entry") if mend else ():  # the fault that createrepo_c 1.1.1 mended
            if entry.get("name") == "/usr/bin/after":
                entry.set("pre", "1")
        for element in package.iter():  # white space that only indents; the text of leaves stays as it is
            element.tail = None
            if len(element):
                element.text = None
        text = elements.tostring(package, encoding="unicode")
        found[digest] = elements.canonicalize(text).replace("><", ">\n<")
    return found


class OracleRpm(Scenario):
    def test_every_package_equals_that_of_createrepo_c(self):
        self.write_config(CONFIG)
        files = a_varied_set(self.dir / "packages")
        self.publish("test/oracle", *files)
        theirs = {}
        for kind in ("binary", "source"):
            tree = self.dir / "oracle" / kind
            tree.mkdir(parents=True)
            for path in files:
                if path.name.endswith("src.rpm") == (kind == "source"):
                    shutil.copy2(path, tree)
            subprocess.run(["createrepo_c", "-q", "--no-database", tree], check=True, stdin=subprocess.DEVNULL)
            for name, index in indexes(tree).items():
                theirs.setdefault(name, {}).update(packages_of(index, mend=True))
        base = self.site / "public/test/oracle/rpm/el9"
        for name in ("primary", "filelists", "other"):
            ours = {}
            for architecture in ("x86_64", "source"):
                index = indexes(base / architecture)[name]
                self.assertEqual(int(index.get("packages")), len(index), f"{name}: packages=")
                ours.update(packages_of(index))
            self.assertEqual(ours.keys(), theirs[name].keys())
            for digest, text in theirs[name].items():
                self.assertMultiLineEqual(ours[digest], text)

    def test_repomd_has_the_three_indexes_and_its_revision_is_the_date(self):
        self.write_config(CONFIG)
        self.publish("test/oracle", *rpms(self.dir / "packages", "plain"))
        source = FileSource(self.site / "public/test/oracle/rpm/el9/x86_64")
        repomd = elements.fromstring(source.get("repodata/repomd.xml"))
        self.assertEqual([data.get("type") for data in repomd.iter(f"{REPO}data")], ["primary", "filelists", "other"])
        self.assertTrue(repomd.find(f"{REPO}revision").text.isdigit())


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages at the edges of what dpkg-deb and rpmbuild make: clients read them all, or the refusal says why."""

from concurrent.futures import ThreadPoolExecutor

from clients import Apt, Dnf, Zypper
from packages import a_deb, rpms
from web import Nginx
from workspace import Scenario, main, sha256

CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64]}
"""
FILES = 40_000
DEPENDENCIES = 2_000
LINES = [f"line {number} {'x' * 88}" for number in range(50_000)]  # 5 MB
LONG_NAME = "l" + "o" * 198 + "g"
DEB_NAME, DEB_VERSION = "lib++plus.dot-dash", "3:1.0~rc1+b2-0.1~x"
RPM_NAME, RPM_VERSION, RPM_RELEASE = "lib++plus.dot-dash_x", "1.0~rc1+b2^git3", "0.1~x^y+z"
UTF_8 = "Grüße aus Köln – 日本語"
LATIN_1 = "Gr\udcfc\udcdfe aus K\udcf6ln"  # as bytes
AS_UTF_8 = "Grüße aus Köln"
CONTROLS = "bell \a escape \x1b[31m form \f one \x01 end"
WITHOUT_CONTROLS = "bell  escape [31m form  one  end"
ANY_ENCODING = ("_invalid_encoding_terminates_build 0",)  # as older versions of rpmbuild had it


def changelog(text, author="Test"):
    return f"* Wed Nov 15 2023 {author} <test@example.org> - 2-1\n{text}"


def from_octal(text):
    """For rpmbuild, which takes no spec file with control characters in it: a macro that makes them."""
    return "%(printf '" + "".join(f"\\{ord(c):03o}" if ord(c) < 32 else c for c in text) + "')"


def many_files(root):
    (root / "opt/many").mkdir(parents=True)
    for number in range(FILES):
        (root / f"opt/many/a file with the number {number}").touch()


def long_changelog(root):
    (root / "usr/share/doc/changelog").mkdir(parents=True)
    (root / "usr/share/doc/changelog/changelog.Debian").write_text("\n".join(LINES))


def debs(directory):
    """{name: what makes it}"""
    return {
        "utf8": lambda: a_deb(directory, "utf8", fields={"Description": f"{UTF_8}\n {UTF_8}"}),
        "latin1": lambda: a_deb(directory, "latin1", fields={"Description": f"{LATIN_1}\n {LATIN_1}"}),
        "controls": lambda: a_deb(directory, "controls", fields={"Description": f"controls\n {CONTROLS}"}),
        "files": lambda: a_deb(directory, "files", populate=many_files, compression="gzip"),
        "changelog": lambda: a_deb(directory, "changelog", populate=long_changelog, compression="gzip"),
        "dependencies": lambda: a_deb(directory, "dependencies", fields={
            "Depends": ", ".join(f"dependency-{number} (>= {number}.0~)" for number in range(DEPENDENCIES))}),
        DEB_NAME: lambda: a_deb(directory, DEB_NAME, DEB_VERSION),
        LONG_NAME: lambda: a_deb(directory, LONG_NAME, "1:1.0-1"),
        "too-long": lambda: a_deb(directory, LONG_NAME, "1.0-" + "1" * 100, file_name="too-long.deb"),
    }


def all_rpms(directory):
    return {
        "utf8": lambda: rpms(directory, "utf8", description=UTF_8, changelog=changelog(f"- {UTF_8}", "Tüst")),
        "latin1": lambda: rpms(directory, "latin1", description=LATIN_1, defines=ANY_ENCODING,
                               changelog=changelog(f"- {LATIN_1}", "T\udcfcst")),
        "controls": lambda: rpms(directory, "controls", description=from_octal(CONTROLS),
                                 changelog=changelog("- " + from_octal(CONTROLS))),
        "files": lambda: rpms(directory, "files", files="/opt/many", install=(
            "mkdir -p %{buildroot}/opt/many; cd %{buildroot}/opt/many; "
            f"seq -f 'a file with the number %%.0f' 0 {FILES - 1} | tr '\\n' '\\0' | xargs -0 touch")),
        "changelog": lambda: rpms(directory, "changelog", changelog=changelog("\n".join(LINES))),
        "dependencies": lambda: rpms(directory, "dependencies", header="\n".join(
            f"Requires: dependency-{number} >= {number}.0~" for number in range(DEPENDENCIES))),
        RPM_NAME: lambda: rpms(directory, RPM_NAME, RPM_VERSION, RPM_RELEASE, epoch=3),
        LONG_NAME: lambda: rpms(directory, LONG_NAME, epoch=1),
        "too-long": lambda: rpms(directory, LONG_NAME, "1." + "0" * 20, "1." + "0" * 20,
                                 defines=("_rpmfilename noarch/too-long.rpm",)),
    }


class OddPackages(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)
        with ThreadPoolExecutor(2) as pool:  # they wait for dpkg-deb and rpmbuild
            jobs = {("deb", name): pool.submit(make) for name, make in debs(self.dir / "debs").items()}
            jobs |= {("rpm", name): pool.submit(make) for name, make in all_rpms(self.dir / "rpms").items()}
            self.made = {key: job.result() for key, job in jobs.items()}
        self.made = {key: path[0] if isinstance(path, list) else path for key, path in self.made.items()}

    def refuse(self, key, reason):
        path = self.made.pop(key)
        result = self.repotool("publish", "--test", "odd", path, code=3)
        self.assertIn(path.name, result.err)
        self.assertRegex(result.err, reason)

    def test_clients_read_them_all_or_the_refusal_says_why(self):
        self.refuse(("deb", "controls"), "control character 0x07")
        self.refuse(("deb", "too-long"), "too long for a file name")
        self.refuse(("rpm", "too-long"), "file name would have [0-9]+ bytes, more than 255")
        answer = self.publish("test/odd", *self.made.values())
        self.assertEqual(len(answer["packages"]), len(self.made))
        self.repotool("verify", "--full", "test/odd")
        server = Nginx(self.dir / "nginx", self.site / "public")
        self.addCleanup(server.stop)
        base = f"{server.url}/test/odd"
        with self.subTest("apt"):
            self.look_with_apt(Apt(self.dir / "apt", f"deb [trusted=yes] {base} bookworm main"))
        with self.subTest("dnf"):
            self.look_with_dnf(Dnf(self.dir / "dnf", baseurl=f"{base}/rpm/el9/x86_64/"))
        with self.subTest("zypper"):
            self.look_with_zypper(Zypper(self.dir / "zypper", f"{base}/rpm/el9/x86_64/"))

    def names(self, kind):
        return sorted(name for each, name in self.made if each == kind)

    def assert_downloaded(self, got, kind, *names):
        self.assertEqual(sorted(got), sorted(sha256(self.made[kind, name]) for name in names))

    def look_with_apt(self, apt):
        apt.update()
        self.assertEqual(apt.names(), self.names("deb"))
        shown = {}
        for name in self.names("deb"):
            out = apt._run(["apt-cache", "show", name], 0).out
            shown[name] = dict(line.split(": ", 1) for line in out.splitlines() if ": " in line and line[0] != " ")
            self.assertEqual(shown[name]["SHA256"], sha256(self.made["deb", name]), name)
        self.assertEqual(shown["utf8"]["Description"], UTF_8)
        self.assertEqual(shown["latin1"]["Description"], AS_UTF_8)
        self.assertEqual(len(shown["dependencies"]["Depends"].split(", ")), DEPENDENCIES)
        self.assertEqual(apt.versions(DEB_NAME), [DEB_VERSION])
        wanted = [name for name in self.names("deb") if name != "dependencies"]
        self.assert_downloaded(apt.download(*wanted), "deb", *wanted)

    def look_with_dnf(self, dnf):
        found = dnf.repoquery()
        self.assertEqual(len(found), len(self.names("rpm")))
        self.assertIn(f"{RPM_NAME}-3:{RPM_VERSION}-{RPM_RELEASE}.noarch", found)
        self.assertIn(f"{LONG_NAME}-1:1.0-1.el9.noarch", found)
        expected = {"utf8": (UTF_8, "Tüst"), "latin1": (AS_UTF_8, "Tüst"), "controls": (WITHOUT_CONTROLS, "Test")}
        for name, (text, author) in expected.items():
            self.assertIn(f"Description  : {text}\n", dnf.run("repoquery", "--info", name).out)
            self.assertIn(f"{author} <test@example.org> - 2-1\n- {text}\n", dnf.run("repoquery", "--changelog", name).out)
        self.assertTrue("\n".join(LINES) in dnf.run("repoquery", "--changelog", "changelog").out, "a changelog of 5 MB")
        files = dnf.run("repoquery", "-l", "files").out.splitlines()
        expected = {"/usr/share/files", "/opt/many"} | {f"/opt/many/a file with the number {number}" for number in range(FILES)}
        self.assertEqual(sorted(expected.symmetric_difference(files))[:10], [])
        needs = dnf.run("repoquery", "--requires", "dependencies").out.splitlines()
        expected = {f"dependency-{number} >= {number}.0~" for number in range(DEPENDENCIES)}
        self.assertEqual(sorted(expected.symmetric_difference(needs))[:10], [])
        wanted = [name for name in self.names("rpm") if name != "dependencies"]
        self.assert_downloaded(dnf.download(*wanted), "rpm", *wanted)

    def look_with_zypper(self, zypper):
        zypper.refresh()
        self.assertEqual(zypper.names(), self.names("rpm"))
        for name, text in (("utf8", UTF_8), ("latin1", AS_UTF_8), ("controls", WITHOUT_CONTROLS)):
            self.assertIn(" ".join(text.split()), " ".join(zypper._run([*zypper._command, "info", name], 0).out.split()))
        needs = zypper._run([*zypper._command, "info", "--requires", "dependencies"], 0).out
        self.assertEqual(needs.count("    dependency-"), DEPENDENCIES)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""Advisories, groups and modules of two repositories, merged by us, are for dnf and zypper what the two are together.

createrepo_c and modifyrepo_c make the repositories, so that only the merged text is ours."""

import shutil
import subprocess

from clients import Dnf, Zypper
from packages import rpms
from workspace import Scenario, main, run, tool_path

ADVISORY = """  <update from="security@example.org" status="final" type="{type}" version="1">
    <id>{id}</id>
    <title>{title} &amp; &lt;Ünïcode&gt;</title>
    <severity>Important</severity>
    <issued date="2026-01-02 00:00:00"/>
    <references>
      <reference href="https://example.org/{cve}" id="{cve}" type="cve" title="{cve}"/>
    </references>
    <description>More about {title}.
 In two lines.</description>
    <pkglist>
      <collection short="c">
        <name>c</name>
        <package name="{name}" version="2.0" release="1.el9" epoch="0" arch="noarch"><filename>{name}-2.0-1.el9.noarch.rpm</filename></package>
      </collection>
    </pkglist>
  </update>
"""
COMPS = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE comps PUBLIC "-//Red Hat, Inc.//DTD Comps info//EN" "comps.dtd">
<comps>
  <!-- made for the tests -->
  <group>
    <id>shared</id>
    <name>Shared</name>
    <name xml:lang="de">Gemeinsam &amp; mehr</name>
    <description>in both</description>
    <default>false</default>
    <uservisible>true</uservisible>
    <packagelist>
      <packagereq type="mandatory">{name}</packagereq>
    </packagelist>
  </group>
  <group>
    <id>only-{name}</id>
    <name>Only {name}</name>
    <description/>
    <uservisible>true</uservisible>
    <packagelist><packagereq type="default">{name}</packagereq></packagelist>
  </group>
  <category><id>category-{name}</id><name>C</name><grouplist><groupid>shared</groupid></grouplist></category>
  <environment>
    <id>environment-{name}</id>
    <name>Environment {name}</name>
    <description>groups of {name}</description>
    <grouplist><groupid>shared</groupid><groupid>only-{name}</groupid></grouplist>
    <optionlist/>
  </environment>
  <langpacks><match name="{name}" install="{name}-%s"/></langpacks>
</comps>
"""
MODULES = """---
document: modulemd
version: 2
data:
  name: module-{name}
  stream: "1"
  version: {version}
  context: c0ffee01
  arch: x86_64
  summary: {summary}
  description: >-
    The module
    of {name}.
  license:
    module: [MIT]
  profiles:
    default:
      rpms: [{name}]
  artifacts:
    rpms:
    - {name}-0:2.0-1.el9.noarch
...
---
document: modulemd-defaults
version: 1
data:
  module: module-{name}
  stream: "1"
  profiles:
    "1": [default]
...
"""
QUESTIONS = {
    "updateinfo": (["updateinfo", "list", "--all"], ["updateinfo", "info", "--all"], ["repoquery", "--security"],
                   ["repoquery", "--advisory=EX-2026:2"], ["repoquery", "--cve=CVE-2026-3"]),
    "group": (["group", "list", "--hidden"], ["group", "info", "shared"], ["group", "info", "only-one"],
              ["group", "info", "environment-two"]),
    "modules": (["module", "info", "module-one"], ["module", "info", "module-two"]),
}


def updateinfo(*advisories):
    return '<?xml version="1.0" encoding="UTF-8"?>\n<updates>\n' + "".join(advisories) + "</updates>\n"


def advisory(number, name, title=None, kind="security"):
    return ADVISORY.format(id=f"EX-2026:{number}", name=name, title=title or f"news of {name}", cve=f"CVE-2026-{number}",
                           type=kind)


class RpmExtraMetadata(Scenario):
    def setUp(self):
        super().setUp()
        self.packages = {}
        self.first = {"updateinfo": self.write("a-updateinfo.xml", updateinfo(advisory(2, "one"), advisory(1, "one", kind="bugfix"))),
                      "group": self.write("comps-a.xml", COMPS.format(name="one")),
                      "modules": self.write("a-modules.yaml", MODULES.format(name="one", version=1, summary="First"))}
        self.second = {"updateinfo": self.write("b-updateinfo.xml", updateinfo(advisory(3, "two"))),
                       "group": self.write("comps-b.xml", COMPS.format(name="two")),
                       "modules": self.write("b-modules.yaml", MODULES.format(name="two", version=1, summary="Second"))}

    def write(self, name, text):
        path = self.dir / name
        path.write_text(text)
        return path

    def repository(self, name, names, extras):
        """A repository of these packages with these files of metadata: {type: path}."""
        tree = self.dir / name
        tree.mkdir()
        for package in names:
            if package not in self.packages:
                self.packages[package] = [*rpms(self.dir / "packages", package, "1.0"), *rpms(self.dir / "packages", package, "2.0")]
            for path in self.packages[package]:
                shutil.copy2(path, tree)
        subprocess.run(["createrepo_c", "-q", tree], check=True, stdin=subprocess.DEVNULL)
        for kind, path in extras.items():
            subprocess.run(["modifyrepo_c", f"--mdtype={kind}", path, tree / "repodata"], check=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        return tree

    def merged(self, kind, *paths):
        """The path of what we make of these files."""
        result = run([tool_path("merge_extra"), kind, *paths], env=self.env)
        self.assertEqual((result.code, result.err), (0, ""), result)
        return self.write(f"merged-{kind}", result.out)

    def dnf(self, name, *trees):
        """dnf with these repositories, and the old version of each package installed."""
        dnf = Dnf(self.dir / name, baseurl=f"file://{trees[0]}")
        for number, tree in enumerate(trees[1:]):
            (dnf.dir / f"repos/more{number}.repo").write_text(
                f"[more{number}]\nname=more\nbaseurl=file://{tree}\nenabled=1\nskip_if_unavailable=0\ngpgcheck=0\n")
        old = [paths[0] for paths in self.packages.values()]
        self.assertEqual(run(["rpm", "--root", dnf.dir / "root", "-i", "--justdb", "--nodeps", "--nosignature", *old],
                             env=dnf.env).code, 0)
        return dnf

    def answers(self, dnf, kind):
        """What dnf says, without the line that names the repository; lists have no order."""
        found = []
        for question in QUESTIONS[kind]:
            lines = [line for line in dnf.run(*question).out.splitlines() if not line.startswith("Repo  ")]
            found.append(sorted(lines) if "list" in question else lines)
        return found

    def merged_tree(self):
        return self.repository("merged", ["one", "two"],
                               {kind: self.merged(kind, self.first[kind], self.second[kind]) for kind in self.first})

    def test_dnf_finds_in_the_merged_files_what_it_finds_in_two_repositories(self):
        both = self.dnf("dnf-both", self.repository("a", ["one"], self.first), self.repository("b", ["two"], self.second))
        ours = self.dnf("dnf-merged", self.merged_tree())
        for kind in QUESTIONS:
            with self.subTest(kind):
                expected = self.answers(both, kind)
                self.assertTrue(all(expected), expected)
                self.assertEqual(self.answers(ours, kind), expected)
        listed = ours.run("module", "list", "--all").out
        for name in ("one", "two"):
            self.assertRegex(listed, rf"module-{name} +1 \[d\] +default \[d\]")

    def test_zypper_finds_the_merged_advisories(self):
        zypper = Zypper(self.dir / "zypper", f"file://{self.merged_tree()}")
        zypper.refresh()
        listed = zypper._run([*zypper._command, "list-patches", "--all"], None).out
        for number in (1, 2, 3):
            self.assertIn(f"EX-2026:{number}", listed)

    def test_the_incoming_one_of_the_same_identity_is_what_dnf_finds(self):
        newer = {"updateinfo": self.write("updateinfo.xml", updateinfo(advisory(2, "one", "second thoughts"))),
                 "group": self.write("comps.xml", COMPS.format(name="two").replace("in both", "in all").replace(
                     "mandatory", "optional")),
                 "modules": self.write("modules.yaml", MODULES.format(name="one", version=1, summary="Newer"))}
        tree = self.repository("merged", ["one", "two"],
                               {kind: self.merged(kind, self.first[kind], newer[kind]) for kind in newer})
        dnf = self.dnf("dnf", tree)
        told = dnf.run("updateinfo", "info", "--all").out
        self.assertIn("second thoughts", told)
        self.assertIn("EX-2026:1", told)
        self.assertEqual(told.count("EX-2026:2"), 1)
        group = dnf.run("group", "info", "shared").out
        self.assertRegex(group, r"(?s)in all.*Mandatory Packages:\s+one\s+Optional Packages:\s+two")
        module = dnf.run("module", "info", "module-one").out
        self.assertRegex(module, "Summary +: Newer")
        self.assertEqual(module.count("Stream  "), 1)

    def test_what_other_tools_packed_goes_in_and_merging_again_changes_nothing(self):
        tree = self.repository("a", [], self.first)
        for kind, path in self.first.items():
            packed = [each for each in (tree / "repodata").iterdir() if each.stem.endswith(path.name)]
            self.assertEqual(len(packed), 1)
            once = self.merged(kind, packed[0], self.second[kind]).read_text()
            again = self.merged(kind, self.first[kind], self.second[kind], self.merged(kind, self.second[kind]),
                                self.second[kind]).read_text()
            self.assertEqual(once, again)


if __name__ == "__main__":
    main()

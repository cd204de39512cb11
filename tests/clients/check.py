# SPDX-License-Identifier: GPL-3.0-or-later
"""repotool check: whole, and with all that its packages need of each other; recorded as evidence that gates believe.

apt and dnf are the oracle of what fits what."""

import xml.etree.ElementTree

from clients import Apt, Dnf
from json_schema import check
from keys import generate_key
from packages import a_deb, rpms
from workspace import Scenario, main

CONFIG = """
dists:
  - {{name: bookworm, format: deb, architectures: [amd64], components: [main]}}
  - {{name: el9, format: rpm, architectures: [x86_64]}}
repositories:
  stable: {{sign: none, gate: [lint, closure]}}
  open: {{sign: none}}
{evidence}
"""
EVIDENCE = """evidence: {{sign: ci-key}}
keys:
  ci-key: {{fingerprint: "{key}"}}
"""
# Dependency, and whether libx 1.5-2, which provides virt (= 3) and plain, is enough for it.
DEB_NEEDS = [("libx", True), ("libx (>= 1.5)", True), ("libx (>> 1.5-2)", False), ("libx (<< 1:1)", True), ("libx (= 1.5-2)", True),
             ("libx (= 1.5)", False), ("virt (>= 2)", True), ("virt (<< 3)", False), ("plain", True), ("plain (>= 1)", False),
             ("libx (>= 9) | plain", True), ("libx:any (>= 1)", False), ("liby:any (>= 1)", True)]
RPM_NEEDS = [("libx", True), ("libx >= 1.5", True), ("libx > 1.5-2", False), ("libx < 1:1", True), ("libx = 1.5-2", True),
             ("libx = 1.5", True), ("virt >= 2", True), ("virt < 3", False), ("plain", True), ("plain >= 1", True),
             ("libx = 1.5-3", False), ("/etc/libx.conf", True)]


class Check(Scenario):
    def configure(self, evidence=""):
        self.write_config(CONFIG.format(evidence=evidence))

    def checked(self, *arguments, code=0):
        result = self.repotool("--json", "check", *arguments, code=code)
        check(result.json, "check-result")
        return result, {item["check"]: item for item in result.json["checks"]}

    def debs(self, needs):
        return [a_deb(self.dir / "p", f"needs{number}", fields={"Depends": need}) for number, need in enumerate(needs)]

    def test_closure_says_of_debian_packages_what_apt_says(self):
        self.configure()
        libx = a_deb(self.dir / "p", "libx", "1.5-2", fields={"Provides": "virt (= 3), plain"})
        liby = a_deb(self.dir / "p", "liby", fields={"Multi-Arch": "allowed"}, architecture="amd64")
        self.publish("test/one", libx, liby, *self.debs(need for need, _ in DEB_NEEDS))
        _, checks = self.checked("one", "--closure", code=4)
        refused = {finding["object"].split()[0] for finding in checks["closure"]["findings"]}
        apt = Apt(self.dir / "apt", f"deb [trusted=yes] file:{self.site}/public/test/one bookworm main")
        apt.update()
        for number, (need, fits) in enumerate(DEB_NEEDS):
            with self.subTest(need=need):
                self.assertEqual(apt.can_install(f"needs{number}"), fits)
                self.assertEqual(f"needs{number}" not in refused, fits)

    def test_closure_says_of_rpm_packages_what_dnf_says(self):
        self.configure()
        packages = rpms(self.dir / "p", "libx", "1.5", "2", header="Provides: virt = 3\nProvides: plain",
                        install="touch %{buildroot}/etc/libx.conf", files="/etc/libx.conf")
        for number, (need, _) in enumerate(RPM_NEEDS):
            packages += rpms(self.dir / "p", f"needs{number}", header=f"Requires: {need}")
        self.publish("test/one", *packages)
        _, checks = self.checked("one", "--closure", code=4)
        refused = {finding["object"].split()[0] for finding in checks["closure"]["findings"]}
        dnf = Dnf(self.dir / "dnf", baseurl=f"file://{self.site}/public/test/one/rpm/el9/x86_64/")
        installable = dnf.installable(*(f"needs{number}" for number in range(len(RPM_NEEDS))))
        for number, (need, fits) in enumerate(RPM_NEEDS):
            with self.subTest(need=need):
                self.assertEqual(f"needs{number}" in installable, fits)
                self.assertEqual(f"needs{number}" not in refused, fits)

    def test_what_nobody_here_offers_is_the_distributions_and_what_the_base_has_counts(self):
        self.configure()
        self.publish("open", a_deb(self.dir / "p", "libx", "1.5-2"))
        self.publish("test/one", *self.debs(["libc6 (>= 2.36)", "libx (>= 1.5)", "libx (>= 9) | other"]))
        self.assertIn("3 of them left", self.checked("one", "--closure")[1]["closure"]["remark"])
        answer = self.repotool("--json", "publish", "--test", "two", *self.debs(["libx (>= 9)"]), "--base", "open").json
        self.assertTrue(answer["changed"])
        result, checks = self.checked("two", "--closure", code=4)
        self.assertEqual([finding["problem"] for finding in checks["closure"]["findings"]], ["needs libx (>= 9), here is libx 1.5-2"])
        self.assertIn("needs0 1.0-1 (deb bookworm amd64): needs libx (>= 9)", result.err)

    def test_what_was_found_is_evidence_that_gates_believe_and_junit_that_ci_reads(self):
        self.site.mkdir(parents=True)
        self.configure(EVIDENCE.format(key=generate_key(self, site=self.site, name="ci-key")))
        self.publish("test/good", a_deb(self.dir / "p", "hello"))
        self.publish("test/bad", *self.debs(["hello (>= 2)"]), a_deb(self.dir / "p", "hello"))
        report = self.dir / "report.xml"
        self.checked("good", "--junit", report)
        self.checked("bad", "--junit", report, code=4)
        failures = xml.etree.ElementTree.parse(report).getroot().iter("failure")
        self.assertIn("needs hello (>= 2)", next(failures).get("message"))
        self.repotool("promote", "test/good", "stable")
        self.assertIn("closure", self.repotool("gate", "bad", "stable", code=4).out)
        self.assertIn("fail", self.repotool("gate", "bad", "stable", code=4).out)

    def test_lint_finds_a_changed_byte(self):
        self.configure()
        self.publish("test/one", a_deb(self.dir / "p", "hello"))
        self.assertEqual(self.checked("one", "--lint")[1]["lint"]["findings"], [])
        package, = (self.site / "public/pool").rglob("*.deb")
        package.chmod(0o644)
        package.write_bytes(package.read_bytes()[:-1] + b"x")
        result, checks = self.checked("one@1", code=4)
        self.assertEqual([len(item["findings"]) for item in checks.values()], [1, 0])
        self.assertIn("hello", result.err)


if __name__ == "__main__":
    main()

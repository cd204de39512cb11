# SPDX-License-Identifier: GPL-3.0-or-later
"""client: what it prints is put where clients look, as it is, and the clients do what it promises."""

from clients import Apt, Dnf
from packages import a_deb, rpms
from uploads import an_upload
from web import Nginx
from workspace import Scenario, main, sha256

CONFIG = """site: {{base_url: "{url}", origin: Acme, label: Acme}}
dists:
  - {{name: bookworm, format: deb, architectures: [amd64]}}
  - {{name: el9, format: rpm, architectures: [x86_64], debug: apart}}
repositories:
  stable: {{sign: none}}
"""


class ClientFiles(Scenario):
    def setUp(self):
        super().setUp()
        (self.site / "public").mkdir(parents=True)
        self.server = Nginx(self.dir / "nginx", self.site / "public")
        self.addCleanup(self.server.stop)
        self.write_config(CONFIG.format(url=self.server.url))

    def snippet(self, repository, kind, *options):
        return self.repotool("client", repository, "--format", kind, *options).out

    def apt(self, *repositories):
        """An apt that has the sources of these repositories in deb822 form."""
        apt = Apt(self.dir / f"apt{len(list(self.dir.glob('apt*')))}", "")
        for repository in repositories:
            path = apt.dir / "etc/sources.list.d" / f"{repository.replace('/', '-')}.sources"
            path.write_text(self.snippet(repository, "sources"))
        return apt

    def test_the_preferences_of_a_test_repository_win_over_a_higher_version_and_concern_it_alone(self):
        made = self.dir / "packages"
        tested = a_deb(made, "hello", "1.0")
        self.publish("stable", a_deb(made, "hello", "2.0"), a_deb(made, "world", "2.0"))
        self.publish("test/change-1", tested, a_deb(made, "world", "1.0", content="x\n"))
        self.publish("test/change-2", a_deb(made, "hello", "3.0"))
        apt = self.apt("stable", "test/change-1")
        apt.update()
        self.assertNotIn(sha256(tested), apt.download("hello"))
        apt = self.apt("stable", "test/change-1", "test/change-2")
        pin = apt.dir / "etc/preferences.d/change-1.pref"
        pin.write_text(self.snippet("test/change-1", "preferences", "--priority", "1001"))
        apt.update()
        self.assertEqual(list(apt.download("hello")), [sha256(tested)])
        policy = apt._run(["apt-cache", "policy"], 0).out
        pinned = [line for line in policy.splitlines() if line.lstrip().startswith("1001 ")]
        self.assertEqual([line.split()[1] for line in pinned], [f"{self.server.url}/test/change-1"])

    def test_a_configured_component_is_there_before_its_first_package(self):
        self.write_config(CONFIG.format(url=self.server.url).replace("[amd64]", "[amd64], components: [main, contrib]"))
        self.publish("stable", a_deb(self.dir / "packages", "hello"))
        self.publish("test/one", a_deb(self.dir / "packages", "hello"))
        apt = Apt(self.dir / "apt-contrib", f"deb [trusted=yes] {self.server.url}/stable bookworm main contrib")
        self.assertNotIn("W:", (lambda result: result.out + result.err)(apt.update()))
        self.assertEqual(apt.names(), ["hello"])
        self.assertIn(" contrib main\n", self.snippet("stable", "list"))
        self.assertIn(" main\n", self.snippet("test/one", "list"))

    def test_sources_are_named_where_there_are_some(self):
        upload = an_upload(self.dir / "upload", "tiny")
        self.publish("stable", upload.changes)
        self.assertIn("Types: deb deb-src\n", self.snippet("stable", "sources"))
        self.assertIn("\ndeb-src [trusted=yes] ", "\n" + self.snippet("stable", "list"))
        for apt in (self.apt("stable"), Apt(self.dir / "apt-list", self.snippet("stable", "list"))):
            apt.update()
            files = apt._run(["apt-get", "source", "--print-uris", "tiny"], 0).out
            self.assertIn("tiny_1.0-1.dsc", files)
        self.publish("test/binaries", a_deb(self.dir / "packages", "hello"))
        self.assertNotIn("deb-src", self.snippet("test/binaries", "sources") + self.snippet("test/binaries", "list"))

    def test_the_repo_file_has_sources_and_debug_packages_switched_off(self):
        packages = rpms(self.dir / "packages", "red", architecture="x86_64", subpackages=("debuginfo",), source=True)
        self.publish("stable", *packages)
        dnf = Dnf(self.dir / "dnf", baseurl="http://unused.invalid/")
        (dnf.dir / "repos/r.repo").write_text(self.snippet("stable", "repo"))
        names = lambda *options: sorted(set(dnf.run("repoquery", "--refresh", "--qf", "%{name}.%{arch}", *options).out.split()))
        self.assertEqual(names(), ["red.x86_64"])
        self.assertEqual(names("--enablerepo=stable-el9-debug"), ["red-debuginfo.x86_64", "red.x86_64"])
        self.assertEqual(names("--enablerepo=stable-el9-source"), ["red.src", "red.x86_64"])

    def test_a_priority_makes_dnf_take_a_lower_version(self):
        low, high = rpms(self.dir / "packages", "red", "1.0")[0], rpms(self.dir / "packages", "red", "2.0")[0]
        self.publish("stable", high)
        self.publish("test/change-1", low)
        dnf = Dnf(self.dir / "dnf", baseurl="http://unused.invalid/")
        (dnf.dir / "repos/r.repo").write_text(self.snippet("stable", "repo") + "\n"
                                              + self.snippet("test/change-1", "repo", "--priority", "1"))
        self.assertEqual(list(dnf.download("red")), [sha256(low)])


if __name__ == "__main__":
    main()

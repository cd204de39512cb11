# SPDX-License-Identifier: GPL-3.0-or-later
"""Updates (rdoupdate's YAML and our keys): what they name goes where they say, in one flip, or nothing does."""

import pathlib

from clients import Apt, Dnf
from json_schema import check
from keys import RpmKeys, generate_key
from packages import a_deb, rpms
from update_files import an_update, check_update
from uploads import an_upload
from web import Nginx
from workspace import Scenario, exact_state, main, sha256

CONFIG = """
site: {{base_url: "{url}"}}
dists:
  - {{release: icehouse, dist: fedora-20, format: rpm, architectures: [x86_64]}}
  - {{release: icehouse, dist: epel-7, format: rpm, architectures: [x86_64]}}
  - {{name: havana-suite, release: havana, dist: jammy, format: deb, architectures: [amd64]}}
  - {{release: icehouse, dist: jammy, format: deb, architectures: [amd64]}}
repositories:
  stable: {{sign: none}}
{more}"""

# The forms of rdoupdate's own test files: two builds of one combination, with and without a choice of architectures.
BASIC = """---
notes: |-
  ripe bananas
  * sweet
builds:
   - id: banana-1.0-1.fc21
     source: dummy
     repo: icehouse
     dist: fedora-20{first}
   - id: orange-2.0-2.el6
     source: dummy
     repo: icehouse
     dist: fedora-20{second}
"""


class Updates(Scenario):
    def setUp(self):
        super().setUp()
        self.ready = self.dir / "ready"
        self.configure()

    def configure(self, url="http://localhost:1", more=""):
        self.write_config(CONFIG.format(url=url, more=more))

    def promote(self, *sources, code=0, options=()):
        sources = sources or (self.ready,)
        result = self.repotool("--json", "promote", *sources, "stable", *options, code=code)
        check(result.json, "error" if code else "publish-result")
        return result

    def fruit(self):
        """What rdoupdate downloads for the three files above."""
        where = self.ready / "icehouse/fedora-20"
        return [*rpms(where, "banana", "1.0", "1.fc21", source=True), *rpms(where, "orange", "2.0", "2.el6", source=True)]

    def write(self, name, text):
        path = self.ready / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def added(self, answer):
        return sorted((package["dist"], f"{package['name']}-{package['version']}.{package['architecture']}")
                      for package in answer["packages"] if package["action"] == "added")

    def test_the_basic_form_takes_every_package_of_its_builds(self):
        self.fruit()
        check_update(self.write("basic.yml", BASIC.format(first="", second="")))
        answer = self.promote().json
        self.assertEqual(self.added(answer), [("icehouse/fedora-20", f"{name}.{arch}") for name in
                                              ("banana-1.0-1.fc21", "orange-2.0-2.el6") for arch in ("noarch", "src")])
        (update,) = answer["updates"]
        self.assertEqual([len(build["packages"]) for build in update["builds"]], [2, 2])
        self.assertEqual(update["combinations"], [{"release": "icehouse", "dist": "fedora-20", "verdict": "unchecked"}])

    def test_arch_chooses_among_the_packages_of_a_build(self):
        self.fruit()
        text = BASIC.format(first="\n     arch: lolilol, noarch, dummy", second="\n     arch: src")
        check_update(self.write("arch.yml", text))
        answer = self.promote(self.ready / "arch.yml").json
        self.assertEqual(self.added(answer), [("icehouse/fedora-20", "banana-1.0-1.fc21.noarch"),
                                              ("icehouse/fedora-20", "orange-2.0-2.el6.src")])

    def test_a_build_without_any_package_of_its_architectures_is_missing(self):
        self.fruit()
        text = BASIC.format(first="\n     arch: noarch, lolilol, src", second="\n     arch: nope, nuhuh")
        self.write("archfail.yml", text)
        refused = self.promote(code=3)
        self.assertIn("archfail.yml:11:6", refused.json["error"]["object"])
        self.assertIn("orange-2.0-2.el6", refused.json["error"]["message"])
        self.assertIn("nope, nuhuh", refused.json["error"]["message"])
        self.assertFalse((self.site / "public/stable").exists())

    def ten_builds(self):
        pairs = [("icehouse", "fedora-20"), ("icehouse", "epel-7"), ("havana", "jammy"), ("icehouse", "jammy")]
        builds = []
        for number in range(10):
            release, dist = pairs[number % 4]
            tag = {"tag": "extra"} if number >= 8 else {}
            where = self.ready / release / dist / tag.get("tag", "")
            name = f"part{number}"
            if dist == "jammy":
                a_deb(where, name, "1:1.0-1", "amd64")
                a_deb(where, f"lib{name}", "1:1.0-1", fields={"Source": name})
                builds.append({"id": f"{name}-1.0-1", "repo": release, "dist": dist, **tag})
            else:
                rpms(where, name, "1.0", "1.x", subpackages=("libs",))
                builds.append({"id": f"{name}-1.0-1.x", "repo": release, "dist": dist, **tag})
        an_update(self.ready / "big.yaml", *builds, change="change-7", group="kilo")
        return builds

    def test_ten_builds_over_four_combinations_move_in_one_flip_and_clients_install_them(self):
        (self.site / "public").mkdir(parents=True)
        server = Nginx(self.dir / "nginx", self.site / "public")
        self.addCleanup(server.stop)
        self.configure(server.url)
        self.ten_builds()
        answer = self.promote().json
        self.assertEqual((answer["generation"], len(answer["packages"])), (1, 20))
        targets = {"fedora-20": "icehouse/fedora-20", "epel-7": "icehouse/epel-7"}
        for build in answer["updates"][0]["builds"]:
            target = targets.get(build["dist"], {"havana": "havana-suite", "icehouse": "icehouse-jammy"}[build["release"]])
            self.assertEqual({package["dist"] for package in build["packages"]}, {target})
            self.assertEqual(len(build["packages"]), 2)
        for dist, names in (("fedora-20", ("part0", "part4", "part8")), ("epel-7", ("part1", "part5", "part9"))):
            dnf = Dnf(self.dir / f"dnf-{dist}", baseurl=f"{server.url}/stable/rpm/icehouse/{dist}/x86_64/")
            self.assertEqual(dnf.repoquery(), sorted(f"{name}{part}-1.0-1.x.noarch" for name in names for part in ("", "-libs")))
            self.assertEqual(len(dnf.download(names[0])), 1)
        for suite, name in (("havana-suite", "part2"), ("icehouse-jammy", "part3")):
            apt = Apt(self.dir / f"apt-{suite}", f"deb [trusted=yes] {server.url}/stable {suite} main")
            apt.update()
            self.assertTrue(apt.download(name))
        self.repotool("verify", "stable", "--full")

    def test_loose_packages_beside_updates_go_where_they_would_go_alone(self):
        self.fruit()
        self.write("basic.yml", BASIC.format(first="", second=""))
        rpms(self.ready, "loose", "1.0", "1.el9")
        answer = self.promote(options=["--dist", "icehouse/epel-7"]).json
        self.assertIn(("icehouse/epel-7", "loose-1.0-1.el9.noarch"), self.added(answer))
        self.assertEqual(len(self.added(answer)), 5)

    def test_one_update_of_a_directory_takes_nothing_but_its_builds(self):
        self.fruit()
        rpms(self.ready / "icehouse/fedora-20", "stranger", "1.0", "1.fc21")
        one = an_update(self.ready / "one.yml", ("banana-1.0-1.fc21", "icehouse", "fedora-20"))
        answer = self.promote(one, options=["--adopt"]).json
        self.assertEqual({name for _, name in self.added(answer)}, {"banana-1.0-1.fc21.noarch", "banana-1.0-1.fc21.src"})
        self.assertTrue(one.exists(), "a file that is named by itself stays")

    def test_builds_of_one_name_are_told_apart_by_their_directories(self):
        builds, digests = [], {}
        for dist, tag in (("fedora-20", "one"), ("epel-7", "")):
            (path,) = rpms(self.ready / "icehouse" / dist / tag, "banana", "1.0", "1", content=dist)
            digests[f"icehouse/{dist}"] = sha256(path)
            builds.append({"id": "banana-1.0-1", "repo": "icehouse", "dist": dist, **({"tag": tag} if tag else {})})
        an_update(self.ready / "u.yml", *builds)
        self.assertEqual({package["dist"]: package["sha256"] for package in self.promote().json["packages"]}, digests)

    def test_packages_says_where_the_files_are(self):
        rpms(self.ready / "pool/deep", "banana", "1.0", "1.fc21")
        (orange,) = rpms(self.ready / "other", "orange", "2.0", "2.el6")
        # The decoy lies where an update without packages: would look.
        rpms(self.ready / "icehouse/fedora-20", "banana", "1.0", "1.fc21", content="decoy")
        builds = [("banana-1.0-1.fc21", "icehouse", dist) for dist in ("fedora-20", "epel-7")]
        update = an_update(self.ready / "u.yml", *builds, ("orange-2.0-2.el6", "icehouse", "epel-7"),
                           packages=["./pool/", f"other/{orange.name}"])
        answer = self.promote(update).json
        self.assertEqual(self.added(answer), [("icehouse/epel-7", "banana-1.0-1.fc21.noarch"),
                                              ("icehouse/epel-7", "orange-2.0-2.el6.noarch"),
                                              ("icehouse/fedora-20", "banana-1.0-1.fc21.noarch")])

    def test_an_upload_goes_where_the_update_says_whatever_its_changes_say_and_moves_whole(self):
        upload = an_upload(self.ready / "havana/jammy", "hello", "1:2.0-1", "unknown-suite")
        an_update(self.ready / "u.yml", ("hello-2.0-1", "havana", "jammy"))
        files = {path.name for path in upload.directory.iterdir()}
        self.assertEqual({pathlib.Path(name).suffix for name in files}, {".changes", ".buildinfo", ".dsc", ".deb", ".gz", ".xz"})
        answer = self.promote(options=["--adopt"]).json
        self.assertEqual(self.added(answer), [("havana-suite", "hello-1:2.0-1.all"), ("havana-suite", "hello-1:2.0-1.source")])
        moved = self.ready / ".promoted/1/havana/jammy"
        self.assertEqual({path.name for path in moved.iterdir()}, files)
        (deb,) = moved.glob("*.deb")
        self.assertEqual(deb.stat().st_ino, next((self.site / "public/pool/stable").rglob("*.deb")).stat().st_ino)

    def test_one_file_for_two_combinations_is_signed_in_both(self):
        fingerprint = generate_key(self, site=self.site)
        self.write_config(CONFIG.format(url="http://localhost:1", more="").replace("sign: none", "sign: stable-key") +
                          f"keys: {{stable-key: {{fingerprint: {fingerprint}}}}}\n")
        (banana,) = rpms(self.ready / "pool", "banana", "1.0", "1")
        unsigned = sha256(banana)
        an_update(self.ready / "u.yml", *[("banana-1.0-1", "icehouse", dist) for dist in ("fedora-20", "epel-7")],
                  packages=["pool"])
        answer = self.promote().json
        self.assertEqual({package["unsigned_sha256"] for package in answer["packages"]}, {unsigned})
        rpmkeys = RpmKeys(self.dir / "rpmdb", self.site / "public/keys/stable-key.asc")
        found = list((self.site / "public/pool/stable").rglob("*.rpm"))
        self.assertEqual(len(found), 2)
        for path in found:
            self.assertTrue(rpmkeys.accepts(path))
        self.repotool("verify", "stable", "--full")

    def test_packages_may_name_test_repositories(self):
        self.publish("test/change-1", *self.fruit(), "--dist", "icehouse/fedora-20")
        self.publish("test/change-1", *rpms(self.dir / "more", "pear", "1.0", "1"), "--dist", "icehouse/fedora-20")
        only = self.dir / "only"
        an_update(only / "u.yml", ("banana-1.0-1.fc21", "icehouse", "epel-7"), ("orange-2.0-2.el6", "icehouse", "fedora-20"),
                  packages=["test/change-1"])
        answer = self.promote(only).json
        self.assertEqual({dist for dist, name in self.added(answer) if name.startswith("banana")}, {"icehouse/epel-7"})
        self.assertEqual({build["packages"][0]["origin"] for build in answer["updates"][0]["builds"]}, {"test/change-1@2"})
        self.assertNotIn("pear", str(self.added(answer)))
        self.assertEqual(answer["moved"], [{"from": f"{only}/u.yml", "to": f"{only}/.promoted/1/u.yml"}])

    def test_what_a_test_repository_built_for_a_combination_is_what_that_gets(self):
        digests = {}
        for dist in ("fedora-20", "epel-7"):
            (path,) = rpms(self.dir / dist, "banana", "1.0", "1", content=dist)
            digests[f"icehouse/{dist}"] = sha256(path)
            self.publish("test/two", path, "--dist", f"icehouse/{dist}")
        update = an_update(self.ready / "u.yml", *[("banana-1.0-1", "icehouse", dist) for dist in ("fedora-20", "epel-7")],
                           packages=["test/two"])
        answer = self.promote(update).json
        self.assertEqual({package["dist"]: package["sha256"] for package in answer["packages"]}, digests)

    def test_places_outside_the_updates_directory_are_refused(self):
        outside = self.dir / "outside/icehouse/fedora-20"
        rpms(outside, "banana", "1.0", "1.fc21")
        build = ("banana-1.0-1.fc21", "icehouse", "fedora-20")
        update = an_update(self.ready / "u.yml", build)
        (self.ready / "icehouse").symlink_to(self.dir / "outside/icehouse")
        self.assertIn("symlink", self.promote(update, code=3).err)
        for places, says in ((["nowhere"], "neither a path"), (["icehouse/fedora-20"], "symlink")):
            self.assertIn(says, self.promote(an_update(self.ready / "u.yml", build, packages=places), code=3).err)
        text = update.read_text()
        for place in ("../outside", str(outside)):
            update.write_text(text.replace("[icehouse/fedora-20]", f"['{place}']"))
            self.assertIn("u.yml:4:12", self.promote(update, code=3).err)
        self.assertFalse((self.site / "public/stable").exists())

    def test_a_combination_that_no_dist_takes_says_what_to_add(self):
        rpms(self.ready / "juno/epel-7", "banana", "1.0", "1.el7")
        an_update(self.ready / "u.yml", ("banana-1.0-1.el7", "juno", "epel-7"))
        refused = self.promote(code=2)
        self.assertIn("{release: juno, dist: epel-7, format: rpm}", refused.json["error"]["hint"])

    def test_malformed_updates_tell_all_faults_and_publish_nothing(self):
        self.fruit()
        self.write("a.yml", "builds:\n  - {id: banana-1.0-1.fc21, repo: icehouse}\n")
        self.write("b.yml", "notes: x\ngroup: a/b\nbuilds: &b []\n")
        before = exact_state(self.ready)
        refused = self.promote(code=3)
        for place in ("a.yml:1:1", "a.yml:2:5", "b.yml:3:9"):
            self.assertIn(place, refused.err + str(refused.json))
        self.assert_same_state(before, exact_state(self.ready), "ready/")
        self.assertFalse((self.site / "public/stable").exists())

    def test_a_disabled_combination_is_reported_as_such(self):
        self.configure(more='disabled: [{release: icehouse, dist: fedora-20, reason: "red since Monday"}]\n')
        self.fruit()
        self.write("basic.yml", BASIC.format(first="", second=""))
        answer = self.promote(options=["--junit", self.dir / "junit.xml"]).json
        self.assertEqual(answer["updates"][0]["combinations"], [{"release": "icehouse", "dist": "fedora-20",
                                                                 "verdict": "disabled", "reason": "red since Monday"}])
        self.assertIn("basic.yml icehouse/fedora-20", (self.dir / "junit.xml").read_text())

    def test_an_update_can_be_published_into_a_test_repository(self):
        self.fruit()
        update = self.write("basic.yml", BASIC.format(first="", second=""))
        self.assertEqual(len(self.added(self.publish("test/change-1", update))), 4)
        self.assertTrue(update.exists())


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""mirrors.yaml: required and optional mirrors, formats, what is removed and what a run tells."""

import json
import re
import shutil
import xml.etree.ElementTree as ElementTree

from clients import Dnf
from packages import a_mixed_set
from small_deb import many_debs, small_deb
from web import Nginx
from workspace import Scenario, content_state, main

CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64]}
repositories:
  "*": {sign: none, rules: {replace: false}}
metadata: {keep_generations: 1, grace: {metadata: 0s, packages: 0s}}
"""


class Fleet(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)
        self.one, self.two = self.dir / "one", self.dir / "two"

    def write_mirrors(self, *mirrors, **fleet):
        (self.site / "mirrors.yaml").write_text(json.dumps({"retries": 0, "lock_timeout": "1s", **fleet, "mirrors": mirrors}))

    def both(self, **two):
        return {"name": "one", "target": str(self.one)}, {"name": "two", "target": str(self.two), **two}

    def sync(self, *options, **more):
        return self.mirrorsync(self.site, "--json", *options, **more)

    def states(self, answer):
        return {mirror["name"]: mirror["state"] for mirror in answer["mirrors"]}

    def test_an_optional_mirror_that_is_away_lags_and_comes_back(self):
        self.publish("stable", small_deb(self.dir / "packages", "hello"))
        self.write_mirrors(*self.both(required=False))
        self.sync()
        away = self.dir / "away"
        self.two.rename(away)
        self.two.write_text("no directory\n")
        self.publish("stable", small_deb(self.dir / "packages", "more"))
        answer = self.sync(code=10).json
        self.assertTrue(answer["ok"])
        self.assertEqual(self.states(answer), {"one": "flipped", "two": "lagging"})
        status = self.mirrorsync("status", self.site, "--json").json["repositories"][0]["mirrors"]
        self.assertEqual([mirror["state"] for mirror in status], ["current", "unreachable"])
        self.assertTrue(status[1]["quarantined_since"])
        self.two.unlink()
        away.rename(self.two)
        self.assertEqual(self.states(self.sync().json), {"one": "unchanged", "two": "flipped"})
        status = self.mirrorsync("status", self.site, "--json").json["repositories"][0]["mirrors"]
        self.assertEqual([(mirror["state"], mirror["quarantined_since"]) for mirror in status],
                         [("current", None), ("current", None)])

    def test_a_mirror_of_one_format_carries_that_one_alone(self):
        self.publish("stable", *a_mixed_set(self.dir / "packages"))
        self.write_mirrors(*self.both(formats=["rpm"]))
        self.sync()
        names = content_state(self.two, skip=(".mirrorsync", "project"))
        self.assertFalse([name for name in names if "dists" in name or name.endswith(".deb")])
        server = Nginx(self.dir / "nginx", self.two)
        self.addCleanup(server.stop)
        dnf = Dnf(self.dir / "dnf", baseurl=f"{server.url}/stable/rpm/el9/x86_64/")
        self.assertEqual(len(dnf.download("delta")), 2)
        for number in range(3):
            self.publish("stable", small_deb(self.dir / "packages", f"more{number}"))
            self.sync()
        self.assertEqual(self.states(self.sync().json), {"one": "unchanged", "two": "unchanged"})
        self.assertEqual(self.repotool("verify", "stable", "--full", site=self.site).code, 0)

    def test_what_no_client_can_ask_for_leaves_the_mirrors(self):
        self.write_mirrors(*self.both(), keep_generations=1, grace={"metadata": "0s", "packages": "0s"})
        for version in ("1.0", "1.1", "1.2"):
            self.publish("stable", small_deb(self.dir / version, "hello", version))
            self.sync()
        self.repotool("remove", "stable", "hello=1.0")
        self.sync()
        self.mirrorsync("retire", self.site)
        self.assertEqual([path.name for path in (self.one / "gen/stable").iterdir()], ["4"])
        fresh = self.dir / "fresh"
        self.mirrorsync(self.site, fresh)
        for tree in ("gen", "pool", "meta"):
            self.assert_same_state(content_state(fresh / tree), content_state(self.one / tree), f"{tree}, against a new mirror,")

    def test_a_purge_reaches_the_mirrors_whatever_the_grace(self):
        self.write_mirrors(*self.both(), keep_generations=5, grace={"metadata": "30d", "packages": "30d"})
        self.publish("stable", secret := small_deb(self.dir / "packages", "secret"), small_deb(self.dir / "packages", "hello"))
        self.sync()
        self.publish("stable", small_deb(self.dir / "packages", "more"))
        self.sync()
        self.repotool("purge", "secret", "--reason", "leaked")
        self.sync()
        for mirror in (self.one, self.two):
            left = [path for path in mirror.rglob(secret.name) if path.exists()]
            self.assertEqual(left, [])
            self.assertTrue(list(mirror.rglob("hello_*.deb")))
        before = content_state(self.one)
        self.sync()
        self.assert_same_state(before, content_state(self.one), "a purge that is over")

    def test_a_large_removal_wants_to_be_allowed(self):
        self.write_mirrors(*self.both())
        self.publish("stable", *many_debs(self.dir / "packages", range(150)))
        self.sync()
        self.repotool("remove", "stable", "many00*")
        result = self.mirrorsync("plan", self.site, code=4)
        self.assertIn("--max-delete", result.err)
        self.assertIn("--max-delete", self.mirrorsync(self.site, code=4).err)
        self.assertEqual((self.one / "stable").readlink().name, "1")
        self.sync("--max-delete", "1000")
        self.assertEqual((self.one / "stable").readlink().name, "2")

    def test_a_run_tells_people_and_machines(self):
        self.write_mirrors(*self.both())
        self.publish("stable", *a_mixed_set(self.dir / "packages"))
        files = {name: self.dir / name for name in ("report", "synced-packages", "junit", "metrics")}
        self.sync(*(word for name, path in files.items() for word in (f"--{name}", path)))
        self.assertTrue(json.loads(files["report"].read_text())["ok"])
        synced = files["synced-packages"].read_text().splitlines()
        self.assertEqual(len(synced), 6)
        self.assertTrue(all((self.one / "pool/stable" / line.split("\t")[1]).is_file() for line in synced), synced)
        cases = ElementTree.parse(files["junit"]).getroot().findall(".//testcase")
        self.assertEqual([case.get("name") for case in cases], ["one", "two"])
        metrics = files["metrics"].read_text()
        self.assertRegex(metrics, r'(?m)^mirrorsync_mirror_current\{repository="stable",mirror="two"\} 1$')
        self.assertRegex(metrics, r"(?m)^mirrorsync_visible_latency_seconds\{.*\} \d+$")
        trace = next((self.one / "project/trace").iterdir()).read_text()
        self.assertIn("Repository: stable@1", trace)

    def test_a_broken_mirrors_yaml_is_told_with_its_place(self):
        self.publish("stable", small_deb(self.dir / "packages", "hello"))
        good = "mirrors:\n  - {name: one, target: one}\n"
        for text, place, reason in (
                ("quorom: 1\n" + good, "1:1", "quorum"),
                (good + "  - {name: one, target: two}\n", "3:5", "two mirrors 'one'"),
                (good + "  - {name: two, target: one}\n", "3:5", "have the target"),
                ("quorum: 2\n" + good, "1:9", "quorum"),
                ("mirrors: []\n", "1:10", "no mirror"),
                ("mirrors:\n  - {name: one}\n", "2:5", "target"),
                ("mirrors:\n  - {name: one, target: one, bandwidth: fast}\n", "2:41", "no size"),
                ("mirrors:\n  - {name: ../x, target: one}\n", "2:12", "no name"),
                ("mirrors:\n  - {name: one, target: one, required: maybe}\n", "2:40", ""),
                ("deadline: soon\n" + good, "1:11", "")):
            (self.site / "mirrors.yaml").write_text(text)
            result = self.mirrorsync(self.site, code=2)
            self.assertRegex(result.err, rf"mirrors\.yaml:{re.escape(place)}.*{reason}", text)
        (self.site / "mirrors.yaml").write_text("mirrors:\n  - {name: one, target: \"gopher://host/x\"}\n")
        self.assertIn("gopher", self.mirrorsync(self.site, code=2).err)
        self.assertFalse(self.one.exists())
        shutil.rmtree(self.site / "one", ignore_errors=True)


if __name__ == "__main__":
    main()

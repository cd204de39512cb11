# SPDX-License-Identifier: GPL-3.0-or-later
"""gc, expire and tag: what goes, what stays, and who still finds it."""

import os
import time

from clients import Apt, Dnf
from json_schema import check
from locks import hold_lock
from reader import read_everything
from upkeep_site import CONFIG, UpkeepScenario
from web import Nginx
from workspace import exact_state, main


class Upkeep(UpkeepScenario):
    def five_generations(self):
        for version in range(1, 6):
            self.publish_dated("stable", self.deb("hello", f"{version}.0-1"), self.deb("stays"),
                               self.rpm("tool", f"{version}.0"))

    def test_gc_leaves_what_a_new_site_with_the_same_packages_would_have(self):
        self.five_generations()
        answer = self.gc_now()
        self.assertEqual(answer["generations"], 4)
        self.assertEqual(self.generations(), [5])
        self.assert_good("stable")
        fresh = self.dir / "fresh"
        self.write_config(CONFIG, site=fresh)
        self.publish("stable", self.deb("hello", "5.0-1"), self.deb("stays"), self.rpm("tool", "5.0"),
                     site=fresh, env={"SOURCE_DATE_EPOCH": str(self.epoch)})
        # The sub-manifests name pointer files, whose content is the date; all else is equal.
        parts = ("public/pool", "public/meta", "private/objects", "private/text")
        self.assertEqual(self.names(*parts), self.names(*parts, site=fresh))
        for part in ("private/trash", "private/condemned", "private/orphans", "private/txn"):
            self.assertEqual(os.listdir(self.site / part), [], part)
        self.assertEqual(self.gc_now()["freed_bytes"], 0)

    def test_a_dry_run_tells_what_gc_then_does_and_changes_nothing(self):
        self.five_generations()
        before = exact_state(self.site)
        plan = self.gc("--dry-run", "--grace", "0s")
        self.assert_same_state(before, exact_state(self.site), "the site after gc --dry-run")
        done = self.gc_now()
        check(plan, "gc-result")
        check(done, "gc-result")
        for member in ("generations", "metadata", "packages", "objects", "repositories"):
            self.assertEqual(plan[member], done[member], member)
        self.assertGreater(done["freed_bytes"], 0)

    def test_graces_and_the_newest_generations_hold(self):
        self.write_config(CONFIG.replace("keep_generations: 1", "keep_generations: 3, grace: {metadata: 0s}"))
        self.five_generations()
        answer = self.gc()
        self.assertEqual(self.generations(), [3, 4, 5])
        self.assert_good("stable@3", "stable@4", "stable")
        self.assertEqual((answer["packages"]["files"], answer["waiting"]["files"]), (0, 4))
        self.assertEqual(len(list((self.public / "pool/stable").rglob("hello_*.deb"))), 5)  # 14 days
        self.write_config(CONFIG)
        self.assertEqual(self.gc()["generations"], 0)  # 48 hours

    def test_a_reader_of_an_older_generation_finds_everything_within_the_grace(self):
        server = Nginx(self.dir / "nginx", self.public)
        self.addCleanup(server.stop)
        self.publish_dated("stable", self.deb("hello", "1.0-1"))
        slow = Apt(self.dir / "apt", f"deb [trusted=yes] {server.url}/stable bookworm main")
        slow.update()
        for version in range(2, 5):
            self.publish_dated("stable", self.deb("hello", f"{version}.0-1"))
            self.gc()
        self.assertEqual(len(slow.download("hello")), 1)
        self.assertEqual(self.gc_now()["generations"], 3)
        late = Apt(self.dir / "late", f"deb [trusted=yes] {server.url}/stable bookworm main")
        (late.dir / "state").rename(late.dir / "unused")
        (slow.dir / "state").rename(late.dir / "state")
        self.assertIn("404", late.download("hello", code=100).err)
        late.update()
        self.assertEqual(len(late.download("hello")), 1)

    def test_a_tag_keeps_its_generation_and_stands_for_its_number(self):
        self.five_generations()
        check(self.repotool("--json", "tag", "stable@2", "7.0-GA").json, "tag-result")
        packages = read_everything(self.public, "stable")
        self.assertEqual(self.gc_now()["generations"], 3)
        self.assertEqual(self.generations(), [2, 5])
        self.assert_good("stable@7.0-GA", "stable")
        shown = self.repotool("--json", "show", "stable@7.0-GA").json
        self.assertIn("2.0-1", {package["version"] for package in shown["packages"]})
        self.assertEqual(self.repotool("--json", "list", "stable@7.0-GA").json["repositories"][0]["generation"], 2)
        found = self.repotool("--json", "diff", "stable@7.0-GA", "stable").json
        self.assertEqual({item["name"] for item in found["packages"]}, {"hello", "tool"})
        self.dated("promote", "stable@7.0-GA", "test/again")
        self.assertEqual(len(read_everything(self.public, "test/again")), len(packages))
        debs = {entry for entry in read_everything(self.public, "test/again") if entry[2] == "amd64"}
        self.assertLessEqual(debs, read_everything(self.public, "gen/stable/7.0-GA"))
        dnf = Dnf(self.dir / "dnf", baseurl=(self.public / "gen/stable/7.0-GA/pin/el9/x86_64").as_uri())
        self.assertEqual(dnf.repoquery(), ["tool-2.0-1.el9.noarch"])
        self.repotool("tag", "stable@5", "7.0-GA", code=4)
        self.assertFalse(self.repotool("--json", "tag", "stable@2", "7.0-GA").json["changed"])
        self.repotool("tag", "--delete", "stable@7.0-GA")
        self.assertEqual(self.gc_now()["generations"], 1)
        self.repotool("show", "stable@7.0-GA", code=2)
        self.repotool("tag", "stable", "17", code=2)
        self.repotool("tag", "stable@4", "late", code=2)
        self.assertEqual([record["operation"] for record in self.history()][5:], ["tag", "untag"])

    def test_an_expired_repository_is_gone_for_clients_and_its_numbers_go_on(self):
        self.publish_dated("test/one", self.deb("hello"))
        self.publish_dated("test/one", self.deb("hello", "2.0-1"))
        self.publish_dated("stable", self.deb("stays"))
        check(self.repotool("--json", "expire").json, "expire-result")
        self.assertTrue((self.public / "test/one").is_symlink(), "20 days are not over")
        self.repotool("expire", "stable", code=2)  # it never expires
        plan = self.repotool("--json", "expire", "--older-than", "0s", "--dry-run").json
        self.assertEqual([(one["repository"], one["outcome"]) for one in plan["repositories"]], [("test/one", "expired")])
        self.repotool("freeze", "test/one", "--reason", "wait")
        self.assertIn("wait", self.repotool("--json", "expire", "test/one", "--older-than", "0s", code=4).json["error"]["message"])
        kept = self.repotool("--json", "expire", "--older-than", "0s").json
        self.assertEqual(kept["repositories"][0]["outcome"], "frozen")
        self.repotool("thaw", "test/one")
        done = self.repotool("--json", "expire", "--older-than", "0s").json
        check(done, "expire-result")
        self.assertFalse((self.public / "test/one").is_symlink())
        self.assertEqual([one["repository"] for one in self.repotool("--json", "list").json["repositories"]], ["stable"])
        self.assertEqual(self.gc()["generations"], 0)  # the grace of an expired repository
        self.assertEqual(self.gc_now()["generations"], 2)
        self.assertEqual({name for name in self.names("public/pool") if "hello" in name}, set())
        answer = self.publish_dated("test/one", self.deb("hello", "3.0-1"))
        self.assertEqual((answer["generation"], answer["parent"]), (3, None))
        self.assert_good("test/one")
        self.assertEqual([record["operation"] for record in self.history("test/one") if record["generation"] > 0][-2:],
                         ["expire", "publish"])

    def test_expire_of_a_publish_holds_for_its_repository(self):
        self.publish_dated("test/one", "--expire", "0s", self.deb("hello"))
        self.publish_dated("stable", "--expire", "3600d", self.deb("hello"))
        expired = self.repotool("--json", "expire").json["repositories"]
        self.assertEqual({one["repository"]: one["outcome"] for one in expired}, {"stable": "kept"})
        self.publish_dated("stable", "--expire", "1s", self.deb("hello", "2.0-1"))
        time.sleep(1.1)
        expired = self.repotool("--json", "expire").json["repositories"]
        self.assertEqual({one["repository"]: one["outcome"] for one in expired}, {"stable": "expired"})
        self.publish_dated("stable", self.deb("hello", "3.0-1"))

    def test_a_second_gc_at_the_same_time_is_told_so(self):
        self.five_generations()
        self.gc()
        with hold_lock(self.site / "private/locks/_collecting"):
            error = self.repotool("--json", "--lock-timeout", "0s", "gc", code=6).json["error"]
        self.assertTrue(error["retryable"])


if __name__ == "__main__":
    main()

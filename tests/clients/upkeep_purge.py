# SPDX-License-Identifier: GPL-3.0-or-later
"""purge: a package leaves everything, now, is refused from then on, and takes nothing else with it."""

import shutil

from clients import Apt, Dnf
from json_schema import check
from keys import generate_key
from packages import a_deb
from reader import read_everything
from upkeep_site import CONFIG, UpkeepScenario
from web import Nginx
from workspace import exact_state, main, sha256, walk


class Purge(UpkeepScenario):
    def digests(self):
        """Of every file of the site; of a package that is in there twice, once."""
        return {sha256(self.site / name) for name, info in walk(self.site) if (self.site / name).is_file()
                and not (self.site / name).is_symlink() and info.st_size}

    def refused(self, *command):
        error = self.repotool("--json", *command, code=4).json["error"]
        self.assertIn("leaked", error["message"])

    def test_the_package_leaves_every_generation_of_every_repository_at_once(self):
        bad, good = self.deb("secret"), self.deb("hello")
        for repository in ("stable", "test/one", "7.0/updates"):
            self.publish_dated(repository, bad, good)
        self.publish_dated("stable", self.deb("secret", "2.0-1"))  # it is in an older generation alone
        self.publish_dated("7.0/updates", self.deb("later"))
        self.repotool("tag", "7.0/updates@1", "GA")
        self.repotool("freeze", "test/one", "--reason", "release week")
        plan = self.repotool("--json", "purge", "secret=1.0-1", "--reason", "leaked", "--dry-run").json
        check(plan, "purge-result")
        self.assertIn(sha256(bad), self.digests())
        answer = self.dated("purge", "secret=1.0-1", "--reason", "leaked").json
        check(answer, "purge-result")
        self.assertEqual({one["repository"]: (one["generation"], one["removed_generations"], one["removed_tags"])
                          for one in answer["repositories"]},
                         {"stable": (None, [1], []), "test/one": (2, [1], []), "7.0/updates": (3, [1, 2], ["GA"])})
        self.assertTrue(answer["finished"])
        self.assertNotIn(sha256(bad), self.digests())
        self.assert_good("stable", "test/one", "7.0/updates")
        found = {repository: {entry[:2] for entry in read_everything(self.public, repository)}
                 for repository in ("stable", "test/one", "7.0/updates")}
        self.assertEqual(found, {"stable": {("hello", "1.0-1"), ("secret", "2.0-1")}, "test/one": {("hello", "1.0-1")},
                                 "7.0/updates": {("hello", "1.0-1"), ("later", "1.0-1")}})
        self.assertEqual(self.gc_now()["problems"], [])
        self.assert_good("stable", "test/one", "7.0/updates")
        self.assertIn("leaked", str(self.history("7.0/updates")))

    def test_its_bytes_are_refused_from_then_on(self):
        bad = self.deb("secret")
        self.publish_dated("stable", bad, self.deb("hello"))
        self.dated("purge", "secret", "--reason", "leaked")
        before = exact_state(self.public)
        self.refused("publish", "--to", "stable", bad)
        self.refused("publish", "--test", "other", bad)
        ready = self.dir / "ready"
        ready.mkdir()
        shutil.copy(bad, ready)
        self.refused("promote", ready, "stable")
        self.assert_same_state(before, exact_state(self.public), "public/ after refusals")
        self.publish_dated("stable", self.deb("secret", "1.0-2"))
        self.repotool("purge", "secret=1.0-2", code=2)  # why?
        error = self.repotool("--json", "purge", "secrets", "--reason", "leaked", code=2).json["error"]
        self.assertIn("secret", error["hint"])

    def test_one_that_is_current_goes_with_one_that_an_older_generation_alone_has(self):
        self.publish_dated("stable", self.deb("secret", "1.0-1"), self.deb("hello"))
        self.publish_dated("stable", self.deb("secret", "1.0-2"))  # keep_versions is 1
        self.assertTrue(self.dated("purge", "secret", "--reason", "leaked").json["finished"])
        self.dated("purge", "hello", "--reason", "leaked too")
        self.assertFalse({sha256(self.deb("secret", version)) for version in ("1.0-1", "1.0-2")} & self.digests())
        self.assertEqual(read_everything(self.public, "stable"), set())
        self.assertEqual(self.gc_now()["problems"], [])
        self.repotool("fsck")

    def test_what_is_in_its_grace_after_a_purge_is_no_finding(self):
        self.publish_dated("stable", self.deb("secret", "1.0-1"), self.deb("hello"))
        self.dated("remove", "stable", "hello")
        self.publish_dated("stable", self.deb("secret", "1.0-2"))
        self.dated("purge", "secret=1.0-1", "--reason", "leaked")
        kept = sorted(path.name for path in self.public.rglob("*.deb"))
        self.assertEqual(kept, ["hello_1.0-1_amd64.deb", "secret_1.0-2_amd64.deb"])
        self.repotool("fsck", "--repair")
        self.assertEqual(sorted(path.name for path in self.public.rglob("*.deb")), kept)

    def test_what_the_purge_took_does_not_wait_for_the_end_of_its_grace(self):
        self.write_config(CONFIG.replace("keep_generations: 1", "keep_generations: 1, grace: {metadata: 0s}"))
        self.publish_dated("stable", self.deb("secret", "1.0-1"), self.deb("hello"))
        self.dated("remove", "stable", "hello")
        self.publish_dated("stable", self.deb("secret", "1.0-2"))
        self.assertEqual(self.gc()["waiting"]["files"], 2)
        self.dated("purge", "secret=1.0-1", "--reason", "leaked")
        self.assertEqual(self.gc("--dry-run")["waiting"]["files"], 1)
        self.assertEqual(self.gc()["waiting"]["files"], 1)
        self.assertEqual(self.gc("--dry-run", "--grace", "0s")["packages"]["files"], 1)
        self.assertEqual(self.gc_now()["packages"]["files"], 1)

    def test_a_digest_is_refused_before_anybody_published_it(self):
        bad = self.deb("secret")
        self.publish_dated("stable", self.deb("hello"))
        answer = self.dated("purge", sha256(bad), "--reason", "leaked").json
        self.assertEqual((answer["repositories"], answer["finished"]), ([], True))
        self.refused("publish", "--to", "stable", bad)

    def test_other_packages_are_installed_by_apt_and_dnf_and_a_signed_package_is_not_signed_again(self):
        key = generate_key(self, site=self.site)
        self.write_config(CONFIG + f'  signed: {{sign: k}}\nkeys:\n  k: {{fingerprint: "{key}"}}\n')
        bad, good = self.rpm("secret"), self.rpm("hello")
        self.publish("signed", a_deb(self.dir / "d", "hello"), a_deb(self.dir / "d", "secret"), bad, good)
        server = Nginx(self.dir / "nginx", self.public)
        self.addCleanup(server.stop)
        self.repotool("purge", "secret", "--reason", "leaked")
        self.refused("publish", "--to", "signed", bad)
        self.refused("publish", "--to", "stable", bad)
        armored = self.public / "keys/k.asc"
        apt = Apt(self.dir / "apt", f"deb [signed-by={armored}] {server.url}/signed bookworm main")
        apt.update()
        self.assertEqual(apt.names(), ["hello"])
        self.assertEqual(len(apt.download("hello")), 1)
        dnf = Dnf(self.dir / "dnf", baseurl=f"{server.url}/signed/rpm/el9/x86_64/", key=f"file://{armored}")
        self.assertEqual(dnf.repoquery(), ["hello-1.0-1.el9.noarch"])
        self.assertEqual(len(dnf.download("hello")), 1)
        self.repotool("verify", "signed", "--full")


if __name__ == "__main__":
    main()

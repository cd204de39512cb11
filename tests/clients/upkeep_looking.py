# SPDX-License-Identifier: GPL-3.0-or-later
"""status and du: against the files themselves and against what gc then frees."""

import time

import other_user
from json_schema import check
from keys import generate_key
from locks import hold_lock
from reader import read_everything
from upkeep_site import CONFIG, UpkeepScenario
from workspace import exact_state, main, walk


class Looking(UpkeepScenario):
    def status(self, *options, code=0):
        answer = self.repotool("--json", "status", *options, code=code).json
        check(answer, "status-result")
        return {one["repository"]: one for one in answer["repositories"]}

    def test_status_tells_age_signer_and_validity(self):
        key = generate_key(self, site=self.site)
        config = (CONFIG.replace("keep_generations: 1", "keep_generations: 1, valid_until: 2h")
                  + f'  signed: {{sign: k}}\nkeys:\n  k: {{fingerprint: "{key}"}}\n')
        self.write_config(config)
        self.publish("signed", self.deb("hello"), self.rpm("tool"))
        self.write_config(config.replace("2h", "25h"))
        old = {"SOURCE_DATE_EPOCH": str(int(time.time()) - 25 * 3600)}
        self.assertIn("apt would refuse it since", self.repotool("publish", "--to", "stable", self.deb("hello"), env=old, code=2).err)
        self.assertFalse((self.public / "stable").exists())
        self.epoch = int(time.time()) - 25 * 3600 - 5  # the date is ten seconds later
        self.publish_dated("stable", self.deb("hello"))
        time.sleep(6)
        before = exact_state(self.public)
        found = self.status(code=4)
        self.assert_same_state(before, exact_state(self.public), "public/ after status")
        signed = found["signed"]
        self.assertEqual((signed["signer"]["fingerprint"], signed["signer"]["good"], signed["problems"]), (key, True, []))
        self.assertEqual((signed["generation"], signed["packages"], signed["publisher"]), (1, 2, None))
        self.assertIn("apt refuses it since", found["stable"]["problems"][0])
        self.assertTrue(90000 < found["stable"]["age_seconds"] < 90100)
        over = self.repotool("--json", "verify", "stable", code=4)
        self.assertIn("apt refuses it until `repotool refresh stable`", over.err)
        self.assertEqual((over.json["ok"], over.json["findings"]), (False, []))
        self.repotool("refresh", "stable")
        self.repotool("verify", "stable")
        self.repotool("verify", "stable@1")
        self.assertLess(abs(signed["age_seconds"]), 60)
        self.status("signed", "--max-age", "1h")
        self.assertEqual(self.status("stable", "--max-age", "1h")["stable"]["problems"], [])
        (self.public / "keys/k.asc").unlink()
        self.assertFalse(self.status("signed", code=9)["signed"]["signer"]["good"])
        self.repotool("status", "nothing", code=2)

    def test_a_repository_that_is_too_old_is_exit_status_4(self):
        self.publish_dated("stable", self.deb("hello"))
        self.status()
        self.status("--max-age", "2d")
        self.assertIn("older than 3600 s", self.status("--max-age", "1h", code=4)["stable"]["problems"][0])

    def test_status_tells_who_publishes_what_is_frozen_and_what_was_killed(self):
        self.publish_dated("stable", self.deb("hello"))
        self.repotool("freeze", "stable", "--reason", "release week")
        self.repotool("tag", "stable", "GA")
        (self.site / "private/txn/1700000000-1-00000000").mkdir()
        with hold_lock(self.site / "private/locks/stable.lock"):
            answer = self.repotool("--json", "status").json
        stable = answer["repositories"][0]
        self.assertEqual((stable["frozen"]["reason"], stable["tags"]), ("release week", {"GA": 1}))
        self.assertIn("held by process", stable["publisher"])
        self.assertEqual(answer["transactions"], {"living": 0, "dead": 1, "resumable": 0})
        self.assertIsNone(self.status()["stable"]["publisher"])

    def usage(self):
        answer = self.repotool("--json", "du").json
        check(answer, "du-result")
        return {one["repository"]: one for one in answer["repositories"]}, answer

    def test_other_users_may_look_and_are_not_told_what_is_private(self):
        if not other_user.IS_POSSIBLE:
            self.skipTest("needs root and setpriv")
        self.publish_dated("stable", self.deb("hello"))
        answers = {}
        for command in ("status", "du"):
            result = other_user.run_as_nobody(self, "repotool", "--site", self.site, "--json", command)
            self.assertEqual(result.code, 0, result)
            check(result.json, f"{command}-result")
            answers[command] = result.json
        self.assertIsNone(answers["status"]["transactions"])
        self.assertIsNone(answers["du"]["repositories"][0]["garbage_bytes"])

    def size_below(self, *parts):
        return sum(info.st_size for part in parts for name, info in walk(self.public / part)
                   if (self.public / part / name).is_file() and not (self.public / part / name).is_symlink())

    def test_du_counts_what_the_files_hold(self):
        for version in range(1, 4):
            self.publish_dated("stable", self.deb("hello", f"{version}.0-1"), self.deb("shared"), self.rpm("tool"))
        self.publish_dated("test/one", self.deb("shared"), self.deb("alone", content=b"x" * 5000))
        found, answer = self.usage()
        sizes = {package["name"]: package["size"] for repository in ("stable", "test/one")
                 for package in self.repotool("--json", "show", repository).json["packages"]}
        self.assertEqual(found["test/one"]["exclusive_bytes"], sizes["alone"])
        self.assertEqual(found["test/one"]["shared_bytes"], sizes["shared"])
        self.assertEqual(found["stable"]["shared_bytes"], sizes["shared"])
        self.assertEqual(found["stable"]["generations"], 3)
        self.assertEqual(found["stable"]["metadata_bytes"], self.size_below("meta/stable", "gen/stable"))
        self.assertEqual(answer["package_bytes"], self.size_below("pool/stable") + sizes["alone"])
        # All that is exclusive, and nothing else, is free when the repository goes.
        self.gc_now()
        found, _ = self.usage()
        self.assertEqual(found["stable"]["garbage_bytes"], 0)
        self.assertEqual(len(read_everything(self.public, "stable")), 3)
        self.repotool("expire", "stable", "--older-than", "0s")
        waiting, _ = self.usage()
        self.assertEqual(waiting["stable"]["exclusive_bytes"], found["stable"]["exclusive_bytes"])
        freed = self.gc_now()
        self.assertEqual(freed["objects"]["bytes"], found["stable"]["exclusive_bytes"])

    def test_du_tells_what_waits_for_the_end_of_its_grace(self):
        self.write_config(CONFIG.replace("keep_generations: 1", "keep_generations: 1, grace: {metadata: 0s}"))
        for version in range(1, 4):
            self.publish_dated("stable", self.deb("hello", f"{version}.0-1"))
        old = sum(path.stat().st_size for path in (self.public / "pool").rglob("hello_[12].0-1_amd64.deb"))
        plan = self.gc("--dry-run")
        found, _ = self.usage()
        self.assertEqual(found["stable"]["garbage_bytes"], plan["metadata"]["bytes"] + old)
        self.gc()
        found, _ = self.usage()
        self.assertEqual(found["stable"]["garbage_bytes"], old)


if __name__ == "__main__":
    main()

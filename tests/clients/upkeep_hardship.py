# SPDX-License-Identifier: GPL-3.0-or-later
"""gc where there is no space, and where somebody else is at work. (What it costs is in pitfalls_cost.py.)"""

import os
import re
import subprocess
import threading

from upkeep_site import UpkeepScenario
from workspace import main


class Hardship(UpkeepScenario):
    def fill(self, path):
        try:
            with open(path, "wb", buffering=0) as stream:
                while True:
                    stream.write(bytes(4096))
        except OSError:
            pass

    def test_gc_frees_space_on_a_full_disk(self):
        disk = self.dir / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", disk], check=False, capture_output=True)
        if mounted.returncode:
            self.skipTest("needs root to mount a small disk")
        self.addCleanup(subprocess.run, ["umount", disk], check=False)
        old, self.site = self.site, disk / "site"
        self.site.mkdir()
        (self.site / "repotool.yaml").write_bytes((old / "repotool.yaml").read_bytes())
        self.public = self.site / "public"
        for version in range(1, 5):
            self.publish_dated("stable", self.deb("hello", f"{version}.0-1", content=os.urandom(1 << 20)))
        self.gc()  # makes the reserve
        self.fill(disk / "ballast")
        self.assertEqual(os.statvfs(disk).f_bavail, 0)
        refused = self.repotool("--json", "publish", "--to", "stable", self.deb("next"), code=7)
        self.assertTrue(refused.json["error"]["message"])
        answer = self.gc_now()
        self.assertEqual((answer["generations"], answer["objects"]["files"], answer["problems"]), (3, 3, []))
        self.assertGreater(os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize, 3 << 20)
        self.assert_good("stable")
        self.publish("stable", self.deb("next"))

    def test_gc_beside_publishers_and_readers_takes_nothing_that_they_need(self):
        """One package comes and goes all the time: its object is garbage and needed again."""
        stop, problems = threading.Event(), []
        back = self.deb("back", content=os.urandom(1000))
        self.publish("stable", self.deb("stays"), back)

        def collect():
            while not stop.is_set():
                try:
                    self.gc_now()
                except AssertionError as error:
                    problems.append(error)

        def look():
            while not stop.is_set():
                try:
                    self.repotool("verify", "stable")
                except AssertionError as error:
                    # A generation that stopped being current while we looked may go at once here: there is no grace.
                    generations = re.findall(r"gen/stable/(\d+)|stable@(\d+) is damaged", str(error))
                    if not generations:
                        problems.append(error)

        threads = [threading.Thread(target=collect), threading.Thread(target=look)]
        for thread in threads:
            thread.start()
        try:
            for number in range(8):
                self.publish("test/other", self.deb("keeps", f"{number}.0-1"), back)
                self.repotool("remove", "stable", "back", "--quiet")
                self.repotool("remove", "test/other", "back", "--quiet")
                self.publish("stable", back)
                self.assert_good("stable")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(problems, [])
        self.assert_good("stable", "test/other")


if __name__ == "__main__":
    main()

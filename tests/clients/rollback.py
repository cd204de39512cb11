# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollback is a new generation with old content, and clients that saw the newer one follow."""

import email.utils

from clients import Apt, Dnf
from packages import a_deb, rpms
from reader import FileSource, read_everything, read_release
from web import Nginx
from workspace import Scenario, main

CONFIG = """
dists:
  - {name: bookworm, format: deb, architectures: [amd64], components: [main]}
  - {name: el9, format: rpm, architectures: [x86_64]}
"""


class Rollback(Scenario):
    def setUp(self):
        super().setUp()
        self.write_config(CONFIG)
        self.publish("test/one", a_deb(self.dir / "p1", "hello", "1.0-1"), *rpms(self.dir / "p1", "hello", "1.0"))
        self.publish("test/one", a_deb(self.dir / "p2", "hello", "2.0-1"), *rpms(self.dir / "p2", "hello", "2.0"))

    def date(self):
        release = read_release(FileSource(self.site / "public"), "test/one", "bookworm")
        return email.utils.parsedate_to_datetime(release["Date"])

    def test_the_new_generation_has_the_old_content_and_a_newer_date(self):
        public = self.site / "public"
        new, date = read_everything(public, "test/one"), self.date()
        answer = self.repotool("--json", "rollback", "test/one").json
        self.assertEqual((answer["changed"], answer["generation"], answer["parent"]), (True, 3, 2))
        old = read_everything(public, "test/one")
        self.assertEqual({entry[1] for entry in old}, {"1.0-1", "1.0-1.el9"})
        self.assertGreater(self.date(), date)
        self.assertNotEqual(old, new)
        self.assertNotIn("note:", self.repotool("rollback", "test/one", "--to", "2", "--dry-run").out)
        again = self.repotool("--json", "rollback", "test/one", "--to", "2").json
        self.assertEqual(again["generation"], 4)
        self.assertEqual(read_everything(public, "test/one"), new)
        self.repotool("verify", "test/one", "--full")
        self.assert_nothing_left()

    def test_clients_that_saw_the_newer_generation_follow(self):
        server = Nginx(self.dir / "nginx", self.site / "public")
        self.addCleanup(server.stop)
        apt = Apt(self.dir / "apt", f"deb [trusted=yes] {server.url}/test/one bookworm main")
        dnf = Dnf(self.dir / "dnf", baseurl=f"{server.url}/test/one/rpm/el9/x86_64/")
        apt.update()
        self.assertEqual(apt.versions("hello")[0], "2.0-1")
        self.assertIn("hello-2.0-1.el9.noarch", dnf.repoquery())
        self.repotool("rollback", "test/one")
        apt.update()
        self.assertEqual(apt.versions("hello"), ["1.0-1"])
        self.assertEqual(dnf.repoquery(), ["hello-1.0-1.el9.noarch"])

    def test_it_says_which_clients_lose_their_place(self):
        self.write_config(CONFIG.replace("[main]", "[main, extra]") + "  - {name: el10, format: rpm, architectures: [x86_64]}\n")
        self.publish("test/one", a_deb(self.dir / "p3", "more"), "--component", "extra")
        self.publish("test/one", *rpms(self.dir / "p3", "more", "1.0"), "--dist", "el10")
        shown = self.repotool("rollback", "test/one", "--to", "2", "--dry-run").out
        self.assertIn("clients of deb dist bookworm/extra get 404 from now on: generation 2 had none\n", shown)
        notes = self.repotool("--json", "rollback", "test/one", "--to", "2").json["notes"]
        self.assertEqual([note.split(" get ")[0] for note in notes],
                         ["clients of deb dist bookworm/extra", "clients of rpm dist el10"])

    def test_rolling_back_to_what_is_current_changes_nothing(self):
        answer = self.repotool("--json", "rollback", "test/one", "--to", "2").json
        self.assertFalse(answer["changed"])

    def test_the_first_generation_has_nothing_before_it(self):
        self.publish("test/two", a_deb(self.dir / "p3", "single"))
        self.assertIn(self.repotool("rollback", "test/two", code=None).code, (2, 4))
        self.repotool("rollback", "test/one", "--to", "99", code=2)


if __name__ == "__main__":
    main()

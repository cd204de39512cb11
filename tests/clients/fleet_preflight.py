# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients would refuse is brought to no mirror, and what they soon will refuse is told in time."""

from clock import DAY, HOUR, Calendar
from json_schema import check
from keys import GnuPG, signing_config
from small_deb import small_deb
from workspace import Scenario, main


class Dates(Scenario):
    def setUp(self):
        super().setUp()
        self.mirrors = [self.dir / "one", self.dir / "two"]

    def publish_before(self, ago, repository="sign: none", keys=None, valid_until=None):
        """Published so many seconds ago; the rest of the test runs now."""
        calendar = Calendar(self, ago)
        config = signing_config({"*": repository}, keys(calendar) if keys else {})
        self.write_config(config + (f"metadata: {{valid_until: {valid_until}}}\n" if valid_until else ""))
        self.publish("stable", small_deb(self.dir / "packages", "hello"))
        for name in ("LD_PRELOAD", "SHIFTED_CLOCK"):
            del self.env[name]

    def plan(self, code=0):
        answer = self.mirrorsync("plan", self.site, *self.mirrors, "--json", code=code).json
        check(answer, "mirrorsync-plan-result")
        return answer["repositories"][0]["findings"]

    def assert_refused(self, code, *words):
        for mirror in self.mirrors:
            mirror.mkdir()
        self.assertTrue(self.plan(code)[0]["fatal"])
        result = self.mirrorsync(self.site, *self.mirrors, "--json", code=code)
        for word in words:
            self.assertIn(word, result.json["error"]["message"])
        for mirror in self.mirrors:
            self.assertEqual([path.name for path in mirror.iterdir()], [".mirrorsync"])
        self.assertTrue(result.json["error"]["hint"])

    def assert_warned(self, *words):
        for mirror in self.mirrors:
            mirror.mkdir()
        finding, = self.plan()
        self.assertFalse(finding["fatal"])
        result = self.mirrorsync(self.site, *self.mirrors)
        for word in words:
            self.assertIn(word, finding["message"])
            self.assertIn(word, result.err)
        self.assertEqual([(mirror / "stable").readlink().name for mirror in self.mirrors], ["1", "1"])
        self.assertEqual(self.mirrorsync(self.site, *self.mirrors).err, "")

    def test_a_release_file_that_is_over_is_exit_4(self):
        self.publish_before(8 * DAY, valid_until="7d")
        self.assert_refused(4, "dists/bookworm/Release was valid until")
        self.repotool("refresh", "stable")
        self.mirrorsync(self.site, *self.mirrors)

    def test_a_release_file_that_is_nearly_over_is_told(self):
        self.publish_before(7 * DAY - HOUR, valid_until="7d")
        self.assert_warned("dists/bookworm/Release is valid until")

    def test_a_release_file_with_time_left_is_nothing_to_talk_about(self):
        self.publish_before(5 * DAY, valid_until="7d")
        self.assertEqual(self.mirrorsync(self.site, *self.mirrors).err, "")

    def key(self, expires):
        def make(_):
            fingerprint = GnuPG(self, self.dir / "h").key("stable", expires=expires)
            return {"k": f'fingerprint: "{fingerprint}", home: "{self.dir}/h"'}
        return make

    def test_a_manifest_of_an_expired_key_is_exit_5(self):
        self.publish_before(60 * DAY, "sign: k", self.key("50d"))
        self.assert_refused(5, "MANIFEST expired on")

    def test_a_key_that_expires_soon_is_told(self):
        self.publish_before(30 * DAY, "sign: k", self.key("50d"))
        self.assert_warned("MANIFEST expires on")


if __name__ == "__main__":
    main()

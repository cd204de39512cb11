# SPDX-License-Identifier: GPL-3.0-or-later
"""--progress and --log-file: what a run tells while it runs, and where."""

import json

from json_schema import check
from packages import a_deb
from workspace import Scenario, main

STEPS = ["ingest", "sign", "lock", "select", "index", "verify", "commit"]


class Progress(Scenario):
    def setUp(self):
        super().setUp()
        self.deb = a_deb(self.dir / "packages", "hello")

    def publish_with(self, *options, change="x", code=0):
        return self.repotool(*options, "publish", "--test", change, self.deb, code=code)

    def test_steps_are_told_where_they_are_asked_for(self):
        self.assertNotIn(" ms\n", self.publish_with(change="quiet").err)
        for number, options in enumerate((["-v"], ["--progress", "plain"], ["--progress=tty"])):
            err = self.publish_with(*options, change=f"a{number}").err
            told = [line.split()[0] for line in err.splitlines() if line.endswith(" ms")]
            self.assertEqual([step for step in STEPS if step in told], STEPS, err)
        self.assertNotIn(" ms\n", self.publish_with("-v", "--progress", "none", change="b").err)

    def test_json_progress_is_one_event_a_line(self):
        err = self.publish_with("--progress", "json").err
        events = [json.loads(line) for line in err.splitlines()]
        for event in events:
            check(event, "progress-event")
        self.assertEqual([event["text"] for event in events if event["level"] == "step" and event["text"] in STEPS],
                         STEPS)

    def test_the_log_file_is_appended_and_tells_everything(self):
        log = self.dir / "log.jsonl"
        self.publish_with("--log-file", log, "-q")
        first = len(log.read_text().splitlines())
        self.repotool("--log-file", log, "show", "nothing", code=2)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        self.assertGreater(len(lines), first)
        for line in lines:
            check(line, "progress-event")
        self.assertRegex(lines[0]["text"], r"^begin: .*repotool .*publish --test x")
        self.assertIn(("info", "end: exit status 0"), [(line["level"], line["text"]) for line in lines])
        self.assertEqual([line["text"] for line in lines if line["level"] == "step" and line["text"] in STEPS], STEPS)
        self.assertRegex([line["text"] for line in lines if line["level"] == "error"][0], r"^cannot find repository")
        self.assertEqual(lines[-1]["text"], "end: exit status 2")

    def test_a_log_that_cannot_be_written_stops_nothing_that_has_begun(self):
        result = self.publish_with("--log-file", "/dev/full")
        self.assertIn("the log ends here", result.err)
        self.assertIn("is live", result.out)

    def test_a_log_that_cannot_be_opened_ends_before_anything_is_done(self):
        self.publish_with("--log-file", self.dir / "missing" / "log", code=2)
        self.publish_with("--log-file", self.dir, code=2)
        self.assertFalse(self.site.exists())


if __name__ == "__main__":
    main()

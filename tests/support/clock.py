# SPDX-License-Identifier: GPL-3.0-or-later
"""Weeks in the life of a site: the tools under test have another time, clients and the test itself have the real one.

A site that begins in the past comes to what is now the present: no client sees a date in the future."""

import os
import time
import unittest

from workspace import SANITIZED, tool_path

MINUTE, HOUR, DAY = 60, 3600, 86400


class Calendar:
    """Times are seconds since the site began."""

    def __init__(self, scenario, began_ago):
        if SANITIZED:
            raise unittest.SkipTest("a preloaded clock and the sanitizers do not go together")
        if not os.path.exists(tool_path("shifted_clock.so")):
            raise AssertionError("shifted_clock.so is not built: it is a target of tests/support")
        self.scenario = scenario
        self.began = int(time.time()) - began_ago
        self.go_to(0)

    def go_to(self, moment):
        """From now on, whatever the scenario runs, runs at this time; it passes as usual."""
        shift = self.began + int(moment) - int(time.time())
        if shift > 0:
            raise AssertionError("the site began too late for this")
        self.scenario.env.update(LD_PRELOAD=tool_path("shifted_clock.so"), SHIFTED_CLOCK=str(shift))

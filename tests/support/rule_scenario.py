# SPDX-License-Identifier: GPL-3.0-or-later
"""What scenarios about the rules of a repository have in common."""

from small_deb import small_deb
from workspace import Scenario, exact_state


class RuleScenario(Scenario):
    config = ""

    def setUp(self):
        super().setUp()
        self.write_config(self.config)
        self.made = {}

    def deb(self, name, version="1.0-1", build="p1", **options):
        """Other builds have other bytes, the same one has the same."""
        key = (name, version, build, *sorted(options.items()))
        if key not in self.made:
            self.made[key] = small_deb(self.dir / build, name, version, content=build.encode(), **options)
        return self.made[key]

    def shown(self, repository):
        packages = self.repotool("--json", "show", repository).json["packages"]
        return sorted({(package["name"], package["version"]) for package in packages})

    def actions(self, answer):
        return sorted((package["name"], package["version"], package["action"]) for package in answer["packages"])

    def refused(self, *command, code=4):
        before = exact_state(self.site / "public")
        result = self.repotool("--json", *command, code=code)
        self.assert_same_state(before, exact_state(self.site / "public"), "public/ after a refusal")
        return result.json["error"]

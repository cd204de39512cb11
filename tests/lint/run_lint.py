# SPDX-License-Identifier: GPL-3.0-or-later
"""run_lint.py RULE… | --all [--root DIR]: prints each finding as file:line: reason; exit 1 if there is one."""

import argparse
import importlib
import pathlib
import sys

RULES = ("layering", "sizes", "hygiene", "schemas")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rules", nargs="*")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--root", default=pathlib.Path(__file__).resolve().parents[2])
    options = parser.parse_args()
    count = 0
    for rule in RULES if options.all else options.rules:
        for finding in importlib.import_module(rule).findings(options.root):
            print(finding)
            count += 1
    print(f"{count} finding{'' if count == 1 else 's'}", file=sys.stderr)
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())

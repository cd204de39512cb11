# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark against peers: each case, ours and theirs in turn, on fresh clones of prepared states. Called by ./dev bench."""

import argparse
import datetime
import json
import os
import pathlib
import sys

import cases
import chart
import completeness  # (also finds the tests' support, where json_schema is)
import fleet
import report
from corpus import DEFAULT_CACHE
from engine import Engine, tell
from json_schema import check
from programs import Failed, remove_tree

OUTPUT = pathlib.Path(__file__).resolve().parents[1] / "build" / "bench"
QUICK_ROUNDS, FULL_ROUNDS = 3, 5
PATIENCE = 60  # seconds of one side's runs at one size, after which two runs are enough


def parse(arguments):
    parser = argparse.ArgumentParser(prog="./dev bench", description="Measures repotool beside createrepo_c, aptly, reprepro and apt-ftparchive.")
    parser.add_argument("--quick", action="store_true", help="small repositories, three runs: five minutes on two cores")
    parser.add_argument("--case", action="extend", nargs="+", default=[], metavar="NAME", help="these cases only; the beginning of a name is enough")
    parser.add_argument("--sizes", type=lambda text: tuple(int(part) for part in text.split(",")), metavar="N,N", help="other sizes than the case has")
    parser.add_argument("--rounds", type=int, help=f"runs of each side (default {FULL_ROUNDS}, quick {QUICK_ROUNDS})")
    parser.add_argument("--json", type=pathlib.Path, default=OUTPUT / "results.json", metavar="FILE", help="where the results go")
    parser.add_argument("--cache", type=pathlib.Path, default=DEFAULT_CACHE, metavar="DIR", help="packages and prepared repositories, used again")
    parser.add_argument("--bin", type=pathlib.Path, default=OUTPUT.parent / "release" / "bin", metavar="DIR", help="where repotool is")
    parser.add_argument("--list", action="store_true", help="the names of the cases")
    return parser.parse_args(arguments)


def chosen(options, everything):
    """In the order of the list; a name that is a case's own means that one alone."""
    names = {case.name for case in everything}
    wanted = {case.name for word in options.case for case in everything
              if case.name == word or (word not in names and case.name.startswith(word))}
    if options.case and not wanted:
        sys.exit(f"bench: no case is called {' or '.join(options.case)}; ./dev bench --list names them")
    return [case for case in everything if not options.case or case.name in wanted]


def document(options, picked, measured, figures, began):
    rows = report.results(measured)
    versions = {one.side.name: one.side.version() for one in measured}
    return {"format": 1, "date": began.strftime("%Y-%m-%dT%H:%M:%SZ"), "quick": options.quick, "host": report.host(), "versions": versions,
            "results": rows, "growth": report.growth(rows), "verdicts": report.verdicts(picked, rows),
            "figures": [figure.document() for figure in figures]}


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = path.with_name(f".{path.name}")
    staging.write_text(text)
    staging.rename(path)


def main():
    options = parse(sys.argv[1:])
    work = options.cache / f"work-{os.getpid()}"  # beside the states, so that hard links reach
    everything, keys = cases.all_cases(options.bin, work / "key")
    picked = chosen(options, [*everything, *fleet.looks(options.bin)])
    if options.list:
        print("\n".join(f"{case.name:<18} {case.title}" for case in picked))
        return
    engine = Engine(options.cache, work, options.rounds or (QUICK_ROUNDS if options.quick else FULL_ROUNDS), PATIENCE)
    began, measured, figures, failed = datetime.datetime.now(datetime.timezone.utc), [], [], False
    try:
        for case in picked:
            if not isinstance(case, cases.Case):
                figures += case.run(options.quick, options.cache, work)
                continue
            measured += engine.run(case, options.sizes or (case.quick_sizes if options.quick else case.sizes))
    except (Failed, completeness.Incomplete, KeyboardInterrupt) as failure:
        failed = True
        tell(f"stopped in the case {case.name}: {failure}")  # what was measured before is kept
    finally:
        for key in keys:
            key.forget()
        remove_tree(work)
    if not measured and not figures:
        sys.exit(1)
    found = document(options, [case for case in picked if isinstance(case, cases.Case)], measured, figures, began)
    check(found, "bench-results")
    write(options.json, json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    print(report.table(found))
    if drawn := chart.svg(found["results"]):
        write(options.json.with_suffix(".svg"), drawn)
    tell(f"results in {options.json}, {(datetime.datetime.now(datetime.timezone.utc) - began).seconds} s")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""From single runs to medians, ratios, growth and verdicts: as a document (schemas/bench-results.schema.json) and as a table."""

import math
import os
import pathlib
import platform
import statistics
import subprocess


def _result(measured, ours):
    walls = [run.wall for run in measured.runs]
    median = statistics.median(walls)
    return {"case": measured.case.name, "title": measured.case.title, "packages": measured.packages, "side": measured.side.name,
            "median_s": round(median, 4), "min_s": round(min(walls), 4), "max_s": round(max(walls), 4), "runs": len(walls),
            "cpu_s": round(statistics.median(run.cpu for run in measured.runs), 4), "peak_kib": max(run.peak_kib for run in measured.runs),
            "ratio": round(median / ours, 2), "leaves_out": measured.side.leaves_out}


def results(measured):
    """One for each (case, size, side), in the order of measuring; `ratio` is how many times slower than the first of its case and
    size, which is ours."""
    first, rows = {}, []
    for one in measured:
        ours = first.setdefault((one.case.name, one.packages), statistics.median(run.wall for run in one.runs))
        rows.append(_result(one, ours))
    return rows


def growth(rows):
    """For each side of a case with several sizes: how its median grew from the smallest to the largest, and the exponent b of
    time ~ packages^b."""
    found, series = [], {}
    for row in rows:
        series.setdefault((row["case"], row["side"]), []).append(row)
    for (case, side), points in series.items():
        low, high = points[0], points[-1]
        if low["packages"] < high["packages"] and not case.endswith("memory"):
            factor = high["median_s"] / low["median_s"]
            found.append({"case": case, "side": side, "from": low["packages"], "to": high["packages"], "factor": round(factor, 2),
                          "exponent": round(math.log(factor) / math.log(high["packages"] / low["packages"]), 2)})
    return found


def _target_lines(case, target, row, peers):
    if target.seconds is not None:
        yield f"at most {target.seconds} s", f"{row['median_s']:.3f} s", row["median_s"] <= target.seconds
    if target.peak_kib is not None:
        yield f"at most {target.peak_kib >> 10} MiB", f"{row['peak_kib'] / 1024:.0f} MiB", row["peak_kib"] <= target.peak_kib
    for peer, wanted in target.faster_than.items():
        if peer in peers:
            found = peers[peer]["median_s"] / row["median_s"]
            yield f"{wanted}x faster than {peer}", f"{found:.1f}x", found >= wanted


def verdicts(cases, rows):
    """What was asked of us and what came out, where it was measured at the size that was asked."""
    found = []
    for case in (case for case in cases if case.target):
        of_case = [row for row in rows if row["case"] == case.name and row["packages"] == case.target.packages]
        peers = {row["side"]: row for row in of_case}
        for row in (row for row in of_case if row["side"].startswith("repotool")):
            for wanted, got, met in _target_lines(case, case.target, row, peers):
                found.append({"case": case.name, "packages": row["packages"], "side": row["side"], "wanted": wanted, "found": got, "met": met})
    for grown in (grown for grown in growth(rows) if grown["side"] == "repotool" and (grown["from"], grown["to"]) == (1000, 100_000)):
        found.append({"case": grown["case"], "packages": 100_000, "side": "repotool", "wanted": "at most 4x from 1,000 to 100,000",
                      "found": f"{grown['factor']}x", "met": grown["factor"] <= 4})
    return found


def host():
    root = pathlib.Path(__file__).resolve().parents[1]
    commit = subprocess.run(["git", "-C", root, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    return {"commit": commit, "cpus": os.cpu_count(), "memory_mib": memory, "kernel": platform.release(),
            "load": [round(load, 2) for load in os.getloadavg()]}


def _figure_line(one):
    asked = "" if one["at_most"] is None else f"  ({'met' if one['value'] <= one['at_most'] else 'NOT met'}: at most {one['at_most']:,})"
    return f"  {one['case']:<18} {one['figure']:<52} {one['value']:>14,} {one['unit']}{asked}"


def table(document):
    """Plain text, as wide as it needs to be."""
    lines, last = [], None
    for row in document["results"]:
        if (row["case"], row["packages"]) != last:
            last = (row["case"], row["packages"])
            lines += ["", f"{row['title']}, {row['packages']:,} packages  [{row['case']}]"]
        lines.append(f"  {row['side']:<24} {row['median_s']:>9.3f} s  ({row['min_s']:.3f} … {row['max_s']:.3f}, {row['runs']} runs)  "
                     f"cpu {row['cpu_s']:>8.3f} s  {row['peak_kib'] / 1024:>6.0f} MiB  {row['ratio']:>7.2f}x")
    lines += ["", "Figures of the fleet"] if document["figures"] else []
    lines += [_figure_line(one) for one in document["figures"]]
    lines += ["", "Growth of the median (time ~ packages^b)"] if document["growth"] else []
    lines += [f"  {one['case']:<12} {one['side']:<24} {one['from']:>7,} to {one['to']:>7,}: {one['factor']:>7.2f}x, b = {one['exponent']}"
              for one in document["growth"]]
    lines += ["", "What is asked of us"] if document["verdicts"] else []
    lines += [f"  {'met ' if one['met'] else 'NOT '} {one['case']:<16} {one['packages']:>7,}  {one['side']:<18} {one['wanted']}: {one['found']}"
              for one in document["verdicts"]]
    left_out = {row["side"]: row["leaves_out"] for row in document["results"] if row["leaves_out"]}
    lines += ["", "Not done by the other side"] if left_out else []
    return "\n".join(lines + [f"  {side}: {what}" for side, what in left_out.items()])

# SPDX-License-Identifier: GPL-3.0-or-later
"""Cost against size, both on logarithmic axes, as SVG (W3C SVG 1.1): a panel for each case, a line for each side, bars for the spread."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 620, 420, 70, 170, 40, 50
COLOURS = ("#b3202c", "#1f5fa8", "#2e7d32", "#e08a00", "#6a3d9a", "#555555")


class _Axes:
    def __init__(self, rows):
        self.low_x, self.high_x = self._decades([row["packages"] for row in rows])
        self.low_y, self.high_y = self._decades([value for row in rows for value in (row["min_s"], row["max_s"])])

    @staticmethod
    def _decades(values):
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return low, max(high, low + 1)

    def x(self, packages):
        return LEFT + (math.log10(packages) - self.low_x) / (self.high_x - self.low_x) * (WIDTH - LEFT - RIGHT)

    def y(self, seconds):
        return HEIGHT - BOTTOM - (math.log10(seconds) - self.low_y) / (self.high_y - self.low_y) * (HEIGHT - TOP - BOTTOM)

    def grid(self):
        for power in range(self.low_x, self.high_x + 1):
            x = self.x(10**power)
            yield _line(x, TOP, x, HEIGHT - BOTTOM, "#ddd")
            yield _text(x, HEIGHT - BOTTOM + 18, f"{10**power:,}", "middle")
        for power in range(self.low_y, self.high_y + 1):
            y = self.y(10**power)
            yield _line(LEFT, y, WIDTH - RIGHT, y, "#ddd")
            yield _text(LEFT - 8, y + 4, f"{10.0**power:g} s", "end")


def _line(x1, y1, x2, y2, colour):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _text(x, y, text, anchor="start", colour="#222"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def _series(axes, points, colour):
    places = [(axes.x(row["packages"]), axes.y(row["median_s"])) for row in points]
    yield f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>'
    for (x, y), row in zip(places, points):
        yield _line(x, axes.y(row["min_s"]), x, axes.y(row["max_s"]), colour)
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'


def _panel(rows):
    axes, sides = _Axes(rows), list(dict.fromkeys(row["side"] for row in rows))
    yield _text(LEFT, TOP - 14, rows[0]["title"])
    yield _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "packages in the repository", "middle")
    yield from axes.grid()
    labels = []
    for colour, side in zip(COLOURS, sides):
        points = [row for row in rows if row["side"] == side]
        yield from _series(axes, points, colour)
        labels.append((axes.y(points[-1]["median_s"]), side, colour))
    lowest = TOP
    for y, side, colour in sorted(labels):  # names at the ends of their lines, pushed apart where they would cover each other
        lowest = max(y + 4, lowest + 15)
        yield _text(WIDTH - RIGHT + 10, lowest, side, colour=colour)


def svg(rows):
    """`rows`: results of report.py. Cases that were measured at one size only have no line to draw; "" when none has."""
    panels = {}
    for row in rows:
        if not row["case"].endswith("memory"):
            panels.setdefault(row["case"], []).append(row)
    panels = [panel for panel in panels.values() if len({row["packages"] for row in panel}) > 1]
    if not panels:
        return ""
    parts = [f'<g transform="translate(0 {number * HEIGHT})">\n' + "\n".join(_panel(panel)) + "\n</g>" for number, panel in enumerate(panels)]
    height = HEIGHT * len(panels)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
            f'font-family="sans-serif" font-size="12">\n<rect width="{WIDTH}" height="{height}" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n")

"""Draw the trend of a figure as a small SVG."""

from __future__ import annotations

from datetime import date
from xml.sax.saxutils import escape, quoteattr

WIDTH, HEIGHT, EDGE = 240, 48, 4


def draw_trend(name: str, trend: list[tuple[date, int]], late_days: list[date]) -> str:
    """Return a line from the first to the last day, beginning at zero.

    A dotted upright line marks each day on which a source was read for the first time.
    """
    most = max(number for _, number in trend) or 1
    width, height = WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE

    def across(place: int) -> float:
        return round(EDGE + width * place / (len(trend) - 1), 1)

    def down(number: int) -> float:
        return round(EDGE + height * (1 - number / most), 1)

    points = [(across(place), down(number)) for place, (_, number) in enumerate(trend)]
    line = " ".join(f"{x},{y}" for x, y in points)
    days = [day for day, _ in trend]
    marks = "".join(
        f'<line class="late" x1="{x}" x2="{x}" y1="0" y2="{HEIGHT}"/>'
        for x in (across(days.index(day)) for day in late_days if day in days)
    )
    (first, before), (last, after) = trend[0], trend[-1]
    label = f"{name}: {before} on {first}, {after} on {last}; at most {most} in between"
    return (
        f'<svg class="trend" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label={quoteattr(label)} preserveAspectRatio="none">'
        f"<title>{escape(label)}</title>{marks}"
        f'<polygon class="area" points="{EDGE},{HEIGHT - EDGE} {line} {WIDTH - EDGE},'
        f'{HEIGHT - EDGE}"/><polyline class="line" points="{line}"/></svg>'
    )

"""Figures of one question as a chart: lines where they run through time, bars where each stands alone."""

from __future__ import annotations

from collections.abc import Sequence

from paceline.document import Chart, Series
from paceline.errors import NotEnoughData, UnknownName
from paceline.figures import Figure


def chart(figures: Sequence[Figure], title: str, statistic: str | None = None) -> Chart:
    """One line per subject if the figures have a history, else one bar per figure, in their order.

    A drawing shows one statistic in one unit: ``statistic``, or the first one there is. Raises ``UnknownName``
    for another and ``NotEnoughData`` where no figure has a number.
    """
    there = list(dict.fromkeys(f.statistic for f in figures))
    if statistic is not None and statistic not in there:
        raise UnknownName("statistic", statistic, there)
    chosen = there[0] if statistic is None and there else statistic
    drawn = [f for f in figures if f.statistic == chosen and isinstance(f.value, (int, float))]
    if not drawn:
        raise NotEnoughData(f"{title}: there is no number to draw.", "Ask for other subjects or another day.")
    drawn = [f for f in drawn if f.unit == drawn[0].unit]
    lines: dict[str, list[Figure]] = {}
    for figure in drawn:
        lines.setdefault(_name(figure), []).append(figure)
    signed = drawn[0].unit in ("return", "points")
    if any(len({f.end for f in line}) > 1 for line in lines.values()):
        series = [Series(name, [f.end for f in line], [float(f.value) for f in line], line[-1])
                  for name, line in lines.items()]
        return Chart("line", title, tuple(series), drawn[0].unit, reference=0.0 if signed else None)
    bars = [Series(_name(f), [_name(f)], [float(f.value)], f) for f in drawn]
    return Chart("bar", title, tuple(bars), drawn[0].unit, reference=0.0 if signed else None)


def _name(figure: Figure) -> str:
    name = figure.label or figure.subject
    return f"{name} against {figure.against}" if figure.against else name

"""Lines of a target's chart: the history before it, and the quantiles of the draws."""

from __future__ import annotations

from typing import NamedTuple

from paceline.figures import Figure
from paceline.methods.level_odds import QUANTILES
from paceline.studies.target import DRAWN, Answer


class FanLine(NamedTuple):
    """Levels by day, and the figure of the last of them."""

    days: list[str]
    levels: list[float]
    figure: Figure


def history(answer: Answer) -> FanLine:
    """The closes of the last year up to the as-of day."""
    return FanLine(
        [str(d) for d in answer.days[-DRAWN:]],
        [float(c) for c in answer.closes[-DRAWN:]],
        answer.figures["last_close"],
    )


def quantiles(answer: Answer) -> list[tuple[float, FanLine]]:
    """Each quantile of the draws under the stated drift with its line, highest first."""
    t = answer.target
    rows = zip(QUANTILES, t.fan, strict=True)
    lines = [
        (
            q,
            FanLine(
                list(t.fan_dates), [float(v) for v in row], answer.figures[f"quantile {q:.0%}"]
            ),
        )
        for q, row in rows
    ]
    return lines[::-1]

"""Short-term lows and highs, and the day each of them became known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from paceline import kernels
from paceline.measures import Array, Result, View, measure
from paceline.signals.tables import day, tidy


@measure(
    question="When did the market last turn, and when could one know it?",
    never="That the low was known on its own day: it was known on the day of confirmation.",
    of="levels",
    unit="return",
    shows="events",
    bounds=(-1.0, float("inf")),
    references=(
        "Lunde, Timmermann (2004), Duration Dependence in Stock Prices",
        "R package bbdetection (source)",
    ),
    limits={"fall": (1e-6, 1), "rise": (1e-6, 10)},
)
def swing_lows(view: View, *, fall: float | None = None, rise: float | None = None) -> Result:
    """Highs and lows of each level by the filter of Lunde and Timmermann.

    While rising, a close below (1 - fall) * (highest close since the phase began) confirms that
    highest close as a high; while falling, a close above (1 + rise) * (lowest close since) confirms
    the low. Of equal extremes the first counts. ``start`` is the session of the turning point,
    ``end`` the session that confirmed it: nobody could know it earlier, and nothing changes
    afterwards. The value is the move into it from the turning point before,
    value = level / level before - 1: the fall into a low or the rise into a high.

    fall, rise  fractions; default: those the market file sets for its short-term low (5% and 3%)

    Columns: ``kind`` (low, high; "running high" or "running low" for the extreme of the phase that
    is still open, whose ``end`` is the last session), ``level``, ``confirmed``,
    ``rise_at_confirmation`` (the move from the turning point to its confirmation, negative after a
    high), ``provisional``: the open phase, and the first high, which depends on where the history
    starts and has no value; the move from it says that. Which close is the turning point before
    depends on the two before that: what the data lack from there on counts for the row. Missing
    levels are passed over. Raises UsageError for a fall or rise that is no size of a move.
    """
    fall, rise = view.low[0] if fall is None else fall, view.low[1] if rise is None else rise
    rows = [
        row
        for subject, level in zip(view.subjects, view.levels, strict=True)
        for row in _turns(view, subject, level, fall, rise)
    ]
    return Result(
        table=tidy(
            rows,
            kind=pl.String,
            level=pl.Float64,
            confirmed=pl.Date,
            rise_at_confirmation=pl.Float64,
            provisional=pl.Boolean,
            reach=pl.String,
            caveat=pl.String,
        )
    )


def _turns(
    view: View, subject: str, level: Array, fall: float, rise: float
) -> Iterator[dict[str, object]]:
    """The rows of one level (T,): its turning points, then the extreme of the open phase."""
    turns = kernels.turning_points(level, fall, rise)
    there = np.flatnonzero(np.isfinite(level))
    before, rising, pivots = float("nan"), True, [0, 0, 0]

    def row(kind: str, pivot: int, known: int) -> dict[str, object]:
        first = f"measured from the first high of a history that begins on {begun}"
        return {
            "subject": subject,
            "statistic": kind,
            "start": day(view.sessions, pivot),
            "end": day(view.sessions, known),
            "value": float(level[pivot]) / before - 1,
            "kind": kind,
            "level": float(level[pivot]),
            "reach": str(day(view.sessions, pivots[-3])),
            "caveat": first if len(pivots) == 4 else "",
        }

    begun = day(view.sessions, int(there[0])) if len(there) else None
    for number, (kind, pivot, confirmed) in enumerate(zip(*turns, strict=True)):
        yield row("high" if kind > 0 else "low", pivot, confirmed) | {
            "confirmed": day(view.sessions, confirmed),
            "rise_at_confirmation": float(level[confirmed]) / float(level[pivot]) - 1,
            "provisional": number == 0,
        }
        before, rising = float(level[pivot]), kind < 0
        pivots.append(pivot)
    begin = int(turns.confirmed[-1]) if len(turns.kind) else 0
    rest = level[begin:]
    if np.isfinite(rest).any():
        pivot = begin + int(np.nanargmax(rest) if rising else np.nanargmin(rest))
        kind = f"running {'high' if rising else 'low'}"
        yield row(kind, pivot, len(view.sessions) - 1) | {"provisional": True}

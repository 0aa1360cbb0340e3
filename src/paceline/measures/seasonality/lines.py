"""What seasons are looked for in: the benchmark, the rotations, the published factor series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from paceline.arrays import SESSIONS_PER_YEAR
from paceline.signals import french
from paceline.signals.calendar import SeasonalLine
from paceline.signals.returns import session_returns
from paceline.signals.view import View


def lines(view: View, columns: Sequence[str] | str) -> Iterator[SeasonalLine]:
    """The benchmark, the rotations and the published series, those with more than a year."""
    for line in _all(view, (columns,) if isinstance(columns, str) else columns):
        if len(line.dates) > (12 if line.monthly else SESSIONS_PER_YEAR):
            yield line


def _all(view: View, columns: Sequence[str]) -> Iterator[SeasonalLine]:
    """Every line, long or short."""
    if view.benchmark is not None:
        label = view.labels.get(view.subjects[view.benchmark], "benchmark")
        yield _of_levels(view, (view.benchmark,), label)
    for pair, name in zip(view.pairs, view.pair_names, strict=True):
        yield _of_levels(view, pair, name)
    for column in columns:
        names = [n for n in sorted(view.series) if n.endswith(f"/daily/{column}")]
        best = french.find(view, "daily", column)
        for name in names if column == "return" else [best] if best else []:
            yield _of_series(view, name, column, monthly=False)
        monthly = french.find(view, "monthly", column)
        if best is None and monthly is not None:
            yield _of_series(view, monthly, column, monthly=True)
    pair_of_legs = french.winners_losers(view)
    if pair_of_legs is not None:
        name, dates, high, low = pair_of_legs
        legs = (high - low)[None]
        yield SeasonalLine(french.WML, name, None, "total", dates, legs, (1,), monthly=True)


def _of_levels(view: View, rows: tuple[int, ...], name: str) -> SeasonalLine:
    """The line of one level, or of the first relative to the second, on sessions with both."""
    levels = view.levels[list(rows)]
    valid = np.flatnonzero(np.isfinite(levels).all(axis=0))
    r = session_returns(levels[:, valid])[:, 1:]
    against = view.subjects[rows[1]] if len(rows) > 1 else None
    signs = (1, -1)[: len(rows)]
    return SeasonalLine(
        name, view.subjects[rows[0]], against, None, view.sessions[valid[1:]], r, signs
    )


def _of_series(view: View, name: str, column: str, *, monthly: bool) -> SeasonalLine:
    """The line of one published series of returns."""
    dates, values = french.seen(view, name)
    valid = np.isfinite(values)
    label = french.COLUMNS.get(column, name.split("/")[-3] if name.count("/") > 1 else name)
    legs, basis = values[valid][None], french.basis(name)
    return SeasonalLine(label, name, None, basis, dates[valid], legs, (1,), monthly)

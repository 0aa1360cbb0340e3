"""Sessions in a row: of gains, and of one basket ahead of another."""

from __future__ import annotations

import numpy as np
import polars as pl

from paceline import kernels
from paceline.measures import Array, Result, View, measure
from paceline.signals.returns import session_returns
from paceline.signals.sessions import begin_of
from paceline.signals.tables import day, tidy

#: Two returns closer than this are equal: they differ by rounding only.
EQUAL = 1e-12


@measure(
    question="For how many sessions in a row?",
    never="That a run is due to end or to go on: coins have runs as well.",
    of="levels",
    needs=("pairs",),
    unit="sessions",
    shows="table",
    references=(
        "Campbell, Lo, MacKinlay (1997), The Econometrics of Financial Markets, section 2.2 (runs)",
    ),
)
def streaks(view: View, *, window: int | None = None) -> Result:
    """Lengths of runs of sessions with the same sign.

    For each level the sign of its return r_t; for each pair (against is filled) the sign of lead's
    return minus the other's, d = r_lead - r_against. A difference below 1e-12 is zero, and zero
    breaks a run.

    current        run that ends at the last session: positive gains (ahead), negative losses
                   (behind), 0 neither
    longest_gain   longest run of gains this calendar year (levels) or this calendar quarter
                   (pairs: longest_ahead); the latest of equals; likewise longest_loss,
                   longest_behind, negative

    window  so many last sessions, instead of this quarter's, in which the longest run of a pair is
            looked for

    Columns: ``start`` is the close before the run's first session and ``end`` its last session, so
    that the move over the run is the return from start to end; ``first`` is its first session;
    ``gain`` that return (of a pair: lead's return minus the other's); ``known`` the day of the
    statement. Missing: a session without return breaks the run.
    """
    daily = session_returns(view.levels)
    year, quarter = (begin_of(view.sessions, unit) for unit in ("Y", "Q"))
    recent = quarter if window is None else len(view.sessions) - window
    rows = []
    for row, subject in enumerate(view.subjects):
        if np.isfinite(view.levels[row]).any():
            rows += _rows(
                view,
                subject,
                None,
                daily[row],
                max(year, 1),
                ("longest_gain", "longest_loss"),
                (row,),
            )
    for lead, other in view.pairs:
        ahead = daily[lead] - daily[other]
        rows += _rows(
            view,
            view.subjects[lead],
            view.subjects[other],
            ahead,
            max(recent, 1),
            ("longest_ahead", "longest_behind"),
            (lead, other),
        )
    own = {"first": pl.Date, "gain": pl.Float64, "known": pl.Date}
    return Result(table=tidy(rows, **own, reach=pl.String, until=pl.String))


def _rows(
    view: View,
    subject: str,
    against: str | None,
    change: Array,
    since: int,
    names: tuple[str, str],
    legs: tuple[int, ...],
) -> list[dict[str, object]]:
    """Current run over all history, longest runs within the sessions from ``since`` on."""
    sign = np.where(np.abs(change) < EQUAL, 0.0, change)
    last = len(change) - 1
    runs = kernels.streaks(sign)
    # latest first, so that argmax finds the latest of equals
    inside = kernels.streaks(sign[since:])[::-1]
    runs_by_name = {"current": (last, runs[last])}
    for name, direction in zip(names, (1, -1), strict=True):
        lengths = np.nan_to_num(inside * direction)
        at = int(lengths.argmax()) if len(lengths) else 0
        length = float(lengths[at]) * direction if len(lengths) and lengths[at] > 0 else 0.0
        runs_by_name[name] = (last - at if length else last, length)
    rows: list[dict[str, object]] = []
    for name, (stop, length) in runs_by_name.items():
        base = stop - int(abs(length)) if np.isfinite(length) else stop
        # what broke the run before counts too; of the longest, every other run of the period
        reach = base if name == "current" else since
        moves = [view.levels[leg, stop] / view.levels[leg, base] - 1 for leg in legs]
        rows.append(
            {
                "subject": subject,
                "against": against,
                "statistic": name,
                "start": day(view.sessions, base),
                "end": day(view.sessions, stop),
                "value": float(length),
                "known": day(view.sessions, last),
                "first": day(view.sessions, base + 1) if length and np.isfinite(length) else None,
                "gain": float(moves[0] - (moves[1] if len(moves) > 1 else 0.0)) if length else 0.0,
                "reach": str(day(view.sessions, max(reach - 1, 0))),
                "until": None if name == "current" else str(day(view.sessions, last)),
            }
        )
    return rows

"""Who leads a group over each horizon, and who has moved up."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline.measures import Array, Result, View, measure
from paceline.signals.tables import day, tidy
from paceline.signals.windows import change, chosen, since_session, window

DEFAULT = ("since_low", "1d", "1w", "1m", "last_month", "3m", "6m", "ytd", "1y")


def ranks(values: Array, tie: float) -> NDArray[np.int64]:
    """Rank 1 for the largest; neighbours in the order closer than ``tie`` share a rank; -1 where missing.

    The ranks after a tie of two continue at two more (1, 2, 2, 4). Closeness is passed on: if a
    ties with b and b with c, all three share a rank, so that no two values closer than ``tie`` are
    ever ranked apart.
    """
    order = np.argsort(-values, kind="stable")  # missing values come last
    ordered = values[order]
    apart = np.ones(len(values), bool)
    apart[1:] = ordered[:-1] - ordered[1:] >= tie - 1e-12
    place = np.maximum.accumulate(np.where(apart, np.arange(len(values)), 0))
    out = np.empty(len(values), np.int64)
    out[order] = np.where(np.isfinite(ordered), place + 1, -1)
    return out


@measure(
    question="Who leads the group, and who is moving up?",
    never="That the first will stay first: ranks over short windows change about as noise does.",
    of="levels",
    unit="return",
    shows="ranking",
    bounds=(-1.0, float("inf")),
    references=("Kendall, Gibbons (1990), Rank Correlation Methods, chapter 3 (tied ranks)",),
)
def league(
    view: View,
    *,
    horizons: tuple[str, ...] | None = None,
    since: str | None = None,
    tie: float = 0.001,
) -> Result:
    """Ranking of every group of baskets by return over each horizon, best first.

    value = level at the end / level at the base - 1, with the horizons of ``performance``. Rank 1
    is the highest return; neighbours closer than ``tie`` (0.1 point) share a rank. ``rank_before``
    is the rank over the period of the same number of sessions just before the base,
    ``value_before`` its return, and ``rank_change`` = rank_before - rank: positive for those who
    moved up.

    horizons  names of horizons; default: since_low, 1d, 1w, 1m, last_month, 3m, 6m, ytd, 1y
    since     ISO date or "low": ranked since the close of that day
    tie       returns closer than this are a tie

    Columns: ``group``, ``rank``, ``rank_before``, ``rank_change``, ``value_before``; the horizon is
    ``statistic``. Missing: a basket without a return has no rank, and the others are ranked without
    it.
    """
    wanted = list(chosen(horizons, ("since",) if since is not None else DEFAULT))
    if since is not None and "since" not in wanted:
        wanted.insert(0, "since")
    rows = []
    for name in wanted:
        is_since = name == "since" and since is not None
        start, end = (
            (since_session(view, str(since)), len(view.sessions) - 1)
            if is_since
            else window(view, name)
        )
        now, before = change(view.levels, start, end), change(view.levels, 2 * start - end, start)
        for group, members in view.groups.items():
            here = np.array(members, np.int64)
            place, place_before = ranks(now[here], tie), ranks(before[here], tie)
            for k in np.argsort(-now[here], kind="stable"):
                rank, earlier = int(place[k]), int(place_before[k])
                rows.append(
                    {
                        "subject": view.subjects[here[k]],
                        "statistic": name,
                        "start": day(view.sessions, start),
                        "end": day(view.sessions, end),
                        "value": float(now[here[k]]),
                        "group": group,
                        "rank": rank if rank > 0 else None,
                        "rank_before": earlier if earlier > 0 else None,
                        "rank_change": earlier - rank if min(rank, earlier) > 0 else None,
                        "value_before": float(before[here[k]]),
                    }
                )
    return Result(
        table=tidy(
            rows,
            group=pl.String,
            rank=pl.Int64,
            rank_before=pl.Int64,
            rank_change=pl.Int64,
            value_before=pl.Float64,
        )
    )

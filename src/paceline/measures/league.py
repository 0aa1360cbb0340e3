"""Who leads a group over each horizon, and who has moved up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from paceline.measures import Array, Result, View, measure
from paceline.signals.ranks import tied_ranks
from paceline.signals.returns import return_between
from paceline.signals.tables import day, tidy
from paceline.signals.windows import chosen, since_session, window

DEFAULT = ("since_low", "1d", "1w", "1m", "last_month", "3m", "6m", "ytd", "1y")


@measure(
    question="Who leads the group, and who is moving up?",
    never="That the first will stay first: ranks over short windows change about as noise does.",
    of="levels",
    unit="return",
    shows="ranking",
    bounds=(-1.0, float("inf")),
    references=("Kendall, Gibbons (1990), Rank Correlation Methods, chapter 3 (tied ranks)",),
    limits={"tie": (0, 1)},
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
    it; of one that ended they say so.
    """
    wanted = list(chosen(horizons, ("since",) if since is not None else DEFAULT))
    if since is not None and "since" not in wanted:
        wanted.insert(0, "since")
    rows: list[dict[str, object]] = []
    for name in wanted:
        if name == "since" and since is not None:
            start, end = since_session(view, since), len(view.sessions) - 1
        else:
            start, end = window(view, name)
        now = return_between(view.levels, start, end)
        before = return_between(view.levels, 2 * start - end, start)
        when = {
            "statistic": name,
            "start": day(view.sessions, start),
            "end": day(view.sessions, end),
        }
        for group, members in view.groups.items():
            own = np.array(members, np.int64)
            head = {**when, "group": group}
            names = [view.subjects[m] for m in members]
            ended = [n for n, m in zip(names, members, strict=True) if _ended(view.levels[m], end)]
            without = f"ranked without {', '.join(ended)}: ended before" if ended else ""
            rows += [
                {**head, **row, "caveat": "" if row["subject"] in ended else without}
                for row in _ranking(names, now[own], before[own], tie)
            ]
    return Result(
        table=tidy(
            rows,
            group=pl.String,
            caveat=pl.String,
            rank=pl.Int64,
            rank_before=pl.Int64,
            rank_change=pl.Int64,
            value_before=pl.Float64,
        )
    )


def _ended(level: Array, end: int) -> bool:
    """Whether a level (T,) had values and has none any more at ``end``."""
    return bool(np.isnan(level[end]) and np.isfinite(level[: max(end, 0)]).any())


def _ranking(
    names: list[str], now: Array, before: Array, tie: float
) -> Iterator[dict[str, object]]:
    """Rows of one group over one horizon, best first."""
    place, place_before = tied_ranks(now, tie), tied_ranks(before, tie)
    for k in np.argsort(-now, kind="stable"):
        rank, earlier = int(place[k]), int(place_before[k])
        yield {
            "subject": names[k],
            "value": float(now[k]),
            "rank": rank if rank > 0 else None,
            "rank_before": earlier if earlier > 0 else None,
            "rank_change": earlier - rank if min(rank, earlier) > 0 else None,
            "value_before": float(before[k]),
        }

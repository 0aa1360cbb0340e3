"""The mix of styles a book behaves like: the measure of that name, asked of the book."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from paceline import measures
from paceline.measures import View
from paceline.measures.style_analysis import STYLES
from paceline.studies.exposure.betas import Past, book_line
from paceline.studies.exposure.positions import Positions

if TYPE_CHECKING:
    from paceline.market import Market

#: Most and fewest months of the mix.
MOST, FEWEST = 36, 12
#: What the book is called beside the styles.
BOOK = "the book"


class StyleMix(NamedTuple):
    """The mix of styles.

    weights    style -> weight and its standard error, None where it has none
    r_squared, tracking  as the measure defines them; None where there is no mix
    start, end the window
    months     in it
    why        why there is no mix; "" where there is one
    """

    weights: dict[str, tuple[float, float | None]]
    r_squared: float | None = None
    tracking: float | None = None
    start: str = ""
    end: str = ""
    months: int = 0
    why: str = ""


def mix_of(market: Market, book: Positions, past: Past) -> StyleMix:
    """The mix of the baskets in the group "styles" that follows the book's months best.

    Over the last 36 months, or as many as the book's returns reach back without a hole, 12 at
    least.
    """
    names = market.groups.get(STYLES, [])
    if len(names) < 2:
        return StyleMix({}, why='the market declares no group "styles"')
    have = market.all_levels
    rows = [have.names.index(n) for n in names]
    returns = book_line(book, past)
    holes = np.flatnonzero(~np.isfinite(returns))
    start = int(holes[-1]) if len(holes) else 0
    days = book.days[start:]
    levels = have.by_basis["total"][rows]
    levels = np.where(np.isfinite(levels[:, -1:]), levels, have.native[rows])
    own = np.cumprod(np.r_[1.0, 1 + returns[start + 1 :]])
    at = np.searchsorted(have.sessions, days)
    view = View(
        sessions=days,
        subjects=(*names, BOOK),
        all_levels={"total": np.vstack([levels[:, at], own])},
        basis="total",
        groups={STYLES: tuple(range(len(names)))},
        calendar=market.sessions,
    )
    ends = len(np.unique(days.astype("datetime64[M]"))) - 2
    months = min(MOST, ends)
    if months < FEWEST:
        return StyleMix(
            {}, why=f"its returns reach back {max(months, 0)} months, and {FEWEST} are needed"
        )
    found = measures.get("style_analysis", market.plugins)(view, months=months, windows=1)
    assert found.table is not None
    table = found.table.to_dicts()
    mine = {r["statistic"]: r for r in table if r["statistic"] != "weight"}
    if not table or (mine and mine["r_squared"].get("reason")):
        return StyleMix({}, why=str(mine["r_squared"]["reason"]) if mine else "no month is over")
    weights = {
        str(r["against"]): (float(r["value"]), r["error"])
        for r in table
        if r["statistic"] == "weight"
    }
    return StyleMix(
        dict(sorted(weights.items(), key=lambda kv: -kv[1][0])),
        float(mine["r_squared"]["value"]),
        float(mine["tracking"]["value"]),
        str(mine["r_squared"]["start"]),
        str(mine["r_squared"]["end"]),
        months,
    )

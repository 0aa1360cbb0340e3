"""How much cheaper cheap stocks are than dear ones, now and in their own history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from paceline.arrays import COVERAGE, Bools, Ints
from paceline.errors import UnknownName, UsageError
from paceline.measures import Array, Result, View, measure
from paceline.signals import french
from paceline.signals.characteristics import Stocks, chosen
from paceline.signals.history import place_so_far
from paceline.signals.sessions import month_ends
from paceline.signals.sorts import legs
from paceline.signals.tables import day, tidy

#: The group whose baskets are the sectors, where nobody names another.
SECTORS = "sectors"
#: Columns of the published book-to-market ratios: the dearest and the cheapest fifth.
DEAR, CHEAP = "Lo 20", "Hi 20"
PUBLISHED = "/value_weight_average_of_be_me/"


@measure(
    question="How much cheaper are the cheap stocks than the dear ones, against their history?",
    never="That value will pay because the spread is wide: it can widen for years.",
    of="basket",
    needs=(
        *("price_return", "total_return", "price_index", "total_index"),
        *("market_cap", "fundamental:book_equity", "member", "series"),
    ),
    unit="score",
    shows="table",
    references=(
        "Cohen, Polk, Vuolteenaho (2003), The value spread",
        "Asness, Friedman, Krail, Liew (2000), Style timing: value versus growth",
        "Kenneth R. French, Data Library (portfolios formed on BE/ME)",
    ),
)
def value_spread(
    view: View,
    *,
    baskets: tuple[str, ...] | None = None,
    quantiles: int = 5,
    group: str | None = None,
    months: int = 120,
) -> Result:
    """Log of the cheap stocks' median book to market less that of the dear ones', by month end.

    With b = ln(book equity / market cap), book equity as filed by then and above zero:

    spread         = median of b of the highest 1/q less median of b of the lowest
    within         the same within each basket of the group, averaged with the number of its members
                   that have b as weights: cheap against dear of one sector
    published      ln of the value-weighted average BE/ME of the cheapest fifth over that of the
                   dearest in Ken French's library (section "Value Weight Average of BE / ME"), by
                   year since 1926; its breakpoints are those of the New York Stock Exchange

    A spread of 1.5 is exp(1.5) = 4.5 times the book to market. ``place`` is the share of the values
    of all month ends (years) so far that are not above it, this one included: 1 is the widest so
    far. It needs 24 of them.

    baskets    baskets that are sorted; default: the first of the market file that has members
    quantiles  q
    group      group of the sectors; default: "sectors", where there is one
    months     how many of the last month ends are listed; places are by all of them

    n_used counts members with book equity and cap, n_eligible the members, both at the month end.
    Missing: a member without either is in no fifth; no value below q of them, or where fewer than
    90% of the members have one; a sector with fewer than q is left out of ``within``. Raises
    UnknownName for an unknown group or basket.
    """
    if quantiles < 2:
        raise UsageError(f"quantiles = {quantiles} divides nobody.", "Give 2 or more, e.g. 5.")
    if group is not None and group not in view.groups:
        raise UnknownName("group", group, view.groups)
    sectors = view.groups.get(group or SECTORS)
    ends = month_ends(view.sessions, view.calendar)
    rows: list[dict[str, object]] = []
    for row in chosen(view, baskets):
        stocks = Stocks(view, row, "price")
        stocks.prepare()
        found = [_at(stocks, t, quantiles, sectors) for t in ends.tolist()]
        rows += _rows(view, row, ends, found, months)
    rows += _published(view)
    return Result(
        table=tidy(
            rows,
            place=pl.Float64,
            history=pl.Int64,
            reason=pl.String,
            caveat=pl.String,
            rests=pl.String,
        )
    )


class _Spread(NamedTuple):
    """The spreads of one basket at one month end, and how many members they rest on."""

    spread: float
    within: float
    n_used: int
    n_eligible: int


def _at(stocks: Stocks, t: int, quantiles: int, sectors: tuple[int, ...] | None) -> _Spread | None:
    """The spreads at the close of session t; None before the basket's first members."""
    span = next((s for s in stocks.view.spans if s.start <= t < s.stop), None)
    member = stocks.weights(t) > 0
    if span is None or not member.any():
        return None
    book, cap = stocks.field("fundamental:book_equity")[:, t], stocks.cap(t)
    with np.errstate(divide="ignore", invalid="ignore"):
        b = np.log(np.where((book > 0) & (cap > 0), book / cap, np.nan))
    b[~member] = np.nan
    used, all_ = int(np.isfinite(b).sum()), int(member.sum())
    if used < COVERAGE * all_:
        return _Spread(np.nan, np.nan, used, all_)
    within = np.nan
    if sectors is not None:
        inside = span.weights[list(sectors)][:, stocks.rows] > 0
        parts = [(_spread(b, member & own, quantiles), own & np.isfinite(b)) for own in inside]
        known = [(s, int(own.sum())) for s, own in parts if np.isfinite(s)]
        if known:
            within = float(np.average([s for s, _ in known], weights=[n for _, n in known]))
    return _Spread(_spread(b, member, quantiles), within, used, all_)


def _spread(b: Array, among: Bools, quantiles: int) -> float:
    """Median of the highest fifth less that of the lowest; NaN where one of them is empty."""
    top, bottom = legs(b, among, quantiles)
    if not top.any() or not bottom.any():
        return float("nan")
    return float(np.median(b[top]) - np.median(b[bottom]))


def _rows(
    view: View, row: int, ends: Ints, found: list[_Spread | None], months: int
) -> Iterator[dict[str, object]]:
    """Rows of one basket: both spreads at the last month ends, with their places."""
    made = [(t, s) for t, s in zip(ends.tolist(), found, strict=True) if s is not None]
    for name in ("spread", "within"):
        values = np.array([getattr(s, name) for _, s in made], float)
        places, history = place_so_far(values), np.cumsum(np.isfinite(values))
        for k in range(max(len(made) - months, 0), len(made)):
            t, s = made[k]
            yield {
                "subject": view.subjects[row],
                "statistic": name,
                "start": day(view.sessions, t),
                "end": day(view.sessions, t),
                "value": values[k],
                "n_used": s.n_used,
                "n_eligible": s.n_eligible,
                "place": float(places[k]) if np.isfinite(places[k]) else None,
                "history": int(history[k]),
                "reason": None if np.isfinite(values[k]) else "too few members have book and cap",
            }


def _published(view: View) -> Iterator[dict[str, object]]:
    """The library's spread by year, under the name of its cheap portfolio."""
    name = next((n for n in sorted(view.series) if PUBLISHED + CHEAP in n), None)
    if name is None or name.replace(CHEAP, DEAR) not in view.series:
        return
    (days, cheap), (others, dear) = (
        french.seen(view, n) for n in (name, name.replace(CHEAP, DEAR))
    )
    _, at, by = np.intersect1d(days, others, return_indices=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.log(cheap[at] / dear[by])
    values[~np.isfinite(values)] = np.nan
    places = place_so_far(values)
    for k, (when, value) in enumerate(zip(days[at].tolist(), values.tolist(), strict=True)):
        yield {
            "subject": name,
            "statistic": "published",
            "start": when,
            "end": when,
            "value": value,
            "place": float(places[k]) if np.isfinite(places[k]) else None,
            "history": int(np.isfinite(values[: k + 1]).sum()),
            "rests": "",
            "reason": None if np.isfinite(value) else "one of the two averages is not above zero",
        }

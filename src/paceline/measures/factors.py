"""Factor portfolios: what stocks with a common trait earned, long only and against their opposite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline import threads
from paceline.errors import UnknownName, UsageError
from paceline.measures import Array, Result, View, measure
from paceline.measures.league import ranks
from paceline.signals.characteristics import (
    FACTORS,
    NEEDS,
    Stocks,
    betas,
    chosen,
    month_ends,
    row_of,
    scores,
)
from paceline.signals.lows import last_low
from paceline.signals.members import Basis, basis_of
from paceline.signals.sorts import held, legs, weigh
from paceline.signals.tables import day, tidy
from paceline.signals.windows import since_session, window

SIDES = ("long", "short", "long_short", "long_over_index")
Weighting = Literal["own", "equal", "cap"]
#: Returns closer than this are a tie in a league.
TIE = 0.001
#: The fundamentals a factor's score rests on.
RESTS = {
    "value": "fundamental:book_equity",
    "quality": "fundamental:book_equity,fundamental:earnings",
}


@dataclass(frozen=True)
class Portfolios:
    """Daily returns (F, T) of one basket's factor portfolios, NaN where there is none; counts per formation.

    formed           sessions of the month-ends at whose close the portfolios were formed
    scored, members  (F, K) names with a score, (K,) names in the basket
    spread           (K,) median book to market of the top over that of the bottom value quantile
    """

    long: Array
    short: Array
    long_short: Array
    formed: NDArray[np.int64]
    scored: Array
    members: Array
    spread: Array

    def change(self, side: str, start: int, end: int) -> Array:
        """(F,) return from close to close; NaN where the portfolio was not there on every session between."""
        r: Array = getattr(self, side)[:, start + 1 : end + 1]
        total: Array = np.prod(1 + r, axis=1) - 1
        return total


@measure(
    question="Which kinds of stocks lead: small, cheap, past winners, calm?",
    never="That the factor is back, from one month or one year, or that it can be earned after costs.",
    of="basket",
    needs=(*NEEDS, "member"),
    unit="return",
    shows="table",
    references=(
        "Kenneth R. French, Data Library: construction of sorted portfolios (prior 2-12, 1-1, 13-60; size; book to "
        "market)",
        "Fama, French (1993), Common risk factors in the returns on stocks and bonds",
        "Jegadeesh, Titman (1993), Returns to buying winners and selling losers",
        "Asness, Frazzini, Pedersen (2019), Quality minus junk (profitability; here earnings to book alone)",
    ),
)
def factors(
    view: View,
    *,
    baskets: tuple[str, ...] | None = None,
    quantiles: int = 5,
    weights: Weighting = "own",
    neutral: str | None = None,
    breakpoints: str | None = None,
    since: str | None = None,
    months: int = 12,
    years: int = 10,
    basis: Basis | None = None,
) -> Result:
    """Returns of portfolios sorted by size, value, momentum, reversal, quality, volatility and the year so far.

    At the close of each month the members of a basket are sorted by a score (below); the highest
    1/q are bought (long), the lowest 1/q sold (short), and both are left alone until the next
    month-end, with r_t = sum of drifted weights * r_it over those alive. Sides:

    long, short       return of either leg over the window = level at the end / level at the base -
                      1
    long_short        V_end / V_base - 1, where V grows by 1 + long - short of the month so far:
                      both legs start each month alike
    long_over_index   long - the basket's own return: what an investor who may not sell short would
                      have seen

    size            small first: -ln(market cap)
    value           book equity / market cap, as filed by then for a period that ended less than a
                    year and a half before, negative book equity left out
    momentum        prior returns 2 to 12: from the close 12 months before the month-end to the
                    close one month before
    reversal_short  losers of the month just ended; reversal_long losers of prior months 13 to 60
    quality         earnings / book equity, as filed by then
    low_volatility  lowest sd of 252 daily returns (200 needed)
    ytd_winners     highest return since the last close of the year before; ytd_laggards lowest

    Scores of past returns are with dividends where the data have them, whatever the basis.
    Statistics: since_low (or since), mtd, last_month, ytd, 1y; each of the last full months
    ("2025-11") and calendar years ("2024"). valuation_spread = median book to market of the highest
    over that of the lowest quantile at each month-end, a ratio. Columns: ``factor``; ``side``;
    ``rank`` of the factor on its side in that window (returns within 0.1 point are a tie);
    ``bought`` says who is.

    baskets      sorted baskets; default: the first of the market file that has members
    quantiles    q
    weights      within a leg: "own", the basket's weights; "equal"; "cap", market caps (the last
                 one of ten sessions)
    neutral      a group of baskets, e.g. "sectors": sorted within each of its baskets, which keeps
                 its weight; or "beta": within fifths of beta on the basket (252 sessions)
    breakpoints  basket whose members set the quantiles (as the NYSE does for Fama and French);
                 default: all
    since        ISO date, or "low": the benchmark's last short-term low
    months       how many full months are listed
    years        how many full calendar years
    basis        "price" or "total" of the returns earned; default: the basis the baskets are shown
                 on

    Missing: a stock without a score is in no leg; below q scores a factor has no portfolio, and a
    window that starts before its portfolio has no value. n_used = members with a score, n_eligible
    = members, at the last month-end before the window's end; without fundamentals value and quality
    say "0 of n". Membership and weights are those of the month-end, never later ones. Raises
    UnknownName for an unknown basket or group.
    """
    if quantiles < 2:
        raise UsageError(f"quantiles = {quantiles} divides nobody.", "Give 2 or more, e.g. 5.")
    used = basis_of(view, basis)
    rows: list[dict[str, object]] = []
    for row in chosen(view, baskets):
        stocks = Stocks(view, row, used)
        made = _portfolios(
            stocks,
            quantiles,
            weights,
            _groups(view, stocks, neutral),
            None if breakpoints is None else row_of(view, breakpoints),
            neutral == "beta",
        )
        for name, start, end in _windows(view, since, months, years):
            rows += _league(view, row, made, stocks.level, name, start, end)
        rows += _spread(view, row, made)
    return Result(
        table=tidy(
            [{**r, "basis": used} for r in rows],
            factor=pl.String,
            side=pl.String,
            bought=pl.String,
            rank=pl.Int64,
            unit=pl.String,
            basis=pl.String,
            rests=pl.String,
        )
    )


def _groups(view: View, stocks: Stocks, neutral: str | None) -> list[Array] | None:
    """Per span the number of the group's basket each stock is in, -1 for none; None without groups."""
    if neutral in (None, "beta"):
        return None
    if neutral not in view.groups:
        raise UnknownName("group", str(neutral), [*view.groups, "beta"])
    found = []
    for span in view.spans:
        inside = span.weights[list(view.groups[neutral])][:, stocks.rows] > 0
        found.append(np.where(inside.any(axis=0), inside.argmax(axis=0), -1))
    return found


def _portfolios(
    stocks: Stocks,
    quantiles: int,
    weights: Weighting,
    groups: list[Array] | None,
    breakpoints: int | None,
    by_beta: bool,
) -> Portfolios:
    """All factors' legs at every month-end, and what they returned until the next one."""
    view, F, T = stocks.view, len(FACTORS), len(stocks.view.sessions)
    ends = month_ends(view)
    daily = np.full((2 * F, T), np.nan)
    spread_return = np.full((F, T), np.nan)
    value = list(FACTORS).index("value")
    stocks.prepare()

    def month(k: int) -> tuple[int, list[int], int, float] | None:
        """(session, names with each score, members, spread) at a month-end; its legs' returns until the next."""
        t = int(ends[k])
        span = next((i for i, s in enumerate(view.spans) if s.start <= t < s.stop), None)
        own = stocks.weights(t)
        if span is None or not own.any():
            return None
        member = own > 0
        base = {
            "own": own,
            "equal": member.astype(float),
            "cap": np.where(member, stocks.cap(t), 0.0),
        }[weights]
        group = None if groups is None else np.asarray(groups[span], np.int64)
        if by_beta:
            group = _fifths(np.where(member, betas(stocks, t), np.nan))
        by = None if breakpoints is None else view.spans[span].weights[breakpoints][stocks.rows] > 0
        known = scores(stocks, ends, k)
        W = np.zeros((2 * F, len(own)))
        for f, score in enumerate(known.values()):
            top, bottom = legs(score, member, quantiles, group, by)
            whole = np.where(np.isfinite(score), base, 0.0)
            W[f], W[F + f] = weigh(top, base, group, whole), weigh(bottom, base, group, whole)
        stop = int(ends[k + 1]) + 1 if k + 1 < len(ends) else T
        block = slice(t + 1, stop)
        daily[:, block] = held(
            W, stocks.returns[:, block], stocks.move[:, block], stocks.alive[:, block]
        )
        both = np.cumprod(1 + daily[:, block], axis=1)
        gap = 1 + both[:F] - both[F:]
        spread_return[:, block] = gap / np.hstack([np.ones((F, 1)), gap[:, :-1]]) - 1
        return (
            t,
            [int((member & np.isfinite(s)).sum()) for s in known.values()],
            int(member.sum()),
            _ratio(known["value"], W[value] > 0, W[F + value] > 0),
        )

    made = [m for m in threads.each(month, range(len(ends))) if m is not None]
    formed, scored, members, spreads = zip(*made, strict=True) if made else ((), (), (), ())
    return Portfolios(
        daily[:F],
        daily[F:],
        spread_return,
        np.array(formed, np.int64),
        np.array(scored, float).reshape(-1, F).T,
        np.array(members, float),
        np.array(spreads, float),
    )


def _fifths(beta: Array) -> NDArray[np.int64]:
    """Fifth of each stock by beta, -1 where unknown."""
    here = np.isfinite(beta)
    if here.sum() < 5:
        return np.full(len(beta), -1, np.int64)
    cuts = np.quantile(beta[here], [0.2, 0.4, 0.6, 0.8])
    return np.where(here, np.searchsorted(cuts, np.nan_to_num(beta), side="left"), -1).astype(
        np.int64
    )


def _ratio(score: Array, top: NDArray[np.bool_], bottom: NDArray[np.bool_]) -> float:
    if not top.any() or not bottom.any():
        return float("nan")
    return float(np.median(score[top]) / np.median(score[bottom]))


def _windows(
    view: View, since: str | None, months: int, years: int
) -> Iterator[tuple[str, int, int]]:
    """(statistic, base, end) of every window shown."""
    last = len(view.sessions) - 1
    if since is not None:
        yield "since", since_session(view, since), last
    elif last_low(view) is not None:
        yield "since_low", *window(view, "since_low")
    for name in ("mtd", "last_month", "ytd", "1y"):
        yield name, *window(view, name)
    ends = month_ends(view)
    for a, b in list(pairwise(ends.tolist()))[-months:] if months > 0 else []:
        yield str(view.sessions[b].astype("datetime64[M]")), a, b
    year = view.sessions.astype("datetime64[Y]")
    closes = np.flatnonzero(year[1:] != year[:-1]).tolist()
    for a, b in list(pairwise(closes))[-years:] if years > 0 else []:
        yield str(year[b]), a, b


def _league(
    view: View, row: int, made: Portfolios, index: Array, name: str, start: int, end: int
) -> Iterator[dict[str, object]]:
    """Rows of one window: every factor on every side, with its rank on that side."""
    nothing = np.full(len(FACTORS), np.nan)
    values = dict.fromkeys(SIDES, nothing)
    if 0 <= start <= end:
        values = {side: made.change(side, start, end) for side in SIDES[:3]}
        values["long_over_index"] = values["long"] - (index[end] / index[start] - 1)
    at = int(np.searchsorted(made.formed, end, side="left")) - 1
    for side, found in values.items():
        place = ranks(found, TIE)
        for f, (factor, bought) in enumerate(FACTORS.items()):
            if side != "long_short" and not any(np.isfinite(v[f]) for v in values.values()):
                continue  # no portfolio at all: said once
            yield {
                "subject": view.subjects[row],
                "statistic": name,
                "start": day(view.sessions, start),
                "end": day(view.sessions, end),
                "value": float(found[f]),
                "factor": factor,
                "side": side,
                "bought": bought,
                "rests": RESTS.get(factor, ""),
                "rank": int(place[f]) if place[f] > 0 else None,
                "n_used": int(made.scored[f, at]) if at >= 0 else 0,
                "n_eligible": int(made.members[at]) if at >= 0 else 0,
            }


def _spread(view: View, row: int, made: Portfolios) -> Iterator[dict[str, object]]:
    """The value factor's cheapness against its opposite, at every month-end where it can be said."""
    value = list(FACTORS).index("value")
    for k, t in enumerate(made.formed.tolist()):
        if np.isfinite(made.spread[k]):
            when = day(view.sessions, t)
            yield {
                "subject": view.subjects[row],
                "statistic": "valuation_spread",
                "start": when,
                "end": when,
                "value": float(made.spread[k]),
                "factor": "value",
                "side": "long_short",
                "bought": FACTORS["value"],
                "rests": RESTS["value"],
                "unit": "ratio",
                "n_used": int(made.scored[value, k]),
                "n_eligible": int(made.members[k]),
            }

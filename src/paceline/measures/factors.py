"""Factor portfolios: what stocks with a common trait earned, long-only and long-short."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import polars as pl

from paceline import threads
from paceline.arrays import COVERAGE, Bools, Ints
from paceline.errors import UnknownName, UsageError
from paceline.measures import Array, Result, View, measure
from paceline.signals.characteristics import FACTORS, NEEDS, Stocks, betas, chosen, row_of, scores
from paceline.signals.lows import last_low
from paceline.signals.members import Basis, basis_of
from paceline.signals.ranks import tied_ranks
from paceline.signals.returns import return_between
from paceline.signals.sessions import month_ends, period_ends
from paceline.signals.sorts import held, legs, weigh
from paceline.signals.tables import day, tidy
from paceline.signals.windows import since_session, window
from paceline.wording import number_of

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
    """Daily returns (F, T) of one basket's factor portfolios, NaN where there is none.

    formed       (K,) sessions of the month ends at whose close the portfolios were formed
    scored       (F, K) how many names have a score
    members      (K,) how many names the basket has
    value_spread (K,) median book to market of the top over that of the bottom value quantile
    """

    long: Array
    short: Array
    long_short: Array
    formed: Ints
    scored: Array
    members: Array
    value_spread: Array

    def change(self, side: str, start: int, end: int) -> Array:
        """(F,) return from close to close; NaN where a portfolio was not there all the time."""
        r: Array = getattr(self, side)[:, start + 1 : end + 1]
        total: Array = np.prod(1 + r, axis=1) - 1
        return total


@measure(
    question="Which kinds of stocks lead: small, value, past winners, low volatility?",
    never="That the factor is back, from one month or year, or that it can be earned after costs.",
    of="basket",
    needs=(*NEEDS, "member"),
    unit="return",
    shows="table",
    references=(
        "Kenneth R. French, Data Library: construction of sorted portfolios (prior 2-12, 1-1, "
        "13-60; size; book to market)",
        "Fama, French (1993), Common risk factors in the returns on stocks and bonds",
        "Jegadeesh, Titman (1993), Returns to buying winners and selling losers",
        "Asness, Frazzini, Pedersen (2019), Quality minus junk (profitability; here earnings to "
        "book alone)",
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
    """Returns of long-only and long-short portfolios of stocks sorted by what was known of them.

    At the close of each month the members of a basket are sorted by a score (below); the highest
    1/q are bought (long), the lowest 1/q sold (short), and both are left alone until the next
    month end, with r_t = sum of drifted weights * r_it over those listed. Sides:

    long, short       return of either leg over the window: level at the end / level at the base - 1
    long_short        V_end / V_base - 1, where V grows by 1 + long - short of the month so far:
                      both legs start each month alike
    long_over_index   excess return of the long-only leg: long - the basket's own return

    size                 small first: -ln(market cap)
    value                book equity / market cap, as filed by then for a period that ended less
                         than a year and a half before, negative book equity left out
    momentum             prior returns 2 to 12: from the close 12 months before the month end to the
                         close one month before
    short_term_reversal  losers of the month just ended
    long_term_reversal   losers of prior months 13 to 60
    quality              earnings / book equity, as filed by then
    low_volatility       lowest sd of 252 daily returns (200 needed)
    ytd_winners          highest return since the last close of the year before
    ytd_laggards         lowest return since the last close of the year before

    Scores of past returns are with dividends where the data have them, whatever the basis.
    Statistics: since_low (or since), mtd, last_month, ytd, 1y; each of the last full months
    ("2025-11") and calendar years ("2024"). valuation_spread = median book to market of the highest
    over that of the lowest quantile at each month end, a ratio. Columns: ``factor``; ``side``;
    ``rank`` of the factor on its side in that window (returns within 0.1 point are a tie);
    ``long_side`` says in words who is bought.

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
    window that starts before its portfolio has no value. n_used = members with a score,
    n_eligible = members, at the last month end before the window's end, and a caveat says so where
    fewer than 90% have one: breakpoints are those of who has a score, as Fama and French's are.
    Without fundamentals value and quality say "0 of n". Membership and weights are those of the
    month end, never later ones. Raises UnknownName for an unknown basket or group.
    """
    if quantiles < 2:
        raise UsageError(f"quantiles = {quantiles} divides nobody.", "Give 2 or more, e.g. 5.")
    used = basis_of(view, basis)
    rows: list[dict[str, object]] = []
    by = None if breakpoints is None else row_of(view, breakpoints)
    for row in chosen(view, baskets):
        stocks = Stocks(view, row, used)
        groups = _groups(view, stocks, neutral)
        made = _portfolios(_Sort(stocks, quantiles, weights, groups, by, neutral == "beta"))
        for name, start, end in _windows(view, since, months, years):
            rows += _league(view, row, made, stocks.level, name, start, end)
        rows += _value_spread(view, row, made)
    return Result(
        table=tidy(
            [{**r, "basis": used} for r in rows],
            factor=pl.String,
            side=pl.String,
            long_side=pl.String,
            rank=pl.Int64,
            unit=pl.String,
            basis=pl.String,
            rests=pl.String,
            caveat=pl.String,
        )
    )


def _groups(view: View, stocks: Stocks, neutral: str | None) -> list[Ints] | None:
    """Per span the number of the group's basket each stock is in, -1 for none; None: no groups."""
    if neutral in (None, "beta"):
        return None
    if neutral not in view.groups:
        raise UnknownName("group", str(neutral), [*view.groups, "beta"])
    groups = []
    for span in view.spans:
        inside = span.weights[list(view.groups[neutral])][:, stocks.rows] > 0
        groups.append(np.where(inside.any(axis=0), inside.argmax(axis=0), -1))
    return groups


@dataclass(frozen=True)
class _Sort:
    """How the stocks of one basket are sorted and weighted.

    groups       per span the group of each stock, within which it is sorted; None: all together
    breakpoints  row of the basket whose members set the quantiles; None: all members
    by_beta      sorted within fifths of beta
    """

    stocks: Stocks
    quantiles: int
    weights: Weighting
    groups: list[Ints] | None
    breakpoints: int | None
    by_beta: bool

    def base(self, t: int, own: Array) -> Array:
        """(n,) weights before a leg is chosen; ``own`` are the basket's at the close of t."""
        if self.weights == "own":
            return own
        return np.where(own > 0, 1.0 if self.weights == "equal" else self.stocks.cap(t), 0.0)

    def group(self, t: int, span: int, member: Bools) -> Ints | None:
        """(n,) group of each stock, -1 for none; None where all are sorted together."""
        if self.by_beta:
            return _fifths(np.where(member, betas(self.stocks, t), np.nan))
        return None if self.groups is None else self.groups[span]

    def among(self, span: int) -> Bools | None:
        """(n,) whose scores set the quantiles; None: the members'."""
        if self.breakpoints is None:
            return None
        weights = self.stocks.view.spans[span].weights[self.breakpoints][self.stocks.rows]
        return np.asarray(weights > 0)


def _portfolios(sort: _Sort) -> Portfolios:
    """All factors' legs at every month end, and what they returned until the next one."""
    stocks, view = sort.stocks, sort.stocks.view
    F, T = len(FACTORS), len(view.sessions)
    ends = month_ends(view.sessions, view.calendar)
    daily = np.full((2 * F, T), np.nan)
    long_short = np.full((F, T), np.nan)
    value = list(FACTORS).index("value")
    stocks.prepare()

    def month(k: int) -> tuple[int, list[int], int, float] | None:
        """(session, names with each score, members, value spread); fills in the legs' returns."""
        t = int(ends[k])
        span = next((i for i, s in enumerate(view.spans) if s.start <= t < s.stop), None)
        own = stocks.weights(t)
        member = own > 0
        if span is None or not member.any():
            return None
        base, group, among = sort.base(t, own), sort.group(t, span, member), sort.among(span)
        scored = scores(stocks, ends, k)
        W = np.zeros((2 * F, len(member)))
        for f, score in enumerate(scored.values()):
            top, bottom = legs(score, member, sort.quantiles, group, among)
            whole = np.where(np.isfinite(score), base, 0.0)
            W[f], W[F + f] = weigh(top, base, group, whole), weigh(bottom, base, group, whole)
        block = slice(t + 1, int(ends[k + 1]) + 1 if k + 1 < len(ends) else T)
        daily[:, block] = held(
            W, stocks.returns[:, block], stocks.move[:, block], stocks.listed[:, block]
        )
        growth = np.cumprod(1 + daily[:, block], axis=1)
        wealth = 1 + growth[:F] - growth[F:]
        long_short[:, block] = wealth / np.hstack([np.ones((F, 1)), wealth[:, :-1]]) - 1
        return (
            t,
            [int((member & np.isfinite(s)).sum()) for s in scored.values()],
            int(member.sum()),
            _ratio(scored["value"], W[value] > 0, W[F + value] > 0),
        )

    made = [m for m in threads.each(month, range(len(ends))) if m is not None]
    formed, counts, members, spreads = zip(*made, strict=True) if made else ((), (), (), ())
    return Portfolios(
        long=daily[:F],
        short=daily[F:],
        long_short=long_short,
        formed=np.array(formed, np.int64),
        scored=np.array(counts, float).reshape(-1, F).T,
        members=np.array(members, float),
        value_spread=np.array(spreads, float),
    )


def _fifths(beta: Array) -> Ints:
    """Fifth of each stock by beta, -1 where unknown or where fewer than five are known."""
    valid = np.isfinite(beta)
    if valid.sum() < 5:
        return np.full(len(beta), -1, np.int64)
    cuts = np.quantile(beta[valid], [0.2, 0.4, 0.6, 0.8])
    fifth = np.searchsorted(cuts, np.nan_to_num(beta), side="left")
    return np.where(valid, fifth, -1).astype(np.int64)


def _ratio(score: Array, top: Bools, bottom: Bools) -> float:
    """Median score of the top over that of the bottom; NaN where one of them is empty."""
    if not top.any() or not bottom.any():
        return float("nan")
    return float(np.median(score[top]) / np.median(score[bottom]))


def _windows(
    view: View, since: str | None, months: int, years: int
) -> Iterator[tuple[str, int, int]]:
    """(statistic, base, end) of every window shown."""
    if since is not None:
        yield "since", since_session(view, since), len(view.sessions) - 1
    elif last_low(view) is not None:
        yield "since_low", *window(view, "since_low")
    for name in ("mtd", "last_month", "ytd", "1y"):
        yield name, *window(view, name)
    for unit, count in (("M", months), ("Y", years)):
        ends = period_ends(view.sessions, view.calendar, unit)[0].tolist()
        for a, b in list(pairwise(ends))[-count:] if count > 0 else []:
            yield str(view.sessions[b].astype(f"datetime64[{unit}]")), a, b


def _league(
    view: View, row: int, made: Portfolios, index: Array, name: str, start: int, end: int
) -> Iterator[dict[str, object]]:
    """Rows of one window: every factor on every side, with its rank on that side."""
    values = dict.fromkeys(SIDES, np.full(len(FACTORS), np.nan))
    if 0 <= start <= end:
        values = {side: made.change(side, start, end) for side in SIDES[:3]}
        own = return_between(index[None], start, end)
        values["long_over_index"] = values["long"] - own
    at = int(np.searchsorted(made.formed, end, side="left")) - 1
    for side, by_factor in values.items():
        place = tied_ranks(by_factor, TIE)
        for f, (factor, long_side) in enumerate(FACTORS.items()):
            if side != "long_short" and not any(np.isfinite(v[f]) for v in values.values()):
                continue  # no portfolio at all: said once
            yield {
                "subject": view.subjects[row],
                "statistic": name,
                "start": day(view.sessions, start),
                "end": day(view.sessions, end),
                "value": float(by_factor[f]),
                "factor": factor,
                "side": side,
                "long_side": long_side,
                "rests": RESTS.get(factor, ""),
                "rank": int(place[f]) if place[f] > 0 else None,
                **_counts(made, f, at),
            }


def _counts(made: Portfolios, factor: int, k: int) -> dict[str, object]:
    """How many members one factor sorts at month end k, said where it is below nine in ten."""
    n, of = (int(made.scored[factor, k]), int(made.members[k])) if k >= 0 else (0, 0)
    few = n < COVERAGE * of
    said = f"sorts {n:,} of {number_of(of, 'member')}: the others have no score" if few else None
    return {"n_used": n, "n_eligible": of, "caveat": said if n else None}


def _value_spread(view: View, row: int, made: Portfolios) -> Iterator[dict[str, object]]:
    """Book to market of the highest over that of the lowest value quantile, by month end."""
    value = list(FACTORS).index("value")
    for k, t in enumerate(made.formed.tolist()):
        if np.isfinite(made.value_spread[k]):
            when = day(view.sessions, t)
            yield {
                "subject": view.subjects[row],
                "statistic": "valuation_spread",
                "start": when,
                "end": when,
                "value": float(made.value_spread[k]),
                "factor": "value",
                "side": "long_short",
                "long_side": FACTORS["value"],
                "rests": RESTS["value"],
                "unit": "ratio",
                **_counts(made, value, k),
            }

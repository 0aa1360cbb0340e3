"""Who led before, and who leads now: the same ones, the others, or is there no order?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from paceline import kernels
from paceline.arrays import SESSIONS_PER_YEAR
from paceline.errors import NotEnoughData
from paceline.measures import Array, Result, View, measure
from paceline.signals.members import Basis, basis_of
from paceline.signals.ranks import DECIMALS, noise, quantiles, spearman, top
from paceline.signals.returns import return_between, session_returns
from paceline.signals.sessions import last_close_of_year, year_of
from paceline.signals.statistics import betas
from paceline.signals.tables import day, tidy
from paceline.signals.windows import since_window
from paceline.wording import agreeing, number_of

UNITS = {
    "rank_correlation": "estimate",
    "spread": "return",
    "monotone": "count",
    "turnover_top_decile": "fraction",
    "changed_side": "count",
    **{f"quintile_{k}": "return" for k in range(1, 6)},
}
#: Sessions of a month: left out at the end of the formation "12-2", and a formation's least.
MONTH = 21
#: Of the 252 sessions of beta, how many need both returns.
BETA_LEAST = 126
#: Members (and baskets of a group) below which no number is given; members that deciles need.
LEAST, LEAST_GROUP, LEAST_DECILES = 8, 3, 20
#: Share of the members that leads.
TOP = 0.1
ADJUSTED = ("raw", "beta removed")


@dataclass(frozen=True)
class Formation:
    """Sessions from whose first close to whose last close members are ranked, before a window."""

    name: str
    start: int
    stop: int

    @property
    def long_enough(self) -> bool:
        """Whether it lies in the data and has a month of sessions."""
        return self.start >= 0 and self.stop - self.start >= MONTH

    def reason(self, n: int, least: int) -> str | None:
        """Why there is no number of ``n`` names where ``least`` are needed, if there is none."""
        if self.start < 0:
            return f"the formation {self.name} starts before the data"
        if not self.long_enough:
            have = self.stop - self.start
            return f"the formation {self.name} has {number_of(have, 'session')}; {MONTH} are needed"
        needed = f"{least} {agreeing(least, 'is', 'are')} needed"
        return f"{n} with data; {needed}" if n < least else None


@measure(
    question="Do those who led before still lead?",
    never="That leadership has changed for good: this describes one window, it proves nothing.",
    of="basket",
    needs=("price_return", "total_return", "price_index", "total_index", "member"),
    unit=UNITS,
    shows="table",
    bounds=None,  # residual returns can lie below -1
    references=(
        "Spearman (1904), The Proof and Measurement of Association between Two Things",
        "Jegadeesh, Titman (1993), Returns to Buying Winners and Selling Losers, "
        "Journal of Finance 48",
        "Grundy, Martin (2001), Understanding the Nature of the Risks and the Source of "
        "the Rewards to Momentum Investing, Review of Financial Studies 14 (beta of winners)",
    ),
)
def leadership(view: View, *, since: str = "last_month", basis: Basis | None = None) -> Result:
    """Rank correlation of the members' returns before a window with their returns in it.

    The window runs from a base close b to its end; everything is stamped at the end (``end``),
    ``start`` is b. Members are those in force after b. Two formations before it: "ytd", from the
    last close of the year before to b, and "12-2", from 252 to 21 sessions before b. Each of them
    raw and with beta removed: the residual return in the window is r_i - beta_i r_I, with r_I the
    basket's own return and beta_i = cov(r_i, r_I) / var(r_I) over the 252 sessions up to b (at
    least 126 of them with both returns); the formation stays the raw return, so that the order of
    who led is the same.

    rank_correlation     Spearman's rho of formation and window return. ``sign`` in words: past
                         winners ahead, past losers ahead, or no order:
                         |rho| < noise = 1.96 / sqrt(n - 1). Formation "beta": rho of beta
                         itself with the raw return (high beta ahead, low beta ahead), which tells
                         how much of it was the market
    quintile_1 ... _5    equal-weighted mean return in the window of each fifth by formation, 1 the
                         past losers
    spread               quintile_5 - quintile_1: past winners minus past losers; over the formation
                         it is positive by construction, so below zero it has changed its sign: a
                         reversal (``sign``: winners, losers ahead)
    monotone             1 if the five rise or fall without exception, else 0; ``sign``: rising,
                         falling or not monotone
    turnover_top_decile  share of the top tenth by formation that is not in the top tenth by window
                         return; 0.9 is chance

    For every ``group`` of baskets the same question, with ``subject`` the market it is measured
    against: the benchmark, or the basket with the most members where the benchmark has none.
    rank_correlation over the group's baskets, and changed_side, the number of them (of n_used)
    whose excess return over the market (over beta times the market) changed its sign between
    formation and window. Few baskets say little: these rows are ``weak``.

    The noise is that of members independent of each other. Common factors other than the basket's
    index make larger correlations likely by chance, so beyond it is a description of this window,
    not evidence of a change.

    since  the window: "last_month", another horizon of ``performance``, "low" (the benchmark's last
           low) or an ISO date
    basis  "price" or "total"; default: the basis the baskets are shown on

    n_used counts members with a return in both periods, n_eligible the members at b. Missing: a
    member without a close at the start of a period is left out; one delisted in the window counts
    with its return up to then, delisting return included; a missing return is left out of beta.
    Fewer than 8 members (3 baskets of a group, 20 members for deciles) or a year with fewer than 21
    sessions before b give no value, and ``reason`` says so. Raises UsageError for an impossible
    date, NotEnoughData where the window starts before the data.
    """
    used = basis_of(view, basis)
    base, end = since_window(view, since)
    if base < 0 or end <= base:
        raise NotEnoughData(
            f"the window {since!r} starts before the data, or has no session.",
            "Give a later date, or a shorter window.",
        )
    formations = [
        Formation("ytd", last_close_of_year(view.sessions, year_of(view.sessions, base) - 1), base),
        Formation("12-2", base - SESSIONS_PER_YEAR, base - MONTH),
    ]
    rows = [
        *_stocks(view, used, formations, base, end),
        *_groups(view, used, formations, base, end),
    ]
    when = {"start": day(view.sessions, base), "end": day(view.sessions, end), "basis": used}
    return Result(
        table=tidy(
            [{**when, **row} for row in rows],
            formation=pl.String,
            adjusted=pl.String,
            group=pl.String,
            sign=pl.String,
            noise=pl.Float64,
            weak=pl.Boolean,
            reach=pl.String,
            reason=pl.String,
            basis=pl.String,
        )
    )


def _stocks(
    view: View, basis: str, formations: list[Formation], base: int, end: int
) -> Iterator[dict[str, object]]:
    """Rows of every basket, over its members."""
    weights = next((s.weights for s in view.spans if s.start <= base + 1 < s.stop), None)
    if weights is None:
        return
    held = np.flatnonzero((weights > 0).any(axis=0))
    index, levels = view.field(f"{basis}_index")[held], view.all_levels[basis]
    path = kernels.forward_fill(index[:, base : end + 1])
    now = path[:, -1] / index[:, base] - 1
    before = {f.name: _formation_return(index, f) for f in formations}
    recent = slice(max(base + 1 - SESSIONS_PER_YEAR, 0), base + 1)
    returns = view.field(f"{basis}_return")[held, recent]
    beta = betas(session_returns(levels)[:, recent], returns, BETA_LEAST)
    market = return_between(levels, base, end)
    for row, subject in enumerate(view.subjects):
        member = weights[row, held] > 0
        if not member.any():
            continue
        head = {"subject": subject, "n_eligible": int(member.sum()), "weak": False}
        residual = now - beta[row] * market[row]
        for formation in formations:
            past = before[formation.name]
            for adjusted, after in zip(ADJUSTED, (now, residual), strict=True):
                both = member & np.isfinite(past) & np.isfinite(after)
                reason = formation.reason(int(both.sum()), LEAST)
                own = {**head, "formation": formation.name, "adjusted": adjusted}
                own["reach"] = _reach(view, base, adjusted, formation)
                yield from ({**own, **r} for r in _members_rows(past[both], after[both], reason))
        both = member & np.isfinite(beta[row]) & np.isfinite(now)
        words = ("high beta ahead", "low beta ahead")
        correlation = _correlation(beta[row][both], now[both], LEAST, words)
        own = {**head, "formation": "beta", "adjusted": "raw"}
        yield {**own, "reach": _reach(view, base), **correlation}


def _reach(
    view: View, base: int, adjusted: str = "beta removed", formation: Formation | None = None
) -> str:
    """The first close that a row rests on: of its formation, and of the beta where it takes one."""
    firsts = [] if formation is None else [formation.start]
    if adjusted != "raw":
        firsts.append(base - SESSIONS_PER_YEAR)
    return str(day(view.sessions, max(min(firsts), 0)))


def _formation_return(index: Array, formation: Formation) -> Array:
    """(n,) return over the formation; missing where it is too short, or before the data."""
    if not formation.long_enough:
        return np.full(len(index), np.nan)
    return return_between(index, formation.start, formation.stop)


def _correlation(
    before: Array,
    after: Array,
    least: int,
    words: tuple[str, str] = ("past winners ahead", "past losers ahead"),
    reason: str | None = None,
) -> dict[str, object]:
    """The row of the rank correlation, its noise and its sign in words."""
    n = len(before)
    if reason is None and n < least:
        reason = f"{n} with data; {least} are needed"
    rho = float("nan") if reason else spearman(before, after)
    if reason is None and not np.isfinite(rho):
        reason = "all values are equal: there is no order"
    row: dict[str, object] = {
        "statistic": "rank_correlation",
        "value": rho,
        "n_used": n,
        "reason": reason,
    }
    if reason is None:
        band = noise(n)
        ahead = words[0] if rho > 0 else words[1]
        row |= {"noise": band, "sign": "no order" if abs(rho) < band else ahead}
    return row


def _members_rows(before: Array, after: Array, reason: str | None) -> Iterator[dict[str, object]]:
    """Rows of one basket, formation and adjustment, of the members with both returns."""
    n = len(before)
    yield _correlation(before, after, LEAST, reason=reason)
    if reason is not None:
        yield {"statistic": "spread", "value": float("nan"), "n_used": n, "reason": reason}
        return
    yield from _fifths(before, after)
    leaders = top(before, TOP)
    stayed = float("nan")
    if n >= LEAST_DECILES and leaders.any():
        stayed = float(top(after, TOP)[leaders].mean())
    yield {
        "statistic": "turnover_top_decile",
        "value": 1 - stayed,
        "n_used": n,
        "reason": None if np.isfinite(stayed) else f"{n} with data; {LEAST_DECILES} are needed",
    }


def _fifths(before: Array, after: Array) -> Iterator[dict[str, object]]:
    """Mean return of each fifth by formation, their spread, and whether they rise or fall."""
    n, fifth = len(before), quantiles(before, 5)
    size = np.bincount(fifth, minlength=5)
    with np.errstate(invalid="ignore"):
        means = np.bincount(fifth, weights=after, minlength=5) / np.where(size > 0, size, np.nan)
    for k, value in enumerate(means.tolist(), 1):
        yield {
            "statistic": f"quintile_{k}",
            "value": value,
            "n_used": int(size[k - 1]),
            "n_eligible": int(size[k - 1]),
            "reason": None if size[k - 1] else "ties leave this fifth empty",
        }
    spread = float(means[4] - means[0])
    ahead = "past winners ahead" if spread > 0 else "past losers ahead"
    yield {
        "statistic": "spread",
        "value": spread,
        "n_used": n,
        "reason": None if np.isfinite(spread) else "ties",
        "sign": ahead if np.isfinite(spread) else None,
    }
    steps = np.diff(means)
    rising, falling = bool((steps > 0).all()), bool((steps < 0).all())
    row: dict[str, object] = {"statistic": "monotone", "n_used": n}
    if not np.isfinite(means).all():
        yield row | {"value": float("nan"), "reason": "ties leave a fifth empty"}
        return
    word = "rising" if rising else "falling" if falling else "not monotone"
    yield row | {"value": float(rising or falling), "sign": word}


def widest(view: View, base: int) -> int | None:
    """Row of the market: the benchmark, else the basket with the most members after ``base``."""
    if view.benchmark is not None:
        return view.benchmark
    weights = next((s.weights for s in view.spans if s.start <= base + 1 < s.stop), None)
    return None if weights is None or not weights.any() else int((weights > 0).sum(axis=1).argmax())


def _groups(
    view: View, basis: str, formations: list[Formation], base: int, end: int
) -> Iterator[dict[str, object]]:
    """Rows of every group, over its baskets."""
    market = widest(view, base)
    if market is None:
        return
    levels = view.all_levels[basis]
    daily = session_returns(levels[:, max(base - SESSIONS_PER_YEAR, 0) : base + 1])[:, 1:]
    beta = betas(daily[market : market + 1], daily, BETA_LEAST)[0]
    now = return_between(levels, base, end)
    slopes = dict(zip(ADJUSTED, (np.ones(len(levels)), beta), strict=True))
    for group, rows in view.groups.items():
        own = np.array([r for r in rows if r != market], np.int64)
        for formation in formations:
            before = _formation_return(levels, formation)
            for adjusted, slope in slopes.items():
                # raw returns are correlated as they are; a side is always relative to the market
                after = now if adjusted == "raw" else now - slope * now[market]
                sides = [(x - slope * x[market])[own] for x in (before, now)]
                head = {
                    "subject": view.subjects[market],
                    "group": group,
                    "formation": formation.name,
                    "adjusted": adjusted,
                    "n_eligible": len(own),
                    "weak": True,
                    "reach": _reach(view, base, adjusted, formation),
                }
                for row in _group_rows(formation, before[own], after[own], sides):
                    yield {**head, **row}


def _group_rows(
    formation: Formation, before: Array, after: Array, sides: list[Array]
) -> Iterator[dict[str, object]]:
    """Rank correlation of a group's baskets, and how many of them changed their side."""
    both = np.isfinite(before) & np.isfinite(after)
    reason = formation.reason(int(both.sum()), LEAST_GROUP)
    yield _correlation(before[both], after[both], LEAST_GROUP, reason=reason)
    both &= np.isfinite(sides[0]) & np.isfinite(sides[1])
    signs = [np.sign(np.round(side[both], DECIMALS)) for side in sides]
    n = int(both.sum())
    reason = formation.reason(n, 1)
    yield {
        "statistic": "changed_side",
        "n_used": n,
        "reason": reason,
        "value": float("nan") if reason else float((signs[0] * signs[1] < 0).sum()),
    }

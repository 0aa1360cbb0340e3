"""Who led before, and who leads now: the same ones, the others, or is there no order?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from paceline.arrays import Bools
from paceline.errors import NotEnoughData
from paceline.measures import Array, Result, View, measure
from paceline.signals.members import Basis, basis_of
from paceline.signals.ranks import noise, quantiles, spearman, top
from paceline.signals.tables import day, tidy
from paceline.signals.weeks import carried
from paceline.signals.windows import change, on_or_before, returns, since_session, window

UNITS = {
    "rank_correlation": "ratio",
    "spread": "return",
    "monotone": "count",
    "turnover_top_decile": "fraction",
    "changed_side": "count",
    **{f"quintile_{k}": "return" for k in range(1, 6)},
}
#: Sessions: of the formation "12-2" (a year, without its last month), of beta and its least, of a
#: formation at least.
YEAR, MONTH, BETA, BETA_LEAST, FORMATION = 252, 21, 252, 126, 21
#: Members (and baskets of a group) below which no number is given; members that deciles need.
LEAST, LEAST_GROUP, LEAST_DECILES = 8, 3, 20
ADJUSTED = ("raw", "beta removed")


@dataclass(frozen=True)
class Period:
    """Sessions of a formation and of the window that follows it."""

    name: str
    start: int
    stop: int
    base: int
    end: int


@measure(
    question="Do those who led before still lead?",
    never="That leadership has changed for good: past the noise band it is a description, not evidence.",
    of="basket",
    needs=("price_return", "total_return", "price_index", "total_index", "member"),
    unit=UNITS,
    shows="table",
    bounds=None,  # residual returns can lie below -1
    references=(
        "Spearman (1904), The Proof and Measurement of Association between Two Things",
        "Jegadeesh, Titman (1993), Returns to Buying Winners and Selling Losers, Journal of Finance 48",
        "Grundy, Martin (2001), Understanding the Nature of the Risks and the Source of the Rewards to "
        "Momentum Investing, Review of Financial Studies 14 (beta of winners and losers)",
    ),
)
def leadership(view: View, *, since: str = "last_month", basis: Basis | None = None) -> Result:
    """Rank correlation of the members' returns before a window with their returns in it, and what goes with it.

    The window runs from a base close b to its end; everything is stamped at the end (``end``),
    ``start`` is b. Members are those in force after b. Two formations before it: "ytd", from the
    last close of the year before to b, and "12-2", from 252 to 21 sessions before b. Each of them
    raw and with beta removed: the residual return in the window is r_i - beta_i r_I, with r_I the
    basket's own return and beta_i = cov(r_i, r_I) / var(r_I) over the 252 sessions up to b (at
    least 126 of them with both returns); the formation stays the raw return, so that the order of
    who led is the same.

    rank_correlation     Spearman's rho of formation and window return. ``sign`` in words: past
                         winners ahead, past losers ahead, or no order: |rho| < noise = 1.96 /
                         sqrt(n - 1). Formation "beta": rho of beta itself with the raw return (high
                         beta ahead, low beta ahead), which tells how much of it was the market
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
    whose return less the market's (less beta times the market's) changed its sign between formation
    and window. Few baskets say little: these rows are ``weak``.

    The noise is that of members independent of each other. Common factors other than the basket's
    index make larger correlations likely by chance, so beyond it is a description of this window,
    not evidence of a change.

    since  the window: "last_month", another horizon of ``performance``, "low" (the benchmark's last
           low) or an ISO date
    basis  "price" or "total"; default: the basis the baskets are shown on

    n_used counts members with a return in both periods, n_eligible the members at b. Missing: a
    member without a close at the start of a period is left out; one that left in the window counts
    with its return up to then, delisting included; a missing return is left out of beta. Fewer than
    8 members (3 baskets of a group, 20 members for deciles) or a year with fewer than 21 sessions
    before b give no value, and ``reason`` says so. Raises UsageError for an impossible date,
    NotEnoughData where the window starts before the data.
    """
    used = basis_of(view, basis)
    base, end = (
        (since_session(view, since), len(view.sessions) - 1)
        if since == "low" or (since[:1].isdigit() and "-" in since)
        else window(view, since)
    )
    if base < 0 or end <= base:
        raise NotEnoughData(
            f"the window {since!r} starts before the data, or has no session.",
            "Give a later date, or a shorter window.",
        )
    year = int(str(view.sessions[base])[:4])
    eve = on_or_before(view.sessions, f"{year - 1}-12-31")
    periods = [
        Period("ytd", eve, base, base, end),
        Period("12-2", base - YEAR, base - MONTH, base, end),
    ]
    levels = view.all_levels[used]
    rows = [*_stocks(view, used, levels, periods), *_groups(view, levels, periods)]
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
            reason=pl.String,
            basis=pl.String,
        )
    )


def betas(index: Array, r: Array) -> Array:
    """(S, N) slope of each row of returns ``r`` (N, L) on each row of ``index`` (S, L), sessions with both.

    cov / var over those sessions; NaN for fewer than 126 of them, or an index that does not move.
    """
    x, y = np.nan_to_num(index), np.nan_to_num(r)
    has_x, has_y = (np.isfinite(a).astype(float) for a in (index, r))
    n = has_x @ has_y.T
    with np.errstate(divide="ignore", invalid="ignore"):
        covariance = x @ y.T - (x @ has_y.T) * (has_x @ y.T) / n
        square = (x * x) @ has_y.T
        variance = square - (x @ has_y.T) ** 2 / n
        slope: Array = np.where(
            (n >= BETA_LEAST) & (variance > 1e-12 * square), covariance / variance, np.nan
        )
    return slope


def _stocks(
    view: View, basis: str, levels: Array, periods: list[Period]
) -> Iterator[dict[str, object]]:
    """Rows of every basket, over its members."""
    base, end = periods[0].base, periods[0].end
    weights = next((s.weights for s in view.spans if s.start <= base + 1 < s.stop), None)
    if weights is None:
        return
    held = np.flatnonzero((weights > 0).any(axis=0))
    index = view.field(f"{basis}_index")
    now = carried(index[held, base : end + 1])
    now = now[:, -1] / index[held, base] - 1
    before = {
        p.name: index[held, p.stop] / index[held, p.start] - 1
        if p.start >= 0 and p.stop - p.start >= FORMATION
        else np.full(len(held), np.nan)
        for p in periods
    }
    recent = slice(max(base + 1 - BETA, 0), base + 1)
    beta = betas(returns(levels)[:, recent], view.field(f"{basis}_return")[held, recent])
    market = change(levels, base, end)
    for row, subject in enumerate(view.subjects):
        member = weights[row, held] > 0
        if not member.any():
            continue
        head = {"subject": subject, "n_eligible": int(member.sum()), "weak": False}
        residual = now - beta[row] * market[row]
        for period in periods:
            for adjusted, after in zip(ADJUSTED, (now, residual), strict=True):
                both = member & np.isfinite(before[period.name]) & np.isfinite(after)
                yield from (
                    {**head, "formation": period.name, "adjusted": adjusted, **r}
                    for r in _members_rows(
                        before[period.name], after, both, _reason(period, int(both.sum()), LEAST)
                    )
                )
        both = member & np.isfinite(beta[row]) & np.isfinite(now)
        yield {
            **head,
            "formation": "beta",
            "adjusted": "raw",
            **_correlation(
                beta[row][both], now[both], LEAST, ("high beta ahead", "low beta ahead")
            ),
        }


def _reason(period: Period, n: int, least: int) -> str | None:
    """Why there is no number, if there is none."""
    if period.start < 0:
        return f"the formation {period.name} starts before the data"
    if period.stop - period.start < FORMATION:
        return f"the formation {period.name} has {period.stop - period.start} sessions; {FORMATION} are needed"
    return f"{n} with data; {least} are needed" if n < least else None


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
    band = noise(n)
    return {
        "statistic": "rank_correlation",
        "value": rho,
        "n_used": n,
        "reason": reason,
        "noise": band if reason is None else None,
        "sign": None
        if reason
        else "no order"
        if abs(rho) < band
        else words[0]
        if rho > 0
        else words[1],
    }


def _members_rows(
    before: Array, after: Array, both: Bools, reason: str | None
) -> Iterator[dict[str, object]]:
    """Rows of one basket, formation and adjustment."""
    n = int(both.sum())
    x, y = before[both], after[both]
    yield _correlation(x, y, LEAST, reason=reason)
    if reason is not None:
        yield {"statistic": "spread", "value": float("nan"), "n_used": n, "reason": reason}
        return
    fifth = quantiles(x, 5)
    size = np.bincount(fifth, minlength=5)
    with np.errstate(invalid="ignore"):
        means = np.bincount(fifth, weights=y, minlength=5) / np.where(size > 0, size, np.nan)
    steps = np.diff(means)
    for k, value in enumerate(means.tolist(), 1):
        yield {
            "statistic": f"quintile_{k}",
            "value": value,
            "n_used": int(size[k - 1]),
            "n_eligible": int(size[k - 1]),
            "reason": None if size[k - 1] else "ties leave this fifth empty",
        }
    spread = float(means[4] - means[0])
    fine = bool(np.isfinite(means).all())
    yield {
        "statistic": "spread",
        "value": spread,
        "n_used": n,
        "reason": None if np.isfinite(spread) else "ties",
        "sign": ("past winners ahead" if spread > 0 else "past losers ahead")
        if np.isfinite(spread)
        else None,
    }
    rising, falling = bool((steps > 0).all()), bool((steps < 0).all())
    yield {
        "statistic": "monotone",
        "value": float(rising or falling) if fine else float("nan"),
        "n_used": n,
        "reason": None if fine else "ties leave a fifth empty",
        "sign": ("rising" if rising else "falling" if falling else "not monotone")
        if fine
        else None,
    }
    enough = n >= LEAST_DECILES
    leaders = top(x, 0.1)
    kept = float(top(y, 0.1)[leaders].mean()) if enough and leaders.any() else float("nan")
    yield {
        "statistic": "turnover_top_decile",
        "value": 1 - kept,
        "n_used": n,
        "reason": None if np.isfinite(kept) else f"{n} with data; {LEAST_DECILES} are needed",
    }


def widest(view: View, base: int) -> int | None:
    """Row of the market: the benchmark, else the basket with the most members after the close of ``base``."""
    if view.benchmark is not None:
        return view.benchmark
    weights = next((s.weights for s in view.spans if s.start <= base + 1 < s.stop), None)
    return None if weights is None or not weights.any() else int((weights > 0).sum(axis=1).argmax())


def _groups(view: View, levels: Array, periods: list[Period]) -> Iterator[dict[str, object]]:
    """Rows of every group, over its baskets."""
    base, end = periods[0].base, periods[0].end
    market = widest(view, base)
    if market is None:
        return
    daily = returns(levels[:, max(base - BETA, 0) : base + 1])[:, 1:]
    beta = betas(daily[market : market + 1], daily)[0]
    now = change(levels, base, end)
    for group, rows in view.groups.items():
        here = np.array([r for r in rows if r != market], np.int64)
        for period in periods:
            long_enough = period.stop - period.start >= FORMATION
            before = (
                change(levels, period.start, period.stop)
                if long_enough
                else np.full(len(levels), np.nan)
            )
            for adjusted, slope in zip(ADJUSTED, (np.ones(len(levels)), beta), strict=True):
                after = (now - slope * now[market] if adjusted != "raw" else now)[here]
                ahead = [(x - slope * x[market])[here] for x in (before, now)]
                both = np.isfinite(before[here]) & np.isfinite(after)
                n = int(both.sum())
                reason = _reason(period, n, LEAST_GROUP)
                head = {
                    "subject": view.subjects[market],
                    "group": group,
                    "formation": period.name,
                    "adjusted": adjusted,
                    "n_eligible": len(here),
                    "weak": True,
                }
                yield {
                    **head,
                    **_correlation(before[here][both], after[both], LEAST_GROUP, reason=reason),
                }
                both &= np.isfinite(ahead[0]) & np.isfinite(ahead[1])
                n = int(both.sum())
                turned = (
                    np.sign(np.round(ahead[0][both], 12)) * np.sign(np.round(ahead[1][both], 12))
                    < 0
                )
                reason = _reason(period, n, 1)
                yield {
                    **head,
                    "statistic": "changed_side",
                    "n_used": n,
                    "reason": reason,
                    "value": float("nan") if reason else float(turned.sum()),
                }

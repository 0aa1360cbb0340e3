"""The lines that a rule trades: baskets, securities and stored series on one axis, and cash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import SESSIONS_PER_YEAR, Array, Bools, Dates
from paceline.errors import NotEnoughData, UsageError
from paceline.indices.levels import BASES
from paceline.kernels import forward_fill
from paceline.methods.relative_lines import period_of
from paceline.signals.french import spoken

if TYPE_CHECKING:
    from paceline.market import Market

#: Between the series of a sum.
PLUS = " + "
#: Published returns that are those of one side less another, or less cash: cash comes on top.
EXCESS = ("Mkt-RF", "SMB", "HML", "RMW", "CMA", "Mom", "WML", "MOM")
#: How the library's daily risk-free rate is named.
RISK_FREE = "/daily/RF"
MONTHS = 12
#: A basis point.
POINT = 1e-4


@dataclass(frozen=True)
class TradedLines:
    """N lines over T days, and what is to be said of them.

    levels    (N, T) wealth; NaN where there is none
    cash      (T,) what cash earns on each day
    costs     (N,) or (N, T) of a one-way trade, as a fraction
    year      days of a year: 252 or so, 12 of monthly series
    basis     "total", "price", "series" or "mixed"
    baskets   those of the names that are baskets or securities of the market
    caveats   what weakens all that rests on them
    eligible  (N, T) who may be chosen at each close; None: whoever has a level
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    days: Dates
    levels: Array
    cash: Array
    costs: Array
    borrow: float
    year: float
    basis: str
    baskets: tuple[str, ...]
    calendar: Dates
    caveats: tuple[str, ...]
    eligible: Bools | None = None

    @property
    def returns(self) -> Array:
        """(N, T) return since the last level before; NaN where a day has none."""
        filled = forward_fill(self.levels)
        out = np.full(self.levels.shape, np.nan)
        out[:, 1:] = self.levels[:, 1:] / filled[:, :-1] - 1
        return out

    def row(self, name: str) -> int:
        """The row of a name."""
        return self.names.index(name)


def called(market: Market, name: str) -> str:
    """What people call a line: a series by what it is and who published it."""
    if name in market.baskets or not all(p in market.series for p in name.split(PLUS)):
        return market.moment.called(name)
    return PLUS.join(spoken(p) for p in name.split(PLUS))


def named(market: Market, names: Sequence[str]) -> list[str]:
    """Baskets, securities and series for what a person wrote; a group is its baskets."""
    found: list[str] = []
    for name in names:
        plain = name.split(PLUS)
        found += [name] if all(p in market.series for p in plain) else market.resolve([name])
    return list(dict.fromkeys(found))


def lines_of(
    market: Market,
    names: Sequence[str],
    must: Sequence[str],
    since: str | None = None,
    among: Sequence[str] = (),
    least: int = 0,
) -> TradedLines:
    """The lines of these names, from the first day to the last on which all of ``must`` have one.

    must  those without which there is nothing: what is held otherwise, and the benchmark. Others
          may begin later; one that ends sooner is cash from then on, which is said

    among   those that are chosen among: ``least`` of them (or all) have begun on the first day

    Total returns where every basket has them, else price returns of all: the two are never mixed.
    Raises ``NotEnoughData`` where there is no common basis or no common day.
    """
    series = [n for n in names if all(p in market.series for p in n.split(PLUS))]
    baskets = [n for n in names if n not in series]
    market = market.including(baskets) if baskets else market
    caveats: list[str] = []
    basis, days, monthly = "series", _days_of(market, series), False
    rows: dict[str, Array] = {}
    if baskets:
        have = market.all_levels
        basis = _basis(market, baskets)
        days = have.sessions
        rows |= {n: have.by_basis[basis][have.names.index(n)] for n in baskets}
    else:
        monthly = period_of(days) > 1
    cash, said = cash_of(market, days)
    caveats += said
    rows |= {n: _wealth(market, n, days, cash) for n in series}
    levels = np.array([rows[n] for n in names])
    rows_of = {n: i for i, n in enumerate(names)}
    begun = np.isfinite(forward_fill(levels[[rows_of[n] for n in among]])).sum(axis=0)
    enough = begun >= min(least, len(among))
    inside = common(levels[[rows_of[n] for n in must]], days, enough, since, must)
    days, levels, cash = days[inside], levels[:, inside], cash[inside]
    if basis == "price":
        caveats.append(
            "price returns: without dividends, which cash and costs are not weighed with"
        )
    for name, row in zip(names, levels, strict=True):
        ends = np.flatnonzero(np.isfinite(row))
        if len(ends) and ends[-1] < len(days) - 1:
            caveats.append(f"{called(market, name)} ends on {days[ends[-1]]}: cash after it")
    year = MONTHS if monthly else market.stored.sessions_of_year if baskets else SESSIONS_PER_YEAR
    return TradedLines(
        tuple(names),
        tuple(called(market, n) for n in names),
        days,
        levels,
        cash,
        costs_of(market, names),
        market.file.costs.borrow * POINT / year,
        float(year),
        basis,
        tuple(baskets),
        np.empty(0, "datetime64[D]") if monthly else market.sessions,
        tuple(dict.fromkeys(c for c in caveats if c)),
    )


def sizes_of(market: Market) -> dict[str, float]:
    """Size -> cost of a one-way trade as a fraction, as the market file says."""
    declared = market.file.costs
    return {s: getattr(declared, s) * POINT for s in ("mega", "large", "small", "micro")}


def costs_of(market: Market, names: Sequence[str]) -> Array:
    """(N,) cost of a one-way trade of each, by its size in the market file, as a fraction."""
    rates, buckets = sizes_of(market), market.file.costs.buckets
    return np.array([rates[buckets.get(n, "large")] for n in names])


def _basis(market: Market, baskets: Sequence[str]) -> str:
    have = market.all_levels
    rows = [have.names.index(n) for n in baskets]
    there: dict[str, Bools] = {
        b: np.asarray(np.isfinite(have.by_basis[b][rows]).any(axis=1)) for b in BASES
    }
    for basis in reversed(BASES):
        if there[basis].all():
            return basis
    only = {b: [n for n, has in zip(baskets, there[b], strict=True) if not has] for b in BASES}
    raise NotEnoughData(
        f"no basis of returns that all have: {', '.join(only['total'])} without dividends only, "
        f"{', '.join(only['price'])} with them only.",
        "Choose baskets and a benchmark of one kind, e.g. with `--set benchmark=NAME`.",
    )


def _days_of(market: Market, series: Sequence[str]) -> Dates:
    """The days that all of the series have."""
    parts = [p for n in series for p in n.split(PLUS)]
    if not parts:
        return np.empty(0, "datetime64[D]")
    days: Dates = market.series[parts[0]][0]
    for part in parts[1:]:
        days = np.intersect1d(days, market.series[part][0])
    return days


def _wealth(market: Market, name: str, days: Dates, cash: Array) -> Array:
    """(T,) wealth of the sum of series, 1 at its first day; a long-short one earns cash as well."""
    total, excess = np.zeros(len(days)), True
    for part in name.split(PLUS):
        own, values = market.series[part]
        at = np.minimum(np.searchsorted(own, days), len(own) - 1)
        total += np.where(own[at] == days, values[at], np.nan)
        excess &= part.rpartition("/")[2] in EXCESS
    r = total + (cash if excess else 0.0)
    there = np.isfinite(r)
    wealth = np.cumprod(1 + np.where(there, r, 0.0))
    return np.where(there, wealth, np.nan)


def cash_of(market: Market, days: Dates) -> tuple[Array, list[str]]:
    """(T,) what cash earns between two days of the axis, and what is to be said of it."""
    name = market.file.costs.cash
    if name is not None and name not in market.series:
        raise UsageError(f"costs.cash: no series {name!r} is stored.", "`paceline list` has none.")
    found = sorted(n for n in market.series if n.endswith(RISK_FREE))
    name = name or min(found, key=lambda n: (market.series[n][0][0], n), default=None)
    if name is None:
        return np.zeros(len(days)), ["cash earns nothing: no risk-free rate is stored"]
    own, values = market.series[name]
    level = np.cumprod(1 + np.nan_to_num(values))
    at = np.searchsorted(own, days, "right") - 1
    here = np.where(at >= 0, level[np.maximum(at, 0)], 1.0)
    said = []
    if len(days) and own[-1] < days[-1]:
        said.append(f"the risk-free rate ends on {own[-1]}: cash earns nothing after it")
    return np.r_[0.0, here[1:] / here[:-1] - 1], said


def common(
    must: Array, days: Dates, enough: Bools, since: str | None, names: Sequence[str]
) -> slice:
    """The days from the first to the last on which all have a level, from ``since`` on."""
    there = np.isfinite(must).all(axis=0) & enough
    if since is not None:
        there &= days >= np.datetime64(since)
    at = np.flatnonzero(there)
    if len(at) < 2:
        after = f" from {since} on" if since else ""
        raise NotEnoughData(
            f"{' and '.join(dict.fromkeys(names))} have no two days in common{after}.",
            "Choose others, or an earlier day.",
        )
    return slice(int(at[0]), int(at[-1]) + 1)

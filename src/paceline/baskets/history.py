"""What was known at the close of a session: data, prices, caps, names, classes.

Computed once per session.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline.arrays import PATIENCE, Array, Bools
from paceline.errors import DataError

if TYPE_CHECKING:
    from paceline.panel import Panel

#: Windows up to this many sessions are compounded one by one, longer ones from running products.
SHORT = 3 * PATIENCE
#: Caps (or share counts cap / price) of a company's lines closer than this are one number repeated.
REPEATED = 1e-3
#: A market cap further from close times shares (in logs) is not theirs.
UNLIKE = float(np.log(1.5))
#: Shares implied by cap and close are steady within this (in logs) and a hundredth of the close,
#: over this many sessions, of which so many must be known.
LOOSE, CENT, LOOSE_WINDOW, LOOSE_FEWEST = 0.005, 0.01, 21, 10


def stored(panel: Panel, name: str) -> Array | None:
    """A field of the panel, or None where the panel does not carry it."""
    made = name in ("whole_cap", "float_cap") and "market_cap" in panel.fields
    known = made or name in panel.fields
    return panel.field(name) if known else None


def drift_return(
    panel: Panel, start: int, stop: int, rows: NDArray[np.int64] | None = None
) -> Array:
    """Returns by which weights drift in sessions start <= t < stop, (N, stop - start).

    rows  these securities only

    The price return where known, else the total return; NaN where neither is. A new array.
    """
    price, total = stored(panel, "price_return"), stored(panel, "total_return")
    first = price if price is not None else total
    if first is None:
        raise DataError(
            "the panel holds neither price_return nor total_return.",
            "Import prices first, or ask the panel for one of these fields.",
        )
    out = np.array(first[:, start:stop] if rows is None else first[rows, start:stop], order="C")
    if price is not None and total is not None:
        holes = np.flatnonzero(np.isnan(out))
        i, t = np.divmod(holes, max(stop - start, 1))
        out.ravel()[holes] = total[i if rows is None else rows[i], start + t]
    return out


class Day:
    """What a basket may know at the close of session ``t``; arrays are (N,), one a security.

    A close or a cap may be ``PATIENCE`` sessions old: as long as a security without data stays
    listed.
    """

    def __init__(self, history: PanelDays, t: int) -> None:
        self.history, self.panel, self.t = history, history.panel, t
        self._members: dict[str, Bools] = {}
        self._classes: dict[tuple[str, str | None], tuple[dict[str, int], NDArray[np.int64]]] = {}

    @cached_property
    def _window(self) -> slice:
        return slice(max(0, self.t - PATIENCE), self.t + 1)

    @cached_property
    def listed(self) -> Bools:
        """Listed as known on the day: has data, at most a halt old, and no delisting on record."""
        return np.ascontiguousarray(self.panel.listed[:, self.t])

    def _latest(self, field: str) -> tuple[Array, NDArray[np.int64]]:
        """Last valid value within ``PATIENCE`` sessions, and its session."""
        matrix = stored(self.panel, field)
        n = len(self.panel.securities)
        if matrix is None:
            return np.full(n, np.nan), np.full(n, self.t)
        window = matrix[:, self._window]
        back = (~np.isnan(window[:, ::-1])).argmax(axis=1)
        return window[np.arange(n), window.shape[1] - 1 - back], self.t - back

    @cached_property
    def close(self) -> Array:
        """Last close, at most ``PATIENCE`` sessions old; NaN without one."""
        return self._latest("close")[0]

    @cached_property
    def cap(self) -> Array:
        """Float cap, or whole cap; one that is a few sessions old has moved with the price."""
        return self._current("float_cap")

    @cached_property
    def total_cap(self) -> Array:
        """Market cap, or else close times shares: the ranking variable."""
        return self._current("whole_cap")

    def _current(self, field: str) -> Array:
        value, when = self._latest(field)
        value = np.where(value > 0, value, np.nan)
        stale = np.flatnonzero((when < self.t) & (value > 0))
        if len(stale):
            window = self._window
            moved = 1.0 + np.nan_to_num(drift_return(self.panel, window.start, window.stop, stale))
            later = np.arange(window.start, window.stop) > when[stale, None]
            value[stale] *= np.where(later, moved, 1.0).prod(axis=1)
        return value

    @cached_property
    def loose(self) -> Bools:
        """Whose market caps do not move as their closes do: of another day, unit or security.

        The shares that cap and close imply differ from those of the session before by more than
        half a percent and a hundredth of the close on more than half of the last 21 sessions, of
        which ten or more have both; or they do today, and the cap is exactly that of the session
        before. False where the panel has no caps of their own.
        """
        cap, close = stored(self.panel, "market_cap"), stored(self.panel, "close")
        if cap is None or close is None:
            return np.zeros(len(self.panel.securities), bool)
        at = slice(max(self.t - LOOSE_WINDOW, 0), self.t + 1)
        cap, close = cap[:, at], close[:, at]
        with np.errstate(invalid="ignore", divide="ignore"):
            moved = np.abs(np.diff(np.log(cap / close), axis=1))
            off = moved > LOOSE + CENT / close[:, 1:]
        known = np.isfinite(moved).sum(axis=1)
        old = off[:, -1:].any(axis=1) & (cap[:, -1] == cap[:, -2:][:, 0])
        return np.asarray(old | ((known >= LOOSE_FEWEST) & (off.sum(axis=1) > known / 2)))

    @cached_property
    def unlike_shares(self) -> Bools:
        """Whose market cap is no close times shares on record: half as much again, or less.

        False where no count of shares is known by the day, or a split is on record, which counts of
        before it do not know.
        """
        facts = self.panel.facts
        rows = facts.table("shares").drop_nulls("shares").sort("date")
        rows = rows.filter(pl.max_horizontal("known", "date") <= self.panel.sessions[self.t].item())
        split = facts.table("actions").filter(pl.col("kind") == "split")["security"]
        rows = rows.filter(~pl.col("security").is_in(split.implode()))
        last = rows.group_by("security", maintain_order=True).last().select("security", "shares")
        own = pl.DataFrame({"security": self.panel.securities}, schema={"security": pl.String})
        count = own.join(last, on="security", how="left", maintain_order="left")["shares"]
        with np.errstate(invalid="ignore", divide="ignore"):
            off = np.abs(np.log(self.total_cap / (self.close * count.to_numpy())))
        return np.asarray(off > UNLIKE)

    @cached_property
    def attributes(self) -> pl.DataFrame:
        """Ticker, name, kind and the like of each security, as known on the day."""
        return self.panel.attributes_at(self.t)

    @cached_property
    def names(self) -> dict[str, list[int]]:
        """Identifier or ticker of the day -> positions; an identifier goes before a ticker."""
        own = self.history.identifiers
        places: dict[str, list[int]] = {}
        tickers = self.attributes["ticker"].to_list() if "ticker" in self.attributes.columns else []
        for i, ticker in enumerate(tickers):
            if ticker and ticker not in own:
                places.setdefault(ticker, []).append(i)
        return places | own

    def members(self, universe: str) -> Bools:
        """(N,) bool, the list in force on the next session: weights fixed now are for that one.

        Providers announce changes days ahead and make them before the open of the day they are
        dated.
        """
        if universe not in self._members:
            member = self.history.members(universe)
            self._members[universe] = np.ascontiguousarray(
                member[:, min(self.t + 1, member.shape[1] - 1)]
            )
        return self._members[universe]

    def in_class(self, level: str, scheme: str | None, name: str) -> Bools:
        """Securities that the scheme puts into the named sector or industry on this day."""
        codes, of = self._coded(level, scheme)
        return np.asarray(of == codes.get(name, -1))

    def classes(self, level: str, scheme: str | None, among: Bools) -> set[str]:
        """Names of the classes that the given securities are in; "" (unknown) is none."""
        codes, of = self._coded(level, scheme)
        present = set(np.unique(of[among]).tolist())
        return {name for name, code in codes.items() if name and code in present}

    def _coded(self, level: str, scheme: str | None) -> tuple[dict[str, int], NDArray[np.int64]]:
        if (level, scheme) not in self._classes:
            names = self.panel.class_at(self.t, level, scheme)
            codes = {name: code for code, name in enumerate(dict.fromkeys(names))}
            self._classes[level, scheme] = (
                codes,
                np.fromiter(map(codes.__getitem__, names), np.int64, len(names)),
            )
        return self._classes[level, scheme]


class PanelDays:
    """A panel with the days that were looked at."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self._days: dict[int, Day] = {}
        self._members: dict[str, Bools] = {}
        self._growth: dict[tuple[int, int], Array] = {}

    def day(self, t: int) -> Day:
        """What was known at the close of session t."""
        if t not in self._days:
            self._days[t] = Day(self, t)
        return self._days[t]

    def members(self, universe: str) -> Bools:
        """(N, T) membership in a stored list."""
        if universe not in self._members:
            self._members[universe] = self.panel.members(universe)
        return self._members[universe]

    @cached_property
    def identifiers(self) -> dict[str, list[int]]:
        """Identifier -> its position, in a list as tickers have."""
        return {security: [i] for i, security in enumerate(self.panel.securities)}

    @cached_property
    def tie_break(self) -> NDArray[np.int64]:
        """Alphabetical place of each identifier: equal caps rank alike in any order of rows."""
        place = np.empty(len(self.panel.securities), np.int64)
        place[np.argsort(np.array(self.panel.securities))] = np.arange(len(place))
        return place

    @cached_property
    def _cumulative(self) -> Array:
        everything = drift_return(self.panel, 0, len(self.panel.sessions))
        return np.asarray(np.cumprod(1.0 + np.nan_to_num(everything), axis=1), float)

    def growth(self, start: int, end: int) -> Array:
        """(N,) product of 1 + drift return over start < t <= end; a missing return is zero."""
        if end - start <= SHORT:
            if (start, end) not in self._growth:
                moved = 1.0 + np.nan_to_num(drift_return(self.panel, start + 1, end + 1))
                self._growth[start, end] = np.asarray(moved.prod(axis=1))
            return self._growth[start, end]
        before, after = self._cumulative[:, start], self._cumulative[:, end]
        return np.divide(after, before, out=np.zeros_like(after), where=before > 0)


def company_caps(
    cap: Array, close: Array, companies: NDArray[np.int64], lines: Bools
) -> tuple[Array, Array, Bools]:
    """Caps per company and per line, counting a company once whatever its share classes.

    A source may repeat the company's whole cap on every line: the caps agree within 0.1%, or they
    are one count of shares times each line's own price (cap / close agrees). Then the company's cap
    is the mean of its lines' and each line carries an equal part of it; otherwise the company's cap
    is the sum. Only ``lines`` with a positive cap count. Returns (company cap, line cap, repeated),
    each (N,); NaN where there is no cap.
    """
    used = lines & (cap > 0)
    n = int(companies.max(initial=-1)) + 1
    code, value = companies[used], cap[used]
    count = np.bincount(code, minlength=n)
    total = np.bincount(code, value, n)
    with np.errstate(invalid="ignore", divide="ignore"):
        repeated = (count > 1) & (_agree(value, code, n) | _agree(value / close[used], code, n))
        company = np.where(repeated, total / count, total)[companies]
        line = np.where(repeated[companies], cap / count[companies], cap)
    return np.where(used, company, np.nan), np.where(used, line, np.nan), repeated[companies] & used


def _agree(value: Array, code: NDArray[np.int64], n: int) -> Bools:
    """Groups whose values agree within ``REPEATED``; a missing value agrees with nothing."""
    high, low = np.full(n, -np.inf), np.full(n, np.inf)
    np.maximum.at(high, code, value)
    np.minimum.at(low, code, value)
    return np.asarray(high <= low * (1 + REPEATED))

"""The lines of a book matched to the securities of a market, with their returns.

Every line is somewhere: a stock, a fund or index with a price of its own, cash, or a name that
could not be matched, which keeps its weight.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from paceline.arrays import PATIENCE, Array, Dates
from paceline.errors import NotEnoughData, UsageError
from paceline.methods import book as methods
from paceline.signals.returns import session_returns
from paceline.studies.exposure.reading import BookLine, Handed, Weighed, weights
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.market import Market
    from paceline.panel import Panel

Held = Literal["stock", "fund", "cash", "unmatched"]
#: What money is called among the holdings: no ticker, which are in capitals.
CASH = "cash"
#: Sessions of returns that are looked at: 36 months, for the mix of styles.
HISTORY = 800
#: A share class with its mark.
CLASS = re.compile(r"^[A-Z]{1,4}[./-][A-C]$")


@dataclass(frozen=True)
class Positions:
    """A book on the market's day, one row per holding (N of them), lines of one holding added up.

    names     the security, ``CASH``, or what the file calls a name that was not matched
    kinds     "stock": in the panel of stocks; "fund": a fund or index, priced by itself; "cash";
              "unmatched"
    weights   (N,) at the close of the as-of day, one in sum
    path      (N, T) weights at the start of each session where the book has a history, else None
    returns   (N, T) total returns, price returns where there are no others; cash earns nothing
    days      (T,) sessions
    why       name -> why it could not be matched
    worth     what the book is worth at the close of the as-of day; None where only weights are told
    stated    the day the book is of; "" where it says none
    since     the first day of a book with a history, else ""
    said      what was done with the lines that has to be told
    """

    names: tuple[str, ...]
    kinds: tuple[Held, ...]
    weights: Array
    path: Array | None = field(repr=False)
    returns: Array = field(repr=False)
    days: Dates = field(repr=False)
    why: Mapping[str, str]
    worth: float | None
    stated: str
    since: str
    said: tuple[str, ...]

    def rows(self, kind: Held) -> list[int]:
        """Rows of a kind."""
        return [i for i, own in enumerate(self.kinds) if own == kind]

    def weight(self, kind: Held) -> float:
        """Weight of all of a kind."""
        return float(self.weights[self.rows(kind)].sum())

    @property
    def funds(self) -> list[str]:
        """The funds and indices among them."""
        return [self.names[i] for i in self.rows("fund")]


class Matcher:
    """Lines to securities of a market, each spelling once."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.panel: Panel | None = market.stocks
        self.row = {n: i for i, n in enumerate(self.panel.securities)} if self.panel else {}
        self.why: dict[str, str] = {}
        self.said: set[str] = set()

    @cached_property
    def renamed(self) -> dict[str, str]:
        """Spellings that the market file says mean another security."""
        specs = self.market.file.sources.values()
        return {old: new for spec in specs for old, new in spec.rename.items()}

    @cached_property
    def classes(self) -> dict[str, str]:
        """Share classes by their spelling without a mark: MOGA is MOG-A."""
        classes = (n for n in self.row if CLASS.match(n))
        return {re.sub("[./-]", "", name): name for name in classes}

    @cached_property
    def listed(self) -> set[str]:
        """Stocks that trade on the market's day."""
        if self.panel is None:
            return set()
        return {self.panel.securities[i] for i in np.flatnonzero(self.panel.listed[:, -1])}

    def key(self, line: BookLine) -> tuple[str, Held]:
        """What a line is: its name among the holdings, and its kind."""
        if line.cash:
            if not line.name and line.ticker in self.row:
                self.said.add(f"{line.ticker} is taken for money: a name would tell the share")
            return CASH, "cash"
        found = None
        if line.ticker:
            spelt = self.renamed.get(line.ticker, line.ticker)
            found = self.market.stored.security(spelt) or self.classes.get(spelt.upper())
        if found is None:
            self.why[line.called] = "no security of the market is written so"
            return line.called, "unmatched"
        if found not in self.row:
            return found, "fund"
        if found not in self.listed:
            self.why[found] = f"it does not trade on {self.market.as_of}"
            return found, "unmatched"
        return found, "stock"

    def close_of(self, day: str, line: BookLine) -> float | None:
        """The last close of a line's stock up to a day, within the sessions of a halt."""
        name = self.key(line)[0]
        if name not in self.row or self.panel is None or "close" not in self.panel.fields:
            return None
        t = int(np.searchsorted(self.panel.sessions, np.datetime64(day), side="right"))
        closes = self.panel.field("close")[self.row[name], max(t - PATIENCE, 0) : t]
        there = closes[np.isfinite(closes)]
        return float(there[-1]) if len(there) else None


def matched(
    market: Market, book: Handed, fund: str | None, unit: str, sessions: int = HISTORY
) -> Positions:
    """The book as of the market's day: the last one known by then, rolled on with returns.

    sessions  how many of returns are looked at
    Raises ``UsageError`` where all of its days lie ahead, ``NotEnoughData`` where no line is found.
    """
    known = _known(market, book, fund)
    find = Matcher(market)
    said = list(book.said)
    stated: dict[str, dict[str, float]] = {}
    kinds: dict[str, Held] = {}
    for day, every in known.items():
        lines = [line for line in every if line.number]
        if not lines:
            raise UsageError(
                f"{book.what}: every {book.kind} is zero{f' on {day}' if day else ''}.",
                "Give what is held.",
            )
        found = weights(book, lines, unit, partial(find.close_of, day or market.as_of))
        stated[day] = _added(find, lines, found, kinds)
    said += [*found.said, *_repeated(find, lines)]
    if len(lines) < len(every):
        said.append(f"{number_of(len(every) - len(lines), 'line')} of zero left out")
    if not any(kind in ("stock", "fund") for kind in kinds.values()):
        raise NotEnoughData(
            f"{book.what}: none of its {number_of(len(kinds), 'name')} is a security of "
            f"{market.title}: {', '.join(list(kinds)[:8])}.",
            "Give tickers as the market spells them, or another --market.",
        )
    names = list(kinds)
    days, returns, kinds = returns_of(market, find, kinds, sessions)
    table = np.array([[own.get(n, 0.0) for n in names] for own in stated.values()])
    last, dates = list(stated)[-1], list(stated)
    rolls = [at for at, kind in enumerate(kinds.values()) if kind != "unmatched"]
    growth, moved = _growth(market, returns, days, last, {names[at]: at for at in rolls})
    now = methods.rolled(table[-1], growth)
    path = _path(table, days, dates) if len(dates) > 1 else None
    if path is not None and np.isfinite(path[0]).sum() < methods.FEWEST:
        said.append(f"its history begins on {dates[0]}: too short, today's weights stand for it")
        path = None
    return Positions(
        tuple(names),
        tuple(kinds[n] for n in names),
        now,
        path,
        returns,
        days,
        {n: find.why[n] for n in names if kinds[n] == "unmatched"},
        None if found.worth is None else found.worth * float(table[-1] @ growth),
        last,
        dates[0] if path is not None else "",
        (*said, *sorted(find.said), *moved),
    )


def _known(market: Market, book: Handed, fund: str | None) -> dict[str, list[BookLine]]:
    """The days of the book up to the as-of day, in order, with their lines."""
    dates = book.dates(fund)
    if "" in dates and len(dates) > 1:
        line = dates[""][0]
        raise UsageError(
            f"{book.what}: row {line.row} ({line.called}) has no date, and others have one.",
            "Date every row, or none.",
        )
    known = {day: dates[day] for day in sorted(dates) if day <= market.as_of}
    if not known:
        raise UsageError(
            f"{book.what}: its first holdings are of {min(dates)}, after {market.as_of}.",
            "Ask for a later --as-of, or give earlier holdings.",
        )
    return known


def _added(
    find: Matcher, lines: Sequence[BookLine], found: Weighed, kinds: dict[str, Held]
) -> dict[str, float]:
    """Name to weight, lines of one holding added up; ``kinds`` learns of new names."""
    out: dict[str, float] = {}
    for line, weight in zip(lines, found.own, strict=True):
        name, kind = find.key(line)
        kinds.setdefault(name, kind)
        out[name] = out.get(name, 0.0) + weight
    if abs(found.rest) > methods.ROUNDING:
        kinds.setdefault(CASH, "cash")
        out[CASH] = out.get(CASH, 0.0) + found.rest
    return out


def _repeated(find: Matcher, lines: Iterable[BookLine]) -> list[str]:
    """Holdings that stand in several lines."""
    seen = Counter(name for name, kind in map(find.key, lines) if kind != "cash")
    twice = [name for name, count in seen.items() if count > 1]
    shown = ", ".join(twice[:8]) + (", ..." if len(twice) > 8 else "")
    return [f"lines of one name added up: {shown}"] if twice else []


def stock_returns(panel: Panel) -> Array:
    """(N, T) total returns of the stocks, price returns where there are no others."""

    def made(panel: Panel) -> Array:
        total = panel.field("total_return")
        return np.where(np.isfinite(total), total, panel.field("price_return"))

    return panel.derive("returns of books", made)


def returns_of(
    market: Market, find: Matcher, kinds: Mapping[str, Held], sessions: int
) -> tuple[Dates, Array, dict[str, Held]]:
    """Sessions, returns (N, T) and kinds; what has no price on the market's day is unmatched."""
    wide = market.including([n for n, kind in kinds.items() if kind == "fund"])
    have = wide.all_levels
    days = have.sessions[-sessions:]
    out = np.full((len(kinds), len(days)), np.nan)
    found = dict(kinds)
    total, native = have.by_basis["total"], have.native
    for at, (name, kind) in enumerate(kinds.items()):
        if kind == "cash":
            out[at] = 0.0
        elif kind == "fund":
            row = have.names.index(name)
            own = total[row] if np.isfinite(total[row, -1]) else native[row]
            if not np.isfinite(own[-1]):
                found[name] = "unmatched"
                find.why[name] = f"it has no price on {market.as_of}"
                continue
            out[at] = session_returns(own[None, -sessions - 1 :])[0, -len(days) :]
    rows = [at for at, kind in enumerate(found.values()) if kind == "stock"]
    if rows and find.panel is not None:
        names = list(found)
        own_rows = [find.row[names[at]] for at in rows]
        there = find.panel.sessions >= days[0]
        into = np.searchsorted(days, find.panel.sessions[there])
        out[np.ix_(rows, into)] = stock_returns(find.panel)[own_rows][:, there]
    return days, out, found


def _growth(
    market: Market, returns: Array, days: Dates, stated: str, rows: Mapping[str, int]
) -> tuple[Array, list[str]]:
    """Growth (N,) of each holding from a stated day to the market's day, and that it was taken.

    rows  name -> row of those that have returns; one that lacks some of them says so
    """
    if not stated:
        even = "the book names no day: its weights are taken for those of today"
        return np.ones(len(returns)), [even]
    since = days > np.datetime64(stated)
    growth = np.prod(1 + np.nan_to_num(returns[:, since]), axis=1)
    if not since.any():
        return growth, []
    said = [f"holdings of {stated}, rolled on with returns to {market.as_of}"]
    calendar = market.stored.sessions
    before = max(int(np.searchsorted(calendar, days[0])) - 1, 0)  # the close that returns start on
    if np.datetime64(stated) < calendar[before]:
        said.append(
            f"only returns from {days[0]} on are in it: weights of {stated} stand until then"
        )
        since = since & (days > days[0])  # the first session of the data has none
    lacks = {n: int(np.isnan(returns[at, since]).sum()) for n, at in rows.items()}
    lacking = [f"{n} on {number_of(k, 'session')}" for n, k in lacks.items() if k]
    if lacking:
        shown = ", ".join(lacking[:8]) + (", ..." if len(lacking) > 8 else "")
        said.append(f"no return since then, zero where no later one covers it: {shown}")
    return growth, said


def _path(table: Array, days: Dates, dates: Sequence[str]) -> Array:
    """(N, T) the weights stated last before each session; NaN before the first."""
    at = np.searchsorted(np.array(dates, "datetime64[D]"), days, side="left") - 1
    path: Array = np.where(at >= 0, table[np.maximum(at, 0)].T, np.nan)
    return path

"""Columns of a wide table that are no security: sums of the others, calendar fields, changes. Pure.

What a column is called decides nothing: ALL, A, DAY and MAX are tickers. Told are columns whose
values no price can have. They are refused by name, since a universe of all columns would count them
as members.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from typing import NamedTuple

import bottleneck as bn
import numpy as np
import polars as pl

from paceline.arrays import Array, Bools, Dates, Ints
from paceline.config import Source
from paceline.errors import SourceError
from paceline.rows import MAYBE_LOGS, Finding
from paceline.sources.files import _wide

#: Rows that a column must have to be told: as a calendar field or sum, as changes.
ROWS, CHANGES = 10, 30
#: Columns named in an error.
NAMED = 8
#: An index of the others moves as they do to within this; it needs three columns.
SAME, FEWEST = 1e-6, 3
#: Rows that are looked at first, since most columns part with a field or sum at once.
SAMPLE = 512
#: Half a unit of the last of so many decimals is the rounding of a column; more are no rounding.
DECIMALS = 4
#: A column that moves less than so many times the rounding is not told from a peg.
CLEAR = 20
#: Part of the closes that are negative; the median daily move; moves to and fro, against the spread
#: of the levels and of this size at least, this near to 1 or 100.
NEGATIVE, WILD, FRO, MOVES, ABOUT = 0.05, 0.25, 1.2, 0.003, 0.02
#: Days between rows that are daily.
DAILY = 4
#: Names, in lower case and letters only, of sums: what the other columns are may lack all of these.
SUMS = ("total", "sum", "all", "average", "avg", "mean", "median", "market", "index", "max", "min")
#: A day as a number counts days, seconds, milliseconds, microseconds or nanoseconds.
UNITS = (1.0, *(86400.0 * 10**k for k in (0, 3, 6, 9)))
#: So many columns or more of which each has its middle between these are logs, if they move so
#: little.
MANY, LOGS, STILL = 5, (1.5, 9.5), 0.004
#: What to do about a table without closes.
RETURNS = (
    "Give closes, or returns: r, not 1 + r, with options = "
    '{ wide = true, wide_field = "price_return" }.'
)
CLOSES = ("close", "adjusted_close", "split_adjusted_close")


class WideCloses(NamedTuple):
    """WideCloses by day and security: ``value`` (T, N), NaN where there is none."""

    days: Dates
    names: list[str]
    value: Array
    rounding: Array

    def rows(self, at: Ints) -> WideCloses:
        """These rows alone."""
        return WideCloses(self.days[at], self.names, self.value[at], self.rounding)

    def without(self, names: Container[str]) -> WideCloses:
        """The columns but these."""
        keep = np.array([n not in names for n in self.names], bool)
        left = [n for n in self.names if n not in names]
        return WideCloses(self.days, left, self.value[:, keep], self.rounding[keep])


def checked(name: str, what: str, spec: Source, frame: pl.DataFrame) -> list[Finding]:
    """That the closes may be logs, where they may; ``SourceError`` for columns of no security.

    frame  rows of date, security and closes, as read
    """
    field = next((c for c in CLOSES if c in frame.columns), None)
    if field is None or not {"date", "security"} <= set(frame.columns) or frame.height < ROWS:
        return []
    table = _table(frame.select("date", "security", field).drop_nulls(), field)
    if len(table.days) < ROWS:
        return []
    told: dict[str, str] = {}
    for find in (_calendar, _sums, _indices, _changes):
        for column, said in find(table.without(told)):
            told.setdefault(column, said)
    if told:
        most = 2 * len(told) > len(table.names)
        kind, remedy = ("no closes", RETURNS) if most else ("no security", _remedy(spec, told))
        raise SourceError(f"{what}: {kind}: {_shown(told)}.", remedy)
    return _logs(name, what, table)


def _shown(told: dict[str, str]) -> str:
    """Columns with what they are: 'TOTAL' (the sum of the others)."""
    by: dict[str, list[str]] = {}
    for name, said in told.items():
        by.setdefault(said, []).append(repr(name))
    return "; ".join(
        f"{', '.join(names[:NAMED])}{', ...' if len(names) > NAMED else ''} ({said})"
        for said, names in by.items()
    )


def _remedy(spec: Source, told: dict[str, str]) -> str:
    names = list(told)
    if spec.is_frame:
        return f"Leave out: df.drop(columns={names}) (polars: df.drop({names}))."
    wide = _wide.meant("", spec) or _wide.Meant({})
    return f"Leave out: {wide.without(names)}; or name the columns that are meant."


def _table(frame: pl.DataFrame, field: str) -> WideCloses:
    """Rows as a matrix, and half a unit of each column's last decimal."""
    names = frame.get_column("security").unique(maintain_order=True)
    days = frame.get_column("date").unique().sort()
    rows = days.search_sorted(frame.get_column("date")).to_numpy()
    place = pl.DataFrame({"security": names, "at": np.arange(len(names))})
    at = frame.join(place, on="security", how="left", maintain_order="left").get_column("at")
    value = np.full((len(days), len(names)), np.nan)
    value[rows, at.to_numpy()] = frame.get_column(field).cast(pl.Float64).to_numpy()
    value[~np.isfinite(value)] = np.nan
    rounding = np.zeros(len(names))
    some = value[_some(len(days), SAMPLE)]
    for k in range(DECIMALS, -1, -1):
        scaled = some * 10.0**k
        whole = ~(np.abs(scaled - np.round(scaled)) > 1e-6).any(axis=0)
        rounding[whole] = 0.5 * 10.0**-k
    return WideCloses(days.to_numpy().astype("datetime64[D]"), names.to_list(), value, rounding)


def _some(count: int, most: int) -> Ints:
    """So many rows at most, spread over all of them."""
    return np.unique(np.linspace(0, count - 1, most).astype(np.int64))


# -- calendar fields


def _calendar(table: WideCloses) -> Iterator[tuple[str, str]]:
    """Columns that repeat a field of their day, or number the rows."""
    value, enough = table.value, _enough(np.isfinite(table.value))
    some = _some(len(value), SAMPLE)
    for said, names, field in _fields(table.days):
        near = ~(np.abs(value[some] - field[some, None]) > 0).any(axis=0) & enough
        for column in np.flatnonzero(near).tolist():
            own = value[:, column]
            several = len(np.unique(own[np.isfinite(own)])) > 1
            named = _wide.plain_name(table.names[column]) in names
            if (several or named) and not (np.abs(own - field) > 0).any():
                yield table.names[column], said
    days = table.days.astype(np.int64).astype(float)
    uneven = len(np.unique(np.diff(days))) > 1
    for unit in UNITS if uneven else ():
        near = _constant(value[some] - unit * days[some, None])
        for column in np.flatnonzero(near & enough).tolist():
            if _constant(value[:, [column]] - unit * days[:, None])[0]:
                yield table.names[column], "its day as a number"


def _constant(value: Array) -> Bools:
    """(N,) columns that do not move."""
    low, high = bn.nanmin(value, axis=0), bn.nanmax(value, axis=0)
    return np.asarray(high - low <= 1e-9 * np.abs(high))


def _fields(days: Dates) -> Iterator[tuple[str, tuple[str, ...], Array]]:
    """What a day may be written as: in words, names of such a column, numbers (T,)."""
    day = pl.Series(days).dt
    year, month = day.year().to_numpy().astype(float), day.month().to_numpy().astype(float)
    week = day.weekday().to_numpy().astype(float)
    rows = np.arange(len(days), dtype=float)
    of_month = day.day().to_numpy().astype(float)
    yield "the year of its day", ("year", "yr"), year
    yield "the month of its day", ("month", "mon"), month
    yield "the quarter of its day", ("quarter", "qtr"), np.ceil(month / 3)
    yield "the day of the month", ("day", "dom"), of_month
    yield "the week of its day", ("week",), day.week().to_numpy().astype(float)
    for first in (week, week - 1, week % 7, week % 7 + 1):
        yield "the weekday", ("weekday", "dow"), first
    yield "the day of the year", ("dayofyear", "doy"), day.ordinal_day().to_numpy().astype(float)
    yield "its day as a number", (), year * 10000 + month * 100 + of_month
    yield "its month as a number", (), year * 100 + month
    for number in (rows, rows + 1, rows[::-1], rows[::-1] + 1):
        yield "the number of the row", (), number


# -- sums


def _sums(table: WideCloses) -> Iterator[tuple[str, str]]:
    """Columns that are the sum, mean, median, largest or least of the others, on every row."""
    some = table.rows(_some(len(table.days), SAMPLE))
    if len(some.days) == len(table.days) or any(True for _ in _aggregates(some)):
        yield from _aggregates(table)


def _aggregates(table: WideCloses) -> Iterator[tuple[str, str]]:
    """The same of every row given."""
    named = np.array([_wide.plain_name(n) in SUMS for n in table.names])
    every = np.ones(len(named), bool)
    for base in [every, ~named] if named.any() else [every]:
        if base.sum() < 2:
            continue
        value = np.where(base, table.value, np.nan)
        count = np.isfinite(value).sum(axis=1)[:, None] - (base & np.isfinite(table.value))
        total = np.nansum(value, axis=1)[:, None] - np.where(base, np.nan_to_num(table.value), 0)
        wide = table.rounding[base]
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(count > 1, total / count, np.nan)
        total = np.where(count > 1, total, np.nan)
        yield from _equal(table, total, wide.sum(), "the sum of the others")
        yield from _equal(table, mean, wide.max(), "the mean of the others")
        yield from _of_each(table, base)


def _equal(
    table: WideCloses, other: Array, rounding: float, said: str
) -> Iterator[tuple[str, str]]:
    """Columns that equal ``other`` (T, N) on every row, but for rounding, and that move."""
    allowed = table.rounding + rounding + 1e-9 * np.abs(np.nan_to_num(other))
    both = np.isfinite(other) & np.isfinite(table.value)
    off = both & (np.abs(table.value - other) > allowed)
    moves = _spread(table.value) > CLEAR * (table.rounding + rounding)
    whole = both.sum(axis=0) == np.isfinite(table.value).sum(axis=0)
    for column in np.flatnonzero(~off.any(axis=0) & moves & whole & _enough(both)).tolist():
        yield table.names[column], said


def _of_each(table: WideCloses, base: Bools) -> Iterator[tuple[str, str]]:
    """Columns that are the median, largest or least of the others and follow none of them."""
    own = table.value[:, base]
    kinds: tuple[tuple[str, Callable[..., Array]], ...] = (
        ("the median of the others", bn.nanmedian),
        ("the largest of the others", bn.nanmax),
        ("the least of the others", bn.nanmin),
    )
    enough = _enough(np.isfinite(table.value))
    for said, reduce in kinds:
        # who is the median, largest or least of the others is so of all
        first = reduce(own, axis=1)[:, None]
        near = ~(np.abs(table.value - first) > table.rounding).any(axis=0)
        for column in np.flatnonzero(near & enough).tolist():
            others = np.delete(table.value, column, axis=1)[:, np.delete(base, column)]
            mine, allowed = table.value[:, [column]], table.rounding[column]
            apart = np.abs(others - mine)
            copies = ~(apart > allowed).any(axis=0) & _enough(np.isfinite(apart))
            if others.shape[1] < 2 or copies.any():
                continue
            if not (np.abs(mine[:, 0] - reduce(others, axis=1)) > allowed).any():
                yield table.names[column], said


def _indices(table: WideCloses) -> Iterator[tuple[str, str]]:
    """Columns that move, to a millionth, as the sum or in the mean of the others do, which differ.

    A fund of the others, with fees and rounding, does not.
    """
    value = table.value[-SAMPLE:]
    with np.errstate(invalid="ignore", divide="ignore"):
        step = value[1:] / value[:-1] - 1
    whole = np.isfinite(step).all(axis=1)
    step, before = step[whole], value[:-1][whole]
    if len(step) < ROWS or step.shape[1] < FEWEST:
        return
    count = step.shape[1] - 1
    mean = (step.sum(axis=1)[:, None] - step) / count
    gain = step * before
    total = (gain.sum(axis=1)[:, None] - gain) / (before.sum(axis=1)[:, None] - before)
    apart = np.median(step.std(axis=1)) > CLEAR * SAME
    moves = step.std(axis=0) > CLEAR * SAME
    for other in (mean, total) if apart else ():
        near = (np.abs(step - other) <= SAME).all(axis=0) & moves
        for column in np.flatnonzero(near).tolist():
            yield table.names[column], "an index of the others"


# -- changes


def _changes(table: WideCloses) -> Iterator[tuple[str, str]]:
    """Columns that move as returns, counts or cumulated returns do, and no price does."""
    value, there = table.value, np.isfinite(table.value)
    count = there.sum(axis=0)
    below = (value < 0).sum(axis=0)
    for column in np.flatnonzero((below > NEGATIVE * count) & (count >= ROWS)).tolist():
        yield table.names[column], "often negative"
    if np.median(np.diff(table.days).astype(np.int64)) > DAILY:
        return
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.log(np.where(value > 0, value, np.nan))
        step = np.diff(level, axis=0)
        move = bn.nanmedian(np.abs(np.expm1(step)), axis=0)
        fro = bn.nanvar(step, axis=0) > FRO * bn.nanvar(level, axis=0)
        large = bn.nanstd(step, axis=0) > MOVES
        middle = bn.nanmedian(value, axis=0)
    enough = np.isfinite(step).sum(axis=0) >= CHANGES
    near = np.minimum(np.abs(middle - 1), np.abs(middle / 100 - 1)) < ABOUT
    for column in np.flatnonzero(enough & near & fro & large).tolist():
        own = value[there[:, column], column]
        if len(np.unique(own)) > len(own) / 2:
            yield table.names[column], "to and fro about 1 or 100, as 1 + r goes"
    for column in np.flatnonzero(enough & (move > WILD)).tolist():
        yield table.names[column], "moving by a quarter a day"


def _enough(there: Bools) -> Bools:
    return np.asarray(there.sum(axis=0) >= ROWS)


def _spread(value: Array) -> Array:
    return np.asarray(bn.nanstd(value, axis=0))


def _logs(name: str, what: str, table: WideCloses) -> list[Finding]:
    """That closes of many digits all lie and move as logs of prices do."""
    if len(table.names) < MANY or table.rounding.any():
        return []
    middle = bn.nanmedian(table.value, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        move = float(bn.nanmedian(np.abs(table.value[1:] / table.value[:-1] - 1)))
    if not (middle > LOGS[0]).all() or not (middle < LOGS[1]).all() or not move < STILL:
        return []
    shown = f"{middle.min():.2f} to {middle.max():.2f}, moving by {move:.2%}, in {what}"
    remedy = "Give prices: exp of them, if they are logs."
    return [Finding(name, MAYBE_LOGS, len(table.names), "kept", shown, remedy)]

"""Rows of tables: findings, quarantine, duplicates, order, sessions.

A row leaves a table only into the quarantine, with its reason and its content, or as a copy of a
row that stays; either way it is counted in a ``Finding``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    import numpy.typing as npt

#: Columns of a quarantine frame: the table the row was meant for, why it was kept out, the row as
#: JSON.
QUARANTINE = pl.Schema({"table": pl.String(), "reason": pl.String(), "row": pl.String()})
#: A frame, what was found in it, and the quarantine rows taken from it (None: none).
Checked = tuple[pl.DataFrame, "list[Finding]", pl.DataFrame | None]
#: Findings that others look for: sessions on which most of a source is missing, or says what it
#: said of the session before, or after which it ends.
MISSING_SESSIONS = "sessions missing for the whole market"
REPEATED_SESSIONS = "sessions that repeat the closes of the session before"
STOPPED = "most securities end before the source does"
#: Finding of rows of one key that differ, and its remedy; numbers this near to each other do not.
DISAGREE = "conflicting duplicate rows"
CONTRADICTED = "rows of {} that contradict one another"
ONE_EACH = "Filter the file with where = {...} or give each part its own source."
ALIKE = 1e-6
#: Columns of a row of prices, as a source gives them, without all of which it says nothing.
PRICED = {"close", "adjusted_close", "split_adjusted_close", "price_return", "total_return"}
#: Finding of a return that is set aside until explained, and the reason of its row.
LIKE_SPLIT = "return looks like a split"
#: Finding of payments between two and five percent of the price: ordinary or special, nobody says.
MAYBE_SPECIAL = "payment of two percent or more taken for an ordinary dividend"
#: Closes and a change may differ by this much in logs, and by a hundredth on either close, without
#: contradicting one another.
ROUNDED, CENT = 0.002, 0.01
#: Finding of two sources of which one is of another day, unit or security in more than this part of
#: the returns that both have, and in so many at least.
AT_ODDS, OFTEN, FEW = "sources disagree on much of {}", 0.1, 5
#: Finding of returns of a size that only pegs and short bonds have.
TINY_RETURNS = "returns so small that their unit may be wrong"
#: Finding of another currency or unit from a session on.
RESCALED = "sessions on which all securities move by one factor"
#: Finding of closes that all lie and move as logs do.
MAYBE_LOGS = "closes that may be logs of prices"
#: Finding of classes that may be one, misspelt.
MISSPELT = "classes that differ in a letter"
#: Finding of reported items of which nobody says when they were filed.
UNFILED = "look-ahead: no filing dates"
#: Finding of filing dates that have not come.
NOT_FILED = "filing dates after the day of the import"
#: Finding of values of a series that leap, or are zero where none is.
ODD_SERIES = "values of series that leap or are zero"
LATE_PRICES = "prices known only after their own day"
#: Findings that stand on all figures that rest on a table of their source: finding -> table.
SAID = {
    CONTRADICTED.format(t): t
    for t in ("actions", "classes", "members", "shares", "fundamentals", "series", "holdings")
} | {
    TINY_RETURNS: "prices",
    RESCALED: "prices",
    MAYBE_LOGS: "prices",
    LATE_PRICES: "prices",
    MISSPELT: "classes",
    UNFILED: "fundamentals",
    NOT_FILED: "fundamentals",
    ODD_SERIES: "series",
}
#: Why rows of a session that goes on are set aside.
NOT_OVER = "the session had not ended at the import"
#: Days that a table may hold.
PLAUSIBLE = (dt.date(1700, 1, 1), dt.date(2199, 12, 31))
#: A first or last day further than this many days from the next of its source, of its security,
#: stands alone; of fewer days than ``FEWEST_DAYS`` none does.
FAR_OF_SOURCE, FAR_OF_SECURITY, FEWEST_DAYS = 60, 366, 4


@dataclass(frozen=True)
class Finding:
    """One fault found in the data: what, how often, an example, and what was done about it.

    days  every day that the fault is about, in order; empty where it is about no day
    """

    source: str
    check: str  # short name, e.g. "duplicate rows"
    count: int
    action: str  # "quarantined", "kept, flagged", "recovered", "excluded from ..."
    example: str = ""
    remedy: str = ""
    days: tuple[dt.date, ...] = ()


def set_aside(table: str, rows: pl.DataFrame, reason: str | pl.Series) -> pl.DataFrame:
    """``rows`` as quarantine rows; ``reason`` is one text for all, or one per row."""
    if rows.is_empty():
        return pl.DataFrame(schema=QUARANTINE)
    why = pl.lit(reason) if isinstance(reason, str) else reason
    # json_encode writes dates as day numbers; as text the row stays readable
    dates = [pl.col(c).cast(pl.String) for c, t in rows.schema.items() if t.is_temporal()]
    content = [c for c in rows.columns if not c.startswith("__")]
    return rows.with_columns(dates).select(
        pl.lit(table).alias("table"),
        why.alias("reason"),
        pl.struct(content).struct.json_encode().alias("row"),
    )


def joined(parts: Sequence[pl.DataFrame | None]) -> pl.DataFrame | None:
    """Quarantine frames under one another; None when there are no rows."""
    full = [p for p in parts if p is not None and not p.is_empty()]
    return pl.concat(full) if full else None


def where_is(rows: pl.DataFrame, key: Sequence[str]) -> str:
    """The key of the first row as readable text: the example of a finding."""
    if rows.is_empty():
        return ""
    first = rows.row(0, named=True)
    return " ".join(str(first[k]) for k in key if first.get(k) is not None)


def counted(
    source: str, check: str, rows: pl.DataFrame, action: str, key: Sequence[str], remedy: str = ""
) -> list[Finding]:
    """The rows as one finding, the first of them its example; no finding for no rows."""
    if rows.is_empty():
        return []
    return [Finding(source, check, rows.height, action, where_is(rows, key), remedy)]


def collapse(source: str, table: str, frame: pl.DataFrame, key: Sequence[str]) -> Checked:
    """One row per key, in the order of the frame.

    Identical rows are collapsed and counted. Of conflicting rows of prices every number that they
    do not agree on is missing, since nobody can say which is right: all of them are quarantined,
    and one row with what they agree on stays, if any price or return is left. In other tables rows
    that contradict none are one; of those that do the first counts, and the others are quarantined.
    """
    on = [k for k in key if k in frame.columns]
    # rows in strict order of their key hold no duplicate: the usual case costs one pass
    if (
        not on
        or frame.is_empty()
        or increasing(frame, on)
        or not frame.select(on).is_duplicated().any()
    ):
        return frame, [], None
    distinct, findings = frame.unique(maintain_order=True), []
    if distinct.height < frame.height:
        copies = frame.filter(~pl.struct(pl.all()).is_first_distinct())
        findings = counted(source, "identical duplicate rows", copies, "collapsed into one", on)
    first = distinct.select(pl.struct(on).is_first_distinct()).to_series()
    if first.all():
        return distinct, findings, None
    if table == "prices":
        twice = distinct.select(pl.struct(on).is_duplicated()).to_series()
        findings += counted(
            source,
            DISAGREE,
            distinct.filter(~first),
            "quarantined, numbers that differ are missing",
            on,
            ONE_EACH,
        )
        reason = f"{table}: rows with the same {', '.join(on)} differ"
        aside = set_aside(table, distinct.filter(twice), reason)
        return _agreed(distinct, first, twice, on), findings, aside
    whole = _filled(distinct, on)
    others = distinct.filter(~first & _contradicts(distinct, whole, on))
    action = "the first row counts, the others are quarantined"
    findings += counted(source, CONTRADICTED.format(table), others, action, on, ONE_EACH)
    reason = f"{table}: another row with the same {', '.join(on)} came first"
    return whole, findings, set_aside(table, others, reason)


def _filled(rows: pl.DataFrame, on: Sequence[str]) -> pl.DataFrame:
    """The first row of each key; where it has no number or text, the next one's that has.

    A missing day is a statement, that a spell runs on.
    """
    rest = [c for c in rows.columns if c not in on]
    days = [c for c in rest if rows.schema[c].is_temporal()]
    return (
        rows.group_by(on, maintain_order=True)
        .agg(
            pl.col(c).first() if c in days else pl.col(c).drop_nulls().first().alias(c)
            for c in rest
        )
        .select(rows.columns)
    )


def _contradicts(rows: pl.DataFrame, whole: pl.DataFrame, on: Sequence[str]) -> pl.Series:
    """Which rows state anything else than the row of ``whole`` of their key.

    A missing number or text states nothing, and a millionth is rounding.
    """
    rest = [c for c in rows.columns if c not in on]
    kept = whole.select(*on, pl.col(rest).name.prefix("="))
    both = rows.join(kept, on=on, how="left", nulls_equal=True, maintain_order="left")
    odd = [pl.lit(False)]
    for c in rest:
        own, other = pl.col(c), pl.col(f"={c}")
        if rows.schema[c].is_float():
            odd.append(((own - other).abs() > ALIKE * other.abs()).fill_null(False))
        elif rows.schema[c].is_temporal():
            odd.append(own.ne_missing(other))
        else:
            odd.append((own != other).fill_null(False))
    return both.select(pl.any_horizontal(odd)).to_series()


def _agreed(
    rows: pl.DataFrame, first: pl.Series, twice: pl.Series, on: Sequence[str]
) -> pl.DataFrame:
    """The first row of each key, without the numbers in which rows ``twice`` there differ.

    A missing number is no statement, and a millionth is rounding. A row left without any price or
    return is a session missing, which the next one may cover.
    """
    numbers = [c for c, t in rows.schema.items() if t.is_float() and c not in on]
    low, high = (
        rows.filter(twice)
        .group_by(on, maintain_order=True)
        .agg(getattr(pl.col(numbers), side)())
        .select(numbers)
        for side in ("min", "max")
    )
    agreed = [
        pl.when(high[c] - low[c] <= ALIKE * high[c].abs()).then(high[c]).alias(c) for c in numbers
    ]
    kept = rows.filter(first)
    at = pl.Series(np.flatnonzero(twice.filter(first).to_numpy()))
    values = high.select(agreed)
    empty = values.select(
        pl.all_horizontal(pl.col(sorted(PRICED & set(numbers))).is_null())
    ).to_series()
    kept = kept.with_columns(kept[c].scatter(at, values[c]) for c in numbers)
    return kept.filter(~pl.repeat(False, len(kept), eager=True).scatter(at, empty))


def increasing(frame: pl.DataFrame, key: Sequence[str], strictly: bool = True) -> bool:
    """True when the rows stand in (strict) order of ``key``."""
    if frame.height < 2:
        return True
    ahead = pl.lit(not strictly)
    for name in reversed(key):
        value, before = pl.col(name), pl.col(name).shift()
        ahead = (value > before) | ((value == before) & ahead)
    return bool(frame.select(ahead.slice(1).fill_null(False).all()).item())


def in_order(frame: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """The frame sorted by ``key``; rows of equal key keep their order."""
    return frame if increasing(frame, key, strictly=False) else frame.sort(key, maintain_order=True)


@lru_cache(maxsize=4)
def _positions(sessions: tuple[dt.date, ...]) -> tuple[int, npt.NDArray[np.int64]]:
    days = np.asarray(sessions, dtype="datetime64[D]").astype(np.int64)
    first = int(days[0])
    position = np.full(int(days[-1]) - first + 1, -1, dtype=np.int64)
    position[days - first] = np.arange(days.size)
    return first, position


def session_number(dates: pl.Series, sessions: Sequence[dt.date]) -> npt.NDArray[np.int64]:
    """Position of each date among the sessions; -1 for a date that is no session."""
    if not sessions:
        return np.full(dates.len(), -1, dtype=np.int64)
    first, position = _positions(tuple(sessions))
    at = dates.cast(pl.Date).to_physical().fill_null(first - 1).to_numpy().astype(np.int64) - first
    inside = (at >= 0) & (at < position.size)
    return np.where(inside, position[np.where(inside, at, 0)], -1)


def with_own_days(dates: pl.Series, sessions: tuple[dt.date, ...]) -> tuple[dt.date, ...]:
    """The sessions, and the days among ``dates`` before the first and after the last of them.

    A source may be older than the calendar: there its own days are the sessions.
    """
    if not sessions or dates.is_empty():
        return sessions
    outside = dates.filter((dates < sessions[0]) | (dates > sessions[-1])).unique().sort().to_list()
    before = [day for day in outside if day < sessions[0]]
    return (*before, *sessions, *outside[len(before) :]) if outside else sessions


def off_calendar(
    source: str, frame: pl.DataFrame, calendar: str, sessions: Sequence[dt.date]
) -> Checked:
    """Quarantine price rows dated on no session, between the calendar's first and last.

    A return on such a day, without a close, is what no later row covers: the next return of the
    security is missing then, so that no index goes on as if nothing had happened.
    """
    if not sessions or frame.is_empty():
        return frame, [], None
    inside = (
        frame.get_column("date").is_between(sessions[0], sessions[-1]).fill_null(False).to_numpy()
    )
    bad = pl.Series(inside & (session_number(frame.get_column("date"), sessions) < 0))
    if not bad.any():
        return frame, [], None
    rows = frame.filter(bad)
    findings = counted(
        source,
        "rows off the calendar",
        rows,
        "quarantined",
        ("security", "date"),
        "Check the date column's format and the market's calendar.",
    )
    kept, broken = _after_lost(frame.filter(~bad), rows)
    findings += counted(
        source,
        "return after a day off the calendar",
        broken,
        "return set to missing: that of the day before it is lost",
        ("security", "date"),
        "Name the market's calendar, or date the returns with sessions.",
    )
    return kept, findings, set_aside("prices", rows, f"date is not a session of {calendar}")


def _after_lost(kept: pl.DataFrame, lost: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows without the returns that follow a lost return other than zero, and those rows."""
    returns = [c for c in ("price_return", "total_return") if c in kept.columns]
    moved = pl.any_horizontal(pl.lit(False), *(pl.col(c).fill_null(0.0) != 0 for c in returns))
    closed = pl.col("close").is_not_null() if "close" in lost.columns else pl.lit(False)
    days = lost.filter(moved & ~closed).select("security", "date").sort("date")
    if days.is_empty():
        return kept, kept.clear()
    place = kept.select("security", "date").with_row_index("__at").sort("date")
    after = days.join_asof(
        place, on="date", by="security", strategy="forward", check_sortedness=False
    )
    at = after["__at"].drop_nulls().unique().sort()
    changed = [kept[c].scatter(at, None) for c in returns]
    return kept.with_columns(changed), kept[at]


def misdated(
    source: str, frame: pl.DataFrame, today: dt.date | None, over: dt.date | None = None
) -> Checked:
    """Quarantine price rows whose day cannot be right; ``frame`` is sorted by security and date.

    A day outside 1700 to 2199; a day after the day of the import (``today``; one day more where it
    is tomorrow already); one whose session had not ended at the import (``over``: the last day that
    had), since its prices are no closes yet; the only day of its source, or of its security, for a
    long time: see ``lone_days``. Such a row is most often a mistyped year, and a single one in the
    future would move the day that everything is shown as of.
    """
    if frame.is_empty():
        return frame, [], None
    day = pl.col("date")
    cannot = [(~day.is_between(*PLAUSIBLE), "date is no plausible day")]
    if today is not None:
        cannot.append((day > today + dt.timedelta(1), "date lies after the day of the import"))
    if over is not None:
        cannot.append((day > over, NOT_OVER))
    why = frame.select(
        pl.coalesce(pl.when(bad).then(pl.lit(reason)) for bad, reason in cannot).alias("why")
    ).to_series()
    rest = why.is_null()
    lone = _lone_rows(frame.filter(rest) if not rest.all() else frame)
    if lone.any():
        place = pl.Series(np.flatnonzero(rest.to_numpy())[lone])
        why = why.scatter(place, "date is far from all others of its source or security")
    bad = why.is_not_null()
    if not bad.any():
        return frame, [], None
    rows, why = frame.filter(bad), why.filter(bad)
    findings: list[Finding] = []
    for reason in why.unique().sort():
        part = rows.filter(why == reason)
        remedy = "Check the year; state the source again once it is right."
        remedy = "Import again once it has ended." if reason == NOT_OVER else remedy
        findings += counted(source, reason, part, "quarantined", ("security", "date"), remedy)
    return frame.filter(~bad), findings, set_aside("prices", rows, why)


def lone_days(days: npt.NDArray[np.datetime64], far: int) -> npt.NDArray[np.bool_]:
    """Which of ascending days is a first or last one that stands alone.

    True for the first and the last day where the next day lies more than ``far`` days away, and
    more than twenty times the median step between the others. Of fewer than four days none is.
    """
    alone = np.zeros(days.size, bool)
    if days.size < FEWEST_DAYS:
        return alone
    steps = np.diff(days.astype(np.int64))
    limit = max(far, 20 * float(np.median(steps)))
    alone[0], alone[-1] = steps[0] > limit, steps[-1] > limit
    return alone


def _lone_rows(frame: pl.DataFrame) -> npt.NDArray[np.bool_]:
    """Rows on a lone day of all the rows, or on a lone day of their security."""
    if frame.is_empty():
        return np.zeros(0, bool)
    day = frame.get_column("date").to_physical().to_numpy()
    seen = np.bincount(day - day.min())  # days lie within five centuries
    days = np.flatnonzero(seen) + day.min()
    alone = lone_days(days.astype("datetime64[D]"), FAR_OF_SOURCE)
    rows = np.isin(day, days[alone]) if alone.any() else np.zeros(frame.height, bool)
    other = pl.col("security").ne_missing(pl.col("security").shift())
    ends = frame.select(other.slice(1)).to_series().to_numpy()
    first, last = np.append(True, ends), np.append(ends, True)
    step = np.diff(day)
    wide = np.where(ends, 0, step) > FAR_OF_SECURITY
    if wide.any() and frame.height >= FEWEST_DAYS:
        wide &= step > 20 * float(np.median(step[~ends]))
        # at an end of a security that has rows enough on the other side of the gap
        at = np.flatnonzero(wide)
        begin, end = np.flatnonzero(first), np.flatnonzero(last)
        number = np.searchsorted(begin, at, side="right") - 1
        enough = end[number] - begin[number] + 1 >= FEWEST_DAYS
        rows[at[enough & first[at]]] = True
        rows[at[enough & last[at + 1]] + 1] = True
    return rows

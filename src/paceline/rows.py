"""Rows of tables: findings, quarantine, duplicates, order, sessions.

A row leaves a table only into the quarantine, with its reason and its content, or as a copy of a
row that stays; either way it is counted in a ``Finding``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    import datetime as dt

    import numpy.typing as npt

#: Columns of a quarantine frame: the table the row was meant for, why it was kept out, the row as
#: JSON.
QUARANTINE = pl.Schema({"table": pl.String(), "reason": pl.String(), "row": pl.String()})
#: A frame, what was found in it, and the quarantine rows taken from it (None: none).
Checked = tuple[pl.DataFrame, "list[Finding]", pl.DataFrame | None]
#: New shares per old share in splits that happen often, upwards; reverse splits are their inverses.
SPLIT_RATIOS = (
    1.5,
    2.0,
    3.0,
    4.0,
    5.0,
    6.0,
    7.0,
    8.0,
    10.0,
    12.0,
    15.0,
    20.0,
    25.0,
    30.0,
    40.0,
    50.0,
    100.0,
)


@dataclass(frozen=True)
class Finding:
    """One fault found in the data: what, how often, an example, and what was done about it."""

    source: str
    check: str  # short name, e.g. "duplicate rows"
    count: int
    action: str  # "quarantined", "kept, flagged", "recovered", "excluded from ..."
    example: str = ""
    remedy: str = ""


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

    Identical rows are collapsed and counted; of conflicting rows the first is kept and the others
    are quarantined.
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
    others = distinct.filter(~first)
    findings += counted(
        source,
        "conflicting duplicate rows",
        others,
        "quarantined, the first row is kept",
        on,
        "Filter the file with where = {...} or give each part its own source.",
    )
    reason = f"{table}: another row with the same {', '.join(on)} came first"
    return distinct.filter(first), findings, set_aside(table, others, reason)


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


def off_calendar(
    source: str, frame: pl.DataFrame, calendar: str, sessions: Sequence[dt.date]
) -> Checked:
    """Quarantine price rows dated on no session, between the calendar's first and last."""
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
    return (
        frame.filter(~bad),
        findings,
        set_aside("prices", rows, f"date is not a session of {calendar}"),
    )


def near_split(ratio: pl.Expr, tolerance: float = 0.05) -> pl.Expr:
    """True where a positive ratio is a common split ratio or its inverse, within ``tolerance``.

    |ln ratio| differs from ln k by less than ``tolerance`` for one k of ``SPLIT_RATIOS``; a missing
    ratio is False.
    """
    size = ratio.log().abs()
    return pl.any_horizontal(
        [(size - math.log(k)).abs() < tolerance for k in SPLIT_RATIOS]
    ).fill_null(False)

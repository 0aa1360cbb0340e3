"""Rows set aside: what every source does with rows it cannot keep. Not a plug-in.

A row leaves a table only into the quarantine, with its reason and its content, or as a copy of a row that
stays; either way it is counted in a ``Finding``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from paceline.sources import Finding

if TYPE_CHECKING:
    import datetime as dt

    import numpy.typing as npt

#: Columns of a quarantine frame: the table the row was meant for, why it was kept out, the row as JSON.
QUARANTINE = pl.Schema({"table": pl.String(), "reason": pl.String(), "row": pl.String()})


def set_aside(table: str, rows: pl.DataFrame, reason: str | pl.Series) -> pl.DataFrame:
    """``rows`` as quarantine rows; ``reason`` is one text for all, or one per row."""
    if rows.is_empty():
        return pl.DataFrame(schema=QUARANTINE)
    why = pl.lit(reason) if isinstance(reason, str) else reason
    # json_encode writes dates as day numbers; as text the row stays readable
    dates = [pl.col(c).cast(pl.String) for c, t in rows.schema.items() if t.is_temporal()]
    content = [c for c in rows.columns if not c.startswith("__")]
    return rows.with_columns(dates).select(
        pl.lit(table).alias("table"), why.alias("reason"), pl.struct(content).struct.json_encode().alias("row")
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


def collapse(
    source: str, table: str, frame: pl.DataFrame, key: Sequence[str]
) -> tuple[pl.DataFrame, list[Finding], pl.DataFrame | None]:
    """One row per key. Identical rows are collapsed and counted; of conflicting rows the first is kept and
    the others are quarantined. The order of the remaining rows is unchanged."""
    on = [k for k in key if k in frame.columns]
    # two column hashes instead of a grouping: the usual file has no duplicate and passes in milliseconds
    if not on or frame.is_empty() or frame.select(pl.struct(on).is_first_distinct().all()).item():
        return frame, [], None
    distinct = frame.unique(maintain_order=True)
    findings = []
    if distinct.height < frame.height:
        copies = frame.filter(~pl.struct(pl.all()).is_first_distinct())
        findings.append(
            Finding(source, "identical duplicate rows", copies.height, "collapsed into one", where_is(copies, on))
        )
    first = distinct.select(pl.struct(on).is_first_distinct()).to_series()
    if first.all():
        return distinct, findings, None
    others = distinct.filter(~first)
    findings.append(
        Finding(
            source,
            "conflicting duplicate rows",
            others.height,
            "quarantined, the first row is kept",
            where_is(others, on),
            "Filter the file with where = {...} or give each part its own source.",
        )
    )
    reason = f"{table}: another row with the same {', '.join(on)} came first"
    return distinct.filter(first), findings, set_aside(table, others, reason)


def session_number(dates: pl.Series, sessions: Sequence[dt.date]) -> npt.NDArray[np.int64]:
    """Position of each date among the sessions; -1 for a date that is no session."""
    days = np.asarray(sessions, dtype="datetime64[D]")
    wanted = dates.cast(pl.Date).to_numpy().astype("datetime64[D]")
    if not days.size:
        return np.full(wanted.shape, -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(days, wanted), days.size - 1)
    return np.where(days[at] == wanted, at, -1).astype(np.int64)


def off_calendar(
    source: str, frame: pl.DataFrame, calendar: str, sessions: Sequence[dt.date]
) -> tuple[pl.DataFrame, list[Finding], pl.DataFrame | None]:
    """Price rows dated on a day that is no session, between the calendar's first and last, are quarantined."""
    if not sessions or frame.is_empty():
        return frame, [], None
    inside = frame.get_column("date").is_between(sessions[0], sessions[-1]).fill_null(False).to_numpy()
    bad = pl.Series(inside & (session_number(frame.get_column("date"), sessions) < 0))
    if not bad.any():
        return frame, [], None
    rows = frame.filter(bad)
    found = Finding(
        source,
        "rows off the calendar",
        rows.height,
        "quarantined",
        where_is(rows, ("security", "date")),
        "Check the date column's format and the market's calendar.",
    )
    return frame.filter(~bad), [found], set_aside("prices", rows, f"date is not a session of {calendar}")

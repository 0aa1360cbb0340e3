"""Price returns from unadjusted closes and the exchange's own changes, holes worked back. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from paceline.rows import (
    CENT,
    MAYBE_SPECIAL,
    ROUNDED,
    Finding,
    counted,
    in_order,
    session_number,
    where_is,
)
from paceline.splits import near_split

_KEY = ("security", "date")
#: A change that differs from the closes by less (in logs) is a dividend, by more a split or a
#: spin-off.
DIVIDEND = 0.05
#: A dividend of this share of the price (in logs) or more may have been a special one.
SPECIAL = 0.02
#: Closes that differ by less (in logs) are the same close, rounded.
SAME_CLOSE = 1e-3
#: A change that differs from the closes by less (in logs) agrees with them.
BASIS_POINT = 1e-4
#: On a session on which, or of a security of which, so many changes differ by more, this share of
#: all of them, and this share of those the way that no dividend does, none of them is taken for a
#: dividend.
MANY, OFTEN, AGAINST = 10, 0.2, 0.25


def several(sessions: pl.Expr) -> pl.Expr:
    """How many sessions a return covers; null for one."""
    return pl.when(sessions > 1).then(sessions).cast(pl.Int32)


def measured_from_last_close() -> pl.Expr:
    """Sessions of a return that is measured from the last stored close, where they are several."""
    implied = pl.col("close") / (1 + pl.col("price_return"))
    same = (implied / pl.col("close").shift()).log().abs() <= SAME_CLOSE
    return pl.when(same).then(several(pl.col("__gap")))


def from_changes(
    name: str, frame: pl.DataFrame, recover: bool, calendar: Sequence[dt.date]
) -> tuple[pl.DataFrame, list[Finding]]:
    """Unadjusted close and the exchange's own change.

    After a gap the change covers its last session only. Between neighbouring sessions the price
    return is close_t / close_{t-1} - 1 unless the change differs from it by more than ``DIVIDEND``:
    then there was a split, and the change is the return. Some exchanges (Nasdaq) quote the change
    against a close less the dividend, so the change alone would be neither price nor total return.
    On a session on which much of the source differs, and not only upwards, closes or changes are of
    another day; of a security of which it does, one of them is of another unit or another security:
    the changes are kept (``panel.doubts`` says so).

    A gap can be closed: close_{t-1} = close_t / (1 + change_t), and the return over the gap is
    close_{t-1} / close_s - 1, with s the session before it; it is dated on the gap's last session
    and ``covers`` all of them. When that ratio looks like a split the return stays null. A change
    measured from the last stored close covers the gap itself.
    """
    before = pl.col("close").shift()
    implied = pl.col("close") / (1 + pl.col("price_return"))
    frame = frame.with_columns(
        pl.when("__same").then(before).alias("__before"),
        implied.alias("__implied"),
        pl.lit(False).alias("recovered"),
        measured_from_last_close().alias("covers"),
    )
    findings: list[Finding] = []
    lost = (pl.col("__gap") > 1) & pl.col("price_return").is_not_null()
    if recover:
        lost &= ~_RECOVERABLE
        frame, findings = _recovered(name, frame, calendar)
    frame, worked = _unsaid(frame, calendar)
    findings += counted(
        name, "change missing between two closes", worked, "return taken from the closes", _KEY
    )
    frame, dividends, against = _from_closes(frame, calendar)
    findings += counted(
        name,
        "change contradicts the closes",
        against,
        "kept, said on the figures",
        _KEY,
        "Compare the dates of closes and changes: one of them may be a session early or late; of a "
        "single security, its units.",
    )
    findings += counted(
        name,
        MAYBE_SPECIAL,
        dividends.filter(pl.col("__by") >= SPECIAL),
        "return taken from the closes, a caveat",
        _KEY,
        "List special dividends and spin-offs in actions: they leave the price return.",
    )
    findings += counted(
        name,
        "change differs from the closes (ex-dividend)",
        dividends,
        "return taken from the closes",
        _KEY,
    )
    # where the change is measured from the last stored close nothing is lost, however long the gap
    lost &= (pl.col("__implied") / pl.col("__before")).log().abs() > SAME_CLOSE
    findings += counted(
        name,
        "return after a gap covers one session only",
        frame.filter(lost),
        "kept, flagged",
        _KEY,
        "" if recover else "Set recover = true to work back the missing close.",
    )
    return frame.drop("__before", "__implied"), findings


#: Rows after a gap whose change gives the close of its last session. After more than one session,
#: a change measured from the last stored close covers them all and gives nothing back.
_RECOVERABLE = (
    (pl.col("__gap") > 1)
    & (pl.col("__implied") > 0)
    & pl.col("__implied").is_finite()
    & (pl.col("__before") > 0)
    & ((pl.col("__gap") == 2) | pl.col("covers").is_null())
)


def _recovered(
    name: str, frame: pl.DataFrame, calendar: Sequence[dt.date]
) -> tuple[pl.DataFrame, list[Finding]]:
    """The frame with the closes that the next session's change gives back."""
    rows = frame.filter(_RECOVERABLE)
    frame = frame.with_columns(pl.when(~_RECOVERABLE).then("covers").alias("covers"))
    split = near_split(pl.col("__implied") / pl.col("__before"))
    # the columns the file gives for a day it does not hold stay null
    days = pl.Series("date", calendar, dtype=pl.Date).gather(rows.get_column("__n") - 1)
    added = rows.select(
        "security",
        days,
        pl.col("__implied").alias("close"),
        split.alias("__split"),
        pl.when(~split).then(pl.col("__implied") / pl.col("__before") - 1).alias("price_return"),
        pl.lit(True).alias("recovered"),
        several(pl.col("__gap") - 1).alias("covers"),
    )
    findings = []
    if added.height:
        findings.append(
            Finding(
                name,
                "closes recovered from the next session's change",
                added.height,
                "recovered",
                f"{where_is(added, _KEY)}; most on {', '.join(str(d) for d in _most(added, 5))}",
            )
        )
    findings += counted(
        name,
        "recovered return looks like a split",
        added.filter("__split"),
        "close recovered, return left missing",
        _KEY,
    )
    return in_order(pl.concat([frame, added.drop("__split")], how="diagonal"), _KEY), findings


def _unsaid(frame: pl.DataFrame, calendar: Sequence[dt.date]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The frame with the returns between closes whose change is missing, and those rows.

    close_t / close_s - 1 with s the row before, unless that looks like a split.
    """
    silent = frame.select(pl.col("price_return").is_null() & ~pl.col("recovered")).to_series()
    if not silent.any():
        return frame, frame.select(_KEY).clear()
    number = pl.Series("__n", session_number(frame.get_column("date"), calendar))
    same = pl.col("security") == pl.col("security").shift()
    moved = frame.with_columns(number).select(
        ratio=pl.when(same).then(pl.col("close") / pl.col("close").shift()),
        step=pl.col("__n") - pl.col("__n").shift(),
    )
    rows = moved.with_row_index("at").filter(silent & moved.get_column("ratio").is_not_null())
    rows = rows.filter(~near_split(pl.col("ratio")))
    at = rows.get_column("at")
    worked = rows.select(price_return=pl.col("ratio") - 1, covers=several(pl.col("step")))
    written = [frame.get_column(c).scatter(at, worked.get_column(c)) for c in worked.columns]
    return frame.with_columns(written), frame.select(_KEY)[at]


def _from_closes(
    frame: pl.DataFrame, calendar: Sequence[dt.date]
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Take the return from the closes where the change agrees with them but for a dividend.

    Returns the frame, the rows whose change did not agree to a basis point, and those of whose
    change no dividend makes the difference.
    """
    number = pl.Series("__n", session_number(frame.get_column("date"), calendar))
    frame = frame.with_columns(number)
    next_session = (pl.col("security") == pl.col("security").shift()) & (
        pl.col("__n") - pl.col("__n").shift() == 1
    )
    before = pl.when(next_session).then(pl.col("close").shift())
    gap = ((1 + pl.col("price_return")) * pl.col("__last") / pl.col("close")).log()
    frame = frame.with_row_index("__at").with_columns(before.alias("__last"))
    frame = frame.with_columns(gap.alias("__by"))
    near = (pl.col("__by").abs() < DIVIDEND).fill_null(False)
    differ = frame.filter(near & (pl.col("__by").abs() > BASIS_POINT))
    against = _no_dividends(differ, frame)
    kept = frame.get_column("__at").is_in(against.get_column("__at").implode())
    raw = pl.col("close") / pl.col("__last") - 1
    price = pl.when(near & ~kept).then(raw).otherwise("price_return").alias("price_return")
    dividends = differ.join(against, on="__at", how="anti").select(*_KEY, pl.col("__by").abs())
    return frame.with_columns(price).drop("__at", "__by", "__last"), dividends, against.select(_KEY)


def _no_dividends(differ: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Of rows whose change differs from the closes those that are no ex-dates.

    They are all that differ of a session, or of a security, that has ``MANY`` of them.
    """
    rounding = ROUNDED + CENT / pl.col("close") + CENT / pl.col("__last")
    wide = differ.filter(pl.col("__by").abs() > rounding)
    return wide.filter(pl.any_horizontal(*(_often(wide, frame, by) for by in ("date", "security"))))


def _often(wide: pl.DataFrame, frame: pl.DataFrame, by: str) -> pl.Expr:
    """Rows of a session, or of a security, of which too much differs, and not only upwards."""
    groups = wide.group_by(by).agg(many=pl.len(), down=(pl.col("__by") < 0).mean())
    groups = groups.filter((pl.col("many") >= MANY) & (pl.col("down") >= AGAINST))
    if groups.is_empty():
        return pl.lit(value=False)
    among = pl.col("__by").is_not_null() & pl.col(by).is_in(groups[by].implode())
    of_them = frame.filter(among).group_by(by).agg(all=pl.len())
    often = groups.join(of_them, on=by).filter(pl.col("many") >= OFTEN * pl.col("all"))
    return pl.col(by).is_in(often[by].implode())


def _most(rows: pl.DataFrame, count: int) -> list[dt.date]:
    """The dates with most rows."""
    counts = rows.group_by("date").len().sort("len", "date", descending=[True, False])
    return counts.head(count).get_column("date").to_list()

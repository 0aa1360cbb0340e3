"""Price checks at the door: sessions, stale closes, splits both ways, caps, missing returns."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline import wording
from paceline.quality._misdated import misdated
from paceline.quality._scale import rescaled
from paceline.quality._shares import shared_caps
from paceline.rows import (
    LATE_PRICES,
    MISSING_SESSIONS,
    REPEATED_SESSIONS,
    STOPPED,
    Finding,
    counted,
    session_number,
    set_aside,
)
from paceline.sources import Context
from paceline.splits import near_split
from paceline.stillness import ZERO, together

#: Fewer securities that end on one day are those that ended.
SEVERAL = 3
#: Days that a finding names: the last ones.
LISTED = 12
#: Unchanged closes in a row that count as stale.
STALE = 10
#: A session is missing for the whole market when more than this part of the securities listed on it
#: has no row.
WHOLE_MARKET = 0.5
#: Closes and change may disagree by this much in a return before it is listed.
DISAGREE = 0.02
#: |ln(1 + return)| above this is far from no return: a split, or something as large.
JUMP = 0.3
#: How near a split ratio q must come: R q within this of 1, in logs.
NEAR_ONE = 0.25
#: The close hardly moved: |ln| below this.
STILL = 0.15
#: A market cap moved with the close: |ln| of their ratio below this.
WITH_CLOSE = 0.05
_KEY = ("security", "date")


def check_prices(
    name: str, frame: pl.DataFrame, record: pl.DataFrame, true: pl.DataFrame, context: Context
) -> tuple[pl.DataFrame, list[Finding], list[pl.DataFrame | None]]:
    """Prices without what cannot be true, what was found, and the rows set aside.

    ``record`` holds corporate actions, ``true`` security and date of returns that the market file
    calls true. A market cap of zero, and single values that others contradict, become null; the
    rows stay.
    """
    if frame.is_empty():
        return frame, [Finding(name, "no rows", 0, "nothing to store")], []
    zero = frame.get_column("market_cap") == 0
    findings = counted(name, "market cap of zero", frame.filter(zero), "read as missing", _KEY)
    if findings:
        frame = frame.with_columns(
            pl.when(pl.col("market_cap") != 0).then(pl.col("market_cap")).alias("market_cap")
        )
    findings += _late(name, frame)
    findings += _missing_sessions(name, frame, context)
    findings += _stale(name, frame)
    findings += _repeated_sessions(name, frame)
    frame, splits, aside = _splits(name, frame, record, true, context)
    findings += splits + shared_caps(name, frame) + rescaled(name, frame)
    return frame, findings, aside


def _late(name: str, frame: pl.DataFrame) -> list[Finding]:
    """Prices that nobody could know on their own day: no panel holds them."""
    late = frame.filter(pl.col("known") > pl.col("date"))
    if late.is_empty():
        return []
    delay = int(late.select((pl.col("known") - pl.col("date")).dt.total_days().median()).item())
    by = wording.number_of(delay, "day")
    action = f"not used: a price counts if it is known on its day, and these come {by} later"
    remedy = "Leave known out of the columns where it is the day of delivery, not of a correction."
    return counted(name, LATE_PRICES, late, action, _KEY, remedy)


def _missing_sessions(name: str, frame: pl.DataFrame, context: Context) -> list[Finding]:
    """Sessions between a security's first and last row that have none, and whole days without."""
    if not context.sessions:
        return [Finding(name, "sessions not checked", 1, "no exchange calendar was given")]
    days = np.asarray(context.sessions, dtype="datetime64[D]")
    own = ~frame.get_column("recovered").fill_null(False)
    number = session_number(frame.get_column("date"), context.sessions)
    inside = number >= 0
    spans = (
        frame.select("security", pl.Series("n", number))
        .filter(pl.Series(inside))
        .group_by("security")
        .agg(pl.col("n").min().alias("first"), pl.col("n").max().alias("last"))
    )
    if spans.is_empty():
        return []
    steps = np.zeros(days.size + 1, dtype=np.int64)
    np.add.at(steps, spans.get_column("first").to_numpy(), 1)
    np.add.at(steps, spans.get_column("last").to_numpy() + 1, -1)
    listed = np.cumsum(steps[:-1])
    rows = np.bincount(number[inside & own.to_numpy()], minlength=days.size)
    lacking = listed - rows
    share = lacking / np.maximum(listed, 1)
    whole = np.flatnonzero((share > WHOLE_MARKET) & (listed > 0))
    findings = []
    if whole.size:
        more = "..., " if whole.size > LISTED else ""
        shown = more + ", ".join(str(d) for d in days[whole][-LISTED:])
        findings.append(
            Finding(
                name,
                MISSING_SESSIONS,
                int(whole.size),
                "worked back or taken from another source or basis where possible, else missing",
                shown,
                "Add the sessions to the file.",
                days=tuple(days[whole].tolist()),
            )
        )
    findings += _stopped(name, spans.get_column("last").to_numpy(), listed, days)
    rest = int(lacking.sum() - lacking[whole].sum())
    if rest:
        most = int(np.argmax(np.where(np.isin(np.arange(days.size), whole), -1, lacking)))
        findings.append(
            Finding(
                name,
                "sessions missing within a security's life",
                rest,
                "not in the file",
                f"most on {days[most]}: {int(lacking[most])} of "
                f"{wording.number_of(int(listed[most]), 'security', 'securities')}",
                days=(days[most].item(),),
            )
        )
    return findings


def _stopped(
    name: str, last: NDArray[np.int64], listed: NDArray[np.int64], days: NDArray[np.datetime64]
) -> list[Finding]:
    """The session after which most securities have no further row, though the source goes on.

    last    of each security the session of its last row
    listed  (T,) securities between their first and last row
    """
    ends = np.bincount(last, minlength=days.size)
    many = (ends > WHOLE_MARKET * np.maximum(listed, 1)) & (ends >= SEVERAL)
    at = int(np.flatnonzero(many[: int(last.max())])[-1:].sum())
    if not many[at] or at == int(last.max()):
        return []
    return [
        Finding(
            name,
            STOPPED,
            int(ends[at]),
            "not carried forward: another source or basis, else missing",
            f"after {days[at]}: {int(ends[at])} of "
            f"{wording.number_of(int(listed[at]), 'security', 'securities')}",
            "Fetch the source again from that day on.",
            days=(days[at].item(),),
        )
    ]


def _stale(name: str, frame: pl.DataFrame) -> list[Finding]:
    """Runs of STALE or more sessions on one close that traded, or whose volume is not known."""
    traded = frame.filter(
        pl.col("close").is_not_null() & (pl.col("volume").is_null() | (pl.col("volume") > 0))
    )
    if traded.is_empty():
        return []
    new = (pl.col("security") != pl.col("security").shift()) | (
        pl.col("close") != pl.col("close").shift()
    )
    start = traded.select(new.fill_null(True)).to_series().to_numpy()
    at = np.flatnonzero(start)
    length = np.diff(np.append(at, start.size))
    runs = np.flatnonzero(length >= STALE)
    if not runs.size:
        return []
    longest = int(runs[np.argmax(length[runs])])
    row = traded.row(int(at[longest]), named=True)
    return [
        Finding(
            name,
            f"closes unchanged for {STALE} sessions or more",
            int(runs.size),
            "kept, flagged",
            f"{row['security']} from {row['date']}: {int(length[longest])} sessions "
            f"at {row['close']:g}",
        )
    ]


def _repeated_sessions(name: str, frame: pl.DataFrame) -> list[Finding]:
    """Sessions on which more returns than usual are exactly zero: closes stated once more."""
    moved = pl.coalesce("price_return", "total_return")
    by_day = (
        frame.group_by("date")
        .agg(moved.count().alias("len"), (moved.abs() < ZERO).sum().alias("still"))
        .sort("date")
    )
    share = by_day.filter(pl.Series(together(*by_day.select("still", "len").to_numpy().T)))
    if share.is_empty():
        return []
    days = share.get_column("date").to_list()
    last = share.row(-1, named=True)
    of = wording.number_of(last["len"], "security", "securities")
    return [
        Finding(
            name,
            REPEATED_SESSIONS,
            len(days),
            "kept, said on the figures",
            f"last on {last['date']}: {last['still']} of {of}",
            "Fetch those sessions again; where the exchange was closed, leave them out.",
            days=tuple(days),
        )
    ]


def _splits(
    name: str, frame: pl.DataFrame, record: pl.DataFrame, true: pl.DataFrame, context: Context
) -> tuple[pl.DataFrame, list[Finding], list[pl.DataFrame | None]]:
    """Returns and market caps that a split left wrong.

    With R = 1 + price return, G = close_t / close_{t-1}, and n = market cap / close (implied
    shares):

    * unhandled split: R is far from 1 and n moves by a common split ratio q across the day, within
      1%, with R q near 1: the return is the split. (An issue of new shares moves n as well, but to
      no round ratio.) What else looks like a split ``_jumps`` sets aside.
    * spurious adjustment: R is far from 1 between neighbouring sessions while the close hardly
      moved.
    * lagging cap: the close jumps by a split ratio that the return handles, and the cap jumps with
      the close and comes back on the next row (or there is no next row yet).
    """
    rows = _suspects(frame, context)
    stands = rows.join(true, on=_KEY, how="semi")
    findings: list[Finding] = []
    aside: list[pl.DataFrame | None] = []
    original = frame.columns
    for column, field, label, remedy in _WRONG:
        hit = rows.filter(column)
        if field == "price_return":
            hit = hit.join(stands, on=_KEY, how="anti")
        if hit.is_empty():
            continue
        action = f"{field} set to missing, original quarantined"
        first = misdated(hit, record) if column == "unhandled" else ""
        remedy = first + (remedy if hit.height > 1 or not first else "")
        findings += counted(name, label, hit, action, _KEY, remedy.strip())
        aside.append(set_aside("prices", hit.select(original), f"{label}: {field} set to missing"))
        mask = np.zeros(frame.height, dtype=bool)
        mask[hit.get_column("__at").to_numpy()] = True
        frame = frame.with_columns(pl.when(~pl.Series(mask)).then(pl.col(field)).alias(field))
    other = pl.col("disagree") & ~pl.col("handled") & ~pl.col("spurious")
    label = "close and return disagree, no split"
    findings += counted(name, label, rows.filter(other), "kept, flagged", _KEY)
    return frame, findings, aside


#: Flag of ``_suspects``, the field that is wrong, what is said of it, what to do.
_WRONG = (
    (
        "unhandled",
        "price_return",
        "return is an unhandled split",
        "Map a split-aware change, or add the split to actions.",
    ),
    ("spurious", "price_return", "return the close does not show", "Compare with another source."),
    ("lag", "market_cap", "market cap lags on a split day", ""),
)


def _suspects(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Rows that jump, or whose close and return disagree, with one flag per explanation.

    ``__at`` is the row's number in ``frame``; the flags are those of ``_splits``.
    """
    close, cap, security = pl.col("close"), pl.col("market_cap"), pl.col("security")
    same, next_same = security == security.shift(), security == security.shift(-1)
    shares = cap / close
    later = pl.when(next_same).then(shares.shift(-1)).otherwise(None)
    number = pl.Series("__n", session_number(frame.get_column("date"), context.sessions))
    wide = frame.with_columns(number).with_columns(
        # across a gap the return covers its last session only and need not agree with the closes
        ((pl.col("__n") < 0) | (pl.col("__n") - pl.col("__n").shift() == 1)).alias("next"),
        (1 + pl.col("price_return")).alias("R"),
        pl.when(same).then(close / close.shift()).alias("G"),
        pl.when(same).then(later / shares.shift()).alias("q"),
        pl.when(same).then(cap / cap.shift()).alias("C"),
        pl.when(same & next_same).then(cap.shift(-1) / cap.shift()).alias("C2"),
        next_same.fill_null(False).alias("more"),
    )
    R, G, q = pl.col("R"), pl.col("G"), pl.col("q")
    far = wide.select(_beyond(R, JUMP) | _beyond(G / R, DISAGREE)).to_series()
    jump, gap = R.log().abs() > JUMP, G / R
    flags = {
        "unhandled": jump & near_split(q, 0.01) & ((R * q).log().abs() < NEAR_ONE),
        "spurious": jump & (G.log().abs() < STILL) & pl.col("next"),
        "handled": near_split(gap) & (gap.log().abs() > JUMP),
        "disagree": (gap.log().abs() > DISAGREE) & pl.col("next"),
    }
    rows = wide.with_row_index("__at").filter(far.fill_null(False))
    rows = rows.with_columns(flag.fill_null(False).alias(name) for name, flag in flags.items())
    with_close = (pl.col("C") / G).log().abs() < WITH_CLOSE
    comes_back = ~pl.col("more") | ((pl.col("C2") / R).log().abs() < JUMP)
    return rows.with_columns(
        (pl.col("handled") & with_close & comes_back).fill_null(False).alias("lag")
    )


def _beyond(ratio: pl.Expr, log: float) -> pl.Expr:
    """|ln ratio| > ``log``, without a logarithm for every row."""
    return ~ratio.is_between(math.exp(-log), math.exp(log))


def missing_returns(name: str, frame: pl.DataFrame) -> list[Finding]:
    """Rows after a security's first that carry no return of any kind."""
    later = pl.col("security") == pl.col("security").shift()
    none = frame.filter(later & pl.col("price_return").is_null() & pl.col("total_return").is_null())
    return counted(
        name,
        "return missing",
        none,
        "another source or basis where there is one, else missing",
        _KEY,
    )

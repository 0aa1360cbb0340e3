"""Price checks at the door: sessions, stale closes, splits both ways, caps, missing returns."""

from __future__ import annotations

import numpy as np
import polars as pl

from paceline.rows import in_order, near_split, session_number, set_aside, where_is
from paceline.sources import Context, Finding

#: Unchanged closes in a row that count as stale.
STALE = 10
#: A session counts as missing for the whole market when this share of the living securities has no
#: row.
WHOLE_MARKET = 0.5
#: Closes and change may disagree by this much in a return before it is listed.
DISAGREE = 0.02
_KEY = ("security", "date")


def check_prices(
    name: str, frame: pl.DataFrame, context: Context
) -> tuple[pl.DataFrame, list[Finding], list[pl.DataFrame | None]]:
    if frame.is_empty():
        return frame, [Finding(name, "no rows", 0, "nothing to store")], []
    frame = in_order(frame, _KEY)
    zero = frame.get_column("market_cap") == 0
    findings = []
    if zero.any():
        findings.append(
            Finding(
                name,
                "market cap of zero",
                int(zero.sum()),
                "read as missing",
                where_is(frame.filter(zero), _KEY),
            )
        )
        frame = frame.with_columns(
            pl.when(pl.col("market_cap") != 0).then(pl.col("market_cap")).alias("market_cap")
        )
    findings += _missing_sessions(name, frame, context)
    findings += _stale(name, frame)
    frame, found, aside = _splits(name, frame, context)
    return (
        frame,
        findings + found + _shared_caps(name, frame) + _missing_returns(name, frame),
        aside,
    )


def _missing_sessions(name: str, frame: pl.DataFrame, context: Context) -> list[Finding]:
    """Sessions between a security's first and last row that have none; those most of the market lacks, by day."""
    if not context.sessions:
        return [Finding(name, "sessions not checked", 1, "no exchange calendar was given")]
    days = np.asarray(context.sessions, dtype="datetime64[D]")
    own = ~frame.get_column("recovered").fill_null(False)
    number = session_number(frame.get_column("date"), context.sessions)
    inside = number >= 0
    life = (
        frame.select("security", pl.Series("n", number))
        .filter(pl.Series(inside))
        .group_by("security")
        .agg(pl.col("n").min().alias("first"), pl.col("n").max().alias("last"))
    )
    if life.is_empty():
        return []
    steps = np.zeros(days.size + 1, dtype=np.int64)
    np.add.at(steps, life.get_column("first").to_numpy(), 1)
    np.add.at(steps, life.get_column("last").to_numpy() + 1, -1)
    alive = np.cumsum(steps[:-1])
    rows = np.bincount(number[inside & own.to_numpy()], minlength=days.size)
    lacking = alive - rows
    share = lacking / np.maximum(alive, 1)
    whole = np.flatnonzero((share > WHOLE_MARKET) & (alive > 0))
    findings = []
    if whole.size:
        shown = ", ".join(str(d) for d in days[whole][:12]) + (", ..." if whole.size > 12 else "")
        findings.append(
            Finding(
                name,
                "sessions missing for the whole market",
                int(whole.size),
                "not in the file",
                shown,
                "Set recover = true where the file carries changes.",
            )
        )
    rest = int(lacking.sum() - lacking[whole].sum())
    if rest:
        most = int(np.argmax(np.where(np.isin(np.arange(days.size), whole), -1, lacking)))
        findings.append(
            Finding(
                name,
                "sessions missing within a security's life",
                rest,
                "not in the file",
                f"most on {days[most]}: {int(lacking[most])} of {int(alive[most])} securities",
            )
        )
    return findings


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
            f"{row['security']} from {row['date']}: {int(length[longest])} sessions at {row['close']:g}",
        )
    ]


def _splits(
    name: str, frame: pl.DataFrame, context: Context
) -> tuple[pl.DataFrame, list[Finding], list[pl.DataFrame | None]]:
    """Returns and market caps that a split left wrong.

    With R = 1 + price return, G = close_t / close_{t-1}, and n = market cap / close (implied
    shares):

    * unhandled split: R is far from 1 and n moves by a common split ratio q across the day, within
      1%, with R q near 1: the return is the split. (An issue of new shares moves n as well, but to
      no round ratio.) Without market caps R within 1% of a common ratio is only flagged.
    * spurious adjustment: R is far from 1 between neighbouring sessions while the close hardly
      moved.
    * lagging cap: the close jumps by a split ratio that the return handles, and the cap jumps with
      the close and comes back on the next row (or there is no next row yet).
    """
    close, cap, security = pl.col("close"), pl.col("market_cap"), pl.col("security")
    same, next_same = security == security.shift(), security == security.shift(-1)
    growth = 1 + pl.col("price_return")
    moved = pl.when(same).then(close / close.shift())
    shares = cap / close
    later = pl.when(next_same).then(shares.shift(-1)).otherwise(None)
    number = pl.Series("__n", session_number(frame.get_column("date"), context.sessions))
    wide = frame.with_columns(number).with_columns(
        # across a gap the return covers its last session only and need not agree with the closes
        ((pl.col("__n") < 0) | (pl.col("__n") - pl.col("__n").shift() == 1)).alias("next"),
        growth.alias("R"),
        moved.alias("G"),
        pl.when(same).then(later / shares.shift()).alias("q"),
        pl.when(same).then(cap / cap.shift()).alias("C"),
        pl.when(same & next_same).then(cap.shift(-1) / cap.shift()).alias("C2"),
        next_same.fill_null(False).alias("more"),
    )
    far = (wide["R"].log().abs() > 0.3) | ((wide["G"] / wide["R"]).log().abs() > DISAGREE)
    rows = wide.with_row_index("__at").filter(far.fill_null(False))
    if rows.is_empty():
        return frame, [], []
    R, G, q = pl.col("R"), pl.col("G"), pl.col("q")
    jump, gap = R.log().abs() > 0.3, G / R
    rows = rows.with_columns(
        (jump & near_split(q, 0.01) & ((R * q).log().abs() < 0.25))
        .fill_null(False)
        .alias("unhandled"),
        (jump & (G.log().abs() < 0.15) & pl.col("next")).fill_null(False).alias("spurious"),
        (jump & q.is_null() & near_split(R, 0.01)).fill_null(False).alias("maybe"),
        (near_split(gap) & (gap.log().abs() > 0.3)).fill_null(False).alias("handled"),
        ((gap.log().abs() > DISAGREE) & pl.col("next")).fill_null(False).alias("disagree"),
    )
    rows = rows.with_columns(
        (
            pl.col("handled")
            & ((pl.col("C") / G).log().abs() < 0.05)
            & (~pl.col("more") | ((pl.col("C2") / R).log().abs() < 0.3))
        )
        .fill_null(False)
        .alias("lag"),
        (pl.col("maybe") & ~pl.col("spurious")).alias("maybe"),
    )
    findings: list[Finding] = []
    aside: list[pl.DataFrame | None] = []
    original = frame.columns
    for column, field, label, remedy in (
        (
            "unhandled",
            "price_return",
            "return is an unhandled split",
            "Map a split-aware change, or add the split to actions.",
        ),
        (
            "spurious",
            "price_return",
            "return the close does not show",
            "Compare with another source.",
        ),
        ("lag", "market_cap", "market cap lags on a split day", ""),
    ):
        hit = rows.filter(column)
        if hit.height:
            findings.append(
                Finding(
                    name,
                    label,
                    hit.height,
                    f"{field} set to missing, original quarantined",
                    where_is(hit, _KEY),
                    remedy,
                )
            )
            aside.append(
                set_aside("prices", hit.select(original), f"{label}: {field} set to missing")
            )
            mask = np.zeros(frame.height, dtype=bool)
            mask[hit.get_column("__at").to_numpy()] = True
            frame = frame.with_columns(pl.when(~pl.Series(mask)).then(pl.col(field)).alias(field))
    for column, label in (
        ("maybe", "return at a split ratio, no market cap to tell"),
        ("other", "close and return disagree, no split"),
    ):
        hit = (
            rows.filter(pl.col("disagree") & ~pl.col("handled") & ~pl.col("spurious"))
            if column == "other"
            else rows.filter(column)
        )
        if hit.height:
            findings.append(Finding(name, label, hit.height, "kept, flagged", where_is(hit, _KEY)))
    return frame, findings, aside


def _shared_caps(name: str, frame: pl.DataFrame) -> list[Finding]:
    """Lines that carry the market cap of one company: the same cap on the same day, or the same implied number of
    shares (cap / close) under tickers that begin alike. Looked at on the last day of each month.
    """
    caps = frame.select("security", "date", "close", "market_cap").filter(
        (pl.col("market_cap") > 0) & (pl.col("close") > 0)
    )
    if caps.is_empty():
        return []
    days = (
        caps.select(pl.col("date").unique())
        .group_by(pl.col("date").dt.truncate("1mo").alias("month"))
        .agg(pl.col("date").max())
    )
    caps = caps.join(days.select("date"), on="date", how="semi").with_columns(
        (pl.col("market_cap") / pl.col("close")).round().alias("n"),
        pl.col("security").str.slice(0, 2).alias("stem"),
    )
    groups = [
        caps.filter(pl.struct("date", *key).is_duplicated())
        .group_by("date", *key)
        .agg(pl.col("security").sort(), pl.col("market_cap").max().alias("size"))
        .filter(pl.col("security").list.len() > 1)
        .select("date", "security", "size")
        for key in (["market_cap"], ["n", "stem"])
    ]
    shared = pl.concat(groups)
    if shared.is_empty():
        return []
    lines = shared.get_column("security").explode().n_unique()
    largest = shared.filter(pl.col("date") == pl.col("date").max()).sort("size", descending=True)
    example = "; ".join(
        dict.fromkeys("/".join(group) for group in largest.get_column("security").head(8).to_list())
    )
    return [
        Finding(
            name,
            "company cap repeated across lines",
            lines,
            "kept; companies are ranked once",
            example,
            "Give securities a company so that the cap is counted once.",
        )
    ]


def _missing_returns(name: str, frame: pl.DataFrame) -> list[Finding]:
    """Rows after a security's first that carry no return of any kind."""
    later = pl.col("security") == pl.col("security").shift()
    none = frame.filter(later & pl.col("price_return").is_null() & pl.col("total_return").is_null())
    if none.is_empty():
        return []
    return [
        Finding(
            name,
            "return missing",
            none.height,
            "zero in an index, absent in breadth",
            where_is(none, _KEY),
        )
    ]

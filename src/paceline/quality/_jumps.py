"""Returns that look like a split nobody explained: set aside, with what would explain them."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline.arrays import NORMAL
from paceline.quality._misdated import fitting, misdated
from paceline.quality._shares import small_splits
from paceline.rows import LIKE_SPLIT, Finding, counted, set_aside
from paceline.sources import Context
from paceline.splits import SPLIT_RATIOS, TELLABLE

_KEY = ("security", "date")
_RETURNS = ("price_return", "total_return")
#: Sessions behind the row whose returns give its daily sigma, and the least a sigma can be.
TRAILING = 63
LEAST_SIGMA = 0.01
#: A candidate's log return comes this many sigmas near the log of a split ratio.
NEAR = 2.0
#: It may always be this far from it, up to 5:3 and above: a split comes with a day's own move,
#: which in one day of thirteen is more than two sigmas. True returns are rare beyond 5:3.
WIDE = (0.06, 0.13)
MOSTLY = 1.7
#: A move beyond this, in logs, is one of a split or of a unit whatever its ratio: nothing rises
#: twentyfold in a day, and what falls by that much says so as a delisting.
ANY = float(np.log(20.0))
#: A move beyond this, in logs, that is kept is told.
TOLD = 0.35
#: A move of fewer sigmas than this is an ordinary one for its security.
UNUSUAL = 4.0
#: A return that holds a split told by shares is beyond this: two thirds of 21:20.
LEAST = 0.03
#: A move below this, in logs, is never looked at: 3:2 less two sigmas of ten percent.
FLOOR = 0.2
#: Share counts (cap / close) confirm a ratio they come this near to, in logs.
SHARES_AGREE = 0.02
#: A close that moved by a split ratio times its return comes this near to it, in logs.
NEAR_SPLIT = 0.05
#: Beyond this every whole number is within five percent of a ratio.
ANY_SPLIT = 10.0
#: Volume and turnover both this many times their usual: something happened, and no split.
EVENT = 4.0
#: Rows of a finding that its example lists.
SHOWN = 8
#: Rows that its remedy lists, to be copied.
LISTED = 24
#: Kinds of corporate action that move a close by their own amount: the return is not a split's.
PAYMENTS = ("special_dividend", "spinoff", "delisting")

#: Another source saw the same move when its log return is this near.
AGREE = 0.05

Numbers = NDArray[np.float64]
Rows = NDArray[np.int64]


def set_jumps_aside(
    name: str,
    frame: pl.DataFrame,
    record: pl.DataFrame,
    true: pl.DataFrame,
    context: Context,
    *,
    split: bool = True,
) -> tuple[pl.DataFrame, list[Finding], list[pl.DataFrame | None]]:
    """The frame with each return that looks like a split, and that nobody explains, as missing.

    frame   rows of one source, sorted by security and date
    record  corporate actions: a payment lets the return of its day stand
    true    security and date of returns that the market file calls true
    split   securities of the source may split; else only what is beyond ln 20 is set aside

    Candidate: |ln(1 + r)| within two daily sigmas, or within 0.06 up to 5:3 and 0.13 above, of ln k
    for a ratio k of ``SPLIT_RATIOS``, up or down, or beyond ln 20, and beyond four sigmas; sigma is
    1.4826 times the median absolute log return of the security's 63 rows before (at least 1%); or
    the shares that caps imply multiplied by a smaller ratio (``small_splits``). A market cap that
    moved with the close, or volume and turnover both four times their usual, say that the move is
    true, unless a split on record of another day fits it; so does another stored source that saw it
    and kept it.
    """
    far = _far(frame)
    rows = _candidates(frame, far, record)
    if not split:
        rows = rows.filter(pl.col("__log").abs() > ANY)
    small = small_splits(frame).join(rows, on="__at", how="anti")
    small = small if split else small.clear()
    rows = pl.concat([rows, small]).sort("__at")
    paid = record.filter(pl.col("kind").is_in(PAYMENTS))
    known = pl.concat([true, _on_next_row(frame, paid).select(_KEY)])
    rows = rows.join(known, on=_KEY, how="anti")
    if context.witness is not None and not rows.is_empty():
        seen = context.witness(rows.select(_KEY)).select(*_KEY, __seen=_jump())
        agree = rows.join(seen, on=_KEY).filter((pl.col("__seen") - pl.col("__log")).abs() < AGREE)
        rows = rows.join(agree, on=_KEY, how="anti")
    at = far.at[np.abs(far.log[far.at]) > TOLD]
    kept = frame[at[~np.isin(at, rows.get_column("__at").to_numpy())]]
    findings = counted(name, "return of a third or more", kept, "kept", _KEY)
    if rows.is_empty():
        return frame, findings, []
    told = [_finding(name, rows, misdated(rows, record)), *findings]
    asides: list[pl.DataFrame | None] = []
    tiny = pl.col("__at").is_in(small.get_column("__at").implode())
    for part, least in ((rows.filter(~tiny), FLOOR), (rows.filter(tiny), LEAST)):
        which = (pl.col(*_RETURNS) + 1).log().abs() > least
        frame, aside = _blanked(frame, part, which, LIKE_SPLIT)
        asides.append(aside)
    return frame, told, asides


def _blanked(
    frame: pl.DataFrame, rows: pl.DataFrame, which: pl.Expr, why: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The frame without the returns ``which`` of the rows ``__at``, and the rows as they were."""
    mask = np.zeros(frame.height, dtype=bool)
    mask[rows.get_column("__at").to_numpy()] = True
    bad = frame.select(which.fill_null(False)).with_columns(pl.all() & pl.Series(mask))
    blank = [pl.when(~bad.get_column(c)).then(pl.col(c)).alias(c) for c in bad.columns]
    aside = set_aside("prices", rows.select(frame.columns), f"{why}: set to missing")
    return frame.with_columns(blank), aside


def _finding(name: str, rows: pl.DataFrame, misdated: str) -> Finding:
    lines = [
        f"{row['security']} {row['date']} {np.expm1(row['__log']):+.1%} "
        f"like {_spoken(row['__ratio'])}"
        for row in rows.head(SHOWN).iter_rows(named=True)
    ]
    more = f"; and {rows.height - SHOWN} more" if rows.height > SHOWN else ""
    first = rows.row(0, named=True)
    days = rows.head(LISTED).group_by("security", maintain_order=True).agg(pl.col("date"))
    true = [f'"{who}" = [{", ".join(map(str, when))}]' for who, when in days.rows()]
    one = "another" if misdated else "a"
    rest = f" and {rows.height - LISTED} more" if rows.height > LISTED else ""
    return Finding(
        name,
        LIKE_SPLIT,
        rows.height,
        "return set to missing until explained, original quarantined",
        "; ".join(lines) + more,
        f"{misdated}If it was {one} split, add it to actions (security, date, kind = split, "
        f"ratio = new shares per old share, here {first['__ratio']:.6g}); if moves are true, say "
        f"so: sources.{name}.true_jumps = {{ {', '.join(true)} }}{rest}; where nothing splits, as "
        f'coins do not: sources.{name}.jumps = "true".',
    )


def _spoken(ratio: float) -> str:
    """2.0 as "a 2:1 split", 0.125 as "a 1:8 split", 5/3 as "a 5:3 split"."""
    new, old = Fraction(ratio if ratio > 1 else 1 / ratio).limit_denominator(20).as_integer_ratio()
    return f"a {new}:{old} split" if ratio > 1 else f"a {old}:{new} split"


def _on_next_row(frame: pl.DataFrame, actions: pl.DataFrame) -> pl.DataFrame:
    """The actions dated on the first row of their security on or after their day.

    Those without such a row, and those that come before every row of their security, are left out:
    there is no return that they could explain.
    """
    actions = actions.drop_nulls(_KEY).sort("date")
    if actions.is_empty():
        return actions
    rows = frame.select(_KEY).join(actions.select("security").unique(), on="security", how="semi")
    rows = rows.with_columns(__first=pl.col("date").min().over("security"), __row="date")
    return (
        actions.join_asof(
            rows.sort("date"), on="date", by="security", strategy="forward", check_sortedness=False
        )
        .filter(pl.col("__row") > pl.col("__first"))
        .with_columns(date=pl.col("__row"))
        .drop("__row", "__first")
    )


def free_of_splits(
    name: str, frame: pl.DataFrame, record: pl.DataFrame
) -> tuple[pl.DataFrame, list[Finding], list[pl.DataFrame | None]]:
    """Returns freed of the splits on record that they still hold: (1 + r) times the ratio, less 1.

    A return holds the split where that brings it nearer to zero. Where neither reading comes within
    a third of the split the return is set to missing; a split of less than 15% cannot be told from
    the day's own move, and its return stays as it is, unless the shares that market caps imply show
    it (``small_splits``). A split on a day without a row belongs to the
    security's next row.
    """
    splits = record.filter((pl.col("kind") == "split") & (pl.col("ratio") > 0))
    splits = _on_next_row(frame, splits)
    if splits.is_empty():
        return frame, [], []
    splits = splits.group_by(_KEY).agg(__k=pl.col("ratio").product())
    shown = small_splits(frame).select(*_KEY, __shown=pl.lit(True))
    joined = frame.join(splits, on=_KEY, how="left", maintain_order="left")
    joined = joined.join(shown, on=_KEY, how="left", maintain_order="left")
    rows = joined.with_row_index("__at").filter(pl.col("__k").log().abs() > 0)
    size, log = pl.col("__k").log(), (pl.col(*_RETURNS) + 1).log()
    small = (size.abs() <= TELLABLE) & pl.col("__shown").is_null()
    held = ((log + size).abs() < log.abs()) & ~small
    unclear = (pl.min_horizontal((_jump() + size).abs(), _jump().abs()) > size.abs() / 3) & ~small
    hit = rows.filter(pl.any_horizontal(held) & ~unclear)
    doubtful = rows.filter(unclear)
    findings = [
        *_told(name, "return held a split on record", hit, "multiplied by the ratio in actions"),
        *_told(name, "split on record too small to tell", rows.filter(small), "return kept"),
        *_told(
            name,
            "return fits no split on record",
            doubtful,
            "return set to missing, original quarantined",
            "Check the ratio (new shares per old share) and the day in actions.",
        ),
    ]
    value = pl.col(*_RETURNS)
    times = pl.when(held.fill_null(False)).then((value + 1) * pl.col("__k") - 1).otherwise(value)
    frame = joined.with_columns(times).select(frame.columns)
    if doubtful.is_empty():
        return frame, findings, []
    frame, aside = _blanked(frame, doubtful, value.is_not_null(), "return fits no split on record")
    return frame, findings, [aside]


def _told(
    name: str, check: str, rows: pl.DataFrame, action: str, remedy: str = ""
) -> list[Finding]:
    """The rows with a split on record as one finding, the first of them with its ratio."""
    if rows.is_empty():
        return []
    first = rows.row(0, named=True)
    example = f"{first['security']} {first['date']}, ratio {first['__k']:.6g}"
    return [Finding(name, check, rows.height, action, example, remedy)]


def _jump() -> pl.Expr:
    """ln(1 + r) of the row's return, price return first."""
    return (1 + pl.coalesce(*_RETURNS)).log()


class _Far(NamedTuple):
    """ln(1 + r) of every row, the rows where it is beyond ``FLOOR``, their security's first row."""

    log: Numbers
    at: Rows
    first: Rows


def _far(frame: pl.DataFrame) -> _Far:
    log = frame.select(_jump()).to_series().fill_null(np.nan).to_numpy()
    at = np.flatnonzero(np.isfinite(log) & (np.abs(log) > FLOOR))
    begins = frame.select((pl.col("security") != pl.col("security").shift()).fill_null(True))
    starts = np.flatnonzero(begins.to_series().to_numpy())
    return _Far(log, at, starts[np.searchsorted(starts, at, side="right") - 1])


def _candidates(frame: pl.DataFrame, far: _Far, record: pl.DataFrame) -> pl.DataFrame:
    """Rows whose return looks like a split, with ``__at``, ``__log`` and ``__ratio``.

    ``__ratio`` is the new shares per old share that would explain it.
    """
    log, at, first = far
    back = _trailing(log, at, first)
    sigma = np.maximum(NORMAL * _median(np.abs(back)), LEAST_SIGMA)
    sizes = np.log(np.asarray(SPLIT_RATIOS))
    size = np.abs(log[at])
    wide = np.where(sizes > math.log(MOSTLY), WIDE[1], WIDE[0])
    off = np.abs(size[:, None] - sizes) / np.maximum(NEAR * sigma[:, None], wide)
    listed = off.min(axis=1) <= 1
    best = sizes[off.argmin(axis=1)]
    best = np.where(listed, best, np.log(np.round(np.exp(size))))
    near = (listed | (size > ANY)) & (size >= UNUSUAL * sigma)
    at, first, best = at[near], first[near], np.where(log[at] < 0, best, -best)[near]
    rows: pl.DataFrame = frame[at]
    on_record = fitting(rows.with_columns(__at=at), record).get_column("__at").to_numpy()
    true = _true(frame, at, first, log[at], best, np.isin(at, on_record))
    at, best = at[~true], best[~true]
    return rows.filter(~true).with_columns(
        pl.Series("__at", at, dtype=pl.Int64),
        pl.Series("__log", log[at], dtype=pl.Float64),
        pl.Series("__ratio", np.exp(best), dtype=pl.Float64),
    )


def _true(
    frame: pl.DataFrame,
    at: Rows,
    first: Rows,
    log: Numbers,
    ratio: Numbers,
    on_record: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Where close, market cap or volume say that no split is in the return.

    The close moved by more than the return, by the ratio of a split: the split was taken out, and
    the rest is the day's own. Or the cap moved with the close, on the day and on the next row (a
    cap may lag a split by a day), and the shares that it implies did not multiply by the ratio. Or
    volume and turnover are both above ``EVENT`` times their usual (a split leaves turnover as it
    was, and a price that is out by a factor leaves volume), and those shares did not even multiply
    by half of the ratio, in logs. Neither cap nor volume says so where a split of another day on
    record has the size of the move: a cap made of the close and an old count of shares moves too.
    """
    if not at.size:
        return np.zeros(0, dtype=bool)
    cap, close = (frame.get_column(c).fill_null(np.nan).to_numpy() for c in ("market_cap", "close"))
    before, after = np.maximum(at - 1, 0), np.minimum(at + 1, len(cap) - 1)
    # a close that was worked back has no cap: the row before it has
    before = np.where(np.isnan(cap[before]) & (at - 2 >= first), at - 2, before)
    security = frame.get_column("security")
    more = (after > at) & (security[after] == security[at]).to_numpy()
    with np.errstate(all="ignore"):
        implied = cap / close
        shares = np.array([np.log(implied[to] / implied[before]) for to in (at, after)])
        multiplied = np.abs(shares - ratio) < SHARES_AGREE
        split = multiplied[0] | (multiplied[1] & more)
        # a cap that moved and came back without a round number of new shares: shares were issued
        by_cap = (np.abs(shares[0]) < np.abs(log) / 2) & more & ~split
        volume = frame.get_column("volume").fill_null(np.nan).to_numpy()
        usual = _median(_trailing(volume, at, first))
        surprise = np.log(volume[at] / usual)
        event = np.minimum(surprise, surprise + log) > np.log(EVENT)
        event &= ~split & ~(shares[0] / ratio > 1 / 2)
        out = np.abs(np.log(close[at] / close[at - 1]) - log)
        near = np.abs(out[:, None] - np.log(SPLIT_RATIOS)).min(axis=1) < NEAR_SPLIT
        taken_out = near | (out > np.log(ANY_SPLIT))
    true: NDArray[np.bool_] = taken_out | ((by_cap | event) & ~on_record)
    return true


def _trailing(values: Numbers, at: Rows, first: Rows) -> Numbers:
    """(n, 63) the values of the rows before each of ``at``, NaN before ``first``."""
    index = at[:, None] - np.arange(TRAILING, 0, -1)
    return np.where(index >= first[:, None], values[np.maximum(index, 0)], np.nan)


def _median(rows: Numbers) -> Numbers:
    """Median of each row without its gaps; 0 for a row of gaps."""
    part = np.sort(rows, axis=1)  # NaN last
    count = np.count_nonzero(~np.isnan(part), axis=1)
    line = np.arange(len(part))
    low, high = (part[line, np.maximum(count - 1, 0) // 2], part[line, count // 2 % TRAILING])
    return np.where(count > 0, (low + high) / 2, 0.0)

"""Price dialects to the columns of ``prices``. Pure.

All functions take one row per (security, date), sorted so, on sessions only, and return the frame
with ``close``, ``price_return``, ``total_return`` filled, and what was found.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Mapping, Sequence

import polars as pl

from paceline.config import ColumnMap, Source
from paceline.errors import MarketFileError, SourceError
from paceline.rows import DISAGREE, Checked, Finding, collapse, counted, in_order, session_number
from paceline.sources.files import _agreement, _changes
from paceline.splits import holds_split

_KEY = ("security", "date")
#: CRSP writes a missing return as a code from -44 downwards.
LARGEST_CODE = -44
#: Rows that may contradict one another even where they are most of a file.
FEW_ROWS = 20


def _told(columns: Container[str]) -> str:
    """The dialect that the mapped columns tell."""
    if "adjusted_close" in columns:
        return "adjusted"
    if "split_adjusted_close" in columns:
        return "split_adjusted"
    if "total_return" in columns or ("price_return" in columns and "close" not in columns):
        return "returns"
    return "changes" if "price_return" in columns else "level"


def dialect(
    name: str, spec: Source, columns: dict[str, ColumnMap]
) -> tuple[str, dict[str, ColumnMap]]:
    """The dialect of the file and its column map.

    "auto" tells it from the mapped columns: adjusted_close -> adjusted; split_adjusted_close ->
    split_adjusted; total_return, or price_return without close -> returns; close and price_return
    -> changes; close alone -> level. With an explicit dialect "adjusted" or "split_adjusted", a
    mapped ``close`` is that kind of close.
    """
    kind: str = spec.dialect
    columns = dict(columns)
    if (
        kind in ("adjusted", "split_adjusted")
        and f"{kind}_close" not in columns
        and "close" in columns
    ):
        columns[f"{kind}_close"] = columns.pop("close")
    if kind == "auto":
        kind = _told(columns)
    needs = {
        "changes": ("close", "price_return"),
        "adjusted": ("adjusted_close",),
        "level": ("close",),
        "split_adjusted": ("split_adjusted_close",),
        "returns": (),
    }[kind]
    missing = [c for c in needs if c not in columns]
    if missing:
        raise MarketFileError(
            f"sources.{name}.columns: the price dialect {kind!r} needs {' and '.join(missing)}.",
            f"Mapped are: {', '.join(columns) or 'none'}.",
        )
    unread = [c for c in ("dividend", "split") if c in columns and kind != "split_adjusted"]
    if unread:
        raise MarketFileError(
            f"sources.{name}.columns: the price dialect {kind!r} reads no "
            f"{' and no '.join(unread)}.",
            'Where the closes are adjusted for splits, say dialect = "split_adjusted"; else leave '
            'it out, and state splits in a source of the same file with table = "actions".',
        )
    if kind == "returns" and not {"price_return", "total_return"} & set(columns):
        raise MarketFileError(
            f"sources.{name}.columns: the price dialect 'returns' needs price_return or "
            "total_return.",
            f"Mapped are: {', '.join(columns) or 'none'}.",
        )
    return kind, columns


def convert(
    name: str,
    kind: str,
    frame: pl.DataFrame,
    recover: bool,
    sessions: Sequence[dt.date],
    columns: Mapping[str, ColumnMap] | None = None,
) -> tuple[pl.DataFrame, list[Finding]]:
    """Apply the dialect ``kind`` to sorted rows.

    Without sessions the file's own dates serve as the calendar. ``covers`` is how many sessions a
    row's return covers, where they are more than one; a row with neither price nor return stands as
    no row there: the hole reaches across it. ``columns`` is the column map, for what is said of
    units. Raises ``SourceError`` where two fields of the rows contradict each other all along by
    one factor.
    """
    calendar = sessions or frame.get_column("date").unique().sort().to_list()
    frame, hollow = _hollow(kind, frame)
    frame = frame.with_columns(pl.Series("__n", session_number(frame.get_column("date"), calendar)))
    same = pl.col("security") == pl.col("security").shift()
    both = (pl.col("__n") >= 0) & (pl.col("__n").shift() >= 0)
    frame = frame.with_columns(
        same.fill_null(False).alias("__same"),
        pl.when(same & both).then(pl.col("__n") - pl.col("__n").shift()).alias("__gap"),
    )
    findings: list[Finding] = []
    _agreement.check_changes(name, frame, columns or {})
    _agreement.check_total(name, frame)
    _agreement.check_caps(name, frame)
    if kind == "changes":
        frame, findings = _changes.from_changes(name, frame, recover, calendar)
    elif kind == "returns":
        odd = _agreement.check_size(name, frame)
        _agreement.check_growth(name, frame, columns or {})
        frame, findings = _returns(name, frame)
        findings = [*odd, *findings]
        if {"close", "price_return"} <= set(frame.columns):
            frame = frame.with_columns(_changes.measured_from_last_close().alias("covers"))
    else:
        if kind == "adjusted":
            frame = frame.with_columns(_ratio("adjusted_close").alias("total_return"))
            if "split_adjusted_close" in frame.columns:
                own = _ratio("split_adjusted_close").alias("price_return")
                frame = frame.with_columns(own)
        elif kind == "level":
            frame = frame.with_columns(_ratio("close").alias("price_return"))
        else:
            frame = _split_adjusted(frame)
            findings = counted(
                name,
                "closes hold a split of their own column",
                frame.filter("__held"),
                "return multiplied by the ratio, closes before it kept",
                _KEY,
            )
        frame = frame.with_columns(_changes.several(pl.col("__gap")).alias("covers"))
        findings += counted(
            name,
            "returns over more than one session",
            frame.filter(pl.col("__gap") > 1),
            "kept, dated on the later session",
            _KEY,
        )
    return _with_hollow(frame.drop("__n", "__same", "__gap"), hollow), findings


def _hollow(kind: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with a price or a return, and those with neither."""
    if kind not in ("changes", "returns"):
        return frame, frame.clear()
    told = [c for c in ("close", "price_return", "total_return") if c in frame.columns]
    empty = pl.all_horizontal(pl.col(c).is_null() for c in told)
    return frame.filter(~empty), frame.filter(empty)


def _with_hollow(frame: pl.DataFrame, hollow: pl.DataFrame) -> pl.DataFrame:
    """The frame with the rows that hold neither price nor return (a volume, a market cap)."""
    if hollow.is_empty():
        return frame
    own = frame.select(_KEY)
    known = hollow.join(own, on=_KEY, how="semi")  # their close was worked back
    if len(known):
        frame = frame.update(known, on=_KEY, how="left")
    return in_order(pl.concat([frame, hollow.join(own, on=_KEY, how="anti")], how="diagonal"), _KEY)


def _ratio(column: str) -> pl.Expr:
    """P_t / P_{t-1} - 1 from the security's previous stored row; null at its first."""
    before = pl.col(column).shift()
    return pl.when(pl.col("__same") & (before > 0)).then(pl.col(column) / before - 1)


def _split_adjusted(frame: pl.DataFrame) -> pl.DataFrame:
    """Close, dividend and volume in today's shares.

    Price return P_t / P_{t-1} - 1, total return (P_t + D_t) / P_{t-1} - 1; the close of the day is
    P_t times the product of all later split ratios. Where the closes still hold a split of their
    own column both returns are of the ratio times P_t, and closes before it are left as they are.
    """
    for column in ("split", "dividend"):
        if column not in frame.columns:
            frame = frame.with_columns(pl.lit(None, pl.Float64).alias(column))
    ratio = pl.when(pl.col("split") > 0).then(pl.col("split")).otherwise(1.0)
    price, before = pl.col("split_adjusted_close"), pl.col("split_adjusted_close").shift()
    follows = pl.col("__same") & (before > 0)
    held = follows & holds_split((price / before).log(), ratio.log())
    frame = frame.with_columns(ratio.alias("__k"), held.fill_null(False).alias("__held"))
    if "__after" not in frame.columns:
        frame = frame.with_columns(pl.lit(1.0).alias("__after"))
    # closes that still hold a split are the day's own before it
    own = pl.when("__held").then(1.0).otherwise("__k")
    later = own.shift(-1, fill_value=1.0).cum_prod(reverse=True).over("security")
    later = later * pl.col("__after")
    frame = frame.with_columns(later.alias("__later"))
    now = pl.when("__held").then("__k").otherwise(1.0)
    volume = (
        [(pl.col("volume") / pl.col("__later")).alias("volume")]
        if "volume" in frame.columns
        else []
    )
    return frame.with_columns(
        (price * pl.col("__later")).alias("close"),
        pl.when(follows).then(price * now / before - 1).alias("price_return"),
        pl.when(follows)
        .then((price + pl.col("dividend").fill_null(0.0)) * now / before - 1)
        .alias("total_return"),
        (pl.col("dividend") * pl.col("__later")).alias("__paid"),
        *volume,
    )


def actions_of(frame: pl.DataFrame) -> pl.DataFrame:
    """The splits and dividends of a converted split-adjusted file, dividends as paid on the day."""
    splits = frame.filter(pl.col("__k").is_finite() & (pl.col("__k") != 1.0)).select(
        "security",
        "date",
        pl.lit("split").alias("kind"),
        pl.col("__k").alias("ratio"),
        pl.lit(None, pl.Float64).alias("amount"),
    )
    paid = frame.filter(pl.col("__paid").is_finite() & (pl.col("__paid") > 0)).select(
        "security",
        "date",
        pl.lit("dividend").alias("kind"),
        pl.lit(None, pl.Float64).alias("ratio"),
        pl.col("__paid").alias("amount"),
    )
    return pl.concat([splits, paid]).sort("security", "date", "kind")


def _returns(name: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """CRSP manner: returns as given.

    A negative price is the middle of bid and ask, 0 is no price; a return of -44 ... -99 is a code
    for "missing", never a number.
    """
    findings: list[Finding] = []
    for column in ("price_return", "total_return"):
        if column in frame.columns:
            value = pl.col(column)
            codes = frame.filter(value <= LARGEST_CODE)
            findings += counted(
                name, f"{column} holds a missing code", codes, "read as missing", _KEY
            )
            frame = frame.with_columns(pl.when(value > LARGEST_CODE).then(value).alias(column))
    if "close" in frame.columns:
        findings += counted(
            name,
            "price is the middle of bid and ask",
            frame.filter(pl.col("close") < 0),
            "kept without its sign",
            _KEY,
        )
        frame = frame.with_columns(
            pl.when(pl.col("close") != 0).then(pl.col("close").abs()).alias("close")
        )
    return frame, findings


def one_row_a_day(name: str, frame: pl.DataFrame) -> Checked:
    """The rows that no other row of their day and security contradicts.

    Raises ``SourceError`` where most rows are contradicted: bars within a day, several exchanges.
    """
    one, findings, aside = collapse(name, "prices", frame, _KEY)
    odd = [f for f in findings if f.check == DISAGREE]
    if sum(f.count for f in odd) > max(one.height, FEW_ROWS):
        raise SourceError(
            f"source {name!r}: {odd[0].count:,} of {frame.height:,} rows are of a day and security "
            f"for which another row states another price, first {odd[0].example}.",
            "Give one row a day and security: leave bars within a day and other exchanges out with "
            "where = {...}, or make each part a source of its own.",
        )
    return one, findings, aside

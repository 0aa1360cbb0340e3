"""Text columns to numbers: how a column writes its numbers is told from all of it, or refused.

A cell is a sign, a currency, digits with marks, a suffix (K, M, B) and a percent sign, in brackets
where it is negative. Which mark stands before the decimals is one fact of a column: told by its own
cells that allow one reading only, else by those of the file's other columns, else by
``options.decimal``. Nothing is decided cell by cell.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from paceline.errors import SourceError

#: Text that means "no number", in any case.
_WORDS = (
    "na n/a n.a. n.a #n/a #na n/m nm nan -nan null none nil nat <na> . .. ... - -- --- "
    "\u2013 \u2014 \u2212 #value! #div/0! #ref! #num! #name? ?"
).split()
MISSING = ("", "NaN", "NaT", *dict.fromkeys(w for m in _WORDS for w in (m, m.upper(), m.title())))
_TIMES = {"thousands": 1e3, "millions": 1e6, "billions": 1e9}
_DIVIDE = {"": 1.0, "fraction": 1.0, "percent": 100.0, "basis_points": 1e4}
_SUFFIX = {
    **dict.fromkeys(("k", "tsd"), 1e3),
    **dict.fromkeys(("m", "mm", "mn", "mio"), 1e6),
    **dict.fromkeys(("b", "bn", "mrd", "mld"), 1e9),
    **dict.fromkeys(("t", "tn", "trn"), 1e12),
}
_MINUS = "[\u2212\u2010\u2011\u2012\u2013\ufe63\uff0d]"
_SPACE = " \u00a0\u202f\u2009\u2007"
_QUOTE = "'\u2019\u02bc\u00b4`"
_CURRENCY = (
    r"(?:US|C|A|NZ|HK|S|R|NT|MX)?\$|[€£¥₹₩₽₺₫₪₱₴฿]|kr\.?|zł|Fr\.|Rs\.?"
    r"|USD|EUR|GBP|GBX|GBp|CHF|JPY|CNY|HKD|CAD|AUD|NZD|SEK|NOK|DKK|INR|KRW|BRL|ZAR|SGD|TWD|MXN|PLN|ILS|THB|TRY"
)
_CELL = (
    rf"^(?P<front>{_CURRENCY})?\s*(?P<open>\(?)\s*(?P<before>{_CURRENCY})?\s*(?P<sign>[+-]?)"
    rf"\s*(?P<within>{_CURRENCY})?\s*"
    rf"(?P<body>[0-9.,][0-9.,{_SPACE}{_QUOTE}]*?)(?P<power>[eE][+-]?\d{{1,3}})?"
    r"\s*(?P<suffix>(?i:k|tsd|mm|mn|mio|m|bn|b|mrd|mld|trn|tn|t)?)\.?\s*(?P<percent>%?)"
    rf"\s*(?P<behind>{_CURRENCY})?\s*(?P<close>\)?)\s*(?P<late>%?)(?P<trail>-?)$"
)

#: Cells without anything rare, which are taken apart without the pattern above.
_USUAL = r"^[+-]?[0-9.,]+[kmbKMB]?%?$"


def _grammar(decimal: str, group: str) -> str:
    """Digits, in groups of three or not (or as in India 12,34,567), and decimals."""
    groups = "|".join(rf"(?:[{g}]\d{{3}})+" for g in (group, _SPACE, _QUOTE))
    india = rf"|\d{{1,2}}(?:[{group}]\d{{2}})+[{group}]\d{{3}}"
    return rf"^(?:\d+|[1-9]\d{{0,2}}(?:{groups}){india})?(?:[{decimal}]\d*)?$"


#: Mark before the decimals -> what a number looks like, and what groups its digits.
_FITS = {".": _grammar(".", ","), ",": _grammar(",", ".")}


class Doubt(SourceError):
    """A column whose numbers may be read in more than one way."""


class TextColumn(NamedTuple):
    """A text column to be read.

    name   the file's name of the column
    cells  stripped, and null where there is no value
    plain  its numbers where every cell is one as computers write it, else None
    parts  else the parts of each cell; ``body`` is null where the cell is no number
    """

    name: str
    cells: pl.Series
    plain: pl.Series | None
    parts: pl.DataFrame | None


def written(name: str, cells: pl.Series, plain: pl.Series) -> TextColumn:
    """The column ready to be read.

    cells  stripped, and null where there is no value
    plain  the cells that are a number as computers write it, as numbers
    """
    if plain.null_count() <= cells.null_count():
        return TextColumn(name, cells, plain, None)
    return TextColumn(name, cells, None, _parts(cells))


def _parts(cells: pl.Series) -> pl.DataFrame:
    """Every cell taken apart, and in ``negative`` whether it is below zero."""
    last = cells.str.strip_chars_end("%").str.slice(-1).str.to_lowercase()
    parts = pl.select(
        body=cells.str.strip_chars("+-%kmbKMB"),
        power=pl.repeat("", cells.len(), dtype=pl.String),
        suffix=pl.when(pl.lit(last).is_in(["k", "m", "b"])).then(last).otherwise(pl.lit("")),
        percent=cells.str.ends_with("%").fill_null(False),
        currency=pl.repeat(None, cells.len(), dtype=pl.String),
        negative=cells.str.starts_with("-").fill_null(False),
    )
    odd = (~cells.str.contains(_USUAL).fill_null(True)).arg_true()
    if odd.is_empty():
        return parts
    rest = _odd_parts(cells.gather(odd))
    return parts.with_columns(parts[c].scatter(odd, rest[c]) for c in parts.columns)


def _odd_parts(cells: pl.Series) -> pl.DataFrame:
    """The parts of cells with more to them than a sign, digits, one letter and a percent sign."""
    parts = cells.str.replace_all(_MINUS, "-").str.extract_groups(_CELL).struct.unnest()
    opened, minus, trailing = pl.col("open") == "(", pl.col("sign") == "-", pl.col("trail") == "-"
    marks = pl.sum_horizontal(opened, pl.col("sign") != "", trailing)
    good = (opened == (pl.col("close") == ")")) & (marks <= 1) & pl.col("body").str.contains(r"\d")
    return parts.select(
        pl.when(good).then(pl.col("body").str.strip_chars(_SPACE)).alias("body"),
        pl.col("power").fill_null(""),
        pl.col("suffix").str.to_lowercase().fill_null(""),
        ((pl.col("percent") == "%") | (pl.col("late") == "%")).fill_null(False).alias("percent"),
        pl.coalesce("front", "before", "within", "behind").alias("currency"),
        (opened | minus | trailing).fill_null(False).alias("negative"),
    )


class MarkEvidence(NamedTuple):
    """What the cells of a column say of the mark before the decimals: the first of each kind."""

    point: str | None  # only "." fits
    comma: str | None  # only "," fits
    either: str | None  # both fit, and the readings differ


def _evidence(column: TextColumn) -> MarkEvidence:
    cells = column.cells
    body = (
        cells.str.strip_chars_start("+-")
        if column.parts is None
        else column.parts.get_column("body")
    )
    point, comma = (body.str.contains(_FITS[mark]).fill_null(False) for mark in ".,")
    marked = body.str.contains("[.,]").fill_null(False)
    kinds = (point & ~comma, comma & ~point, point & comma & marked)
    first = (cells.filter(kind).head(1).to_list() for kind in kinds)
    return MarkEvidence(*(found[0] if found else None for found in first))


def decimal_mark(
    what: str,
    column: TextColumn,
    others: Iterable[TextColumn],
    declared: str | None,
    delimiter: str,
) -> str:
    """The mark before the decimals of a column: "." or ",".

    Raises ``Doubt``, which names the cells and the setting, where the column's cells contradict
    one another, or allow both readings and nothing else in the file tells.
    """
    if column.plain is not None and (declared == "." or (declared is None and delimiter == ",")):
        return "."
    own = _evidence(column)
    if declared is not None:
        fits, against = (own.point, own.comma) if declared == "." else (own.comma, own.point)
        if against and not fits:
            why = f"cells like {against!r} do not fit options.decimal = {declared!r}"
            raise _doubt(what, column.name, why)
        return declared
    if own.point and own.comma:
        why = f"{own.point!r} has a decimal point and {own.comma!r} a decimal comma"
        raise _doubt(what, column.name, why)
    if own.point or own.comma or own.either is None:
        return "," if own.comma else "."
    # a point in a file that separates by commas; and dollars are not written with three decimals
    if ("," not in own.either and delimiter == ",") or ("," in own.either and "$" in own.either):
        return "."
    told = [_evidence(other) for other in others if other.name != column.name]
    points, commas = any(e.point for e in told), any(e.comma for e in told)
    if points == commas:
        mark = "," if "," in own.either else "."
        why = f"the {mark!r} in {own.either!r} may stand before decimals or between thousands"
        raise _doubt(what, column.name, why)
    return "." if points else ","


def _doubt(what: str, column: str, why: str, remedy: str = "") -> Doubt:
    return Doubt(
        f"{what}: column {column!r}: {why}.",
        remedy or 'Say which mark the decimals have: options = { decimal = "," } or ".".',
    )


def values(what: str, column: TextColumn, decimal: str, unit: str) -> tuple[pl.Series, pl.Series]:
    """The numbers as written, and the same in the table's unit; null for what is no number.

    Raises ``Doubt`` where percent signs, suffixes or currencies stand on some cells only, or beside
    a unit that says otherwise.
    """
    if column.plain is not None and decimal == ".":
        plain = column.plain.fill_nan(None)
        return plain, in_unit(plain, unit)
    parts = _parts(column.cells) if column.parts is None else column.parts
    text = parts.get_column("body")
    digits = text.str.replace_all("," if decimal == "." else ".", "", literal=True)
    if text.str.contains(f"[{_SPACE}{_QUOTE}]").any():
        digits = digits.str.replace_all(f"[{_SPACE}{_QUOTE}]", "")
    if decimal == ",":
        digits = digits.str.replace(",", ".", literal=True)
    if (parts.get_column("power") != "").any():
        digits = digits + parts.get_column("power")
    size = digits.cast(pl.Float64, strict=False)
    fits: pl.Expr = pl.when(pl.lit(text).str.contains(_FITS[decimal])).then(size)
    number = pl.when("negative").then(-fits).otherwise(fits)
    parts = parts.with_columns(number.alias("number"), column.cells.alias("cell"))
    _uniform(what, column.name, parts, unit)
    plain = parts.get_column("number")
    if parts.get_column("percent").any():
        return plain, plain / 100
    if (parts.get_column("suffix") != "").any():
        times = pl.col("suffix").replace_strict(_SUFFIX, default=1.0, return_dtype=pl.Float64)
        return plain, parts.select(pl.col("number") * times).to_series()
    return plain, in_unit(plain, unit)


def in_unit(numbers: pl.Series, unit: str) -> pl.Series:
    """Numbers in ``unit`` as the table wants them."""
    if unit in _TIMES:
        return numbers * _TIMES[unit]
    # percent divides by 100 rather than times 0.01, which is no binary number
    return numbers / _DIVIDE[unit] if _DIVIDE[unit] != 1 else numbers


def _uniform(what: str, column: str, parts: pl.DataFrame, unit: str) -> None:
    """``Doubt`` where a sign on some cells leaves open what the others mean."""
    marked = parts.select(
        (pl.col("percent") | (pl.col("suffix") != "") | pl.col("currency").is_not_null()).any()
    )
    if not marked.item():
        return
    there = parts.filter(pl.col("number").is_not_null() & (pl.col("number") != 0))
    percent, suffixed = pl.col("percent"), pl.col("suffix") != ""
    signed = there.filter(percent)
    if signed.height:
        if unit not in ("", "fraction", "percent"):
            why = f"{signed['cell'][0]!r} is a percentage, and the unit is declared {unit!r}"
            raise _doubt(what, column, why, "Leave the unit out of the column's map.")
        bare = there.filter(~percent)
        if bare.height and unit != "percent":
            why = f"{signed['cell'][0]!r} has a percent sign and {bare['cell'][0]!r} has none"
            remedy = 'If all are percentages, say so: { column = "...", unit = "percent" }.'
            raise _doubt(what, column, why, remedy)
    scaled = there.filter(suffixed)
    if scaled.height:
        one = scaled["cell"][0]
        if unit:
            why = f"{one!r} carries its own unit, and the unit is declared {unit!r}"
            raise _doubt(what, column, why, "Leave the unit out of the column's map.")
        if {"m", "mm"} <= set(scaled["suffix"].unique()):
            why = f"M and MM side by side, as in {one!r}: M may mean thousands or millions"
            raise _doubt(what, column, why, "Write the numbers out in the file.")
        bare = there.filter(~suffixed & (pl.col("number") != pl.col("number").round()))
        if bare.height:
            why = f"{one!r} carries a unit and {bare['cell'][0]!r} none"
            raise _doubt(what, column, why, "Write the numbers out in the file.")
    currencies = there["currency"].drop_nulls().unique().sort().to_list()
    if len(currencies) > 1:
        why = f"numbers in {' and '.join(map(repr, currencies))}"
        raise _doubt(what, column, why, "Give each currency its own source (where = {...}).")

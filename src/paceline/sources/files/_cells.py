"""Columns of cells to numbers: what is blank, what is a code for "missing", what is set aside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import polars as pl

from paceline.config import ColumnMap
from paceline.rows import Finding
from paceline.schema import LEVELS, MISSING_CODES, Table
from paceline.sources.files import _numbers

#: Columns of ``prices`` without which a row still has its price: a bad cell costs the cell alone.
BESIDE_THE_PRICE = ("volume", "market_cap", "shares", "dividend", "split")
#: Of these an unreadable cell is NaN, not null: "none" and "unknown" give different returns.
UNKNOWN = ("dividend", "split")
#: ``MISSING_CODES`` where returns come in CRSP's manner, and the column is in percent.
CRSP_CODES = (-44.0, -55.0, -66.0, -77.0, -88.0, -99.0)
_NUMBER = re.compile(r"^\s*[+-]?\d+(\.\d+)?\s*$")
#: Words, in lower case, in the place of the class of a security that has none.
UNCLASSED = ("unknown", "unclassified", "not classified", "not available", "other/unknown")


class Sheet(NamedTuple):
    """A file on its way to typed columns: its frame, how it was written, and who asks."""

    name: str
    what: str
    frame: pl.DataFrame
    delimiter: str
    options: dict[str, Any]


#: Columns that name a security, and what stands there where nobody is named. Of a fund's holdings
#: "-" is its cash, which weighs too.
NAMES = ("security",)
NAMELESS = ("-", "--", "N/A", "n/a", "#N/A", "NaN", "nan", "<NA>", "NaT", "None", "NULL", "null")


def named(names: pl.Series) -> pl.Series:
    """The securities that a column names; null where a cell names none."""
    text = names.cast(pl.String).str.strip_chars()
    return text.set(is_blank(text, pl.String(), {}, NAMES[0]), None)


def is_blank(
    text: pl.Series, kind: pl.DataType, options: dict[str, Any], key: str = ""
) -> pl.Series:
    """Whether a stripped cell means "no value": empty text, or one of the words for it.

    In a column of names only the declared words are: a security may be called NA. A sector may not,
    and no security is called "-", N/A or, as pandas writes missing names into text, "nan".
    """
    tokens = [str(m) for m in options.get("missing", [])]
    if key in LEVELS:
        low = text.str.to_lowercase()
        return (low.is_in(UNCLASSED) | text.is_in([*_numbers.MISSING, *tokens])).fill_null(True)
    if key in NAMES:
        tokens += NAMELESS
    words = ["", *tokens] if kind == pl.String() else [*_numbers.MISSING, *tokens]
    return text.is_in(words).fill_null(True)


def numeric(name: str, text: pl.Series, options: dict[str, Any]) -> _numbers.TextColumn:
    """A stripped text column as numbers in the making, its cells without a value null.

    Only cells that are no plain number are compared with the words for "no value".
    """
    plain = text.cast(pl.Float64, strict=False)
    odd = (plain.is_null() | plain.is_nan()).arg_true()
    if odd.len():
        blank = is_blank(text.gather(odd), pl.Float64(), options)
        text = text.scatter(odd.filter(blank), None)
    return _numbers.written(name, text, plain)


def _told(sheet: Sheet, texts: dict[str, _numbers.TextColumn]) -> Iterator[_numbers.TextColumn]:
    """Columns that may show how the file writes its numbers: those mapped, then the others."""
    yield from texts.values()
    mapped = {column.name for column in texts.values()}
    for column in sheet.frame.columns:
        cells = sheet.frame.get_column(column)
        if column not in mapped and cells.dtype == pl.String():
            yield numeric(column, cells.str.strip_chars(), sheet.options)


def _without_codes(
    sheet: Sheet, key: str, unit: str, written: pl.Series, value: pl.Series, codes: bool
) -> tuple[pl.Series, list[Finding]]:
    """``value`` without the codes for "missing"; they are told from the number as written."""
    declared = [float(m) for m in map(str, sheet.options.get("missing", [])) if _NUMBER.match(m)]
    if declared:
        value = value.set(written.is_in(declared).fill_null(False), None)
    usual: tuple[float, ...] = MISSING_CODES if key.endswith("_return") else ()
    if key == "value" and unit == "percent":
        usual = MISSING_CODES[:2]
    if usual and codes and unit == "percent":
        usual = (*usual, *CRSP_CODES)
    hit = written.is_in(list(usual)).fill_null(False) & value.is_not_null() if usual else None
    if hit is None or not hit.any():
        return value, []
    found = Finding(
        sheet.name,
        f"{key} holds a missing code",
        int(hit.sum()),
        "read as missing",
        f"{written.filter(hit)[0]:g} in {sheet.what}",
    )
    return value.set(hit, None), [found]


def number(
    sheet: Sheet,
    table: Table,
    key: str,
    mapped: ColumnMap,
    cells: pl.Series,
    texts: dict[str, _numbers.TextColumn],
    *,
    codes: bool,
) -> tuple[pl.Series, list[Finding]]:
    """The column as numbers in the table's unit; missing codes are tested before the unit."""
    if key in texts:
        try:
            mark = _numbers.decimal_mark(
                sheet.what,
                texts[key],
                _told(sheet, texts),
                sheet.options.get("decimal"),
                sheet.delimiter,
            )
            plain, value = _numbers.values(sheet.what, texts[key], mark, mapped.unit)
        except _numbers.Doubt as doubt:
            if table.name != "prices" or key not in BESIDE_THE_PRICE or key in UNKNOWN:
                raise
            nothing = pl.Series([None], dtype=pl.Float64).new_from_index(0, cells.len())
            count = cells.len() - texts[key].cells.null_count()
            action = f"{key} set to missing"
            return nothing, [
                Finding(sheet.name, str(doubt.message), count, action, "", doubt.remedy)
            ]
    else:
        # the shortest decimal that gives this float32: 136.87, not 136.869995
        exact = cells.cast(pl.String) if cells.dtype == pl.Float32() else cells
        plain = exact.cast(pl.Float64, strict=False).fill_nan(None)
        value = _numbers.in_unit(plain, mapped.unit)
    return _without_codes(sheet, key, mapped.unit, plain, value, codes)


def numbers(sheet: Sheet, names: Iterable[str]) -> list[pl.Series]:
    """Columns of the file as plain numbers, null where they are none."""
    out = []
    for name in names:
        cells = sheet.frame.get_column(name)
        if cells.dtype == pl.String():
            text = numeric(name, cells.str.strip_chars(), sheet.options)
            mark = _numbers.decimal_mark(
                sheet.what, text, _told(sheet, {}), sheet.options.get("decimal"), sheet.delimiter
            )
            cells = _numbers.values(sheet.what, text, mark, "")[1]
        out.append(cells.cast(pl.Float64, strict=False).alias(name))
    return out

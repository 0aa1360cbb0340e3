"""One sheet of a workbook as the text of a CSV, so that its cells meet the same checks. Pure.

Numbers keep all their digits, dates are written as YYYY-MM-DD with their time, error values
(#DIV/0!) are empty. A date that the workbook shows as a plain number is a serial: days since 1900,
or 1904 where the workbook says so.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from typing import TYPE_CHECKING, Literal

import polars as pl

from paceline.errors import SourceError
from paceline.sources.files import _packed

if TYPE_CHECKING:
    import fastexcel

#: Day 0 of a workbook's serials, by its date system.
DAY_0 = {1900: dt.date(1899, 12, 30), 1904: dt.date(1904, 1, 1)}
#: Five digits before the point: 1927 to 2173. Shorter ones may be years.
SERIAL = r"^[1-9]\d{4}(?:\.\d+)?$"
#: Text that a number was written as, whose further digits may have been cut.
_CUT = r"^-?(?:0|[1-9]\d*\.\d*[1-9]|0\.\d*[1-9])$"


def as_csv(what: str, data: bytes, sheet: str | int | None) -> bytes:
    """The cells of a sheet as CSV, separated by commas.

    sheet  its name, or its number from 1; None: the only one that holds cells
    Raises ``SourceError`` where fastexcel is missing, the workbook is damaged, or the sheet is not
    there or not named among several.
    """
    _packed.check_size(what, data)
    reader = _opened(what, data)
    frame = _cells(what, reader, _sheet(what, reader, sheet))
    buffer = io.BytesIO()
    frame.select(pl.all().str.replace_all(r"[\r\n]+", " ")).write_csv(buffer, include_header=False)
    return buffer.getvalue()


def day_0(data: bytes) -> dt.date:
    """Day 0 of the serials of a workbook."""
    if _packed.is_zip(data):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if "xl/workbook.xml" in archive.namelist():
                head = archive.read("xl/workbook.xml")[: 1 << 20]
                if re.search(rb'date1904="(?:1|true)"', head):
                    return DAY_0[1904]
    return DAY_0[1900]


def dated(cells: pl.Series, first: dt.date) -> pl.Series:
    """A text column of dates with the serials among its cells written as dates."""
    serial = cells.str.strip_chars().str.contains(SERIAL).fill_null(False)
    if not serial.any():
        return cells
    days = cells.cast(pl.Float64, strict=False).floor().cast(pl.Int64)
    written = pl.select(pl.lit(first) + pl.duration(days=pl.lit(days))).to_series().cast(pl.String)
    return written.zip_with(serial, cells)


def _opened(what: str, data: bytes) -> fastexcel.ExcelReader:
    try:
        import fastexcel
    except ImportError:
        raise SourceError(
            f"{what}: an Excel file, which the package fastexcel reads; it is not installed.",
            "Install it with `pip install paceline[excel]`, or save the sheet as CSV.",
        ) from None
    try:
        return fastexcel.read_excel(data)
    except (fastexcel.FastExcelError, ValueError, OSError) as error:
        why = (str(error).splitlines() or ["?"])[0]
        raise SourceError(f"{what}: the workbook is damaged ({why}).", "Save it again.") from None


def _sheet(what: str, reader: fastexcel.ExcelReader, sheet: str | int | None) -> str:
    """The name of the sheet that is meant."""
    names = list(reader.sheet_names)
    if isinstance(sheet, int) and 1 <= sheet <= len(names):
        return str(names[sheet - 1])
    if sheet in names:
        return str(sheet)
    if sheet is not None:
        raise SourceError(
            f"{what}: no sheet {sheet!r}, asked for by options.sheet.",
            f"It has: {', '.join(map(str, names))}.",
        )
    full = (
        names if len(names) == 1 else [n for n in names if not _cells(what, reader, n).is_empty()]
    )
    if len(full) > 1:
        raise SourceError(
            f"{what}: several sheets hold cells: {', '.join(full)}.",
            f'Name one: options = {{ sheet = "{full[0]}" }}.',
        )
    return str((full or names)[0])


def _cells(what: str, reader: fastexcel.ExcelReader, name: str) -> pl.DataFrame:
    """All cells of a sheet as text; a number that the text may have cut, with all its digits."""
    import fastexcel

    def loaded(kind: Literal["string", "float"]) -> pl.DataFrame:
        sheet = reader.load_sheet(name, header_row=None, skip_rows=0, dtypes=kind)
        return sheet.to_polars()

    try:
        text = loaded("string")
        if text.is_empty():
            return text
        numbers = loaded("float")
    except fastexcel.FastExcelError as error:
        why = (str(error).splitlines() or ["?"])[0]
        raise SourceError(
            f"{what}: sheet {name!r} cannot be read ({why}).", "Save it as CSV."
        ) from None
    exact = numbers.select(pl.when(pl.all() != 0).then(pl.all()).cast(pl.String).name.suffix(" "))
    both = pl.concat([text, exact], how="horizontal")
    return both.select(
        pl.when(pl.col(c).str.contains(_CUT)).then(pl.coalesce(f"{c} ", c)).otherwise(c).alias(c)
        for c in text.columns
    )

"""Ken French's data library: its CSV files as they come, into ``series``.

    [sources.momentum]
    kind = "french"
    table = "series"
    path = "french/F-F_Momentum_Factor_daily.csv"

``path``      one path, a list or a glob, relative to the data folder: the CSV, or the zip archive
              as the library serves it. A Parquet file with one date column and one column per
              factor, in percent, is read too.
``options``   ``sections``: names of the sections to keep (default: all); ``columns``: names of the
              columns to keep; ``member``: which file of a zip archive, where it holds several

A file is prose, then one or more tables, each with an optional title, a line of column names and
rows that begin with YYYY, YYYYMM or YYYYMMDD (or YYYY-MM-DD). Every column becomes a series named

    french/<file without ending>/<section>/<column>

with the column's name as printed, without padding; of a zip archive the file is the one inside.
Sections are named by their title:

    vw_monthly, ew_monthly, vw_annual, ew_annual    value- and equal-weighted returns
    firms, size                                     number of firms; average firm size or market cap
    any other title                                 in lower case, words joined by "_"
    no title                                        daily, monthly, annual, by the length of the
                                                    date

Returns, factors and averages of prior returns are printed in percent and stored as fractions;
counts, sizes and ratios are stored as printed. A month stands on its last calendar day, a year on
31 December. -99.99 and -999 are missing: no row, counted in a finding.

``known`` is the date itself. That is kinder than the truth: the library appears weeks after a
month's end, and every vintage rewrites history (2.96% or 2.89% for the market of July 1926). So
these series are the latest vintage, not what was known on the day, and a source of this kind should
say so in its ``caveat``; the vintage printed in the file's first lines stays in its origin.
"""

from __future__ import annotations

import calendar
import dataclasses
import datetime as dt
import io
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from paceline.errors import MarketFileError, SourceError, UnknownName
from paceline.rows import joined, set_aside
from paceline.sources import Context, Finding, Parsed, Raw, files
from paceline.sources.files import _packed

if TYPE_CHECKING:
    from pathlib import Path

    from paceline.config import Source

OPTIONS = ("sections", "columns")
#: The file of a zip archive that is meant.
MEMBER = "member"
#: Printed where there is no value.
MISSING = (-99.99, -999.0)
_ROW = re.compile(r"^\s*(\d{4}-\d\d-\d\d|\d{8}|\d{6}|\d{4})\s*,")
_VINTAGE = re.compile(r"using the (\d{6}) CRSP")
#: The median of the days between dates lies below this.
_GAPS = {"daily": 10, "monthly": 100}
_PERIOD = {4: "annual", 6: "monthly", 8: "daily"}


def fetch(name: str, spec: Source, folder: Path) -> list[Raw]:
    """Bytes of every file, its CRSP vintage added to ``origin.what``; errors as of ``files``."""
    member = _checked_member(name, spec)
    return [_with_vintage(raw, member) for raw in files.fetch(name, spec, folder)]


def _checked_member(name: str, spec: Source) -> str | None:
    member = spec.options.get(MEMBER)
    if member is not None and (not isinstance(member, str) or not member):
        raise MarketFileError(
            f"sources.{name}.options.{MEMBER}: {member!r} is no name of a file.",
            'Write member = "file.csv".',
        )
    return member


def _with_vintage(raw: Raw, member: str | None) -> Raw:
    head = raw.data[:2000]
    if _packed.is_packed(raw.data):
        head = _packed.unpacked(raw.origin.what, raw.data, member).data[:2000]
    vintage = _VINTAGE.search(head.decode("latin-1"))
    if vintage is None:
        return raw
    what = f"{raw.origin.what} (CRSP {vintage[1]})"
    return dataclasses.replace(raw, origin=dataclasses.replace(raw.origin, what=what))


def parse(name: str, spec: Source, raws: list[Raw], context: Context) -> Parsed:
    """``series`` rows of all files, faults found, and rows that are not numbers set aside."""
    wanted = {
        key: _names(name, key, spec.options[key])
        for key in spec.options
        if _accepted(name, key) and key != MEMBER
    }
    member = _checked_member(name, spec)
    tables: list[pl.DataFrame] = []
    findings: list[Finding] = []
    quarantine: list[pl.DataFrame] = []
    offered: dict[str, set[str]] = {key: set() for key in OPTIONS}
    for raw in raws:
        data, inside = _packed.unpacked(raw.origin.what, raw.data, member)
        raw = dataclasses.replace(raw, data=data)
        path = inside or raw.origin.what.partition(" (")[0]
        file = PurePosixPath(path).name.partition(".")[0]
        blank = 0
        for section, frame in _sections(raw):
            offered["sections"].add(section)
            offered["columns"] |= set(frame.columns[1:])
            if section not in wanted.get("sections", {section}):
                continue
            columns = [c for c in frame.columns[1:] if c in wanted.get("columns", {c})]
            rows, odd, missing = _long(frame, columns, f"french/{file}/{section}/")
            if _percent(section):
                rows = rows.with_columns(pl.col("value") / 100.0)
            tables.append(rows)
            quarantine.append(set_aside("series", odd, "not a number or not a date"))
            blank += missing
        if blank:
            findings.append(
                Finding(name, "missing values (-99.99, -999)", blank, "left out", raw.origin.what)
            )
    for key, names in wanted.items():
        for one in sorted(names - offered[key]):
            raise UnknownName(f"{key[:-1]} of sources.{name}", one, sorted(offered[key]))
    aside = joined(quarantine)
    if aside is not None:
        findings.append(
            Finding(
                name,
                "cells that are not numbers",
                len(aside),
                "quarantined",
                str(aside["row"][0]),
                "Compare with the file as the library publishes it.",
            )
        )
    frame = (
        pl.concat(tables)
        .unique(["series", "date"], keep="last", maintain_order=True)
        .sort("series", "date")
    )
    return Parsed({"series": frame}, findings, aside)


def _long(
    frame: pl.DataFrame, columns: list[str], prefix: str
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Rows of ``series`` as printed, the cells that cannot be read, the number of missing ones."""
    cells = (
        frame.select("date", *columns)
        .unpivot(index="date", variable_name="column", value_name="text")
        .with_columns(pl.col("text").str.strip_chars())
        .with_columns(value=pl.col("text").cast(pl.Float64, strict=False))
    )
    empty = pl.col("text").is_null() | (pl.col("text") == "")
    odd = cells.filter(pl.col("value").is_null() & ~empty | pl.col("date").is_null())
    given = cells.filter(pl.col("value").is_not_null() & pl.col("date").is_not_null())
    missing = pl.any_horizontal((pl.col("value") - m).abs() < 1e-9 for m in MISSING)
    rows = given.filter(~missing)
    series = pl.concat_str(pl.lit(prefix), pl.col("column")).alias("series")
    return (
        rows.select(series, "date", "value", pl.col("date").alias("known")),
        odd.select("date", "column", "text"),
        given.height - rows.height,
    )


def _accepted(name: str, key: str) -> bool:
    accepted = (*OPTIONS, MEMBER)
    if key not in accepted:
        raise MarketFileError(
            f"sources.{name}.options: unknown option {key!r}.", f"Accepted: {', '.join(accepted)}."
        )
    return True


def _names(name: str, key: str, given: object) -> set[str]:
    if isinstance(given, str):
        return {given}
    if isinstance(given, list) and all(isinstance(one, str) for one in given):
        return set(given)
    raise MarketFileError(
        f"sources.{name}.options.{key}: {given!r} is not a list of names.",
        f'Write {key} = ["...", "..."].',
    )


def _percent(section: str) -> bool:
    """Whether a section is printed in percent."""
    return (
        section in _PERIOD.values()
        or section.startswith(("vw_", "ew_"))
        or section.endswith("prior_returns")
    )


def _sections(raw: Raw) -> Iterator[tuple[str, pl.DataFrame]]:
    """(name, frame) of every table of a file: ``date`` and one text column per series."""
    if raw.data[:4] == b"PAR1":
        yield _parquet(raw)
        return
    lines = raw.data.decode("latin-1").splitlines()
    at = np.flatnonzero([bool(_ROW.match(line)) for line in lines])
    if not len(at):
        raise SourceError(
            f"{raw.origin.what}: no row begins with a year, a month or a day.",
            "Give the library's own CSV, not a web page.",
        )
    used: dict[str, int] = {}
    before = 0
    for block in np.split(at, np.flatnonzero(np.diff(at) > 1) + 1):
        first, last = int(block[0]), int(block[-1])
        head = next((i for i in range(first - 1, before - 1, -1) if lines[i].strip()), None)
        if head is None or "," not in lines[head]:
            raise SourceError(
                f"{raw.origin.what}: no line of column names above line {first + 1}.",
                "The library prints one above each table; fetch the file again.",
            )
        names = [c.strip() for c in lines[head].split(",")][1:]
        names = names[:-1] if names and not names[-1] else names
        width = len(_digits(lines[first]))
        section = _slug(_title(lines, before, head, first_table=before == 0), _PERIOD[width])
        used[section] = used.get(section, 0) + 1
        if used[section] > 1:
            section = f"{section}_{used[section]}"
        rows = [[c.strip() for c in lines[i].split(",")] for i in block]
        before = last + 1
        yield (
            section,
            pl.DataFrame(
                {
                    "date": pl.Series(
                        [_date(_digits(row[0]), width) for row in rows], dtype=pl.Date
                    ),
                    **{
                        c: pl.Series(
                            [row[k] if k < len(row) else None for row in rows], dtype=pl.String
                        )
                        for k, c in enumerate(names, 1)
                    },
                }
            ),
        )


def _digits(line: str) -> str:
    """The date that a row begins with, as YYYY, YYYYMM or YYYYMMDD."""
    return line.partition(",")[0].strip().replace("-", "")


def _title(lines: list[str], start: int, head: int, *, first_table: bool) -> str:
    """The text right above the column names; of a later table all text since the one before."""
    block: list[str] = []
    for line in reversed(lines[start:head]):
        if line.strip():
            block.append(line.strip())
        elif block or first_table:
            break
    return " ".join(reversed(block))


def _slug(title: str, period: str) -> str:
    """The name of a section from its title."""
    text = " ".join(re.findall(r"[a-z0-9]+", title.lower()))
    weighting = re.search(r"\b(value|equal) weight(ed)? returns\b", text)
    if weighting:
        return f"{'vw' if weighting[1] == 'value' else 'ew'}_{period}"
    text = text.removeprefix("for portfolios formed in june of year t ")
    if not text or text.startswith("annual factors"):
        return period
    if text.startswith("number of firms"):
        return "firms"
    if text in ("average firm size", "average market cap"):
        return "size"
    return text.replace(" ", "_")[:80].rstrip("_")


def _date(text: str, width: int) -> dt.date | None:
    """The day of a row; None where its length is not the first row's or it does not exist."""
    if len(text) != width:
        return None
    year, month, day = int(text[:4]), int(text[4:6] or 12), int(text[6:] or 0)
    try:
        if day:
            return dt.date(year, month, day)
        return dt.date(year, month, calendar.monthrange(year, month)[1])
    except ValueError:
        return None


def _parquet(raw: Raw) -> tuple[str, pl.DataFrame]:
    """The only table of a Parquet file; its frequency follows from the gaps between its dates."""
    frame = pl.read_parquet(io.BytesIO(raw.data))
    dated = [n for n, kind in frame.schema.items() if kind.is_temporal()]
    numbers = [n for n, kind in frame.schema.items() if kind.is_numeric()]
    if len(dated) != 1 or not numbers:
        raise SourceError(
            f"{raw.origin.what}: {len(dated)} date columns and {len(numbers)} number columns.",
            "One date column and one column per factor are needed.",
        )
    days = frame.select(pl.col(dated[0]).cast(pl.Date).alias("date"))["date"]
    gaps = np.diff(days.drop_nulls().sort().to_numpy()).astype("timedelta64[D]").astype(np.int64)
    gap = np.median(gaps) if len(gaps) else 1
    period = next((name for name, below in _GAPS.items() if gap < below), "annual")
    return period, pl.DataFrame({"date": days, **{n: frame[n].cast(pl.String) for n in numbers}})

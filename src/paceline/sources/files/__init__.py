"""CSV, Parquet and Excel files, for every table, with columns mapped in the market file.

::

    [sources.screener]
    kind = "files"
    table = "prices"
    path = "us/screener_daily.parquet"
    columns = { security = "ticker", date = "date", close = "close", volume = "volume",
                market_cap = "market_cap",
                price_return = { column = "pct_change", unit = "percent" } }
    recover = true

``path``      one path, a list, or a glob, relative to the data folder and inside it. The bytes tell
              the format: Parquet, Excel, gzip, bzip2, xz, zip, else CSV.
``statement`` "file": the rows of the files as they are now. "folder", the default for a glob: of
              every file what it last said, whether it is still there or not. "append": rows gather.
``columns``   table column -> file column, or ``{ column, unit, format, zone }``; unit: percent,
              basis_points, thousands, millions, billions; format and zone of dates: "%d/%m/%Y",
              epoch_s, epoch_ms, excel; the zone whose days they are. Left out, file columns that
              bear the table's own names are read.
``constants`` table column -> value for every row; for a mapped column it fills the gaps, which are
              counted.
``where``     file column -> value or list of values to keep; "!value" leaves a value out; "" is an
              empty cell. Where it keeps no row of any file the import stops.
``rename``    security spelling in the file -> ours; applied to every column that holds securities.
``derive``    securities: ``kind = "us_line_name"``, ``company = "from_name"`` (see ``_names``).

``options``   all optional: see ``_options.FileOptions``.

A CSV's header is the first line that holds every column asked for, so prose may stand above it
(fund sponsors' holdings, Ken French's library); then the table ends at the first blank line and
what follows is counted. Characters that show nothing (form feeds, marks of byte order, spaces of no
width) are taken out; carriage returns may end the lines.

**Wide** prices whose columns have two levels, field and security, as pandas writes them in two or
three lines, in names like "('Close', 'AAPL')" or in a sheet, are told by their header and need no
``wide``; fields are mapped by name (``_long``).

**Numbers** may carry thousands by comma, point, space or apostrophe, a decimal comma, a currency, a
percent sign, K, M, B or T, brackets or a minus behind them. How a *column* writes them is told from
all of its cells, else from the file's other columns; where that leaves a doubt (1,234 alone, two
decimal marks, percent signs on some cells only, M beside MM) the import stops and names the cells
and the setting, and a column that the price does not need (volume, market cap, shares) is set to
missing as a whole. A word where a number belongs puts the row into quarantine, in those columns the
cell alone. -99.99 and -999 in a column of returns are missing, whatever its unit. Changes that are
the closes' own moves times one power of ten all along, caps that are close times shares times one,
and total returns that are price returns times one, stop the import: a unit is wrong. Months
(200712) are dated on their last day.
A column of dates has one form; what could be read in two ways is refused (``_dates``), and a stamp
with a zone is the day it has at the exchange.

**Prices** come in four dialects (``dialect``; "auto" tells from the mapped columns, see
``_prices.dialect``): *changes*, unadjusted close and the exchange's change; *adjusted*, adjusted
close; *split_adjusted*, split-adjusted close with dividend and split columns, which also gives
``actions`` (what is paid or split on a day without a price belongs to the next; what the prices
contradict is unknown); *returns*, as in
CRSP; and a close alone is a published level. ``shares`` may be mapped
in place of ``market_cap``: the cap is close times shares.

**Members**: spells are taken as they are; ``changes`` later than the spells' last date
continue them; ``snapshot`` closes and opens what still differs, and counts it.
"""

from __future__ import annotations

import datetime as dt
import glob
import hashlib
import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

import polars as pl

from paceline import doors, schema
from paceline.config import Source, listed
from paceline.errors import MarketFileError, SourceError
from paceline.lineage import Origin
from paceline.rows import joined
from paceline.sources import Context, Parsed, Raw
from paceline.sources.files import _columns, _members, _options, _prices, _sums, _types, _wide
from paceline.sources.files._options import extra_file
from paceline.sources.files._work import SHAPES, WIDE, Work

# -- fetching: all input


def fetch(name: str, spec: Source, folder: Path) -> list[Raw]:
    """Bytes of every file of the source, in order of their paths.

    Raises ``SourceError``, which names the file and the remedy.
    """
    patterns = listed(spec.path)
    if not all(patterns) or not patterns:
        raise MarketFileError(
            f"sources.{name}.path is missing.", 'Give a file: path = "folder/file.csv".'
        )
    for key in ("changes", "snapshot"):
        extra = extra_file(name, spec, key)
        if extra is not None:
            patterns.append(extra["path"])
    paths = dict.fromkeys(
        path for pattern in patterns for path in _paths(name, pattern, Path(folder))
    )
    return [_bytes(path, Path(folder), spec) for path in paths]


def _paths(name: str, pattern: str, folder: Path) -> list[Path]:
    home = Path(os.path.normpath(folder.absolute()))
    if fault := doors.impossible(home / pattern):
        raise SourceError(
            f"sources.{name}.path: {pattern[:60]!r} is no path: {fault}.", "Name a file."
        )
    full = Path(os.path.normpath(home / pattern))
    if not full.is_relative_to(home):
        raise SourceError(
            f"sources.{name}.path: {pattern!r} leaves the data folder {home}.",
            "Paths start from market.data; put the file there or point market.data elsewhere.",
        )
    if glob.has_magic(pattern):
        paths = sorted(path for path in home.glob(str(full.relative_to(home))) if path.is_file())
        if not paths:
            raise SourceError(
                f"sources.{name}.path: no file matches {pattern!r} in {home}.", _neighbours(full)
            )
        return paths
    return [full]


def _neighbours(full: Path) -> str:
    if not full.parent.is_dir():
        return f"The folder {full.parent} does not exist; is market.data (or --data) right?"
    names = sorted(p.name for p in full.parent.iterdir())
    near = get_close_matches(full.name, names, n=1)
    return (
        f"Did you mean {near[0]!r}?"
        if near
        else f"The folder holds: {', '.join(names[:12]) or 'nothing'}."
    )


def _bytes(path: Path, folder: Path, spec: Source) -> Raw:
    what = path.relative_to(os.path.normpath(folder.absolute())).as_posix()
    try:
        if (found := doors.kind_of(path)) not in ("", "missing", "a folder"):
            raise SourceError(f"{what}: {found}, not a file.", "Name a plain file.")
        data = path.read_bytes()
        when = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC).date().isoformat()
    except FileNotFoundError:
        raise SourceError(f"{what}: no such file in {folder}.", _neighbours(path)) from None
    except IsADirectoryError:
        raise SourceError(
            f"{what}: a folder, not a file.", f'Name its files: path = "{what}/*.csv".'
        ) from None
    except PermissionError:
        raise SourceError(
            f"{what}: no permission to read it.", "Allow reading, e.g. chmod a+r."
        ) from None
    except OSError as error:
        raise SourceError(
            f"{what}: cannot be read ({error.strerror}).", "Check the path and the disk."
        ) from None
    if not data:
        raise SourceError(f"{what}: the file is empty.", "Fetch it again.")
    return Raw(
        data,
        Origin(
            spec.origin.who,
            what,
            spec.origin.when or when,
            spec.origin.licence,
            hashlib.sha256(data).hexdigest(),
        ),
    )


# -- parsing, which is pure


def parse(name: str, spec: Source, raws: list[Raw], context: Context) -> Parsed:
    """The tables of the files' bytes: the same bytes give the same tables on every machine."""
    table = schema.table(spec.table)
    _check_options(name, spec, table)
    columns = _columns.mapping(name, spec, table)
    kind = ""
    if table.name == "prices":
        told = "security" in columns or "security" in spec.constants
        if told and columns and not spec.options.get("wide"):
            kind, columns = _prices.dialect(name, spec, columns)
    extras = {
        raw["path"]: key
        for key in ("changes", "snapshot")
        if (raw := extra_file(name, spec, key)) is not None
    }
    main = [raw for raw in raws if _role(raw, extras) is None]
    work = Work(name, spec, table, context)
    if not main:
        raise MarketFileError(
            f"sources.{name}.path names no file but those of its options.",
            "Give the table's own file as path, and changes or snapshot beside it.",
        )
    frame = work.files(main, columns, kind)
    if table.name == "prices" and _every(spec, columns):
        work.findings += _sums.checked(name, _called(main), spec, frame)
    if table.name == "prices":
        tables = work.prices(frame, kind or work.kind)
    elif table.name == "members":
        tables = {
            "members": _members.members(
                work, frame, {key: raw for raw in raws if (key := _role(raw, extras))}
            )
        }
    else:
        tables = {table.name: work.other(frame)}
    also = spec.options.get("also_securities")
    if also and table.name != "securities" and "security" in frame.columns:
        seen = tables[table.name].get_column("security").unique().drop_nulls().sort()
        tables["securities"] = pl.DataFrame({"security": seen, "ticker": seen}).with_columns(
            pl.lit(value).alias(key) for key, value in dict(also).items()
        )
    return Parsed(tables, work.findings, joined(work.quarantine))


def _every(spec: Source, columns: Mapping[str, object]) -> bool:
    """Whether every column of a wide table is a security; not those that are named."""
    named = _wide.meant("", spec)
    return not {"security"} & {*columns, *spec.constants} and (named is None or named.every)


def _called(raws: list[Raw]) -> str:
    """What the files of a table are called in messages."""
    first, last = raws[0].origin.what, raws[-1].origin.what
    return first if len(raws) == 1 else f"{first} to {last}"


def _role(raw: Raw, extras: dict[str, str]) -> str | None:
    what = PurePosixPath(raw.origin.what)
    return next((key for path, key in extras.items() if what == PurePosixPath(path)), None)


def _check_options(name: str, spec: Source, table: schema.Table) -> None:
    _options.check(name, spec)
    shape, shapes = spec.options.get("shape"), SHAPES.get(table.name, ())
    if shape is not None and shape not in shapes:
        raise MarketFileError(
            f"sources.{name}.options.shape: {shape!r} does not exist for table {table.name!r}.",
            f"Accepted: {', '.join(shapes) or 'none'}.",
        )
    if spec.options.get("ratio_of") and (
        table.name != "fundamentals" or not spec.options.get("wide")
    ):
        raise MarketFileError(
            f"sources.{name}.options.ratio_of belongs to a wide table of fundamentals.",
            'Give table = "fundamentals" and wide = { book_equity = "Price/Book" }.',
        )
    field = spec.options.get("wide_field", "close")
    numbers = [c for c, kind in _columns.targets(table).items() if kind.is_numeric()]
    if table.name == "prices" and field not in numbers:
        raise MarketFileError(
            f"sources.{name}.options.wide_field: table 'prices' has no numbers {field!r}.",
            f"Accepted: {', '.join(numbers)}.",
        )
    own = schema.table("securities").schema
    for key, value in dict(spec.options.get("also_securities", {})).items():
        if key in ("security", "source") or key not in own or not _types.constant(value, own[key]):
            raise MarketFileError(
                f"sources.{name}.options.also_securities: {key} = {value!r} is no value of the "
                "table 'securities'.",
                f"Its columns: {', '.join(c for c in own if c not in ('security', 'source'))}.",
            )
    if spec.options.get("wide") and table.name not in WIDE:
        raise MarketFileError(
            f"sources.{name}.options.wide does not apply to table {table.name!r}.",
            f"It does to: {', '.join(WIDE)}.",
        )

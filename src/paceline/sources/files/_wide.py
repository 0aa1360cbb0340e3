"""Wide tables, dates by securities: which columns are meant, headers of two lines, long form. Pure.

A **plain** wide table has one line of names, one column a security (or series, or item). A
**stacked** one has two: a field and a security for each column, as pandas writes a frame with
columns of two levels, in either order, in two lines of a CSV or in names like "('Close', 'AAPL')".
Both leave here in long form, and are read from there as every other file.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

import polars as pl

from paceline.config import Source
from paceline.errors import MarketFileError, SourceError

#: Codes of currencies that stand below names in exports of terminals.
CURRENCIES = frozenset(
    "USD EUR GBP GBp GBX JPY CHF CAD AUD NZD SEK NOK DKK HKD SGD CNY CNH INR KRW TWD BRL MXN ZAR "
    "ZAc ILS ILs TRY PLN CZK HUF RUB THB IDR MYR PHP SAR AED".split()
)
#: Field as data libraries spell it, in lower case and letters only -> column of ``prices``; "":
#: known, and not read.
FIELDS = {
    "close": "close",
    "adjclose": "adjusted_close",
    "adjustedclose": "adjusted_close",
    "splitadjustedclose": "split_adjusted_close",
    "volume": "volume",
    "dividend": "dividend",
    "dividends": "dividend",
    "split": "split",
    "splits": "split",
    "stocksplits": "split",
    "marketcap": "market_cap",
    "pricereturn": "price_return",
    "totalreturn": "total_return",
    "shares": "shares",
    **dict.fromkeys(("open", "high", "low", "capitalgains", "vwap", "repaired"), ""),
}
#: Names of a column of dates, in lower case and letters only.
DATES = ("date", "datetime", "timestamp", "time", "day", "tradedate", "tradingday", "index")
#: Delimiters that stand in no date, as a comma may.
APART = (";", "\t", "|")
#: Cells that tell whether a column holds prices.
FIRST = 20
#: Names of the level that holds securities.
SECURITIES = ("ticker", "tickers", "symbol", "symbols", "security", "securities", "asset", "isin")
#: A cell that begins as a date does, in a row of data.
_DAY = re.compile(
    r"^(?:\d{4}[-/.]\d{1,2}|\d{1,2}[-/. ](?:\d{1,2}|[A-Za-z]{3,9})\.?[-/. ,]+\d{2,4}|\d{8}$|\d{6}$|"
    r"[1-9]\d{4}(?:\.\d+)?$|\d{9,19}$|[A-Za-z]{3,9}\.?,? +\d{1,2})"
)
_TUPLE = re.compile(r"^\((?:'[^']*'|\"[^\"]*\")(?:, *(?:'[^']*'|\"[^\"]*\"))+\)$")


class Heading(NamedTuple):
    """What the two levels of a column say."""

    field: str
    security: str


class Stacked(NamedTuple):
    """A table whose columns have two levels.

    date    its column of dates, as named in the frame; ``called`` its name in the file
    level   what the file calls the level of securities
    pairs   column of the frame -> its field and its security
    """

    date: str
    called: str
    level: str
    pairs: dict[str, Heading]

    @property
    def fields(self) -> list[str]:
        """The fields, in the order of the file."""
        return list(dict.fromkeys(p.field for p in self.pairs.values()))


class Meant(NamedTuple):
    """Which columns ``options.wide`` means: those named (name -> spellings), or all but some."""

    named: dict[str, list[str]]
    every: bool = False
    but: tuple[str, ...] = ()

    def of(self, columns: Iterable[str], beside: Iterable[str]) -> dict[str, list[str]]:
        """Name -> spellings of the columns meant among these; ``beside``: never meant."""
        if not self.every:
            return self.named
        out = {*self.but, *beside}
        return {c: [c] for c in columns if c not in out}

    def without(self, names: Iterable[str]) -> str:
        """The setting that leaves these columns out, beside those that it leaves out already."""
        listed = ", ".join(f'"!{c}"' for c in dict.fromkeys([*self.but, *names]))
        return f"options = {{ wide = [{listed}] }}"


def meant(name: str, spec: Source) -> Meant | None:
    """What ``options.wide`` says; None where it is not given.

    Raises ``MarketFileError`` for a list of names to read and names to leave out.
    """
    wide = spec.options.get("wide")
    if wide is None or wide is False:
        return None
    if wide is True:
        return Meant({}, every=True)
    if isinstance(wide, dict):
        named = {
            str(k): [v] if isinstance(v, str) else [str(x) for x in v] for k, v in wide.items()
        }
        return Meant(named)
    out = [c for c in wide if c.startswith("!")]
    if out and len(out) < len(wide):
        raise MarketFileError(
            f"sources.{name}.options.wide names columns to read and columns to leave out.",
            'Give either, e.g. ["AAA", "BBB"] or ["!Notes"]: all but that.',
        )
    if out:
        return Meant({}, every=True, but=tuple(c[1:] for c in out))
    return Meant({str(c): [str(c)] for c in wide})


def plain_name(text: str) -> str:
    """A name in lower case, letters only."""
    return re.sub(r"[^a-z]", "", text.lower())


def is_field(label: str, declared: Iterable[str] = ()) -> bool:
    """Whether a label names a field: one that is mapped, or one of ``FIELDS``.

    In capitals it may be a ticker (LOW, OPEN) and is none.
    """
    if label in declared:
        return True
    capitals = label.upper() == label and any(c.isalpha() for c in label)
    return not capitals and plain_name(label) in FIELDS


def is_day(cell: str, delimiter: str = "") -> bool:
    """Whether a cell begins as a date does, and is one cell: "02.01.2025;31" by comma is two."""
    apart = not delimiter or not any(d in cell for d in APART if d != delimiter)
    return apart and _DAY.match(cell) is not None


def is_flat(column: str) -> bool:
    """Whether a name is two levels as pandas writes them in one: "('Close', 'AAPL')"."""
    return _TUPLE.match(column) is not None


# -- two levels told


def unnamed(label: str) -> bool:
    """Whether a column has no name of its own."""
    return not label.strip() or label.startswith(("Unnamed:", "__index_level_"))


def _field_level(
    what: str, labels: Sequence[tuple[str, str]], names: tuple[str, str], declared: Iterable[str]
) -> int | None:
    """Which of two levels holds fields, 0 or 1; None where neither does.

    Raises ``SourceError`` where both could.
    """
    levels = [list(dict.fromkeys(pair[k] for pair in labels)) for k in (0, 1)]
    some = [any(is_field(label, declared) for label in level) for level in levels]
    capitals = [all(plain_name(label) in FIELDS for label in level) for level in levels]
    could = [k for k in (0, 1) if some[k]] or [k for k in (0, 1) if capitals[k]]
    if len(could) == 2:
        could = [k for k in (0, 1) if plain_name(names[1 - k]) in SECURITIES] or could
    if len(could) == 2:
        could = [k for k in (0, 1) if all(is_field(x, declared) for x in levels[k])] or could
    if len(could) == 2:
        raise SourceError(
            f"{what}: both levels of its header could hold fields: {', '.join(levels[0][:4])}; "
            f"{', '.join(levels[1][:4])}.",
            'Map the field, e.g. columns = { close = "Close" }, and give the levels names '
            '("Price", "Ticker").',
        )
    if not could:
        return None
    return could[0]


def told(
    what: str,
    columns: Sequence[str],
    labels: Sequence[tuple[str, str] | None],
    names: tuple[str, str],
    date: int,
    declared: Iterable[str],
) -> Stacked | None:
    """The table that these labels make; None where they are not fields and securities.

    labels  of each column its two levels; None: it has none
    names   of the levels, "" where not told
    date    number of the column of dates; ``columns`` are the names in the frame
    """
    body = [(c, p) for n, (c, p) in enumerate(zip(columns, labels, strict=True)) if p and n != date]
    level = _field_level(what, [p for _, p in body], names, declared)
    if level is None:
        return None
    pairs = {c: Heading(p[level].strip(), p[1 - level].strip()) for c, p in body}
    per = Counter(p.security for p in pairs.values())
    if len({p.field for p in pairs.values()}) > 1 and max(per.values()) == 1:
        return None  # a field and one other word each: a line of units
    twice = [p for p, count in Counter(pairs.values()).items() if count > 1]
    if twice:
        raise SourceError(
            f"{what}: two columns hold {twice[0].field} of {twice[0].security}.",
            "Rename or remove one in the file.",
        )
    called = columns[date]
    return Stacked(called, called, names[1 - level] or "security", pairs)


class Header(NamedTuple):
    """A header of two or three lines: its first and last line, and what it says."""

    first: int
    last: int
    names: list[str]
    stacked: Stacked


def header(what: str, lines: Sequence[Sequence[str]], declared: Iterable[str]) -> Header | None:
    """The header of two lines, perhaps with a third for the name of the dates; None: there is none.

    lines  the fields of the file's first lines
    """
    for at in range(len(lines) - 2):
        upper, lower = list(lines[at]), list(lines[at + 1])
        width = max(len(upper), len(lower))
        if width < 2 or not any(lower):
            continue
        upper += [""] * (width - len(upper))
        lower += [""] * (width - len(lower))
        found = _two_lines(what, upper, lower, lines[at + 2 :], declared)
        if found is not None:
            stacked, third, names = found
            return Header(at, at + 1 + third, names, stacked)
    return None


def _two_lines(
    what: str,
    upper: list[str],
    lower: list[str],
    below: Sequence[Sequence[str]],
    declared: Iterable[str],
) -> tuple[Stacked, int, list[str]] | None:
    """What two lines say as a header: the table, lines between them and the rows, column names."""
    if _DAY.match(lower[0]) or _DAY.match(upper[0]):
        return None
    _filled(upper, lower)
    body = [n for n in range(1, len(upper)) if upper[n] and lower[n]]
    if not body:
        return None
    _no_currencies(what, upper, [(upper[n], lower[n]) for n in body])
    stub = [n for n in range(len(upper)) if not (n and upper[n] and lower[n])]
    filled = list(islice((n for n, r in enumerate(below) if any(r)), 2))
    rows = [below[n] for n in filled]
    third = bool(rows) and not any(rows[0][n] for n in body if n < len(rows[0]))
    date = next((n for n in stub if plain_name(upper[n] or lower[n]) in DATES), stub[0])
    called = upper[date] or lower[date] if date else ""
    names = (upper[0], lower[0]) if upper[0] and lower[0] else ("", "")
    if not date and not all(names):
        called = upper[0] or lower[0]
    if third:
        date = next((n for n in stub if n < len(rows[0]) and rows[0][n]), date)
        called = rows[0][date] if date < len(rows[0]) else ""
        rows = rows[1:]
    if not rows or date >= len(rows[0]) or not _DAY.match(rows[0][date].strip()):
        return None
    labels = [(upper[n], lower[n]) if n in body else None for n in range(len(upper))]
    columns = [str(p) if p else f"column {n + 1}" for n, p in enumerate(labels)]
    columns[date] = called
    count = Counter(columns)
    columns = [c if n == date or count[c] == 1 else f"{c} ({n + 1})" for n, c in enumerate(columns)]
    stacked = told(what, columns, labels, names, date, declared)
    if stacked is None:
        return None
    return stacked, filled[0] + 1 if third else 0, columns


def _no_currencies(what: str, upper: Sequence[str], body: Sequence[tuple[str, str]]) -> None:
    """Refuse a line of currencies below the names: it would be read as a line of securities."""
    codes = [code for _, code in body]
    fields = any(plain_name(name) in FIELDS or is_field(name) for name, _ in body)
    listed = any(plain_name(name) in SECURITIES for name in upper)
    if set(codes) <= CURRENCIES and (listed or not fields):
        raise SourceError(
            f"{what}: the line below the names holds currencies: {', '.join(codes[:4])}.",
            "Leave that line out; prices of several currencies do not belong in one source.",
        )


def _filled(upper: list[str], lower: list[str]) -> None:
    """Merged cells: a blank in the upper line stands for the label before it."""
    first = next((n for n in range(1, len(upper)) if upper[n]), len(upper))
    for n in range(first + 1, len(upper)):
        if not upper[n] and lower[n]:
            upper[n] = upper[n - 1]


def flattened(
    what: str,
    frame: pl.DataFrame,
    declared: Iterable[str],
    levels: Sequence[str | None] = (),
    joined: bool = False,
) -> Stacked | None:
    """The table whose column names hold two levels: "('Close', 'AAPL')"; None where none do.

    levels  their names, where the file tells
    joined  names like "AAPL_Close" count, where all but the dates are so
    """
    labels = [_levels(what, c) for c in frame.columns]
    if joined and not any(labels):
        labels = _joined(frame.columns)
    if not any(labels):
        return None
    stubs = [p[0] or p[1] if p and not (p[0] and p[1]) else "" for p in labels]
    labels = [p if p and p[0] and p[1] else None for p in labels]
    rest = [n for n, p in enumerate(labels) if p is None]
    spoken = [stubs[n] or frame.columns[n] for n in range(len(labels))]
    date = date_column(what, frame, [frame.columns[n] for n in rest], spoken)
    at = frame.columns.index(date)
    names = tuple(str(x or "") for x in levels) if len(levels) == 2 else ("", "")
    stacked = told(what, frame.columns, labels, (names[0], names[1]), at, declared)
    return stacked and stacked._replace(called=spoken[at])


def _levels(what: str, column: str) -> tuple[str, str] | None:
    if not _TUPLE.match(column):
        return None
    parts = ast.literal_eval(column)
    if len(parts) != 2:
        raise SourceError(
            f"{what}: column {column} has {len(parts)} levels.",
            "Two are read, field and security: drop the others before writing the file.",
        )
    return str(parts[0]).strip(), str(parts[1]).strip()


def _joined(columns: Sequence[str]) -> list[tuple[str, str] | None]:
    """Names like AAPL_Close or Close AAPL taken apart, where all but the dates are so."""
    found: list[tuple[str, str] | None] = []
    for column in columns:
        if plain_name(column) in DATES or unnamed(column):
            found.append(None)
            continue
        pairs = [
            (column[: m.start()], column[m.end() :])
            for m in re.finditer(r" - |[_|/: ]", column)
            if m.start() and m.end() < len(column)
        ]
        pair = next((p for p in pairs if is_field(p[0]) != is_field(p[1])), None)
        if pair is None or is_field(column):
            return [None] * len(columns)
        found.append(pair)
    level = [k for k in (0, 1) if all(p is None or is_field(p[k]) for p in found)]
    return found if level else [None] * len(columns)


# -- the column of dates


def holds_prices(cells: pl.Series) -> bool:
    """Whether the first cells of a column that hold anything are numbers, and none is a day."""
    if cells.dtype.is_temporal():
        return False
    first = cells.drop_nulls().head(FIRST).cast(pl.String).str.strip_chars()
    first = first.filter(first != "")
    numbers = len(first) > 0 and first.cast(pl.Float64, strict=False).is_not_null().all()
    return numbers and not any(_DAY.match(cell) for cell in first)


def date_column(
    what: str, frame: pl.DataFrame, among: Sequence[str], spoken: Sequence[str] | None = None
) -> str:
    """The column of dates: the only one with a type of dates, one of that name, or the first.

    among  the columns that it may be; ``spoken`` the names of all columns
    Raises ``SourceError`` where there is none to choose.
    """
    called = dict(zip(frame.columns, spoken or frame.columns, strict=True))
    kinds = frame.schema  # made anew whenever it is asked for
    typed = [c for c in among if kinds[c].is_temporal()]
    named = [c for c in among if plain_name(called[c]) in DATES and not unnamed(called[c])]
    named = [c for c in named if not holds_prices(frame.get_column(c))]  # DAY is a ticker too
    for found in (typed, named):
        if len(found) == 1:
            return found[0]
    index = [c for c in among if unnamed(called[c])]
    if index and not named:
        return index[0]
    if not among or len(named) > 1 or len(typed) > 1:
        found = typed or named
        apart = " Has each security its own? Then write one table for all."
        raise SourceError(
            f"{what}: {len(found) or 'no'} columns could hold the dates"
            + (f": {', '.join(map(repr, found))}." if found else "."),
            'Map it: columns = { date = "..." }.' + (apart if len(found) > 1 else ""),
        )
    return among[0]

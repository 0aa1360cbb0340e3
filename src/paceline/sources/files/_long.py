"""Wide tables to long form: one row a day and security, empty cells no rows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from paceline.config import ColumnMap, Source
from paceline.errors import SourceError
from paceline.rows import PRICED, Finding
from paceline.sources.files import _foreign, _numbers
from paceline.sources.files._wide import (
    DATES,
    FIELDS,
    Heading,
    Meant,
    Stacked,
    date_column,
    holds_prices,
    is_field,
    plain_name,
    unnamed,
)

#: Securities or columns named in a finding.
NAMED = 8


# -- stacked: which field is which column


def mapped(
    name: str, what: str, spec: Source, table: Stacked, given: Mapping[str, ColumnMap]
) -> tuple[dict[str, ColumnMap], list[Finding]]:
    """The column map of a stacked table in long form: as declared, else by the fields' names.

    Raises ``SourceError`` where several fields hold prices and neither the market file nor a
    convention says which is meant.
    """
    columns = dict(given)
    columns.setdefault("date", ColumnMap(column=table.called))
    columns.setdefault("security", ColumnMap(column=table.level))
    there: dict[str, str] = {}
    for field in table.fields:
        target = FIELDS.get(plain_name(field), "")
        if target and there.setdefault(target, field) != field and target not in given:
            raise SourceError(
                f"{what}: {there[target]!r} and {field!r} both name {target}.",
                f'Say which: columns = {{ {target} = "{field}" }}.',
            )
    findings: list[Finding] = []
    if not PRICED & set(given):
        chosen, findings = _price(name, what, spec, table, there)
        columns |= chosen
    for target in ("volume", "market_cap", "shares"):
        if target in there:
            columns.setdefault(target, ColumnMap(column=there[target]))
    return columns, findings


def _price(
    name: str, what: str, spec: Source, table: Stacked, there: Mapping[str, str]
) -> tuple[dict[str, ColumnMap], list[Finding]]:
    """The fields that make the price, by their names."""
    field, unit = spec.options.get("wide_field"), str(spec.options.get("unit", ""))
    prices = [target for target in sorted(PRICED) if target in there]
    if field is not None:
        label = there.get(field) or (there[prices[0]] if len(prices) == 1 else None)
        if label is None and len(table.fields) == 1:
            label = table.fields[0]
        if label is None:
            raise SourceError(
                f"{what}: no field {field!r} (options.wide_field).",
                f"Its fields: {', '.join(table.fields)}.",
            )
        return {str(field): ColumnMap(column=label, unit=unit)}, []  # type: ignore[arg-type]
    if not prices:
        raise SourceError(
            f"{what}: none of its fields is known to hold prices: {', '.join(table.fields[:12])}.",
            f'Map one: sources.{name}.columns = {{ close = "{table.fields[0]}" }}.',
        )
    maps = {target: ColumnMap(column=label) for target, label in there.items()}
    pays = [t for t in ("dividend", "split") if t in there]
    if spec.dialect == "split_adjusted" and "close" in there:
        return {"split_adjusted_close": maps["close"], **{t: maps[t] for t in pays}}, []
    if spec.dialect == "adjusted":
        return {"adjusted_close": maps.get("adjusted_close") or maps[prices[0]]}, []
    if "close" in there and "adjusted_close" in there and spec.dialect == "auto":
        return _both(name, what, maps, pays)
    if "close" in there and pays and spec.dialect == "auto":
        raise SourceError(
            f"{what}: {there['close']!r} stands beside {there[pays[0]]!r}: whether dividends are "
            "taken out of it is not told.",
            f'Say so: sources.{name}.dialect = "adjusted" where they are (yfinance by default), '
            '"split_adjusted" where not (auto_adjust=False).',
        )
    return {target: maps[target] for target in prices}, []


def _both(
    name: str, what: str, maps: Mapping[str, ColumnMap], pays: Sequence[str]
) -> tuple[dict[str, ColumnMap], list[Finding]]:
    """Close and adjusted close, as Yahoo means them: splits are taken out of both."""
    close, adjusted = maps["close"], maps["adjusted_close"]
    both = f"{close.column} and {adjusted.column} in one table"
    remedy = f'Another meaning? Map one: sources.{name}.columns = {{ close = "{close.column}" }}.'
    if len(pays) == 2:
        action = f"returns from {close.column}, with its dividends and splits"
        chosen = {"split_adjusted_close": close, **{t: maps[t] for t in pays}}
    else:
        action = f"price returns from {close.column}, total returns from {adjusted.column}"
        chosen = {"adjusted_close": adjusted, "split_adjusted_close": close}
    return chosen, [Finding(name, both, 1, action, what, remedy)]


def stacked(
    frame: pl.DataFrame, table: Stacked, fields: Iterable[str], wide: Meant | None
) -> pl.DataFrame:
    """A stacked table in long form: dates, securities, and one column for each of ``fields``."""
    names = list(dict.fromkeys(p.security for p in table.pairs.values()))
    ours = {n: n for n in names}
    if wide is not None:
        ours = {s: label for label, spelt in wide.of(names, ()).items() for s in spelt}
        names = [n for n in names if n in ours]
    at = {pair: column for column, pair in table.pairs.items()}
    types = frame.schema  # made anew whenever it is asked for
    count = frame.height
    security = pl.Series(table.level, [ours[n] for n in names], pl.String)
    parts = {
        table.called: pl.concat([frame.get_column(table.date)] * len(names)),
        table.level: security.gather(pl.int_range(len(names) * count, eager=True) // max(count, 1)),
    }
    for field in dict.fromkeys(f for f in fields if f in table.fields):
        own = [at.get(Heading(field, n)) for n in names]
        kinds = {types[c] for c in own if c is not None}
        mixed = pl.String in kinds and len(kinds) > 1
        cells = [
            pl.lit(None).alias(str(n)) if c is None else pl.col(c).alias(str(n))
            for n, c in enumerate(own)
        ]
        chosen = frame.select(e.cast(pl.String) if mixed else e for e in cells)
        parts[field] = chosen.unpivot(value_name=field).get_column(field)
    return pl.DataFrame(parts)


# -- plain: which columns are securities


def meant(
    name: str,
    what: str,
    frame: pl.DataFrame,
    wide: Meant,
    beside: Iterable[str],
    repeated: Iterable[str],
    *,
    prices: bool,
) -> dict[str, list[str]]:
    """Our name -> the columns of a plain wide table that hold it.

    beside    columns that are something else: dates, filters
    repeated  names that stand twice in its header
    Raises ``SourceError`` for a column without a name, a name that stands twice, and fields
    (open, high, low) where securities are expected.
    """
    columns = wide.of(frame.columns, beside)
    if wide.every:
        columns = {c: v for c, v in columns.items() if not unnamed(c) or _no_number(what, frame, c)}
    spelt = [s for spellings in columns.values() for s in spellings]
    twice = [c for c in repeated if c in spelt and not unnamed(c)]
    if twice:
        raise SourceError(
            f"{what}: two columns are named {twice[0]!r}.", "Rename or remove one in the file."
        )
    if wide.every and prices:
        fields = [c for c in columns if is_field(c)]
        if columns and all(plain_name(c) in FIELDS for c in columns):
            fields = list(columns)
        if fields:
            said = "is a field, no security" if len(fields) == 1 else "are fields, no securities"
            alone = (
                'eave wide out and map { date = "...", close = "..." } with '
                f'sources.{name}.constants = {{ security = "..." }}.'
            )
            some = f"Leave them out: {wide.without(fields)}; or, where the file is of one security,"
            only = len(fields) == len(columns)
            raise SourceError(
                f"{what}: {', '.join(map(repr, fields[:NAMED]))} {said}.",
                f"L{alone}" if only else f"{some} l{alone}",
            )
    if not columns or not any(s in frame.columns for s in spelt):
        raise SourceError(
            f"{what}: none of the columns of options.wide is in the file.",
            f"The file has: {', '.join(frame.columns[:40])}.",
        )
    return columns


def _no_number(what: str, frame: pl.DataFrame, column: str) -> bool:
    """False for a column without a name that holds nothing, or numbers the rows; else an error."""
    cells = frame.get_column(column)
    if cells.dtype == pl.String():
        cells = cells.str.strip_chars().replace("", None)
    at = frame.columns.index(column)
    rows = cells.cast(pl.Int64, strict=False)
    numbered = rows.equals(pl.int_range(cells.len(), dtype=pl.Int64, eager=True), check_names=False)
    if cells.null_count() == cells.len() or (at == 0 and numbered):
        return False
    raise SourceError(
        f"{what}: column {at + 1} has cells and no name.",
        "Name it in the file, or list the columns: options = { wide = [...] }.",
    )


def dates_of(what: str, frame: pl.DataFrame, wide: Meant) -> str:
    """The column of dates of a plain wide table."""
    if (other := _foreign.layout(what, frame.columns)) is not None:
        raise other
    spelt = {s for spellings in wide.named.values() for s in spellings} | {*wide.but}
    return date_column(what, frame, [c for c in frame.columns if c not in spelt])


def dates_again(what: str, frame: pl.DataFrame, date: str) -> list[str]:
    """Columns of dates, named as such, that repeat the column ``date``.

    Raises ``SourceError`` where one holds other days: then each security has dates of its own.
    """
    named = [c for c in frame.columns if c != date and plain_name(c) in DATES]
    again = [c for c in named if not holds_prices(frame.get_column(c))]
    for column in again:
        if not frame.get_column(column).equals(frame.get_column(date), check_names=False):
            raise SourceError(
                f"{what}: {column!r} holds other days than {date!r}: each security has its own.",
                "Give each pair of columns a source of its own: columns = "
                f'{{ date = "{column}", close = "..." }}, constants = {{ security = "..." }}.',
            )
    return again


def perhaps_wide(table: str, missing: Iterable[str], there: Sequence[str]) -> str:
    """A hint where securities are missing and the columns may be named after them."""
    if table != "prices" or "security" not in missing:
        return ""
    names = [c for c in there if plain_name(c) not in DATES and not is_field(c)]
    if len(names) < max(2, len(there) - 2):
        return ""
    shown = f"{names[0]}, {names[1]}, ..."
    return f" Are {shown} securities, a column each? Then options = {{ wide = true }}."


# -- what the cells say


def with_values(
    name: str, what: str, long: pl.DataFrame, date: str, level: str, values: Sequence[str]
) -> tuple[pl.DataFrame, list[Finding]]:
    """The rows that hold a value, and what was found: securities and days without any.

    Raises ``SourceError`` where no cell has a value, and for a security whose cells are words.
    """
    there, words = pl.lit(False), pl.lit(True)
    for value in values:
        cells = pl.col(value)
        if long.schema[value] == pl.String:
            text = cells.str.strip_chars()
            there |= ~text.is_in(list(_numbers.MISSING)).fill_null(True)
            words &= ~text.str.contains(r"\d").fill_null(False)
        else:
            number = (
                cells.cast(pl.Float64, strict=False) if long.schema[value] == pl.Null else cells
            )
            filled = number.is_not_null()
            there |= filled & number.is_not_nan() if long.schema[value].is_float() else filled
            words &= ~filled
    long = long.with_columns(there.alias("__there"), words.alias("__words"))
    own = long.group_by(level, maintain_order=True).agg(
        pl.col("__there").any(), (pl.col("__there") & ~pl.col("__words")).any().alias("__number")
    )
    wordy = own.filter(pl.col("__there") & ~pl.col("__number")).get_column(level)
    if len(wordy):
        first = long.filter(pl.col("__there") & (pl.col(level) == wordy[0])).row(0, named=True)
        cell = next(first[v] for v in values if isinstance(first[v], str))
        raise SourceError(
            f"{what}: column {wordy[0]!r} holds words ({cell!r}), no numbers.",
            f'Leave it out: options = {{ wide = ["!{wordy[0]}"] }}.',
        )
    empty = own.filter(~pl.col("__there")).get_column(level).to_list()
    if len(empty) == own.height:
        raise SourceError(f"{what}: no cell of the table holds a value.", "Fetch it again.")
    found = []
    if empty:
        shown = ", ".join(map(str, empty[:NAMED])) + (", ..." if len(empty) > NAMED else "")
        found.append(Finding(name, "columns without any value", len(empty), "no rows", shown))
    days = long.group_by(date, maintain_order=True).agg(pl.col("__there").any())
    blank = days.filter(~pl.col("__there") & pl.col(date).is_not_null()).get_column(date)
    if len(blank):
        action = "left out"
        found.append(Finding(name, "lines without any value", len(blank), action, str(blank[0])))
    return long.filter("__there").drop("__there", "__words"), found

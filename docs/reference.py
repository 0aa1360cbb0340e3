"""The pages market-file.md and tables.md, from the declarations; see generate.py."""

from __future__ import annotations

import ast
import dataclasses
import datetime as dt
import inspect
import itertools
import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import polars as pl
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from paceline import schema
from paceline.config import baskets, market, rules, scenarios, sources
from paceline.sources.files import _columns, _options
from paceline.sources.simulated import plan

FOLDER = Path(__file__).parent
WRITTEN = "Written by `make docs` from the declarations in {}; edit those, not this page."
#: Heading, what declares the keys, and a sentence or an example below the heading.
TABLES: tuple[tuple[str, type | None, str], ...] = (
    ("[market]", market.MarketInfo, ""),
    ("[sources.NAME]", sources.Source, ""),
    (
        "[sources.NAME.columns]: a column as a table",
        sources.ColumnMap,
        'In place of a name: `price_return = { column = "pct_change", unit = "percent" }`.',
    ),
    ("[sources.NAME.origin]", sources.OriginEntry, ""),
    (
        '[sources.NAME.options] of kind = "files"',
        _options.FileOptions,
        "All may be left out. Each is refused where it means nothing.",
    ),
    ('[sources.NAME.options] of kind = "simulated"', plan.Options, ""),
    (
        "[sources.NAME.options] of other kinds",
        None,
        '`kind = "french"` takes `sections` and `columns`, lists of what to keep, and `member`, '
        'the file of a zip archive. `kind = "arch_data"` takes none. A plug-in says itself what it '
        "takes.",
    ),
    ("[universes.NAME]", baskets.UniverseEntry, "Either `members` or `eligible`."),
    ("[universes.NAME.eligible]", baskets.Eligible, ""),
    (
        "[baskets.NAME]",
        baskets.Basket,
        "Either `instrument`, or what is chosen: a `universe`, `securities` or a `union`, cut by "
        "the other keys.",
    ),
    ("[groups.NAME]", baskets.Group, "Either `universe` with `by`, or `baskets`."),
    ("[rotations.NAME]", baskets.Rotation, ""),
    (
        "[themes.NAME]",
        baskets.Theme,
        "Either lines (`rotations`, `pairs`, `series`) or `among`: see [themes](themes.md).",
    ),
    (
        "[drivers.NAME]",
        scenarios.Driver,
        "Either `series` or `basket`: see [scenarios](scenario.md).",
    ),
    ("[scenarios.NAME]", scenarios.Scenario, ""),
    ("[[events]]", scenarios.DatedEvent, "Either `dates` or `rule`."),
    (
        "[rules.NAME]",
        rules.TradingRule,
        "Which keys count with which `kind`: see [backtest](backtest.md).",
    ),
    ("[costs]", rules.Costs, ""),
    ("[report]", market.Report, ""),
    ("[report.page_one]", market.PageOne, ""),
    (
        "[published]",
        None,
        "A built basket and what is published for it, a basket or a security: "
        '`large = "large_index"`.',
    ),
    (
        "[measures.NAME]",
        None,
        "The parameters of a measure: [its page](measures/README.md) lists them.",
    ),
)
NUMBERS = {str: "text", float: "number", int: "whole number", bool: "true, false", dt.date: "date"}
STORED = {
    pl.String(): "text",
    pl.Date(): "date",
    pl.Float64(): "number",
    pl.Int32(): "whole number",
    pl.Boolean(): "yes, no",
}


# -- keys


@dataclasses.dataclass(frozen=True)
class Key:
    """One key of a table: as a person reads of it."""

    name: str
    type: str
    unit: str
    default: str
    meaning: str


def said(model: type) -> dict[str, str]:
    """Field -> the docstring below it."""
    tree = ast.parse(inspect.getsource(model))
    body = tree.body[0].body  # type: ignore[attr-defined]
    return {
        a.target.id: " ".join(b.value.value.split())
        for a, b in itertools.pairwise(body)
        if isinstance(a, ast.AnnAssign)
        and isinstance(a.target, ast.Name)
        and isinstance(b, ast.Expr)
        and isinstance(b.value, ast.Constant)
        and isinstance(b.value.value, str)
    }


def spelled(kind: Any) -> str:  # noqa: ANN401 - of any type
    """A type as people write it."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return spelled(args[0])
    if origin is Literal:
        return ", ".join(f"`{toml(a)}`" for a in args if a != "")
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(spelled(a) for a in args if a is not types.NoneType))
    if origin is list:
        return f"list of {spelled(args[0])}"
    if origin is tuple:
        return f"[{', '.join(map(spelled, args))}]"
    if origin is dict:
        inner = f" of {spelled(args[1])}" if args[1] is not Any else ""
        return f"table{inner}"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return "table"
    return NUMBERS[kind]


def toml(value: object) -> str:
    """A value as a market file writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def bounds(field: FieldInfo) -> str:
    """The bounds of a number, in words."""
    words = {"ge": "from {:g}", "gt": "above {:g}", "le": "up to {:g}", "lt": "below {:g}"}
    held = [
        words[name].format(getattr(m, name))
        for m in field.metadata
        for name in words
        if getattr(m, name, None) is not None
    ]
    return ", ".join(held)


def keys(model: type) -> Iterator[Key]:
    """The keys of a table in their order; ``KeyError`` for one of which nothing is said."""
    texts = said(model)
    if issubclass(model, BaseModel):
        fields = {
            name: (f.annotation, bounds(f), _default(f)) for name, f in model.model_fields.items()
        }
    else:
        types_ = typing.get_type_hints(model)
        fields = {f.name: (types_[f.name], "", toml(f.default)) for f in dataclasses.fields(model)}
    for name, (kind, held, default) in fields.items():
        unit, meaning = re.fullmatch(r"(?:\[(.+?)\] )?(.*)", texts[name]).groups()  # type: ignore[union-attr]
        spelt = spelled(kind) + (f", {held}" if held else "")
        if model is _options.FileOptions:
            default = ""  # what is left out is not asked for
        yield Key(name, spelt, unit or "", default, meaning)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    empty = value is None or value in ("", {}, [])
    return "" if empty or isinstance(value, BaseModel) else toml(value)


def _code(default: str) -> str:
    return default if default in ("", "required") else f"`{default}`"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table, without the columns that are empty throughout."""
    kept = [n for n in range(len(head)) if n == 0 or any(row[n] for row in rows)]
    lines = [tuple(head[n] for n in kept), tuple("---" for _ in kept)]
    lines += [tuple(row[n].replace("|", "\\|") for n in kept) for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def market_file() -> str:
    """The page of the market file."""
    top = [(f"`{k.name}`", k.type, _code(k.default), k.meaning) for k in keys(market.MarketFile)]
    parts = [
        "# The market file",
        WRITTEN.format("`src/paceline/config`"),
        "A market file is TOML: `paceline init` writes one with comments. Keys that are not listed "
        "here are refused; so is a value that means nothing. Names are your own: a source, "
        "universe, basket, group or rotation is a table of its name.",
        "## The whole",
        _table(("key", "type", "default", "meaning"), top),
    ]
    for heading, model, more in TABLES:
        parts.append(f"## {heading}")
        if more:
            parts.append(more)
        if model is not None:
            rows = [
                (f"`{k.name}`", k.type, k.unit, _code(k.default), k.meaning) for k in keys(model)
            ]
            parts.append(_table(("key", "type", "unit", "default", "meaning"), rows))
    return "\n\n".join(parts) + "\n"


# -- tables


def tables() -> str:
    """The page of the tables."""
    parts = [
        "# The tables",
        WRITTEN.format("`src/paceline/schema.py`"),
        "What a source can give. `table` of a source names the table, `columns` maps its columns, "
        "each with its unit ([market file](market-file.md)). A column that a source does not have "
        "is left out, unless it is required. A row that breaks a rule is set aside with that "
        "reason ([faults](faults.md)).",
        "Every table also takes `known`: the day on which the market could have known the row. "
        "Left out, it is the column named below. Must: `required`, a row without it is set aside; "
        "`key`, it tells rows apart.",
    ]
    for table in (t for t in schema.TABLES.values() if t.name != "sessions"):  # the calendar's
        own = [c for c in table.columns if c.name not in _columns.WORKED_OUT]
        rows = [_row(c, table.key) for c in own]
        parts += [
            f"## {table.name}",
            f"{table.meaning.replace('``', '`')} Known by `{table.known}`.",
        ]
        parts.append(_table(("column", "type", "unit", "must", "meaning"), rows))
        inputs = _columns.INPUTS.get(table.name, ())
        if inputs:
            parts.append("A file may give, in place of some of these:")
            rows = [_row(c, ()) for c in inputs]
            parts.append(_table(("column", "type", "unit", "must", "meaning"), rows))
        if table.rules:
            parts.append("Set aside: " + "; ".join(r.reason for r in table.rules) + ".")
    return "\n\n".join(parts) + "\n"


def _row(column: schema.Column, key: tuple[str, ...]) -> tuple[str, ...]:
    must = "required" if column.required else "key" if column.name in key else ""
    return (
        f"`{column.name}`",
        STORED[column.type],
        column.unit,
        must,
        column.meaning.replace("``", "`"),
    )


def pages() -> dict[str, str]:
    """File name to text."""
    return {"market-file.md": market_file(), "tables.md": tables()}


def stale(folder: Path = FOLDER) -> list[str]:
    """Names of pages that are missing or differ."""
    there = {n: folder / n for n in pages()}
    return [
        name
        for name, text in pages().items()
        if not there[name].is_file() or there[name].read_text(encoding="utf-8") != text
    ]

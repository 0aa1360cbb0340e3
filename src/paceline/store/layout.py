"""The tables of a store, and frames brought into their form before they are written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from paceline import schema
from paceline.errors import StoreError
from paceline.lineage import Origin, canonical
from paceline.rows import Finding, increasing

LOADS = pl.Schema(
    {
        "load": pl.Int32(),
        "source": pl.String(),
        "checksum": pl.String(),
        "committed": pl.Datetime("us", "UTC"),
        "rows": pl.Int64(),
        "tables": pl.String(),
        "origins": pl.String(),
        # of a statement; null where rows were only added: see ``statements``
        "market": pl.String(),
        "declaration": pl.String(),
        "blocks": pl.String(),
        "changes": pl.String(),
        # cells about which other sources were asked when it was read; null without one
        "asked": pl.String(),
        # the market file that made it, as JSON; null without one
        "place": pl.String(),
        # table -> what was written of it: see ``written``; null in loads of older stores
        "files": pl.String(),
    }
)
FINDINGS = pl.Schema(
    {
        "source": pl.String(),
        "check": pl.String(),
        "count": pl.Int64(),
        "action": pl.String(),
        "example": pl.String(),
        "remedy": pl.String(),
        # days that the fault is about; null in loads of older stores
        "days": pl.List(pl.Date()),
        "known": pl.Date(),
        "load": pl.Int32(),
    }
)
QUARANTINE = pl.Schema(
    {
        "source": pl.String(),
        "table": pl.String(),
        "reason": pl.String(),
        "row": pl.String(),
        "known": pl.Date(),
        "load": pl.Int32(),
    }
)
#: Markers of rows that their source no longer states: the row's key and ``known``, or (``whole``)
#: every row of that source in the table, in prices in the year.
WITHDRAWN = pl.Schema(
    {
        "table": pl.String(),
        "whole": pl.Boolean(),
        "year": pl.Int32(),
        **{k: t.schema[k] for t in schema.TABLES.values() for k in t.key},
        "known": pl.Date(),
        "load": pl.Int32(),
    }
)
#: Tables that are written with every import beside the declared ones.
BESIDE = {"findings": FINDINGS, "quarantine": QUARANTINE, "withdrawn": WITHDRAWN}
#: Tables partitioned by the year of their date; all others stay whole.
BY_YEAR = ("prices",)
#: Every table of a store.
TABLES = (*schema.TABLES, *BESIDE, "loads")


def columns(name: str) -> pl.Schema:
    """The columns of a table."""
    if name == "loads":
        return LOADS
    return BESIDE[name] if name in BESIDE else schema.table(name).schema


def as_loads(lines: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows of the table ``loads``, whether they were read from it or from receipts."""
    return pl.DataFrame(
        [{**line, "committed": _instant(line["committed"])} for line in lines], schema=LOADS
    )


def _instant(when: str | dt.datetime) -> dt.datetime:
    return dt.datetime.fromisoformat(when) if isinstance(when, str) else when


def order(name: str) -> tuple[str, ...]:
    """How the rows of a declared table are sorted: by key, prices by security and date first."""
    return ("security", "date", "source") if name == "prices" else schema.table(name).key


def order_when_compacted(name: str) -> tuple[str, ...]:
    """How the rows of any table are sorted when its files are merged."""
    own = name == "loads" or name in BESIDE
    return ("load",) if own else (*order(name), "known", "load")


def conform(name: str, frame: pl.DataFrame, source: str) -> pl.DataFrame:
    """The frame with exactly the table's columns and types, sorted by key, without ``load``.

    Raises ``StoreError`` for columns, types or missing values that the schema does not allow, and
    for rows that repeat a key and ``known``.
    """
    declared = schema.table(name)
    frame = _typed(name, frame, source)
    for column in declared.columns:
        if column.required and frame[column.name].null_count():
            raise StoreError(
                f"{source}: table {name!r}: {frame[column.name].null_count()} rows without "
                f"{column.name}.",
                "Quarantine them first: `quality.check` does.",
            )
    frame = frame.with_columns(known=pl.coalesce("known", declared.known))
    if increasing(frame, [*order(name), "known"]):
        return frame
    frame = frame.sort([*order(name), "known"], maintain_order=True)
    _refuse_repeated(name, frame, source)
    return frame


def _typed(name: str, frame: pl.DataFrame, source: str) -> pl.DataFrame:
    """The frame with the table's columns in their types; columns it lacks are null."""
    types = {c.name: c.type for c in schema.table(name).columns} | {"known": pl.Date()}
    unknown = [c for c in frame.columns if c not in types and c != "load"]
    if unknown:
        raise StoreError(
            f"{source}: table {name!r} has no column {', '.join(map(repr, unknown))}.",
            f"Its columns: {', '.join(types)}.",
        )
    if "source" in types and "source" not in frame.columns:
        frame = frame.with_columns(source=pl.lit(source))
    try:
        return frame.select(
            (pl.col(c) if c in frame.columns else pl.lit(None)).cast(t).alias(c)
            for c, t in types.items()
        )
    except pl.exceptions.PolarsError as error:
        raise StoreError(
            f"{source}: table {name!r}: {str(error).splitlines()[0]}.",
            "Give each column in the type that `schema` declares.",
        ) from None


def _refuse_repeated(name: str, frame: pl.DataFrame, source: str) -> None:
    """``StoreError`` for neighbours in a sorted frame that have the same key and ``known``."""
    key = [*schema.table(name).key, "known"]
    same = frame.select(
        pl.all_horizontal(pl.col(k).eq_missing(pl.col(k).shift(1)) for k in key)
    ).to_series()
    repeated = frame.filter(same & (pl.int_range(len(frame), eager=True) > 0))
    if len(repeated):
        raise StoreError(
            f"{source}: table {name!r}: {len(repeated)} rows repeat the key "
            f"{tuple(str(repeated[k][0]) for k in key)}.",
            "Quarantine them first: `quality.check` does.",
        )


def beside(
    source: str, findings: Sequence[Finding], quarantine: pl.DataFrame | None
) -> dict[str, pl.DataFrame]:
    """Findings and quarantine as rows of their tables, without ``load``."""
    rows = pl.DataFrame(
        [{**vars(f), "days": list(f.days)} for f in findings],
        schema={k: v for k, v in FINDINGS.items() if k not in ("known", "load")},
    )
    tables = {"findings": rows.with_columns(known=pl.lit(None, pl.Date))}
    if quarantine is not None and len(quarantine):
        tables["quarantine"] = quarantine.select(
            pl.lit(source).alias("source"),
            *(pl.col(c).cast(pl.String) for c in ("table", "reason", "row")),
            pl.lit(None, pl.Date).alias("known"),
        )
    return tables


def described(
    source: str, checksum: str, rows: Mapping[str, pl.DataFrame], origins: Sequence[Origin]
) -> dict[str, Any]:
    """What a load's line in the log says of what it was given."""
    counts = {name: len(frame) for name, frame in rows.items()}
    return {
        "source": source,
        "checksum": checksum,
        "rows": sum(counts.values()),
        "tables": canonical(counts),
        "origins": canonical([asdict(o) for o in origins]),
    }

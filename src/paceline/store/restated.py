"""What the statements of a source changed: rows counted, withdrawn ones named, changes measured.

For every number that a statement changes, of all and of the securities (series, funds, ...) of
which it changes most: how many of their stored rows, from which day to which, and by what factor
new / old, so that "all 2,412 closes of AAPL up to 2025-06-06 changed by a factor of 0.25" can be
said without reading the rows again. The factor is the median; over several years the median of the
years' medians, weighted by their rows. Returns are counted without a factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from paceline import schema
from paceline.lineage import canonical
from paceline.rows import where_is
from paceline.wording import number_of

#: Withdrawn rows that are named, of each table.
EXAMPLES = 4
#: Subjects that are told one by one, of each number: those of most rows.
TOLD = 4
#: Factors that differ by less are one factor, as text rounds it.
SAME = 1e-4
#: Columns of keys that date a row.
DATES = ("date", "period_end", "start")


class Tally:
    """Counts what one statement changes, block after block."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, int]] = {}
        self._examples: dict[str, list[str]] = {}
        self._changes: dict[str, list[pl.DataFrame]] = {}

    def add(
        self,
        name: str,
        added: int,
        changed: pl.DataFrame | None = None,
        gone: pl.DataFrame | None = None,
        before: pl.DataFrame | None = None,
    ) -> None:
        """One block of the table ``name``.

        changed  rows with new values, and their old ones under "=" and the column's name
        gone     rows withdrawn
        before   all rows as they stood
        """
        counts = self._counts.setdefault(name, {"added": 0, "changed": 0, "withdrawn": 0})
        counts["added"] += added
        if changed is None or gone is None or before is None:
            return
        counts["changed"] += len(changed)
        counts["withdrawn"] += len(gone)
        named = self._examples.setdefault(name, [])
        key = [k for k in schema.table(name).key if k != "source"]
        named += [where_is(gone[i], key) for i in range(min(len(gone), EXAMPLES - len(named)))]
        if len(changed):
            self._changes.setdefault(name, []).append(_measured(name, changed, before))

    def text(self) -> str:
        """As the log keeps it: JSON of table -> added, changed, withdrawn, examples, restated."""
        told: dict[str, dict[str, Any]] = {}
        for name, counts in self._counts.items():
            told[name] = dict(counts)
            if self._examples.get(name):
                told[name]["examples"] = self._examples[name]
            if name in self._changes:
                parts = pl.concat(self._changes[name])
                each = _together(parts, ["field", "what"])
                told[name]["restated"] = [
                    {**row, "most": each.filter(field=row["field"]).head(TOLD).to_dicts()}
                    for row in _together(parts, ["field"]).to_dicts()
                ]
        return canonical(told)


def sentences(told: Mapping[str, Any]) -> list[str]:
    """What the log says of one table, for people: rows withdrawn, numbers changed."""
    said = []
    if told["withdrawn"]:
        named = told.get("examples", [])
        more = ", ..." if told["withdrawn"] > len(named) else ""
        said.append(f"{number_of(told['withdrawn'], 'row')} withdrawn: {', '.join(named)}{more}")
    for all_ in told.get("restated", []):
        several = all_["subjects"] > 1
        if several and all_["low"] != all_["high"]:
            said += [_sentence(one, one["what"]) for one in all_["most"]]
        whose = number_of(all_["subjects"], "name") if several else all_["most"][0]["what"]
        said.append(_sentence(all_, whose))
    return said


def _sentence(found: Mapping[str, Any], whose: str) -> str:
    rows, field = found["rows"], str(found["field"]).replace("_", " ")
    whole = rows == found["of"] and rows > 1
    when = f"up to {found['last']}" if whole else f"from {found['first']} to {found['last']}"
    if found["first"] == found["last"]:
        when = f"of {found['first']}"
    start = f"{'all ' if whole else ''}{number_of(rows, field)} of {whose} {when} changed"
    if found["factor"] is None:
        return start
    middle, low, high = found["factor"], found["low"], found["high"]
    one = low == high or (low > 0 and high / low - 1 < SAME)
    by = f"a factor of {middle:.6g}" if one else f"a median factor of {middle:.6g}"
    if not one:
        by += f" ({low:.6g} to {high:.6g})"
    return f"{start} by {by}"


def _measured(name: str, changed: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One row per subject and number that changed in the block."""
    key = schema.table(name).key
    day = next((d for d in DATES if d in key), "known")
    subject = [k for k in key if k not in (*DATES, "source")]
    what = pl.concat_str(subject, separator=" ", ignore_nulls=True) if subject else pl.lit(name)
    numbers = [c for c, t in before.schema.items() if t.is_float()]
    parts = []
    stands = before.select(what.alias("what"), pl.col(day).alias("day"))
    for field in numbers:
        new, old = pl.col(field), pl.col(f"={field}")
        by: pl.Expr = pl.when(old != 0).then(new / old)
        if field.endswith("return"):
            by = pl.lit(None, pl.Float64)
        parts.append(
            changed.filter(new.ne_missing(old))
            .with_columns(by.alias("by"))
            .group_by(what.alias("what"))
            .agg(
                pl.lit(field).alias("field"),
                pl.len().cast(pl.Int64).alias("rows"),
                pl.col(day).min().alias("first"),
                pl.col(day).max().alias("last"),
                pl.col("by").median().alias("factor"),
                pl.col("by").min().alias("low"),
                pl.col("by").max().alias("high"),
            )
        )
    found = pl.concat(parts) if parts else _no_numbers(changed, what, day)
    until = stands.join(found.group_by("what").agg(pl.col("last").max()), on="what")
    of = until.filter(pl.col("day") <= pl.col("last")).group_by("what").agg(pl.len().alias("of"))
    return found.join(of, on="what", how="left").with_columns(pl.col("of").cast(pl.Int64))


def _no_numbers(changed: pl.DataFrame, what: pl.Expr, day: str) -> pl.DataFrame:
    """Rows of a table without numbers: which subject changed, and when."""
    nothing = pl.lit(None, pl.Float64)
    return changed.group_by(what.alias("what")).agg(
        pl.lit("row").alias("field"),
        pl.len().cast(pl.Int64).alias("rows"),
        pl.col(day).min().alias("first"),
        pl.col(day).max().alias("last"),
        *(nothing.alias(c) for c in ("factor", "low", "high")),
    )


def _together(parts: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """The blocks' measures as one row per group, those of most rows first."""
    middle = (
        parts.sort("factor", nulls_last=True)
        .with_columns(
            pl.col("rows").cum_sum().over(by).alias("so_far"),
            pl.col("rows").sum().over(by).alias("all"),
        )
        .filter(2 * pl.col("so_far") >= pl.col("all"))
        .unique(by, keep="first", maintain_order=True)
        .select(*by, "factor")
    )
    return (
        parts.group_by(by)
        .agg(
            pl.col("rows", "of").sum(),
            pl.col("first", "low").min(),
            pl.col("last", "high").max(),
            pl.col("what").n_unique().alias("subjects"),
        )
        .join(middle, on=by)
        .sort("rows", *by, descending=[True, *(False for _ in by)])
    )

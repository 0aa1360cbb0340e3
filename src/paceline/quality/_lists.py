"""Lists at the door: lots of one security in a fund, spellings of one name."""

from __future__ import annotations

import polars as pl

from paceline.rows import Finding, counted
from paceline.schema import LEVELS

#: Weights of a fund may add up to one but for this much (cash, rounding).
WEIGHTS_OFF = 0.05
#: Columns that name what rows belong to.
NAMES = {"classes": LEVELS, "members": ("universe",), "holdings": ("fund",)}
_FUND = ("fund", "date", "known")


def in_lots(name: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """Holdings with the lots of one security added up, where the fund then adds up to one.

    Rows of one fund, day and security that differ are lots if the fund's weights add up to one
    within five hundredths with all of them. So are rows that are alike, if they do only so, and not
    each security of the fund stands twice. Others are left to ``rows.collapse``.
    """
    key = [*_FUND, "security"]
    if not frame.select(key).is_duplicated().any():
        return frame, []
    weight, copy = pl.col("weight"), pl.col("__copy")
    rows = frame.with_columns(__copy=~pl.struct(*key, "weight").is_first_distinct()).with_columns(
        __all=weight.sum().over(_FUND),
        __lots=weight.filter(~copy).sum().over(_FUND),
        __doubled=pl.struct(key).is_duplicated().all().over(_FUND),
    )
    whole, apart = ((pl.col(c) - 1).abs() <= WEIGHTS_OFF for c in ("__all", "__lots"))
    every = whole & ~apart & ~pl.col("__doubled")
    adds = every | apart
    rows = rows.with_columns(__lot=adds & (every | ~copy))
    lots = rows.filter("__lot")
    further = lots.filter(~pl.struct(key).is_first_distinct())
    if further.is_empty():
        return frame, []
    # copies take the sum of the lots, and are found alike by ``collapse``
    total = weight.filter(pl.col("__lot")).sum().over(key)
    summed = rows.with_columns(pl.when(adds).then(total).otherwise(weight).alias("weight"))
    once = ~pl.col("__lot") | pl.struct(*key, "__lot").is_first_distinct()
    frame = summed.filter(once).select(frame.columns)
    return frame, counted(name, "lots of one security in a fund", further, "added up", key)


def one_spelling(name: str, table: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """The names of classes, lists and funds, each in one spelling: the one of most rows.

    Names that differ only in capitals and spaces are one. Of spellings of as many rows the first
    counts.
    """
    findings = []
    for column in NAMES.get(table, ()):
        spelt = frame.get_column(column).drop_nulls()
        counts = spelt.to_frame("as").group_by("as", maintain_order=True).len()
        plain = pl.col("as").str.strip_chars().str.replace_all(r"\s+", " ")
        counts = counts.with_columns(plain.alias("to"), plain.str.to_lowercase().alias("one"))
        best = pl.col("to").sort_by("len", descending=True, maintain_order=True).first()
        counts = counts.with_columns(best.over("one").alias("to"))
        other = counts.filter(pl.col("as") != pl.col("to"))
        if other.is_empty():
            continue
        frame = frame.with_columns(pl.col(column).replace(dict(other.select("as", "to").rows())))
        shown = ", ".join(f"{a!r} as {to!r}" for a, to in other.select("as", "to").head(4).rows())
        rows = int(other.get_column("len").sum())
        findings.append(Finding(name, f"{column} in another spelling", rows, "read as one", shown))
    return frame, findings

"""Membership in three shapes, and dated lists of any table, to spells. Pure.

A spell is [start, end): ``start`` the first day inside, ``end`` the first day outside, null where
unknown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from paceline.sources import Finding

_OPEN = pl.Schema(
    {"universe": pl.String(), "security": pl.String(), "start": pl.Date(), "end": pl.Date()}
)


def from_snapshots(
    frame: pl.DataFrame, group: Sequence[str], values: Sequence[str]
) -> pl.DataFrame:
    """Spells from full lists with dates.

    ``group`` (universe or scheme) names the list, ``values`` what may change besides being listed.
    A spell starts at the first list that has the security with those values and ends at the first
    later list that has not.
    """
    dates = (
        frame.select(*group, "date")
        .unique()
        .sort(*group, "date")
        .with_columns(
            pl.int_range(pl.len()).over(*group).alias("__n")
            if group
            else pl.int_range(pl.len()).alias("__n")
        )
    )
    following = dates.with_columns((pl.col("__n") - 1).alias("__n")).rename({"date": "end"})
    key = [*group, "security"]
    rows = (
        frame.unique([*key, "date"], keep="first", maintain_order=True)
        .join(dates, on=[*group, "date"])
        .sort(*key, "__n")
    )
    new = (pl.struct(key) != pl.struct(key).shift()) | (pl.col("__n") != pl.col("__n").shift() + 1)
    for value in values:
        new = new | pl.col(value).ne_missing(pl.col(value).shift())
    rows = rows.with_columns(new.fill_null(True).cum_sum().alias("__spell"))
    spells = rows.group_by("__spell", maintain_order=True).agg(
        *[pl.col(c).first() for c in (*key, *values)],
        pl.col("date").min().alias("start"),
        pl.col("__n").max(),
    )
    return (
        spells.join(following, on=[*group, "__n"], how="left")
        .drop("__spell", "__n")
        .sort(*key, "start")
    )


def events(changes: pl.DataFrame) -> pl.DataFrame:
    """A change list (date, add, remove; several names in a cell are separated by commas) as (date, security,
    step) with step +1 or -1. A security both added and removed on one day (a new ticker) has no
    event.
    """
    parts = [
        changes.select(
            "date", pl.col(column).str.split(",").alias("security"), pl.lit(step).alias("step")
        )
        .explode("security")
        .with_columns(pl.col("security").str.strip_chars())
        for column, step in (("add", 1), ("remove", -1))
    ]
    listed = pl.concat(parts).filter(pl.col("security").is_not_null() & (pl.col("security") != ""))
    net = listed.group_by("date", "security").agg(pl.col("step").sum().clip(-1, 1))
    return net.filter(pl.col("step") != 0).sort("date", "security")


def continued(
    name: str,
    universe: str,
    spells: pl.DataFrame,
    steps: pl.DataFrame,
    snapshot: tuple[dt.date, Sequence[str]] | None,
) -> tuple[pl.DataFrame, list[Finding]]:
    """Spells of one universe, carried on by events and checked against a full list of a later day.

    Events up to the last date of the spells are already in them and left out. An addition opens a
    spell, a removal closes the open one. At the snapshot's date a member that is not listed is
    closed and a listed security that is no member is opened; each disagreement is counted.
    """
    findings: list[Finding] = []
    done = (
        pl.concat([spells.get_column("start"), spells.get_column("end")]).max()
        if spells.height
        else None
    )
    steps = steps.filter(pl.col("date") > done) if isinstance(done, dt.date) else steps
    closed = spells.filter(pl.col("end").is_not_null()).rows(named=True)
    running: dict[str, dt.date | None] = {
        r["security"]: r["start"]
        for r in spells.filter(pl.col("end").is_null()).iter_rows(named=True)
    }
    out = [{k: r[k] for k in _OPEN} for r in closed]
    twice: list[str] = []
    unknown: list[str] = []

    def close(security: str, start: dt.date | None, end: dt.date) -> None:
        out.append({"universe": universe, "security": security, "start": start, "end": end})

    for date, security, step in steps.select("date", "security", "step").iter_rows():
        if step > 0:
            if security in running:
                twice.append(f"{security} {date}")
            else:
                running[security] = date
        elif security in running:
            close(security, running.pop(security), date)
        elif spells.is_empty():
            close(security, None, date)  # a member from before the list of changes begins
        else:
            unknown.append(f"{security} {date}")
    for check, cases in (
        ("member added that is one already", twice),
        ("member removed that is none", unknown),
    ):
        if cases:
            findings.append(
                Finding(
                    name,
                    check,
                    len(cases),
                    "left out",
                    cases[0],
                    "A ticker change? Put the old ticker into rename.",
                )
            )
    if snapshot is not None:
        day, names = snapshot
        listed = set(names)
        gone = sorted(
            s for s, start in running.items() if s not in listed and (start is None or start < day)
        )
        absent = sorted(s for s in listed if s not in running)
        for security in gone:
            close(security, running.pop(security), day)
        # nothing but a snapshot and changes after no spells: who was never added was always there
        first = None if spells.is_empty() else day
        for security in absent:
            running[security] = first
        if gone:
            findings.append(
                Finding(
                    name,
                    "member not on the later full list",
                    len(gone),
                    f"spell closed on {day}",
                    ", ".join(gone[:8]),
                )
            )
        if absent and first is not None:
            findings.append(
                Finding(
                    name,
                    "on the later full list but no member",
                    len(absent),
                    f"spell opened on {day}",
                    ", ".join(absent[:8]),
                )
            )
    out += [
        {"universe": universe, "security": s, "start": start, "end": None}
        for s, start in running.items()
    ]
    return pl.DataFrame(out, schema=_OPEN).sort("security", "start", nulls_last=False), findings

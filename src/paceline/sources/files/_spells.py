"""Membership in three shapes, and dated lists of any table, to spells. Pure.

A spell is [start, end): ``start`` the first day inside, ``end`` the first day outside, null where
unknown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from paceline.rows import Finding

_OPEN = pl.Schema(
    {"universe": pl.String(), "security": pl.String(), "start": pl.Date(), "end": pl.Date()}
)

#: A change list that changes nothing.
NO_EVENTS = pl.DataFrame(schema={"date": pl.Date, "security": pl.String, "step": pl.Int32})


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
    """A change list (date, add, remove) as (date, security, step) with step +1 or -1.

    Several names in a cell are separated by commas. A security both added and removed on one day (a
    new ticker) has no event.
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


class _Membership:
    """The spells of one universe while events are applied to it."""

    def __init__(self, name: str, universe: str, spells: pl.DataFrame) -> None:
        self.name, self.universe = name, universe
        self.from_nothing = spells.is_empty()
        self.running: dict[str, dt.date | None] = {
            r["security"]: r["start"]
            for r in spells.filter(pl.col("end").is_null()).iter_rows(named=True)
        }
        ended = spells.filter(pl.col("end").is_not_null()).rows(named=True)
        self.closed = [{k: r[k] for k in _OPEN} for r in ended]
        self.findings: list[Finding] = []

    def close(self, security: str, start: dt.date | None, end: dt.date) -> None:
        """Add a spell that is over."""
        self.closed.append(
            {"universe": self.universe, "security": security, "start": start, "end": end}
        )

    def note(
        self, check: str, cases: Sequence[str], action: str, shown: int, remedy: str = ""
    ) -> None:
        """Count the cases as one finding; the first ``shown`` are its example."""
        if cases:
            example = ", ".join(cases[:shown])
            self.findings.append(Finding(self.name, check, len(cases), action, example, remedy))

    def apply(self, steps: pl.DataFrame) -> None:
        """Open a spell for an addition, close the running one for a removal."""
        twice: list[str] = []
        unknown: list[str] = []
        for date, security, step in steps.select("date", "security", "step").iter_rows():
            if step > 0 and security in self.running:
                twice.append(f"{security} {date}")
            elif step > 0:
                self.running[security] = date
            elif security in self.running:
                self.close(security, self.running.pop(security), date)
            elif self.from_nothing:
                self.close(security, None, date)  # a member from before the changes begin
            else:
                unknown.append(f"{security} {date}")
        remedy = "A ticker change? Put the old ticker into rename."
        self.note("member added that is one already", twice, "left out", 1, remedy)
        self.note("member removed that is none", unknown, "left out", 1, remedy)

    def check(self, day: dt.date, names: Sequence[str]) -> None:
        """Close what a full list of ``day`` does not hold, and open what only it holds."""
        listed = set(names)
        leavers = sorted(
            s
            for s, start in self.running.items()
            if s not in listed and (start is None or start < day)
        )
        absent = sorted(listed - set(self.running))
        for security in leavers:
            self.close(security, self.running.pop(security), day)
        # from a snapshot and changes alone: who was never added was always there
        first = None if self.from_nothing else day
        for security in absent:
            self.running[security] = first
        self.note("member not on the later full list", leavers, f"spell closed on {day}", 8)
        if first is not None:
            self.note("on the later full list but no member", absent, f"spell opened on {day}", 8)

    def spells(self) -> pl.DataFrame:
        """All spells, closed and running."""
        running = [
            {"universe": self.universe, "security": s, "start": start, "end": None}
            for s, start in self.running.items()
        ]
        rows = pl.DataFrame([*self.closed, *running], schema=_OPEN)
        return rows.sort("security", "start", nulls_last=False)


def continued(
    name: str,
    universe: str,
    spells: pl.DataFrame,
    steps: pl.DataFrame,
    snapshot: tuple[dt.date, Sequence[str]] | None,
) -> tuple[pl.DataFrame, list[Finding]]:
    """Spells of one universe, continued by events and checked against a full list of a later day.

    Events up to the last date of the spells are already in them and left out. An addition opens a
    spell, a removal closes the open one. At the snapshot's date a member that is not listed is
    closed and a listed security that is no member is opened; each disagreement is counted.
    """
    membership = _Membership(name, universe, spells)
    if spells.height:
        done = pl.concat([spells.get_column("start"), spells.get_column("end")]).max()
        if isinstance(done, dt.date):
            steps = steps.filter(pl.col("date") > done)
    membership.apply(steps)
    if snapshot is not None:
        membership.check(*snapshot)
    return membership.spells(), membership.findings

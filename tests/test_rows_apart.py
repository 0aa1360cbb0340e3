"""Rows of one key that say different things, in every table but prices: counted, and said."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from paceline import quality
from paceline.config import Source
from paceline.market import Market
from paceline.sources import Context, Parsed

D = dt.date
DAY = D(2025, 9, 1)


def check(table: str, *rows: dict[str, Any]) -> Parsed:
    frame = pl.DataFrame(list(rows), infer_schema_length=None)
    return quality.check(Parsed({table: frame}), "own", Source(), Context())


def found(parsed: Parsed) -> dict[str, int]:
    return {f.check: f.count for f in parsed.findings}


#: A row of each table, a value that another row of its key may say otherwise, and that value.
ROWS: list[tuple[str, dict[str, Any], str, object]] = [
    ("actions", {"security": "A", "date": DAY, "kind": "split", "ratio": 2.0}, "ratio", 3.0),
    ("securities", {"security": "A", "start": DAY, "company": "x"}, "company", "y"),
    ("classes", {"scheme": "g", "security": "A", "sector": "Tech"}, "sector", "Energy"),
    (
        "members",
        {"universe": "u", "security": "A", "start": DAY, "end": None},
        "end",
        D(2026, 1, 2),
    ),
    ("shares", {"security": "A", "date": DAY, "shares": 10.0}, "shares", 11.0),
    (
        "fundamentals",
        {"security": "A", "item": "sales", "period_end": DAY, "value": 1.0},
        "value",
        2.0,
    ),
    ("series", {"series": "gdp", "date": DAY, "value": 1.0}, "value", 2.0),
    ("holdings", {"fund": "F", "security": "A", "date": DAY, "weight": 0.2}, "weight", 0.3),
]


@pytest.mark.parametrize(("table", "row", "column", "other"), ROWS, ids=[r[0] for r in ROWS])
def test_the_first_counts_and_it_is_said(
    table: str, row: dict[str, Any], column: str, other: object
) -> None:
    what = f"rows of {table} that contradict one another"
    out = check(table, row, {**row, column: other})
    assert out.tables[table][column].to_list() == [row[column]]
    assert found(out)[what] == 1 and out.quarantine is not None and len(out.quarantine) == 1
    # what was published on another day is a statement of its own
    both = check(
        table, {**row, "known": D(2025, 9, 2)}, {**row, column: other, "known": D(2025, 9, 3)}
    )
    assert both.tables[table][column].to_list() == [row[column], other]
    assert what not in found(both) and both.quarantine is None
    copies = check(table, row, row)
    assert copies.tables[table][column].to_list() == [row[column]]
    assert found(copies)["identical duplicate rows"] == 1 and what not in found(copies)


def test_rows_that_complete_one_another_are_one() -> None:
    out = check(
        "shares",
        {"security": "A", "date": DAY, "shares": 10.0, "float_factor": None},
        {"security": "A", "date": DAY, "shares": None, "float_factor": 0.5},
        {"security": "A", "date": DAY, "shares": 10.000000001, "float_factor": None},
    )
    assert out.tables["shares"].select("shares", "float_factor").rows() == [(10.0, 0.5)]
    assert out.quarantine is None and found(out) == {}


LOTS = "lots of one security in a fund"
APART = "rows of holdings that contradict one another"
COPIES = "identical duplicate rows"


@pytest.mark.parametrize(
    ("weights", "kept", "said"),
    [
        # two lots of A make it 100%; with the first alone it is 70%
        ([("A", 0.4), ("A", 0.3), ("B", 0.3)], {"A": 0.7, "B": 0.3}, {LOTS: 1}),
        # lots that happen to be alike
        ([("A", 0.35), ("A", 0.35), ("B", 0.3)], {"A": 0.7, "B": 0.3}, {LOTS: 1}),
        # three lots, and a copy of the second
        (
            [("A", 0.3), ("A", 0.2), ("A", 0.2), ("A", 0.1), ("B", 0.4)],
            {"A": 0.6, "B": 0.4},
            {LOTS: 2, COPIES: 1},
        ),
        # every row twice: copies
        ([("A", 0.5), ("B", 0.5)] * 2, {"A": 0.5, "B": 0.5}, {COPIES: 2}),
        ([("A", 0.25), ("B", 0.25)] * 2, {"A": 0.25, "B": 0.25}, {COPIES: 2}),
        # a copy of one row
        ([("A", 0.5), ("A", 0.5), ("B", 0.5)], {"A": 0.5, "B": 0.5}, {COPIES: 1}),
        # nothing adds up: the first counts
        ([("A", 0.7), ("A", 0.6), ("B", 0.3)], {"A": 0.7, "B": 0.3}, {APART: 1}),
        ([("A", 0.2), ("A", 0.1), ("B", 0.1)], {"A": 0.2, "B": 0.1}, {APART: 1}),
    ],
)
def test_lots_of_one_security_are_added_up(
    weights: list[tuple[str, float]], kept: dict[str, float], said: dict[str, int]
) -> None:
    rows = [{"fund": "F", "security": s, "date": DAY, "weight": w} for s, w in weights]
    # another fund, and another day of this one, have no part in it
    rows += [{"fund": "G", "security": "A", "date": DAY, "weight": 1.0}]
    rows += [{"fund": "F", "security": "A", "date": D(2025, 9, 2), "weight": 1.0}]
    out = check("holdings", *rows)
    held = out.tables["holdings"].filter((pl.col("fund") == "F") & (pl.col("date") == DAY))
    assert dict(held.select("security", "weight").rows()) == pytest.approx(kept)
    told = found(out)
    assert {k: v for k, v in told.items() if k in (LOTS, APART, COPIES)} == said
    assert len(out.tables["holdings"]) == len(kept) + 2


MARKET = """
[market]
name = "m"
benchmark = "all"
universe = "all"
[sources.closes]
table = "prices"
path = "closes.csv"
options = { wide = true }
[sources.lists]
table = "members"
path = "members.csv"
[sources.classes]
table = "classes"
path = "classes.csv"
[universes.all]
members = "u"
[baskets.all]
universe = "all"
weight = "equal"
rebalance = "none"
[baskets.energy]
universe = "all"
sector = "Energy"
weight = "equal"
rebalance = "none"
"""


@pytest.mark.parametrize("shape", ["spells", "snapshots"])
def test_figures_say_so(tmp_path: Path, shape: str) -> None:
    (tmp_path / "market.toml").write_text(
        MARKET.replace('"classes.csv"', f'"classes.csv"\noptions = {{ shape = "{shape}" }}')
    )
    (tmp_path / "closes.csv").write_text(
        "Date,AAA,BBB,CCC\n2025-12-01,100,100,100\n2025-12-02,101,102,106\n"
    )
    (tmp_path / "members.csv").write_text(
        "universe,security,start,end\nu,AAA,2024-01-02,\nu,BBB,2024-01-02,\n"
        "u,CCC,2024-01-02,\nu,CCC,2024-01-02,2024-06-03\n"
    )
    day = "date" if shape == "snapshots" else "start"
    (tmp_path / "classes.csv").write_text(
        f"scheme,security,sector,{day}\ng,AAA,Energy,2024-01-02\ng,BBB,Banks,2024-01-02\n"
        "g,CCC,Banks,2024-01-02\ng,CCC,Energy,2024-01-02\n"
    )
    market = Market.open(tmp_path / "market.toml")
    market.import_()
    asked = market.show("performance", subjects=["all", "energy"], since="2025-12-01")
    every, energy = asked[0], asked[1]
    assert (every.number, energy.number) == (pytest.approx(0.03), pytest.approx(0.01))
    action = "the first row counts, the others are quarantined"
    lists = (
        f"lists: rows of members that contradict one another (1), first u CCC 2024-01-02: {action}"
    )
    assert lists in every.caveats and lists in energy.caveats
    told = [c for c in energy.caveats if c.startswith("classes: rows of classes")]
    assert len(told) == 1 and "g CCC 2024-01-02" in told[0]
    assert not any(c.startswith("classes: ") for c in every.caveats), "no class is asked"


def test_names_that_differ_in_capitals_and_spaces_are_one() -> None:
    sectors = ["Tech", "tech ", "Tech", "TECH", "Health  Care", "Health Care", None, "Energy"]
    rows = [
        {"scheme": "g", "security": f"S{i}", "sector": s, "industry": "x"}
        for i, s in enumerate(sectors)
    ]
    out = check("classes", *rows)
    assert out.tables["classes"]["sector"].to_list() == [
        *["Tech"] * 4,
        *["Health Care"] * 2,
        None,
        "Energy",
    ]
    (told,) = [f for f in out.findings if f.check == "sector in another spelling"]
    assert told.count == 3 and "'tech ' as 'Tech', 'TECH' as 'Tech'" in told.example
    members = [
        {"universe": u, "security": "A", "start": D(2025, 9, i + 1)}
        for i, u in enumerate(["u", "U ", "u"])
    ]
    assert set(check("members", *members).tables["members"]["universe"]) == {"u"}

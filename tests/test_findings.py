"""Findings: listed once, with the import that brought them and the days that they are about."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from paceline.market import Market
from paceline.market.watching import first_page

MARKET = """
[market]
name = "two"
calendar = "XNYS"
benchmark = "x"
store = "store"
basis = "price"
[sources.prices]
path = "prices.csv"
statement = "{statement}"
columns = {{ security = "s", date = "d", close = "c" }}
[sources.actions]
table = "actions"
path = "actions.csv"
columns = {{ security = "s", date = "d", kind = "k", ratio = "v" }}
[baskets.x]
instrument = "X"
"""
DAYS = [f"2025-09-{d:02d}" for d in (2, 3, 4, 5, 8, 9, 10, 11, 12, 15, 16, 17, 18, 19)]
SATURDAY = "X,2025-09-06,100"


def listed(folder: Path, rows: list[str], splits: str) -> list[dict[str, Any]]:
    (folder / "prices.csv").write_text("s,d,c\n" + "\n".join(rows) + "\n")
    (folder / "actions.csv").write_text(f"s,d,k,v\nQ,2025-09-11,split,2\n{splits}")
    market = Market.open(folder / "market.toml")
    market.import_()
    return [r for r in market.findings().to_dicts() if r["source"] == "prices"]


@pytest.mark.parametrize("statement", ["file", "append"])
def test_two_imports_list_what_stands_once(tmp_path: Path, statement: str) -> None:
    """A row that is there twice, a Saturday, and a split that is explained later."""
    (tmp_path / "market.toml").write_text(MARKET.format(statement=statement))
    rows = [f"X,{d},{(100 + k % 3) / (2 if k > 6 else 1)}" for k, d in enumerate(DAYS)]
    first = listed(tmp_path, [*rows[:4], rows[3], *rows[4:10], SATURDAY], "")
    checks = [r["check"] for r in first]
    assert len(checks) == len(set(checks))
    assert {"identical duplicate rows", "rows off the calendar"} < set(checks)
    assert "return looks like a split" in checks
    rows = [*rows[:4], rows[3], *rows[4:], SATURDAY]
    again = listed(tmp_path, rows, "X,2025-09-11,split,2\n")
    checks = [r["check"] for r in again]
    assert len(checks) == len(set(checks))
    assert {"identical duplicate rows", "rows off the calendar"} < set(checks)
    assert "return looks like a split" not in checks, "the remedy was taken"
    assert min(r["load"] for r in again) > max(r["load"] for r in first)


@pytest.mark.parametrize(
    ("as_of", "told"),
    # the hole, half a year later, a year and a half later, and before it
    [("2024-03-28", True), ("2024-09-30", True), ("2025-09-30", False), ("2023-12-29", False)],
)
def test_page_one_speaks_of_the_days_of_a_finding(tmp_path: Path, as_of: str, told: bool) -> None:
    """Words of a finding may name any day; its days are data. Many more than are named here."""
    from paceline.calendars import sessions

    days = [d for d in sessions("XNYS", dt.date(2025, 10, 31)) if d >= dt.date(2023, 1, 3)]
    hole = [d for d in days if dt.date(2024, 2, 1) <= d <= dt.date(2024, 2, 29)]
    rows = [f"{n},{d},{100 + k % 7}" for n in "XY" for k, d in enumerate(days) if d not in hole]
    (tmp_path / "market.toml").write_text(MARKET.format(statement="file"))
    (row,) = [r for r in listed(tmp_path, rows, "") if "whole market" in r["check"]]
    assert row["days"] == hole
    assert "2024-02-01" not in row["example"], "more days than are listed in words"
    market = Market.open(tmp_path / "market.toml", as_of=as_of)
    checks = [r["check"] for r in first_page(market) if r["source"] == "prices"]
    assert (row["check"] in checks) == told

"""Words of corporate actions, and the days of reported items: read, or set aside and said."""

from __future__ import annotations

from pathlib import Path

import pytest

from paceline.market import Market

MARKET = """
[market]
name = "m"
benchmark = "b"
[sources.p]
table = "prices"
path = "p.csv"
columns = { security = "security", date = "date", close = "close" }
[sources.a]
table = "actions"
path = "a.csv"
columns = { security = "security", date = "date", kind = "kind", amount = "amount" }
[baskets.b]
instrument = "AAA"
"""
CLOSES = (100, 101, 102, 98, 99)
DAYS = ("2025-09-08", "2025-09-09", "2025-09-10", "2025-09-11", "2025-09-12")


def paid(folder: Path, kind: str) -> Market:
    """Three are paid on the 11th, under some word."""
    rows = [f"AAA,{day},{close}" for day, close in zip(DAYS, CLOSES, strict=True)]
    (folder / "p.csv").write_text("\n".join(["security,date,close", *rows]))
    (folder / "a.csv").write_text(f"security,date,kind,amount\nAAA,2025-09-11,{kind},3\n")
    (folder / "market.toml").write_text(MARKET)
    market = Market.open(folder / "market.toml")
    market.import_()
    return market


@pytest.mark.parametrize(
    "kind", ["special_dividend", "Special Dividend", " SPECIAL-DIVIDEND ", "special cash dividend"]
)
def test_a_kind_of_action_in_another_spelling(tmp_path: Path, kind: str) -> None:
    market = paid(tmp_path, kind)
    (found,) = market.show("performance", horizons=("since",), since=DAYS[0])
    # the close before the payment is lowered by it
    assert found.value == pytest.approx(102 / 100 * 98 / (102 - 3) * 99 / 98 - 1)


@pytest.mark.parametrize("kind", ["SD", "sepcial_dividend", "1"])
def test_a_word_that_is_no_kind_is_set_aside_with_the_kinds_there_are(
    tmp_path: Path, kind: str
) -> None:
    (row,) = paid(tmp_path, kind).quarantine().to_dicts()
    assert row["table"] == "actions" and "special_dividend, spinoff" in row["reason"]


REPORTED = """
[sources.f]
table = "fundamentals"
path = "f.csv"
columns = { security = "security", item = "item", period_end = "end", value = "value"KNOWN }
"""


def reported(folder: Path, rows: str, known: str = ', known = "filed"') -> Market:
    paid(folder, "dividend")
    (folder / "f.csv").write_text(f"security,item,end,filed,value\n{rows}\n")
    (folder / "market.toml").write_text(MARKET + REPORTED.replace("KNOWN", known))
    market = Market.open(folder / "market.toml")
    market.import_()
    return market


def test_reports_without_filing_dates_are_look_ahead(tmp_path: Path) -> None:
    told = reported(tmp_path, "AAA,book_equity,2024-12-31,2025-02-14,5", known="").stored.said
    (said,) = [text for _, table, text in told if table == "fundamentals"]
    assert "look-ahead: no filing dates" in said and "0 days after the period's end" in said
    assert not [
        t for t in reported(tmp_path, "AAA,book_equity,2024-12-31,2025-02-14,5").stored.said
    ]


def test_a_filing_before_the_end_of_its_period_is_set_aside(tmp_path: Path) -> None:
    rows = "AAA,book_equity,2024-12-31,2024-02-14,5\nAAA,book_equity,2024-06-30,2024-06-30,4"
    (row,) = reported(tmp_path, rows).quarantine().to_dicts()
    assert row["reason"] == "known lies before the period's end"

"""What a command says where something is wrong: the cause, once, with a count."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from tests.test_lists_with_gaps import CLOSES, ENERGY, MARKET

from paceline.cli.options import cell
from paceline.cli.verbs import by_reason
from paceline.errors import SourceError, UsageError
from paceline.market import Market
from paceline.record import trace


def market(folder: Path, weights: str) -> Market:
    """Four securities, and a fund's weights of three."""
    (folder / "market.toml").write_text(MARKET)
    (folder / "closes.csv").write_text(CLOSES)
    (folder / "classes.csv").write_text("scheme,security,sector\n" + ENERGY)
    (folder / "holdings.csv").write_text("security,weight\n" + weights)
    opened = Market.open(folder / "market.toml")
    opened.import_()
    return opened


def test_a_fund_in_percent_is_told_from_an_unknown_one(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as error:
        market(tmp_path, "AAA,50\nBBB,30\nCCC,20\n")
    said = "no row of holdings is left: 3 rows set aside: weight outside 0..1 (3)"
    assert said in error.value.message
    assert 'unit = "percent"' in error.value.remedy


def test_an_empty_id_is_said_to_be_empty(tmp_path: Path) -> None:
    opened = market(tmp_path, "AAA,0.5\nBBB,0.5\n")
    for empty in ("", "  "):
        with pytest.raises(UsageError, match="id is empty"):
            trace(empty, opened)


def test_reasons_that_differ_in_the_cell_alone_are_one() -> None:
    reasons = [f"start is not a date: {d}.13.24" for d in range(1, 103)]
    reasons += ["spell ends", "end is not a date: soon"]
    rows = pl.DataFrame({"source": "s", "table": "members", "reason": reasons, "row": "{}"})
    assert by_reason(rows).rows() == [
        ("s", "members", "start is not a date: 1.13.24, ...", 102),
        ("s", "members", "spell ends", 1),
        ("s", "members", "end is not a date: soon", 1),
    ]


def test_yes_and_no() -> None:
    assert (cell(True), cell(False), cell(1), cell(None)) == ("yes", "no", "1", "")

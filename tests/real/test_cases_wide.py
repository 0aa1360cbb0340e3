"""The handed case of a wide file: two header rows as pandas writes them."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

import paceline
from paceline.config import Source
from paceline.sources import Context, files

#: Values of the case's two sessions, by hand: 10 to 11 and 20 to 19.
RETURNS = {"AAA": 0.1, "BBB": -0.05}
MARKET = """
[market]
name = "wide"
benchmark = "all"
[sources.closes]
table = "prices"
path = "wide_multi.csv"
{more}
[baskets.all]
securities = ["AAA", "BBB"]
weight = "equal"
"""


@pytest.fixture
def case(data: Path) -> Path:
    """The handed file, which lies beside the real data."""
    return data.parent / "cases" / "data" / "multiindex" / "wide_multi.csv"


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"columns": {"date": "Date"}},
        {"columns": {"date": "Date", "security": "Ticker", "close": "Close"}},
        {"options": {"wide": True}},
        {"columns": {"date": "Date"}, "options": {"wide": ["AAA", "BBB"]}},
    ],
)
def test_two_header_rows_are_read_as_they_are(case: Path, more: dict[str, object]) -> None:
    spec = Source(path=case.name, **more)  # type: ignore[arg-type]
    parsed = files.parse("w", spec, files.fetch("w", spec, case.parent), Context("XNYS"))
    rows = parsed.tables["prices"].select("security", "date", "close").rows()
    assert [(s, str(d), c) for s, d, c in rows] == [
        ("AAA", "2025-12-04", 10.0),
        ("AAA", "2025-12-05", 11.0),
        ("BBB", "2025-12-04", 20.0),
        ("BBB", "2025-12-05", 19.0),
    ]


def test_a_market_of_that_file_has_the_right_returns(case: Path, tmp_path: Path) -> None:
    shutil.copy(case, tmp_path)
    (tmp_path / "market.toml").write_text(MARKET.format(more=""))
    market = paceline.open(tmp_path / "market.toml")
    market.import_()
    figures = market.including(list(RETURNS)).show(
        "performance", subjects=list(RETURNS), horizons=["since"], since="2025-12-04"
    )
    assert {f.subject: round(float(f.value or math.nan), 12) for f in figures} == RETURNS

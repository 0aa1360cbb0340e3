"""The handed cases about what a source says now: each with the right value its README gives."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

import paceline
from paceline.errors import UnknownName
from paceline.market import Market


@pytest.fixture
def cases(data: Path) -> Path:
    """The handed cases, which lie beside the real data."""
    return data.parent / "cases" / "data"


def imported_twice(case: Path, second: str, folder: Path) -> Market:
    """The market of a case, imported, its market file replaced, and imported again."""
    home = shutil.copytree(case, folder / case.name)
    paceline.open(home / "market.toml").import_()
    shutil.copy(home / second, home / "market.toml")
    market = paceline.open(home / "market.toml")
    market.import_()
    return market


def since(market: Market, day: str, subject: str | None = None) -> tuple[float, str]:
    """The return of the subject since a close, and its last day."""
    (figure,) = market.show("performance", horizons=["since"], since=day, subject=subject)
    assert isinstance(figure.value, float) and figure.end is not None
    return figure.value, figure.end


def test_a_corrected_market_file_takes_effect(cases: Path, tmp_path: Path) -> None:
    market = imported_twice(cases / "corrected-market-file", "market_corrected.toml", tmp_path)
    value, end = since(market, "2025-09-03")
    assert end == "2025-09-12" == market.as_of and math.isclose(value, 107 / 100 - 1)


def test_where_added_later_takes_effect(cases: Path, tmp_path: Path) -> None:
    market = imported_twice(cases / "where-added-later", "market_with_where.toml", tmp_path)
    with pytest.raises(UnknownName, match="BAD"):
        since(market, "2025-09-08", "BAD")

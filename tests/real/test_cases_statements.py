"""The handed cases about what a source says now: each with the right value its README gives."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

import paceline
from paceline.cli import main
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


def test_a_corrected_market_file_takes_effect(cases: Path, tmp_path: Path) -> None:
    market = imported_twice(cases / "corrected-market-file", "market_corrected.toml", tmp_path)
    (figure,) = market.show("performance", horizons=["since"], since="2025-09-03")
    assert figure.end == "2025-09-12" == market.as_of
    assert isinstance(figure.value, float) and math.isclose(figure.value, 107 / 100 - 1)


def test_where_added_later_takes_effect(
    cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    market = imported_twice(cases / "where-added-later", "market_with_where.toml", tmp_path)
    asked = ["show", "performance", "--horizons", "since", "--since", "2025-09-08"]
    assert main([*asked, "--subject", "BAD", "--market", market.path]) == 2
    assert "'BAD'" in capsys.readouterr().err


def test_the_remedy_for_a_split_works(cases: Path, tmp_path: Path) -> None:
    """Without the split on record no value, and the remedy named; with it, five percent."""
    home = shutil.copytree(cases / "split-remedy", tmp_path / "split")
    split = (home / "a.csv").read_text()
    (home / "a.csv").write_text(split.replace("AAA", "ZZZ"))

    def since() -> object:
        market = paceline.open(home / "market.toml")
        market.import_()
        figures = market.show("performance", horizons=["since"], since="2025-08-08")
        return next(f.value for f in figures if f.subject == "aaa")

    assert since() is None
    (remedy,) = (
        paceline.open(home / "market.toml")
        .findings()
        .filter(check="return is an unhandled split")["remedy"]
    )
    assert "add the split to actions" in remedy
    (home / "a.csv").write_text(split)
    value = since()
    assert isinstance(value, float) and math.isclose(value, 52.5 * 2 / 100 - 1)

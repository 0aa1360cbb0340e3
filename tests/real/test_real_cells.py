"""The handed cases of numbers in cells and of jumps, from import to figure."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest

from paceline.cli import main

#: Case, basket, first session, basis, and the value its README derives by hand.
VALUES = [
    ("decimal-comma", "b_0", "2025-09-08", "price", 103 / 100.5 - 1),
    ("volume-suffix", "b_0", "2025-09-08", "price", 1105 / 1100 - 1),
    ("form-feed", "b_0", "2025-09-08", "price", 0.05),
    ("split-remedy", "aaa", "2025-08-08", "price", 52.5 * 2 / 100 - 1),
    ("dividend-on-a-day-without-price", "b_0", "2025-09-08", "total", 0.1),
]


def case(data: Path, name: str, folder: Path) -> str:
    """A copy of the handed case; the path of its market file."""
    shutil.copytree(data.parent / "cases" / "data" / name, folder / name)
    return str(folder / name / "market.toml")


@pytest.mark.parametrize(("name", "basket", "since", "basis", "value"), VALUES)
def test_the_value_of_the_case(
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    basket: str,
    since: str,
    basis: str,
    value: float,
) -> None:
    market = case(data, name, tmp_path)
    assert main(["import", "--market", market]) == 0
    capsys.readouterr()
    asked = ["--basis", basis, "--horizons", "since", "--since", since, "--csv", "-"]
    assert main(["show", "performance", "--market", market, *asked]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    (row,) = [row for row in rows if row["subject"] == basket]
    assert float(row["value"]) == pytest.approx(value, abs=1e-12)


def test_changes_in_the_wrong_unit(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    market = case(data, "change-in-the-wrong-unit", tmp_path)
    assert main(["import", "--market", market]) in (2, 3)
    said = capsys.readouterr().err
    assert "contradict each other all along: in 5 of 5 rows" in said
    assert 'unit = "fraction"' in said

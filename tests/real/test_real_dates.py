"""Dates of the real files, and of the handed cases on dates and calendars."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from paceline.cli import main
from paceline.market import Market


def test_the_index_since_1928_has_the_sessions_of_its_file(data: Path, friday: Market) -> None:
    file = pl.read_parquet(data / "us/index_levels.parquet").filter(pl.col("index") == "SPX")
    own = file["date"].cast(pl.Date).unique().sort()
    levels = friday.all_levels
    row = levels.native[levels.names.index("sp500_index")]
    have = levels.sessions[np.isfinite(row)]
    first = dt.date(1952, 9, 29)
    before = own.filter(own < first).to_numpy().astype("datetime64[D]")
    assert np.array_equal(have[have < np.datetime64(first)], before)
    assert np.array_equal(levels.sessions[levels.sessions < np.datetime64(first)], before)
    # and where the calendar rules, it has no other session than the file, up to 1970 and since
    year = levels.sessions.astype("datetime64[Y]").astype(int) + 1970
    assert [int((year == y).sum()) for y in (1928, 1930, 1953, 1960, 1969)] == [
        own.dt.year().eq(y).sum() for y in (1928, 1930, 1953, 1960, 1969)
    ]
    assert int((year == 1930).sum()) == 251


@pytest.fixture
def case(data: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A copy of a handed case."""
    folder = data.parent / "cases" / "data" / str(request.param)
    if not folder.is_dir():
        pytest.fail(f"{folder} is missing.", pytrace=False)
    for path in folder.iterdir():
        shutil.copy(path, tmp_path / path.name)
    return tmp_path


@pytest.mark.parametrize("case", ["ambiguous-dates-and-a-footer"], indirect=True)
def test_ambiguous_dates_and_a_footer(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "--market", str(case / "market.toml")]) == 3
    assert "may start with the month or the day" in capsys.readouterr().err


@pytest.mark.parametrize("case", ["calendars"], indirect=True)
@pytest.mark.parametrize("file", ["market.toml", "market_asex.toml"])
def test_calendars(case: Path, file: str) -> None:
    assert main(["import", "--market", str(case / file)]) == 0


@pytest.mark.parametrize("case", ["tokyo-calendar"], indirect=True)
def test_tokyo_calendar(case: Path) -> None:
    assert main(["import", "--market", str(case / "market.toml")]) == 0


@pytest.mark.parametrize("case", ["saturdays-of-1950"], indirect=True)
def test_saturdays_of_1950(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    market = ["--market", str(case / "market.toml")]
    assert main(["import", *market]) == 0
    capsys.readouterr()
    assert main(["show", "record_highs", "--json", *market]) == 0
    rows = {r["statistic"]: r for r in json.loads(capsys.readouterr().out)}
    assert rows["is_record"]["value"] == 0
    assert (rows["last_record"]["value"], rows["last_record"]["start"]) == (
        pytest.approx(16.72),
        "1950-01-28",
    )

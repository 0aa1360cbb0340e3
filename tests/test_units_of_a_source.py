"""Returns in the wrong unit, and closes that change their scale midway: refused, or said."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from paceline import quality
from paceline.config import Source
from paceline.errors import SourceError
from paceline.market import Market
from paceline.sources import Context, Finding, Parsed, files

DAYS = [d for i in range(300) if (d := dt.date(2025, 1, 6) + dt.timedelta(i)).weekday() < 5]
TINY = "returns so small that their unit may be wrong"
SCALED = "sessions on which all securities move by one factor"


def returns(sigma: float, count: int = 12, mean: float = 0.0) -> np.ndarray:
    return np.random.default_rng(5).normal(mean, sigma, (count, len(DAYS)))


def read(folder: Path, values: np.ndarray, unit: str = "fraction") -> dict[str, Finding]:
    rows = [
        f"S{i},{day},{v:.8f}"
        for i, own in enumerate(values)
        for day, v in zip(DAYS, own, strict=True)
    ]
    (folder / "r.csv").write_text("\n".join(["ticker,date,ret", *rows]))
    spec = Source(
        path="r.csv",
        columns={
            "security": "ticker",
            "date": "date",
            "price_return": {"column": "ret", "unit": unit},
        },
    )
    raws = files.fetch("own", spec, folder)
    parsed = files.parse("own", spec, raws, Context("XNYS", tuple(DAYS)))
    return {f.check: f for f in quality.check(parsed, "own", spec, Context()).findings}


@pytest.mark.parametrize("count", [1, 12])
def test_percent_declared_as_fractions_is_refused(tmp_path: Path, count: int) -> None:
    with pytest.raises(SourceError, match="lose more than all: they are no fractions") as error:
        read(tmp_path, 100 * returns(0.01, count))
    assert 'unit = "percent"' in error.value.remedy
    assert TINY not in read(tmp_path, 100 * returns(0.01, count), "percent"), "the remedy works"
    assert TINY not in read(tmp_path, returns(0.05, count)), "a wild one"


@pytest.mark.parametrize(("sigma", "mean"), [(0.06, 0.015), (1e-4, 0.015)])  # bonds, bills
def test_small_percents_of_no_stated_unit_are_refused(
    tmp_path: Path, sigma: float, mean: float
) -> None:
    percents = returns(sigma, 3, mean)
    with pytest.raises(SourceError, match="times the money in a year") as error:
        read(tmp_path, percents, "")
    assert 'unit = "percent"' in error.value.remedy
    assert TINY not in read(tmp_path, percents, "fraction"), "a unit that is stated is believed"
    assert TINY not in read(tmp_path, returns(0.04, 3, 0.006), ""), "a wild year of coins"


@pytest.mark.parametrize("count", [1, 12])
def test_fractions_declared_as_percent_are_found(tmp_path: Path, count: int) -> None:
    found = read(tmp_path, returns(0.01, count), "percent")[TINY]
    assert found.count == count * len(DAYS) and "below zero" in found.example
    quiet = returns(1e-5, count, mean=2e-4)  # a fund of bills: it only rises
    assert TINY not in read(tmp_path, quiet)


@pytest.mark.parametrize("factor", [100.0, 0.01])
def test_a_unit_that_changes_midway_is_refused(tmp_path: Path, factor: float) -> None:
    values = returns(0.002)
    values[:, 80:] *= factor
    with pytest.raises(SourceError, match="their unit changes within the file") as error:
        read(tmp_path, values)
    assert f"from {DAYS[100]:%Y}" in str(error.value)
    crisis = returns(0.008)
    crisis[:, 80:] *= 10
    read(tmp_path, crisis)


def prices(moves: np.ndarray) -> dict[str, Finding]:
    closes = 100 * np.cumprod(1 + moves, axis=1)
    frame = pl.DataFrame(
        {
            "source": "own",
            "security": np.repeat([f"S{i:02}" for i in range(len(moves))], len(DAYS)),
            "date": DAYS * len(moves),
            "close": closes.ravel(),
            "price_return": moves.ravel(),
        }
    )
    out = quality.check(Parsed({"prices": frame}), "own", Source(), Context())
    return {f.check: f for f in out.findings}


def test_another_currency_from_a_day_on_is_found() -> None:
    moves = returns(0.01)
    moves[:, 90] = 1.3 * (1 + moves[:, 90]) - 1
    found = prices(moves)[SCALED]
    assert found.days == (DAYS[90],) and "12 securities times 1.298" in found.example
    few = returns(0.01, 9)
    few[:, 90] = 1.3 * (1 + few[:, 90]) - 1
    assert SCALED not in prices(few)
    crash = returns(0.01)
    crash[:, 90] = np.linspace(-0.05, -0.2, 12)
    assert SCALED not in prices(crash), "a crash drives them apart"


MARKET = """
[market]
name = "m"
benchmark = "idx"
[sources.returns]
table = "prices"
path = "r.csv"
dialect = "returns"
[sources.returns.columns]
security = "ticker"
date = "date"
total_return = { column = "ret", unit = "percent" }
[baskets.idx]
instrument = "S0"
"""


def test_the_figure_of_an_index_says_so(tmp_path: Path) -> None:
    values = returns(0.01, 1)[0]
    days = pl.Series(DAYS)
    keep = [
        str(d)
        for d in days
        if (d.month, d.day)
        not in {(1, 9), (1, 20), (2, 17), (4, 18), (5, 26), (6, 19), (7, 4), (9, 1)}
    ]
    rows = [f"S0,{day},{v:.8f}" for day, v in zip(keep, values, strict=False)]
    (tmp_path / "r.csv").write_text("\n".join(["ticker,date,ret", *rows]))
    (tmp_path / "market.toml").write_text(MARKET)
    market = Market.open(tmp_path / "market.toml")
    market.import_()
    figure = market.show("performance", subjects=["idx"], since=keep[5])[0]
    assert any(c.startswith(f"returns: {TINY}") for c in figure.caveats), figure.caveats

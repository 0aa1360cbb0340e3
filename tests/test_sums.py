"""Columns of a wide table that are no security: told by their values, not by their names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.test_true_causes import DAYS

import paceline
from paceline.arrays import Array
from paceline.config import Source
from paceline.errors import SourceError
from paceline.market import Market
from paceline.rows import MAYBE_LOGS
from paceline.sources.files import _sums

#: Tickers of Allstate, Agilent, Dayforce, and words that could be.
NAMES = ["ALL", "A", "DAY", "MAX", "MIN", "AVG"]
#: (T, 6) closes that wander.
CLOSES: Array = 100 * np.exp(
    np.cumsum(np.random.default_rng(8).normal(0.0004, 0.012, (len(DAYS), 6)), axis=0)
)
DATES = pl.Series(DAYS).dt


def wide(values: Array = CLOSES, **more: object) -> pl.DataFrame:
    """A row a day, a column a security, and further columns."""
    frame = pl.DataFrame({"Date": DAYS}).hstack(pl.DataFrame(values, schema=NAMES))
    return frame.with_columns(**{k: pl.Series(np.asarray(v)) for k, v in more.items()})


def checked(frame: pl.DataFrame, **options: object) -> list[str]:
    """The findings of a wide frame of closes."""
    long = frame.unpivot(index="Date", variable_name="security", value_name="close")
    spec = Source.model_validate({"table": "prices", "path": "x", "options": options})
    rows = long.rename({"Date": "date"}).cast({"close": pl.Float64})
    return [f.check for f in _sums.checked("n", "closes.csv", spec, rows)]


def test_tickers_that_are_words_are_securities() -> None:
    assert not checked(wide())
    assert not checked(wide(np.round(CLOSES, 2)))


SUMS: dict[str, tuple[Callable[[Array], Array], str]] = {
    "the sum": (lambda c: c.sum(axis=1), "the sum of the others"),
    "the sum in cents": (lambda c: c.sum(axis=1).round(2), "the sum of the others"),
    "the mean": (lambda c: c.mean(axis=1), "the mean of the others"),
    "the median": (lambda c: np.median(c, axis=1), "the median of the others"),
    "the largest": (lambda c: c.max(axis=1), "the largest of the others"),
    "the least": (lambda c: c.min(axis=1), "the least of the others"),
    "price weighted": (lambda c: 3 * c.sum(axis=1) / 17, "an index of the others"),
    "equal weighted": (
        lambda c: 50 * np.cumprod(np.r_[1, 1 + (c[1:] / c[:-1] - 1).mean(axis=1)]),
        "an index of the others",
    ),
}


@pytest.mark.parametrize("name", ["TOTAL", "XYZ"])
@pytest.mark.parametrize("of", SUMS)
def test_sums_of_the_others_are_refused_under_any_name(of: str, name: str) -> None:
    made, said = SUMS[of]
    with pytest.raises(SourceError, match="no security") as error:
        checked(wide(**{name: made(CLOSES)}), wide=True)
    assert error.value.message == f"closes.csv: no security: '{name}' ({said})."
    assert f'wide = ["!{name}"]' in error.value.remedy


FIELDS = {
    "the year of its day": DATES.year(),
    "the month of its day": DATES.month(),
    "the week of its day": DATES.week(),
    "the weekday": DATES.weekday() - 1,
    "the day of the month": DATES.day(),
    "the day of the year": DATES.ordinal_day(),
    "its day as a number": DATES.strftime("%Y%m%d").cast(pl.Int64),
    "the number of the row": pl.Series(range(1, len(DAYS) + 1)),
}


@pytest.mark.parametrize("said", FIELDS)
def test_calendar_fields_are_refused(said: str) -> None:
    name = "Year" if "year of its day" in said else "n"  # of one year alone the name must say so
    with pytest.raises(SourceError) as error:
        checked(wide(**{name: FIELDS[said]}))
    assert error.value.message == f"closes.csv: no security: '{name}' ({said})."


def test_days_as_serial_numbers_are_refused() -> None:
    serial = [(d - dt.date(1899, 12, 30)).days for d in DAYS]
    with pytest.raises(SourceError, match="its day as a number"):
        checked(wide(n=serial))


def test_all_of_them_are_named_at_once() -> None:
    frame = wide(TOTAL=CLOSES.sum(axis=1), Average=CLOSES.mean(axis=1), n=range(len(DAYS)))
    with pytest.raises(SourceError) as error:
        checked(frame, wide=["!Notes"])
    assert 'wide = ["!Notes", "!n", "!TOTAL", "!Average"]' in error.value.remedy


RETURNS = CLOSES[1:] / CLOSES[:-1] - 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (RETURNS, "often negative"),
        (100 * RETURNS, "often negative"),
        (1 + RETURNS, "to and fro about 1 or 100"),
        (100 * (1 + RETURNS), "to and fro about 1 or 100"),
    ],
)
def test_changes_are_no_closes(values: Array, said: str) -> None:
    frame = pl.DataFrame({"Date": DAYS[1:]}).hstack(pl.DataFrame(values, schema=NAMES))
    with pytest.raises(SourceError, match=f"no closes: 'ALL', 'A', .*{said}") as error:
        checked(frame)
    assert "price_return" in error.value.remedy


def test_a_volume_among_closes_is_refused() -> None:
    volume = np.random.default_rng(1).lognormal(12, 0.6, len(DAYS)).round()
    with pytest.raises(SourceError, match=r"no security: 'V' \(moving by a quarter a day\)"):
        checked(wide(V=volume))


def test_logs_of_prices_are_said() -> None:
    assert checked(wide(np.log(CLOSES))) == [MAYBE_LOGS]


def test_made_up_prices_of_steady_growth_are_securities() -> None:
    steady = 100 * (1 + np.arange(1, 7) / 1000) ** np.arange(len(DAYS))[:, None]
    assert not checked(wide(steady, MID=100 * 1.0035 ** np.arange(len(DAYS))))


def test_pegs_and_trackers_are_securities() -> None:
    steps = np.random.default_rng(2)
    pegs = {f"P{k}": (1 + steps.normal(0, 1e-4, len(DAYS))).round(4) for k in range(4)}
    funds = {f"F{k}": (CLOSES[:, 0] * (5 + k)).round(2) for k in range(3)}
    assert not checked(wide(**pegs, **funds, CASH=np.ones(len(DAYS))))


TOML = """
[market]
name = "m"
benchmark = "all"
universe = "all"
[sources.closes]
table = "prices"
path = "closes.csv"
options = { wide = WIDE }
[universes.all]
eligible = { kinds = [] }
[baskets.all]
universe = "all"
weight = "equal"
"""


def opened(folder: Path, frame: pl.DataFrame, wide: str = "true") -> Market:
    """A market of all columns in equal weights."""
    frame.write_csv(folder / "closes.csv")
    (folder / "market.toml").write_text(TOML.replace("WIDE", wide))
    market = Market.open(folder / "market.toml")
    market.import_()
    return market


def held(market: Market) -> set[str]:
    """Securities of a market."""
    assert market.stocks is not None
    return set(market.stocks.securities)


def test_the_remedy_works_and_named_columns_are_read(tmp_path: Path) -> None:
    frame = wide(TOTAL=CLOSES.sum(axis=1))
    with pytest.raises(SourceError, match="'TOTAL'"):
        opened(tmp_path, frame)
    assert held(opened(tmp_path, frame, '["!TOTAL"]')) == set(NAMES)
    (tmp_path / "again").mkdir()
    assert held(opened(tmp_path / "again", frame, '["ALL", "TOTAL"]')) == {"ALL", "TOTAL"}


def test_a_frame_is_refused_with_its_own_remedy(tmp_path: Path) -> None:
    frame = wide(TOTAL=CLOSES.sum(axis=1))
    with pytest.raises(SourceError) as error:
        paceline.open(frames={"prices": frame}, store=tmp_path / "store")
    assert "df.drop(columns=['TOTAL'])" in error.value.remedy


def test_an_index_by_name_is_said_where_it_is_a_member(tmp_path: Path) -> None:
    vix = 18 * (CLOSES[:, 0] / CLOSES[:, 1]) ** 5
    market = opened(tmp_path, wide(VIX=vix))
    figure = market.show("performance", subjects=["all"], since="2025-03-03")[0]
    assert "VIX is an index by name, held as a member" in figure.caveats


@pytest.mark.parametrize("dates", ["Date", "", "Unnamed: 0"])
def test_a_ticker_named_as_dates_are_is_no_column_of_dates(tmp_path: Path, dates: str) -> None:
    market = opened(tmp_path, wide().rename({"Date": dates}))
    assert held(market) == set(NAMES)

"""The rules of the article's strategists on real funds, by plain loops over the vendor's file."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest
from real_data import FRIDAY

from paceline.api import OpenMarket
from paceline.market import Market


def _closes(*tickers: str) -> list[tuple[str, ...]]:
    """(date, close, close ...) on the days on which all have one."""
    table = pl.read_parquet(Path(os.environ["PACELINE_DATA"]) / "us/etf_adjclose.parquet")
    wide = table.filter(pl.col("ticker").is_in(tickers)).pivot(
        on="ticker", index="date", values="adj_close"
    )
    rows = wide.sort("date").drop_nulls().select("date", *tickers).rows()
    return [(str(day)[:10], *closes) for day, *closes in rows]


@pytest.fixture(scope="module")
def open_friday(friday: Market) -> OpenMarket:
    return OpenMarket(friday.file, friday.path, as_of=FRIDAY, moment=friday.moment)


def test_equal_over_cap_since_2003(open_friday: OpenMarket) -> None:
    rows = _closes("RSP", "SPY")
    assert rows[0][0] == "2003-05-01"
    years = (len(rows) - 2) / 252  # decided on the first day, bought at the close of the second
    own, theirs = ((rows[-1][k] / rows[1][k]) ** (1 / years) - 1 for k in (1, 2))
    found = open_friday.backtest("equal_over_cap", draws=200).figures
    assert found["gross_growth"].number == pytest.approx(own, rel=1e-6)
    assert found["benchmark_growth"].number == pytest.approx(theirs, rel=1e-6)
    assert found["net_active"].number < 0, "it fell behind"
    assert found["as_good"].number > 0.3


def test_mid_caps_on_dips(open_friday: OpenMarket) -> None:
    """Bought a day after a close 5% below the high, sold a day after a new high, at 5 points."""
    rows = _closes("IJH", "SPY")
    high, state, wanted, held, wealth = 0.0, None, [], None, 1.0
    for t, (_, mid, whole) in enumerate(rows):
        if held is not None:
            wealth *= (mid / rows[t - 1][1]) if held else (whole / rows[t - 1][2])
        order = wanted[t - 1] if t else None
        if order is not None and order != held:
            wealth *= 1 - 0.0005 * (1 if held is None else 2)
            held = order
        high = max(high, mid)
        state = True if mid <= 0.95 * high else False if mid >= high or state is None else state
        wanted.append(state)
    years = (len(rows) - 2) / 252
    found = open_friday.backtest("mid_caps_on_dips", draws=200).figures
    assert found["net_growth"].number == pytest.approx(wealth ** (1 / years) - 1, rel=1e-6)
    assert 0.05 < found["as_good"].number < 0.5, "no more than chance"

"""The article's scenarios on real data: sensitivities made again from the files by another way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from real_data import FRIDAY, MARKET

import paceline
from paceline.api import OpenMarket

#: The source of index levels that counts where two give a close.
FIRST = "heliar-k/market-base"


@pytest.fixture(scope="module")
def market(data: Path, store: Path) -> OpenMarket:
    return paceline.open(MARKET, data=data, store=store, as_of=FRIDAY)


def _by_hand(data: Path) -> tuple[np.ndarray, np.ndarray]:
    """Monthly log return of RUT over SPX; change of the two-year yield, log return of SPX."""
    levels = (
        pl.read_parquet(data / "us/index_levels.parquet")
        .filter(pl.col("index").is_in(["RUT", "SPX"]))
        .with_columns(pl.col("date").cast(pl.Date), second=pl.col("source") != FIRST)
        .sort("second")
        .unique(["index", "date"], keep="first", maintain_order=True)
        .pivot(on="index", index="date", values="close")
        .drop_nulls()
        .sort("date")
    )
    two_year = (
        pl.read_parquet(data / "macro/fred_macro.parquet")
        .filter(pl.col("series") == "DGS2", pl.col("source").str.starts_with("sivamsapingali"))
        .select(pl.col("date").cast(pl.Date), rate="value")
        .filter(pl.col("rate").is_finite())
        .sort("date")
    )
    ends = (
        levels.join_asof(two_year, on="date")
        .group_by(pl.col("date").dt.strftime("%Y-%m").alias("month"), maintain_order=True)
        .last()
        .filter(pl.col("month") < FRIDAY[:7])
    )
    small, large = (np.diff(np.log(ends[n].to_numpy())) for n in ("RUT", "SPX"))
    return small - large, np.vstack([np.diff(ends["rate"].to_numpy()), large])


def test_the_sensitivities_of_small_against_large_from_the_files(
    data: Path, market: OpenMarket
) -> None:
    import statsmodels.api as sm

    y, x = _by_hand(data)
    theirs = sm.OLS(y, sm.add_constant(x.T)).fit()
    answer = market.scenario(
        "two_cuts_fewer", drivers=["two_year", "market"], subjects=["small_vs_large"]
    )
    assert answer.figure("small_vs_large", "periods").value == len(y) == 458
    for k, driver in enumerate(("two_year", "market"), 1):
        beta = answer.figure("small_vs_large", f"beta {driver}").number
        assert beta == pytest.approx(theirs.params[k], rel=1e-6)
    explained = answer.figure("small_vs_large", "explained").number
    assert explained == pytest.approx(theirs.rsquared, rel=1e-6)


def test_every_scenario_of_the_article_has_an_answer(market: OpenMarket) -> None:
    for name in market.file.scenarios:
        answer = market.scenario(name)
        assert len(answer.subjects) == 19 and len(answer.periods) == 5
        effect = answer.figure("small_vs_large", "effect")
        assert effect.evidence["low"] < effect.number < effect.evidence["high"]
        assert 0.1 < answer.figure("small_vs_large", "explained").number < 0.25
        assert {s.name for s, _ in answer.found.by.refused} == {
            "equal_vs_cap",
            "rest_vs_top",
            "cyclical_vs_defensive",
        }
        assert any("latest vintage" in c for c in effect.caveats)


def test_a_recession_is_that_of_one_year_where_it_is(market: OpenMarket) -> None:
    """Unemployment of 2020 outweighs all other months: without it small companies lose nothing."""
    answer = market.scenario("mild_recession")
    assert answer.figure("small_vs_large", "effect").number < -0.015
    assert answer.figure("small_vs_large", "weightiest_year").value == 2020
    assert abs(answer.figure("small_vs_large", "effect_without_a_year").number) < 0.005
    stretches = [start[:4] for start, _ in answer.periods]
    assert {"1990", "2001"} <= set(stretches), "the recessions that its numbers are taken from"


def test_nothing_carries_a_world_cup(market: OpenMarket) -> None:
    [cup] = market.scenario("two_cuts_fewer").untested
    assert cup.past is not None and cup.past.next == "2026-06-11"
    assert cup.past.figure("small_vs_large", "events").value == 9
    assert cup.past.figure("small_vs_large", "effect").value is None


def test_no_kind_of_day_moves_a_theme_beyond_noise(market: OpenMarket) -> None:
    for event in market.file.events:
        if event.name == "world_cup":
            continue
        around = market.catalyst(event.name)
        judged = [around.figure(one.name, "adjusted_p").value for one in around.lines]
        found = [p for p in judged if isinstance(p, float)]
        assert len(found) > 10 and min(found) > 0.05, event.name

"""Who drove the year, and how much rests on a few names, on real prices."""

from __future__ import annotations

import pytest
from real_data import FRIDAY, Ask, asked, on, pick

from paceline.market import Market

GIANTS = {"AAPL", "MSFT", "NVDA", "AMZN", "GOOGL", "GOOG", "META", "TSLA"}


def test_the_tech_giants_share_of_the_years_gain(cli: Ask) -> None:
    """Linked contributions computed independently: 7.93 of 18.30 points of total return, 43.3%."""
    rows = cli("contributions", "--subject", "sp500")
    part = pick(rows, part="tech_giants", group="themes")
    assert part["basis"] == "total"
    assert part["value"] == pytest.approx(0.0793, abs=0.001)
    assert part["share"] == pytest.approx(0.433, abs=0.005)
    total = pick(rows, statistic="total")
    assert total["value"] == pytest.approx(0.1830, abs=0.001)
    assert (total["start"], total["end"]) == ("2024-12-31", FRIDAY)


def test_contributions_add_up_to_the_year(friday: Market) -> None:
    rows = asked(friday, "contributions", subjects=["sp500"])
    total = pick(rows, statistic="total")["value"]
    assert abs(pick(rows, statistic="residual")["value"]) < 1e-12
    sectors = [r["value"] for r in rows if r.get("group") == "sectors"]
    assert len(sectors) == 11
    members = friday.contributions("sp500", basis="total")
    assert members["contribution"].sum() == pytest.approx(total, abs=1e-12)
    giants = members.filter(members["security"].is_in(GIANTS))["contribution"].sum()
    assert giants == pytest.approx(pick(rows, part="tech_giants")["value"], abs=1e-12)


def test_the_built_index_and_its_residual_against_the_published_one(friday: Market) -> None:
    """Rolled-back weights look ahead, and say so: built 18.3 to 18.6% against SPY's 18.0%."""
    built = pick(
        asked(friday, "performance", subjects=["sp500"], basis="total", horizons=("ytd",)),
        statistic="ytd",
        against=None,
    )
    fund = pick(
        asked(friday, "performance", subjects=["cap_fund"], horizons=("ytd",)),
        statistic="ytd",
        against=None,
    )
    assert 0.001 < built["value"] - fund["value"] < 0.007
    assert any("look-ahead" in c for c in built["caveats"])


def test_concentration_at_the_end_of_2024(friday: Market) -> None:
    """METHODS 7: Apple 7.6% at end-2024, effective number of names below 50."""
    weights = friday.weights("sp500", "2024-12-31")
    assert weights["weight"].sum() == pytest.approx(1, abs=1e-12)
    assert weights["security"][0] == "AAPL"
    assert weights["weight"][0] == pytest.approx(0.076, abs=0.002)
    rows = asked(friday, "concentration", subjects=["sp500"])
    year_end = [
        r for r in rows if r["statistic"] == "effective_number" and r["end"] == "2024-12-31"
    ]
    assert len(year_end) == 1
    assert 40 < year_end[0]["value"] < 50
    today = pick(rows, statistic="top10", end=FRIDAY)["value"]
    assert 0.35 < today < 0.45


def test_weights_are_the_funds_own_on_the_day_of_its_list(friday: Market, data: object) -> None:
    """On 2025-11-18 the built index holds SPY's published weights: the rolling starts there."""
    import polars as pl

    published = pl.read_parquet(f"{data}/us/fund_holdings_2025-11.parquet").filter(
        (pl.col("fund") == "SPY") & pl.col("ticker").is_in(["NVDA", "AAPL", "MSFT", "BRK.B"])
    )
    ours = dict(friday.weights("sp500", on("2025-11-18")).iter_rows())
    assert len(published) == 4
    for ticker, weight in published.select("ticker", "weight").iter_rows():
        assert ours[ticker.replace(".", "-")] * 100 == pytest.approx(weight, abs=0.03)

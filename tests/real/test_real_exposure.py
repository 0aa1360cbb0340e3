"""Books that are known: what funds hold, against what they track and how they themselves moved."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from paceline.market import Market
from paceline.studies import exposure

HOLDINGS = "us/fund_holdings_2025-11.parquet"


def weighed(market: Market, data: Path, fund: str) -> exposure.Exposure:
    return exposure.weigh(market, data / HOLDINGS, fund=fund)


def test_what_spy_holds_is_the_market(friday: Market, data: Path) -> None:
    """The basket is weighed by the same list: only cash and closes that differ are left."""
    answer = weighed(friday, data, "SPY")
    assert answer.figure("whole", "", "active_share").number < 0.005
    for row in (*answer.active.cuts["size"], *answer.active.cuts["sector"]):
        assert abs(row.active) < 0.002
    for kind in ("size", "sector"):
        assert sum(r.active for r in answer.active.cuts[kind]) == pytest.approx(0, abs=1e-12)
    market = answer.figure("beta", "market", "returns")
    assert market.value == pytest.approx(1, abs=0.015)
    assert answer.figure("beta", "market", "r_squared").number > 0.999
    assert answer.figure("beta", "market", "holdings").number > 1.05, "winners weigh more than then"


def test_what_iwm_holds_moves_as_iwm_does(friday: Market, data: Path) -> None:
    """Its beta to small against large is one; and nearly every day is that of the fund itself."""
    answer = weighed(friday, data, "IWM")
    assert answer.figure("whole", "", "active_share").number > 0.99
    assert answer.figure("beta", "size", "returns").value == pytest.approx(1, abs=0.02)
    assert answer.figure("beta", "size", "holdings").value == pytest.approx(1, abs=0.04)
    fund = exposure.weigh(friday, {"IWM": 1.0})
    for driver in ("market", "size", "style", "concentration"):
        own = fund.figure("beta", driver, "returns").number
        assert answer.figure("beta", driver, "returns").number == pytest.approx(own, abs=0.04)
    assert 0.002 < answer.book.weight("unmatched") < 0.01
    assert {"XTSLA", "MSFUT"} <= set(answer.book.why)


def test_nobody_of_a_fund_is_dropped(friday: Market, data: Path) -> None:
    rows = pl.read_parquet(data / HOLDINGS).filter(pl.col("fund") == "IWM", pl.col("weight") > 0)
    answer = weighed(friday, data, "IWM")
    stated = rows["weight"].sum() / 100
    held = answer.book.weights.sum()
    assert held == pytest.approx(1)
    outside = answer.book.weight("cash")
    assert held - outside == pytest.approx(stated, abs=0.002), "what lacks to the whole is cash"


def test_momentum_and_value_funds_have_their_signs(friday: Market, data: Path) -> None:
    """The momentum line is the market over its past winners: a winners' fund lies at minus one."""
    winners = weighed(friday, data, "MTUM").figure("beta", "momentum", "holdings")
    assert winners.value == pytest.approx(-0.9, abs=0.15)
    value, growth = (
        weighed(friday, data, f).figure("beta", "style", "holdings") for f in ("IWD", "IWF")
    )
    assert value.evidence["low"] > 0.3 and growth.evidence["high"] < -0.3


def test_no_weights_before_they_were_published(data: Path, store: Path) -> None:
    """SPY's list is of 2025-11-18: before it the fund is one holding, not looked through."""
    from real_data import MARKET

    import paceline
    from paceline.errors import NotEnoughData

    early = paceline.open(MARKET, data=data, store=store, as_of="2025-10-31")
    with pytest.raises(NotEnoughData, match="holds nothing on 2025-10-31"):
        early.exposure({"SPY": 0.5, "AAPL": 0.5})

"""Holes and missing members on real data: who is eligible, and whether built indices follow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from real_data import MARKET

import paceline
from paceline import config
from paceline.market import Market
from paceline.signals.sessions import month_ends

#: Funds on the same stocks, weighted by cap without a limit that bites; the others are capped.
FUNDS = {
    "Energy": "XLE",
    "Financials": "XLF",
    "Health Care": "XLV",
    "Industrials": "XLI",
    "Real Estate": "XLRE",
    "Utilities": "XLU",
}


def test_members_without_a_price_are_eligible(data: Path, store: Path) -> None:
    """METHODS 17: on 2024-06-14 503 members, 478 of them with any price."""
    market = paceline.open(MARKET, data=data, store=store, as_of="2024-06-14")
    counted = market.moment.coverage.absent["sp500_equal"]
    assert (int(counted.eligible[-1]), int(counted.absent[-1])) == (503, 25)
    (above,) = market.show("percent_above_average", subjects=["sp500_equal"], window=100)
    assert above.n_eligible == 503
    assert above.n_used is not None
    assert 470 <= above.n_used <= 478
    label = market.labels["sp500_equal"]
    assert any(f"25 of 503 members of {label} have no price" in c for c in above.caveats)
    (found,) = [w for w in market.watched if w.check == "members without any price"]
    assert found.count >= 25


def test_the_built_index_and_its_sectors_follow_what_is_published(friday: Market) -> None:
    """Months since 2024-11: the index within 0.1 of a point, sectors within one of their fund."""
    market = friday.including(list(FUNDS.values()))
    levels = market.all_levels
    ends = month_ends(levels.sessions, levels.sessions)

    def months(name: str, basis: str) -> np.ndarray:
        level = levels.by_basis[basis][levels.names.index(name)][ends]
        return level[1:] / level[:-1] - 1

    for own, other, basis, within in (
        ("sp500", "sp500_index", "price", 0.001),
        ("sp500_equal", "equal_fund", "total", 0.0035),
        *((f"sectors:{s}", fund, "total", 0.01) for s, fund in FUNDS.items()),
    ):
        apart = months(own, basis) - months(other, basis)
        apart = apart[np.isfinite(apart)][-13:]
        assert len(apart) == 13
        assert np.abs(apart).max() < within, (own, apart)
    assert not [w for w in friday.watched if w.check.startswith("built index")]


def test_two_missing_sessions_are_worked_back(data: Path, tmp_path: Path) -> None:
    """The handed case: the three stocks are the index."""
    case = data.parent / "cases" / "data" / "two-session-gap"
    file = config.load(case / "market.toml", case)
    settings = file.market.model_copy(update={"store": str(tmp_path / "store")})
    market = Market(file.model_copy(update={"market": settings}))
    market.import_()
    three, index = (
        market.show("performance", subjects=[n], since="2025-06-02", horizons=("since",))[0]
        for n in ("three", "idx")
    )
    assert three.value == pytest.approx(index.value, abs=1e-6)
    assert any("stand in" in c or "worked back" in c for c in three.caveats)

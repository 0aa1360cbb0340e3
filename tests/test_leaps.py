"""Closes that leap: back the session after, or on volume that knows nothing of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from paceline.market import Market
from paceline.panel import doubts, leaps


def back(returns: list[float], volume: list[float] | None = None, first: int = 0) -> list[int]:
    """The sessions of a close that leapt and came back."""
    fields = {"price_return": np.array([returns])}
    if volume is not None:
        fields["volume"] = np.array([volume])
    marks = leaps.returned(fields, first)["price_return"]
    assert (marks.kind == leaps.RETURNED).all() and not marks.row.any()
    assert len(set(marks.known)) <= 1
    assert not len(marks.known) or marks.known[0] == marks.column[-1], "known on the second"
    return marks.column.tolist()


def test_a_close_that_leaps_and_comes_back_is_marked() -> None:
    quiet = [0.01, -0.01] * 20
    typo = [*quiet, 0.3, 1.01 / 1.3 - 1, 0.01]  # 30% too high, on a day of nothing, then 1%
    assert back(typo) == [40, 41]
    assert back([*quiet, -0.25, 1 / 0.75 - 1]) == [40, 41]
    assert back([*quiet, 0.3]) == back([*quiet, 0.3, 0.0, 1 / 1.3 - 1]) == []
    assert back([*quiet, 0.3, 1.05 / 1.3 - 1]) == [], "five percent of it stayed"
    assert back([*quiet, 0.15, 1 / 1.15 - 1]) == [], "as true prices do in a crash"
    assert back([0.001] * 8 + [0.3, 1 / 1.3 - 1]) == [], "nobody knows yet what is usual"
    wild = [0.05, -0.05] * 20
    assert back([*wild, 0.3, 1 / 1.3 - 1]) == [], "3.5 sigmas"
    volume = [100.0] * 43
    assert back(typo, volume) == [40, 41]
    assert back(typo, [*volume[:40], 500.0, 100.0, 100.0]) == [], "something happened"
    assert back(typo, first=41) == [40, 41] and back(typo, first=42) == []
    assert back([*quiet, 0.3], first=40) == []


def test_a_market_that_leaps_and_comes_back_is_a_market() -> None:
    """Twelve securities that fall by 15% and rise again; one of them by 30%."""
    returns = np.tile([0.01, -0.01] * 21, (12, 1))
    returns[:, 20] = np.linspace(-0.148, -0.152, 12)
    returns[:, 21] = 1 / 0.85 - 1

    def rows() -> set[int]:
        return set(leaps.returned({"price_return": returns})["price_return"].row.tolist())

    assert rows() == set()
    returns[4, 20:22] = [-0.30, 1 / 0.70 - 1]
    assert rows() == {4}
    returns[4, 20:22] = [-0.22, 1 / 0.78 - 1]
    assert rows() == set(), "5.8 sigmas below the others"
    returns = returns[:9]
    assert rows() == {4}, "nine are no market: a fall of 15% may be one"


def test_a_leap_of_six_sigmas_where_the_market_is_known() -> None:
    """Twelve with a daily sigma of 1.48%, of which the others rise by 1% on that session."""
    for leap, expected in ((0.11, {4}), (0.10, set())):
        returns = np.tile([0.01, -0.01] * 21, (12, 1))
        returns[4, 20:22] = [leap, 1 / (1 + leap) - 1]
        marks = leaps.returned({"price_return": returns})["price_return"]
        assert set(marks.row.tolist()) == expected


def quiet(last: float, volume: float, **other: float) -> list[int]:
    """The sessions marked of a series that moves by 1%, with its last return and volume."""
    price = np.array([[0.01, -0.01] * 20 + [last]])
    traded = np.array([[90.0, 110.0] * 20 + [volume]])
    fields = {"price_return": price, "volume": traded}
    sources = None
    if other:
        fields["total_return"] = price + np.where(np.arange(41) == 40, other["more"], 0.0)
        ranks = {name: np.zeros(price.shape, np.int8) for name in ("price_return", "total_return")}
        order = {"price_return": ["a"], "total_return": ["b" if other["of"] else "a"]}
        sources = doubts.Sources(ranks, order)
    marks = leaps.quiet(fields, 0, sources)["price_return"]
    assert (marks.kind == leaps.QUIET).all() and (marks.known == marks.column).all()
    return marks.column.tolist()


def test_a_leap_that_nobody_traded_is_marked() -> None:
    assert quiet(0.3, 100.0) == quiet(-0.3, 140.0) == [40]
    assert quiet(0.3, 160.0) == [], "more than usual was traded"
    assert quiet(0.12, 100.0) == [], "8 sigmas of 1.5% are 12% in logs"
    assert quiet(0.3, 0.0) == quiet(0.3, np.nan) == []
    assert quiet(0.3, 100.0, more=0.01, of=0) == [40]
    assert quiet(0.3, 100.0, more=0.01, of=1) == [], "another source saw it"
    assert quiet(0.3, 100.0, more=-0.3, of=1) == [40], "and did not"


# ---- a market whose caps are close times shares: caps say nothing of a close

N, T = 14, 100
DAYS = [d for i in range(150) if (d := dt.date(2025, 1, 6) + dt.timedelta(i)).weekday() < 5][:T]
NAMES = [f"A{chr(65 + i)}{chr(75 + i)}" for i in range(N)]
MARKET = """
[market]
name = "m"
benchmark = "cap"
universe = "all"
[sources.closes]
table = "prices"
path = "closes.csv"
columns = { security = "ticker", date = "date", close = "close", volume = "volume" }
[sources.shares]
table = "shares"
path = "shares.csv"
columns = { security = "ticker", date = "date", shares = "shares" }
[universes.all]
eligible = { kinds = [] }
[baskets.cap]
universe = "all"
weight = "cap"
rebalance = "none"
"""


def caveats(folder: Path, typo: tuple[int, float] | None, *, volume: bool = True) -> list[str]:
    rng = np.random.default_rng(4)
    closes = np.round(60 * np.cumprod(1 + rng.normal(0, 0.015, (N, T)), axis=1), 2)
    traded = np.round(1e6 * np.exp(rng.normal(0, 0.2, (N, T))))
    if typo is not None:
        closes[4, typo[0]] *= typo[1]
    lines = [
        f"{s},{day},{closes[i, t]:.2f}" + (f",{traded[i, t]:.0f}" if volume else "")
        for i, s in enumerate(NAMES)
        for t, day in enumerate(DAYS)
    ]
    head = "ticker,date,close" + (",volume" if volume else "")
    (folder / "closes.csv").write_text("\n".join([head, *lines]))
    shares = [f"{s},{DAYS[0]},{1e8 + i}" for i, s in enumerate(NAMES)]
    (folder / "shares.csv").write_text("\n".join(["ticker,date,shares", *shares]))
    text = MARKET if volume else MARKET.replace(', volume = "volume"', "")
    (folder / "market.toml").write_text(text)
    market = Market.open(folder / "market.toml")
    market.import_()
    return list(market.show("performance", since=str(DAYS[0]))[0].caveats)


@pytest.mark.parametrize("volume", [True, False])
def test_what_closes_alone_tell(tmp_path: Path, volume: bool) -> None:
    assert caveats(tmp_path, None, volume=volume) == []
    middle = caveats(tmp_path, (70, 1.12), volume=volume)
    assert any("came back the session after" in c and str(DAYS[70]) in c for c in middle)
    end = caveats(tmp_path, (T - 1, 1.30), volume=volume)
    assert any("no more than usual volume" in c and str(DAYS[T - 1]) in c for c in end) == volume

"""Where a value is missing, the reason is the cause: nobody held, or names spelt otherwise."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from paceline.baskets import spelling
from paceline.figures import Figure
from paceline.market import Market

HOLIDAYS = {dt.date(2025, 1, 9), dt.date(2025, 1, 20), dt.date(2025, 2, 17), dt.date(2025, 4, 18)}
EVERY = [dt.date(2025, 1, 2) + dt.timedelta(i) for i in range(130)]
DAYS = [d for d in EVERY if d.weekday() < 5 and d not in HOLIDAYS]
NAMES = ("AAA", "BBB", "CCC", "DDD")
MARKET = """
[market]
name = "m"
benchmark = "all"
universe = "all"
[sources.closes]
table = "prices"
path = "closes.csv"
columns = { security = "ticker", date = "date", close = "close", market_cap = "cap" }
[sources.lists]
table = "members"
path = "members.csv"
[universes.all]
members = "u"
[baskets.all]
universe = "all"
weight = "WEIGHT"
rebalance = "monthly"
"""


def asked(
    folder: Path, members: list[str], since: str, weight: str = "equal", capped: int = 999
) -> tuple[Figure, Market]:
    """The return of all members, of whom the first ``capped`` sessions have a market cap."""
    closes = 100 * np.cumprod(1 + np.random.default_rng(1).normal(0, 0.01, (4, len(DAYS))), axis=1)
    rows = [
        f"{name},{day},{closes[i, t]:.4f},{closes[i, t] * 1e6 if t < capped else ''}"
        for i, name in enumerate(NAMES)
        for t, day in enumerate(DAYS)
    ]
    (folder / "closes.csv").write_text("\n".join(["ticker,date,close,cap", *rows]))
    (folder / "members.csv").write_text("\n".join(["universe,security,start,end", *members]))
    (folder / "market.toml").write_text(MARKET.replace("WEIGHT", weight))
    market = Market.open(folder / "market.toml")
    market.import_()
    return market.show("performance", subjects=["all"], since=since)[0], market


def test_a_gap_in_a_list_of_members_holds_nobody(tmp_path: Path) -> None:
    spells = [
        f"u,{n},{start},{end}"
        for n in NAMES
        for start, end in (("2024-01-02", "2025-03-03"), ("2025-04-01", ""))
    ]
    figure, _ = asked(tmp_path, spells, "2025-01-06")
    why = "all holds nobody on 21 sessions (2025-03-03 to 2025-03-31)"
    assert figure.value is None and figure.caveats[0] == f"no value: {why}"
    assert not any("no return" in c for c in figure.caveats)
    later, _ = asked(tmp_path, spells, "2025-04-21")
    assert later.value is not None and not any("nobody" in c for c in later.caveats)


def test_caps_that_end_end_a_basket_by_cap(tmp_path: Path) -> None:
    spells = [f"u,{n},2024-01-02," for n in NAMES]
    figure, _ = asked(tmp_path, spells, "2025-01-06", "cap", capped=5)
    why = "no value: all ended on 2025-01-31, the last day on which it held anybody"
    assert figure.value is None and why in figure.caveats


HELD = """
[sources.held]
table = "holdings"
path = "held.csv"
columns = { fund = "fund", security = "security", date = "date", weight = "weight" }
"""


@pytest.mark.parametrize("after", [1, 300])
def test_holdings_after_the_last_session_name_their_day_and_a_remedy(
    tmp_path: Path, after: int
) -> None:
    asked(tmp_path, [f"u,{n},," for n in NAMES], "2025-01-06")
    last = DAYS[-1]
    day = last + dt.timedelta(after)
    rows = [f"F,{n},{day},0.25" for n in NAMES]
    (tmp_path / "held.csv").write_text("\n".join(["fund,security,date,weight", *rows]))
    text = MARKET.replace("WEIGHT", "cap") + HELD
    text = text.replace('members = "u"', 'members = "u"\nholdings = "F"\nroll = "both"')
    said = (
        f"the first of F count from {day} on, after the last session, {last}",
        f'leave out the date column and state constants = {{ date = "{last}" }}',
    )
    stated = text.replace('date = "date", weight', "weight")
    stated += f'constants = {{ date = "{last}" }}\n'
    for declared, works in ((text, False), (stated, True)):
        (tmp_path / "market.toml").write_text(declared)
        market = Market.open(tmp_path / "market.toml")
        market.import_()
        (figure,) = market.show("performance", subjects=["all"], since="2025-01-06")[:1]
        assert (figure.value is not None) == works
        for one in said:
            assert any(one in c for c in figure.caveats) != works


def test_a_list_in_another_spelling_says_so(tmp_path: Path) -> None:
    figure, market = asked(tmp_path, [f"u,{n}.N,2024-01-02," for n in NAMES], "2025-01-06")
    why = "AAA.N, BBB.N, CCC.N, ... against AAA, BBB, CCC, ...; AAA.N may be AAA"
    assert any(c.endswith(why) for c in figure.caveats), figure.caveats
    (found,) = [w for w in market.watched if w.check == "members without any price"]
    assert "AAA.N may be AAA" in found.remedy and "rename" in found.remedy
    some = [f"u,{n},2024-01-02," for n in (*NAMES[:3], "DDD US Equity", "ZZZ")]
    _, market = asked(tmp_path, some, "2025-01-06")
    (found,) = [w for w in market.watched if w.check == "members without any price"]
    assert "Spelt otherwise? DDD US Equity may be DDD:" in found.remedy


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("AAA.N", "AAA"),
        ("AAA US Equity", "AAA"),
        ("NASDAQ:AAA", "AAA"),
        ("aaa", "AAA"),
        ("5930", "005930"),
        ("005930.KS", "005930"),
        ("BRK.B", "BRK-B"),
        ("BRK/B", "BRK-B"),
        ("AAAB", None),
        ("ZZZ", None),
    ],
)
def test_spellings_of_one_security(name: str, ours: str | None) -> None:
    pairs = spelling.alike([name], ["AAA", "005930", "BRK-B"])
    assert pairs == ([(name, ours)] if ours else [])

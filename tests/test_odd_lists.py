"""Lists and classes that are wrong in a way nothing else shows: said on every figure they touch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from paceline.market import Market
from paceline.quality import _lists
from test_true_causes import DAYS

NAMES = [f"S{n:02d}" for n in range(14)]
MARKET = """
[market]
name = "m"
benchmark = "all"
universe = "all"
[sources.closes]
table = "prices"
path = "closes.csv"
options = { wide = true }
[sources.list]
table = "members"
path = "members.csv"
constants = { universe = "u" }
[sources.classes]
table = "classes"
path = "classes.csv"
constants = { scheme = "g" }
[universes.all]
members = "u"
[baskets.all]
universe = "all"
weight = "equal"
[groups.sectors]
universe = "all"
by = "sector"
weight = "equal"
"""
MEMBERS = tuple(f"{n},2025-01-02," for n in NAMES)
CLASSES = tuple(f"{n},{'Energy' if k < 7 else 'Technology'}" for k, n in enumerate(NAMES))
#: Growth of each security over the days, from 14 steps of a tenth of a percent on.
GROWTH = 1 + np.arange(1, 15) / 1000


def opened(
    folder: Path,
    members: Sequence[str] = MEMBERS,
    classes: Sequence[str] = CLASSES,
    priced: Sequence[str] = NAMES,
) -> Market:
    """Fourteen securities, S00 to S13, that grow by 0.1% to 1.4% a session."""
    own = [NAMES.index(n) for n in priced]
    rows = [
        f"{day}," + ",".join(f"{100 * GROWTH[k] ** t:.6f}" for k in own)
        for t, day in enumerate(DAYS)
    ]
    (folder / "closes.csv").write_text("\n".join(["Date," + ",".join(priced), *rows]))
    (folder / "members.csv").write_text("\n".join(["security,start,end", *members]))
    (folder / "classes.csv").write_text("\n".join(["security,sector", *classes]))
    (folder / "market.toml").write_text(MARKET)
    market = Market.open(folder / "market.toml")
    market.import_()
    return market


def said(market: Market, name: str, since: str = "2025-05-01") -> tuple[str, ...]:
    """The caveats of a basket's return."""
    return market.show("performance", subjects=[name], since=since)[0].caveats


def found(market: Market, check: str) -> list[str]:
    """The examples of the findings of that name."""
    return [r["example"] for r in market.findings().to_dicts() if r["check"] == check]


def test_sound_lists_are_not_accused(tmp_path: Path) -> None:
    market = opened(tmp_path)
    words = ("sector", "successors", "price", "aside", "letter")
    for name in ("all", "sectors:Energy", "sectors:Technology"):
        assert not [c for c in said(market, name) if any(w in c for w in words)]


@pytest.mark.parametrize(
    ("classed", "caveat"),
    [
        (13, "1 of 14 members of all has no sector on 2025-03-21: no basket of a sector holds it"),
        (12, "2 of 14 members of all have no sector on 2025-03-21: no basket of a sector holds"),
    ],
)
def test_a_member_without_price_and_class_is_in_no_sector(
    tmp_path: Path, classed: int, caveat: str
) -> None:
    market = opened(tmp_path, classes=CLASSES[:classed], priced=NAMES[:13])
    for name in ("sectors:Energy", "sectors:Technology"):
        assert any(c.startswith(caveat) for c in said(market, name)), said(market, name)


def test_total_is_no_sector(tmp_path: Path) -> None:
    market = opened(tmp_path, classes=[*(f"{n},Total" for n in NAMES), *CLASSES])
    assert market.groups["sectors"] == ["sectors:Energy", "sectors:Technology"]
    assert found(market, "sector that names the whole") == ["S00: 'Total'"]
    assert not [c for c in said(market, "sectors:Energy") if "sector" in c]


def test_who_is_in_total_alone_is_in_no_sector(tmp_path: Path) -> None:
    market = opened(tmp_path, classes=[*CLASSES[:-1], "S13,BENCHMARK"])
    (caveat,) = [c for c in said(market, "sectors:Technology") if "sector" in c]
    assert caveat.startswith("1 of 14 members of all has no sector")


def test_a_sector_misspelt_once_is_said(tmp_path: Path) -> None:
    market = opened(tmp_path, classes=[*CLASSES[:-1], "S13,Tecnology"])
    for name in ("sectors:Energy", "sectors:Technology", "sectors:Tecnology"):
        assert any("'Tecnology' of 1 beside 'Technology' of 6" in c for c in said(market, name))


def test_sectors_that_differ_in_signs_are_one(tmp_path: Path) -> None:
    ways = ("Oil and Gas", "Oil & gas", "Oil-&-Gas", "Oil &Gas", *["Oil & Gas"] * 3)
    market = opened(tmp_path, classes=[f"{n},{w}" for n, w in zip(NAMES, ways * 2, strict=True)])
    assert market.groups["sectors"] == ["sectors:Oil & Gas"]
    assert len(found(market, "sector in another spelling")) == 1


@pytest.mark.parametrize(
    ("a", "b", "one"),
    [
        ("tecnology", "technology", True),
        ("techonlogy", "technology", True),
        ("tachnology", "technology", True),
        ("technologyy", "technology", True),
        ("industrial", "industrials", True),
        ("it servces", "it services", True),
        ("consumer foods", "consumer goods", False),
        ("class a", "class b", False),
        ("sector 1", "sector 2", False),
        ("tier ii", "tier i", False),
        ("bank", "banc", False),
        ("energy", "energy", False),
        ("diversified banks", "diversified reits", False),
    ],
)
def test_one_letter_of_a_long_word(a: str, b: str, one: bool) -> None:
    assert _lists._one_letter(a, b) is one and _lists._one_letter(b, a) is one


@pytest.mark.parametrize("start", ["2030-07-01", "2025-08-01"])
def test_a_membership_that_begins_after_the_prices_is_said(tmp_path: Path, start: str) -> None:
    market = opened(tmp_path, members=[*MEMBERS[:-1], f"S13,{start},"])
    caveat = (
        f"1 membership of all begins long after the last price (S13 on {start}): it is not counted"
    )
    assert all(caveat in said(market, name) for name in ("all", "sectors:Energy"))
    assert found(market, "memberships that begin after the last price") == [f"S13 on {start}"]


def test_an_announced_member_is_no_caveat(tmp_path: Path) -> None:
    market = opened(tmp_path, members=[*MEMBERS, "S14,2025-05-20,"])
    assert not [c for c in said(market, "all") if "membership" in c]


@pytest.mark.parametrize("row", ["S13,soon,", "S13,0202-01-02,", "S13,2025-01-02,1925-03-14"])
def test_a_row_of_a_list_that_is_set_aside_is_said(tmp_path: Path, row: str) -> None:
    market = opened(tmp_path, members=[*MEMBERS[:-1], row])
    caveats = said(market, "all")
    assert any(c.startswith("list: 1 row of members is set aside, first S13: ") for c in caveats)


@pytest.mark.parametrize(("gone", "told"), [(4, True), (3, False)])
def test_a_list_that_is_cut_off_is_said_from_that_day_on(
    tmp_path: Path, gone: int, told: bool
) -> None:
    left = [f"{n},2025-01-02,2025-03-14" for n in NAMES[-gone:]]
    market = opened(tmp_path, members=[*MEMBERS[:-gone], *left])
    caveat = (
        "the list u has 4 of its 14 members less from 2025-03-14 on, without successors: "
        "was it cut off?"
    )
    assert (caveat in said(market, "sectors:Energy")) is told
    before = Market.open(tmp_path / "market.toml", as_of="2025-03-13")
    assert caveat not in said(before, "all", "2025-02-03")
    assert len(found(market, "list that becomes shorter by a quarter at once")) == told


def test_members_that_are_replaced_are_no_cut(tmp_path: Path) -> None:
    left = [f"{n},2025-01-02,2025-03-14" for n in NAMES[-5:]]
    joined = [f"{n},2025-03-14," for n in NAMES[5:9]]
    start = [f"{n},2025-01-02," for n in NAMES[:5]]
    market = opened(tmp_path, members=[*start, *left, *joined])
    assert not [c for c in said(market, "all") if "cut off" in c]

"""Lists of classes and holdings that lack some: said on the figures that rest on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from paceline.market import Market

MARKET = """
[market]
name = "m"
benchmark = "all"
universe = "all"
[sources.closes]
table = "prices"
path = "closes.csv"
options = { wide = true }
[sources.classes]
table = "classes"
path = "classes.csv"
[sources.weights]
table = "holdings"
path = "holdings.csv"
constants = { fund = "F", date = 2025-12-01 }
[universes.all]
eligible = { kinds = [] }
holdings = "F"
[baskets.all]
universe = "all"
weight = "equal"
rebalance = "none"
[baskets.fund]
universe = "all"
weight = "cap"
rebalance = "none"
[groups.sectors]
universe = "all"
by = "sector"
weight = "equal"
rebalance = "none"
"""
CLOSES = """Date,AAA,BBB,CCC,DDD
2025-12-01,100,100,100,100
2025-12-02,101,102,103,104
"""


def said(folder: Path, name: str, classes: str, weights: str) -> tuple[float, tuple[str, ...]]:
    """Return of the 2nd, and caveats."""
    (folder / "market.toml").write_text(MARKET)
    (folder / "closes.csv").write_text(CLOSES)
    (folder / "classes.csv").write_text("scheme,security,sector\n" + classes)
    (folder / "holdings.csv").write_text("security,weight\n" + weights)
    market = Market.open(folder / "market.toml")
    market.import_()
    figure = market.show("performance", subjects=[name], since="2025-12-01")[0]
    return figure.number, figure.caveats


ENERGY = "g,AAA,Energy\ng,BBB,Energy\n"
WHOLE = "AAA,0.5\nBBB,0.3\nCCC,0.16\n"
CLASSES = "{} of 4 members of all {} no sector on 2025-12-01: no basket of a sector holds {}"


@pytest.mark.parametrize(
    ("more", "caveat"),
    [
        ("g,CCC,Materials\ng,DDD,Materials\n", None),
        ("g,CCC,Materials\n", CLASSES.format(1, "has", "it")),
        ("", CLASSES.format(2, "have", "them")),
    ],
)
def test_members_without_a_sector_are_counted(
    tmp_path: Path, more: str, caveat: str | None
) -> None:
    value, caveats = said(tmp_path, "sectors:Energy", ENERGY + more, WHOLE)
    assert value == pytest.approx(0.015)
    assert [c for c in caveats if "no sector" in c] == ([caveat] if caveat else [])


@pytest.mark.parametrize(
    ("weights", "value", "total"),
    [
        (WHOLE, (0.5 * 1 + 0.3 * 2 + 0.16 * 3) / 96, None),  # cash of 4%
        ("AAA,0.5\nBBB,0.3\nZZZ,0.2\n", (0.5 * 1 + 0.3 * 2) / 80, None),  # one without a price
        ("AAA,0.2\nBBB,0.2\n", 0.015, "40.0%"),  # a download that broke off
        ("AAA,0.7\nBBB,0.7\n", 0.015, "140.0%"),
    ],
)
def test_weights_of_a_fund_that_do_not_add_up_are_said(
    tmp_path: Path, weights: str, value: float, total: str | None
) -> None:
    number, caveats = said(tmp_path, "fund", ENERGY, weights)
    assert number == pytest.approx(value)
    expected = [f"weights of F on 2025-12-01 add up to {total}"] if total else []
    assert [c for c in caveats if "add up" in c] == expected

"""Settings that would do nothing, or contradict one another, are refused when the file is read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from paceline.config import Basket
from paceline.errors import MarketFileError
from paceline.market import Market

MARKET = """
[market]
name = "m"
benchmark = "b"
ORDER
[sources.p]
table = "prices"
path = "p.csv"
columns = { security = "security", date = "date", close = "close" }
[sources.q]
table = "prices"
path = "q.csv"
columns = { security = "security", date = "date", close = "close" }
[baskets.b]
BASKET
"""
LONE, RULED = 'instrument = "A"\n', "[universes.u]\n"
LISTED = '[sources.l]\ntable = "members"\npath = "l.csv"\n'
GIVEN = 'securities = ["A", "B"]\nweight = "given"\nweights = '


@pytest.mark.parametrize(
    ("order", "basket", "said"),
    [
        ('order = { closes = ["q", "p"] }', "", "Did you mean 'close'"),
        ('order = { adjusted_close = ["q", "p"] }', "", "unknown price field 'adjusted_close'"),
        (
            'order = { close = ["q", "p"], price_return = ["p", "q"] }',
            "",
            "close and price_return come from one source",
        ),
        ("", 'securities = ["A", "B"]\nweights = { A = 0.9, B = 0.1 }', 'weight = "given" alone'),
        ("", GIVEN + "{ A = 0.9, C = 0.1 }", "names C, none of its securities"),
        ("", GIVEN + "{ A = 1.0 }", "weights lacks B"),
        ("", LONE + "[published]\nc = 'A'", "published.c: unknown basket 'c'"),
        ("", LONE + "[published]\nb = 'b'", "'A' is compared with itself"),
        ("", LONE + "[published]\nb = 'A'", "'A' is compared with itself"),
        ("", LONE + LISTED + "valid = 2199-01-01", "valid: a day that has not come"),
        ("", LONE + LISTED + "max_age = 9", "max_age counts from valid"),
        ("", LONE + LISTED + "true_jumps = { A = [2025-09-12] }", "true_jumps counts with"),
        ("", LONE + LISTED + "dialect = 'returns'", "dialect counts with table ="),
        (
            "",
            LONE + LISTED.replace("members", "shares") + "valid = 2025-01-01",
            "valid counts with",
        ),
        ("", LONE + RULED + "members = 'm'\nrank = [1, 3]", "rank counts with eligible"),
        ("", LONE + RULED + "members = 'm'\nband = 0.1", "band counts with eligible"),
        ("", LONE + RULED + "members = 'm'\nreconstitution = 'annual'", "reconstitution counts"),
        ("", LONE + RULED + "members = 'm'\nroll = 'both'", "roll counts with holdings alone"),
        ("", LONE + RULED + "eligible = {}\nband = 0.1", "band counts with rank alone"),
        ("", GIVEN + "{ A = 0.7, B = 0.7 }", "weights add up to 1.4, not to 1: "),
        ("", GIVEN + "{ A = 0.4, B = 0.5 }", "weights add up to 0.9, not to 1: "),
        ("", GIVEN + "{ A = 70, B = 70 }", "weights add up to 140, not to 100: "),
        ("", GIVEN + "{ A = 7.5, B = 90 }", "weights add up to 97.5, not to 100: "),
        ("", 'instrument = "A"\ncap_limit = 0.1', "cap_limit has no meaning"),
    ],
)
def test_a_setting_without_meaning(tmp_path: Path, order: str, basket: str, said: str) -> None:
    text = MARKET.replace("ORDER", order).replace("BASKET", basket or 'instrument = "A"')
    (tmp_path / "market.toml").write_text(text)
    with pytest.raises(MarketFileError, match=said):
        Market.open(tmp_path / "market.toml")


PROPORTIONS = ((1, 1), (3, 1), (0.996, 0.0), (60.4, 40), (1500, 20), (2.5, 1), (9, 8))


@pytest.mark.parametrize("given", PROPORTIONS)
def test_weights_that_add_up_or_are_proportions(given: tuple[float, float]) -> None:
    basket = {"securities": ["A", "B"], "weight": "given"}
    Basket.model_validate({**basket, "weights": dict(zip("AB", given, strict=True))})


@pytest.mark.parametrize(
    ("weights", "expected", "said"),
    [
        ("{ A = 0.5, B = 0.5 }", 0.075, ""),
        ("{ A = 0.985, Z = 0.015 }", 0.05, "no price of Z on 2025-09-11: 1.5% of the weight given"),
        ("{ A = 3, Z = 1 }", None, "no value: no return for 25.0% of the weight of b on 2025-09"),
        ("{ A = 0.9, GONE = 0.1 }", 0.05, ""),  # delisted: its weight goes to the others
    ],
)
def test_the_weight_of_a_security_without_a_price_is_missing(
    tmp_path: Path, weights: str, expected: float | None, said: str
) -> None:
    names = json.dumps(re.findall("[A-Z]+(?= =)", weights))
    basket = f'securities = {names}\nweight = "given"\nweights = {weights}\n'
    text = MARKET.replace("ORDER", "").replace("BASKET", basket)
    actions = '[sources.a]\ntable = "actions"\npath = "a.csv"\n'
    (tmp_path / "market.toml").write_text(text + actions)
    (tmp_path / "a.csv").write_text("security,date,kind\nGONE,2025-09-10,delisting\n")
    rows = "A,2025-09-11,100\nA,2025-09-12,105\nB,2025-09-11,50\nB,2025-09-12,55\n"
    for name in "pq":
        (tmp_path / f"{name}.csv").write_text("security,date,close\n" + rows)
    market = Market.open(tmp_path / "market.toml")
    market.import_()
    (figure,) = market.show("performance", horizons=("1d",))
    assert figure.value == (expected and pytest.approx(expected))
    assert said in " ".join(figure.caveats)
    assert ("no price of" in " ".join(figure.caveats)) == bool(said)


ROWS = "security,date,close\nA,2025-09-11,100\nA,2025-09-12,105\n"


def test_options_of_another_table_and_published_names_that_nobody_has(tmp_path: Path) -> None:
    text = MARKET.replace("ORDER", "").replace("BASKET", LONE)
    for name in "pq":
        (tmp_path / f"{name}.csv").write_text(ROWS)
    (tmp_path / "market.toml").write_text(text + "[published]\nb = 'SPX'\n")
    market = Market.open(tmp_path / "market.toml")
    market.import_()
    with pytest.raises(MarketFileError, match=r"published\.b: unknown basket or security 'SPX'"):
        market.show("performance", horizons=("1d",))
    lagging = text.replace('path = "p.csv"', 'path = "p.csv"\noptions = { lag_days = 5 }')
    (tmp_path / "market.toml").write_text(lagging)
    with pytest.raises(MarketFileError, match="lag_days counts with table = 'fundamentals' alone"):
        Market.open(tmp_path / "market.toml").import_()


def test_true_jumps_without_a_row_are_found(tmp_path: Path) -> None:
    days = "A = [2025-09-12, 2025-09-13], B = [2025-09-12]"
    text = MARKET.replace("ORDER", "").replace("BASKET", LONE)
    text = text.replace('path = "p.csv"', f'path = "p.csv"\ntrue_jumps = {{ {days} }}')
    for name in "pq":
        (tmp_path / f"{name}.csv").write_text(ROWS)
    (tmp_path / "market.toml").write_text(text)
    market = Market.open(tmp_path / "market.toml")
    market.import_()
    (found,) = market.findings().filter(check="true_jumps without a row of prices").to_dicts()
    assert (found["count"], found["example"]) == (2, "A 2025-09-13, B 2025-09-12")


def test_the_order_of_closes_is_that_of_their_returns(tmp_path: Path) -> None:
    order = 'order = { close = ["q", "p"] }'
    text = MARKET.replace("ORDER", order).replace("BASKET", 'instrument = "A"')
    (tmp_path / "market.toml").write_text(text)
    for name, last in (("p", 105), ("q", 110)):
        rows = f"security,date,close\nA,2025-09-11,100\nA,2025-09-12,{last}\n"
        (tmp_path / f"{name}.csv").write_text(rows)
    market = Market.open(tmp_path / "market.toml")
    market.import_()
    (figure,) = market.show("performance", horizons=("1d",))
    assert figure.value == pytest.approx(0.1)

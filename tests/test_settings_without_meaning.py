"""Settings that would do nothing, or contradict one another, are refused when the file is read."""

from __future__ import annotations

from pathlib import Path

import pytest

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
        ("", 'instrument = "A"\ncap_limit = 0.1', "cap_limit has no meaning"),
    ],
)
def test_a_setting_without_meaning(tmp_path: Path, order: str, basket: str, said: str) -> None:
    text = MARKET.replace("ORDER", order).replace("BASKET", basket or 'instrument = "A"')
    (tmp_path / "market.toml").write_text(text)
    with pytest.raises(MarketFileError, match=said):
        Market.open(tmp_path / "market.toml")


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

"""Where a value is missing its reason stands at the same place: rows, JSON, the report."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import paceline
from fakes import weekdays
from paceline.cli import main

MARKET = """
[market]
name = "small"
benchmark = "idx"
universe = "all"
[sources.px]
table = "prices"
path = "long.csv"
columns = { security = "Symbol", date = "Date", close = "Close" }
options = { also_securities = { kind = "common" } }
[universes.all]
eligible = { kinds = ["common"] }
reconstitution = "monthly"
[baskets.idx]
instrument = "IDX"
[baskets.equal]
universe = "all"
weight = "equal"
[baskets.capped]
universe = "all"
weight = "cap"
[rotations.pair]
lead = "equal"
against = "idx"
"""


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> paceline.api.OpenMarket:
    """Three stocks without market caps, 80 sessions."""
    folder = tmp_path_factory.mktemp("small")
    lines = ["Date,Symbol,Close"]
    for n, day in enumerate(weekdays("2025-08-01", 80)):
        lines += [f"{day},{s},{100 + k * n % 17}" for k, s in enumerate(("IDX", "AAA", "BBB"), 1)]
    (folder / "long.csv").write_text("\n".join(lines))
    (folder / "market.toml").write_text(MARKET)
    opened = paceline.open(folder / "market.toml")
    opened.ensure()
    return opened


REASON = "none of its 3 members has a market cap to weigh by"


@pytest.mark.parametrize(
    "measure",
    ["performance", "percent_above_average", "contributions", "concentration", "new_highs_lows",
     "record_highs", "dispersion", "streaks"],
)  # fmt: skip
def test_a_basket_without_members_has_a_row_that_says_why(
    market: paceline.api.OpenMarket, measure: str
) -> None:
    figures = market.show(measure, subjects=["capped"])
    assert figures
    for figure in figures:
        assert figure.value is None
        assert any(REASON in caveat for caveat in figure.caveats), figure.caveats


def test_a_subject_of_no_pair_is_told(market: paceline.api.OpenMarket) -> None:
    told = [f.caveats for f in market.show("relative_strength", subjects=["AAA"])]
    assert any("no rotation of the market file has AAA as a leg" in c for c in told[0])


def test_equal_weights_have_values(market: paceline.api.OpenMarket) -> None:
    assert any(f.value is not None for f in market.show("performance", subjects=["equal"]))


def test_doctor_lists_baskets_without_members(market: paceline.api.OpenMarket) -> None:
    rows = market.findings().filter(pl.col("check") == "basket without members").to_dicts()
    assert [row["source"] for row in rows] == ["capped"]
    assert REASON in rows[0]["example"]


def test_a_class_that_nobody_is_in_is_a_finding(tmp_path: Path) -> None:
    """Beside others in a list it stops nothing, but the reader is told; alone it is an error."""
    rows = "".join(f"{s},Energy,2020-01-01\n" for s in ("AAA", "BBB"))
    (tmp_path / "classes.csv").write_text("security,sector,start\n" + rows)
    days = "".join(f"{d},{s},{100 + n}\n" for n, d in enumerate(weekdays("2025-08-01", 30))
                   for s in ("IDX", "AAA", "BBB"))  # fmt: skip
    (tmp_path / "long.csv").write_text("Date,Symbol,Close\n" + days)
    classes = (
        '[sources.gics]\ntable = "classes"\npath = "classes.csv"\n'
        'constants = { scheme = "gics" }\n'
        'columns = { security = "security", sector = "sector", start = "start" }\n'
    )
    energy = '[baskets.energy]\nuniverse = "all"\nweight = "equal"\nsector = ["Energy", "Enregy"]\n'
    (tmp_path / "market.toml").write_text(f"{MARKET}{classes}{energy}")
    market = paceline.open(tmp_path / "market.toml")
    market.ensure()
    (row,) = [r for r in market.findings().to_dicts() if r["check"] == "class without securities"]
    assert (row["source"], row["example"]) == ("baskets.energy.sector", "Enregy")
    assert "'Energy'" in row["remedy"]
    assert len(market.weights("energy")) == 2


def test_a_benchmark_without_a_price_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    text = MARKET.replace('instrument = "IDX"', 'instrument = "NOPE"')
    lines = "".join(f"{d},AAA,100\n" for d in weekdays("2025-08-01", 5))
    (tmp_path / "long.csv").write_text("Date,Symbol,Close\n" + lines)
    (tmp_path / "market.toml").write_text(text)
    market = paceline.open(tmp_path / "market.toml")
    market.ensure()
    (idx,) = market.show("performance", subjects=["idx"], horizons=["1d"])
    assert idx.value is None and any("NOPE has no price" in c for c in idx.caveats)
    (equal,) = market.show("performance", subjects=["equal"], horizons=["1d"])
    assert equal.value == 0  # 100 to 100


def test_a_security_that_no_source_prices_is_a_finding(tmp_path: Path) -> None:
    """An instrument, and one of a list, each under its basket; who has a price is not named."""
    lines = "".join(f"{d},{s},100\n" for d in weekdays("2025-08-01", 5) for s in ("IDX", "AAA"))
    (tmp_path / "long.csv").write_text("Date,Symbol,Close\n" + lines)
    more = (
        '[baskets.gone]\ninstrument = "NOPE"\nlabel = "The fund that went"\n'
        '[baskets.some]\nuniverse = "all"\nweight = "equal"\nsecurities = ["ZZZ", "AAA", "YYY"]\n'
    )
    (tmp_path / "market.toml").write_text(f"{MARKET}{more}")
    market = paceline.open(tmp_path / "market.toml")
    market.ensure()
    found = market.findings().filter(pl.col("check").str.starts_with("security named in the"))
    assert found.select("source", "count", "example").rows() == [
        ("gone", 1, "NOPE up to 2025-08-07"),
        ("some", 2, "ZZZ, YYY up to 2025-08-07"),
    ]
    (gone,) = market.show("performance", subjects=["gone"], horizons=["1d"])
    assert "no value: The fund that went has no price return level" in gone.caveats


def test_a_market_that_cannot_be_assembled_is_a_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one finding there is then says why, and what to do; what imports found stays."""
    lines = "".join(f"{d},{s},100\n" for d in weekdays("2025-08-01", 5) for s in ("IDX", "AAA"))
    (tmp_path / "long.csv").write_text("Date,Symbol,Close\n" + lines)
    two = (
        '[baskets.one]\nuniverse = "all"\nminus = "two"\n'
        '[baskets.two]\nuniverse = "all"\nminus = "one"\n'
    )
    path = tmp_path / "market.toml"
    path.write_text(f"{MARKET}{two}")
    market = paceline.open(path)
    market.ensure()
    imported = market.stored.findings().height
    rows = market.findings().to_dicts()
    assert len(rows) == imported + 1
    assert rows[-1]["check"] == "market cannot be assembled"
    assert "one -> two -> one" in rows[-1]["example"]
    assert rows[-1]["remedy"] == "Take one of union, minus or intersect out of it."
    assert main(["doctor", "--market", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["findings"]
    assert told[-1]["check"] == "market cannot be assembled" and told[-1]["load"] is None

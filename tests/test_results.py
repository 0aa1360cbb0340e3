"""Results of measures that are kept: read again where nothing has changed, and nowhere else."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from paceline import engine
from paceline.figures import Figure
from paceline.market import Market
from series_market import DAYS, change, market, sound

ASKED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("percent_above_average", {"window": 50}),
    ("performance", {}),
    ("new_highs_lows", {"window": 120}),
    ("swing_lows", {"history": True}),
    ("correlation_regime", {}),
)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Names of the measures that were run, in order."""
    seen: list[str] = []
    run = engine.evaluate

    def counted(measure: Any, *args: Any) -> Any:
        seen.append(measure.name)
        return run(measure, *args)

    monkeypatch.setattr(engine, "evaluate", counted)
    yield seen


def told(of: Market) -> list[list[tuple[object, ...]]]:
    def one(f: Figure) -> tuple[object, ...]:
        return (f.step.id, str(f.value), f.start, f.end, f.n_used, f.caveats, str(f.extra))

    return [[one(f) for f in of.show(name, **how)] for name, how in ASKED]


def test_what_is_kept_is_what_would_be_made(tmp_path: Path, runs: list[str]) -> None:
    first = told(market(tmp_path))
    assert runs == [name for name, _ in ASKED]
    again = told(Market.open(tmp_path / "market.toml"))
    assert len(runs) == len(ASKED), "nothing is run a second time"
    assert again == first
    home = Market.open(tmp_path / "market.toml").store.cache.folder / "results"
    assert len(list(home.iterdir())) == len(ASKED)
    for part in home.iterdir():  # whatever is damaged is made again
        for array in part.glob("*.npy"):
            data = bytearray(array.read_bytes())
            data[-1] ^= 1
            array.write_bytes(data)
    assert told(Market.open(tmp_path / "market.toml")) == first
    assert len(runs) == 2 * len(ASKED)
    shutil.rmtree(home)
    assert told(Market.open(tmp_path / "market.toml")) == first


def _setting(folder: Path) -> None:
    path = folder / "market.toml"
    path.write_text(path.read_text() + "[measures.percent_above_average]\nwindow = 100\n")


def _basket(folder: Path) -> None:
    path = folder / "market.toml"
    path.write_text(path.read_text().replace('weight = "equal"', 'weight = "inverse_volatility"'))


def _data(folder: Path) -> None:
    closes = change(sound()["stocks"], "S03", slice(390, 391), close=pl.col("close") * 1.001)
    closes.write_parquet(folder / "stocks.parquet")
    Market.open(folder / "market.toml").import_()


@pytest.mark.parametrize("changed", [_setting, _basket, _data])
def test_whatever_it_rests_on_asks_it_again(
    tmp_path: Path, runs: list[str], changed: Callable[[Path], None]
) -> None:
    before = market(tmp_path).show("percent_above_average")
    assert runs == ["percent_above_average"]
    changed(tmp_path)
    after = Market.open(tmp_path / "market.toml").show("percent_above_average")
    assert runs == ["percent_above_average"] * 2
    assert {f.step.id for f in before}.isdisjoint({f.step.id for f in after})


def test_another_day_another_parameter_and_a_security_beside_are_other_questions(
    tmp_path: Path, runs: list[str]
) -> None:
    market(tmp_path).show("performance")
    Market.open(tmp_path / "market.toml", as_of=str(DAYS[350])).show("performance")
    Market.open(tmp_path / "market.toml").show("performance", horizons=["1w"])
    Market.open(tmp_path / "market.toml").show("performance", subjects=["S05"])
    assert runs == ["performance"] * 4


def test_a_store_put_back_from_a_copy_beside_its_newer_cache_is_asked_again(tmp_path: Path) -> None:
    rates = """
[sources.rates]
table = "series"
path = "rates.csv"
columns = { series = "series", date = "date", value = "value" }
"""
    first = [f"T10Y2Y,{day},1.0" for day in DAYS]

    def last_of(rate: float) -> object:
        rows = [*first[:-1], f"T10Y2Y,{DAYS[-1]},{rate}"]
        (tmp_path / "rates.csv").write_text("\n".join(["series,date,value", *rows]))
        opened = Market.open(tmp_path / "market.toml")
        opened.import_()
        return opened.show("macro", series=["T10Y2Y"])[0].value

    market(tmp_path)
    text = (tmp_path / "market.toml").read_text()
    (tmp_path / "market.toml").write_text(text + rates)
    assert last_of(1.0) == 1.0
    store = Market.open(tmp_path / "market.toml").store
    home, cache, copied = store.path, store.cache.folder, tmp_path / "copied"
    shutil.copytree(home, copied)
    assert last_of(5.0) == 5.0
    shutil.move(cache, tmp_path / "newer")
    shutil.rmtree(home)
    shutil.move(copied, home)
    shutil.rmtree(cache)
    shutil.move(tmp_path / "newer", cache)
    assert last_of(9.0) == 9.0  # the same number of the load as that of 5.0

"""Asked before the first price: what has not begun has no value and says so; the others go on."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

import paceline
import tiny_market as tiny
from paceline.errors import NotEnoughData
from paceline.market import Market


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A market whose company FFF was listed on its hundredth session; and its sessions."""
    path = tiny.write(tmp_path_factory.mktemp("late"))
    prices = path.parent / "data" / "prices.csv"
    lines = prices.read_text().splitlines()
    days = sorted({line.split(",")[1] for line in lines[1:]})
    kept = [n for n in lines if not (n.startswith("FFF") and n.split(",")[1] < days[99])]
    prices.write_text("\n".join(kept) + "\n")
    baskets = {"late": {"instrument": "FFF"}, **tiny.MARKET["baskets"]}
    path.write_text(tiny.text(tiny.changed(["baskets"], baskets)))
    assert tiny.command("import", "--market", path).code == 0
    return path, days


def shown(path: Path, *words: str) -> dict[str, dict[str, Any]]:
    """Subject -> its first row."""
    answer = tiny.command("show", *words, "--market", path, "--json")
    assert answer.code == 0, answer
    rows: dict[str, dict[str, Any]] = {}
    for row in json.loads(answer.out):
        rows.setdefault(row["subject"], row)
    return rows


@pytest.mark.parametrize("subject", ["late", "FFF"])
@pytest.mark.parametrize("measure", ["performance", "streaks"])
def test_what_has_not_begun_has_no_value_and_says_so(
    late: tuple[Path, list[str]], measure: str, subject: str
) -> None:
    path, days = late
    words = (measure, "--subject", subject, "--subject", "idx")
    rows = shown(path, *words, "--as-of", days[60])
    assert rows[subject]["value"] is None
    assert f"FFF has no price up to {days[60]}" in rows[subject]["caveats"]
    since = (*words, "--since", days[110]) if measure == "performance" else words
    rows = shown(path, *since, "--as-of", days[140])
    assert not any("has no price up to" in c for c in rows[subject]["caveats"])
    assert measure != "performance" or rows[subject]["value"] is not None


def test_the_others_are_as_without_it(late: tuple[Path, list[str]], tmp_path: Path) -> None:
    """One late instrument is no reason to refuse the report of an earlier day."""
    path, days = late
    plain = path.with_name("plain.toml")
    plain.write_text(tiny.text())
    asked = {}
    for file in (path, plain):
        market = paceline.open(file, as_of=days[60])
        figures = market.show("performance", since=days[10])
        asked[file] = {f.subject: f.value for f in figures if f.subject != "late"}
    assert asked[path] == asked[plain] and asked[path]["idx"] is not None
    out = tmp_path / "r.html"
    assert tiny.command("report", "--market", path, "--as-of", days[60], "--out", out).code == 0


def test_a_benchmark_that_has_not_begun(late: tuple[Path, list[str]], tmp_path: Path) -> None:
    path, days = late
    file = path.with_name("benchmark.toml")
    tables = tiny.changed(["baskets"], {"late": {"instrument": "FFF"}, **tiny.MARKET["baskets"]})
    tables["market"] = {**tables["market"], "benchmark": "late"}
    file.write_text(tiny.text(tables))
    answer = tiny.command(
        "report", "--market", file, "--as-of", days[60], "--out", tmp_path / "r.html"
    )
    tiny.right_or_clear(answer)


def test_a_day_before_every_price_names_the_first(late: tuple[Path, list[str]]) -> None:
    path, days = late
    early = str(dt.date.fromisoformat(days[0]) - dt.timedelta(30))
    with pytest.raises(NotEnoughData, match=f"the first is of {days[0]}") as caught:
        paceline.open(path, as_of=early).show("performance")
    assert days[0] in caught.value.remedy


def test_a_market_carried_on_past_a_beginning_is_one_that_was_built(
    late: tuple[Path, list[str]], tmp_path: Path
) -> None:
    """Refreshed day by day while FFF is listed."""
    path, days = late
    whole = (path.parent / "data" / "prices.csv").read_text().splitlines()
    index = (path.parent / "data" / "index.csv").read_text().splitlines()
    mine = tiny.write(tmp_path)
    mine.write_text(path.read_text())

    def until(day: str) -> None:
        rows = [whole[0], *(n for n in whole[1:] if n.split(",")[1] <= day)]
        (tmp_path / "data" / "prices.csv").write_text("\n".join(rows) + "\n")
        levels = [index[0], *(n for n in index[1:] if n.split(",")[0] <= day)]
        (tmp_path / "data" / "index.csv").write_text("\n".join(levels) + "\n")

    until(days[97])
    market = paceline.open(mine)
    market.import_()
    market.show("performance", since=days[50])
    for day in days[98:102]:
        until(day)
        paceline.open(mine).import_()
        market.refresh()
        fresh = paceline.open(mine)
        got, want = (m.show("performance", since=days[50]) for m in (market, fresh))
        assert market.as_of == day
        assert [(f.subject, f.value) for f in got] == [(f.subject, f.value) for f in want]


def test_windows_before_a_beginning_name_it(late: tuple[Path, list[str]]) -> None:
    path, days = late
    market = paceline.open(path, as_of=days[140])
    made = {f.subject: f for f in market.show("performance", horizons=("3m",))}
    begun = f"no value: too little history for this window: late begins on {days[99]}"
    assert made["late"].value is None and begun in made["late"].caveats
    assert made["idx"].value is not None
    records = {f.subject: f for f in market.show("record_highs") if f.statistic == "is_record"}
    assert f"late begins on {days[99]}" in records["late"].caveats
    assert not any("begins on" in c for c in records["idx"].caveats)


def test_without_a_low_of_the_benchmark_that_is_the_reason(late: tuple[Path, list[str]]) -> None:
    path, days = late
    file = path.with_name("low.toml")
    tables = tiny.changed(["baskets"], {"late": {"instrument": "FFF"}, **tiny.MARKET["baskets"]})
    tables["market"] = {**tables["market"], "benchmark": "late", "low": [0.9, 0.9]}
    file.write_text(tiny.text(tables))

    def said(as_of: str) -> set[str]:
        market = paceline.open(file, as_of=as_of)
        made = market.show("performance", horizons=("since_low",), subjects=["idx"])
        return {c for f in made for c in f.caveats if c.startswith("no value")}

    why = "no value: no low of the benchmark"
    assert said(days[60]) == {f"{why} is known: late has no level"}
    assert said(days[140]) == {f"{why} is confirmed by {days[140]}: late begins on {days[99]}"}


def test_securities_that_are_asked_for_change_nothing_for_others(
    late: tuple[Path, list[str]],
) -> None:
    """Neither for the declared baskets nor for one another, in whatever order they are asked."""
    path, days = late
    plain = paceline.open(path, as_of=days[140])

    def lines(market: Market, *names: str) -> list[dict[str, object]]:
        found = market.show("performance", subjects=[*names], since=days[110])
        return [f.to_json() for f in found]

    both = plain.including(["AAA", "BBB"])
    turned = plain.including(["BBB"]).including(["AAA"])
    for market in (both, turned, plain.including(["CCC"])):
        assert lines(market, "idx", "late") == lines(plain, "idx", "late")
        assert market.low == plain.low
        assert market.moment.coverage.gaps("idx") is plain.moment.coverage.gaps("idx")
    assert lines(both, "AAA") == lines(turned, "AAA")

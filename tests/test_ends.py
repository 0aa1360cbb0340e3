"""A series that stopped has no value after its last session, wherever one would look for it."""

from __future__ import annotations

from pathlib import Path

import exchange_calendars
import numpy as np
import polars as pl
import pytest

from paceline import measures
from paceline.errors import NotEnoughData
from paceline.figures import Figure
from paceline.market import Market
from paceline.market.watching import first_page
from paceline.studies import calls, episodes, target, themes

FIRST, LAST = "2021-01-04", "2025-03-31"
#: Last closes: b stopped a month ago, d lags a day behind the others.
ENDS = {"B": "2025-02-28", "D": "2025-03-28"}
REASON = {k: f"no value: {k.lower()} ended on {day}, its last close" for k, day in ENDS.items()}
MARKET = """
[market]
name = "ends"
calendar = "XNYS"
benchmark = "a"
start = 2021-01-04
store = "store"
basis = "price"
[sources.levels]
path = "levels.csv"
columns = { security = "index", date = "date", close = "close" }
options = { also_securities = { kind = "index" } }
[baskets.a]
instrument = "A"
[baskets.b]
instrument = "B"
[baskets.c]
instrument = "C"
[baskets.d]
instrument = "D"
[groups.all]
baskets = ["a", "b", "c", "d"]
[groups.styles]
baskets = ["a", "c"]
[measures.style_analysis]
months = 24
[rotations.a_b]
lead = "a"
against = "b"
[rotations.a_c]
lead = "a"
against = "c"
[rotations.d_a]
lead = "d"
against = "a"
"""
CALL = """
[[call]]
id = "{id}"
who = "Somebody"
date = {date}
source = "invented"
words = "A over another"
stance = "over"
baskets = ["a"]
against = ["{against}"]
horizon = {horizon}
"""
LEDGER = "".join(
    CALL.format(id=i, date=d, against=n, horizon=h)
    for i, d, n, h in (
        ("due-after-the-end", "2025-01-10", "b", 50),
        ("running-past-the-end", "2025-01-10", "b", 120),
        ("due-before-the-end", "2025-01-10", "b", 20),
        ("made-after-the-end", "2025-03-10", "b", 5),
        ("due-on-the-day-it-lags", "2025-03-24", "d", 4),
        ("whole", "2025-01-10", "c", 50),
    )
)
#: The measures that look at levels; those of published series alone look at no basket.
LEVELS = [
    m for m in measures.discover().values() if m.of in ("levels", "pair") and m.needs != ("series",)
]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    folder: Path = tmp_path_factory.mktemp("ends")
    days = exchange_calendars.get_calendar("XNYS", start=FIRST, end=LAST).sessions
    random = np.random.default_rng(3)
    lines = []
    for name in "ABCD":
        close = 100 * np.cumprod(1 + 0.01 * random.standard_normal(len(days)))
        stop = ENDS.get(name, LAST)
        lines += [
            f"{name},{d.date()},{x:.4f}"
            for d, x in zip(days, close, strict=True)
            if str(d.date()) <= stop
        ]
    (folder / "levels.csv").write_text("index,date,close\n" + "\n".join(lines) + "\n")
    (folder / "market.toml").write_text(MARKET)
    (folder / "calls.toml").write_text(LEDGER)
    opened = Market.open(folder / "market.toml")
    opened.import_()
    return opened


def legs(figure: Figure) -> set[str]:
    return {figure.subject, *(figure.against or "").split(" + ")} & {"b", "d"}


@pytest.mark.parametrize("name", sorted(m.name for m in LEVELS))
def test_no_measure_has_a_value_after_the_end(market: Market, name: str) -> None:
    figures = [f for f in market.show(name) if legs(f)]
    assert figures
    for f in figures:
        late = [k for k in legs(f) if str(f.end) > ENDS[k.upper()]]
        if late:
            assert f.value is None
            assert not any(isinstance(v, float) for v in f.extra.values())
            assert any(REASON[k.upper()] in f.caveats for k in late)
        else:
            for k in legs(f):
                assert any(f"{k} ended on {ENDS[k.upper()]}" in c for c in f.caveats)
    assert any(f.value is None for f in figures)


@pytest.mark.parametrize("name", sorted(m.name for m in LEVELS if m.shows == "series"))
def test_no_day_of_a_series_after_the_end_has_a_value(market: Market, name: str) -> None:
    of_b = [f for f in market.show(name, history=True) if "b" in legs(f)]
    assert any(f.value is not None for f in of_b)
    assert max(str(f.end) for f in of_b if f.value is not None) == ENDS["B"]


def test_levels_end_with_their_data(market: Market) -> None:
    levels = market.all_levels
    for name in "bd":
        there = np.isfinite(levels.native[levels.names.index(name)])
        assert str(levels.sessions[there][-1]) == ENDS[name.upper()]


def test_what_was_known_before_the_end_stays(market: Market) -> None:
    then = Market(market.file, market.path, as_of=ENDS["B"])
    now = {f.step.id: f for f in market.show("swing_lows", subjects=["b"])}
    before = {
        (f.statistic, f.start, f.end): f.value
        for f in then.show("swing_lows", subjects=["b"])
        if "running" not in f.statistic
    }
    after = {
        (f.statistic, f.start, f.end): f.value for f in now.values() if "running" not in f.statistic
    }
    assert before == after


def test_a_call_on_it_is_no_data(market: Market) -> None:
    scored = calls.score(market)
    found = {s.call.id: s for s in scored.scores}
    for name, k in (
        ("due-after-the-end", "b"),
        ("running-past-the-end", "b"),
        ("made-after-the-end", "b"),
        ("due-on-the-day-it-lags", "d"),
    ):
        status = scored.figure(name, "status")
        assert status is not None
        assert (found[name].status, status.value) == ("no data", "no data")
        assert f"{k} ended on {ENDS[k.upper()]}, its last close" in found[name].reason
        active = scored.figure(name, "active")
        assert active is None or active.value is None
    assert found["due-before-the-end"].status in ("hit", "miss")
    assert found["whole"].status in ("hit", "miss")
    (record,) = scored.record("who")
    assert record.decided == 2


def test_a_target_of_it_names_the_last_close(market: Market) -> None:
    with pytest.raises(NotEnoughData, match="its last is of 2025-02-28"):
        target.weigh(market, 120, "2025-12-31", subject="b")


def test_a_rotation_with_it_has_no_state(market: Market) -> None:
    study = episodes.study(market, "a_b")
    now = [f for f in study.figures if f.end == market.as_of]
    assert now
    assert {f.value for f in now} == {None}
    assert all(REASON["B"] in f.caveats for f in now)
    assert study.silent == "b ended on 2025-02-28, its last close"
    assert episodes.study(market, "a_c").silent == ""


def test_a_theme_rests_on_the_lines_that_go_on(market: Market) -> None:
    found = themes.weigh(market)
    by = {t.name: t for t in found.themes}
    gone = by["a_b"].lines[0]
    told = [f for k, f in gone.figures.items() if k not in ("alarms",)]
    assert {f.value for f in told} == {None}
    assert all(REASON["B"] in f.caveats for f in told)
    assert by["a_b"].word == "" and "ended on 2025-02-28" in by["a_b"].lines[0].found.reason
    assert by["a_c"].word and by["a_c"].figures["word"].value == by["a_c"].word
    assert found.counts()[0].value == len(found.judged)


def test_page_one_says_it(market: Market) -> None:
    told = {r["source"]: r["example"] for r in first_page(market) if "ends before" in r["check"]}
    assert told == {"b": "ended on 2025-02-28", "d": "ended on 2025-03-28"}


def test_frames_of_levels_stop(market: Market) -> None:
    frame = pl.DataFrame(
        {
            "session": market.all_levels.sessions,
            "b": market.all_levels.native[market.all_levels.names.index("b")],
        }
    )
    assert frame.filter(pl.col("session") > pl.lit(ENDS["B"]).str.to_date())["b"].is_nan().all()

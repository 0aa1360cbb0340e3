"""Holes in the data, from one cell to all of a market: filled by what is known, or said."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose

from paceline import panel
from paceline.lineage import Origin
from paceline.market import Market
from paceline.panel import Panel, holes
from paceline.schema import TABLES
from paceline.store import Store

nan = np.nan
DAYS = np.arange(np.datetime64("2025-01-06"), np.datetime64("2025-01-06") + 12)


class Feed:
    """A store that is filled cell by cell; a value is a total return, or a dict of columns."""

    def __init__(self, folder: Path) -> None:
        self.store, self.count = Store(folder), 0

    def put(self, source: str, cells: dict[str, list[Any]], field: str = "price_return") -> None:
        rows = [
            {"security": s, "date": DAYS[t].item(), **(c if isinstance(c, dict) else {field: c})}
            for s, values in cells.items()
            for t, c in enumerate(values)
            if c is not None
        ]
        named = {k for r in rows for k in r}
        schema = {c: t for c, t in dict(TABLES["prices"].schema).items() if c in named}
        self.count += 1
        self.store.commit(
            {"prices": pl.DataFrame(rows, schema=schema)},
            source=source,
            checksum=f"c{self.count}",
            origins=[Origin(source, "rows", "2025-01-10")],
        )

    def panel(self, **how: Any) -> Panel:
        fields = ("close", "price_return", "total_return")
        return panel.build(
            self.store, **{"sessions": DAYS, "fields": fields, "cache": False, **how}
        )


@pytest.fixture
def feed(tmp_path: Path) -> Feed:
    return Feed(tmp_path / "store")


def marked(p: Panel, name: str, kind: int) -> list[tuple[int, int]]:
    marks = p.marks[name]
    return [
        (int(i), int(t))
        for i, t, k in zip(marks.row, marks.column, marks.kind, strict=True)
        if k == kind
    ]


def close(price: float, change: float | None = None, covers: int | None = None) -> dict[str, Any]:
    return {"close": price, "price_return": change, "covers": covers}


def test_the_other_basis_stands_in_after_the_first_return(feed: Feed) -> None:
    feed.put("a", {"X": [None, 0.01, None, 0.02, None], "Y": [0.01, 0.01, 0.01, 0.01, 0.01]})
    feed.put("b", {"X": [0.03] * 5, "Y": [0.02, 0.02, 0.02, 0.02, None]}, "total_return")
    p = feed.panel()
    # the first day is no hole: on that basis the security had not begun
    assert_allclose(p.field("price_return")[0], [nan, 0.01, 0.03, 0.02, 0.03])
    assert_allclose(p.field("total_return")[1], [0.02, 0.02, 0.02, 0.02, 0.01])
    assert marked(p, "price_return", holes.OTHER_BASIS) == [(0, 2), (0, 4)]
    assert marked(p, "total_return", holes.OTHER_BASIS) == [(1, 4)]


def test_a_return_over_several_sessions_keeps_what_the_others_do_not_have(feed: Feed) -> None:
    """100, then 103.02 three sessions later; the other basis knows 1% and 1% of it."""
    feed.put("a", {"X": [close(100.0, 0.0), None, None, close(103.02, 0.0302, 3)]})
    feed.put("b", {"X": [0.0, 0.01, 0.01, 0.02]}, "total_return")
    p = feed.panel()
    rest = 1.0302 / 1.01**2 - 1
    assert_allclose(p.field("price_return")[0], [0.0, 0.01, 0.01, rest])
    assert marked(p, "price_return", holes.PENDING) == []
    assert marked(p, "price_return", holes.SEVERAL) == [(0, 3)]


def test_a_return_over_several_sessions_alone_leaves_them_pending(feed: Feed) -> None:
    feed.put("a", {"X": [close(100.0), None, None, close(103.0, 0.03, 3), close(104.03, 0.01)]})
    p = feed.panel()
    assert_allclose(p.field("price_return")[0], [nan, nan, nan, 0.03, 0.01])
    assert marked(p, "price_return", holes.PENDING) == [(0, 1), (0, 2)]
    assert marked(p.cut(2), "price_return", holes.PENDING) == [], "not known before the return"
    assert marked(p.cut(3), "price_return", holes.PENDING) == [(0, 1), (0, 2)]


@pytest.mark.parametrize("order", [["a", "b"], ["b", "a"]])
def test_a_hole_in_one_of_two_sources_is_not_counted_twice(feed: Feed, order: list[str]) -> None:
    """Both are levels; the return of the first after its hole covers three sessions."""
    level = [100.0, 101.0, 102.01, 103.0301, 104.060401]
    a = [close(level[0]), close(level[1], 0.01), None, None, close(level[4], level[4] / 101 - 1, 3)]
    b = [close(2 * x, None if t == 0 else 0.01) for t, x in enumerate(level)]
    feed.put("a", {"X": a})
    feed.put("b", {"X": b})
    p = feed.panel(order={"close": order})
    growth = np.prod(1 + np.nan_to_num(p.field("price_return")[0]))
    assert growth == pytest.approx(1.04060401, rel=1e-12)
    stand_ins = marked(p, "price_return", holes.OTHER_SOURCE)
    assert stand_ins == ([(0, 2), (0, 3)] if order == ["a", "b"] else [])


def test_where_two_sources_meet_the_closes_give_the_return(feed: Feed) -> None:
    feed.put("a", {"X": [close(100.0, 0.0), close(110.0, 0.1)], "Y": [close(100.0, 0.0)]})
    b = [None, None, None, close(121.0), close(133.1, 0.1)]
    feed.put("b", {"X": b, "Y": [None, None, close(50.0), close(51.0, 0.02)]})
    p = feed.panel(order={"close": ["a", "b"]})
    assert_allclose(p.field("price_return")[0], [0.0, 0.1, nan, 0.1, 0.1])
    # half the close is a split or another scale: nothing is made up
    assert_allclose(p.field("price_return")[1], [0.0, nan, nan, 0.02, nan])
    assert marked(p, "price_return", holes.PENDING) == [(0, 2)]


def test_a_return_set_aside_does_not_come_back_on_the_other_basis(feed: Feed) -> None:
    row = {"close": 50.0, "price_return": None, "total_return": -0.5}
    feed.put("a", {"X": [{"close": 100.0, "price_return": 0.0, "total_return": 0.0}, row]})
    assert np.isnan(feed.panel().field("price_return")[0, 1])


def test_the_day_after_fills_the_same_holes(feed: Feed) -> None:
    """A hole in the last old session, closed by the first new one, and one in the new session."""
    a = {"X": [0.01, 0.02, None, None], "Y": [0.01, 0.01, 0.01, None], "Z": [0.0] * 4}
    b = {"X": [0.01, 0.02, None, None], "Y": [0.01, 0.02, 0.03, None], "Z": [0.0] * 4}
    feed.put("a", {s: v[:3] for s, v in a.items()})
    feed.put("b", {s: v[:3] for s, v in b.items()}, "total_return")
    old = feed.panel()
    assert old.listed.all(), "worked out before the new day, so that it is carried on"
    new = {"X": {"price_return": 0.05, "covers": 2}, "Z": 0.0}
    feed.put("a", {s: [None] * 3 + [v] for s, v in new.items()})
    feed.put("b", {"Y": [None] * 3 + [0.04], "Z": [None] * 3 + [0.0]}, "total_return")
    fields = ("close", "price_return", "total_return")
    grown = panel.extend(old, feed.store, sessions=DAYS, fields=fields)
    built = feed.panel()
    assert grown is not None
    assert grown.sources == built.sources
    assert grown.listed.tolist() == [[True] * 4] * 3
    assert (grown.sources["price_return"], grown.sources["total_return"]) == (("a",), ("b",))
    for name in fields:
        np.testing.assert_array_equal(grown.field(name), built.field(name))
    for name in ("price_return", "total_return"):
        for kind in (1, 2, 3, 4):
            assert sorted(marked(grown, name, kind)) == sorted(marked(built, name, kind))
    assert marked(built, "price_return", holes.PENDING) == [(0, 2)]
    assert marked(built, "price_return", holes.OTHER_BASIS) == [(1, 3)]


def test_the_cache_keeps_the_marks(feed: Feed) -> None:
    feed.put("a", {"X": [close(100.0), None, close(103.0, 0.03, 2)]})
    first, second = feed.panel(cache=True), feed.panel(cache=True)
    for p in (first, second):
        assert marked(p, "price_return", holes.PENDING) == [(0, 1)]
        assert p.dark.tolist() == [False, True, False]


def test_the_silence_of_a_whole_market_delists_nobody(feed: Feed) -> None:
    """Fifteen silent sessions of everybody, and of one among eleven."""
    days = np.arange(np.datetime64("2025-01-06"), np.datetime64("2025-01-06") + 20)
    rows = {s: [0.01, *[None] * 15, 0.01] for s in "XYZ"}
    rows["Z"] = [0.01] * 17
    for names, listed in (("XY", True), ("X" + 10 * "Z", False)):
        table = [
            {"security": f"{s}{k}", "date": days[t].item(), "price_return": r}
            for k, s in enumerate(names)
            for t, r in enumerate(rows[s])
            if r is not None
        ]
        store = Store(feed.store.path.parent / names)
        store.commit(
            {"prices": pl.DataFrame(table)},
            source="a",
            checksum="c",
            origins=[Origin("a", "rows", str(dt.date(2025, 1, 10)))],
        )
        p = panel.build(store, sessions=days, fields=("price_return",), cache=False)
        assert bool(p.listed[0].all()) is listed


# ---- levels


def test_a_hole_after_the_first_close_moves_no_base(tmp_path: Path) -> None:
    """100 on the 8th, nothing on the 9th, 102 on the 10th: from the 9th on nothing is known."""
    rows = "AAA,2025-09-08,100\nAAA,2025-09-10,102\nAAA,2025-09-11,103\n"
    (tmp_path / "p.csv").write_text("security,date,close\n" + rows)
    (tmp_path / "market.toml").write_text(
        '[market]\nname = "m"\nbenchmark = "b"\n[sources.p]\ntable = "prices"\npath = "p.csv"\n'
        'columns = { security = "security", date = "date", close = "close" }\n'
        '[baskets.b]\ninstrument = "AAA"\n'
    )
    market = Market.open(tmp_path / "market.toml")
    market.import_()
    whole, from_hole, later = (
        market.show("performance", horizons=("since",), since=f"2025-09-{day}")[0]
        for day in ("08", "09", "10")
    )
    assert whole.value == pytest.approx(0.03) and "2025-09-09" in whole.caveats[0]
    assert from_hole.value is None and "an end of this window" in from_hole.caveats[0]
    assert later.value == pytest.approx(103 / 102 - 1) and later.caveats == ()
    (record,) = [f for f in market.show("record_highs") if f.statistic == "last_record"]
    assert (record.value, record.start) == (pytest.approx(103.0), "2025-09-11")


def test_half_of_a_basket_with_a_hole_after_its_first_close(tmp_path: Path) -> None:
    """Both at 100 on the 8th; A has 110, 121 on the 9th and 10th, B 130 on the 10th alone."""
    rows = "A,2025-09-08,100\nB,2025-09-08,100\nA,2025-09-09,110\nA,2025-09-10,121\n"
    rows += "B,2025-09-10,130\n"
    (tmp_path / "p.csv").write_text("security,date,close\n" + rows)
    (tmp_path / "market.toml").write_text(
        '[market]\nname = "m"\nbenchmark = "b"\n[sources.p]\ntable = "prices"\npath = "p.csv"\n'
        'columns = { security = "security", date = "date", close = "close" }\n'
        '[baskets.b]\nsecurities = ["A", "B"]\nweight = "equal"\nrebalance = "none"\n'
    )
    market = Market.open(tmp_path / "market.toml")
    market.import_()
    whole, inside = (
        market.show("performance", horizons=("since",), since=f"2025-09-{day}")[0]
        for day in ("08", "09")
    )
    assert whole.value == pytest.approx((121 + 130) / 200 - 1) and "2025-09-09" in whole.caveats[0]
    assert inside.value is None and "an end of this window" in inside.caveats[0]


# ---- two sources, one after the other


SEAM = """
[market]
name = "seam"
benchmark = "idx"
[sources.old]
table = "prices"
path = "old.csv"
columns = { date = "date", close = "close" }
constants = { security = "IDX" }
[sources.new]
table = "prices"
path = "new.csv"
columns = { date = "date", close = "close" }
constants = { security = "IDX" }
[baskets.idx]
instrument = "IDX"
"""


@pytest.mark.parametrize("scale", [1.0, 1.07])
def test_a_return_across_two_sources_says_so(tmp_path: Path, scale: float) -> None:
    """They do not overlap: nothing tells whether they are of one scale."""
    days = [str(d) for d in DAYS[np.is_busday(DAYS)]]
    closes = [100.0 + k for k in range(len(days))]
    half = len(days) // 2
    for name, at, by in (("old", slice(0, half), scale), ("new", slice(half, None), 1.0)):
        lines = [f"{d},{c * by}" for d, c in zip(days[at], closes[at], strict=True)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["date,close", *lines]))
    (tmp_path / "market.toml").write_text(SEAM)
    market = Market.open(tmp_path / "market.toml")
    market.import_()
    (whole,) = market.show("performance", horizons=("since",), since=days[0])
    assert whole.value == pytest.approx(closes[-1] / (closes[0] * scale) - 1)
    joins = "returns join two sources, whose scales may differ,"
    assert f"{joins} for all of the weight of idx on {days[half]}" in whole.caveats
    (after,) = market.show("performance", horizons=("since",), since=days[half])
    assert not [c for c in after.caveats if "join" in c]


def test_counts_of_the_session_after_a_hole_say_that_they_are_of_several(tmp_path: Path) -> None:
    """Up two and down one in four sessions; up one and down two on the last of them."""
    closes = {
        "AAA": [100, 101, 103, 102.5],  # up since the second session, down on the last
        "BBB": [100, 99, 98, 99.5],
        "CCC": [100, 99, 97, 96],
    }
    days = ["2025-01-13", "2025-01-14", "2025-01-15", "2025-01-16"]
    rows = [f"{s},{days[t]},{c}" for s, own in closes.items() for t, c in enumerate(own) if t != 2]
    (tmp_path / "p.csv").write_text("\n".join(["security,date,close", *rows]))
    (tmp_path / "market.toml").write_text(
        '[market]\nname = "m"\nbenchmark = "all"\nuniverse = "all"\n[sources.p]\ntable = "prices"\n'
        'path = "p.csv"\n[universes.all]\neligible = { kinds = [] }\n'
        '[baskets.all]\nuniverse = "all"\nweight = "equal"\n'
    )
    market = Market.open(tmp_path / "market.toml")
    market.import_()
    found = {f.statistic: f for f in market.show("advance_decline", subjects=["all"])}
    assert found["advances"].value == 2  # AAA and BBB, over two sessions
    for name in ("advances", "declines", "net"):
        assert any(
            c.startswith("returns of several sessions at once for all") for c in found[name].caveats
        ), found[name].caveats

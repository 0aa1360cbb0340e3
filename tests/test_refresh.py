"""The day after: a market in memory that sees a new import says what a market opened anew says."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from paceline import config, indices, measures
from paceline.figures import Figure
from paceline.market import Market
from paceline.sources import Context
from paceline.sources import simulated as source
from paceline.store import Store

RTOL = 1e-9
END = dt.date(2025, 12, 5)
#: Dates of rows by table: what an import of one day brings.
DATED = {
    "prices": "date",
    "actions": "date",
    "shares": "date",
    "fundamentals": "known",
    "holdings": "date",
}


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    """A simulated market of two years, all of it; ``known`` as the source gives it."""
    import exchange_calendars

    calendar = exchange_calendars.get_calendar("XNYS", start="2022-01-03", end="2026-12-31")
    context = Context("XNYS", tuple(d.date() for d in calendar.sessions))
    spec = config.Source(
        kind="simulated", options={"companies": 80, "years": 2, "end": END.isoformat(), "seed": 4}
    )
    parsed = source.parse("sim", spec, source.fetch("sim", spec, Path()), context).tables
    days = pl.Series(context.sessions)
    return {**parsed, "sessions": pl.DataFrame({"calendar": ["XNYS"] * len(days), "date": days})}


FILE = {
    "market": {"name": "sim", "benchmark": "index", "universe": "large"},
    "sources": {"sim": {"kind": "simulated"}},
    "universes": {
        "large": {"members": "large"},
        "all": {"eligible": {}, "reconstitution": "quarterly"},
    },
    "baskets": {
        "index": {"instrument": "SIM500"},
        "small_index": {"instrument": "SIM2000"},
        "large": {"universe": "large"},
        "equal": {"universe": "large", "weight": "equal"},
        "all": {"universe": "all", "weight": "inverse_volatility"},
        "top": {"universe": "large", "rank": [1, 10], "rebalance": "monthly"},
        "rest": {"universe": "large", "minus": "top", "rebalance": "monthly"},
    },
    "groups": {"sectors": {"universe": "large", "by": "sector"}},
    "rotations": {
        "small": {"lead": "small_index", "against": "index"},
        "equal": {"lead": "equal", "against": "large"},
    },
}


class World:
    """A store that is filled day by day, and the market over it."""

    def __init__(self, folder: Path, tables: dict[str, pl.DataFrame]) -> None:
        self.tables, self.store = tables, Store(folder)
        self.days = tables["prices"]["date"].unique().sort().to_list()
        settings = {**FILE, "market": {**FILE["market"], "store": str(folder)}}
        self.file = config.MarketFile.model_validate(settings)

    def load(self, after: dt.date | None, until: dt.date, **change: pl.DataFrame) -> None:
        """One import: the rows after one day until another; spells come whole with the first."""
        rows = {}
        for name, frame in self.tables.items():
            if name in DATED:
                day = pl.col(DATED[name])
                rows[name] = frame.filter(
                    (day <= until) & (pl.lit(True) if after is None else day > after)
                )
            elif after is None:
                rows[name] = frame
        rows |= change
        assert (
            self.store.commit(
                {n: f for n, f in rows.items() if len(f)},
                source="sim",
                checksum=f"{after} {until} {sorted(change)}",
            )
            is not None
        )

    def market(self) -> Market:
        return Market(self.file, "sim.toml")


def world(folder: Path, tables: dict[str, pl.DataFrame], short: int) -> World:
    """All but the last ``short`` sessions imported."""
    made = World(folder, tables)
    made.load(None, made.days[-1 - short])
    return made


def same(a: dict[str, list[Figure]], b: dict[str, list[Figure]]) -> None:
    """Equal figures: every column, numbers within RTOL, and the ids."""
    assert a.keys() == b.keys()
    for name in a:
        left, right = ([f.to_json() for f in x[name]] for x in (a, b))
        assert len(left) == len(right), name
        for x, y in zip(left, right, strict=True):
            for key in x.keys() | y.keys():
                assert _equal(x.get(key), y.get(key)), (name, key, x, y)


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=RTOL, abs_tol=1e-12)
    return bool(a == b)


def test_figures_after_each_new_session_are_those_of_a_fresh_process(
    tmp_path: Path, tables: dict[str, pl.DataFrame]
) -> None:
    """A month's turn, a day, two days at once: extended if nothing is renewed, else rebuilt."""
    w = world(tmp_path, tables, 6)
    market = w.market()
    market.current()
    said = []
    for start, stop in ((-7, -6), (-6, -5), (-5, -4), (-4, -2)):
        w.load(w.days[start], w.days[stop])
        said.append(market.refresh())
        fresh = w.market()
        assert market.as_of == fresh.as_of == str(w.days[stop])
        same(market.current(), fresh.current())
        for mine, other in ((market.stocks, fresh.stocks), (market.instruments, fresh.instruments)):
            assert mine is not None and other is not None and mine.caveats == other.caveats
            assert mine.step.id == other.step.id and mine.sources == other.sources
            for name in (*other.fields, "price_index", "total_index"):
                np.testing.assert_array_equal(mine.field(name), other.field(name))
            np.testing.assert_array_equal(mine.listed, other.listed)
        for basis, index in fresh.built.items():
            np.testing.assert_allclose(market.built[basis].levels, index.levels, rtol=1e-12)
            np.testing.assert_array_equal(market.built[basis].missing, index.missing)
    # the month's last close renews two baskets
    assert said.count("extended") >= 2 and "rebuilt" in said
    assert market.refresh() == "unchanged"


def test_today_is_the_end_of_history(tmp_path: Path, tables: dict[str, pl.DataFrame]) -> None:
    """Worked out from the last sessions alone: the last value of the whole history."""
    w = world(tmp_path, tables, 0)
    market = w.market()
    back = [n for n, m in measures.discover().items() if m.lookback(m.defaults()) is not None]
    assert {"percent_above_average", "beating_index"} <= set(back)
    whole = {}
    for name in back:
        market.evaluate(name)
        whole[name] = market.show(name)
    same(w.market().current(back), whole)


@pytest.mark.parametrize("case", ["correction", "late fact", "securities", "newcomer"])
def test_an_import_that_touches_the_past_rebuilds(
    tmp_path: Path, tables: dict[str, pl.DataFrame], case: str
) -> None:
    w = world(tmp_path, tables, 4)
    market = w.market()
    market.current(["performance", "percent_above_average"])
    yesterday, today = w.days[-5], w.days[-4]
    new = tables["prices"].filter(pl.col("date") == today)
    old = tables["prices"].filter(pl.col("date") == yesterday)
    change = {
        "correction": {
            "prices": pl.concat(
                [
                    new,
                    old.with_columns(
                        close=pl.col("close") * 1.1, price_return=pl.col("price_return") + 0.01
                    ),
                ]
            )
        },
        "late fact": {
            "prices": new,
            "members": tables["members"]
            .head(1)
            .with_columns(
                universe=pl.lit("large"),
                security=pl.lit(new["security"][0]),
                start=pl.lit(w.days[5]),
                end=pl.lit(None, pl.Date),
                known=pl.lit(w.days[5]),
            ),
        },
        "securities": {
            "prices": new,
            "securities": tables["securities"]
            .head(1)
            .with_columns(start=pl.lit(today), end=pl.lit(None, pl.Date), known=pl.lit(today)),
        },
        "newcomer": {
            "prices": pl.concat([new, new.head(1).with_columns(security=pl.lit("NEWCOMER"))])
        },
    }[case]
    w.load(yesterday, today, **change)
    assert market.refresh() == "rebuilt"
    same(
        market.current(["performance", "percent_above_average"]),
        w.market().current(["performance", "percent_above_average"]),
    )


def test_a_row_withdrawn_from_the_past_rebuilds(
    tmp_path: Path, tables: dict[str, pl.DataFrame]
) -> None:
    """Statements of all rows up to a day: one more extends, one more and a row less rebuilds."""
    w = World(tmp_path, tables)
    until = [w.days[-3], w.days[-2], w.days[-1]]
    gone = tables["prices"].filter(pl.col("date") == w.days[-9]).head(1)["security"][0]
    less = ~((pl.col("date") == w.days[-9]) & (pl.col("security") == gone))

    def state(n: int, keep: pl.Expr) -> None:
        now = {
            t: f.filter(pl.col(DATED[t]) <= until[n]) if t in DATED else f
            for t, f in tables.items()
        }
        now["prices"] = now["prices"].filter(keep)
        assert w.store.state(now, source="sim", checksum=str(n)) is not None

    state(0, pl.lit(True))
    market = w.market()
    market.current(["performance"])
    for n, keep, expected in ((1, pl.lit(True), "extended"), (2, less, "rebuilt")):
        state(n, keep)
        assert market.refresh() == expected
        same(market.current(["performance"]), w.market().current(["performance"]))


def test_a_market_of_a_day_stays_what_it_is(
    tmp_path: Path, tables: dict[str, pl.DataFrame]
) -> None:
    w = world(tmp_path, tables, 2)
    fixed = Market(w.file, "sim.toml", as_of=str(w.days[-4]))
    before = fixed.current(["performance"])
    w.load(w.days[-3], w.days[-2])
    assert fixed.refresh() == "unchanged"
    same(fixed.current(["performance"]), before)


def test_targets_are_kept_beside_the_store(tmp_path: Path, tables: dict[str, pl.DataFrame]) -> None:
    """Read back they are what was worked out; a broken file is worked out again."""
    w = world(tmp_path, tables, 0)
    one = w.market().built["price"].targets
    (kept,) = (tmp_path / "cache").glob("targets/*/weights.npy")
    for damage in (False, True):
        if damage:
            kept.write_bytes(kept.read_bytes()[:-100])
        two = w.market().built["price"].targets
        assert (one.names, one.labels, one.caveats) == (two.names, two.labels, two.caveats)
        np.testing.assert_array_equal(one.first, two.first)
        for a, b in zip(one.rebalances, two.rebalances, strict=True):
            assert a.session == b.session
            for x, y in zip(a[1:], b[1:], strict=True):
                np.testing.assert_array_equal(x, y)


def test_extended_indices_keep_what_was_computed(
    tmp_path: Path, tables: dict[str, pl.DataFrame]
) -> None:
    w = world(tmp_path, tables, 2)
    market = w.market()
    assert market.stocks is not None
    old = market.built["price"]
    w.load(w.days[-3], w.days[-2])
    assert w.market().stocks is not None
    grown = indices.extend(market.built, w.market().stocks)["price"]
    np.testing.assert_array_equal(grown.levels[:, :-1], old.levels)
    assert len(grown.spans) == len(old.spans) and grown.spans[-1].stop == old.spans[-1].stop + 1


@pytest.mark.parametrize("damage", ["none", "cut", "changed"])
def test_what_is_kept_beside_the_panels_is_what_was_worked_out(
    tmp_path: Path, tables: dict[str, pl.DataFrame], damage: str
) -> None:
    """A second process has the groups, targets, indices of the first, whatever the files."""
    world = World(tmp_path, tables)
    world.load(None, END)
    first = Market(world.file, "sim")
    was, made = first.built, first.moment.declared
    kept = [p for p in (tmp_path / "cache").rglob("*") if p.is_file() and "panel" not in p.parts]
    assert {p.parent.parent.name for p in kept} == {"groups", "targets", "indices"}
    for path in kept:
        whole = bytearray(path.read_bytes())
        if damage == "changed":
            whole[len(whole) // 2] ^= 1
        path.write_bytes(whole[: len(whole) // 2] if damage == "cut" else whole)
    again = Market(world.file, "sim")
    assert again.moment.declared == made
    for basis, now in again.built.items():
        assert now.turnover == was[basis].turnover
        for name in ("levels", "returns", "missing", "members"):
            np.testing.assert_array_equal(getattr(now, name), getattr(was[basis], name))
        for a, b in zip(now.spans, was[basis].spans, strict=True):
            assert a[:2] == b[:2]
            np.testing.assert_array_equal(a.weights, b.weights)
        np.testing.assert_array_equal(now.weights_at(300), was[basis].weights_at(300))
        np.testing.assert_array_equal(
            now.contributions("large", 200, 400), was[basis].contributions("large", 200, 400)
        )


def test_a_second_process_takes_the_indices_from_their_file(
    tmp_path: Path, tables: dict[str, pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path, tables)
    world.load(None, END)
    was = Market(world.file, "sim").built["price"].levels
    monkeypatch.setattr(indices, "walk", None)
    np.testing.assert_array_equal(Market(world.file, "sim").built["price"].levels, was)

"""Sources that state the same facts: the declared order decides, never the order of imports."""

from __future__ import annotations

import datetime as dt
import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import paceline
from paceline import schema
from paceline.store import Store, agreed, told

D = dt.date
A, B, C = D(2024, 1, 2), D(2024, 3, 1), D(2024, 6, 3)


def shares(store: Store, source: str, *rows: tuple[str, dt.date, dt.date, float]) -> None:
    """One statement of shares: security, date, known, shares."""
    columns = {"security": pl.String, "date": pl.Date, "known": pl.Date, "shares": pl.Float64}
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    store.state({"shares": frame}, source=source, checksum=f"{source} {rows}")


def heard(store: Store, sources: Sequence[str] | None) -> list[tuple[Any, ...]]:
    rows = agreed.read(store, "shares", sources=sources)
    assert rows.columns == list(schema.table("shares").schema)
    return sorted(rows.select("security", "known", "shares").rows())


# ---- which rows count ----------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["one", "two"])
def test_the_first_declared_counts_whoever_came_first(tmp_path: Path, first: str) -> None:
    store = Store(tmp_path)
    rows = {"one": ("X", A, B, 1.0), "two": ("X", A, B, 2.0)}
    for source in sorted(rows, key=lambda s: s != first):
        shares(store, source, rows[source])
    assert heard(store, ("one", "two")) == [("X", B, 1.0)]
    assert heard(store, ("two", "one")) == [("X", B, 2.0)]
    assert heard(store, ("two",)) == [("X", B, 2.0)], "a source of another market is not heard"
    assert heard(store, None) == [("X", B, rows[first][3])]


def test_a_later_source_is_heard_until_the_first_one_speaks(tmp_path: Path) -> None:
    """Nobody knew on the second of January what the first source published in March."""
    store = Store(tmp_path)
    shares(store, "one", ("X", A, B, 1.0))
    shares(store, "two", ("X", A, A, 2.0), ("X", A, C, 3.0), ("Y", A, A, 4.0))
    assert heard(store, ("one", "two")) == [("X", A, 2.0), ("X", B, 1.0), ("Y", A, 4.0)]
    assert heard(store, ("two", "one")) == [("X", A, 2.0), ("X", C, 3.0), ("Y", A, 4.0)]


def test_spells_that_began_before_all_records_are_one_fact(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for source, end in (("one", C), ("two", None)):
        frame = pl.DataFrame(
            {"universe": ["m"], "security": ["X"], "start": [None], "end": [end]},
            schema_overrides={"start": pl.Date, "end": pl.Date},
        )
        store.state({"members": frame}, source=source, checksum=source)
    for order, end in ((("one", "two"), C), (("two", "one"), None)):
        assert agreed.read(store, "members", sources=order)["end"].to_list() == [end]


def test_what_a_fund_holds_on_a_day_is_of_one_source(tmp_path: Path) -> None:
    """Lines of two lists would add up to more than the fund."""
    store = Store(tmp_path)
    for source, lines in (("one", {"X": 0.6, "Y": 0.4}), ("two", {"X": 0.5, "Z": 0.5})):
        frame = pl.DataFrame(
            {"fund": "F", "security": list(lines), "date": A, "weight": list(lines.values())}
        )
        store.state({"holdings": frame}, source=source, checksum=source)
    rows = agreed.read(store, "holdings", sources=("two", "one"))
    assert dict(rows.select("security", "weight").rows()) == {"X": 0.5, "Z": 0.5}


# ---- any order of imports gives what one import gives --------------------------------------------

DAYS = [D(2024, 1, 2) + dt.timedelta(n) for n in range(130)]
DAYS = [
    d for d in DAYS if d.weekday() < 5 and d not in (D(2024, 1, 15), D(2024, 2, 19), D(2024, 3, 29))
]
JUMP = 80
#: A stock that halves on one day, four sessions of which its other source does not have.
MARKET = """
[market]
name = "orders"
calendar = "XNYS"
benchmark = "x"
store = "store"

[sources.traded]
table = "prices"
path = "traded.csv"
columns = { security = "s", date = "d", close = "c", price_return = "r", volume = "v" }

[sources.plain]
table = "prices"
path = "plain.csv"
columns = { security = "s", date = "d", close = "c", price_return = "r" }

[sources.names]
table = "securities"
path = "names.csv"
columns = { security = "s", name = "n", kind = "k" }

[sources.more_names]
table = "securities"
path = "more_names.csv"
columns = { security = "s", name = "n", kind = "k" }

[sources.splits]
table = "actions"
path = "splits.csv"
columns = { security = "s", date = "d", kind = "k", ratio = "q" }

[baskets.x]
instrument = "X"
"""
SOURCES = ("traded", "plain", "names", "more_names", "splits")


def _written(folder: Path, halves: bool = True) -> Path:
    """A market whose sources explain each other's prices and name the same companies."""
    prices = []
    for security in ("X", "Y"):
        close = 100.0
        for n, day in enumerate(DAYS):
            change = 0.004 if n % 2 else -0.003
            if halves and n == JUMP:
                change = -0.5 if security == "X" else 1.0
            close *= 1 + change
            busy = 20e6 if n == JUMP and security == "X" else 1e6
            prices.append((security, day, round(close, 6), round(change, 6), busy))
    frame = pl.DataFrame(prices, schema=["s", "d", "c", "r", "v"], orient="row")
    frame.write_csv(folder / "traded.csv")
    frame.drop("v").write_csv(folder / "plain.csv")
    (folder / "names.csv").write_text("s,n,k\nX,Ex,common\n")
    (folder / "more_names.csv").write_text("s,n,k\nX,Other,etf\nY,Why,common\n")
    (folder / "splits.csv").write_text(f"s,d,k,q\nY,{DAYS[JUMP]},split,0.5\n")
    (folder / "market.toml").write_text(MARKET)
    return folder / "market.toml"


def _stands(path: Path) -> dict[str, list[Any]]:
    """All that stands in the store of a market, without the numbers of loads."""
    market = paceline.open(path)
    found = {
        name: sorted(market.stored.table(name).drop("load").collect().rows(), key=str)
        for name in schema.TABLES
        if name != "sessions"
    }
    for name, rows in (
        ("findings", told.findings(market.store)),
        ("aside", told.quarantine(market.store)),
    ):
        found[name] = sorted(rows.drop("load").rows(), key=str)
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    path = _written(tmp_path_factory.mktemp("whole"))
    paceline.open(path).import_()
    return _stands(path)


def test_one_import_of_all_is_right(whole: dict[str, list[Any]]) -> None:
    """Worked out by hand: X halved in twenty times its volume, and Y's double is its split."""
    jumps = {row[:2]: row[4] for row in whole["prices"] if row[2] == DAYS[JUMP]}
    assert jumps == {
        (source, security): pytest.approx(change)
        for source in ("traded", "plain")
        for security, change in (("X", -0.5), ("Y", 0.0))
    }
    assert [row[2] for row in whole["securities"]] == ["Ex", "Why"]
    assert not whole["aside"]


@settings(max_examples=12)
@given(st.permutations(SOURCES), st.lists(st.integers(1, 4), max_size=3))
def test_any_order_of_imports_gives_what_one_import_gives(
    whole: dict[str, list[Any]], order: list[str], cuts: list[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = _written(Path(folder))
        market = paceline.open(path)
        for start, stop in itertools.pairwise([0, *sorted(set(cuts)), len(order)]):
            market.import_(only=order[start:stop])
        assert _stands(path) == whole
        done = market.import_()
        assert {row["source"]: row["load"] for row in done} == dict.fromkeys(SOURCES)


@settings(max_examples=6)
@given(st.permutations(("traded", "plain", "splits")))
def test_what_a_source_says_now_reaches_those_it_explains(
    whole: dict[str, list[Any]], order: list[str]
) -> None:
    """The files change after a first import; importing one by one ends like importing all."""
    with tempfile.TemporaryDirectory() as folder:
        path = _written(Path(folder), halves=False)
        paceline.open(path).import_()
        _written(Path(folder))
        for name in order:
            paceline.open(path).import_(only=[name])
        assert _stands(path) == whole


def test_a_source_that_is_read_again_is_told(tmp_path: Path) -> None:
    path = _written(tmp_path)
    market = paceline.open(path)
    market.import_(only=["plain"])
    (tmp_path / "plain.csv").unlink()  # its bytes were kept
    done = {row["source"]: row["load"] is not None for row in market.import_(only=["traded"])}
    assert done == {"traded": True, "plain": True}
    done = {row["source"]: row["load"] is not None for row in market.import_(only=["names"])}
    assert done == {"names": True}

"""The panel: what was known on the day, from the first source that has it, through a store."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from paceline import panel
from paceline.errors import NotEnoughData, StoreError, UnknownName, UsageError
from paceline.lineage import Origin
from paceline.panel import Facts, Panel, asof, derived
from paceline.store import Store

nan = np.nan
D = dt.date
#: Ten weekdays across a year end; 2025-01-01 is no session.
DAYS = np.array(
    [
        d
        for d in np.arange(np.datetime64("2024-12-26"), np.datetime64("2025-01-10"))
        if np.is_busday(d) and d != np.datetime64("2025-01-01")
    ]
)
PRICES = (
    "source",
    "security",
    "date",
    "close",
    "price_return",
    "total_return",
    "volume",
    "market_cap",
    "recovered",
    "known",
)


def day(t: int) -> D:
    return DAYS[t].item()


def price(security: str, t: int | D, close: float | None = None, **more: Any) -> dict[str, Any]:
    when = day(t) if isinstance(t, int) else t
    return {"security": security, "date": when, "close": close, **more}


class Loader:
    """A store and a short way to put imports into it."""

    def __init__(self, folder: Path) -> None:
        self.store, self.count = Store(folder), 0

    def put(self, *rows: dict[str, Any], source: str = "feed", table: str = "prices") -> int:
        schema = {c: t for c, t in pl.Schema(_schema(table)).items() if any(c in r for r in rows)}
        return self.commit({table: pl.DataFrame(list(rows), schema=schema)}, source)

    def commit(self, tables: dict[str, pl.DataFrame], source: str = "feed") -> int:
        self.count += 1
        load = self.store.commit(
            tables,
            source=source,
            checksum=f"c{self.count}",
            origins=[Origin(source, "rows", "2025-01-10")],
        )
        assert load is not None
        return load

    def panel(self, **request: Any) -> Panel:
        return panel.build(
            self.store, **{"sessions": DAYS, "fields": ("close",), "cache": False, **request}
        )


def _schema(table: str) -> dict[str, Any]:
    from paceline.schema import TABLES

    return dict(TABLES[table].schema)


@pytest.fixture
def db(tmp_path: Path) -> Loader:
    return Loader(tmp_path / "store")


# ---- assembly
# ---------------------------------------------------------------------------------------------


def test_rows_become_cells(db: Loader) -> None:
    db.put(
        price("B", 1, 20.0, volume=5.0),
        price("A", 1, 10.0),
        price("A", 4, 11.0),
        price("A", 5, 12.0),
    )
    p = db.panel(fields=("close", "volume"))
    assert p.securities == ("A", "B") and p.version == 1
    assert_array_equal(p.sessions, DAYS[1:6])
    assert_array_equal(p.field("close"), [[10, nan, nan, 11, 12], [20, nan, nan, nan, nan]])
    assert_array_equal(p.field("volume"), [[nan] * 5, [5, nan, nan, nan, nan]])
    for matrix in p.fields.values():
        assert (
            matrix.flags.c_contiguous and not matrix.flags.writeable and matrix.dtype == np.float64
        )
    with pytest.raises(ValueError, match="read-only"):
        p.field("close")[0, 0] = 1


def test_the_window_is_what_was_asked_for(db: Loader) -> None:
    db.put(
        *(price("A", t, 10.0 + t) for t in range(10)), price("OLD", 0, 1.0), price("NEW", 9, 2.0)
    )
    p = db.panel(as_of=day(7), start=day(3))
    assert_array_equal(p.sessions, DAYS[3:8])
    assert p.securities == ("A",), "securities without a price in the window are not rows"
    assert_array_equal(p.field("close"), [[13, 14, 15, 16, 17]])
    weekend = db.panel(as_of="2024-12-29")
    assert weekend.sessions[-1] == np.datetime64("2024-12-27"), "the session on or before"
    assert db.panel(as_of="2030-01-01").sessions[-1] == DAYS[9], "never past the last price"


def test_only_wanted_securities_and_kinds(db: Loader) -> None:
    db.put(*(price(s, t, 1.0) for s in ("COM", "IDX", "PREF", "WHO") for t in range(3)))
    db.put(
        {"security": "COM", "kind": "common"},
        {"security": "IDX", "kind": "index"},
        {"security": "PREF", "kind": "preferred"},
        table="securities",
    )

    def rows(**request: Any) -> str:
        return " ".join(db.panel(**request).securities)

    assert rows() == "COM IDX PREF WHO"
    assert rows(kinds=["common"]) == "COM"
    assert rows(kinds=["common"], unknown_kind="common") == "COM WHO"
    assert rows(exclude_kinds=("index", "etf")) == "COM PREF WHO"
    assert rows(exclude_kinds=("index", "common"), unknown_kind="common") == "PREF"
    assert rows(securities=["IDX", "NOPE"]) == "IDX"


def test_rows_on_days_that_are_no_session_are_counted_and_said(db: Loader) -> None:
    db.put(
        price("A", 0, 1.0),
        price("A", D(2024, 12, 28), 2.0),
        price("A", D(2025, 1, 1), 3.0),
        price("A", 8, 4.0),
        price("IDX", D(2025, 1, 1), 3.0),
        price("A", D(2024, 1, 6), 9.0),
    )
    p = db.panel(securities=["A"])
    assert p.off_calendar == 2, (
        "Saturday and New Year inside the window; the day before it is not of this panel"
    )
    assert [c for c in p.caveats if c.startswith("2 price rows lie on days that are no session")]
    assert_array_equal(p.field("close")[0, [0, 8 - 0]], [1, 4])
    assert np.isnan(p.field("close")).sum() == 7


def test_recovered_closes_are_counted_per_session(db: Loader) -> None:
    db.put(
        price("A", 0, 1.0),
        price("A", 1, 1.0, recovered=True),
        price("B", 1, 1.0, recovered=True),
        price("B", 2, 1.0, recovered=False),
    )
    p = db.panel()
    assert_array_equal(p.recovered, [0, 2, 0])
    assert any(c.startswith("2 closes were worked back") for c in p.caveats)
    assert_array_equal(p.cut(0).recovered, [0])


def test_the_calendar_may_come_from_the_store(db: Loader) -> None:
    db.put(*({"calendar": "XTST", "date": d.item()} for d in DAYS), table="sessions")
    db.put(price("A", 2, 1.0), price("A", 3, 2.0))
    assert_array_equal(db.panel(sessions="XTST").sessions, DAYS[2:4])
    with pytest.raises(UnknownName, match="XTST"):
        db.panel(sessions="XTSE")


@pytest.mark.parametrize(
    ("request_", "error", "says"),
    [
        ({"fields": ("colour",)}, UnknownName, "colour"),
        ({"order": {"closes": ["feed"]}}, UnknownName, "closes"),
        (
            {"order": {"close": ["feed"], "price_return": ["other"]}},
            UsageError,
            "always come from one source",
        ),
        ({"securities": ["Z"]}, NotEnoughData, "holds no price of Z between"),
        ({"order": {"close": ["nobody"]}}, NotEnoughData, "holds no price of a wanted security"),
        ({"as_of": "2020-01-01"}, NotEnoughData, "no session"),
        ({"as_of": "soon"}, UsageError, "not a date"),
        ({"sessions": DAYS[::-1]}, UsageError, "not strictly increasing"),
        ({"version": 9}, StoreError, "version 9"),
    ],
)
def test_requests_that_cannot_be_met(
    db: Loader, request_: dict[str, Any], error: type[Exception], says: str
) -> None:
    db.put(price("A", 0, 1.0))
    with pytest.raises(error, match=says):
        db.panel(**request_)


def test_an_empty_store_says_import(db: Loader) -> None:
    with pytest.raises(NotEnoughData, match="paceline import"):
        db.panel()


# ---- two clocks
# -------------------------------------------------------------------------------------------


def test_a_correction_of_the_same_day_replaces_the_row_in_later_versions_only(db: Loader) -> None:
    db.put(*(price("A", t, 10.0 + t, volume=7.0) for t in range(4)))
    db.put(price("A", 1, 99.0))  # a whole row: the volume it does not give is gone
    now, then = (db.panel(fields=("close", "volume"), version=v) for v in (2, 1))
    assert_array_equal(now.field("close"), [[10, 99, 12, 13]])
    assert_array_equal(now.field("volume"), [[7, nan, 7, 7]])
    assert_array_equal(then.field("close"), [[10, 11, 12, 13]])
    assert now.step.id != then.step.id
    db.store.compact()
    assert_array_equal(db.panel(version=1).field("close"), [[10, 11, 12, 13]])
    assert_array_equal(db.panel(version=2).field("close"), [[10, 99, 12, 13]])


def test_what_became_known_after_its_session_is_not_seen_in_it(db: Loader) -> None:
    db.put(price("A", 0, 10.0), price("A", 1, 11.0), price("A", 2, 12.0))
    db.put(price("A", 1, 50.0, known=day(2)), price("B", 1, 5.0, known=day(2)))
    p = db.panel()
    assert p.securities == ("A",)
    assert_array_equal(p.field("close"), [[10, 11, 12]])


@pytest.mark.parametrize(("late", "by"), [((1, 1, 1), "1 day"), ((1, 3, 3), "3 days")])
def test_prices_that_are_all_known_later_are_called_that(
    db: Loader, late: tuple[int, ...], by: str
) -> None:
    db.put(*(price("A", t, 10.0, known=day(t) + dt.timedelta(n)) for t, n in enumerate(late)))
    with pytest.raises(NotEnoughData) as told:
        db.panel(securities=["A"])
    said = f"known on its day: 3 prices are known only later, as a rule by {by}."
    assert said in told.value.message and "Leave known out" in told.value.remedy


def test_of_one_cell_the_greatest_known_wins_before_the_greatest_load(db: Loader) -> None:
    db.put(price("A", 1, 1.0, known=day(1)), price("A", 0, 1.0))
    db.put(price("A", 1, 2.0, known=day(0)))
    assert_array_equal(db.panel().field("close"), [[1, 1]])
    db.put(price("A", 1, 3.0, known=day(1)))
    assert_array_equal(db.panel().field("close"), [[1, 3]])


def test_one_import_may_hold_two_versions_of_a_cell(db: Loader) -> None:
    db.put(price("A", 1, 1.0, known=day(0)), price("A", 1, 2.0, known=day(1)), price("B", 0, 7.0))
    assert_array_equal(db.panel().field("close"), [[nan, 2], [7, nan]])


CELL = st.tuples(
    st.sampled_from("ABC"),
    st.integers(0, 9),
    st.integers(-2, 2),
    st.one_of(st.none(), st.integers(1, 99)),
    st.sampled_from(["one", "two"]),
)


@settings(max_examples=8)
@given(st.lists(st.lists(CELL, min_size=1, max_size=12), min_size=1, max_size=3), st.integers(0, 9))
def test_a_panel_of_the_past_is_the_panel_of_today_cut(
    imports: list[list[tuple[Any, ...]]], t: int
) -> None:
    """Restatements come in later loads with any ``known``; also against a plain loop."""
    with tempfile.TemporaryDirectory() as folder:
        db = Loader(Path(folder))
        db.put(price("A", 0, 1.0), source="one")
        stored = [("A", 0, 0, 1.0, "one", 1)]
        for cells in imports:
            unique = {(s, k, lag, source): close for s, k, lag, close, source in cells}
            for source in ("one", "two"):
                rows = [
                    price(s, k, close, volume=1.0, known=day(k) + dt.timedelta(lag))
                    for (s, k, lag, src), close in unique.items()
                    if src == source
                ]
                if rows:
                    load = db.put(*rows, source=source)
                    stored += [
                        (s, k, lag, close, source, load)
                        for (s, k, lag, src), close in unique.items()
                        if src == source
                    ]
        order = {"close": ["two", "one"], "volume": ["one", "two"]}
        whole = db.panel(order=order)
        past = db.panel(order=order, as_of=day(t))
        cut = whole.cut(len(past.sessions) - 1)
        assert_array_equal(cut.sessions, past.sessions)
        row = [cut.securities.index(s) for s in past.securities]
        assert_array_equal(cut.field("close")[row], past.field("close"))
        assert_array_equal(cut.listed[row], past.listed)
        others = [i for i in range(len(cut.securities)) if i not in row]
        assert not cut.listed[others].any() and np.isnan(cut.field("close")[others]).all()
        for i, security in enumerate(whole.securities):
            for k, session in enumerate(whole.sessions):
                best: dict[str, tuple[int, int, float | None]] = {}
                for s, at, lag, close, source, load in stored:
                    if s == security and DAYS[at] == session and lag <= 0:
                        best[source] = max(
                            best.get(source, (-9, 0, None)), (lag, load, close), key=lambda b: b[:2]
                        )
                found = [best[s][2] for s in ("two", "one") if s in best and best[s][2] is not None]
                assert_array_equal(whole.field("close")[i, k], found[0] if found else nan)


# ---- sources
# ----------------------------------------------------------------------------------------------


def test_each_field_comes_from_the_first_source_that_has_it(db: Loader) -> None:
    db.put(price("A", 0, 1.0, volume=10.0), price("A", 1, 2.0), source="first")
    db.put(
        price("A", 0, 5.0, volume=50.0),
        price("A", 1, 6.0, volume=60.0),
        price("A", 2, 7.0),
        source="second",
    )
    p = db.panel(
        fields=("close", "volume"),
        order={"close": ["first", "second"], "volume": ["second", "first"]},
    )
    assert_array_equal(p.field("close"), [[1, 2, 7]])
    assert_array_equal(p.field("volume"), [[50, 60, nan]])
    assert p.sources == {"close": ("first", "second"), "volume": ("second",)}
    assert [o.who for o in p.origins] == ["first", "second"]
    q = db.panel(fields=("close", "volume"))
    assert_array_equal(q.field("volume"), [[10, 60, nan]])
    r = db.panel(order={"close": ["second"]})
    assert_array_equal(r.field("close"), [[5, 6, 7]])
    assert r.sources == {"close": ("second",)}, "a source that is named nowhere is not read"


@pytest.mark.parametrize("compacted", [False, True])
def test_close_and_price_return_of_a_cell_are_of_one_source(db: Loader, compacted: bool) -> None:
    """The first source that has both; else the first that has either."""
    a = [(0, 1.0, None), (1, 2.0, 0.1), (2, None, 0.2), (3, 4.0, None), (4, None, None)]
    b = [
        (0, 10.0, 0.5),
        (1, 20.0, 0.6),
        (2, 30.0, None),
        (3, None, 0.8),
        (4, None, 0.9),
        (5, 60.0, None),
    ]
    db.put(*(price("X", t, c, price_return=r) for t, c, r in a), source="a")
    db.put(*(price("X", t, c, price_return=r) for t, c, r in b), source="b")
    if compacted:
        db.store.compact()
    p = db.panel(fields=("close", "price_return"), order={"close": ["a", "b"]})
    assert_array_equal(p.field("close"), [[10, 2, nan, 4, nan, 60]])
    assert_array_equal(p.field("price_return"), [[0.5, 0.1, 0.2, nan, 0.9, nan]])
    alone = db.panel(fields=("price_return",), order={"close": ["a", "b"]})
    assert_array_equal(alone.field("price_return"), p.field("price_return"))


def test_the_recovered_mark_follows_the_source_of_the_close(db: Loader) -> None:
    db.put(price("X", 0, 1.0, recovered=True), price("X", 1, 1.0), source="a")
    db.put(price("X", 0, 1.0, price_return=0.1), price("X", 1, 1.0, recovered=True), source="b")
    assert_array_equal(db.panel(order={"close": ["a", "b"]}).recovered, [0, 0])
    assert_array_equal(db.panel(order={"close": ["b", "a"]}).recovered, [0, 1])


@pytest.mark.parametrize("cache", [False, True])
def test_a_guard_lets_the_total_return_stand_in_for_what_cannot_be_true(
    db: Loader, cache: bool
) -> None:
    db.put(
        *(
            price("A", t, 1.0, price_return=r, total_return=0.01)
            for t, r in enumerate((0.01, -0.9, None, None))
        ),
        *(
            price(s, t, 1.0, price_return=0.02 if t < 3 else None, total_return=0.02)
            for s in "BC"
            for t in range(4)
        ),
    )
    fields = ("price_return", "total_return")
    for _ in range(2):
        p = db.panel(fields=fields, guard=0.5, cache=cache)
        # the guard takes what cannot be true; what is missing is a hole, with or without a guard
        assert_array_equal(p.field("price_return")[0], [0.01, 0.01, 0.01, 0.01])
        assert any(c.startswith("1 price return") for c in p.caveats)
    assert_array_equal(db.panel(fields=fields).field("price_return")[0], [0.01, -0.9, 0.01, 0.01])


def test_the_guard_compares_growth_and_minds_days_most_of_which_have_a_price_return(
    db: Loader,
) -> None:
    cells = [  # price return, total return: what stands afterwards
        (0.5, 0.0, 0.5),  # half as much again is still allowed
        (0.75, 0.0, 0.0),
        (1.0, 1.25, 1.0),  # both more than double
        (-0.5, 0.0, -0.5),
        (-0.75, 0.0, 0.0),
    ]
    db.put(
        *(
            price(f"S{i}", 0, 1.0, price_return=p, total_return=t)
            for i, (p, t, _) in enumerate(cells)
        ),
        *(  # on the next days two and three of four others have a price return
            price(f"T{i}", day_, 1.0, price_return=0.0 if i < have else None, total_return=0.25)
            for day_, have in ((1, 2), (2, 3))
            for i in range(4)
        ),
    )
    p = db.panel(fields=("price_return", "total_return"), guard=0.5)
    assert_array_equal(p.field("price_return")[:5, 0], [wanted for *_, wanted in cells])
    assert_array_equal(p.field("price_return")[5:, 1], [0, 0, nan, nan])
    assert_array_equal(p.field("price_return")[5:, 2], [0, 0, 0, 0.25])
    assert any(c.startswith("3 price returns") for c in p.caveats)


def test_daily_imports_give_the_panel_of_one_import(db: Loader, tmp_path: Path) -> None:
    rows = [
        price(s, t, float(10 * i + t), price_return=0.01 * t)
        for i, s in enumerate("CAB")
        for t in range(10)
    ]
    once = Loader(tmp_path / "other")
    once.put(*rows)
    for t in range(10):
        db.put(*(r for r in rows if r["date"] == day(t)))
    for loader in (db, once):
        p = loader.panel(fields=("close", "price_return"))
        assert p.securities == ("A", "B", "C")
        assert_array_equal(
            p.field("close"), [[10 + t for t in range(10)], [20 + t for t in range(10)], range(10)]
        )
        assert_array_equal(p.field("price_return")[0], 0.01 * np.arange(10))


# ---- cache
# ------------------------------------------------------------------------------------------------


def entries(db: Loader) -> list[Path]:
    return sorted((db.store.path / "cache").glob("panel/*"))


def same(a: Panel, b: Panel) -> None:
    assert (a.securities, a.sources, a.step, a.caveats, a.off_calendar, a.version, a.origins) == (
        b.securities,
        b.sources,
        b.step,
        b.caveats,
        b.off_calendar,
        b.version,
        b.origins,
    )
    assert_array_equal(a.sessions, b.sessions)
    assert_array_equal(a.recovered, b.recovered)
    assert list(a.fields) == list(b.fields)
    for name in a.fields:
        assert_array_equal(a.field(name), b.field(name))
    assert_array_equal(a.listed, b.listed)


def test_the_cache_gives_the_same_panel_read_only(db: Loader) -> None:
    db.put(price("A", 0, 1.0, recovered=True), price("A", 3, 2.0), price("B", D(2025, 1, 1), 3.0))
    built = db.panel(fields=("close", "price_return"))
    assert not entries(db)
    first, second = (db.panel(fields=("close", "price_return"), cache=True) for _ in range(2))
    assert len(entries(db)) == 1
    same(built, first)
    same(built, second)
    assert not second.field("close").flags.writeable and type(second.field("close")) is np.ndarray
    assert isinstance(second.field("close").base, np.memmap), "it really is the mapped file"


def test_another_request_or_version_is_another_entry(db: Loader) -> None:
    db.put(price("A", 0, 1.0), price("A", 3, 2.0))
    db.panel(cache=True)
    db.put(price("A", 3, 9.0))
    assert_array_equal(db.panel(cache=True).field("close")[0, 3], 9)
    assert_array_equal(db.panel(cache=True, version=1).field("close")[0, 3], 2)
    assert len(db.panel(cache=True, as_of=day(1)).sessions) == 2
    assert len(entries(db)) == 3


@pytest.mark.parametrize("damage", ["bytes", "cut", "gone", "meta", "no meta"])
def test_a_damaged_cache_is_built_again(db: Loader, damage: str) -> None:
    db.put(*(price("A", t, 1.0 + t) for t in range(10)))
    built = db.panel(cache=True)
    file, meta = entries(db)[0] / "close.npy", entries(db)[0] / "entry.json"
    match damage:
        case "bytes":
            data = bytearray(file.read_bytes())
            data[-3] ^= 1
            file.write_bytes(data)
        case "cut":
            file.write_bytes(file.read_bytes()[:-8])
        case "gone":
            file.unlink()
        case "meta":
            meta.write_text(meta.read_text().replace('"A"', '"B"'))
        case _:
            meta.unlink()
    same(built, db.panel(cache=True))
    assert isinstance(db.panel(cache=True).field("close").base, np.memmap), "and kept again"


def test_a_disk_without_room_for_the_cache_is_no_error(
    db: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    db.put(price("A", 0, 1.0))
    monkeypatch.setattr(np, "save", full)
    assert_array_equal(db.panel(cache=True).field("close"), [[1]])
    assert not entries(db), "and nothing half-written is left"


def test_old_entries_go(db: Loader) -> None:
    db.put(*(price("A", t, 1.0) for t in range(10)))
    for t in range(9):
        db.panel(cache=True, as_of=day(t))
    assert len(entries(db)) == 6


def test_the_lineage_names_the_imports_not_their_numbers(db: Loader, tmp_path: Path) -> None:
    db.put(price("A", 0, 1.0))
    db.put({"series": "rate", "date": day(0), "value": 1.0}, table="series")
    other = Loader(tmp_path / "other")
    other.store.commit({}, source="x", checksum="before")
    other.put(price("A", 0, 1.0))
    one, two = db.panel(), other.panel()
    assert (one.version, two.version) == (2, 2)
    assert one.step.params["loads"] == ["c1"] and one.step.id == two.step.id
    assert db.panel(as_of=day(0), start=day(0)).step.id != one.step.id


# ---- derived fields, cutting, who is listed
# -------------------------------------------------------------------


def plain(fields: dict[str, Sequence[Sequence[float]]], facts: Facts | None = None) -> Panel:
    matrices = {n: np.array(m, float) for n, m in fields.items()}
    n, t = next(iter(matrices.values())).shape
    days = np.arange(np.datetime64("2024-01-01"), np.datetime64("2024-01-01") + t)
    return Panel(days, tuple("ABCDEFGH"[:n]), matrices, facts=facts or Facts())


def test_the_return_index_starts_with_the_first_close_and_ends_with_the_security() -> None:
    p = plain(
        {
            "price_return": [[nan, nan, 0.1, nan, 0.2], [0.5, -1.0, nan, nan, nan], [nan] * 5],
            "close": [[nan, 10, 11, nan, 13.2], [nan] * 5, [5] * 5],
        },
        delisted(B="2024-01-02"),
    )
    assert np.allclose(
        p.field("price_index"),
        [[nan, 1, 1.1, 1.1, 1.32], [1.5, 0, nan, nan, nan], [1, *[nan] * 4]],
        rtol=1e-15,
        equal_nan=True,
    )
    assert p.field("price_index") is p.field("price_index"), "computed once"
    with pytest.raises(UnknownName, match="total_index"):
        p.field("total_index")


def test_on_the_first_session_a_market_cap_is_enough_to_be_listed() -> None:
    """A: no close, a return from the second session on; B: a cap and nothing else; C: no cap."""
    r = np.array([[nan, 0.1, 0.1], [nan, nan, nan], [nan, 0.1, 0.1]])
    cap = np.array([[5.0, 5.0, 5.0], [nan, 5.0, 5.0], [nan, nan, 5.0]])
    days = np.array(["2024-01-02", "2024-01-03", "2024-01-04"], "datetime64[D]")
    panel = Panel(days, ("A", "B", "C"), {"price_return": r, "market_cap": cap})
    assert panel.listed.tolist() == [[True] * 3, [False] * 3, [False, True, True]]


def test_who_is_listed_first_in_a_new_session_starts_at_one_there() -> None:
    """A close without a return on the first of the new sessions, 10% on the second."""
    returns, listed = np.array([[nan, nan, nan, 0.1]]), np.array([[False, False, True, True]])
    further = derived.further_index(np.full((1, 2), nan), returns, listed)
    assert further[0].tolist() == pytest.approx([1.0, 1.1])


def delisted(**days: str) -> Facts:
    rows = [{"security": s, "delisted": D.fromisoformat(d)} for s, d in days.items()]
    return Facts(tables={"securities": pl.DataFrame(rows, schema=_schema("securities"))})


def test_a_delisted_security_is_dead_from_the_next_session() -> None:
    p = plain(
        {
            "close": [
                [1.0, 2, 3, nan, nan],
                [1, nan, nan, nan, nan],
                [1, 2, 3, 4, 5],
                [nan, 1, nan, 2, nan],
            ]
        },
        delisted(A="2024-01-03", B="2024-01-03", D="2024-01-03"),
    )
    assert p.listed.tolist() == [
        [True, True, True, False, False],
        [True, True, False, False, False],  # last traded before: gone from the day of the delisting
        [True] * 5,
        [False, True, False, True, True],  # trades again: back
    ]


def test_a_delisting_not_yet_known_does_not_kill() -> None:
    facts = Facts(
        tables={
            "actions": pl.DataFrame(
                [
                    {
                        "security": "A",
                        "date": D(2024, 1, 2),
                        "kind": "delisting",
                        "known": D(2024, 1, 4),
                    },
                    {
                        "security": "A",
                        "date": D(2024, 1, 2),
                        "kind": "dividend",
                        "known": D(2024, 1, 1),
                    },
                ],
                schema=_schema("actions"),
            )
        }
    )
    p = plain({"close": [[1.0, 2, nan, nan, nan]]}, facts)
    assert p.listed.tolist() == [[True, True, True, False, False]]


def test_a_silent_security_lives_through_a_halt_and_no_longer() -> None:
    """Whether it trades again is not known on the day: later rows may not matter."""
    halted = [1.0, *[nan] * 13, 2.0]
    gone = [1.0, *[nan] * 14]
    p = plain({"close": [halted, gone]})
    expected = [True] * 11 + [False] * 3  # ten sessions of silence, and no more
    assert p.listed[0].tolist() == [*expected, True]
    assert p.listed[1].tolist() == [*expected, False]


@settings(max_examples=30)
@given(
    st.lists(
        st.lists(st.sampled_from([nan, nan, 0.0, 0.5, -0.25]), min_size=25, max_size=25),
        min_size=2,
        max_size=3,
    ),
    st.integers(0, 24),
    st.integers(0, 24),
)
def test_cutting_changes_nothing_before_the_cut(
    returns: list[list[float]], t: int, end: int
) -> None:
    facts = delisted(A=str(np.datetime64("2024-01-01") + end))
    p = plain({"price_return": returns}, facts)
    fresh = plain({"price_return": [r[: t + 1] for r in returns]}, facts)
    early = p.cut(t)  # before anything was derived
    for name in ("price_index",):
        assert_array_equal(fresh.field(name), p.field(name)[:, : t + 1])
        assert_array_equal(early.field(name), fresh.field(name))
        assert_array_equal(p.cut(t).field(name), fresh.field(name))
    assert_array_equal(p.cut(t).listed, fresh.listed)


def test_a_cut_is_a_view(db: Loader) -> None:
    db.put(*(price("A", t, 1.0 + t, price_return=0.1) for t in range(10)))
    p = db.panel(fields=("close", "price_return"))
    p.field("price_index")
    c = p.cut(4)
    assert c.shape == (1, 5) and np.shares_memory(c.field("close"), p.field("close"))
    assert np.shares_memory(c.field("price_index"), p.field("price_index"))
    assert (
        np.shares_memory(p.cut(-1).field("close"), p.field("close")) and p.cut(-1).shape == p.shape
    )
    with pytest.raises(UsageError, match="session 10 is not in a panel of 10"):
        p.cut(10)


def test_only_what_is_needed_is_there() -> None:
    p = plain({"close": [[1.0, 2]], "price_return": [[nan, 1.0]], "volume": [[5.0, 6]]})
    q = p.only(["price_index"])
    assert list(q.fields) == ["price_index"]
    assert_array_equal(q.field("price_index"), [[1, 2]])
    with pytest.raises(UnknownName, match="close"):
        q.field("close")
    assert_array_equal(q.listed, p.listed)
    with pytest.raises(UnknownName, match="market_cap"):
        p.only(["market_cap"])


def test_a_derived_array_is_computed_once_and_kept_read_only() -> None:
    p = plain({"close": [[1.0, 2, 3]]})
    calls = []

    def double(q: Panel) -> np.ndarray:
        calls.append(q)
        return q.field("close") * 2

    for _ in range(2):
        assert_array_equal(p.derive(("double", 2), double), [[2, 4, 6]])
    assert len(calls) == 1 and not p.derive(("double", 2), double).flags.writeable
    assert_array_equal(p.cut(1).derive(("double", 2), double), [[2, 4]])
    assert len(calls) == 1


def test_a_field_of_another_shape_is_refused() -> None:
    with pytest.raises(UsageError, match=r"shape \(1, 3\), the panel \(2, 3\)"):
        Panel(DAYS[:3], ("A", "B"), {"close": np.ones((1, 3))})


# ---- spells
# -----------------------------------------------------------------------------------------------


@pytest.fixture
def abc(db: Loader) -> Loader:
    db.put(*(price(s, t, 1.0) for s in "ABC" for t in range(10)))
    return db


def member(
    security: str, start: int | None, end: int | None, known: int | None = None
) -> dict[str, Any]:
    return {
        "universe": "u",
        "security": security,
        "start": None if start is None else day(start),
        "end": None if end is None else day(end),
        "known": None if known is None else day(known),
    }


def test_members_start_inclusive_end_exclusive_and_only_once_known(abc: Loader) -> None:
    abc.put(
        member("A", None, 4),
        member("A", 7, None),
        member("B", 2, 6, known=5),
        member("Z", 0, None),
        table="members",
    )
    m = abc.panel().members("u")
    assert [np.flatnonzero(r).tolist() for r in m] == [[0, 1, 2, 3, 7, 8, 9], [5], []]
    assert not m.flags.writeable
    with pytest.raises(UnknownName, match=r"'v'\. Known: u"):
        abc.panel().members("v")


def test_a_spell_closed_by_a_later_load(abc: Loader) -> None:
    abc.put(member("A", 0, None), member("B", 0, None), member("C", 0, 5), table="members")
    abc.put(
        member("A", 0, 6),
        member("B", 0, 3, known=7),
        member("C", 0, None, known=8),
        table="members",
    )

    def rows(**request: Any) -> list[list[int]]:
        return [np.flatnonzero(r).tolist() for r in abc.panel(**request).members("u")]

    assert rows() == [
        [0, 1, 2, 3, 4, 5],  # known as before: the correction holds all along
        [0, 1, 2, 3, 4, 5, 6],  # the end at 3 was only known at 7
        [0, 1, 2, 3, 4, 8, 9],
    ]  # ended at 5; that it had not was known at 8
    assert rows(version=2)[0] == list(range(10))
    t = 7
    assert_array_equal(abc.panel(as_of=day(t)).members("u"), abc.panel().members("u")[:, : t + 1])
    whole = abc.panel()
    whole.members("u")
    assert_array_equal(whole.cut(t).members("u"), abc.panel(as_of=day(t)).members("u"))


def test_an_end_announced_ahead_and_taken_back(abc: Loader) -> None:
    abc.put(
        member("A", 0, 8, known=2),
        member("A", 0, None),
        member("A", 0, None, known=5),
        table="members",
    )
    assert np.flatnonzero(abc.panel().members("u")[0]).tolist() == list(range(10))
    assert np.flatnonzero(abc.panel(as_of=day(4)).members("u")[0]).tolist() == [0, 1, 2, 3, 4]


def test_classes_as_known_on_the_day(abc: Loader) -> None:
    def row(
        security: str,
        sector: str,
        start: int | None,
        known: int | None = None,
        end: int | None = None,
    ) -> dict[str, Any]:
        return {**member(security, start, end, known), "scheme": "gics", "sector": sector}

    rows = [
        row("A", "Energy", None),
        row("A", "Tech", 4),
        row("B", "Health", 2, known=6),
        row("C", "Staples", 0, end=5),
    ]
    abc.put(*({k: v for k, v in r.items() if k != "universe"} for r in rows), table="classes")
    p = abc.panel()
    at = {t: p.class_at(t).tolist() for t in (1, 3, 4, 5, 6)}
    assert at == {
        1: ["Energy", "", "Staples"],
        3: ["Energy", "", "Staples"],
        4: ["Tech", "", "Staples"],
        5: ["Tech", "", ""],
        6: ["Tech", "Health", ""],
    }
    assert p.class_at(1, "industry").tolist() == ["", "", ""]
    assert p.cut(4).class_at(-1).tolist() == at[4]
    for wrong, says in (({"level": "colour"}, "colour"), ({"scheme": "icb"}, "icb")):
        with pytest.raises(UnknownName, match=says):
            p.class_at(1, **wrong)
    abc.put({"scheme": "icb", "security": "A", "sector": "Oil"}, table="classes")
    with pytest.raises(UsageError, match="several classifications: gics, icb"):
        abc.panel().class_at(1)
    assert abc.panel().class_at(1, scheme="icb").tolist() == ["Oil", "", ""]


def test_without_classes_every_class_is_unknown(abc: Loader) -> None:
    assert abc.panel().class_at(0).tolist() == ["", "", ""]


def test_attributes_and_companies_as_known_on_the_day(abc: Loader) -> None:
    abc.put(
        {
            "security": "A",
            "ticker": "OLD",
            "company": "one",
            "kind": "common",
            "end": day(5),
            "delisted": day(8),
        },
        {
            "security": "A",
            "ticker": "NEW",
            "company": "one",
            "kind": "common",
            "start": day(5),
            "known": day(3),
        },
        {"security": "B", "ticker": "B", "company": "one", "start": day(2), "end": day(4)},
        table="securities",
    )
    p = abc.panel()
    found = p.attributes_at(4)
    assert found["security"].to_list() == ["A", "B", "C"]
    assert found["ticker"].to_list() == ["OLD", "B", None], (
        "a spell announced has not begun; the last ended one stays"
    )
    assert p.attributes_at(5)["ticker"].to_list() == ["NEW", "B", None]
    assert p.attributes_at(1)["ticker"].to_list() == ["OLD", None, None]
    assert p.attributes_at(4)["delisted"].to_list() == [None] * 3, "the delisting lies ahead"
    a, b, c = p.companies
    assert a == b != c
    assert len(set(p.cut(1).companies)) == 3, "that A and B are one company was not known then"


def test_holdings_as_known_and_ahead_only_when_asked(abc: Loader) -> None:
    def line(security: str, weight: float, t: int, known: int) -> dict[str, Any]:
        return {
            "fund": "F",
            "security": security,
            "weight": weight,
            "date": day(t),
            "known": day(known),
        }

    abc.put(
        line("A", 0.6, 1, 3),
        line("B", 0.3, 1, 3),
        line("Z", 0.1, 1, 3),
        line("B", 1.0, 5, 6),
        table="holdings",
    )
    abc.put(line("A", 0.5, 1, 4), table="holdings")
    p = abc.panel()
    assert p.holdings("F", 2) is None
    seen = {t: p.holdings("F", t) for t in (3, 4, 5, 6)}
    assert [h.weights.tolist() for h in seen.values() if h] == [
        [0.6, 0.3, 0],
        [0.5, 0.3, 0],
        [0.5, 0.3, 0],
        [0, 1, 0],
    ]
    assert seen[3] is not None and seen[3].outside == 0.1 and seen[3].date == DAYS[1]
    ahead = p.holdings("F", 0, ahead=True)
    assert ahead is not None and ahead.weights.tolist() == [0.6, 0.3, 0]
    assert p.cut(2).holdings("F", 0, ahead=True) is None, "not even ahead of the as-of day"
    with pytest.raises(UnknownName, match=r"'G'\. Known: F"):
        p.holdings("G", 3)


def test_fundamentals_as_filed_and_restated(abc: Loader) -> None:
    def filing(value: float, period: str, known: int, security: str = "A") -> dict[str, Any]:
        return {
            "security": security,
            "item": "sales",
            "value": value,
            "period_end": D.fromisoformat(period),
            "known": day(known),
        }

    abc.put(
        filing(100, "2023-12-31", 1),
        filing(200, "2024-12-31", 4),
        filing(5, "2024-12-31", 0, "B"),
        table="fundamentals",
    )
    abc.put(
        filing(111, "2023-12-31", 6),
        filing(222, "2024-12-31", 8),
        filing(150, "2023-12-31", 2),
        table="fundamentals",
    )
    p = abc.panel()
    assert_array_equal(
        p.fundamental("sales")[0], [nan, 100, 150, 150, 200, 200, 200, 200, 222, 222]
    )
    assert_array_equal(p.fundamental("sales")[1], [5] * 10)
    assert np.isnan(p.fundamental("sales")[2]).all()
    assert_array_equal(abc.panel(version=2).fundamental("sales")[0, [2, 8]], [100, 200])
    assert_array_equal(p.cut(5).fundamental("sales"), p.fundamental("sales")[:, :6])
    with pytest.raises(UnknownName, match="sales"):
        p.fundamental("sale")


def test_a_filing_is_too_old_a_year_and_a_half_after_its_period(abc: Loader) -> None:
    end = day(6) - dt.timedelta(days=548)  # from session 6 on it is too old
    abc.put(
        {"security": "A", "item": "sales", "value": 100, "period_end": end, "known": day(1)},
        {"security": "B", "item": "sales", "value": 7, "period_end": end, "known": day(1)},
        {
            "security": "B",
            "item": "sales",
            "value": 8,
            "period_end": end + dt.timedelta(days=365),
            "known": day(8),
        },
        table="fundamentals",
    )
    p = abc.panel()
    assert_array_equal(p.fundamental("sales")[0], [nan] + [100] * 5 + [nan] * 4)
    assert_array_equal(p.fundamental("sales")[1], [nan] + [7] * 5 + [nan, nan, 8, 8])


def test_the_float_cap_uses_the_factor_known_and_shares_where_the_cap_is_missing(
    db: Loader,
) -> None:
    db.put(
        *(price("A", t, 2.0, market_cap=100.0 if t < 3 else None) for t in range(5)),
        price("B", 0, 1.0, market_cap=9.0),
    )
    assert_array_equal(db.panel(fields=("market_cap",)).field("float_cap")[0, :3], [100] * 3)
    db.put(
        {"security": "A", "date": day(2), "float_factor": 0.5, "shares": 30.0, "known": day(1)},
        table="shares",
    )
    p = db.panel(fields=("close", "market_cap"))
    assert_array_equal(p.field("float_cap"), [[100, 100, 50, 30, 30], [9, nan, nan, nan, nan]])


def test_counts_of_shares_from_before_a_split_are_multiplied_by_it(db: Loader) -> None:
    db.put(*(price("A", t, c) for t, c in enumerate((100.0, 100.0, 10.0, 10.0, 5.0))))
    db.put(*(price("B", t, 7.0) for t in range(5)))
    count = {"known": None, "float_factor": 1.0}
    db.put(
        {**count, "security": "A", "date": day(0), "shares": 30.0},
        {**count, "security": "B", "date": day(0), "shares": 2.0},
        table="shares",
    )
    split = {"security": "A", "kind": "split"}
    db.put(
        {**split, "date": day(2), "known": day(2), "ratio": 10.0},
        {**split, "date": day(4), "known": day(4), "ratio": 2.0},
        {**split, "date": day(3), "known": day(4), "ratio": 5.0},  # known late: nobody saw it
        table="actions",
    )
    wanted = ("close", "market_cap")
    caps = db.panel(fields=wanted).field("float_cap")
    assert_array_equal(caps, [[3000.0] * 5, [14.0] * 5])
    # counted again: on the day of the first split, and between the two
    db.put(
        {**count, "security": "A", "date": day(2), "shares": 310.0},
        {**count, "security": "A", "date": day(3), "shares": 320.0},
        table="shares",
    )
    caps = db.panel(fields=wanted).field("float_cap")[0]
    assert_array_equal(caps, [3000, 3000, 3100, 3200, 3200])
    for t in range(5):  # nothing later changes what was known
        then = db.panel(fields=wanted, as_of=day(t)).field("float_cap")[0]
        assert_array_equal(then, caps[: t + 1])


# ---- which dated rows count
# ----------------------------------------------------------------------------------


def test_a_version_known_since_ever_gives_way_to_one_known_later() -> None:
    rows = pl.DataFrame(
        {
            "security": ["A", "A"],
            "start": [None, None],
            "end": [None, None],
            "known": [day(3), None],
            "load": [1, 2],
        },
        schema={"security": pl.String, **dict.fromkeys(("start", "end", "known"), pl.Date)}
        | {"load": pl.Int64},
    )
    found = asof.spells(rows, ["security", "start"], DAYS)
    assert found.select("load", "seen", "unseen", "first", "stop").rows() == [
        (2, 0, 3, 0, 3),
        (1, 3, 10, 3, 10),
    ]
    dated = asof.Dated(found, np.zeros(2, np.int64))
    begun = [dated.rows["load"][dated.begun(t, DAYS[t])].to_list() for t in (0, 2, 3, 9)]
    assert begun == [[2], [2], [1], [1]], "without a start it has begun on every day"


def test_a_restated_older_period_changes_nothing_for_any_security() -> None:
    row, when = np.array([0, 1, 1, 0]), np.array([5, 5, 4, 6])
    since, load = np.array([0, 1, 3, 9]), np.array([1, 1, 2, 1])
    value = np.array([7.0, 8.0, 9.0, 1.0])
    found = asof.as_filed(row, when, since, load, value, (2, 5))
    assert_array_equal(found, [[7] * 5, [nan, 8, 8, 8, 8]])


def test_a_filing_too_old_has_no_value_until_a_newer_one() -> None:
    """Row 0: 7 for two sessions, nothing, then 8 to the end; row 1: too old when it is filed."""
    row, when, since = np.array([0, 0, 1]), np.array([1, 2, 1]), np.array([1, 4, 3])
    one, value, until = np.ones(3, np.int64), np.array([7.0, 8.0, 9.0]), np.array([3, 9, 2])
    found = asof.as_filed(row, when, since, one, value, (2, 6), until)
    assert_array_equal(found, [[nan, 7, 7, nan, 8, 8], [nan] * 6])


def test_of_two_filings_of_one_session_the_later_period_and_the_later_import_stand() -> None:
    zero = np.zeros(3, np.int64)
    for when, load, expected in (([1, 2, 1], [1, 1, 2], 20.0), ([1, 1, 1], [2, 3, 1], 20.0)):
        found = asof.as_filed(
            zero, np.array(when), zero, np.array(load), np.array([10.0, 20.0, 30.0]), (1, 2)
        )
        assert_array_equal(found, [[expected, expected]])

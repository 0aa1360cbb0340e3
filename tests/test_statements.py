"""What a source says now replaces what it said before; older versions stay what they were."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import paceline
from paceline import config, panel
from paceline.errors import DataError, SourceError, StoreError
from paceline.market import stating, unused, upkeep
from paceline.store import Stated, Store, delta, told

D = dt.date
DAYS = [D(2023, 12, 28), D(2023, 12, 29), D(2024, 1, 2), D(2024, 1, 3), D(2024, 1, 4)]
Rows = dict[tuple[str, dt.date], float]


def prices(rows: Rows) -> pl.DataFrame:
    return pl.DataFrame(
        [(s, d, c) for (s, d), c in rows.items()],
        schema={"security": pl.String, "date": pl.Date, "close": pl.Float64},
        orient="row",
    )


def say(store: Store, source: str, rows: Rows, checksum: str | None = None) -> Stated | None:
    """One statement of prices; its checksum is that of its rows unless another is given."""
    return store.state(
        {"prices": prices(rows)}, source=source, checksum=checksum or repr(sorted(rows.items()))
    )


def said(store: Store, version: int | None = None) -> dict[str, Rows]:
    """Source -> what the store holds of it."""
    found: dict[str, Rows] = {}
    for source, security, date, close in (
        store.read("prices", version).select("source", "security", "date", "close").rows()
    ):
        assert (security, date) not in found.setdefault(source, {}), "each row stands once"
        found[source][security, date] = close
    return found


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "a store")


# ---- one source ----------------------------------------------------------------------------------


def test_a_row_that_is_no_longer_stated_is_withdrawn(store: Store) -> None:
    four = {("A", d): c for d, c in zip(DAYS, (100.0, 102.0, 9999.0, 105.0), strict=False)}
    three = {k: v for k, v in four.items() if v != 9999.0}
    assert say(store, "feed", four) == Stated(1, 4, 0, 0)
    assert say(store, "feed", three) == Stated(2, 0, 0, 1)
    assert said(store) == {"feed": three} and said(store, 1) == {"feed": four}
    log = json.loads(store.loads().row(-1, named=True)["changes"])
    assert log == {
        "prices": {"added": 0, "changed": 0, "withdrawn": 1, "examples": ["A 2024-01-02"]}
    }


def test_a_day_added_writes_that_day_only(store: Store) -> None:
    days = [D(2015, 1, 1) + dt.timedelta(n) for n in range(10 * 365)]
    rows = {(s, d): float(n) for n, d in enumerate(days, 1) for s in "ABC"}
    say(store, "feed", rows)
    before = {s.path for s in store.segments("prices")[0]}
    more = {(s, days[-1] + dt.timedelta(1)): 7.0 for s in "ABC"}
    assert say(store, "feed", rows | more) == Stated(2, 3, 0, 0)
    (new,) = (s for s in store.segments("prices")[0] if s.path not in before)
    assert new.rows == 3 and new.path.stat().st_size < 10_000
    assert said(store) == {"feed": rows | more}


def test_only_years_that_changed_are_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {(s, d): 1.0 for d in DAYS for s in "ABC"}
    say(store, "feed", rows)
    real, read = delta.scan, []

    def watched(files: Any, schema: Any) -> pl.LazyFrame:
        read.extend(f.year for f in files if f.year is not None)
        return real(files, schema)

    monkeypatch.setattr(delta, "scan", watched)
    say(store, "feed", {**rows, ("A", DAYS[-1]): 2.0})
    assert read == [2024]


def test_the_same_statement_changes_not_one_byte(store: Store) -> None:
    say(store, "feed", {("A", DAYS[0]): 1.0})
    before = {p: p.read_bytes() for p in store.path.rglob("*") if p.is_file()}
    assert say(store, "feed", {("A", DAYS[0]): 1.0}) is None
    assert {p: p.read_bytes() for p in store.path.rglob("*") if p.is_file()} == before


def test_the_same_rows_from_other_bytes_write_no_row(store: Store) -> None:
    say(store, "feed", {("A", DAYS[0]): 1.0})
    files = set((store.path / "tables/prices").rglob("*"))
    assert say(store, "feed", {("A", DAYS[0]): 1.0}, "a blank line more") == Stated(2, 0, 0, 0)
    assert set((store.path / "tables/prices").rglob("*")) == files


def test_a_statement_taken_back_and_made_again_stands_again(store: Store) -> None:
    """The checksum is that of the first load: it is the last one that counts."""
    one, two = {("A", DAYS[0]): 1.0}, {("A", DAYS[0]): 2.0}
    for rows in (one, two, one):
        assert say(store, "feed", rows) is not None
    assert [said(store, n)["feed"] for n in (1, 2, 3)] == [one, two, one]


def test_an_older_known_shows_again_when_the_newer_is_withdrawn(store: Store) -> None:
    first, second = D(2024, 2, 15), D(2024, 5, 1)

    def filed(*known: dt.date) -> dict[str, pl.DataFrame]:
        return {
            "fundamentals": pl.DataFrame(
                {
                    "security": ["A"] * len(known),
                    "item": ["sales"] * len(known),
                    "period_end": [D(2023, 12, 31)] * len(known),
                    "value": [float(k.month) for k in known],
                    "known": known,
                }
            )
        }

    store.state(filed(first, second), source="f", checksum="1")
    store.state(filed(first), source="f", checksum="2")
    assert store.read("fundamentals")["value"].to_list() == [2.0]
    assert store.read("fundamentals", 1)["value"].to_list() == [2.0, 5.0]


def test_a_source_withdraws_nothing_of_another(store: Store) -> None:
    """Tables without a source column too: the owner of a row is the source of its load."""

    def members(*names: str) -> dict[str, pl.DataFrame]:
        return {"members": pl.DataFrame({"universe": ["u"] * len(names), "security": names})}

    store.state(members("A", "B"), source="one", checksum="1")
    store.state(members("B", "C"), source="two", checksum="2")
    store.state(members("A"), source="one", checksum="3")
    assert sorted(store.read("members")["security"]) == ["A", "B", "C"]
    store.state({}, source="two", checksum="")
    assert store.read("members")["security"].to_list() == ["A"]
    assert store.log.sources() == ["one"] and store.log.sources(2) == ["one", "two"]


def test_what_is_added_only_stays_and_a_missing_value_says_nothing(store: Store) -> None:
    def window(closes: list[float | None], returns: list[float | None], first: int) -> None:
        rows = pl.DataFrame(
            {
                "security": ["A"] * len(closes),
                "date": DAYS[first : first + len(closes)],
                "close": closes,
                "price_return": returns,
            }
        )
        store.state({"prices": rows}, source="f", checksum=str(first), adds_only=True)

    window([10.0, 11.0, 12.1], [None, 0.1, 0.1], 0)
    window([11.0, 13.0, 13.0], [None, 2 / 11, 0.0], 1)
    rows = store.read("prices").sort("date")
    assert rows["close"].to_list() == [10.0, 11.0, 13.0, 13.0]
    assert rows["price_return"].to_list() == [None, 0.1, 2 / 11, 0.0]


def test_rows_of_a_store_from_before_are_compared_and_withdrawn(store: Store) -> None:
    """Loads that only added rows, one of them twice: the statement replaces them all."""
    for n, close in enumerate((1.0, 2.0)):
        store.commit(
            {"prices": prices({("A", DAYS[0]): close, ("B", DAYS[n]): 5.0})},
            source="feed",
            checksum=str(n),
        )
    assert say(store, "feed", {("A", DAYS[0]): 2.0}) == Stated(3, 0, 0, 2)
    rows = store.read("prices")
    assert set(rows["security"]) == {"A"} and rows.sort("load")["close"][-1] == 2.0
    assert len(store.read("prices", 2)) == 4


# ---- restated history ----------------------------------------------------------------------------


def test_restated_history_is_measured(store: Store) -> None:
    """A four for one split: closes of the past become a quarter, those after it stay."""
    days = [D(2023, 6, 1) + dt.timedelta(n) for n in range(400)]
    split = days[300]
    old = {("A", d): 400.0 + n for n, d in enumerate(days)}
    other = {("B", d): 7.0 for d in days}
    new = {(s, d): c / 4 if d < split else c for (s, d), c in old.items()}
    say(store, "feed", old | other)
    assert say(store, "feed", new | other) == Stated(2, 0, 300, 0)
    (all_,) = json.loads(store.loads().row(-1, named=True)["changes"])["prices"]["restated"]
    (most,) = all_.pop("most")
    assert most.pop("what") == "A" and most == all_
    assert all_ == {
        "subjects": 1,
        "field": "close",
        "rows": 300,
        "of": 300,
        "first": str(days[0]),
        "last": str(days[299]),
        "factor": 0.25,
        "low": 0.25,
        "high": 0.25,
    }
    (row,) = told.changes(store).to_dicts()
    assert row["what"] == [f"all 300 closes of A up to {days[299]} changed by a factor of 0.25"]


def test_changes_of_several_names_are_told_one_by_one_and_together(store: Store) -> None:
    rows = {("A", DAYS[0]): 10.0, ("A", DAYS[1]): 10.0, ("B", DAYS[0]): 10.0, ("C", DAYS[0]): 1.0}
    say(store, "feed", rows)
    say(store, "feed", {("A", DAYS[0]): 20.0, ("A", DAYS[1]): 20.0, ("B", DAYS[0]): 5.0})
    (row,) = told.changes(store).to_dicts()
    assert (row["changed"], row["withdrawn"]) == (3, 1)
    assert row["what"] == [
        "1 row withdrawn: C 2023-12-28",
        "all 2 closes of A up to 2023-12-29 changed by a factor of 2",
        "1 close of B of 2023-12-28 changed by a factor of 0.5",
        "all 3 closes of 2 names up to 2023-12-29 changed by a median factor of 2 (0.5 to 2)",
    ]


# ---- races ---------------------------------------------------------------------------------------


def test_the_difference_is_made_on_the_version_it_is_committed_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writer of the same source gets in between: its rows are withdrawn as well."""
    say(store, "feed", {("A", DAYS[0]): 1.0})
    real, overtaken = delta.append_if_unchanged, []

    def slow(*given: Any) -> None:
        if not overtaken:
            overtaken.append(True)
            say(Store(store.path), "feed", {("A", DAYS[0]): 5.0, ("B", DAYS[1]): 2.0})
        real(*given)

    monkeypatch.setattr(delta, "append_if_unchanged", slow)
    stated = say(store, "feed", {("A", DAYS[0]): 1.0, ("C", DAYS[2]): 3.0})
    assert stated is not None and stated[1:] == (1, 1, 1)
    assert said(store) == {"feed": {("A", DAYS[0]): 1.0, ("C", DAYS[2]): 3.0}}
    assert said(store, stated.load - 1) == {"feed": {("A", DAYS[0]): 5.0, ("B", DAYS[1]): 2.0}}


# ---- against a plain model -----------------------------------------------------------------------

ROWS = st.dictionaries(
    st.tuples(st.sampled_from("ABC"), st.sampled_from(DAYS)), st.sampled_from((1.0, 2.0, 3.0))
)
STEP = st.one_of(
    st.tuples(st.sampled_from(("one", "two")), ROWS), st.tuples(st.just("compact"), st.just({}))
)


@settings(max_examples=30)
@given(st.lists(STEP, min_size=1, max_size=7))
def test_every_version_is_what_was_stated_by_then(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Rows]]
) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    stands: dict[str, Rows] = {}
    expected: dict[int, dict[str, Rows]] = {}
    for source, rows in steps:
        if source == "compact":
            store.compact()
            continue
        stated = say(store, source, rows)
        assert (stated is None) == (source in stands and stands[source] == rows)
        stands = {**stands, source: rows}
        if stated is not None:
            expected[stated.load] = dict(stands)
    for version, model in expected.items():
        assert said(store, version) == {s: rows for s, rows in model.items() if rows}
        for source, rows in model.items():
            one = store.statement(source, "prices", version)
            assert dict(zip(one.select("security", "date").rows(), one["close"], strict=True)) == (
                rows
            )
        merged = {**model.get("two", {}), **model.get("one", {})}
        if merged:
            _same_as_panel(store, version, merged)


def _same_as_panel(store: Store, version: int, merged: Rows) -> None:
    """The panel at that version holds these closes and no others."""
    order = {"close": ["one", "two"], "price_return": ["one", "two"]}
    made = panel.build(
        store,
        sessions=np.array(DAYS, "datetime64[D]"),
        version=version,
        order=order,
        fields=("close",),
        cache=False,
    )
    found = {
        (s, day.item()): made.field("close")[i, t]
        for i, s in enumerate(made.securities)
        for t, day in enumerate(made.sessions)
        if not np.isnan(made.field("close")[i, t])
    }
    assert found == merged


# ---- through a market file -----------------------------------------------------------------------

MARKET = """
[market]
name = "t"
calendar = "XNYS"
benchmark = "x"
[sources.p]
path = "{path}"
columns = {{ security = "ticker", close = "close", date = {date} }}
{more}
[baskets.x]
instrument = "X"
"""


class Desk:
    """A folder with a market file and its data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def declare(self, path: str = "p.csv", more: str = "", date: str = '"date"') -> None:
        text = MARKET.format(path=path, more=more, date=date)
        (self.folder / "market.toml").write_text(text)

    def write(self, name: str, rows: dict[str, float]) -> None:
        lines = ["ticker,date,close", *(f"X,{day},{close}" for day, close in rows.items())]
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text("\n".join(lines) + "\n")

    def run(self) -> dict[str, Any]:
        """Import, and what came of the source p."""
        done = paceline.open(self.folder / "market.toml").import_()
        return next(row for row in done if row["source"] == "p")

    def closes(self, version: int | None = None) -> dict[str, float]:
        rows = Store(self.folder / ".paceline").read("prices", version)
        return {str(d): c for d, c in rows.sort("date").select("date", "close").rows()}

    def change(self, version: int | None = None) -> float:
        """Return of the basket over all that is stored."""
        market = paceline.open(self.folder / "market.toml", version=version)
        (line,) = market.all_levels.native
        line = line[~np.isnan(line)]
        return float(line[-1] / line[0] - 1)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


WEEK = {"2025-09-08": 100.0, "2025-09-09": 102.0, "2025-09-10": 9999.0, "2025-09-11": 105.0}


def test_a_withdrawn_close_is_no_part_of_the_return(desk: Desk) -> None:
    desk.declare()
    desk.write("p.csv", WEEK)
    first = desk.run()["load"]
    was = desk.change()
    desk.write("p.csv", {d: c for d, c in WEEK.items() if c != 9999.0})
    done = desk.run()
    assert (done["added"], done["withdrawn"]) == (0, 1)
    assert desk.change() == pytest.approx(0.05, rel=1e-12)
    assert desk.change(first) == was and "2025-09-10" in desk.closes(first)
    assert "2025-09-10" not in desk.closes()


def test_a_folder_is_a_statement_per_file(desk: Desk) -> None:
    desk.declare("daily/*.csv")
    for day, close in WEEK.items():
        desk.write(f"daily/{day}.csv", {day: close})
    desk.run()
    assert desk.closes() == WEEK
    mended = {**WEEK, "2025-09-10": 103.0}
    desk.write("daily/2025-09-10.csv", {"2025-09-10": 103.0})  # issued again
    (desk.folder / "daily/2025-09-08.csv").unlink()  # moved to an archive: it still stands
    done = desk.run()
    assert desk.closes() == mended and done["withdrawn"] == 0
    found = paceline.open(desk.folder / "market.toml").findings()
    gone = found.filter(pl.col("check") == "files gone")
    assert gone.select("count", "example").rows() == [(1, "daily/2025-09-08.csv")]
    assert desk.run()["load"] is None
    desk.write("daily/2025-09-09.csv", {"2025-09-12": 106.0})  # it was of another day
    done = desk.run()
    assert (done["added"], done["withdrawn"]) == (1, 1)
    moved = {d: c for d, c in mended.items() if d != "2025-09-09"} | {"2025-09-12": 106.0}
    assert desk.closes() == moved


def test_a_folder_declared_a_file_is_what_lies_there_now(desk: Desk) -> None:
    desk.declare("daily/*.csv", 'statement = "file"')
    for day, close in WEEK.items():
        desk.write(f"daily/{day}.csv", {day: close})
    desk.run()
    (desk.folder / "daily/2025-09-10.csv").unlink()
    assert desk.run()["withdrawn"] == 1
    assert desk.closes() == {d: c for d, c in WEEK.items() if d != "2025-09-10"}


def test_a_pattern_that_no_longer_names_a_file_withdraws_it(desk: Desk) -> None:
    desk.declare("daily/*.csv")
    for day, close in WEEK.items():
        desk.write(f"daily/{day}.csv", {day: close})
    desk.run()
    desk.declare("daily/2025-09-0*.csv")
    desk.run()
    assert list(desk.closes()) == ["2025-09-08", "2025-09-09"]


def test_a_rolling_window_gathers(desk: Desk) -> None:
    desk.declare("p.csv", 'statement = "append"')
    days = list(WEEK)
    desk.write("p.csv", {d: WEEK[d] for d in days[:3]})
    desk.run()
    desk.write("p.csv", {days[2]: 103.0, days[3]: 105.0})
    done = desk.run()
    assert (done["added"], done["changed"], done["withdrawn"]) == (1, 1, 0)
    assert desk.closes() == {**WEEK, days[2]: 103.0}
    desk.declare("p.csv")  # now the file is all there is
    assert desk.run()["withdrawn"] == 2
    assert list(desk.closes()) == days[2:]


@pytest.mark.parametrize("gone", [False, True])
def test_a_corrected_date_format_takes_effect_from_the_bytes_kept(desk: Desk, gone: bool) -> None:
    week = {f"0{n}/09/2025": 100.0 + n for n in (2, 3, 4, 5, 8)}

    def declare(form: str) -> None:
        desk.declare(date=f'{{ column = "date", format = "{form}" }}')

    declare("%m/%d/%Y")
    desk.write("p.csv", week)
    desk.run()
    assert "2025-04-09" in desk.closes() and "2025-09-04" not in desk.closes()
    if gone:
        (desk.folder / "p.csv").unlink()
    declare("%d/%m/%Y")
    desk.run()
    assert desk.closes() == {f"2025-09-0{n}": 100.0 + n for n in (2, 3, 4, 5, 8)}
    checks = paceline.open(desk.folder / "market.toml").findings()["check"].to_list()
    assert ("files gone" in checks) == gone
    with pytest.raises(SourceError, match=r"p\.csv: no such file") if gone else nullcontext():
        desk.run()  # under a declaration that has not changed a file must be there


def test_rows_that_gathered_are_read_again_under_another_declaration(desk: Desk) -> None:
    """Three windows of two days; the format was wrong from the first on."""

    def declare(form: str) -> None:
        date = f'{{ column = "date", format = "{form}" }}'
        desk.declare("p.csv", 'statement = "append"', date)

    declare("%m/%d/%Y")
    days = [4, 5, 2, 3]
    for first in range(3):
        desk.write("p.csv", {f"0{d}/09/2025": 100.0 + d for d in days[first : first + 2]})
        desk.run()
    assert list(desk.closes()) == ["2025-04-09", "2025-05-09"], "the others are no sessions"
    declare("%d/%m/%Y")
    expected = {f"2025-09-0{d}": 100.0 + d for d in days}
    done = desk.run()
    assert (done["rows"], done["added"], done["withdrawn"]) == (4, 4, 2)
    assert desk.closes() == expected
    assert desk.run()["load"] is None
    desk.write("p.csv", {"08/09/2025": 7.0})
    desk.run()
    assert desk.closes() == {**expected, "2025-09-08": 7.0}


def test_sessions_between_two_windows_are_said_until_one_covers_them(desk: Desk) -> None:
    desk.declare("p.csv", 'statement = "append"')
    days = ["2025-09-08", "2025-09-09", "2025-09-10", "2025-09-11", "2025-09-12"]
    closes = dict(zip(days, (100.0, 102.0, 103.0, 104.0, 105.0), strict=True))

    def window(first: int, last: int) -> tuple[list[dict[str, Any]], list[str]]:
        """Import it: findings on what was never stated, and what the newest figure says of it."""
        desk.write("p.csv", {d: closes[d] for d in days[first:last]})
        desk.run()
        market = paceline.open(desk.folder / "market.toml")
        rows = market.findings().filter(pl.col("check") == unused.UNSTATED).to_dicts()
        figure = market.show("performance", subjects=["x"])[-1]
        return rows, [c for c in figure.caveats if "no statement covers" in c]

    assert window(0, 2) == ([], [])
    (row,), caveats = window(4, 5)
    assert (row["source"], row["count"], row["example"]) == ("p", 2, "2025-09-10, 2025-09-11")
    assert caveats == ["p: no statement covers 2 sessions (2025-09-10 to 2025-09-11)"]
    early = paceline.open(desk.folder / "market.toml", as_of="2025-09-09")
    assert not any("no statement" in c for f in early.show("performance") for c in f.caveats)
    assert window(1, 5) == ([], []) and desk.closes() == closes


NOTHING_LEFT = {
    "where": ('where = { ticker = "Z" }', WEEK, "ticker = \"Z\" holds for 0. ticker holds 'X' (4)"),
    "closes": ("", dict.fromkeys(WEEK, -1.0), "4 rows set aside: close is not a positive number"),
    "days": ("", {"2025-09-06": 1.0, "2025-09-07": 1.0}, "date is not a session of XNYS (2)"),
}


@pytest.mark.parametrize("case", NOTHING_LEFT)
@pytest.mark.parametrize("statement", ["file", "append"])
def test_a_source_that_states_no_row_stops_the_import(
    desk: Desk, case: str, statement: str
) -> None:
    """Of a file whose rows gather that is so until rows stand: a window may bring nothing new."""
    more, rows, said_ = NOTHING_LEFT[case]
    how = f'statement = "{statement}"\n'
    desk.declare("p.csv", how + more)
    desk.write("p.csv", rows)
    with pytest.raises(SourceError) as told_:
        desk.run()
    assert said_ in str(told_.value) and "sources.p" in told_.value.message
    desk.declare("p.csv", how)
    desk.write("p.csv", WEEK)
    desk.run()
    desk.declare("p.csv", how + more)
    desk.write("p.csv", rows)
    with nullcontext() if statement == "append" and not more else pytest.raises(SourceError):
        desk.run()
    assert desk.closes() == WEEK


def test_a_version_before_a_rename_says_under_which_name_its_prices_are(tmp_path: Path) -> None:
    market = tmp_path / "market.toml"
    made = (
        '[market]\nname = "w"\nbenchmark = "a"\n[sources.{0}]\ntable = "prices"\n'
        'path = "p.csv"\ncolumns = {{ security = "t", date = "d", close = "c" }}\n'
        '[baskets.a]\ninstrument = "A"\n'
    )
    (tmp_path / "p.csv").write_text("t,d,c\nA,2025-12-04,1\nA,2025-12-05,2\n")
    market.write_text(made.format("old"))
    first = paceline.open(market).import_()
    market.write_text(made.format("new"))
    paceline.open(market).import_()
    with pytest.raises(DataError) as caught:
        paceline.open(market, version=2).show("performance")
    assert first and str(caught.value.message).endswith(
        "holds prices at version 2 from old only, and the market file declares new."
    )
    assert caught.value.remedy.startswith("Name the source as it was then")
    with pytest.raises(DataError, match=r"holds no prices at version 1\.") as caught:
        paceline.open(market, version=1).show("performance")
    assert caught.value.remedy == "Ask for a later version: the newest is 4."
    market.write_text(made.format("old"))
    assert paceline.open(market, version=2).as_of == "2025-12-05"


CHANGES = {
    "where": ('where = { ticker = "!Y" }', {"X"}),
    "rename": ('rename = { Y = "Z" }', {"X", "Z"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_declaration_is_a_new_statement_of_the_same_bytes(
    desk: Desk, change: str
) -> None:
    more, expected = CHANGES[change]
    desk.declare()
    text = "ticker,date,close\nX,2025-09-08,1\nX,2025-09-09,2\nY,2025-09-08,1\nY,2025-09-09,3\n"
    (desk.folder / "p.csv").write_text(text)
    first = desk.run()["load"]
    desk.declare(more=more)
    desk.run()
    store = Store(desk.folder / ".paceline")
    assert set(store.read("prices")["security"]) == expected
    assert set(store.read("prices", first)["security"]) == {"X", "Y"}
    desk.declare()
    desk.run()
    assert set(store.read("prices")["security"]) == {"X", "Y"}


def test_bytes_are_read_again_by_code_that_changed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A parser that was mended makes other rows of the same bytes."""
    desk.declare()
    desk.write("p.csv", WEEK)
    assert desk.run()["load"] is not None and desk.run()["load"] is None
    monkeypatch.setattr(stating, "code_of", lambda *_: "mended")
    done = desk.run()
    assert done["load"] is not None and (done["added"], done["changed"]) == (0, 0)
    assert desk.run()["load"] is None


def test_a_source_that_is_no_longer_declared_is_withdrawn(desk: Desk) -> None:
    more = '[sources.q]\npath = "q.csv"'
    names = 'columns = { security = "ticker", date = "date", close = "close" }'
    desk.declare(more=f"{more}\n{names}")
    desk.write("p.csv", {"2025-09-08": 1.0})
    desk.write("q.csv", {"2025-09-09": 2.0})
    desk.run()
    both = Store(desk.folder / ".paceline").version
    desk.declare()
    done = paceline.open(desk.folder / "market.toml").import_(only=["p"])
    assert [d["source"] for d in done] == ["p"], "only an import of all sources withdraws one"
    done = paceline.open(desk.folder / "market.toml").import_()
    assert [(d["source"], d["withdrawn"]) for d in done] == [("p", 0), ("q", 1)]
    assert list(desk.closes()) == ["2025-09-08"]
    assert list(desk.closes(both)) == ["2025-09-08", "2025-09-09"]
    assert [d["source"] for d in paceline.open(desk.folder / "market.toml").import_()] == ["p"]


def test_figures_say_that_the_market_file_changed_since_the_import(desk: Desk) -> None:
    def caveats() -> str:
        market = paceline.open(desk.folder / "market.toml")
        (figure,) = market.show("performance", horizons=["since"], since="2025-09-08")
        return " ".join(figure.caveats)

    desk.declare()
    desk.write("p.csv", WEEK)
    desk.run()
    said = "imported under other settings than the market file gives now: p; run `paceline import`"
    assert said not in caveats()
    desk.declare(more='rename = { Y = "Z" }')
    assert said in caveats()
    desk.run()
    assert said not in caveats()
    desk.declare(more='tolerance = 0.001\nrename = { Y = "Z" }')  # the usual tolerance, spelled out
    assert said not in caveats()


def test_findings_are_those_of_what_stands(desk: Desk) -> None:
    desk.declare()
    week = {d: c for d, c in WEEK.items() if c != 9999.0}
    desk.write("p.csv", {**week, "2025-09-06": 5.0})  # a Saturday
    first = desk.run()["load"]
    market = paceline.open(desk.folder / "market.toml")
    assert "rows off the calendar" in market.findings()["check"].to_list()
    desk.write("p.csv", week)
    desk.run()
    market = paceline.open(desk.folder / "market.toml")
    assert "rows off the calendar" not in market.findings()["check"].to_list()
    assert market.quarantine().is_empty()
    before = paceline.open(desk.folder / "market.toml", version=first)
    assert "rows off the calendar" in before.findings()["check"].to_list()


FILES = st.lists(
    st.tuples(
        st.sampled_from(("a.csv", "b.csv")),
        st.one_of(
            st.none(),
            st.dictionaries(st.sampled_from(list(WEEK)), st.sampled_from((1.0, 2.0)), min_size=1),
        ),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=12)
@given(FILES)
def test_a_folder_is_what_its_files_last_said(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, dict[str, float] | None]]
) -> None:
    """Two files, each of a security of its own, written, written again, removed."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    desk.declare("daily/*.csv")
    (desk.folder / "daily").mkdir()
    model: dict[str, dict[str, float]] = {}
    for file, rows in steps:
        path = desk.folder / "daily" / file
        if rows is None:
            path.unlink(missing_ok=True)
        else:
            lines = ["ticker,date,close", *(f"{file[0]},{d},{c}" for d, c in rows.items())]
            path.write_text("\n".join(lines) + "\n")
            model[file[0]] = rows
        if not list((desk.folder / "daily").iterdir()):
            continue
        desk.run()
        stored = Store(desk.folder / ".paceline").read("prices")
        found: dict[str, dict[str, float]] = {}
        for security, day, close in stored.select("security", "date", "close").rows():
            found.setdefault(security, {})[str(day)] = close
        assert found == model


def test_a_store_of_an_older_layout_is_read_and_carried_on(tmp_path: Path) -> None:
    """Its log has no columns of statements, and no table of markers."""
    store = Store(tmp_path / "old")
    store.commit(
        {"prices": prices({("A", DAYS[0]): 1.0, ("B", DAYS[0]): 2.0})}, source="feed", checksum="1"
    )
    folder = store.path / "tables" / "loads"
    old = store.loads().drop("market", "declaration", "blocks", "changes")
    shutil.rmtree(folder)
    delta.create(folder, {**old.schema})
    delta.append(folder, old)
    again = Store(store.path)
    assert said(again) == {"feed": {("A", DAYS[0]): 1.0, ("B", DAYS[0]): 2.0}}
    assert told.changes(again).is_empty() and again.log.standing()["load"].to_list() == [1]
    assert say(again, "feed", {("B", DAYS[0]): 3.0}) == Stated(2, 0, 1, 1)
    assert said(Store(store.path)) == {"feed": {("B", DAYS[0]): 3.0}}
    assert said(again, 1) == {"feed": {("A", DAYS[0]): 1.0, ("B", DAYS[0]): 2.0}}


def test_lost_markers_are_an_error_and_made_again_from_the_bytes(desk: Desk) -> None:
    """Without them a withdrawn row would stand again in silence."""
    desk.declare()
    desk.write("p.csv", WEEK)
    desk.run()
    less = {d: c for d, c in WEEK.items() if c != 9999.0}
    desk.write("p.csv", less)
    second = desk.run()["load"]
    desk.write("p.csv", {**less, "2025-09-12": 106.0})
    desk.run()
    shutil.rmtree(desk.folder / ".paceline/tables/withdrawn")
    with pytest.raises(StoreError, match=r"withdrawn is damaged .*0 of the 2 rows"):
        desk.closes()
    repaired = upkeep.repair(config.load(desk.folder / "market.toml"))
    assert repaired.left == [] and "withdrawn" in repaired.done[0]
    assert desk.closes(second) == less and desk.closes() == {**less, "2025-09-12": 106.0}

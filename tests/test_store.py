"""The store: one commit point, two clocks, fixed versions, faults that name folder and remedy."""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import paceline
from paceline.errors import StoreError, UnknownName, UsageError
from paceline.lineage import Origin
from paceline.sources import Finding, Raw
from paceline.store import Store, delta, told

D = dt.date
DAY = D(2024, 1, 2)
WHO = Origin("exchange", "closes", "2024-01-02", "open", "ab" * 32)


def prices(day: D = DAY, close: float = 10.0, security: str = "A", **more: Any) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "security": [security],
            "date": [day],
            "close": [close],
            **{k: [v] for k, v in more.items()},
        }
    )


def put(store: Store, checksum: str, close: float = 10.0, **more: Any) -> int | None:
    return store.commit(
        {"prices": prices(close=close, **more)}, source="feed", checksum=checksum, origins=[WHO]
    )


def everything(folder: Path) -> dict[str, str]:
    """Every file of the store with the digest of its bytes."""
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "a store")  # the space is part of the test


# ---- what is stored
# ---------------------------------------------------------------------------------------


def test_an_empty_store_has_version_zero_and_empty_tables(store: Store) -> None:
    assert store.version == 0 == store.resolve(None)
    assert (
        store.loads().is_empty()
        and told.findings(store).is_empty()
        and told.quarantine(store).is_empty()
    )
    assert store.read("prices").is_empty()
    assert store.table("prices").collect_schema() == paceline.schema.table("prices").schema


def test_rows_come_back_with_both_clocks_and_missing_columns_null(store: Store) -> None:
    before = dt.datetime.now(dt.UTC)
    assert put(store, "c1") == 1
    row = store.read("prices").row(0, named=True)
    assert row == {
        "source": "feed",
        "security": "A",
        "date": DAY,
        "close": 10.0,
        "price_return": None,
        "total_return": None,
        "volume": None,
        "market_cap": None,
        "recovered": None,
        "covers": None,
        "known": DAY,
        "load": 1,
    }
    line = store.loads().row(0, named=True)
    assert (line["load"], line["source"], line["checksum"], line["rows"]) == (1, "feed", "c1", 1)
    assert json.loads(line["tables"]) == {"prices": 1}
    assert Origin(**json.loads(line["origins"])[0]) == WHO
    assert before <= line["committed"] <= dt.datetime.now(dt.UTC)


def test_known_of_the_source_is_kept_and_else_taken_from_the_dating_column(store: Store) -> None:
    rows = pl.DataFrame(
        {
            "security": ["A", "A"],
            "item": ["sales", "sales"],
            "value": [1.0, 2.0],
            "period_end": [D(2023, 12, 31), D(2024, 3, 31)],
            "known": [D(2024, 2, 15), None],
        }
    )
    store.commit({"fundamentals": rows}, source="f", checksum="c")
    assert store.read("fundamentals").sort("period_end")["known"].to_list() == [
        D(2024, 2, 15),
        D(2024, 3, 31),
    ]
    store.commit(
        {"members": pl.DataFrame({"universe": ["u"], "security": ["A"]})}, source="m", checksum="d"
    )
    assert store.read("members")["known"].to_list() == [None]


def test_prices_lie_by_year_sorted_by_security_and_date(store: Store) -> None:
    rows = pl.concat(
        [prices(D(y, 1, d), security=s) for s in "CAB" for y in (2025, 2023) for d in (3, 2)]
    )
    store.commit({"prices": rows}, source="feed", checksum="c")
    segments, listed = store.segments("prices")
    assert [s.year for s in segments] == [2023, 2025] and listed == {1}
    for segment in segments:
        inside = pl.read_parquet(segment.path, hive_partitioning=False)
        assert inside.select("security", "date").rows() == sorted(
            inside.select("security", "date").rows()
        )
        assert segment.constant["source"] == "feed" and segment.constant["load"] == 1
        assert "volume" in segment.empty and segment.rows == 6


def test_findings_and_quarantine_follow_the_version(store: Store) -> None:
    bad = pl.DataFrame(
        {"table": ["prices"], "reason": ["close is not a positive number"], "row": ['{"close":-1}']}
    )
    store.commit(
        {"prices": prices()},
        source="feed",
        checksum="c1",
        quarantine=bad,
        findings=[Finding("feed", "negative close", 1, "quarantined", "A 2024-01-02", "look")],
    )
    put(store, "c2", security="B")
    store.commit(
        {}, source="other", checksum="c3", findings=[Finding("other", "stale", 4, "kept, flagged")]
    )
    assert told.findings(store, 2).rows() == [
        ("feed", "negative close", 1, "quarantined", "A 2024-01-02", "look", [], 1)
    ]
    assert told.findings(store)["check"].to_list() == ["negative close", "stale"]
    assert told.quarantine(store).rows() == [
        ("feed", "prices", "close is not a positive number", '{"close":-1}', 1)
    ]


def test_a_repeated_import_changes_not_one_byte(store: Store) -> None:
    put(store, "c1")
    before = everything(store.path)
    assert put(store, "c1", close=99.0) is None
    assert everything(store.path) == before
    assert store.log.has("c1") and not store.log.has("c2")


@pytest.mark.parametrize(
    ("tables", "error", "says"),
    [
        ({"prices": prices(colour=1)}, StoreError, "no column 'colour'"),
        ({"prices": prices().drop("date")}, StoreError, "1 rows without date"),
        ({"prices": prices().with_columns(date=pl.lit("soon"))}, StoreError, "table 'prices'"),
        ({"prices": pl.concat([prices(), prices(close=11.0)])}, StoreError, "repeat the key"),
        ({"princes": prices()}, UnknownName, "unknown table 'princes'"),
    ],
)
def test_rows_that_break_the_schema_store_nothing(
    store: Store, tables: dict[str, pl.DataFrame], error: type[Exception], says: str
) -> None:
    put(store, "c1")
    before = everything(store.path)
    with pytest.raises(error, match=says):
        store.commit(tables, source="feed", checksum="c2")
    assert everything(store.path) == before


def test_one_import_may_carry_two_filings_of_one_period(store: Store) -> None:
    rows = pl.DataFrame(
        {
            "security": ["A", "A"],
            "item": ["sales"] * 2,
            "value": [1.0, 2.0],
            "period_end": [D(2023, 12, 31)] * 2,
            "known": [D(2024, 2, 15), D(2024, 5, 1)],
        }
    )
    assert store.commit({"fundamentals": rows}, source="f", checksum="c") == 1


# ---- versions
# ---------------------------------------------------------------------------------------------


def test_a_version_never_sees_later_loads(store: Store) -> None:
    put(store, "c1")
    put(store, "c2", close=11.0)  # the same cell, corrected
    assert store.read("prices", 1)["close"].to_list() == [10.0]
    assert sorted(store.read("prices", 2)["close"]) == [10.0, 11.0]
    assert store.read("prices", "1").height == 1 and store.loads(1)["load"].to_list() == [1]


def test_a_date_means_the_last_load_of_that_day(store: Store) -> None:
    for n, day in enumerate(("2024-03-01T10:00", "2024-03-01T23:59:59", "2024-03-05T00:00"), 1):
        line = pl.DataFrame(
            [
                {
                    "load": n,
                    "source": "s",
                    "checksum": f"c{n}",
                    "rows": 0,
                    "tables": "{}",
                    "origins": "[]",
                    "committed": dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC),
                }
            ],
            schema=store.loads().schema,
        )
        delta.append(store.path / "tables" / "loads", line)
    assert [
        store.resolve(d) for d in ("2024-03-01", "2024-03-04", D(2024, 3, 5), "2030-01-01")
    ] == [2, 2, 3, 3]
    with pytest.raises(
        StoreError, match=r"no version of 2024-02-29: the first load was committed on 2024-03-01"
    ):
        store.resolve("2024-02-29")


@pytest.mark.parametrize(
    ("version", "error", "says"),
    [
        (3, StoreError, "version 3 of .*a store.* does not exist. Versions run from 1 to 2"),
        (0, StoreError, "Versions run from 1 to 2"),
        ("7", StoreError, "version 7"),
        ("yesterday", UsageError, "neither a number nor a date"),
    ],
)
def test_unknown_versions_say_which_there_are(
    store: Store, version: Any, error: type[Exception], says: str
) -> None:
    put(store, "c1")
    put(store, "c2", security="B")
    with pytest.raises(error, match=says):
        store.read("prices", version)


def test_compaction_and_vacuum_change_no_version(store: Store) -> None:
    for n in range(1, 7):
        store.commit(
            {
                "prices": prices(D(2024, 1, n + 1), float(n)),
                "members": pl.DataFrame({"universe": ["u"], "security": [f"S{n}"]}),
            },
            source="feed",
            checksum=f"c{n}",
            origins=[WHO],
        )
    key = ["security", "date", "load"]
    old = {
        v: (store.read("prices", v).sort(key), store.read("members", v).sort("load"))
        for v in range(1, 7)
    }
    loads = store.loads()
    assert len(store.segments("prices")[0]) == 6
    assert store.compact() == 3  # prices of 2024, members, loads
    assert store.vacuum(hours=0) >= 12
    assert len(store.segments("prices")[0]) == 1
    assert len(list((store.path / "tables/prices/year=2024").glob("*.parquet"))) == 1
    for v, (rows, members) in old.items():
        assert store.read("prices", v).sort(key).equals(rows)
        assert store.read("members", v).sort("load").equals(members)
    assert store.loads().equals(loads) and store.resolve(str(dt.datetime.now(dt.UTC).date())) == 6
    assert store.compact() == 0
    assert put(store, "c7", security="Z") == 7


# ---- writers that die, fail or race
# -----------------------------------------------------------------------


class KilledError(BaseException):
    """Stands for a process that ends here: nothing in the code under test catches it."""


def test_an_import_killed_before_its_commit_was_never_there(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, "c1")
    before = store.read("prices")

    def die(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(delta, "append_if_unchanged", die)
        with pytest.raises(KilledError):
            put(store, "c2", close=12.0)
    assert store.version == 1 and store.read("prices").equals(before) and not store.log.has("c2")
    assert put(store, "c2", close=12.0) == 3  # number 2 is burnt: its rows lie there unlisted
    assert sorted(store.read("prices")["load"]) == [1, 3]
    files = len(store.segments("prices")[0])
    assert files == 3 and store.compact() >= 1
    stored = pl.read_parquet(store.segments("prices")[0][0].path, hive_partitioning=False)
    assert sorted(stored["load"]) == [1, 3], "compaction drops rows that can never be listed"


def test_a_process_killed_in_mid_import_leaves_the_store_as_it_was(
    store: Store, tmp_path: Path
) -> None:
    put(store, "c1")
    before = store.read("prices"), store.loads()
    script = """if True:
        import sys, polars as pl, datetime as dt
        from pathlib import Path
        from paceline.store import Store, delta
        def wait(*a): print("rows are written", flush=True); sys.stdin.read()
        delta.append_if_unchanged = wait
        rows = pl.DataFrame({"security": ["B"], "date": [dt.date(2024, 1, 2)], "close": [1.0]})
        Store(sys.argv[1]).commit({"prices": rows}, source="feed", checksum="c2")
    """
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(store.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(paceline.__file__).parent.parent)},
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "rows are written\n"
        process.send_signal(signal.SIGKILL)
    again = Store(store.path)
    assert again.read("prices").equals(before[0]) and again.loads().equals(before[1])
    assert again.commit({"prices": prices(security="B")}, source="feed", checksum="c2") == 3


def test_concurrent_writers_all_succeed_with_numbers_of_their_own(store: Store) -> None:
    loads: dict[str, int | None] = {}
    barrier = threading.Barrier(3)

    def write(name: str) -> None:
        barrier.wait()
        loads[name] = Store(store.path).commit(
            {"prices": prices(security=name)}, source=name, checksum=name
        )

    threads = [threading.Thread(target=write, args=(n,)) for n in "ABC"]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(set(loads.values())) == 3 and None not in loads.values()
    rows = store.read("prices")
    assert dict(rows.select("security", "load").rows()) == loads and len(rows) == 3
    assert store.loads()["load"].to_list() == sorted(loads.values())  # type: ignore[type-var]


def test_two_processes_write_at_once(store: Store) -> None:
    script = """if True:
        import sys, polars as pl, datetime as dt
        from paceline.store import Store
        day = dt.date(2024, 1, 2)
        rows = pl.DataFrame({"security": [sys.argv[2]], "date": [day], "close": [1.0]})
        store = Store(sys.argv[1])
        for n in range(3):
            assert store.commit({"prices": rows}, source=sys.argv[2], checksum=sys.argv[2] + str(n))
    """
    env = {**os.environ, "PYTHONPATH": str(Path(paceline.__file__).parent.parent)}
    both = [
        subprocess.Popen([sys.executable, "-c", script, str(store.path), n], env=env) for n in "AB"
    ]
    assert [p.wait() for p in both] == [0, 0]
    assert store.read("prices").group_by("security").len().sort("security").rows() == [
        ("A", 3),
        ("B", 3),
    ]
    assert store.loads()["load"].n_unique() == 6


def test_a_draft_that_vanishes_while_files_are_listed_is_no_damage(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, "one", security="A")
    folder = store.path / "tables" / "loads"
    whole, real = delta.state(folder), os.scandir

    class Gone:
        """What a directory listing says of a file that its writer has removed by now."""

        path = str(folder / "part-draft.parquet#1")

        def is_file(self) -> bool:
            return True

        def stat(self) -> os.stat_result:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", self.path)

    monkeypatch.setattr(os, "scandir", lambda place: [*real(place), Gone()])
    assert delta.state(folder) == whole


def test_a_writer_that_is_overtaken_starts_over_with_a_higher_number(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Load 1, claimed first, commits after load 2: it may not slip in below a visible number."""
    real, overtaken = delta.append_if_unchanged, []

    def slow(table: Any, folder: Path, frame: pl.DataFrame) -> None:
        if not overtaken:
            overtaken.append(True)
            put(Store(store.path), "fast", security="F")
        real(table, folder, frame)

    monkeypatch.setattr(delta, "append_if_unchanged", slow)
    assert put(store, "slow", security="S") == 3
    assert store.loads().select("load", "checksum").rows() == [(2, "fast"), (3, "slow")]
    assert store.read("prices", 2)["security"].to_list() == ["F"]
    assert sorted(store.read("prices")["security"]) == ["F", "S"]


def test_the_same_import_twice_at_once_is_stored_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, overtaken = delta.append_if_unchanged, []

    def slow(table: Any, folder: Path, frame: pl.DataFrame) -> None:
        if not overtaken:
            overtaken.append(True)
            assert put(Store(store.path), "c1") == 2
        real(table, folder, frame)

    monkeypatch.setattr(delta, "append_if_unchanged", slow)
    assert put(store, "c1") is None
    assert store.loads()["load"].to_list() == [2] and len(store.read("prices")) == 1


def test_a_writer_that_never_gets_through_is_told_to_retry(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def conflict(*_: object) -> None:
        raise delta.ConflictError

    monkeypatch.setattr(delta, "append_if_unchanged", conflict)
    with pytest.raises(StoreError, match=r"other imports kept committing .* run the import again"):
        put(store, "c1")
    assert store.version == 0 and store.read("prices").is_empty()


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (errno.ENOSPC, "disk that holds .*a store.* is full.*free some space"),
        (errno.EACCES, "no permission for .*a store.*read and write access"),
    ],
)
@pytest.mark.parametrize("where", ["rows", "commit"])
def test_a_full_or_closed_disk_loses_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, code: int, says: str, where: str
) -> None:
    import deltalake

    put(store, "c1")
    before, real = store.read("prices"), deltalake.write_deltalake

    def fail(target: Any, *args: Any, **more: Any) -> None:
        if (where == "rows") == isinstance(target, Path):
            raise OSError(code, os.strerror(code))
        real(target, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(deltalake, "write_deltalake", fail)
        with pytest.raises(StoreError, match=says):
            put(store, "c2", security="B")
    assert store.version == 1 and store.read("prices").equals(before)
    assert put(store, "c2", security="B") == 3


def test_a_file_size_limit_of_the_system_is_a_store_error(store: Store) -> None:
    """A real refusal by the operating system in the middle of writing rows, not a simulated one."""
    put(store, "c1")
    script = """if True:
        import resource, signal, sys, polars as pl, datetime as dt
        from paceline.errors import StoreError
        from paceline.store import Store
        store = Store(sys.argv[1])
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        n = 20_000
        rows = pl.DataFrame({"security": [f"S{i * 7919 % n}" for i in range(n)],
                             "close": [1.0 + i for i in range(n)],
                             "date": [dt.date(2024, 1, 2)] * n})
        try:
            store.commit({"prices": rows}, source="feed", checksum="c2")
        except StoreError as error:
            print(error)
    """
    run = subprocess.run(
        [sys.executable, "-c", script, str(store.path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(paceline.__file__).parent.parent)},
    )
    assert "is full" in run.stdout and str(store.path) in run.stdout
    assert store.version == 1 and len(store.read("prices")) == 1


# ---- damage
# -----------------------------------------------------------------------------------------------


def test_a_missing_store_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere holds no store. Run `paceline import`"):
        Store(tmp_path / "nowhere", create=False)
    assert not (tmp_path / "nowhere").exists()


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("not a folder")
    with pytest.raises(StoreError, match="taken"):
        Store(tmp_path / "taken")


@pytest.mark.parametrize("damage", ["log", "bytes", "file gone"])
def test_a_damaged_table_is_named_with_a_remedy(store: Store, damage: str) -> None:
    put(store, "c1")
    folder = store.path / "tables" / "prices"
    data = store.segments("prices")[0][0].path
    match damage:
        case "log":
            (folder / "_delta_log" / "00000000000000000000.json").write_text("no json")
        case "bytes":
            data.write_bytes(data.read_bytes()[:100])
        case _:
            data.unlink()
    with pytest.raises(
        StoreError, match=r"tables/prices is damaged .*Restore the folder"
    ) as caught:
        store.read("prices")
    assert "\n" not in str(caught.value)


# ---- raw bytes and lineage
# --------------------------------------------------------------------------------


def test_raw_bytes_are_kept_once_by_their_checksum(store: Store) -> None:
    data = b"date,close\n2024-01-02,10\n"
    checksum = store.keep_raw(Raw(data, WHO))
    assert checksum == hashlib.sha256(data).hexdigest() and store.raw(checksum) == data
    before = everything(store.path)
    stamps = {p: p.stat().st_mtime_ns for p in store.path.rglob("*")}
    assert store.keep_raw(Raw(data, WHO)) == checksum
    assert everything(store.path) == before and all(
        p.stat().st_mtime_ns == t for p, t in stamps.items()
    )


def test_raw_bytes_that_changed_or_never_came_are_refused(store: Store) -> None:
    checksum = store.keep_raw(Raw(b"truth", WHO))
    (store.path / "raw" / checksum[:2] / checksum).write_bytes(b"trust")
    with pytest.raises(StoreError, match="not those that were imported"):
        store.raw(checksum)
    with pytest.raises(StoreError, match="holds no raw bytes"):
        store.raw("0" * 64)
    with pytest.raises(UsageError, match="not a checksum"):
        store.raw("../../etc/passwd")


def test_steps_are_found_by_id_or_by_an_unambiguous_beginning(store: Store) -> None:
    first = {
        "id": "abcd1234",
        "name": "figure",
        "params": {"window": 200},
        "parents": ["ef56"],
        "code": "1",
    }
    store.save_steps(
        [first, {"id": "abff0000", "name": "panel", "params": {}, "parents": [], "code": "1"}]
    )
    store.save_steps([{"id": "0123", "name": "import", "params": {}, "parents": [], "code": "2"}])
    files = everything(store.path)
    store.save_steps([{"id": "0123", "name": "import", "params": {}, "parents": [], "code": "2"}])
    assert everything(store.path) == files, "the same run leaves the same steps"
    assert store.step("abcd1234") == first == store.step("abc")
    assert store.step("ab") is None and store.step("zz") is None and store.step("") is None
    assert store.step("0123") == {
        "id": "0123",
        "name": "import",
        "params": {},
        "parents": [],
        "code": "2",
    }


def test_steps_are_not_kept_where_the_store_may_only_be_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda _path, mode: mode != os.W_OK)
    assert store.writable is False
    assert (
        store.save_steps([{"id": "77", "name": "import", "params": {}, "parents": [], "code": "1"}])
        is False
    )
    assert store.step("77") is None and store.save_steps([]) is True
    monkeypatch.undo()
    assert (
        store.save_steps([{"id": "77", "name": "import", "params": {}, "parents": [], "code": "1"}])
        is True
    )
    assert store.step("77") is not None


def test_a_clock_set_back_does_not_reorder_the_loads(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, "c1")
    first = store.loads()["committed"][0]

    class Past(dt.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return dt.datetime(2001, 1, 1, tzinfo=tz)

    monkeypatch.setattr("paceline.store.dt.datetime", Past)
    put(store, "c2", security="B")
    assert store.loads()["committed"].to_list() == [first, first]

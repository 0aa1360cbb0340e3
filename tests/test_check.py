"""A store knows itself: damage of every kind to every file is found, and mended or named."""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import deltalake
import numpy as np
import polars as pl
import pytest

from paceline import config
from paceline.cli import main
from paceline.errors import PacelineError, StoreError
from paceline.lineage import Origin, Step
from paceline.market import importing, stating, upkeep
from paceline.sources import Raw
from paceline.store import Cache, Store, delta, layout, steps, written
from paceline.store.cache import checksum
from paceline.store.written import CLAIMED

DAYS = [dt.date(2023, 12, 28), dt.date(2023, 12, 29), dt.date(2024, 1, 2), dt.date(2024, 1, 3)]
#: Closes by security and day, written by hand.
CLOSES = {"AAA": [10.0, 10.5, 10.4, 10.6], "BBB": [20.0, 19.5, 19.9, 20.3]}
STEP = Step("x", {"window": 200, "share": 0.1}, ("ab",), code="c")
MARKET = """
[market]
name = "two"
benchmark = "aaa"
store = "store"

[sources.closes]
kind = "files"
path = "closes.csv"

[sources.lists]
kind = "files"
table = "members"
path = "members.csv"

[baskets.aaa]
instrument = "AAA"
"""


def write_closes(folder: Path, days: int, bad: str = "") -> None:
    """The market's file of prices up to a day, with a row that is set aside."""
    lines = [
        f"{name},{day},{close}"
        for name, closes in CLOSES.items()
        for day, close in zip(DAYS[:days], closes, strict=False)
    ]
    text = "\n".join(["security,date,close", *lines, f"CCC,2023-12-28,-1{bad}"])
    (folder / "closes.csv").write_text(text + "\n")


def short_log(folder: Path, name: str) -> None:
    """A table whose log writes a checkpoint after each second commit."""
    schema: dict[str, Any] = {**layout.columns(name)}
    partition = None
    if name in layout.BY_YEAR:
        schema, partition = {**schema, "year": pl.Int32()}, "year"
    deltalake.write_deltalake(
        folder / "tables" / name,
        pl.DataFrame(schema=schema),
        partition_by=partition,
        configuration={"delta.checkpointInterval": "2"},
    )


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A market of two sources, imported on three days, with checkpoints and kept steps."""
    folder = tmp_path_factory.mktemp("two")
    (folder / "market.toml").write_text(MARKET)
    (folder / "members.csv").write_text("universe,security,start\nall,AAA,2023-12-28\n")
    for name in ("prices", "loads"):
        short_log(folder / "store", name)
    file = config.load(folder / "market.toml")
    for days in (2, 3, 4):
        write_closes(folder, days)
        importing.import_sources(file, Store(folder / "store"))
    store = Store(folder / "store")
    store.save_steps([STEP.to_json()])
    return folder


@pytest.fixture
def market(imported: Path, tmp_path: Path) -> Path:
    """A copy of it that may be damaged."""
    folder = tmp_path / "a market"
    shutil.copytree(imported, folder)
    return folder


def rows(folder: Path) -> dict[str, pl.DataFrame]:
    """Every table of the store at every version, in one order."""
    store = Store(folder / "store")
    found = {}
    for version in store.loads()["load"]:
        for name in layout.TABLES:
            if name != "loads":
                frame = store.read(name, version)
                found[f"{name} {version}"] = frame.sort(frame.columns)
    return found | {"loads": store.loads()}


def damage(path: Path, kind: str) -> None:
    """Flip one bit in the middle, cut in half, empty, or delete."""
    data = bytearray(path.read_bytes())
    match kind:
        case "flip":
            data[len(data) // 2] ^= 4
            path.write_bytes(data)
        case "cut":
            path.write_bytes(data[: len(data) // 2])
        case "empty":
            path.write_bytes(b"")
        case _:
            path.unlink()


def newest(folder: Path, pattern: str) -> Path:
    return max((folder / "store").glob(pattern))


def oldest(folder: Path, pattern: str) -> Path:
    return min((folder / "store").glob(pattern))


LOG = "_delta_log/*.json"
POINT = "_delta_log/*.checkpoint.parquet"
PLACES: dict[str, Callable[[Path], Path]] = {
    **{
        f"{table}: a data file": lambda f, t=table: newest(f, f"tables/{t}/**/*-c000.*.parquet")
        for table in ("prices", "members", "sessions", "quarantine", "loads")
    },
    **{
        f"{table}: newest log entry": lambda f, t=table: newest(f, f"tables/{t}/{LOG}")
        for table in ("prices", "members", "sessions", "quarantine", "loads")
    },
    **{
        f"{table}: newest checkpoint": lambda f, t=table: newest(f, f"tables/{t}/{POINT}")
        for table in ("prices", "loads")
    },
    **{
        f"{table}: the name of the checkpoint": lambda f, t=table: (
            f / f"store/tables/{t}/_delta_log/_last_checkpoint"
        )
        for table in ("prices", "loads")
    },
    "raw": lambda f: newest(f, "raw/*/*"),
    "raw, the first": lambda f: oldest(f, "raw/*/*"),
    "claim": lambda f: newest(f, "claims/0*"),
    "claim, the first": lambda f: oldest(f, "claims/0*"),
    "lineage": lambda f: newest(f, "steps/*.parquet"),
    "list of the lineage": lambda f: f / "store/steps/list",
}
KINDS = ("flip", "cut", "empty", "delete")


def test_a_whole_store_has_no_fault(market: Path) -> None:
    checked = upkeep.check(config.load(market / "market.toml"))
    assert checked.faults == () == checked.notes
    assert checked.whole == frozenset(Store(market / "store").loads()["load"])
    assert newest(market, f"tables/prices/{POINT}") and newest(market, f"tables/loads/{POINT}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_damage_of_every_kind_is_found_and_mended(market: Path, place: str, kind: str) -> None:
    before, path = rows(market), PLACES[place](market)
    damage(path, kind)
    file = config.load(market / "market.toml")
    checked = upkeep.check(file)
    assert checked.faults
    named = [path.name in f.file or path.name in f.what for f in checked.faults]
    assert any(named), checked.faults
    repaired = upkeep.repair(file)
    if place in {"raw, the first", "raw"}:
        again = upkeep.check(file)
        # the file of prices is another one by now: two of its three imports have no source
        assert again.faults == () or (repaired.left and all(f.place == "raw" for f in again.faults))
    else:
        assert repaired.left == []
        assert upkeep.check(file).faults == ()
    after = rows(market)
    assert after.keys() == before.keys()
    for name, frame in before.items():
        assert after[name].equals(frame), name


@pytest.mark.parametrize("kind", ["empty", "delete"])
@pytest.mark.parametrize("table", ["prices", "members", "sessions", "quarantine"])
def test_rows_lost_from_a_log_are_an_error_where_they_are_read(
    market: Path, table: str, kind: str
) -> None:
    """What delta-rs takes for an older state of the table; with a checkpoint there is none."""
    for point in (market / f"store/tables/{table}/_delta_log").glob("*checkpoint*"):
        point.unlink()
    damage(newest(market, f"tables/{table}/{LOG}"), kind)
    with pytest.raises(StoreError, match=rf"tables/{table} is damaged .*paceline repair"):
        Store(market / "store").read(table)


@pytest.mark.parametrize("kind", ["cut", "empty", "delete"])
def test_a_store_that_lost_its_newest_load_does_not_open(market: Path, kind: str) -> None:
    for point in (market / "store/tables/loads/_delta_log").glob("*checkpoint*"):
        point.unlink()
    last = Store(market / "store").version
    damage(newest(market, f"tables/loads/{LOG}"), kind)
    if kind in ("empty", "delete"):
        says = rf"lost load {last} of 'closes', committed 2.*paceline repair"
    else:
        says = r"tables/loads is damaged"
    with pytest.raises(StoreError, match=says):
        _ = Store(market / "store").version


def test_a_lost_load_is_told_from_a_killed_writer(market: Path) -> None:
    store = Store(market / "store")
    last = store.version
    (market / "store/claims" / f"{last + 1:08d}").write_bytes(CLAIMED)
    (market / "store/claims" / f"{last + 2:08d}").write_bytes(b"")
    assert store.version == last == Store(market / "store").version
    assert store.check().faults == ()


def test_a_writer_killed_before_its_receipt_did_no_harm(market: Path) -> None:
    store = Store(market / "store")
    claim = market / "store/claims" / f"{store.version:08d}"
    receipt = claim.read_bytes()
    claim.write_bytes(CLAIMED)
    checked = store.check()
    assert checked.faults == ()
    assert "its writer was interrupted" in checked.notes[0]
    write_closes(market, 4, bad="0")
    importing.import_sources(config.load(market / "market.toml"), store)
    assert claim.read_bytes() == receipt, "the next load makes up for it"


def test_rows_whose_bytes_and_source_are_gone_are_named_and_nothing_changes(market: Path) -> None:
    prices = newest(market, "tables/prices/**/*-c000.*.parquet")
    damage(prices, "flip")
    shutil.rmtree(market / "store/raw")
    write_closes(market, 1)
    bytes_before = prices.read_bytes()
    file = config.load(market / "market.toml")
    repaired = upkeep.repair(file)
    assert any("prices" in text and "closes" in text for text in repaired.left)
    assert prices.read_bytes() == bytes_before


def test_rows_are_not_made_again_under_another_declaration(market: Path) -> None:
    damage(newest(market, "tables/prices/**/*-c000.*.parquet"), "flip")
    text = MARKET.replace('path = "closes.csv"', 'path = "closes.csv"\ncaveat = "other"')
    (market / "market.toml").write_text(text)
    repaired = upkeep.repair(config.load(market / "market.toml"))
    assert any("the market file says other things" in text for text in repaired.left)


def test_check_and_repair_on_the_command_line(
    market: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(market)
    assert main(["check"]) == 0
    assert "The store is whole" in capsys.readouterr().out
    path = newest(market, "tables/prices/**/*-c000.*.parquet")
    damage(path, "flip")
    assert main(["check"]) == 1
    out = capsys.readouterr().out
    assert path.name in "".join(map(str.strip, out.splitlines())) and "Loads that are not" in out
    assert main(["doctor", "--deep"]) == 1
    assert "Loads that are not" in capsys.readouterr().out
    assert main(["check", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["broken"] and {f["place"] for f in found["faults"]} == {"prices"}
    assert main(["repair"]) == 0
    # whether byte for byte is the writer's affair: it may lay out the same rows in two ways
    assert "from the raw bytes" in capsys.readouterr().out
    assert main(["check"]) == 0 and main(["repair"]) == 0
    assert "Nothing is damaged." in capsys.readouterr().out
    assert list((market / "store/damaged").glob(f"*/tables/prices/**/{path.name}"))


def test_compaction_keeps_the_knowledge(market: Path) -> None:
    store = Store(market / "store")
    before = rows(market)
    assert store.compact() and store.check().faults == ()
    store.vacuum(hours=0)
    assert store.check().faults == ()
    damage(newest(market, "tables/prices/year=2024/*.parquet"), "flip")
    checked = store.check()
    loads = store.loads().filter(pl.col("source") == "closes")["load"].to_list()
    assert checked.broken == frozenset(loads[1:]), "2024 came with the second import"
    assert upkeep.repair(config.load(market / "market.toml")).left == []
    assert store.check().faults == ()
    after = rows(market)
    assert all(after[name].equals(frame) for name, frame in before.items())


def test_nobody_imports_during_a_repair(market: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damage(newest(market, "tables/members/**/*-c000.*.parquet"), "flip")
    file, real = config.load(market / "market.toml"), stating.fingerprint

    def meanwhile(*args: Any) -> str:
        (market / "store/claims/00000099").write_bytes(CLAIMED)
        return real(*args)

    monkeypatch.setattr(stating, "fingerprint", meanwhile)
    with pytest.raises(StoreError, match="somebody imported during the repair"):
        upkeep.repair(file)
    assert upkeep.check(file).broken, "nothing was changed"


# ---- causes


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(24, "Too many open files"), "too many open files .*ulimit"),
        (Exception("Kernel error: Too many open files (os error 24)"), "too many open files"),
        (OSError(23, "Too many open files in system"), "too many open files"),
        (Exception("generic: No space left on device (os error 28)"), "is full"),
        (Exception("write failed (os error 122)"), "is full"),
        (OSError(27, "File too large"), "is full"),
        (Exception("Permission denied (os error 13)"), "no permission"),
        (OSError(30, "Read-only file system"), "no permission"),
        (OSError(5, "Input/output error"), "disk or network .*failed"),
        (OSError(116, "Stale file handle"), "disk or network .*failed"),
        (OSError(12, "Cannot allocate memory"), "not enough memory"),
        (OSError(36, "File name too long"), "too long"),
        (OSError(20, "Not a directory"), "a file stands where a folder should be"),
    ],
)
def test_the_true_cause_is_named(tmp_path: Path, error: Exception, says: str) -> None:
    with pytest.raises(StoreError, match=says) as caught, delta.guard(tmp_path, "reading"):
        raise error
    assert "damaged" not in caught.value.message


@pytest.mark.parametrize("table", ["loads", "prices"])
def test_a_newer_format_is_no_damage(market: Path, table: str) -> None:
    log = market / f"store/tables/{table}/_delta_log"
    for point in log.glob("*checkpoint*"):
        point.unlink()
    first = oldest(market, f"tables/{table}/{LOG}")
    text = first.read_text().replace('"minReaderVersion":1', '"minReaderVersion":99')
    first.write_text(text)
    with pytest.raises(PacelineError, match=r"newer format .*Update Paceline"):
        Store(market / "store").read("prices")


# ---- caches


@pytest.mark.parametrize("size", [3, 1000, 2**20])
def test_the_checksum_of_a_cache_sees_words_that_changed_places(size: int) -> None:
    words = np.arange(size, dtype=np.float64)
    swapped = words.copy()
    swapped[[0, size - 1]] = swapped[[size - 1, 0]]
    assert checksum(words) != checksum(swapped)
    assert checksum(words) == checksum(words.copy())


def test_damaged_results_are_noted_and_worked_out_again(market: Path) -> None:
    store = Store(market / "store")
    store.cache.save("panel", "k", {}, {"a": np.arange(3.0)})
    assert store.check().notes == ()
    damage(market / "store/cache/panel/k/a.npy", "cut")
    checked = store.check()
    assert checked.faults == () and "1 result in the cache is damaged" in checked.notes[0]
    assert Cache(market / "store/cache").load("panel", "k") is None


def test_raw_bytes_are_fetched_again_where_the_source_still_has_them(market: Path) -> None:
    data = (market / "closes.csv").read_bytes()
    name = hashlib.sha256(data).hexdigest()
    damage(market / "store/raw" / name[:2] / name, "flip")
    assert "fetched again" in upkeep.repair(config.load(market / "market.toml")).done[0]
    assert Store(market / "store").raw(name) == data


def test_a_store_from_before_checksums_were_kept_still_opens(tmp_path: Path) -> None:
    schema = {c: t for c, t in layout.LOADS.items() if c != "files"}
    line = {
        "load": 1,
        "source": "feed",
        "checksum": "c",
        "committed": dt.datetime(2024, 1, 2, tzinfo=dt.UTC),
        "rows": 1,
        "tables": "{}",
        "origins": "[]",
    }
    for folder in ("claims", "tables"):
        (tmp_path / folder).mkdir()
    (tmp_path / "claims/00000001").touch()
    deltalake.write_deltalake(tmp_path / "tables/loads", pl.DataFrame([line], schema=schema))
    store = Store(tmp_path)
    assert store.version == 1 and store.commit({}, source="feed", checksum="d") == 2
    raw = Raw(b"x", Origin("a", "b", "c", checksum=hashlib.sha256(b"x").hexdigest()))
    assert store.keep_raw(raw)
    assert "from before checksums were kept" in " ".join(store.check().notes)


def test_a_file_of_lineage_that_is_lost_is_noticed(market: Path) -> None:
    """Of several the one that is gone; one beyond the list is no fault, as a killed writer does."""
    store, folder = Store(market / "store"), market / "store/steps"
    first = newest(market, "steps/*.parquet")
    for id_ in ("cd", "ef"):
        store.save_steps([{"id": id_, "name": "x", "params": {}, "parents": []}])
    assert store.check().faults == () == store.check().notes
    held = (folder / "list").read_text().splitlines()
    assert len(held) == 3 and held[0].startswith(first.name)
    first.unlink()
    (fault,) = store.check().faults
    assert (fault.place, fault.file, fault.what) == ("steps", first.name, "is missing")
    assert store.unknown_steps({"cd", "zz"}) == {"zz"}
    (folder / "list").write_text("\n".join(held[:2]) + "\n")
    assert [f.file for f in store.check().faults] == [first.name]
    assert "1 file of lineage stands in no list" in store.check().notes[0]
    repaired = upkeep.repair(config.load(market / "market.toml"))
    assert repaired.left == [] and store.check().faults == () == store.check().notes
    assert len((folder / "list").read_text().splitlines()) == 2


def test_a_disk_that_takes_no_more_leaves_the_list_as_it_was(
    market: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, listed = Store(market / "store"), market / "store/steps/list"
    before = listed.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(steps.os, "fsync", full)
    with pytest.raises(StoreError, match="is full"):
        store.save_steps([{"id": "cd", "name": "x", "params": {}, "parents": []}])
    assert listed.read_bytes() == before and store.check().faults == ()


def test_the_lineage_of_an_older_store_is_no_fault(market: Path) -> None:
    """Its files stand in no list: none of them is said to be lost, each is still checked."""
    path = newest(market, "steps/*.parquet")
    older = path.with_name(path.name.replace(".", "-", 1))
    path.rename(older)
    (market / "store/steps/list").unlink()
    store = Store(market / "store")
    assert store.check().faults == () and store.step(STEP.id) is not None
    damage(older, "flip")
    assert [f.file for f in store.check().faults] == [older.name]


@pytest.mark.parametrize("byte", [0, 4, 0.2, 0.4, 0.6, 0.8, -9, -1])
def test_any_bit_of_the_lineage_is_seen(market: Path, byte: float) -> None:
    """Also one that changes no step: a reader of Parquet passes over many."""
    file, path = config.load(market / "market.toml"), newest(market, "steps/*.parquet")
    data = bytearray(path.read_bytes())
    data[int(byte * len(data)) if 0 < byte < 1 else int(byte)] ^= 1
    path.write_bytes(data)
    (fault,) = upkeep.check(file).faults
    assert (fault.place, fault.file) == ("steps", path.name)
    upkeep.repair(file)
    assert upkeep.check(file).faults == () and Store(market / "store").step(STEP.id) is None


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), "no permission"),
        (OSError(errno.EMFILE, "Too many open files"), "too many open files"),
    ],
)
def test_what_cannot_be_read_by_this_user_is_no_damage(
    market: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, says: str
) -> None:
    """Neither a check nor a repair may take it for one, and move whole files away."""
    before = {p: p.read_bytes() for p in (market / "store").rglob("*") if p.is_file()}

    def refused(_: Path) -> str:
        raise error

    monkeypatch.setattr(written, "checksum", refused)
    for ask in (upkeep.check, upkeep.repair):
        with pytest.raises(StoreError, match=says):
            ask(config.load(market / "market.toml"))
    assert {p: p.read_bytes() for p in (market / "store").rglob("*") if p.is_file()} == before


def test_a_disk_that_fails_on_one_file_is_damage_of_that_file(
    market: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, real = newest(market, "tables/prices/**/*-c000.*.parquet"), written.checksum

    def failing(path: Path) -> str:
        if path == bad:
            raise OSError(errno.EIO, "Input/output error")
        return real(path)

    monkeypatch.setattr(written, "checksum", failing)
    (fault,) = upkeep.check(config.load(market / "market.toml")).faults
    assert fault.place == "prices" and "Input/output error" in fault.what


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("place", ["", "tables/prices", "tables/prices/_delta_log"])
def test_a_closed_folder_is_named(market: Path, place: str) -> None:
    closed = market / "store" / place
    closed.chmod(0)
    try:
        for ask in (upkeep.check, lambda f: Store(f.market.store).read("prices")):
            with pytest.raises(StoreError, match="no permission"):
                ask(config.load(market / "market.toml"))
    finally:
        closed.chmod(0o755)


def test_a_store_without_its_cache_is_read_where_nothing_may_be_written(
    market: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = market / "store"
    shutil.rmtree(store / "cache", ignore_errors=True)
    monkeypatch.setattr(Store, "writable", False)
    assert len(Store(store).read("prices")) and not (store / "cache").exists()

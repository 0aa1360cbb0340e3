"""Two market files and one store, and a market file whose calendar changes."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import paceline
from paceline import calendars
from paceline.errors import DataError, StoreError
from paceline.market import calendar, importing
from paceline.store import Store
from paceline.store.sessions import calendar_days

MARKET = """
[market]
name = "{name}"
calendar = "{calendar}"
benchmark = "x"
data = "{data}"
store = "{store}"

[sources.{source}]
table = "prices"
path = "{path}"
columns = {{ security = "s", date = "d", close = "c" }}

[baskets.x]
instrument = "X"
"""
#: The second is Christmas, the fourth a holiday in New York alone.
DAYS = ("2023-12-22", "2023-12-25", "2023-12-27", "2024-01-15", "2024-01-16")


def market(place: Path, **said: str) -> Path:
    """A market file in a folder of its own, and a file of prices beside it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    usual = {"name": "m", "calendar": "XNYS", "data": ".", "source": "closes", "path": "closes.csv"}
    place.write_text(MARKET.format(**{**usual, "store": "store", **said}))
    for name in ("closes.csv", "other.csv"):
        if not (place.parent / name).exists():
            lines = (f"X,{d},{100 + n}" for n, d in enumerate(DAYS))
            (place.parent / name).write_text("\n".join(["s,d,c", *lines, ""]))
    return place


def days(path: Path) -> list[str]:
    """The days with a price that a market has."""
    rows = paceline.open(path).stored.table("prices").select("date").sort("date").collect()
    return [str(d) for d in rows["date"]]


def refused(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        paceline.open(path).import_()
    assert "store of its own" in caught.value.remedy
    return caught.value.message


# ---- two market files ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said", [{"path": "other.csv"}, {"name": "n", "path": "other.csv", "calendar": "XLON"}]
)
def test_a_file_that_reads_a_source_otherwise_is_refused(
    tmp_path: Path, said: dict[str, str]
) -> None:
    first = market(tmp_path / "first.toml")
    paceline.open(first).import_()
    loads = Store(tmp_path / "store").loads()
    second = market(tmp_path / "second.toml", **said)
    assert "'closes'" in (message := refused(second)) and str(first) in message
    assert Store(tmp_path / "store").loads().equals(loads)
    paceline.open(first).import_()  # and the first goes on


def test_another_calendar_alone_is_no_rival(tmp_path: Path) -> None:
    first = market(tmp_path / "first.toml")
    paceline.open(first).import_()
    second = market(tmp_path / "second.toml", calendar="XLON")
    paceline.open(second).import_()
    assert days(second) == [DAYS[0], *DAYS[2:]]  # a holiday in New York is a session in London
    told = paceline.open(first).stored.outdated
    assert len(told) == 1 and "imported under other settings" in told[0] and "closes" in told[0]
    paceline.open(first).import_()
    assert days(first) == [DAYS[0], DAYS[2], DAYS[4]]


def test_a_copied_project_whose_store_was_not_copied_is_refused(tmp_path: Path) -> None:
    """Both files say the same, of other files."""
    store = str(tmp_path / "store")
    paceline.open(market(tmp_path / "a" / "market.toml", store=store)).import_()
    assert str(tmp_path / "a" / "market.toml") in refused(
        market(tmp_path / "b" / "market.toml", store=store)
    )


@pytest.mark.parametrize("how", ["moved", "renamed", "edited", "copied", "link"])
def test_the_same_market_file_is_no_rival(tmp_path: Path, how: str) -> None:
    store = str(tmp_path / "store")
    path = market(tmp_path / "a" / "market.toml", store=store)
    paceline.open(path).import_()
    if how == "moved":
        path = shutil.move(tmp_path / "a", tmp_path / "b") / "market.toml"
    elif how == "renamed":
        path = path.rename(path.with_name("other.toml"))
    elif how == "edited":
        market(path, store=store, name="n", path="other.csv")
    elif how == "copied":
        path = Path(shutil.copy(path, path.with_name("copy.toml")))
    else:
        (tmp_path / "link.toml").symlink_to(path)
        path = tmp_path / "link.toml"
    paceline.open(path).import_()
    assert len(days(path)) == 3


def test_a_file_that_has_a_store_of_its_own_by_now_is_no_rival(tmp_path: Path) -> None:
    first = market(tmp_path / "first.toml")
    paceline.open(first).import_()
    second = market(tmp_path / "second.toml", path="other.csv")
    market(first, store="own")
    paceline.open(second).import_()


@pytest.mark.parametrize("name", ["m", "n"])
def test_two_markets_share_a_store_and_nothing_in_it(tmp_path: Path, name: str) -> None:
    """With other names for their sources; whether or not the markets have one name."""
    first = market(tmp_path / "first.toml")
    second = market(tmp_path / "second.toml", name=name, source="others", path="other.csv")
    lines = (tmp_path / "other.csv").read_text()
    (tmp_path / "other.csv").write_text(lines + "X,2024-01-17,99\nZ,2024-01-17,5\n")
    paceline.open(first).import_()
    paceline.open(second).import_()
    paceline.open(first).import_()
    assert paceline.open(first).as_of == "2024-01-16"
    assert paceline.open(second).as_of == "2024-01-17"
    assert paceline.open(first).stored.security("Z") is None
    assert paceline.open(first).stored.outdated == paceline.open(second).stored.outdated == ()


def test_of_two_first_imports_at_once_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second looks before the first has committed, and commits after it."""
    first = market(tmp_path / "first.toml")
    second = market(tmp_path / "second.toml", path="other.csv", calendar="XLON")
    meanwhile(monkeypatch, lambda: paceline.open(first).import_())
    refused(second)
    assert days(first) == ["2023-12-22", "2023-12-27", "2024-01-16"]


def meanwhile(monkeypatch: pytest.MonkeyPatch, do: Callable[[], Any]) -> None:
    """Do something once, between the reading of a source and its commit."""
    real = importing.parsed

    def parsed(*how: Any) -> Any:
        monkeypatch.setattr(importing, "parsed", real)
        done = real(*how)
        do()
        return done

    monkeypatch.setattr(importing, "parsed", parsed)


# ---- another calendar ----------------------------------------------------------------------------


@pytest.mark.parametrize("gone", [False, True])
def test_another_calendar_takes_effect_from_the_bytes_kept(tmp_path: Path, gone: bool) -> None:
    """No exchange trades at Christmas; on the day of Martin Luther King only London does."""
    path = market(tmp_path / "market.toml")
    paceline.open(path).import_()
    assert days(path) == ["2023-12-22", "2023-12-27", "2024-01-16"]
    market(path, calendar="XLON")
    if gone:
        (tmp_path / "closes.csv").unlink()
    with pytest.raises(DataError, match="'XLON'") as caught:
        paceline.open(path).show("performance", since="2023-12-22")
    assert "paceline import" in caught.value.remedy
    paceline.open(path).import_()
    assert days(path) == ["2023-12-22", "2023-12-27", "2024-01-15", "2024-01-16"]
    market(path, calendar="XNYS")
    if not gone:
        paceline.open(path).import_()
        assert days(path) == ["2023-12-22", "2023-12-27", "2024-01-16"]


def test_a_calendar_that_changes_during_a_first_import_ends_in_one_right_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = market(tmp_path / "market.toml")
    slow = paceline.open(path)

    def edited() -> None:
        market(path, calendar="XLON")
        paceline.open(path).import_()

    meanwhile(monkeypatch, edited)
    slow.import_()  # ends last, with the calendar of before
    assert any("other settings" in said for said in paceline.open(path).stored.outdated)
    paceline.open(path).import_()
    assert days(path) == ["2023-12-22", "2023-12-27", "2024-01-15", "2024-01-16"]
    assert paceline.open(path).stored.outdated == ()


def test_a_holiday_declared_since_is_a_session_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New York closed on 9 January 2025, which a library of 2024 could not know."""
    store, closed = Store(tmp_path), dt.date(2025, 1, 9)
    real = calendars.sessions
    monkeypatch.setattr(
        calendars, "sessions", lambda code, until: sorted([*real(code, until), closed])
    )
    monkeypatch.setattr(calendar, "version", lambda _: "2024.1")
    assert closed in calendar.sessions("XNYS", store)
    monkeypatch.undo()
    assert closed not in calendar.sessions("XNYS", store)
    assert closed not in calendar_days(store, "XNYS", store.version).tolist()
    assert closed in calendar_days(store, "XNYS", 1).tolist(), "older versions stay what they were"


def test_calendars_lie_side_by_side_and_are_stored_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for code in ("XNYS", "XTKS", "XNYS", "XTKS"):
        got = calendar.sessions(code, store)
        assert got == tuple(calendars.sessions(code, got[-1]))
    assert store.version == 2
    assert store.read("sessions")["calendar"].unique().sort().to_list() == ["XNYS", "XTKS"]
    assert store.loads()["source"].to_list() == ["sessions:XNYS", "sessions:XTKS"]

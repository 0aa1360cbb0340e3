"""Old data say so: counted in sessions of the exchange, by a clock that the tests set."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import paceline
import sample_document as sample
from paceline import calendars
from paceline.cli import main
from paceline.document import Sentence
from paceline.market import age
from paceline.report import page, tables, terminal

MARKET = """
[market]
name = "small"
calendar = "{calendar}"
currency = "USD"
benchmark = "b"
data = "."
store = "store"
low = [0.05, 0.03]
{more}

[sources.prices]
kind = "files"
table = "prices"
path = "prices.csv"
columns = {{ security = "s", date = "d", close = "c" }}

[baskets.b]
instrument = "AAA"
"""


def days(calendar: str, until: str, count: int = 300) -> list[str]:
    known = calendars.sessions(calendar, dt.date.fromisoformat(until))
    return [str(d) for d in known[-count:]]


def market(folder: Path, last: str, calendar: str = "XNYS", more: str = "") -> Path:
    """A market of one security whose file ends on ``last``."""
    rows = [
        {"s": "AAA", "d": d, "c": 100 + (i % 37) * 0.5} for i, d in enumerate(days(calendar, last))
    ]
    pl.DataFrame(rows).write_csv(folder / "prices.csv")
    path = folder / "market.toml"
    path.write_text(MARKET.format(calendar=calendar, more=more), encoding="utf-8")
    return path


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    def at(text: str) -> None:
        moment = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
        monkeypatch.setattr(calendars, "now", lambda: moment)

    return at


def asked(path: Path, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """``show --json`` of the market: the sessions that its rows say they lie behind."""
    capsys.readouterr()
    assert main(["show", "performance", "--market", str(path), "--json", *words]) == 0
    rows = json.loads(capsys.readouterr().out)
    (behind,) = {r["sessions_behind"] for r in rows}
    return behind


#: Calendar, last session of the file, the clock, sessions that have ended since.
AGES = [
    ("XNYS", "2025-12-05", "2025-12-05T23:00", 0),  # the evening of the last session
    ("XNYS", "2025-12-05", "2025-12-07T12:00", 0),  # a Sunday
    ("XNYS", "2025-12-05", "2025-12-08T15:00", 0),  # Monday: its session has not ended
    ("XNYS", "2025-12-05", "2025-12-09T03:00", 1),
    ("XNYS", "2025-12-05", "2025-12-10T03:00", 2),
    ("XNYS", "2025-11-26", "2025-11-28T12:00", 0),  # Thanksgiving lies between
    ("XNYS", "2025-12-24", "2025-12-29T12:00", 1),  # Christmas, Friday the 26th, a weekend
    ("XNYS", "2025-12-31", "2026-01-05T12:00", 1),  # New Year, Friday the 2nd, a weekend
    ("24/7", "2025-12-05", "2025-12-08T03:00", 2),  # Saturday and Sunday count
    ("XTKS", "2025-12-30", "2026-01-05T12:00", 0),  # closed from December 31 to January 3
    ("XNYS", "2024-12-05", "2025-12-05T12:00", 249),  # counted from the exchange's own list
]


@pytest.mark.parametrize(("calendar", "last", "clock_at", "expected"), AGES)
def test_sessions_are_counted_not_days(
    calendar: str,
    last: str,
    clock_at: str,
    expected: int,
    tmp_path: Path,
    clock: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock(clock_at)
    path = market(tmp_path, last, calendar)
    assert asked(path, capsys) == expected
    assert main(["show", "performance", "--market", str(path)]) == 0
    said = capsys.readouterr().out
    assert (f"The data are {expected:,} sessions old" in said) == (expected > 1)
    assert ("paceline import --market" in said) == (expected > 1)


def test_every_door_says_it(tmp_path: Path, clock: Any, capsys: pytest.CaptureFixture[str]) -> None:
    clock("2025-12-12T12:00")
    path = market(tmp_path, "2025-12-05")
    sentence = (
        "The data are 4 sessions old: they end on 2025-12-05, and today is 2025-12-12. "
        f"Bring newer files, then `paceline import --market {path}`."
    )
    out = tmp_path / "out" / "report.html"
    words = ["--market", str(path)]
    assert main(["report", *words, "--out", str(out), "--json", str(tmp_path / "r.json")]) == 0
    assert sentence in " ".join(capsys.readouterr().out.split())
    # a page may be read anywhere: it names no folder of the machine that made it
    on_page = sentence.replace(str(path), path.name)
    assert on_page in out.read_text(encoding="utf-8")
    told = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert (told["notice"], told["age"]["sessions_behind"]) == (on_page, 4)
    manifest = json.loads(out.with_suffix(".manifest.json").read_text(encoding="utf-8"))
    assert manifest["age"]["old"] is True
    for verb in (["doctor"], ["target", "120", "--by", "2026-06-30", "--draws", "100"]):
        main([*verb, *words])
        assert sentence in " ".join(capsys.readouterr().out.split()), verb
        main([*verb, *words, "--json"])
        assert json.loads(capsys.readouterr().out)["age"]["sessions_behind"] == 4, verb


def test_a_past_day_that_was_asked_for_is_not_old(
    tmp_path: Path, clock: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    clock("2025-12-12T12:00")
    path = market(tmp_path, "2025-12-05")
    assert asked(path, capsys, "--as-of", "2025-12-01") is None
    assert asked(path, capsys, "--as-of", "2025-12-05") is None
    assert main(["show", "performance", "--market", str(path), "--as-of", "2025-12-01"]) == 0
    assert "sessions old" not in capsys.readouterr().out
    # a Sunday stands for the Friday before it, and that is said
    assert main(["show", "performance", "--market", str(path), "--as-of", "2025-11-30"]) == 0
    assert "2025-11-30 is no session; the session before it is 2025-11-28." in (
        capsys.readouterr().out
    )
    # the data do not reach the day: no figure, and the day that they reach
    assert main(["show", "performance", "--market", str(path), "--as-of", "2025-12-10"]) == 3
    assert "2025-12-05" in capsys.readouterr().err


def test_the_market_files_own_day_is_asked_for(
    tmp_path: Path, clock: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    clock("2025-12-12T12:00")
    path = market(tmp_path, "2025-12-05")
    path.write_text(path.read_text("utf-8") + '\n[report]\nas_of = "2025-12-01"\n', "utf-8")
    assert asked(path, capsys) is None


def test_a_calendar_stored_long_ago_is_counted_on(
    tmp_path: Path, clock: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The stored sessions end two years after the import; the clock may stand beyond."""
    clock("2025-12-08T12:00")
    path = market(tmp_path, "2025-12-05")
    assert asked(path, capsys) == 0
    clock("2030-01-02T12:00")
    own = calendars.sessions("XNYS", dt.date(2030, 1, 1))
    assert asked(path, capsys) == sum(d > dt.date(2025, 12, 5) for d in own)


def test_days_between_two_days() -> None:
    found = np.array(["2025-12-05", "2025-12-08", "2025-12-09"], "datetime64[D]")
    assert age.count(found, "2025-12-05", dt.date(2025, 12, 9)) == 1
    assert age.count(found, "2025-12-05", dt.date(2025, 12, 10)) == 2
    assert age.count(found, "2025-12-09", dt.date(2025, 12, 10)) == 0


def test_a_document_says_nothing_of_data_that_are_not_old(
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = sample.document()
    assert 'class="notice"' not in page.render(document)
    assert tables.to_json(document)["notice"] == ""
    terminal.summary(document)
    assert "sessions old" not in capsys.readouterr().out


def test_a_market_without_a_fault_says_so(tmp_path: Path, clock: Any) -> None:
    """Rather than an empty table beneath a sentence about faults."""
    clock("2025-12-06T12:00")
    opened = paceline.open(market(tmp_path, "2025-12-05"))
    opened.ensure()
    assert opened.findings().is_empty()
    section = next(s for s in opened.report().sections if s.name == "quality")
    said, *rest = section.blocks
    assert isinstance(said, Sentence) and said.text.startswith("No check found a fault")
    assert "Findings" not in [getattr(block, "title", "") for block in rest]

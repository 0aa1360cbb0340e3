"""The handed cases of holes, ends, contributors and empty baskets, from import to figure."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from paceline.cli import main

Rows = list[dict[str, str]]


@pytest.fixture
def rows_of(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Rows]:
    """Rows that ``show`` prints of a case that was imported."""

    def ask(name: str, *words: str) -> Rows:
        folder = tmp_path / name
        if not folder.exists():
            shutil.copytree(data.parent / "cases" / "data" / name, folder)
            assert main(["import", "--market", str(folder / "market.toml")]) == 0
        capsys.readouterr()
        assert main(["show", *words, "--market", str(folder / "market.toml"), "--csv", "-"]) == 0
        return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))

    return ask


def test_two_missing_sessions_are_no_zero_returns(rows_of: Callable[..., Rows], data: Path) -> None:
    """The three stocks are the index."""
    index = (data.parent / "cases" / "data" / "two-session-gap" / "index.csv").read_text()
    lines = [line.split(",") for line in index.splitlines()[1:]]
    since, gain = lines[0][0], float(lines[-1][2]) / float(lines[0][2]) - 1
    window = ("--horizons", "since", "--since", since)
    rows = {r["subject"]: r for r in rows_of("two-session-gap", "performance", *window)}
    assert float(rows["idx"]["value"]) == pytest.approx(gain, abs=1e-12)
    assert float(rows["three"]["value"]) == pytest.approx(gain, abs=1e-6)
    assert "worked back" in rows["three"]["caveats"] or "stand in" in rows["three"]["caveats"]


def test_the_ten_largest_are_members(rows_of: Callable[..., Rows]) -> None:
    rows = rows_of("ten-largest", "contributions", "--subject", "ten")
    at = {r["statistic"]: float(r["value"]) for r in rows}
    assert {f"top_{n}" for n in range(1, 11)} <= at.keys()
    assert at["total"] == pytest.approx(0.0044, abs=1e-12)
    assert at["top"] == pytest.approx(0.0044, abs=1e-12)
    assert at["top_share"] == pytest.approx(1.0, abs=1e-9)
    assert [r["caveats"] for r in rows if r["statistic"] == "top_share"] == [""]


def test_a_series_that_stopped_has_no_value(rows_of: Callable[..., Rows]) -> None:
    rows = rows_of("stale-index", "performance", "--subject", "b")
    today = [r for r in rows if r["end"] == r["as_of"]]
    assert today
    for row in today:
        assert row["value"] == ""
        assert "B ended on 2026-02-27, its last close" in row["caveats"]
    pair = rows_of("stale-index", "streaks", "--subject", "a", "--against", "b")
    (now,) = [r for r in pair if r["statistic"] == "current"]
    assert now["value"] == "" and "B ended on 2026-02-27" in now["caveats"]


def test_equal_weights_need_no_caps(rows_of: Callable[..., Rows]) -> None:
    rows = rows_of("empty-universe", "performance", "--subject", "mine", "--horizons", "1m")
    assert [r["value"] != "" for r in rows] == [True]


def test_a_call_on_a_series_that_stopped_has_no_data(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the case says it: ``paceline calls``, with the ledger beside the market file."""
    monkeypatch.setenv("COLUMNS", "200")
    folder = shutil.copytree(data.parent / "cases" / "data" / "stale-index", tmp_path / "stale")
    assert main(["calls", "--market", str(folder / "market.toml")]) == 0
    out = capsys.readouterr().out
    assert "no data" in out and "B ended on 2026-02-27, its last close" in out

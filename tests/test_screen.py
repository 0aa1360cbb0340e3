"""``show`` on a screen: the rows that matter, as many as fit, and the command for the others."""

from __future__ import annotations

import io
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from paceline.cli import main
from paceline.report import screen, terminal
from paceline.report.screen import Screen
from test_age import market


def row(subject: str, value: float | None, **more: Any) -> dict[str, Any]:
    return {
        "measure": "m",
        "subject": subject,
        "against": None,
        "statistic": "s",
        "start": "2025-12-05",
        "end": "2025-12-05",
        "value": value,
        "unit": "return",
        "basis": "price",
        "n_used": None,
        "n_eligible": None,
        "caveats": [],
        "figure": f"{subject:0>16}",
        **more,
    }


#: What rows have beyond a value, and the order in which they matter.
ORDERS = [
    ([("a", 0.01, {}), ("b", -0.03, {}), ("c", 0.02, {})], "bca"),  # absolute size
    ([("a", None, {}), ("b", 0.0, {}), ("c", float("nan"), {})], "bca"),  # no value last
    ([("a", 0.5, {"rank": 3}), ("b", 0.1, {"rank": 1}), ("c", 0.3, {"rank": 2})], "bca"),
    ([("a", 0.9, {"end": "2025-11-28"}), ("b", 0.1, {}), ("c", 0.9, {"end": "2025-01-01"})], "bac"),
    ([("a", 0.1, {}), ("b", 9.0, {"statistic": "t"}), ("c", 0.2, {})], "cab"),  # first statistic
    ([("a", 0.1, {"end": None}), ("b", 0.1, {})], "ba"),
]


@pytest.mark.parametrize(("given", "expected"), ORDERS)
def test_rows_in_the_order_in_which_they_matter(given: list[Any], expected: str) -> None:
    rows = [row(name, value, **more) for name, value, more in given]
    assert "".join(r["subject"] for r in screen.ranked(rows)) == expected


def printed(rows: list[Any], width: int, how: Screen | None) -> tuple[int, str]:
    buffer = io.StringIO()
    left = terminal.rows(rows, Console(file=buffer, width=width), how)
    return left, buffer.getvalue()


CAVEATS = [
    f"a caveat, the {n} of many, which is long enough to need a second line" for n in "abcdef"
]


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("height", [10, 24, 40, 100])
@pytest.mark.parametrize("caveats", [[], CAVEATS])
def test_a_table_fits_its_screen(width: int, height: int, caveats: list[str]) -> None:
    rows = [
        row(f"a basket of some name {i}", i / 1000, statistic=f"s{i % 3}", caveats=caveats)
        for i in range(300)
    ]
    left, text = printed(rows, width, Screen(height=height))
    lines = text.splitlines()
    shown = 300 - left
    assert sum("a basket of some name" in " ".join(lines) for _ in [0]) == 1
    assert shown >= screen.LEAST
    assert len(lines) + 4 <= height or shown == screen.LEAST  # the hint, the age, the prompt
    assert all(len(line) <= width for line in lines)
    if caveats and height == 10:
        assert "more caveats: --all shows them" in " ".join(text.split())


def test_what_fits_is_not_reordered() -> None:
    rows = [row("b", 0.01), row("a", 0.02)]
    left, text = printed(rows, 120, Screen(height=40))
    assert left == 0 and text.index("b ") < text.index("a  ")


def test_a_limit_is_a_limit() -> None:
    rows = [row(f"n{i}", i / 100) for i in range(9)]
    left, text = printed(rows, 120, Screen(limit=2))
    assert left == 7 and "n8" in text and "n7" in text and "n6" not in text
    assert printed(rows, 120, Screen(limit=50))[0] == 0
    assert printed(rows, 120, None)[0] == 0


# -- the verb


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return market(tmp_path, "2025-12-05")


def test_the_command_for_the_rest_can_be_typed(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["performance", "--market", str(path), "--since", "2025-11-03", "--as-of", "2025-12-01"]
    words = ["swing_lows", "--market", str(path), "--as-of", "2025-12-01", "--history"]
    assert main(["show", *words, "--limit", "2"]) == 0
    out, err = capsys.readouterr()
    hint = next(line for line in err.splitlines() if "more rows: `" in line)
    left, command = int(hint.split()[0].replace(",", "")), hint.split("`")[1]
    typed = shlex.split(command)
    assert typed[:3] == ["paceline", "show", "swing_lows"] and "--all" in typed
    assert typed[typed.index("--as-of") + 1] == "2025-12-01" and "--history" in typed
    assert main([*typed[1:], "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == left + 2
    assert main(typed[1:]) == 0
    everything, err = capsys.readouterr()
    assert "more rows" not in err and len(everything.splitlines()) > len(out.splitlines())


def test_a_pipe_gets_every_row_on_a_line_of_its_own(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    words = ["show", "performance", "--market", str(path), "--history"]
    assert main([*words, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(any(r["figure"] in line for r in rows) for line in lines) == len(rows) > 20


def test_json_and_csv_are_never_cut(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["show", "swing_lows", "--market", str(path)]
    assert main([*words, "--json"]) == 0
    every = json.loads(capsys.readouterr().out)
    assert main([*words, "--json", "--limit", "1"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == every and f"all {len(every)} rows are written" in err
    assert main([*words, "--csv", "--limit", "1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(every) + 1


@pytest.mark.parametrize(
    "words", [["--limit", "0"], ["--limit", "-3"], ["--limit", "2", "--all"], ["--limit", "many"]]
)
def test_limits_that_mean_nothing(
    path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "performance", "--market", str(path), *words]) == 2
    assert "limit" in capsys.readouterr().err

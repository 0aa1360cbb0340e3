"""The how-tos of docs/howto.md, carried out: files written, commands run, figures as by hand."""

from __future__ import annotations

import json
import re
import shlex
import sqlite3
from pathlib import Path

import pytest

from paceline.cli import main

TEXT = (Path(__file__).parent.parent / "docs" / "howto.md").read_text(encoding="utf-8")
#: Of each how-to the returns that its commands print as JSON, worked out by hand.
RETURNS = {
    "A wide file": {"AAA": 104 / 100 - 1},
    # 60% of +2% and 40% of -2%; META is FB, and ZZZ of another venue is not there
    "A dump of a database": {"all": 0.6 * 0.02 - 0.4 * 0.02, "META": -0.02},
    "A folder of daily files": {"AAA": 1.02 * 1.05 - 1, "BBB": 0.99 * 1.05 - 1},
    "Another exchange": {"toyota": 2856 / 2800 - 1},
    "A fund's holdings": {"built": (60 * 0.02 + 38.5 * -0.02) / 98.5, "fund": 30.11 / 30.00 - 1},
}


def sections() -> dict[str, list[tuple[str, str, str]]]:
    """Title of each how-to, and its blocks in order: language, name of the file, text."""
    parts = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
    return {
        part.partition("\n")[0]: re.findall(
            r"^```(\w+) ?(\S*)\n(.*?)^```$", part, re.MULTILINE | re.DOTALL
        )
        for part in parts
    }


def carry_out(blocks: list[tuple[str, str, str]], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Write each file and run each command in turn; what the commands printed."""
    printed = []
    for language, name, text in blocks:
        if language == "python":
            exec(compile(text, "howto.md", "exec"), {})  # noqa: S102 - our own page
        elif language == "sql":
            base = sqlite3.connect(name)
            base.executescript(text)
            base.close()
        elif language == "sh":
            for line in text.splitlines():
                words = shlex.split(line)
                assert words.pop(0) == "paceline"
                code = main(words)
                out, err = capsys.readouterr()
                assert code in ((0, 1) if words[0] == "doctor" else (0,)), f"{line}\n{out}\n{err}"
                printed.append(out)
        else:
            Path(name).parent.mkdir(exist_ok=True)
            Path(name).write_text(text, encoding="utf-8")
    return printed


def test_every_how_to_is_carried_out_here() -> None:
    assert list(sections()) == list(RETURNS)


@pytest.mark.parametrize("title", RETURNS)
def test_a_how_to_works_as_written(
    title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    printed = carry_out(sections()[title], capsys)
    rows = [row for out in printed if out.startswith("[") for row in json.loads(out)]
    since = {
        row["subject"]: row["value"]
        for row in rows
        if row["statistic"] == "since" or row.get("horizon") == "since"
    }
    assert since == {name: pytest.approx(value, rel=1e-9) for name, value in RETURNS[title].items()}
    if title == "A wide file":
        assert (tmp_path / "out" / "report.html").exists()
        assert "+2.83%" in printed[2]  # a third each of +4%, +2% and +2.5%
    if title == "A folder of daily files":
        told = [re.search(r"closes +\d+ +(\d+) +(\d+) +(\d+) +(\d+)", out) for out in printed[:3]]
        assert [tuple(map(int, m.groups())) for m in told if m] == [
            (4, 4, 0, 0),
            (6, 2, 0, 0),
            (6, 0, 1, 0),
        ]

"""The recipes of CONTRIBUTING.md, carried out: their files are written, their commands run."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from paceline import plugins
from paceline.cli import main
from paceline.measures import Measure
from test_measures import answer, cases, numbers, view_of
from test_readme import smaller

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))

import generate  # noqa: E402 - docs/generate.py is a script beside the pages it writes

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
#: Title of each recipe, and what must be found in the report that its commands write ("": none).
RECIPES = {
    "A measure": "On how many days does it rise?",
    "A source": "",
    "A weighting": "Large cap (inverse price)",
    "A section": "Who has set records this year?",
}


def recipe(title: str) -> tuple[dict[str, str], list[str]]:
    """The files of a recipe by name, and its commands."""
    body = TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]
    fenced = re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```$", body, re.MULTILINE | re.DOTALL)
    files = {name: text for _, name, text in fenced if name}
    commands = [line for kind, _, text in fenced if kind == "sh" for line in text.splitlines()]
    return files, commands


def follow(
    title: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> dict[str, str]:
    """Write the files into an empty folder, run every command; what each printed."""
    monkeypatch.chdir(home)
    monkeypatch.setenv("PACELINE_CONFIG", str(home / "settings"))
    monkeypatch.setattr(plugins, "_ALLOWED", set())
    assert main(["init"]) == 0
    smaller(home / "market.toml")
    files, commands = recipe(title)
    for name, text in files.items():
        after = (home / name).read_text(encoding="utf-8") if name == "market.toml" else ""
        (home / name).write_text(text + after, encoding="utf-8")
    capsys.readouterr()
    printed = {}
    for line in commands:
        words = shlex.split(line)
        assert words.pop(0) == "paceline"
        code = main(words)
        printed[line], err = capsys.readouterr()
        assert code == 0, f"{line}\n{printed[line]}\n{err}"
        if words[0] == "conformance":
            assert "conforms" in printed[line]
            monkeypatch.setattr(plugins, "_ALLOWED", set())  # each command is a process of its own
    return printed


def test_every_recipe_is_followed_here() -> None:
    titles = re.findall(r"^## (An? \w+)$", TEXT, re.MULTILINE)
    assert titles == list(RECIPES)


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_works_as_written(
    title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Conformance first, without permission; then trust, list, show, report."""
    printed = follow(title, tmp_path, monkeypatch, capsys)
    assert any(line.startswith("paceline conformance ") for line in printed)
    assert any(line.startswith("paceline trust ") for line in printed)
    if RECIPES[title]:
        page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
        assert RECIPES[title] in page
    if title == "A measure":
        assert RECIPES[title] in printed["paceline list measures"]
        assert "value_t = #{k" in printed["paceline show share_of_gains --help"]
    if title == "A source":
        assert "vendor" in printed["paceline list sources"]
        rows = json.loads(next(out for line, out in printed.items() if line.endswith("--json")))
        since = [r["value"] for r in rows if r["start"] == "2025-12-03"]
        assert since == [pytest.approx(12 / 10 - 1)]


def test_the_answers_of_the_measure_are_those_it_gives(tmp_path: Path) -> None:
    """The CSV of the recipe is one the suite would accept."""
    files, _ = recipe("A measure")
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    module = plugins.load(plugins.allow([tmp_path / "my_measures.py"]))[0]
    found = module.offers["share_of_gains"]
    assert isinstance(found, Measure)
    for rows in cases(tmp_path / "share_of_gains.csv").values():
        view, params = view_of(rows)
        result = found(view, **params)
        expected = [row for row in rows if row["row"] == "expect"]
        assert expected
        for row in expected:
            wanted = numbers(row["value"])[0]
            assert answer(found, view, result, row) == pytest.approx(wanted, abs=5e-10, nan_ok=True)


def test_pages_of_a_files_measures_are_written_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins, "_ALLOWED", set())
    file = tmp_path / "my_measures.py"
    file.write_text(recipe("A measure")[0]["my_measures.py"], encoding="utf-8")
    assert generate.main([str(file)]) == 0
    text = (tmp_path / "share_of_gains.md").read_text(encoding="utf-8")
    assert "*On how many days does it rise?*" in text
    assert [p.name for p in tmp_path.glob("*.md")] == ["share_of_gains.md"]


def test_what_must_be_committed_is_there() -> None:
    """Files and folders that the page names exist."""
    names = re.findall(r"`((?:docs|tests|src|\.ci)/[\w/.]+)`", TEXT)
    assert names
    assert [n for n in names if "NAME" not in n and not (ROOT / n).exists()] == []

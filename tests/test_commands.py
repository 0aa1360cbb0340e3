"""Every command that Paceline prints can be typed, and gives the figure it was printed for."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paceline import config
from paceline.cli import main
from paceline.record import read_manifest

#: What the demo is cut down to here; its own size only takes longer.
SIZE = ("companies = 1500, years = 12", "companies = 300, years = 3")
LOAD = config.load
#: Figures no command of their own asks for: counts of faults, numbers worked out for a page.
WITHOUT = {"findings"}


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module", params=["the demo", "a path with a space"])
def report(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    patch: pytest.MonkeyPatch,
) -> Path:
    """The manifest of a report made in a folder of its own, where its commands are typed."""
    folder = tmp_path_factory.mktemp("commands")
    patch.chdir(folder)

    def smaller(path: str | Path, data: str | Path | None = None) -> config.MarketFile:
        if Path(path).name != "demo.toml":
            return LOAD(path, data)
        text = Path(path).read_text(encoding="utf-8")
        assert text.count(SIZE[0]) == 1
        small = folder / "small demo" / "demo.toml"
        small.parent.mkdir(exist_ok=True)
        small.write_text(text.replace(*SIZE), encoding="utf-8")
        return LOAD(small, data)

    patch.setattr(config, "load", smaller)
    words = ["report", "--quiet", "--out", "out of here/the report.html"]
    if request.param != "the demo":
        assert main(["init", "my market/the file.toml"]) == 0
        file = Path("my market/the file.toml")
        text = file.read_text(encoding="utf-8")
        assert text.count(SIZE[0]) == 1
        file.write_text(text.replace(*SIZE), encoding="utf-8")
        words += ["--market", str(file), "--store", "a store"]
    assert main(words) == 0
    return folder / "out of here" / "the report.manifest.json"


def typed(line: str, *more: str) -> int:
    """A printed command, typed into a shell."""
    words = shlex.split(line)
    assert words.pop(0) == "paceline"
    return main([*words, *more])


def test_the_same_report_again(report: Path) -> None:
    said = read_manifest(report)
    assert typed(said["command"], "--quiet", "--out", "again.html") == 0
    again = read_manifest("again.manifest.json")
    assert [f["figure"] for f in again["figures"]] == [f["figure"] for f in said["figures"]]
    page = report.with_name("the report.html").read_text(encoding="utf-8")
    assert said["command"].replace("'", "&#39;") in page


def test_the_command_of_a_figure_gives_the_figure(
    report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = read_manifest(report)
    first = {f["measure"]: f["figure"] for f in reversed(said["figures"])}
    asked, tried = set(), 0
    for measure, figure in sorted(first.items()):
        capsys.readouterr()
        assert typed(f"paceline trace {figure} --json", *shlex.split(said["where"])) == 0
        line = json.loads(capsys.readouterr().out)["command"]
        if measure in WITHOUT:
            assert line == ""
            continue
        assert line, f"no command gives {measure}"
        if line == said["command"] or line in asked:  # the report itself: tried above
            continue
        asked.add(line)
        assert typed(line, "--json") == 0, line
        assert figure in figures(json.loads(capsys.readouterr().out)), line
        tried += 1
    assert tried > 10


def figures(said: Any) -> set[str]:
    """Every figure's id in what a verb prints as JSON."""
    if isinstance(said, dict):
        return {str(said["figure"])} if "figure" in said else figures(list(said.values()))
    if isinstance(said, list):
        return set().union(*(figures(one) for one in said)) if said else set()
    return set()

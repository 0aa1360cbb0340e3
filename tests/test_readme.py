"""What README and tutorial say to type, typed, on a smaller market file of ``paceline init``."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from paceline.cli import main

ROOT = Path(__file__).parent.parent
#: What the market file is cut down to here; the documents' own size only takes longer.
SIZE = ("companies = 1500, years = 12", "companies = 300, years = 3")


def blocks(path: Path, language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return re.findall(
        rf"^```{language}\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


def commands(path: Path) -> list[str]:
    """The commands of a page; first the one that writes the market file all others use."""
    lines = [line for block in blocks(path, "sh") for line in block.splitlines() if line.strip()]
    return sorted(lines, key=lambda line: not line.startswith("paceline init"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def smaller(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(SIZE[0]) == 1
    path.write_text(text.replace(*SIZE), encoding="utf-8")


def test_the_commands_of_the_readme(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every line of every shell block runs; make's targets exist."""
    figure, done = "", []
    for line in commands(ROOT / "README.md"):
        words = shlex.split(line)
        if words[0] == "make":
            subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, check=True, capture_output=True)  # noqa: S607
        elif words[0] == "pip":
            assert line == "pip install .", "an installation a test cannot stand in for"
            assert 'paceline = "paceline.cli:main"' in (ROOT / "pyproject.toml").read_text(
                encoding="utf-8"
            )
        else:
            assert words.pop(0) == "paceline", f"a command this test does not know: {line}"
            code = main([figure if word == "ID" else word for word in words])
            out, err = capsys.readouterr()
            assert code in ((0, 1) if words[0] == "doctor" else (0,)), f"{line}\n{out}\n{err}"
            if words[0] == "init":
                smaller(folder / words[1])
            if "--json" in words:
                figure = json.loads(out)[0]["figure"]
            if words[0] == "trace":
                again = shlex.split(out.split("Reproduce it with: paceline ")[1])
                assert main([*again, "--json"]) == 0
                rows = json.loads(capsys.readouterr().out)
                assert [row["figure"] for row in rows] == [figure], (
                    "the command makes the same figure again"
                )
        done.append(words[0])
    assert figure, "the README traces a figure it has shown"
    assert {"init", "import", "doctor", "list", "show", "report", "trace", "verify", "make"} <= set(
        done
    )
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    assert "SIMULATED" in page
    assert (folder / "out" / "report.manifest.json").exists()
    assert (folder / "league.csv").exists()


def test_the_python_of_the_readme_and_the_tutorial(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each page is one program: its blocks run in order, and their assertions hold."""
    assert main(["init"]) == 0
    smaller(folder / "market.toml")
    for name in ("README.md", "docs/tutorial.md"):
        names: dict[str, Any] = {}
        for number, block in enumerate(blocks(ROOT / name, "python")):
            exec(compile(block, f"{name}, block {number + 1}", "exec"), names)  # noqa: S102 - our own pages
        assert names, f"{name} has no Python"
    capsys.readouterr()


def test_the_page_on_frames_is_one_program(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, Any] = {}
    for number, block in enumerate(blocks(ROOT / "docs" / "frames.md", "python")):
        exec(compile(block, f"frames.md, block {number + 1}", "exec"), names)  # noqa: S102 - our own page
    assert "XNYS" in names["market"].title
    capsys.readouterr()

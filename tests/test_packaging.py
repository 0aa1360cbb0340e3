"""What leaves this folder: bounds that are tried, and a wheel that works alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(*words: object, **how: object) -> str:
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, **how)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return str(done.stdout)


def test_the_lowest_versions_tried_are_the_bounds_that_are_stated() -> None:
    lines = run(sys.executable, ROOT / ".ci" / "lowest.py").splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert len(project["dependencies"]) > 10
    for stated in project["dependencies"]:
        assert stated.replace(">=", "==") in lines
    names = [re.split("==", line)[0].lower() for line in lines]
    assert len(names) == len(set(names)), "no package is asked for in two versions"
    assert {"pytest", "hypothesis", "pandas", "pyarrow", "joblib"} <= set(names)


@pytest.fixture(scope="module")
def wheel() -> Path:
    """The wheel that `make wheel` has built."""
    folder = os.environ.get("PACELINE_WHEEL")
    if not folder:
        pytest.fail("PACELINE_WHEEL does not name the folder of the wheel.", pytrace=False)
    (path,) = Path(folder).resolve().glob("*.whl")
    return path


@pytest.mark.wheel
def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    source = ROOT / "src"
    wanted = {
        str(path.relative_to(source))
        for path in (source / "paceline").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed == wanted
    data = {"paceline/data/demo.toml", "paceline/data/lexicon/sectors.toml"}
    assert {"paceline/py.typed", *data} <= packed
    assert "paceline/report/templates/page.html" in packed


@pytest.mark.wheel
def test_the_wheel_reports_in_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    place, empty = tmp_path / "venv", tmp_path / "empty"
    empty.mkdir()
    venv.create(place, with_pip=True)
    python = place / "bin" / "python"
    alone = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PACELINE"))}
    pins = ROOT / "requirements.txt"
    run(python, "-m", "pip", "install", "--quiet", "--constraint", pins, wheel, env=alone)
    said = run(place / "bin" / "paceline", "report", cwd=empty, env=alone)
    assert "Report: out/report.html" in said
    assert "SIMULATED" in (empty / "out" / "report.html").read_text(encoding="utf-8")
    assert (empty / "out" / "report.manifest.json").stat().st_size > 0
    where = run(
        python, "-c", "import paceline; print(paceline.__file__)", cwd=empty, env=alone
    ).strip()
    assert Path(where).is_relative_to(place)

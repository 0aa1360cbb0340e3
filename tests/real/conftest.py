"""The real data, imported once into a temporary store, and the ways the checks ask it.

The folder is named by PACELINE_DATA. Without it, or with a file missing, every check here fails: it
never skips. Expected values are typed from the README of that folder, which was computed before the
program existed."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_data import FRIDAY, MARKET, THURSDAY, Ask, Rows

import paceline
from paceline import record
from paceline.cli import main
from paceline.market import Market

HERE = Path(__file__).parent
#: Files that the checks read and the market file does not name.
REFERENCES = ("us/breadth_reference.csv", "us/long_adjclose_1962_2025.parquet")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.real)


def files_needed() -> list[str]:
    """Every file (or pattern of files) the market file reads, and the references."""
    sources = tomllib.loads(MARKET.read_text(encoding="utf-8"))["sources"].values()
    paths = [
        p for s in sources for p in (s["path"] if isinstance(s["path"], list) else [s["path"]])
    ]
    options = [s.get("options", {}) for s in sources]
    return sorted(
        {
            *paths,
            *(o["changes"] for o in options if "changes" in o),
            *(o["snapshot"]["path"] for o in options if "snapshot" in o),
            *REFERENCES,
        }
    )


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data, whole; anything less is a failure that says what is missing."""
    named = os.environ.get("PACELINE_DATA")
    if not named:
        pytest.fail(
            "PACELINE_DATA is not set: the checks on real data need the folder it names.",
            pytrace=False,
        )
    folder = Path(named).resolve()
    missing = [
        name for name in files_needed() if not any(path.is_file() for path in folder.glob(name))
    ]
    if missing:
        pytest.fail(
            f"PACELINE_DATA={named} lacks {', '.join(missing)}, which the checks need.",
            pytrace=False,
        )
    return folder


@pytest.fixture(scope="session")
def store(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store into which ``paceline import`` has read the real data."""
    folder = tmp_path_factory.mktemp("real") / "store"
    assert (
        main(["import", "--market", str(MARKET), "--data", str(data), "--store", str(folder)]) == 0
    )
    return folder


@pytest.fixture
def own_store(store: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the store for a test that writes into it.

    Its files are never changed in place, so links will do."""
    copy = tmp_path / "store"
    shutil.copytree(store, copy, copy_function=os.link)
    yield copy
    shutil.rmtree(copy)


@pytest.fixture(scope="session")
def friday(data: Path, store: Path) -> Market:
    """The market as of 2025-12-05."""
    return paceline.open(MARKET, data=data, store=store, as_of=FRIDAY)


@pytest.fixture(scope="session")
def thursday(data: Path, store: Path) -> Market:
    """The market as of 2025-12-04."""
    return paceline.open(MARKET, data=data, store=store, as_of=THURSDAY)


@pytest.fixture(scope="session")
def manifest(friday: Market, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifest of the report of 2025-12-05."""
    return record.write_manifest(
        record.report(friday), tmp_path_factory.mktemp("report") / "report.manifest.json"
    )


@pytest.fixture
def cli(data: Path, store: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """``paceline show ...`` typed by a user: its JSON rows."""

    def ask(*words: str, as_of: str = FRIDAY, store: Path = store, market: Path = MARKET) -> Rows:
        capsys.readouterr()
        code = main(
            [
                "show",
                *words,
                "--market",
                str(market),
                "--data",
                str(data),
                "--store",
                str(store),
                "--as-of",
                as_of,
                "--json",
            ]
        )
        out, err = capsys.readouterr()
        assert code == 0, err
        rows: Rows = json.loads(out)
        return rows

    return ask

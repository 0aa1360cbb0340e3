"""A manifest is what was written, or ``verify`` says why not; history stays to 1e-12."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import paceline
from paceline import record
from paceline.cli import main
from paceline.record import manifest as manifests


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, small, with its report: page, JSON, CSV and manifest."""
    home = tmp_path_factory.mktemp("reported")
    text = resources.files("paceline").joinpath("data", "demo.toml").read_text(encoding="utf-8")
    small = text.replace("companies = 1500, years = 12", "companies = 60, years = 3")
    assert small != text
    (home / "market.toml").write_text(small, encoding="utf-8")
    given = ["--market", str(home / "market.toml"), "--store", str(home / "store")]
    files = ["--out", "report.html", "--json", "report.json", "--csv", "tables"]
    paths = [part if part.startswith("--") else str(home / "out" / part) for part in files]
    assert main(["report", "--quiet", *given, *paths]) == 0
    return home


@pytest.fixture
def home(reported: Path, tmp_path: Path) -> Path:
    """A copy of the report that may be altered; the store is shared."""
    shutil.copytree(reported / "out", tmp_path / "out")
    return tmp_path


def edited(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], Path]:
    """Change the JSON of the manifest."""

    def edit(home: Path) -> Path:
        path = home / "out" / "report.manifest.json"
        content = json.loads(path.read_text())
        change(content)
        path.write_text(json.dumps(content))
        return path

    return edit


def swap_ids(content: dict[str, Any]) -> None:
    first, second = content["figures"][:2]
    first["figure"], second["figure"] = second["figure"], first["figure"]
    assert first["figure"] != second["figure"]


def cut_bytes(home: Path) -> Path:
    path = home / "out" / "report.manifest.json"
    path.write_bytes(path.read_bytes()[:-40])
    return path


def emptied(home: Path) -> Path:
    path = home / "out" / "report.manifest.json"
    path.write_bytes(b"")
    return path


def renamed(home: Path) -> Path:
    return (home / "out/report.manifest.json").rename(home / "out/last.manifest.json")


def page(name: str, change: Callable[[Path], object]) -> Callable[[Path], Path]:
    def alter(home: Path) -> Path:
        change(home / "out" / name)
        return home / "out" / "report.manifest.json"

    return alter


def append(path: Path) -> None:
    path.write_text(path.read_text() + " ")


def key_twice(home: Path) -> Path:
    path = home / "out" / "report.manifest.json"
    text = path.read_text()
    path.write_text(text.replace(' "figures": [', ' "figures": [],\n "figures": [', 1))
    return path


CASES: dict[str, tuple[Callable[[Path], Path], int, str]] = {
    "cut in its bytes": (cut_bytes, 2, "not a readable manifest"),
    "emptied of its bytes": (emptied, 2, "not a readable manifest"),
    "a key twice": (key_twice, 2, "the key 'figures' stands twice"),
    "an empty object": (edited(dict.clear), 2, "is not a manifest"),
    "cut by a figure": (edited(lambda m: m["figures"].pop()), 1, "figures are not those"),
    "emptied of figures": (edited(lambda m: m["figures"].clear()), 1, "figures are not those"),
    "a figure twice": (
        edited(lambda m: m["figures"].append(m["figures"][0])),
        1,
        "figures are not those",
    ),
    "reordered": (edited(lambda m: m["figures"].reverse()), 1, "figures are not those"),
    "reordered in its ids": (edited(swap_ids), 1, "figures are not those"),
    "another value": (
        edited(lambda m: m["figures"][0].update(value=123.0)),
        1,
        "figures are not those",
    ),
    "a subject renamed": (
        edited(lambda m: m["figures"][0].update(subject="gold")),
        1,
        "figures are not those",
    ),
    "another step": (edited(lambda m: m["steps"].pop()), 1, "manifest is not what was written"),
    "another day": (edited(lambda m: m.update(as_of="2025-11-03")), 1, "not what was written"),
    "another market": (edited(lambda m: m.update(market="real")), 1, "not what was written"),
    "not SIMULATED": (edited(lambda m: m.update(simulated=False)), 1, "not what was written"),
    "no digests": (edited(lambda m: m.pop("digests")), 1, "no digests"),
    "no pages": (
        edited(lambda m: m["digests"].update(pages={})),
        1,
        "manifest is not what was written",
    ),
    "renamed": (renamed, 1, "was written as report.manifest.json"),
    "an edited page": (page("report.html", append), 1, "page report.html is not what was written"),
    "no page": (page("report.html", Path.unlink), 1, "page report.html cannot be read"),
    "edited JSON": (page("report.json", append), 1, "page report.json is not what was written"),
    "an edited table": (
        page("tables/figures.csv", append),
        1,
        "page tables/figures.csv is not what was written",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_verify_fails_on_what_was_altered(
    home: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    alter, code, says = CASES[case]
    path = alter(home)
    assert main(["verify", str(path)]) == code
    told = capsys.readouterr()
    assert says in " ".join((told.out + told.err).split())


def test_verify_passes_on_what_was_not(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(home / "out/report.manifest.json")]) == 0
    assert "Every figure is the same." in capsys.readouterr().out


def test_a_whole_report_has_every_page_and_comes_out_again(reported: Path, tmp_path: Path) -> None:
    home = tmp_path / "market"
    shutil.copytree(reported, home)
    given = ["--market", str(home / "market.toml"), "--store", str(home / "store")]
    out = tmp_path / "whole.html"
    assert main(["report", "--quiet", *given, "--out", str(out), "--sections", "all"]) == 0
    whole, plain = (
        json.loads(path.with_suffix(".manifest.json").read_text())
        for path in (out, reported / "out" / "report.html")
    )
    more = {f["measure"] for f in whole["figures"]} - {f["measure"] for f in plain["figures"]}
    assert {"hindenburg_omen", "volume_breadth", "correlation_regime", "value_spread"} <= more
    assert record.verify(out.with_suffix(".manifest.json")) == []


def test_verify_fails_on_altered_raw_bytes(reported: Path, home: Path) -> None:
    path = home / "out/report.manifest.json"
    raw = max((reported / "store/raw").glob("*/*"))
    data = raw.read_bytes()
    try:
        raw.write_bytes(data[:-1])
        rows = record.verify(path)
    finally:
        raw.write_bytes(data)
    assert [row["subject"] for row in rows] == [raw.relative_to(reported / "store/raw").as_posix()]
    assert "holds other bytes than were imported" in rows[0]["why"]
    assert record.verify(path) == []


@pytest.mark.parametrize(
    ("old", "new", "differs"),
    [("# ", "#  ", False), ('weight = "cap"', 'weight = "equal"', True)],
    ids=["a comment", "a setting"],
)
def test_verify_says_that_the_market_file_was_edited(
    reported: Path, home: Path, old: str, new: str, differs: bool
) -> None:
    """Only where something differs: what is the same needs no cause."""
    shutil.copytree(reported, home / "copy")
    path = home / "copy/market.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    manifest = record.read_manifest(home / "out/report.manifest.json")
    when = {"as_of": manifest["as_of"], "version": manifest["store_version"]}
    market = paceline.open(path, store=home / "copy/store", **when)
    rows = record.verify(home / "out/report.manifest.json", market)
    assert bool(rows) is differs
    assert not rows or (rows[0]["measure"] == "market file" and "edited since" in rows[0]["why"])


def test_an_altered_manifest_is_no_earlier_report(home: Path) -> None:
    edited(lambda m: m.update(as_of="2025-11-03"))(home)
    assert record.previous_report(home / "out/new.html", "2025-12-05") is None
    assert not manifests.whole(record.read_manifest(home / "out/report.manifest.json"))


# ---- history


def levels_of(home: Path, day: str | None, **environment: str) -> dict[str, Any]:
    """The levels of every basket as of a day, from a process of its own and without caches."""
    script = """if True:
        import json, sys, shutil
        import numpy as np
        import paceline
        shutil.rmtree(sys.argv[1] + "/store/cache", ignore_errors=True)
        market = paceline.open(
            sys.argv[1] + "/market.toml", store=sys.argv[1] + "/store", as_of=sys.argv[2] or None
        )
        names = [n for n, _ in market.names()["baskets"]]
        frame = market.levels(names)
        text = {c: [v if c != "date" else str(v) for v in frame[c]] for c in frame.columns}
        print(json.dumps(text))
    """
    source = str(Path(paceline.__file__).parent.parent)
    run = subprocess.run(
        [sys.executable, "-c", script, str(home), day or ""],
        env={**os.environ, **environment, "PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(run.stdout)
    return found


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OPENBLAS_NUM_THREADS": "1", "OPENBLAS_CORETYPE": "Haswell"},
        {"OPENBLAS_NUM_THREADS": "2", "OPENBLAS_CORETYPE": "Prescott"},
    ],
    ids=["as it is", "one thread", "another processor"],
)
def test_history_never_repaints_by_more_than_rounding(
    reported: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    home = tmp_path / "market"
    shutil.copytree(reported, home)
    now = levels_of(home, None)
    for day in ("2025-11-24", "2025-10-14"):
        then = levels_of(home, day, **environment)
        n = len(then["date"])
        assert then["date"] == now["date"][:n] and then["date"][-1] == day
        assert then.keys() == now.keys() and len(then) > 10
        for name in then.keys() - {"date"}:
            before, after = (np.array(m[name][:n], dtype=float) for m in (then, now))
            np.testing.assert_allclose(before, after, rtol=1e-12, atol=0, err_msg=name)


def test_lineage_that_the_store_lost_is_said(
    reported: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And is there again afterwards: the figures were made anew."""
    (lost,) = (reported / "store" / "steps").glob("*.parquet")
    lost.unlink()
    path = home / "out" / "report.manifest.json"
    assert main(["verify", str(path), "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["measure"], row["subject"]) == ("steps", lost.name)
    assert row["why"] == "lineage: the file is missing"
    assert main(["verify", str(path)]) == 0
    assert capsys.readouterr().out == "Every figure is the same.\n"

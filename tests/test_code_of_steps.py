"""An id hashes what went in: the code a step rests on, read from its imports, and no other code."""

from __future__ import annotations

import ast
import importlib.util
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import paceline
from paceline import engine, lineage, measures
from test_imports import PACKAGE, Source, sources

INDEX = ("paceline.baskets", "paceline.indices", "paceline.indices.levels")
Codes = Callable[..., str]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package that a test may edit."""
    return Path(shutil.copytree(PACKAGE, tmp_path / "paceline"))


def codes(root: Path) -> Codes:
    """``code_of`` of the package in a folder, reading its files anew."""
    spec = importlib.util.spec_from_file_location("paceline.lineage", root / "lineage.py")
    assert spec is not None and spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)

    real = sys.modules["paceline.lineage"]
    sys.modules["paceline.lineage"] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    finally:
        sys.modules["paceline.lineage"] = real
    found: Codes = module.code_of
    return found


def comment(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8") + "\n# a remark\n", encoding="utf-8")


def test_a_comment_in_the_lexicon_changes_no_id_of_an_index(copy: Path) -> None:
    quiet = [INDEX, ("paceline.panel.assembly",)]
    quiet += [(m.module, "paceline.engine") for m in measures.discover().values()]
    first = codes(copy)
    before, read = [first(*q) for q in quiet], first("paceline.factcheck")
    for path in (copy / "factcheck").rglob("*.py"):
        comment(path)
    after = codes(copy)
    assert [after(*q) for q in quiet] == before
    assert after("paceline.factcheck") != read


@pytest.mark.parametrize(
    "steps",
    [
        INDEX,
        ("paceline.measures.advance_decline", "paceline.engine"),
        ("paceline.studies.episodes",),
        ("paceline.studies.themes",),
        ("paceline.factcheck",),
    ],
)
def test_a_change_in_a_kernel_changes_the_code_of_all_that_rests_on_it(
    copy: Path, steps: tuple[str, ...]
) -> None:
    before = codes(copy)(*steps)
    comment(copy / "kernels.py")
    assert codes(copy)(*steps) != before


def test_what_a_measure_sees_is_part_of_its_code_and_what_stands_beside_it_is_not(
    copy: Path,
) -> None:
    view = {"alone": ("paceline.market.view",)}
    before = codes(copy)(**view)
    comment(copy / "market" / "asked.py")
    comment(copy / "baskets" / "core.py")
    assert codes(copy)(**view) == before
    comment(copy / "market" / "view.py")
    assert codes(copy)(**view) != before


MARKET = """
[market]
name = "two"
calendar = "XNYS"
currency = "USD"
benchmark = "a"

[sources.closes]
table = "prices"
path = "closes.csv"
columns = { security = "name", date = "date", close = "close" }

[sources.rates]
table = "series"
path = "rates.csv"
columns = { series = "name", date = "date", value = "value" }

[baskets.a]
instrument = "A"
"""
DAYS = ("2025-01-02", "2025-01-03", "2025-01-06")


def test_parser_checks_series_and_view_are_in_the_steps_that_data_pass(
    tmp_path: Path, copy: Path
) -> None:
    (tmp_path / "market.toml").write_text(MARKET)
    closes = "\n".join(f"A,{day},{100 + k}" for k, day in enumerate(DAYS))
    (tmp_path / "closes.csv").write_text(f"name,date,close\n{closes}\n")
    (tmp_path / "rates.csv").write_text(f"name,date,value\nrate,{DAYS[0]},0.1\n")
    market = paceline.open(tmp_path / "market.toml")
    market.import_()
    load = next(row for row in market.origins() if row["source"] == "closes")
    read = market.stored.import_step(load)
    parser, checks = "paceline.sources.files", "paceline.quality"
    assert read.code == codes(copy)(parser, checks)
    for part in ("sources/files/_columns.py", "quality/__init__.py"):
        comment(copy / part)
        assert codes(copy)(parser, checks) != read.code

    rates = next(row for row in market.origins() if row["source"] == "rates")
    code = lineage.code_of("paceline.store", alone=("paceline.market.stored",))
    parents = (market.stored.import_step(rates).id,)
    step = lineage.Step("series", {"name": "rate"}, parents, code=code)
    assert market.moment.lineage.with_series(market.provenance()).parents["rate"] == (step.id,)

    figure = market.show("trend_state", subjects=["a"])[0]
    names = {s.name: s for s in market.lineage([figure.step])}
    own = ("paceline.measures.trend_state", "paceline.engine.rows")
    both = [lineage.code_of(*own), lineage.code_of(alone=("paceline.market.view",))]
    assert names["trend_state"].code == lineage.digest(both)
    assert names["import"].code == read.code


def test_a_change_in_one_measure_leaves_the_others_alone(copy: Path) -> None:
    modules = {m.name: m.module for m in measures.discover().values()}
    first = codes(copy)
    before = {name: first(module) for name, module in modules.items()}
    comment(copy / "measures" / "concentration.py")
    after = codes(copy)
    assert {n for n, m in modules.items() if after(m) != before[n]} == {"concentration"}


def test_the_id_of_a_step_changes_with_its_code_and_with_its_parents() -> None:
    plain = lineage.Step("basket", {"name": "large"}, ("a",), code="1")
    assert plain.id == lineage.Step("basket", {"name": "large"}, ("a",), code="1").id
    others = [
        lineage.Step("basket", {"name": "large"}, ("a",), code="2"),
        lineage.Step("basket", {"name": "large"}, ("b",), code="1"),
        lineage.Step("basket", {"name": "small"}, ("a",), code="1"),
    ]
    assert len({plain.id, *(o.id for o in others)}) == 4


def imported(path: Path, module: str) -> set[str]:
    """Modules of the package that a file imports when it runs, by its syntax tree."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for block in [n for n in ast.walk(tree) if isinstance(n, ast.If)]:
        if ast.unparse(block.test) == "TYPE_CHECKING":
            block.body = [ast.Pass()]
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names |= {str(node.module), *(f"{node.module}.{a.name}" for a in node.names)}
    parents = module.split(".")[:-1]
    names |= {".".join(parents[:k]) for k in range(2, len(parents) + 1)}
    known = {".".join(("paceline", *s.parts)) for s in sources() if s.parts}
    return names & known


@pytest.mark.parametrize(
    "source", [s for s in sources() if s.parts], ids=lambda s: "/".join(s.parts)
)
def test_imports_are_read_as_python_reads_them(source: Source) -> None:
    module = ".".join(("paceline", *source.parts))
    assert set(lineage.imports_of(module)[0]) - {module} == imported(source.path, module) - {module}


@pytest.mark.parametrize(
    ("module", "libraries"),
    [
        ("paceline.evidence.bootstrap", {"numpy"}),
        ("paceline.evidence.means", {"scipy"}),
        ("paceline.kernels", {"numpy", "bottleneck"}),
        ("paceline.errors", set()),
    ],
)
def test_versions_of_the_libraries_that_count_are_part_of_the_code(
    module: str, libraries: set[str]
) -> None:
    assert libraries <= set(lineage.imports_of(module)[1])


def test_what_came_out_is_no_part_of_an_id() -> None:
    step = lineage.Step("leadership", {"as_of": "2025-12-05"}, code="1")
    question = engine.Question("leadership", step, "2025-12-05")
    asked = {"formation": "ytd", "sign": "rising", "reason": "", "n": 3}
    one = question.figure("large", 0.4, "ratio", statistic="rank", extra=asked)
    other = question.figure(
        "large", None, "ratio", statistic="rank", extra=asked | {"sign": "falling", "reason": "x"}
    )
    assert one.id == other.id
    further = question.figure(
        "large", 0.4, "ratio", statistic="rank", extra=asked | {"formation": "12-2"}
    )
    assert further.id != one.id

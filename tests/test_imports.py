"""The import order: a file imports only what stands above it, heavy libraries stay out of start-up, and the
two walls hold (network only in ``sources``; ``report``, ``web`` and ``cli`` never see a panel)."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from paceline.cli import VERBS

PACKAGE = Path(__file__).parent.parent / "src" / "paceline"

DESIGN = Path(__file__).parent.parent / "docs" / "design.md"
#: Rooms of the package from the ground up, as the table of the design page lists them; a room is a file or a folder.
ORDER = (
    *re.findall(r"^\| `(\w+)/?` \|", DESIGN.read_text(encoding="utf-8"), re.MULTILINE),
    "__main__",
)
#: Two to four seconds of imports together: only inside the functions that use them.
HEAVY = {
    "scipy",
    "arch",
    "statsmodels",
    "plotly",
    "exchange_calendars",
    "deltalake",
    "pandas",
    "pyarrow",
    "duckdb",
    "kaleido",
    "joblib",
    "cyclopts",
}
NETWORK = {
    "socket",
    "ssl",
    "http",
    "urllib",
    "ftplib",
    "smtplib",
    "requests",
    "httpx",
    "aiohttp",
    "fsspec",
}
#: Parts that hold matrices, and parts that may only see figures.
MATRICES = {"panel", "kernels", "baskets", "indices", "store"}
SURFACES = {"report", "cli", "charts"}
#: The command line is built from cyclopts: its files are imported only when a verb runs.
ALLOWED = {("cli", "cyclopts")}
#: ``Market`` offers its report and its charts as methods: conveniences that import, when called,
#: what is built on top of it. Nothing else may.
WHEN_CALLED = {
    ("market", "studies"),
    ("market", "record"),
    ("market", "charts"),
    ("market", "factcheck"),
    ("studies", "pages"),
}


def imports(
    tree: ast.Module, module: tuple[str, ...], package: bool
) -> Iterator[tuple[str, int, bool]]:
    """(dotted name, line, at top level) of every import, relative ones resolved, type-only ones included."""
    functions = (
        f for f in ast.walk(tree) if isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef))
    )
    inside = {id(node) for function in functions for node in ast.walk(function)}
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        top = id(node) not in inside and id(node) not in typing_only
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno, top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                here = ("paceline", *module) if package else ("paceline", *module[:-1])
                base = ".".join((*here[: len(here) - node.level + 1], *filter(None, [base])))
            if base == "paceline":
                yield from ((f"paceline.{alias.name}", node.lineno, top) for alias in node.names)
            else:
                yield base, node.lineno, top


def faults(path: Path, root: Path) -> list[str]:
    """What one file imports that it may not."""
    parts = path.relative_to(root).with_suffix("").parts
    package = parts[-1] == "__init__"
    module = parts[:-1] if package else parts
    if not module:  # paceline/__init__ offers names lazily
        part, rank = "", -1
    elif module[0] not in ORDER:
        return [f"{path.name}: {module[0]!r} has no place in the order"]
    else:
        part, rank = module[0], ORDER.index(module[0])
    found = []
    for name, line, top in imports(ast.parse(path.read_text(encoding="utf-8")), module, package):
        where = f"{'/'.join(parts)}.py:{line}"
        outer, *rest = name.split(".")
        if outer in HEAVY and top and (part, outer) not in ALLOWED:
            found.append(f"{where} imports {outer} at start-up")
        if outer in NETWORK and part not in ("sources", "factcheck"):
            found.append(f"{where} imports {outer}: only sources touch the network")
        if outer in NETWORK and top and part == "sources":
            found.append(f"{where} imports {outer} outside fetch")
        if outer != "paceline" or not rest or part == "":
            continue
        other = rest[0]
        if other.startswith("__"):
            continue
        if other not in ORDER:
            if other != "open":
                found.append(f"{where} imports paceline.{other}, which has no place in the order")
        elif ORDER.index(other) > rank and (top or (part, other) not in WHEN_CALLED):
            found.append(f"{where} imports paceline.{other}, which stands below it")
        elif part in SURFACES and other in MATRICES:
            found.append(f"{where} imports paceline.{other}: surfaces see figures, never matrices")
    return found


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_file_keeps_the_order(path: Path) -> None:
    assert faults(path, PACKAGE) == []


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("errors.py", "from paceline import config\n", "which stands below it"),
        ("lineage.py", "from .figures import Figure\n", "paceline.figures, which stands below it"),
        ("report/html.py", "from paceline.panel import Panel\n", "surfaces see figures"),
        (
            "measures/breadth.py",
            "def f():\n    from ..market import Market\n",
            "market, which stands below it",
        ),
        ("market.py", "from paceline import record\n", "paceline.record, which stands below it"),
        ("measures/beta.py", "import scipy.stats\n", "imports scipy at start-up"),
        ("store.py", "def f():\n    import urllib.request\n", "only sources touch the network"),
        ("sources/web.py", "import httpx\n", "outside fetch"),
        ("helpers.py", "", "has no place in the order"),
    ],
)
def test_each_rule_catches_its_breach(tmp_path: Path, file: str, text: str, fault: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    assert [f for f in faults(path, tmp_path) if fault in f], "the rule did not see the breach"


def test_a_clean_file_has_no_faults(tmp_path: Path) -> None:
    path = tmp_path / "measures" / "breadth.py"
    path.parent.mkdir()
    path.write_text(
        "import numpy\nfrom paceline.errors import DataError\ndef f():\n    import scipy.stats\n"
    )
    assert faults(path, tmp_path) == []


@pytest.mark.parametrize("argv", [[], ["--help"], ["--version"], ["report", "--help"]])
def test_help_loads_nothing_heavy(argv: list[str]) -> None:
    """`paceline --help` answers in under 0.3 s because none of these is loaded."""
    code = (
        f"import sys\nfrom paceline.cli import main\nassert main({argv!r}) == 0\n"
        "heavy = {'numpy', 'polars', 'plotly', 'pydantic', 'deltalake', 'scipy', 'pandas'}\n"
        "print('LOADED', sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "LOADED []"
    if argv in ([], ["--help"]):
        assert all(f"  {verb} " in run.stdout for verb in VERBS)

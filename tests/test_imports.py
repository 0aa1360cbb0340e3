"""The house rules of the package, read from its syntax trees.

Imports follow the order of the table in docs/design.md, inside functions and for type checkers too;
heavy libraries stay out of start-up; the network is for sources; surfaces see figures and pages
compute nothing; nobody reaches for another's private names; figures are made in one function; a
module that nobody imports is gone; a class name means one thing.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from paceline.cli import VERBS

PACKAGE = Path(__file__).parent.parent / "src" / "paceline"
DESIGN = Path(__file__).parent.parent / "docs" / "design.md"
#: Rooms from the ground up, as the design page lists them; a room is a file or a folder.
ORDER = (
    *re.findall(r"^\| `(\w+)/?` \|", DESIGN.read_text(encoding="utf-8"), re.MULTILINE),
    "__main__",
)
#: Two to four seconds of imports together: only inside the functions that use them.
HEAVY = set(
    "scipy arch statsmodels plotly exchange_calendars deltalake pandas pyarrow duckdb kaleido "
    "joblib cyclopts httpx spacy".split()
)
NETWORK = set("socket ssl http urllib ftplib smtplib requests httpx aiohttp fsspec".split())
#: The files that may talk to a server: sources, and the client of a language model.
CLIENTS = ("sources", "factcheck/language_model")
#: Rooms that hold matrices, and rooms that may only see figures.
MATRICES = {"panel", "kernels", "baskets", "indices", "store"}
SURFACES = {"pages", "report", "cli", "charts"}
#: The command line is built from cyclopts: its files are imported only when a verb runs.
COMMAND_LINE = ("cli", "cyclopts")
#: Folders whose files are found, not imported.
PLUG_INS = {"measures", "pages", "sources", "cli"}


@dataclass(frozen=True)
class Imported:
    """One imported name: "paceline.market" and "Market", or "numpy" and ""."""

    module: str
    name: str
    line: int
    top: bool

    @property
    def dotted(self) -> str:
        """Module and name in one."""
        return f"{self.module}.{self.name}" if self.name else self.module


def imports(tree: ast.Module, here: tuple[str, ...]) -> Iterator[Imported]:
    """Every import of a file of the package ``here``: relative resolved, type-only included."""
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
            yield from (Imported(alias.name, "", node.lineno, top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = ("paceline", *here)
                base = ".".join((*package[: len(package) - node.level + 1], *filter(None, [base])))
            yield from (Imported(base, a.name, node.lineno, top) for a in node.names)


@dataclass(frozen=True)
class Source:
    """One file of the package."""

    path: Path
    root: Path

    @property
    def parts(self) -> tuple[str, ...]:
        """("cli", "show") of cli/show.py, ("cli",) of cli/__init__.py, () of the package itself."""
        parts = self.path.relative_to(self.root).with_suffix("").parts
        return parts[:-1] if parts[-1] == "__init__" else parts

    @property
    def room(self) -> str:
        """The room it stands in; "" for the package itself."""
        return self.parts[0] if self.parts else ""

    @property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.path.read_text(encoding="utf-8"))

    @property
    def imports(self) -> list[Imported]:
        """What it imports."""
        package = self.parts if self.path.name == "__init__.py" else self.parts[:-1]
        return list(imports(self.tree, package))


def sources(root: Path = PACKAGE) -> list[Source]:
    """Every file of the package."""
    return [Source(path, root) for path in sorted(root.rglob("*.py"))]


def faults(source: Source) -> list[str]:
    """What one file imports that it may not."""
    if source.room and source.room not in ORDER:
        return [f"{source.path.name}: {source.room!r} has no place in the order"]
    found = []
    for one in source.imports:
        where = f"{'/'.join(source.parts)}.py:{one.line}"
        found += [f"{where} {why}" for why in (*outside(source, one), *within(source, one))]
    return found


def outside(source: Source, one: Imported) -> Iterator[str]:
    """What is wrong with an import of another package."""
    library = one.module.partition(".")[0]
    if library in HEAVY and one.top and (source.room, library) != COMMAND_LINE:
        yield f"imports {library} at start-up"
    if library == "numpy" and source.room == "pages":
        yield "imports numpy: pages arrange, they compute nothing"
    if library in NETWORK:
        if not "/".join(source.parts).startswith(CLIENTS):
            yield f"imports {library}: only sources touch the network"
        elif one.top:
            yield f"imports {library} outside the function that fetches"


def within(source: Source, one: Imported) -> Iterator[str]:
    """What is wrong with an import of our own package."""
    outer, *rest = one.dotted.split(".")
    if outer != "paceline" or not rest or rest[0].startswith("__") or not source.room:
        return
    room = rest[0]
    if room not in ORDER:
        if room != "open":
            yield f"imports paceline.{room}, which has no place in the order"
        return
    if ORDER.index(room) > ORDER.index(source.room):
        yield f"imports paceline.{room}, which stands below it"
    if source.room in SURFACES and room in MATRICES:
        yield f"imports paceline.{room}: surfaces see figures, never matrices"
    if room != source.room and any(n.startswith("_") for n in rest[1:] if not n.startswith("__")):
        yield f"imports {one.dotted}: private to another room"


@pytest.mark.parametrize("source", sources(), ids=lambda s: "/".join(s.parts) or "paceline")
def test_file_keeps_the_order(source: Source) -> None:
    assert faults(source) == []


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("errors.py", "from paceline import config\n", "which stands below it"),
        ("lineage.py", "from .figures import Figure\n", "paceline.figures, which stands below it"),
        ("report/html.py", "from paceline.panel import Panel\n", "surfaces see figures"),
        ("measures/breadth.py", "def f():\n    from ..market import Market\n", "stands below it"),
        ("market/asked.py", "def f():\n    from paceline import record\n", "stands below it"),
        (
            "studies/turns.py",
            "if TYPE_CHECKING:\n    from paceline.pages import Page\n",
            "stands below it",
        ),
        ("measures/beta.py", "import scipy.stats\n", "imports scipy at start-up"),
        ("store.py", "def f():\n    import urllib.request\n", "only sources touch the network"),
        ("factcheck/text.py", "def f():\n    import httpx\n", "only sources touch the network"),
        ("sources/web.py", "import httpx\n", "outside the function"),
        ("pages/breadth.py", "def f():\n    import numpy as np\n", "compute nothing"),
        ("market/asked.py", "from paceline.panel import _fill\n", "private to another room"),
        ("market/asked.py", "from paceline.panel._work import fill\n", "private to another room"),
        ("helpers.py", "", "has no place in the order"),
    ],
)
def test_each_rule_catches_its_breach(tmp_path: Path, file: str, text: str, fault: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    assert [f for f in faults(Source(path, tmp_path)) if fault in f], "the rule saw no breach"


def test_a_clean_file_has_no_faults(tmp_path: Path) -> None:
    path = tmp_path / "measures" / "breadth.py"
    path.parent.mkdir()
    path.write_text(
        "import numpy\nfrom paceline.errors import DataError\ndef f():\n    import scipy.stats\n"
    )
    assert faults(Source(path, tmp_path)) == []


# ---- private names -------------------------------------------------------------------------------


def reached_for(tree: ast.Module) -> list[str]:
    """Private attributes read of objects that are not the reader's own kind: "market._cache" ..."""
    own = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in ("self", "cls")
    } | {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    return [
        f"{ast.unparse(node)}, line {node.lineno}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and node.attr not in own
        # the documented way to replace a named tuple, underscore and all
        and node.attr not in ("_replace", "_asdict")
    ]


@pytest.mark.parametrize("source", sources(), ids=lambda s: "/".join(s.parts) or "paceline")
def test_nobody_reads_the_private_names_of_another_object(source: Source) -> None:
    assert reached_for(source.tree) == []


def test_a_private_name_of_another_object_is_seen() -> None:
    text = "class A:\n    def f(self, market):\n        return self._own, market._results\n"
    assert reached_for(ast.parse(text)) == ["market._results, line 3"]


# ---- figures -------------------------------------------------------------------------------------


def makers(tree: ast.Module) -> list[str]:
    """Functions in which ``Figure(...)`` is called, or a figure is copied with other values."""
    found = []
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            found.extend(
                function.name
                for node in ast.walk(function)
                if isinstance(node, ast.Call) and called(node) in ("Figure", "figures.Figure")
            )
    return found


def called(node: ast.Call) -> str:
    """The dotted name of what a call calls; "" for anything else."""
    return ast.unparse(node.func) if isinstance(node.func, (ast.Name, ast.Attribute)) else ""


def test_figures_are_made_in_one_function() -> None:
    places = {"/".join(s.parts): makers(s.tree) for s in sources()}
    assert {place: names for place, names in places.items() if names} == {
        "engine/question": ["figure"]
    }


def test_another_maker_of_figures_is_seen() -> None:
    text = "def made(x):\n    return Figure('m', 's', x, 'ratio', step)\n"
    assert makers(ast.parse(text)) == ["made"]


# ---- nothing left over ---------------------------------------------------------------------------


def unused(files: list[Source]) -> list[str]:
    """Modules that no other module imports and no folder of plug-ins finds."""
    imported = {one.dotted for s in files for one in s.imports}
    imported |= {one.module for s in files for one in s.imports}
    names = {".".join(("paceline", *s.parts)): s for s in files if s.path.name != "__init__.py"}
    return [
        name
        for name, s in names.items()
        if name not in imported and s.room not in PLUG_INS and s.room not in ("api", "__main__")
    ]


def test_no_module_is_left_over() -> None:
    assert unused(sources()) == []


def test_a_module_that_nobody_imports_is_seen(tmp_path: Path) -> None:
    (tmp_path / "errors.py").write_text("")
    (tmp_path / "figures.py").write_text("from paceline.errors import DataError\n")
    assert unused(sources(tmp_path)) == ["paceline.figures"]


def twice(files: list[Source]) -> list[str]:
    """Names of public classes that two modules define."""
    names = [
        node.name
        for s in files
        if s.room != "factcheck"  # the reader of commentary has names of its own
        for node in s.tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    return sorted(name for name, count in Counter(names).items() if count > 1)


def test_a_class_name_means_one_thing() -> None:
    assert twice(sources()) == []


def test_a_class_name_with_two_meanings_is_seen(tmp_path: Path) -> None:
    for name in ("errors", "figures"):
        (tmp_path / f"{name}.py").write_text("class Verdict: ...\n")
    assert twice(sources(tmp_path)) == ["Verdict"]


# ---- start-up ------------------------------------------------------------------------------------


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


# ---- short functions -----------------------------------------------------------------------------


def too_long(tree: ast.Module, most: int = 60) -> list[str]:
    """Functions of more than ``most`` lines, their docstring not counted."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0]
            told = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            doc = (first.end_lineno or 0) - first.lineno + 1 if told else 0
            lines = (node.end_lineno or 0) - node.lineno + 1 - doc
            if lines > most:
                found.append(f"{node.name}: {lines}")
    return found


@pytest.mark.parametrize("source", sources(), ids=lambda s: "/".join(s.parts) or "paceline")
def test_functions_are_short(source: Source) -> None:
    assert too_long(source.tree) == []


def test_a_long_function_is_seen() -> None:
    text = 'def f():\n    """Says\n    it."""\n' + "    x = 1\n" * 60
    assert too_long(ast.parse(text)) == ["f: 61"]
    assert too_long(ast.parse(text), 61) == []

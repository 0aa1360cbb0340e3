"""Where a value comes from: origins of bytes, and the steps that turned them into figures.

A ``Step`` is identified by what went *in* (its name, parameters, code and parents), never by what
came out, so that the same question on the same data has the same id on every machine:

    id = first 16 hex digits of SHA-256(canonical JSON of {name, params, code, parents})

``code`` is the hash of the modules that the step's function reaches by imports: see ``code_of``.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

#: Libraries whose version is part of what a step computes.
NUMERICAL = ("numpy", "bottleneck", "polars", "scipy", "arch", "statsmodels", "pandas")
_IMPORT = re.compile(
    r"^\s*(?:from\s+([\w.]+)\s+import\s+(\([^)]*\)|[^\n#]+)|import\s+([\w., ]+))", re.MULTILINE
)
_TYPES_ONLY = re.compile(r"^if TYPE_CHECKING:\n(?:[ \t]+.*\n|\n)+", re.MULTILINE)


@dataclass(frozen=True)
class Origin:
    """Who published the bytes, what they are, when they were fetched and under which licence.

    parser  hash of the code that made rows of them, empty where it was not recorded
    """

    who: str
    what: str
    when: str
    licence: str = "not stated"
    checksum: str = ""
    parser: str = ""


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str, ensure_ascii=False)


def digest(value: object, length: int = 16) -> str:
    """First ``length`` hex digits of the SHA-256 of ``canonical(value)``."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:length]


@cache
def code_of(*modules: str, alone: tuple[str, ...] = ()) -> str:
    """Hash of the code that a step rests on: of these modules, and of all they reach by imports.

    alone  modules of which nothing but their own text counts: what they import is in the lineage by
           steps of its own

    Read are the modules' own files, those of the packages they lie in, and what those import,
    inside functions too; imports for type checkers alone do not count. Of other packages the
    versions of the numerical ones among them. What no import reaches changes no hash: a word in the
    lexicon of commentary is none of an index's business.
    """
    reached: set[str] = set()
    libraries: set[str] = set()
    todo = list(modules)
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += imports_of(name)[0]
            libraries |= imports_of(name)[1]
    seen = hashlib.sha256()
    for name in sorted({*reached, *alone}):
        seen.update(name.encode())
        seen.update(_source(name))
    for library in sorted(libraries):
        seen.update(f"{library}=={_version(library)}".encode())
    return seen.hexdigest()[:16]


@cache
def _version(library: str) -> str:
    """Its version, which its own files tell: looked up once."""
    return metadata.version(library)


@cache
def imports_of(module: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """What a module imports: modules of this package, its parents included; numerical libraries."""
    text = _TYPES_ONLY.sub("", _source(module).decode())
    root, found, libraries = str(__package__), set[str](), set[str]()
    parents = module.split(".")[:-1]
    found |= {".".join(parents[:k]) for k in range(2, len(parents) + 1)}
    for match in _IMPORT.finditer(text):
        base, names, plain = match.groups()
        listed = [w.split()[0] for w in (names or plain).strip("()").split(",") if w.strip()]
        for name in [base, *(f"{base}.{n}" for n in listed)] if base else listed:
            if name.startswith(f"{root}.") and _path(name) is not None:
                found.add(name)
            elif name.partition(".")[0] in NUMERICAL:
                libraries.add(name.partition(".")[0])
    return tuple(sorted(found)), frozenset(libraries)


@cache
def _source(module: str) -> bytes:
    """The text of a module: of this package, or of a plug-in that is loaded."""
    path = _path(module)
    return b"" if path is None else path.read_bytes()


def _path(module: str) -> Path | None:
    if module.partition(".")[0] == __package__:
        return _own_path(module)
    file = getattr(sys.modules.get(module), "__file__", None)
    return Path(file) if file else None


@cache
def _own_path(module: str) -> Path | None:
    """The file of a module of this package; None for a name that is none, and for the package."""
    _, *rest = module.split(".")
    place = Path(__file__).parent.joinpath(*rest)
    ways = (place.with_suffix(".py"), place / "__init__.py") if rest else ()
    return next((way for way in ways if way.is_file()), None)


@dataclass(frozen=True)
class Step:
    """One transformation: name, parameters, the code that did it, ids of what it read."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    parents: tuple[str, ...] = ()
    code: str = field(kw_only=True)

    @cached_property
    def id(self) -> str:
        """Hash of name, parameters, code and parents."""
        return digest(self._parts())

    def to_json(self) -> dict[str, Any]:
        """The step with its id, as it is stored."""
        return {"id": self.id, **self._parts()}

    def _parts(self) -> dict[str, Any]:
        # spelled out: ``asdict`` copies deeply, which costs more than the hash
        return {
            "name": self.name,
            "params": self.params,
            "parents": self.parents,
            "code": self.code,
        }


class Steps:
    """The steps made so far, by id."""

    def __init__(self) -> None:
        self._by_id: dict[str, Step] = {}

    def keep(self, step: Step) -> Step:
        """Remember a step; hands it back."""
        self._by_id[step.id] = step
        return step

    def take(self, other: Steps) -> None:
        """Remember the steps of another market too."""
        self._by_id |= other._by_id

    def behind(self, steps: Iterable[Step]) -> list[Step]:
        """These steps and all that they rest on, each once, parents first."""
        ordered: dict[str, Step] = {}

        def visit(step: Step) -> None:
            if step.id not in ordered:
                for parent in step.parents:
                    if parent in self._by_id:
                        visit(self._by_id[parent])
                ordered[step.id] = step

        for step in steps:
            visit(step)
        return list(ordered.values())

"""Where a value comes from: origins of bytes, and the steps that turned them into figures.

A ``Step`` is identified by what went *in* (its name, parameters, code and parents), never by what
came out, so that the same question on the same data has the same id on every machine:

    id = first 16 hex digits of SHA-256(canonical JSON of {name, params, code, parents})

``code`` is one hash over every ``.py`` file of the package and the versions of NumPy, bottleneck
and polars."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Origin:
    """Who published the bytes, what they are, when they were fetched and under which licence."""

    who: str
    what: str
    when: str
    licence: str = "not stated"
    checksum: str = ""


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str, ensure_ascii=False)


def digest(value: Any, length: int = 16) -> str:
    """First ``length`` hex digits of the SHA-256 of ``canonical(value)``."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:length]


@cache
def code_version() -> str:
    """Hash of every ``.py`` file of this package and of the versions that compute the numbers."""
    root = Path(__file__).parent
    seen = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        seen.update(path.relative_to(root).as_posix().encode())
        seen.update(path.read_bytes())
    for library in ("numpy", "bottleneck", "polars"):
        seen.update(f"{library}=={metadata.version(library)}".encode())
    return seen.hexdigest()[:16]


@dataclass(frozen=True)
class Step:
    """One transformation: a name, its parameters, the code that did it and the ids of what it read."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    parents: tuple[str, ...] = ()
    code: str = field(default_factory=code_version)

    @cached_property
    def id(self) -> str:
        return digest(self._parts())

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, **self._parts()}

    def _parts(self) -> dict[str, Any]:
        # spelled out: ``asdict`` copies deeply, which costs more than the hash
        return {
            "name": self.name,
            "params": self.params,
            "parents": self.parents,
            "code": self.code,
        }

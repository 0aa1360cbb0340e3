"""PLUG-IN: one file = one source. ``fetch`` does all input and returns bytes; ``parse`` is pure.

A source module defines

    def fetch(name: str, spec: config.Source, folder: Path) -> list[Raw]
    def parse(name: str, spec: config.Source, raws: list[Raw], context: Context) -> Parsed

``parse`` never touches a disk or a network: the same bytes give the same tables on every machine.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from paceline.errors import UnknownName
from paceline.lineage import Origin
from paceline.rows import Finding as Finding

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    import polars as pl

    from paceline.config import Source


@dataclass(frozen=True)
class Raw:
    """Bytes as they came, with their origin; ``origin.checksum`` is their SHA-256."""

    data: bytes
    origin: Origin


@dataclass(frozen=True)
class Context:
    """What a parser may know beside its bytes: the sessions of the market's calendar."""

    calendar: str = "XNYS"
    sessions: tuple[dt.date, ...] = ()


@dataclass(frozen=True)
class Parsed:
    """Tables by name (columns as in ``schema``; missing ones are null), findings, quarantine.

    ``quarantine`` rows carry the columns table, reason and row (the row as JSON).
    """

    tables: dict[str, pl.DataFrame]
    findings: list[Finding] = field(default_factory=list)
    quarantine: pl.DataFrame | None = None


class Plugin(Protocol):
    """What a source module offers."""

    def fetch(self, name: str, spec: Source, folder: Path) -> list[Raw]: ...

    def parse(self, name: str, spec: Source, raws: list[Raw], context: Context) -> Parsed: ...


def discover() -> list[str]:
    """Names of the source plug-ins in this folder."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def get(kind: str) -> Any:
    """The plug-in module of that kind; ``UnknownName`` lists the others."""
    if kind not in discover():
        raise UnknownName("source kind", kind, discover())
    return importlib.import_module(f"{__name__}.{kind}")

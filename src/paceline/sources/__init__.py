"""PLUG-IN: one file = one source. ``fetch`` does all input and returns bytes; ``parse`` is pure.

A source module defines

    def fetch(name: str, spec: config.Source, folder: Path) -> list[Raw]
    def parse(name: str, spec: config.Source, raws: list[Raw], context: Context) -> Parsed

``parse`` never touches a disk or a network: the same bytes give the same tables on every machine.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Protocol, cast

from paceline import calendars, plugins
from paceline.errors import PluginError, UnknownName
from paceline.lineage import Origin
from paceline.rows import Finding as Finding

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    import polars as pl

    from paceline.config import Source

#: How the bytes of a frame that was given in Python are called, before its name.
FRAME = "frame "


@dataclass(frozen=True)
class Raw:
    """Bytes as they came, with their origin; ``origin.checksum`` is their SHA-256."""

    data: bytes
    origin: Origin


@dataclass(frozen=True)
class Context:
    """What a parser may know beside its bytes, and the checks beside one source's rows.

    calendar, sessions  the market's calendar and its sessions
    today               the day of the import; a price cannot be of a later day (None: not checked)
    over                the last day whose session had ended at the import (None: not checked)
    actions             corporate actions of the market's own lists (security, date, kind, ratio)
    witness             asks the other stored sources for their returns on given (security, date)
    """

    calendar: str = "XNYS"
    sessions: tuple[dt.date, ...] = ()
    today: dt.date | None = None
    over: dt.date | None = None
    actions: pl.DataFrame | None = None
    witness: Callable[[pl.DataFrame], pl.DataFrame] | None = None

    @property
    def zone(self) -> str:
        """The exchange's time zone."""
        return calendars.zone(self.calendar)


@dataclass(frozen=True)
class Parsed:
    """Tables by name (columns as in ``schema``; missing ones are null), findings, quarantine.

    ``quarantine`` rows carry the columns table, reason and row (the row as JSON).
    """

    tables: dict[str, pl.DataFrame]
    findings: list[Finding] = field(default_factory=list)
    quarantine: pl.DataFrame | None = None


class SourcePlugin(Protocol):
    """What a source module offers."""

    def fetch(self, name: str, spec: Source, folder: Path) -> list[Raw]:
        """The bytes, with their origins."""

    def parse(self, name: str, spec: Source, raws: list[Raw], context: Context) -> Parsed:
        """The tables that the bytes hold."""


@dataclass(frozen=True)
class Guarded:
    """A source from outside: its faults, and wrong results, are named as its own."""

    module: SourcePlugin

    def fetch(self, name: str, spec: Source, folder: Path) -> list[Raw]:
        """The bytes and their origins."""
        with plugins.running(self.module.fetch, f"fetching {name} failed"):
            raws = self.module.fetch(name, spec, folder)
        if not isinstance(raws, list) or not all(isinstance(raw, Raw) for raw in raws):
            plugins.refuse(self.module.fetch, f"fetch of {name}", "it must return a list of Raw")
        return raws

    def parse(self, name: str, spec: Source, raws: list[Raw], context: Context) -> Parsed:
        """The tables."""
        with plugins.running(self.module.parse, f"parsing {name} failed"):
            parsed = self.module.parse(name, spec, raws, context)
        if not isinstance(parsed, Parsed):
            plugins.refuse(self.module.parse, f"parse of {name}", "it must return a Parsed")
        return parsed


@cache
def discover() -> list[str]:
    """Names of the source plug-ins in this folder."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def get(kind: str, files: Sequence[str] = ()) -> SourcePlugin:
    """The plug-in of that kind: of this folder, of an installed package, or one of ``files``.

    A kind of this folder needs no code from outside, and none is run for it. Raises
    ``UnknownName``, which lists the others, and ``PluginError`` where two have one name.
    """
    if kind in discover():
        return cast("SourcePlugin", importlib.import_module(f"{__name__}.{kind}"))
    known = plugged((*plugins.installed("sources"), *plugins.load(files)))
    if kind not in known:
        raise UnknownName("source kind", kind, [*discover(), *known])
    return Guarded(known[kind].value)


def module_of(plugin: SourcePlugin) -> str:
    """The module in which a source's parser is written."""
    return (plugin.module if isinstance(plugin, Guarded) else plugin).parse.__module__


def plugged(found: Iterable[plugins.Plugin]) -> dict[str, plugins.Plugin]:
    """Those that are sources, by kind: the stem of the file, or the name of the entry point."""
    known: dict[str, plugins.Plugin] = {}
    for plugin in found:
        if not all(callable(getattr(plugin.value, name, None)) for name in ("fetch", "parse")):
            continue
        if plugin.name in discover():
            other = f"{__path__[0]}/{plugin.name}"
        elif known.setdefault(plugin.name, plugin) is not plugin:
            other = known[plugin.name].origin
        else:
            continue
        fault = PluginError(
            f"two definitions of the source kind {plugin.name!r}: in {plugin.origin} and in "
            f"{other}.",
            "Rename one of them.",
        )
        if plugins.is_file(plugin):
            raise fault
        plugins.left_out(fault)
    return known

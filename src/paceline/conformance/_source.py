"""The checks of a source."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from paceline import schema
from paceline.conformance._faults import judge

if TYPE_CHECKING:
    from pathlib import Path

    from paceline.config import Source
    from paceline.sources import Context, Parsed, SourcePlugin


def check_source(
    plugin: SourcePlugin, name: str, spec: Source, folder: Path, context: Context
) -> None:
    """Raise ``ConformanceError`` unless a source plug-in keeps its contract on this input.

    ``fetch`` gives the same bytes twice, with their SHA-256 and where they came from; ``parse`` is
    pure: the same tables twice, its input unchanged, no file opened and no connection made; its
    tables are declared in ``schema`` and have no columns but the declared ones.
    """
    raws = plugin.fetch(name, spec, folder)
    again = plugin.fetch(name, spec, folder)
    faults = []
    if [r.data for r in raws] != [r.data for r in again]:
        faults.append("fetch gives other bytes the second time")
    if any(hashlib.sha256(r.data).hexdigest() != r.origin.checksum for r in raws):
        faults.append("a checksum is not the SHA-256 of its bytes")
    if not all(
        r.origin.who.strip() and r.origin.what.strip() and r.origin.when.strip() for r in raws
    ):
        faults.append("an origin does not say who, what or when")
    before = [bytes(r.data) for r in raws]
    first = plugin.parse(name, spec, raws, context)  # also pulls in what parse imports when it runs
    with _watched() as touched:
        second = plugin.parse(name, spec, raws, context)
    faults += [f"parse touches the outside: {what}" for what in touched]
    if [r.data for r in raws] != before:
        faults.append("parse changes its input")
    faults += _same_tables(first, second)
    for table, frame in first.tables.items():
        if table not in schema.TABLES:
            faults.append(f"table {table!r} is not declared")
            continue
        declared = schema.TABLES[table]
        faults += [
            f"{table} has the undeclared column {c!r}"
            for c in frame.columns
            if c not in declared.schema
        ]
        faults += [
            f"{table} lacks the required column {c.name!r}"
            for c in declared.columns
            if c.required and c.name not in frame.columns
        ]
    judge(f"source {name}", faults)


def _same_tables(a: Parsed, b: Parsed) -> list[str]:
    if a.tables.keys() != b.tables.keys():
        return ["parse gives other tables the second time"]
    faults = [
        f"parse gives another table {n} the second time"
        for n, t in a.tables.items()
        if not t.equals(b.tables[n], null_equal=True)
    ]
    return (
        faults
        if a.findings == b.findings
        else [*faults, "parse finds other faults the second time"]
    )


_WATCH: list[list[str]] = []
_OUTSIDE = (
    "open",
    "socket.connect",
    "socket.getaddrinfo",
    "subprocess.Popen",
    "os.listdir",
    "os.scandir",
)


@contextmanager
def _watched() -> Iterator[list[str]]:
    """Files and connections opened from Python while the body runs; native code is not seen."""
    if not _HOOKED:
        sys.addaudithook(_hook)  # cannot be taken out again, so it is put in once
        _HOOKED.append(True)
    touched: list[str] = []
    _WATCH.append(touched)
    try:
        yield touched
    finally:
        _WATCH.remove(touched)


_HOOKED: list[bool] = []


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if (
        _WATCH
        and event in _OUTSIDE
        and not str(args[0] if args else "").endswith((".py", ".pyc", ".so"))
    ):
        _WATCH[-1].append(f"{event} {args[0] if args else ''}")

"""What a source states at an import: its files as they are now, and kept bytes that still stand.

``sources.NAME.statement`` says how files make a statement:

file    the rows of the files as they are now; what is no longer in them is withdrawn. The default.
folder  a statement per file: a file that is issued again replaces what that file said before, and
        one that has gone still stands as it last spoke, from the bytes kept. The default where
        ``path`` is a pattern.
append  rows only gather, as in a file of the last days: what is no longer in it stays, and a value
        that is missing says nothing.

A changed declaration is a new statement of the same bytes: where files have gone since, or only
gathered, the bytes that were kept are read again. A frame given in Python is a file that is gone as
soon as it was read: where none is given, it stands as it last was.
"""

from __future__ import annotations

import glob
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from paceline import quality
from paceline.config import Source, listed
from paceline.errors import MarketFileError, SourceError
from paceline.lineage import Origin, code_of, digest
from paceline.market import explanations
from paceline.rows import NOT_OVER, Finding
from paceline.sources import FRAME, Context, Raw, SourcePlugin, module_of

if TYPE_CHECKING:
    import polars as pl

    from paceline.store import Store

Statement = Literal["file", "folder", "append"]
#: Files that have gone which a finding names.
NAMED = 4


@dataclass(frozen=True)
class Bytes:
    """The bytes of a statement.

    parts        files that are read together; of several parts, read one after the other, the later
                 counts where both have a value
    gone         names of files that are read from the bytes kept
    adds_only    what is not stated stays
    declaration  digest of the settings under which they are read
    asked        what other sources were asked of rows that stay: see ``fingerprint``
    unchanged    it is what the source last stated, read by the same code
    """

    parts: list[list[Raw]]
    gone: tuple[str, ...]
    adds_only: bool
    declaration: str
    asked: str | None
    unchanged: bool

    @property
    def raws(self) -> list[Raw]:
        """All files, in the order in which they are read."""
        return [raw for part in self.parts for raw in part]

    def findings(self, name: str) -> list[Finding]:
        """That files have gone, if they have."""
        if not self.gone:
            return []
        action = "as they last spoke, from the bytes kept"
        remedy = 'Put them back, or declare statement = "file" to withdraw their rows.'
        shown = ", ".join(self.gone[:NAMED]) + (", ..." if len(self.gone) > NAMED else "")
        return [Finding(name, "files gone", len(self.gone), action, shown, remedy)]


def kind_of(spec: Source) -> Statement:
    """How the files of a source make a statement: as declared, or by its path."""
    if spec.statement is not None:
        return spec.statement
    patterns = spec.kind == "files" and any(glob.has_magic(p) for p in listed(spec.path))
    return "folder" if patterns else "file"


def declared(name: str, spec: Source, calendar: str) -> str:
    """Digest of what the market file says of a source: the settings that are not the usual ones."""
    settings = spec.model_dump(mode="json", exclude_defaults=True)
    return digest({"spec": settings, "name": name, "calendar": calendar}, 64)


def fingerprint(
    name: str, spec: Source, context: Context, origins: Iterable[Origin], asked: str | None
) -> str:
    """Digest of the bytes of a source, of its settings, and of what else explains its prices.

    asked  the cells about which other sources were asked when the bytes were read
    """
    return digest(
        {
            "raw": [o.checksum for o in origins],
            "spec": spec.model_dump(mode="json"),
            "name": name,
            "calendar": context.calendar,
            **explanations.identity(context, asked),
        },
        64,
    )


def waiting(checksum: str, quarantine: pl.DataFrame | None, context: Context) -> str:
    """The fingerprint of bytes of which rows wait for the end of a session: they are read again."""
    waits = quarantine is not None and (quarantine["reason"] == NOT_OVER).any()
    return f"{checksum}-{context.over}" if waits else checksum


def gather(
    plugin: SourcePlugin,
    name: str,
    spec: Source,
    folder: Path,
    context: Context,
    store: Store,
    given: list[Raw] | None = None,
) -> Bytes:
    """The bytes that the source states now.

    given  the bytes of its frame, where it is one and was given
    Raises ``SourceError`` for files that are not there, unless the declaration changed since they
    were imported and their bytes were kept, and ``MarketFileError`` for a frame never given.
    """
    declaration, kind = declared(name, spec, context.calendar), kind_of(spec)
    last = store.log.latest(name)
    then = [] if last is None else [Origin(**o) for o in json.loads(last["origins"])]
    before = [o for o in then if _declared(spec, o.what)]
    try:
        if given is None and spec.is_frame:
            raws = _last_frame(store, name, before)
        else:
            raws = plugin.fetch(name, spec, folder) if given is None else given
    except SourceError:
        changed = last is not None and last["declaration"] not in (None, declaration)
        if not changed or not before or all((folder / o.what).exists() for o in before):
            raise
        raws = []
    here = {raw.origin.what for raw in raws}
    gone = {o.what: o for o in before if o.what not in here}
    if raws and kind != "folder":
        gone = {}
    now = _ordered(spec, [*raws, *(_read(store, o) for o in gone.values())])
    parts = [now]
    # other settings, other code and other corporate actions make other rows of the same bytes
    parser = code_of(module_of(plugin), quality.__name__)
    as_then = (
        last is not None
        and last["checksum"] == fingerprint(name, spec, context, then, last["asked"])
        and all(o.parser == parser for o in then)
    )
    again = kind == "append" and last is not None and not as_then
    if again:
        parts = [*_gathered(store, name, spec), *([now] if raws else [])]
    parts = [[_by(parser, raw) for raw in part] for part in parts]
    origins = [raw.origin for part in parts for raw in part]
    # where rows gather the last import may have read older bytes again before these
    tail = then[-len(origins) :] if kind == "append" else then
    unchanged = as_then and [o.checksum for o in tail] == [o.checksum for o in origins]
    adds_only = kind == "append" and not again
    asked = last["asked"] if last is not None and adds_only else None
    return Bytes(parts, tuple(gone), adds_only, declaration, asked, unchanged)


def told_otherwise(
    plugin: SourcePlugin, name: str, spec: Source, folder: Path, context: Context, store: Store
) -> Bytes | None:
    """The kept bytes of a source that was last read when other things explained its prices.

    None where nothing did, and where its declaration changed: that waits for its own import.
    """
    declaration, last = declared(name, spec, context.calendar), store.log.latest(name)
    if last is None or not last["checksum"] or last["declaration"] != declaration:
        return None
    then = [Origin(**o) for o in json.loads(last["origins"])]
    if last["checksum"] == fingerprint(name, spec, context, then, last["asked"]):
        return None
    parts = [[_read(store, o) for o in then]]
    if kind_of(spec) == "append":
        parts = _gathered(store, name, spec)
    parser = code_of(module_of(plugin), quality.__name__)
    gone = [o.what for o in then if kind_of(spec) == "folder" and not (folder / o.what).exists()]
    parts = [[_by(parser, raw) for raw in part] for part in parts]
    return Bytes(parts, tuple(gone), False, declaration, None, False)


def _last_frame(store: Store, name: str, before: list[Origin]) -> list[Raw]:
    """The bytes of a source that is a frame, as they were given last."""
    if not before:
        raise MarketFileError(
            f"sources.{name}.path is missing.",
            'Give a file: path = "folder/file.csv"; or a frame, in Python: '
            f"paceline.open(..., frames={{{name!r}: df}}).",
        )
    return [_read(store, before[-1])]


def _by(parser: str, raw: Raw) -> Raw:
    """The bytes with the code that makes rows of them: parser and checks."""
    return replace(raw, origin=replace(raw.origin, parser=parser))


def _read(store: Store, origin: Origin) -> Raw:
    return Raw(store.raw(origin.checksum), origin)


def _gathered(store: Store, name: str, spec: Source) -> list[list[Raw]]:
    """The kept bytes behind the rows of a source whose rows gather, import after import."""
    loads = store.log.standing().filter(source=name).iter_rows(named=True)
    origins = [Origin(**o) for load in loads for o in json.loads(load["origins"])]
    return imports_of([_read(store, o) for o in origins if _declared(spec, o.what)])


def imports_of(raws: Iterable[Raw]) -> list[list[Raw]]:
    """Files that are read together, import by import: one that turns up again begins another."""
    parts: list[list[Raw]] = []
    for raw in raws:
        if not parts or any(raw.origin.what == r.origin.what for r in parts[-1]):
            parts.append([])
        parts[-1].append(raw)
    return parts


def _patterns(spec: Source) -> list[str]:
    """The paths of a source, those of its further files included, in the order of reading."""
    more = [spec.options.get(key) for key in ("changes", "snapshot")]
    further = [m["path"] if isinstance(m, Mapping) and "path" in m else m for m in more]
    paths = [*listed(spec.path), *(p for p in further if isinstance(p, str))]
    return [os.path.normpath(p).replace(os.sep, "/") for p in paths if p]


def _declared(spec: Source, what: str) -> bool:
    """Whether the source's paths, as declared now, name that file; a frame has none."""
    if spec.is_frame:
        return what.startswith(FRAME)
    return any(_matches(pattern, what) for pattern in _patterns(spec))


def _matches(pattern: str, what: str) -> bool:
    """Whether a path relative to the data folder is one that the pattern finds there."""
    if not glob.has_magic(pattern):
        return what == pattern
    ways = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[!?\]?[^\]]*\])", pattern)
    text = "".join(
        ways.get(p) or (p.replace("[!", "[^") if p.startswith("[") else re.escape(p)) for p in parts
    )
    return re.fullmatch(text, what) is not None


def _ordered(spec: Source, raws: Iterable[Raw]) -> list[Raw]:
    """In the order in which they would be read if all of them were there."""
    found = {raw.origin.what: raw for raw in raws}
    patterns = _patterns(spec)

    def place(what: str) -> tuple[int, Any]:
        number = next((n for n, p in enumerate(patterns) if _matches(p, what)), len(patterns))
        return number, PurePosixPath(what) if number < len(patterns) else PurePosixPath()

    return [found[what] for what in sorted(found, key=place)]

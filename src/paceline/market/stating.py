"""What a source states at an import: its files as they are now, and kept bytes that still stand.

``sources.NAME.statement`` says how files make a statement:

file    the rows of the files as they are now; what is no longer in them is withdrawn. The default.
folder  a statement per file: a file that is issued again replaces what that file said before, and
        one that has gone still stands as it last spoke, from the bytes kept. The default where
        ``path`` is a pattern.
append  rows only gather, as in a file of the last days: what is no longer in it stays, and a value
        that is missing says nothing.

Where the declaration changed after a file has gone, the bytes that were kept are read again.
"""

from __future__ import annotations

import glob
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from paceline.config import Source, listed
from paceline.errors import SourceError
from paceline.lineage import Origin, digest
from paceline.rows import Finding
from paceline.sources import Raw, SourcePlugin

if TYPE_CHECKING:
    from paceline.store import Store

Statement = Literal["file", "folder", "append"]
#: Files that have gone which a finding names.
NAMED = 4


@dataclass(frozen=True)
class Bytes:
    """The bytes of a statement: as they are now, and (``gone``) names of files read from the store.

    declaration  digest of the settings under which they are read
    checksum     digest of bytes and settings: the statement's identity
    """

    raws: list[Raw]
    gone: tuple[str, ...]
    declaration: str
    checksum: str

    def findings(self, name: str, kind: Statement) -> list[Finding]:
        """That files have gone, if they have."""
        if not self.gone:
            return []
        action = "as they last spoke, from the bytes kept"
        remedy = 'Put them back, or declare statement = "file" to withdraw their rows.'
        shown = ", ".join(self.gone[:NAMED]) + (", ..." if len(self.gone) > NAMED else "")
        check = "files gone from the folder" if kind == "folder" else "file gone"
        return [Finding(name, check, len(self.gone), action, shown, remedy)]


def kind_of(spec: Source) -> Statement:
    """How the files of a source make a statement: as declared, or by its path."""
    if spec.statement is not None:
        return spec.statement
    patterns = spec.kind == "files" and any(glob.has_magic(p) for p in listed(spec.path))
    return "folder" if patterns else "file"


def gather(
    plugin: SourcePlugin, name: str, spec: Source, folder: Path, calendar: str, store: Store
) -> Bytes:
    """The bytes that the source states now.

    Raises ``SourceError`` for files that are not there, unless the declaration changed since they
    were imported and their bytes were kept.
    """
    settings = {"spec": spec.model_dump(mode="json"), "name": name, "calendar": calendar}
    declaration = digest(settings, 64)
    last = store.latest(name)
    kept = {} if last is None else {o["what"]: Origin(**o) for o in json.loads(last["origins"])}
    kept = {what: origin for what, origin in kept.items() if _declared(spec, what)}
    try:
        raws = plugin.fetch(name, spec, folder)
    except SourceError:
        changed = last is not None and last["declaration"] not in (None, declaration)
        if not changed or not kept or all((folder / what).exists() for what in kept):
            raise
        raws = []
    here = {raw.origin.what for raw in raws}
    gone = [what for what in kept if what not in here]
    if raws and kind_of(spec) != "folder":
        gone = []
    raws = _ordered(spec, [*raws, *(Raw(store.raw(kept[w].checksum), kept[w]) for w in gone)])
    checksum = digest({"raw": [r.origin.checksum for r in raws], **settings}, 64)
    return Bytes(raws, tuple(gone), declaration, checksum)


def _patterns(spec: Source) -> list[str]:
    """The paths of a source, those of its further files included, in the order of reading."""
    more = [spec.options.get(key) for key in ("changes", "snapshot")]
    further = [m["path"] if isinstance(m, Mapping) and "path" in m else m for m in more]
    paths = [*listed(spec.path), *(p for p in further if isinstance(p, str))]
    return [os.path.normpath(p).replace(os.sep, "/") for p in paths if p]


def _declared(spec: Source, what: str) -> bool:
    """Whether the source's paths, as declared now, name that file."""
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

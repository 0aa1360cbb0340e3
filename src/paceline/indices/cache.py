"""Index levels kept in a file beside the targets they follow from: worked out once for a panel and its targets.

Weights of a span are kept for who is held. A file that cannot be read is worked out again; one that
cannot be written is no error."""

from __future__ import annotations

import json
import os
import uuid
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from paceline.indices import core
from paceline.indices._engine import Basis

if TYPE_CHECKING:
    from paceline.baskets import Targets
    from paceline.panel import Panel

BASES: tuple[Basis, ...] = ("price", "total")
#: Files kept; the least recently used go.
KEEP = 6


def build_both(panel: Panel, targets: Targets, folder: Path, key: str) -> dict[str, core.Indices]:
    """``core.build_both``, from the folder if it is there. ``key`` names the panel and the targets."""
    path = folder / f"indices-{key}.npz"
    made = _load(path)
    if made is None:
        made = core.walk(panel, targets, BASES)
        with suppress(OSError):
            _save(path, made)
            for old in sorted(
                folder.glob("indices-*.npz"), key=lambda p: p.stat().st_mtime, reverse=True
            )[KEEP:]:
                old.unlink(missing_ok=True)
    return core.finish(panel, targets, made)


def _save(path: Path, made: core.Walk) -> None:
    meta = {
        "turnover": made.turnover,
        "stretches": [
            (s.start, s.stop, len(s.columns), int(np.count_nonzero(s.weights)))
            for s in made.stretches
        ],
    }
    cells = [np.flatnonzero(s.weights) for s in made.stretches]
    none = [np.empty(0)]
    draft = path.with_name(f".{uuid.uuid4().hex}.npz")
    try:
        np.savez(
            draft,
            meta=np.frombuffer(json.dumps(meta).encode(), np.uint8),
            columns=np.concatenate([s.columns for s in made.stretches] or none).astype(np.int32),
            cells=np.concatenate([*cells, *none]).astype(np.int32),
            weights=np.concatenate(
                [s.weights.ravel()[c] for s, c in zip(made.stretches, cells, strict=True)] or none
            ),
            price=np.stack(made.rows["price"]),
            total=np.stack(made.rows["total"]),
        )
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _load(path: Path) -> core.Walk | None:
    try:
        # the archive checks every byte
        with path.open("rb") as data, np.load(data, allow_pickle=False) as file:
            part = {name: file[name] for name in file.files}
        meta = json.loads(part["meta"].tobytes())
        os.utime(path)
        stretches, c, w = [], 0, 0
        for start, stop, width, held in meta["stretches"]:
            weights = np.zeros((part["price"].shape[1], width))
            weights.ravel()[part["cells"][w : w + held]] = part["weights"][w : w + held]
            stretches.append(
                core.Stretch(start, stop, part["columns"][c : c + width].astype(np.int64), weights)
            )
            c, w = c + width, w + held
        return core.Walk(
            {basis: core.Rows(*part[basis]) for basis in BASES},
            {n: [(t, x) for t, x in done] for n, done in meta["turnover"].items()},
            tuple(stretches),
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile):
        return None

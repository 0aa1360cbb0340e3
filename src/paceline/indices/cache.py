"""Index levels in the store's cache: worked out once for a panel and its targets.

Weights of a span are kept for who is held.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from paceline.indices import core
from paceline.indices.core import BASES
from paceline.indices.drift import SHARES
from paceline.lineage import code_of, digest

if TYPE_CHECKING:
    from paceline.baskets import Targets
    from paceline.panel import Panel
    from paceline.store import Cache, Entry

KIND = "indices"
#: Sets of indices kept per store; the least recently used go.
KEEP = 12


def build_both(panel: Panel, targets: Targets, cache: Cache, key: str) -> dict[str, core.Indices]:
    """``core.build_both``, from the cache if it is there; ``key`` names panel and targets."""
    question = digest([key, code_of(__name__)], 32)
    entry = cache.load(KIND, question)
    if entry is not None:
        return core.finish(panel, targets, _walk_of(entry))
    made = core.walk(panel, targets, BASES)
    cache.save(KIND, question, *_entry_of(made), keep=KEEP)
    return core.finish(panel, targets, made)


def _entry_of(made: core.Walk) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values and arrays that a walk is kept as: all stretches behind each other."""
    cells = [np.flatnonzero(s.weights) for s in made.stretches]
    values = {
        "turnover": made.turnover,
        "stretches": [
            (s.start, s.stop, len(s.columns), len(held))
            for s, held in zip(made.stretches, cells, strict=True)
        ],
    }
    none = [np.empty(0)]
    weights = [s.weights.ravel()[c] for s, c in zip(made.stretches, cells, strict=True)]
    columns = np.concatenate([s.columns for s in made.stretches] or none)
    arrays: dict[str, Any] = {
        "columns": columns.astype(np.int32),
        "cells": np.concatenate([*cells, *none]).astype(np.int32),
        "weights": np.concatenate(weights or none),
        **{basis: np.stack(made.rows[basis][:-1]) for basis in BASES},
    }
    for basis in BASES:  # few sessions lack anything
        shares = made.rows[basis].shares
        arrays[f"{basis} lacking"] = np.flatnonzero(shares)
        arrays[f"{basis} shares"] = shares.ravel()[arrays[f"{basis} lacking"]]
    return values, arrays


def _rows_of(arrays: Mapping[str, NDArray[Any]], basis: str) -> core.Rows:
    returns, missing, members = arrays[basis]
    shares = np.zeros((len(SHARES), *returns.shape), np.float32)
    shares.ravel()[arrays[f"{basis} lacking"]] = arrays[f"{basis} shares"]
    return core.Rows(returns, missing, members, shares)


def _walk_of(entry: Entry) -> core.Walk:
    values, arrays = entry
    stretches, c, w = [], 0, 0
    for start, stop, width, held in values["stretches"]:
        weights = np.zeros((arrays["price"].shape[1], width))
        weights.ravel()[arrays["cells"][w : w + held]] = arrays["weights"][w : w + held]
        columns = arrays["columns"][c : c + width].astype(np.int64)
        stretches.append(core.Stretch(start, stop, columns, weights))
        c, w = c + width, w + held
    return core.Walk(
        {basis: _rows_of(arrays, basis) for basis in BASES},
        {n: [(t, x) for t, x in done] for n, done in values["turnover"].items()},
        tuple(stretches),
    )

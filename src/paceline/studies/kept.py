"""Answers that depend on numbers alone, kept in a store's cache by what was asked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from paceline.evidence import Evidence
from paceline.lineage import code_of, digest
from paceline.methods import Outcome

if TYPE_CHECKING:
    from paceline.store import Cache

Made = TypeVar("Made")

#: Answers of one kind that stay.
KEEP = 100


def kept(
    cache: Cache,
    kind: str,
    module: str,
    asked: Sequence[object],
    make: Callable[[], Made],
    *,
    keep: int = KEEP,
) -> Made:
    """What ``make`` gives, in lists and dicts as JSON holds it, from the cache where it is there.

    kind     of the answers; ``keep`` of them stay, the last ones used
    module   name of the module that makes it: a changed one is asked again
    asked    all that the answer depends on: arrays, by their bytes, and what JSON can hold
    """
    named = [_named(one) if isinstance(one, np.ndarray) else one for one in asked]
    key = digest([code_of(module), named], 32)
    entry = cache.load(kind, key)
    if entry is not None:
        return cast("Made", entry.values)
    made = make()
    cache.save(kind, key, made, keep=keep)
    return made


def kept_outcomes(
    cache: Cache, module: str, asked: Sequence[object], make: Callable[[], Sequence[Outcome]]
) -> list[Outcome]:
    """``kept`` of what followed events."""
    found = kept(cache, "outcomes", module, asked, lambda: [asdict(o) for o in make()])
    return [Outcome(**{**o, "evidence": Evidence(**o["evidence"])}) for o in found]


def _named(array: np.ndarray[Any, Any]) -> tuple[str, tuple[int, ...], str]:
    data = np.ascontiguousarray(array)
    return data.dtype.str, data.shape, hashlib.sha256(data.tobytes()).hexdigest()

"""The largest statistic of noise made of lines, kept in a store's cache: the same for a year."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import Array
from paceline.lineage import code_of, digest
from paceline.methods.unusual import whole_years

if TYPE_CHECKING:
    from paceline.store import Cache

#: Kind and number of the results kept.
KIND, KEEP = "noise", 60


def kept(cache: Cache, methods: ModuleType, lines: Array, make: Callable[[], Array]) -> Array:
    """What ``make`` gives for lines (..., T), from the cache where it is there.

    methods  the module that makes it: a changed one is asked again
    """
    changes = np.ascontiguousarray(whole_years(np.diff(lines)))
    asked = hashlib.sha256(changes.tobytes()).hexdigest()
    key = digest([code_of(methods.__name__), changes.shape, asked], 32)
    entry = cache.load(KIND, key)
    if entry is not None:
        return np.array(entry.values)
    null = make()
    cache.save(KIND, key, null.tolist(), keep=KEEP)
    return null

"""The largest statistic of noise made of lines, kept in a store's cache: the same for a year."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import Array
from paceline.methods.unusual import whole_years
from paceline.studies import kept as answers

if TYPE_CHECKING:
    from paceline.store import Cache


def kept(cache: Cache, methods: ModuleType, lines: Array, make: Callable[[], Array]) -> Array:
    """What ``make`` gives for lines (..., T), from the cache where it is there.

    methods  the module that makes it: a changed one is asked again
    """
    changes = whole_years(np.diff(lines))
    return np.array(
        answers.kept(cache, "noise", methods.__name__, [changes], lambda: make().tolist())
    )

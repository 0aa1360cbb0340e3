"""Work on matrices, done side by side.

NumPy and Polars let go of the interpreter's lock while they count.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

#: Cells of one block of ``by_rows``: its temporary arrays stay near the core, and their memory is
#: used again.
BLOCK = 2**18
#: Cores this process may use.
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """``work`` of every item, in their order, by as many threads as there are cores.

    For work on arrays, which holds no lock, where each call writes to places of its own only. The
    caller's ``np.errstate`` holds in the threads; the first error raised in one is raised here.
    """
    todo = list(items)
    if len(todo) < 2 or CORES < 2:
        return [work(item) for item in todo]
    with ThreadPoolExecutor(min(CORES, len(todo))) as pool:
        return [f.result() for f in [pool.submit(copy_context().run, work, item) for item in todo]]


def by_rows(work: Callable[[slice], object], shape: tuple[int, ...]) -> None:
    """Call ``work`` with slices that together are all rows of matrices of that ``shape``.

    As ``each``: several threads, the caller's ``np.errstate``, the first error raised here.
    """
    step = max(BLOCK // max(shape[1], 1), 1)
    each(work, [slice(a, a + step) for a in range(0, shape[0], step)])

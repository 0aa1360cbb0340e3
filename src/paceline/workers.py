"""Work done by several processes, or by a cluster, if the user says so.

PACELINE_PARALLEL   nothing or 1: here; a number: as many processes, by joblib;
                    dask:ADDRESS: the workers of a Dask scheduler, e.g. dask:tcp://127.0.0.1:8786

The same calls are made with the same arguments wherever they are made, and what they return comes
back in their order: the result is the same, bit for bit, on machines of one kind.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TypeVar

from paceline.errors import UsageError

Item = TypeVar("Item")
Result = TypeVar("Result")

VARIABLE = "PACELINE_PARALLEL"
DASK = "dask:"
#: Calls that are sent to a process together at most.
MOST = 64


def spread(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """``work`` of every item, in their order; ``work`` is a function that can be pickled.

    Raises ``UsageError`` for a setting that is none, a library that is not installed, or a
    scheduler that does not answer.
    """
    todo, where = list(items), os.environ.get(VARIABLE, "").strip()
    if where in ("", "1") or len(todo) < 2:
        return [work(item) for item in todo]
    if not (where.startswith(DASK) or (where.isascii() and where.isdigit() and int(where))):
        raise UsageError(
            f"{VARIABLE} = {where!r} is not understood.",
            "Give a number of processes, or dask:ADDRESS of a scheduler.",
        )
    try:
        from joblib import Parallel, delayed, parallel_config
    except ImportError:
        raise _missing("joblib") from None
    jobs = (delayed(work)(item) for item in todo)
    if where.isdigit():
        size = max(1, min(MOST, len(todo) // (4 * int(where))))
        return list(Parallel(n_jobs=int(where), batch_size=size)(jobs))
    with _client(where.removeprefix(DASK)), parallel_config(backend="dask"):
        return list(Parallel(n_jobs=-1)(jobs))


def _client(address: str) -> AbstractContextManager[object]:
    """The client of a Dask scheduler."""
    try:
        from distributed import Client
    except ImportError:
        raise _missing("distributed") from None
    try:
        client: AbstractContextManager[object] = Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{VARIABLE}: no Dask scheduler answers at {address} ({error}).",
            "Start one with `dask scheduler`, and workers with `dask worker ADDRESS`.",
        ) from None
    return client


def _missing(library: str) -> UsageError:
    return UsageError(
        f"{VARIABLE} needs {library}, which is not installed.",
        f"Run: pip install {library}; or unset {VARIABLE}.",
    )

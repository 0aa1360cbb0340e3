"""Members of baskets: who they are in each span, how their weights drift, and how many of them do something.

A member of a span is a security of weight above zero. It leaves the count after its last return (a
delisting), where the panel's indices end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paceline import kernels, threads
from paceline.arrays import Array, Bools
from paceline.signals.view import Span, View

Basis = Literal["price", "total"]
BASES: tuple[Basis, Basis] = ("price", "total")
#: A member without data for longer than this is suspended: out of breadth, still in the index.
SUSPENDED = 10


def basis_of(view: View, asked: str | None) -> Basis:
    """The basis asked for, or the one the view's own levels rest on (most of them, where it mixes both)."""
    if asked is not None or view.basis in BASES:
        return "total" if (asked or view.basis) == "total" else "price"
    equal = [
        np.mean((view.all_levels[b] == view.levels).any(axis=1)) if len(view.subjects) else 0.0
        for b in BASES
    ]
    return "price" if equal[0] >= equal[1] else "total"


def count(
    view: View, number: int, flags: Callable[[slice], tuple[Bools, ...]]
) -> tuple[Array, ...]:
    """(S, T) number of each basket's members for which each of ``number`` flags holds; 0 before the first span.

    ``flags`` gives them, (n, T) each, for a slice of n securities. One matrix product per span, for
    all flags side by side.
    """
    # the sessions of a span lie together
    by_session = np.empty((number, view.shape[1], len(view.securities)), bool)

    def fill(rows: slice) -> None:
        for mark, flag in zip(by_session, flags(rows), strict=True):
            mark[:, rows] = flag.T

    threads.by_rows(fill, by_session.shape[:0:-1])
    out = np.zeros((number, *view.shape))
    for span in view.spans:
        marked = by_session[:, span.start : span.stop].reshape(-1, len(view.securities))
        counts = kernels.tally(span.weights > 0, marked.T)
        out[:, :, span.start : span.stop] = counts.reshape(len(counts), number, -1).transpose(
            1, 0, 2
        )
    return tuple(out)


def terms(view: View, row: int) -> Iterator[tuple[int, int, NDArray[np.int64]]]:
    """(start, stop, members) of one basket: spans in a row with the same members as one."""
    start, stop, members = 0, 0, np.empty(0, np.int64)
    for span in view.spans:
        now = np.flatnonzero(span.weights[row])
        if span.start != stop or not np.array_equal(now, members):
            if len(members):
                yield start, stop, members
            start, members = span.start, now
        stop = span.stop
    if len(members):
        yield start, stop, members


def share(some: Array, of: Array) -> Array:
    """some / of, NaN where there is nobody."""
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Array = np.where(of > 0, some / of, np.nan)
    return result


def living(*indices: Array) -> Bools:
    """(N, T): not gone, that is, not after an index ended (all of them, of several).

    A member that never had data counts as there: coverage shows it.
    """
    here = np.isfinite(indices[0])
    for other in indices[1:]:
        here |= np.isfinite(other)
    gone = np.maximum.accumulate(here, axis=1)
    gone &= ~here
    return np.logical_not(gone, out=gone)


def month_ends(view: View, months: int) -> Iterator[tuple[int, Span]]:
    """(session, its span) of the last ``months`` month-ends before the last session, and of that, oldest first."""
    month = view.sessions.astype("datetime64[M]")
    ends = np.flatnonzero(np.append(month[1:] != month[:-1], True))[-(months + 1) :]
    for t in ends.tolist():
        yield from ((t, span) for span in view.spans if span.start <= t < span.stop)


def drift(view: View) -> tuple[Array, Bools]:
    """(N, T) return by which weights drift (price return, else total return; missing is zero), and who is alive.

    Alive is who has not left: the panel ends the indices of a security, on both bases, once it is
    gone. Needs the returns and indices of both bases.
    """
    price, total = view.field("price_return"), view.field("total_return")
    move = np.where(np.isfinite(price), price, total)
    move[np.isnan(move)] = 0.0
    return move, living(view.field("price_index"), view.field("total_index"))


def observed(returns: Array, window: int) -> Bools:
    """(N, T): a return today, and in the last ``window`` sessions no more than ``SUSPENDED`` without one.

    Causal and local: it looks at no session before the window. Early sessions look at those there
    are.
    """
    here = np.isfinite(returns)
    missing = np.cumsum(~here, axis=1, dtype=np.int32)
    missing[:, window:] -= missing[:, :-window].copy()
    return here & (missing <= SUSPENDED)

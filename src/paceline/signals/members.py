"""Members of baskets: who they are in each span, how weights drift, how many of them do something.

A member of a span is a security of weight above zero. It leaves the count after its last return (a
delisting), where the panel's indices end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np

from paceline import kernels, threads
from paceline.arrays import PATIENCE, Array, Bools, Ints
from paceline.signals.view import View

Basis = Literal["price", "total"]
BASES: tuple[Basis, Basis] = ("price", "total")


def basis_of(view: View, asked: str | None) -> Basis:
    """The basis asked for, or that of the view's own levels (of most, where it mixes both)."""
    if asked is not None or view.basis in BASES:
        return "total" if (asked or view.basis) == "total" else "price"
    equal = [
        np.mean((view.all_levels[b] == view.levels).any(axis=1)) if len(view.subjects) else 0.0
        for b in BASES
    ]
    return "price" if equal[0] >= equal[1] else "total"


def companies(view: View) -> Ints:
    """(N,) the company of each security, as a number; each its own where the view names none."""
    return view.companies if len(view.companies) else np.arange(len(view.securities))


def count(
    view: View, number: int, flags: Callable[[slice], tuple[Bools, ...]]
) -> tuple[Array, ...]:
    """(S, T) number of each basket's members for which a flag holds, for each of ``number`` flags.

    ``flags`` gives the flags, (n, T) each, for a slice of n securities. Zero before the first span.
    One matrix product per span, for all flags side by side.
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


def terms(view: View, row: int) -> Iterator[tuple[int, int, Ints]]:
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
    """Quotient some / of; NaN where there is nobody."""
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Array = np.where(of > 0, some / of, np.nan)
    return result


def listed(*indices: Array) -> Bools:
    """(N, T): not delisted, that is, not after an index ended (all of them, of several).

    The panel ends the indices of a security after its last return. A member that never had data
    counts as listed: coverage shows it. In both it differs from ``Panel.listed``, which begins with
    the first valid cell, and knows a security without any return of one basis as listed, where the
    index of that basis alone ends after its first close.
    """
    valid = np.isfinite(indices[0])
    for other in indices[1:]:
        valid |= np.isfinite(other)
    delisted = np.maximum.accumulate(valid, axis=1)
    delisted &= ~valid
    return np.logical_not(delisted, out=delisted)


def drift(view: View) -> tuple[Array, Bools]:
    """(N, T) returns by which weights drift, and the mask of who is listed.

    Weights drift by the price return, else the total return; a missing one is zero. Needs the
    returns and indices of both bases.
    """
    price, total = view.field("price_return"), view.field("total_return")
    move = np.where(np.isfinite(price), price, total)
    move[np.isnan(move)] = 0.0
    return move, listed(view.field("price_index"), view.field("total_index"))


def trading(returns: Array, window: int) -> Bools:
    """(N, T): not suspended, that is, at most ``PATIENCE`` of ``window`` sessions without a return.

    Causal and local: it looks at no session before the window. Early sessions look at those there
    are.
    """
    missing = np.cumsum(~np.isfinite(returns), axis=1, dtype=np.int32)
    missing[:, window:] -= missing[:, :-window].copy()
    return np.asarray(missing <= PATIENCE)


def observed(returns: Array, window: int) -> Bools:
    """(N, T): a return today, and not suspended over the last ``window`` sessions."""
    return np.isfinite(returns) & trading(returns, window)

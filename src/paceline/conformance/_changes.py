"""Views changed in ways that must not matter: cut, scrambled later on, reordered, split."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from paceline.measures import Array, Span, View

T = TypeVar("T", bound=np.generic)


def frozen(a: NDArray[T]) -> NDArray[T]:
    """A contiguous array that nobody may write to."""
    a = np.ascontiguousarray(a)
    a.setflags(write=False)
    return a


def mapped(view: View, change: Callable[[str, Array], Array]) -> View:
    """The view with ``change(name, matrix)`` for every field and level ("level:price" ...)."""
    return dataclasses.replace(
        view,
        fields={n: frozen(change(n, a)) for n, a in view.fields.items()},
        all_levels={n: frozen(change(f"level:{n}", a)) for n, a in view.all_levels.items()},
    )


def cut(view: View, t: int) -> View:
    """What the view was at the close of session ``t``: nothing later is there."""
    spans = tuple(Span(s.start, min(s.stop, t + 1), s.weights) for s in view.spans if s.start <= t)
    return dataclasses.replace(
        mapped(view, lambda _, a: a[:, : t + 1]),
        sessions=frozen(view.sessions[: t + 1]),
        spans=spans,
    )


def tail(view: View, count: int) -> View:
    """The last ``count`` sessions of the view, as a daily update sees them.

    Of a span that began earlier only who is a member is kept (the weights have drifted since),
    without the securities that left before.
    """
    first = max(len(view.sessions) - count, 0)
    indices = [a for n, a in view.fields.items() if n.endswith("_index")]
    gone = np.zeros(len(view.securities), bool)
    if indices:
        gone = ~np.any([np.isfinite(a[:, first:]).any(axis=1) for a in indices], axis=0)
        gone &= np.any([np.isfinite(a[:, :first]).any(axis=1) for a in indices], axis=0)
    spans = tuple(
        Span(
            max(s.start - first, 0),
            s.stop - first,
            s.weights if s.start >= first else frozen(s.weights * ~gone),
        )
        for s in view.spans
        if s.stop > first
    )
    return dataclasses.replace(
        mapped(view, lambda _, a: a[:, first:]), sessions=frozen(view.sessions[first:]), spans=spans
    )


def scrambled(view: View, t: int, seed: int = 0) -> View:
    """The view with all after session ``t`` shuffled and disturbed, later rebalances included."""
    rng = np.random.default_rng(seed)
    order = np.arange(len(view.sessions))
    order[t + 1 :] = rng.permutation(order[t + 1 :])

    def change(_: str, a: Array) -> Array:
        out = a[:, order].copy()
        out[:, t + 1 :] *= np.exp(0.05 * rng.standard_normal(out[:, t + 1 :].shape))
        return out

    mixed = rng.permutation(len(view.securities))
    spans = tuple(
        s if s.start <= t + 1 else Span(s.start, s.stop, frozen(s.weights[:, mixed]))
        for s in view.spans
    )
    return dataclasses.replace(mapped(view, change), spans=spans)


def reordered(view: View, seed: int = 0) -> View:
    """The same view with its securities in another order."""
    order = np.random.default_rng(seed).permutation(len(view.securities))
    return dataclasses.replace(
        view,
        securities=tuple(view.securities[i] for i in order),
        companies=frozen(view.companies[order]) if len(view.companies) else view.companies,
        fields={n: frozen(a[order]) for n, a in view.fields.items()},
        spans=tuple(Span(s.start, s.stop, frozen(s.weights[:, order])) for s in view.spans),
    )


def split(view: View, ratio: float = 3.0, seed: int = 0) -> View:
    """The same market in other units: every stock split once, every index on another base."""
    rng = np.random.default_rng(seed)
    N, T = len(view.securities), len(view.sessions)
    when = rng.integers(1, max(T, 2), N)[:, None]
    factor = np.where(np.arange(T) >= when, ratio, 1.0)
    scale = np.exp(rng.normal(size=(N, 1)))

    def change(name: str, a: Array) -> Array:
        if name in ("close", "volume"):
            return a / factor if name == "close" else a * factor
        return a * scale if name.endswith("_index") else a

    return mapped(view, change)

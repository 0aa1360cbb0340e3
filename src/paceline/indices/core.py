"""The levels of all baskets, from rebalance to rebalance, and what is kept beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paceline.arrays import Array, Bools, Dates, Span
from paceline.errors import UnknownName, UsageError
from paceline.indices._engine import Basis, Engine, Path, chain, counts, normalised

if TYPE_CHECKING:
    from paceline.baskets import Targets
    from paceline.panel import Panel


class Stretch(NamedTuple):
    """A span with its weights stored for the securities that are held only: (S, C) and their positions (C,)."""

    start: int
    stop: int
    columns: NDArray[np.int64]
    weights: Array


@dataclass(frozen=True)
class Indices:
    """Levels of S baskets over T sessions on one basis, and what they were made of.

    levels    (S, T) 100 on the session a basket begins, or a lone instrument's first close on the
              price basis; NaN before, and while nobody in it is alive
    returns   (S, T) simple returns; NaN where there is no level on the session or its weight is nil
    missing   (S, T) members alive without a return on this basis: counted as zero
    members   (S, T) members alive
    turnover  basket -> [(session, one-way turnover 1/2 sum |target - drifted|)], the first purchase
              left out
    """

    names: tuple[str, ...]
    basis: Basis
    sessions: Dates
    levels: Array
    returns: Array
    missing: Array
    members: Array
    turnover: Mapping[str, list[tuple[int, float]]]
    caveats: Mapping[str, tuple[str, ...]]
    _stretches: tuple[Stretch, ...] = field(repr=False)
    _engine: Engine = field(repr=False)
    # by start of the span; both bases share
    _dense_weights: dict[int, Array] = field(default_factory=dict, repr=False)

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Spans between the rebalances of any basket, with everybody's weights (drifted where not rebalanced)."""
        for s in self._stretches:
            if s.start < s.stop and s.start not in self._dense_weights:
                self._dense_weights[s.start] = self._dense(s.columns, s.weights)
        return tuple(
            Span(s.start, s.stop, self._dense_weights[s.start])
            for s in self._stretches
            if s.start < s.stop
        )

    @property
    def targets(self) -> Targets:
        """The target weights behind the levels."""
        return self._engine.targets

    def row(self, name: str) -> int:
        if name not in self.names:
            raise UnknownName("basket", name, self.names)
        return self.names.index(name)

    def weights_at(self, t: int) -> Array:
        """(S, N) weights at the close of session t, before a rebalance at that close; zero before a basket begins.

        On the session a basket begins they are its target weights.
        """
        self._check(t)
        found = np.zeros((len(self.names), self._engine.n))
        for s in self._stretches:
            if s.start <= t < s.stop:
                path = self._engine.path(s.start, t + 1, s.columns)
                found = self._dense(s.columns, normalised(s.weights * path.closing[:, -1]))
            elif s.start == t + 1:  # baskets that begin at this very close
                new = self._engine.targets.first == t
                found[new] = self._dense(s.columns, s.weights)[new]
        return found

    def contributions(self, subject: str, start: int, end: int) -> Array:
        """(N,) what each security added to the basket's return from the close of ``start`` to that of ``end``.

        C_i = sum over start < t <= end of w_{i,t-1} r_{i,t} I_{t-1} / I_start, with w the weights
        at the open of t: exact over any number of rebalances, sum C_i = I_end / I_start - 1. NaN
        where the basket has no level on ``start``."""
        row = self.row(subject)
        self._check(start)
        self._check(end)
        if end < start:
            raise UsageError(
                f"contributions of {subject!r}: session {end} lies before session {start}.",
                "Swap start and end.",
            )
        out = np.zeros(self._engine.n)
        base = self.levels[row, start]
        if np.isnan(base):
            return np.full(self._engine.n, np.nan)
        for s in self._stretches:
            first, stop = max(s.start, start + 1), min(s.stop, end + 1)
            held = np.flatnonzero(s.weights[row])
            if first >= stop or not len(held):
                continue
            w, columns = s.weights[row, held], s.columns[held]
            path = self._engine.path(s.start, stop, columns)
            at = slice(first - s.start, stop - s.start)
            opening, r = path.opening[:, at], self._engine.earned(path)[0][:, at]
            value = w @ opening
            previous = self._chained[row, first - 1 : stop - 1]
            scale = np.divide(previous, value, out=np.zeros_like(value), where=value > 0)
            out[columns] += w * ((opening * r) @ scale) / base
        return out

    @cached_property
    def _chained(self) -> Array:
        """Levels carried through sessions on which nobody was alive."""
        return chain(self.returns, self._engine.targets.first, self._engine.bases)

    def _dense(self, columns: NDArray[np.int64], weights: Array) -> Array:
        out = np.zeros((weights.shape[0], self._engine.n))
        out[:, columns] = weights
        return out

    def _check(self, t: int) -> None:
        if not 0 <= t < len(self.sessions):
            raise UsageError(
                f"session {t} lies outside the panel of {len(self.sessions)} sessions.",
                f"Give 0 to {len(self.sessions) - 1}.",
            )


def build(panel: Panel, targets: Targets, basis: Basis = "price") -> Indices:
    """Levels of all baskets of ``targets`` on one basis.

    Weights drift with price returns (total where a security has only those) on either basis, as in
    the published cap-weighted indices; the basis' own return is what is averaged. Raises
    ``DataError`` if the panel has no returns, ``UsageError`` for an unknown basis."""
    if basis not in ("price", "total"):
        raise UsageError(f"basis {basis!r} is not known.", "Use price or total.")
    return finish(panel, targets, walk(panel, targets, (basis,)))[basis]


def build_both(panel: Panel, targets: Targets) -> dict[str, Indices]:
    """``build`` on both bases: how weights drift is worked out once."""
    return finish(panel, targets, walk(panel, targets, ("price", "total")))


def extend(old: Mapping[str, Indices], panel: Panel) -> dict[str, Indices]:
    """Indices over a panel that goes on after theirs, where no basket is rebalanced after their last session but one.

    The weights in force are carried on from the start of their last span; what was computed before
    stays."""
    engines = {basis: Engine(panel, i.targets, i.basis) for basis, i in old.items()}
    first = next(iter(old.values()))
    done, T = len(first.sessions), len(panel.sessions)
    last = first._stretches[-1]._replace(stop=T)
    path = next(iter(engines.values())).path(last.start, T, last.columns)
    out: dict[str, Indices] = {}
    for basis, engine in engines.items():
        was = old[basis]
        tail = Rows.empty(len(was.names), T)
        tail.fill(last.weights, path, *engine.earned(path))
        rows = Rows(
            *(
                np.concatenate([a, b[:, done:]], axis=1)
                for a, b in zip((was.returns, was.missing, was.members), tail, strict=True)
            )
        )
        out[basis] = _finished(
            engine, rows, was.turnover, (*was._stretches[:-1], last), first._dense_weights
        )
    return out


class Rows(NamedTuple):
    """Returns, members without a return and members of every basket, (S, T)."""

    returns: Array
    missing: Array
    members: Array

    @classmethod
    def empty(cls, S: int, T: int) -> Rows:
        return cls(np.full((S, T), np.nan), np.zeros((S, T)), np.zeros((S, T)))

    def fill(self, w: Array, path: Path, earned: Array, missing: Bools) -> None:
        """The columns of one span, with w its weights."""
        at = slice(path.start, path.stop)
        value = w @ path.opening
        np.divide(w @ (path.opening * earned), value, out=self.returns[:, at], where=value > 0)
        self.members[:, at], self.missing[:, at] = counts(w > 0, path.dead, missing)


class Walk(NamedTuple):
    """What all rebalances and the returns between them come to: by basis, basket and span."""

    rows: Mapping[Basis, Rows]
    turnover: Mapping[str, list[tuple[int, float]]]
    stretches: tuple[Stretch, ...]


def walk(panel: Panel, targets: Targets, bases: tuple[Basis, ...]) -> Walk:
    """From rebalance to rebalance through the whole panel: the part of ``build`` that takes its time."""
    engines = {basis: Engine(panel, targets, basis) for basis in bases}
    drift = engines[bases[0]]
    S, T = len(targets.names), len(panel.sessions)
    rows = {basis: Rows.empty(S, T) for basis in bases}
    turnover: dict[str, list[tuple[int, float]]] = {n: [] for n in targets.names}
    stretches: list[Stretch] = []
    W = np.zeros((S, drift.n))
    starts = [*(r.session + 1 for r in targets.rebalances), T]
    for rebalance, stop in zip(targets.rebalances, starts[1:], strict=True):
        held = np.zeros((len(rebalance.rows), drift.n))
        held[:, rebalance.columns] = rebalance.weights
        for row, old, new in zip(rebalance.rows, W[rebalance.rows], held, strict=True):
            if old.any():
                turnover[targets.names[row]].append(
                    (rebalance.session, 0.5 * float(np.abs(new - old).sum()))
                )
        W[rebalance.rows] = held
        start = rebalance.session + 1
        columns = np.flatnonzero(W.any(axis=0))
        w = np.ascontiguousarray(W[:, columns])
        stretches.append(Stretch(start, stop, columns, w))
        if start >= stop:
            continue
        path = drift.path(start, stop, columns)
        for basis, engine in engines.items():
            rows[basis].fill(w, path, *engine.earned(path))
        W[:, columns] = normalised(w * path.closing[:, -1])
    return Walk(rows, turnover, tuple(stretches))


def finish(panel: Panel, targets: Targets, made: Walk) -> dict[str, Indices]:
    """The indices of a walk, by basis."""
    dense: dict[int, Array] = {}
    return {
        b: _finished(Engine(panel, targets, b), rows, made.turnover, made.stretches, dense)
        for b, rows in made.rows.items()
    }


def _finished(
    engine: Engine,
    rows: Rows,
    turnover: Mapping[str, list[tuple[int, float]]],
    stretches: tuple[Stretch, ...],
    dense: dict[int, Array],
) -> Indices:
    targets = engine.targets
    levels = chain(rows.returns, targets.first, engine.bases)
    begun = np.arange(levels.shape[1]) == targets.first[:, None]
    levels[np.isnan(rows.returns) & ~begun] = np.nan
    for matrix in (levels, *rows):
        matrix.setflags(write=False)
    caveats = {n: (*targets.caveats.get(n, ()), *engine.caveats) for n in targets.names}
    return Indices(
        targets.names,
        engine.basis,
        engine.panel.sessions,
        levels,
        *rows,
        turnover,
        caveats,
        stretches,
        engine,
        dense,
    )

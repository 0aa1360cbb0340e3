"""The levels of all baskets, from rebalance to rebalance, and what stands beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paceline.arrays import Array, Bools, Dates, Ints, Span
from paceline.errors import UnknownName, UsageError
from paceline.indices.drift import SHARES, Basis, Drift, DriftPath, chain, counts, normalised

if TYPE_CHECKING:
    from paceline.baskets import Targets
    from paceline.panel import Panel


BASES: tuple[Basis, ...] = ("price", "total")


class Stretch(NamedTuple):
    """A span with weights (S, C) of the securities that are held only, at positions (C,)."""

    start: int
    stop: int
    columns: NDArray[np.int64]
    weights: Array


@dataclass(frozen=True)
class Indices:
    """Levels of S baskets over T sessions on one basis, and what they were made of.

    levels    (S, T) 100 on the session a basket begins, or a lone instrument's first close on the
              price basis; NaN before, and while nobody in it is listed
    returns   (S, T) simple returns; NaN where there is no level on the session or its weight is nil
    missing   (S, T) listed members without a return on this basis: zero in the sum only
    members   (S, T) listed members
    shares    (len(SHARES), S, T) share of the weight on each session that has no return, for good
              or until a later one covers the session, or that of another basis or source
    turnover  basket -> [(session, one-way turnover 1/2 sum |target - drifted|)], the first purchase
              left out
    stretches  the spans with their weights, as ``spans`` makes them dense
    drift      what the levels were made with: the panel, the targets, the basis
    dense      weights of spans that were asked for, by start; both bases share them
    """

    names: tuple[str, ...]
    basis: Basis
    sessions: Dates
    levels: Array
    returns: Array
    missing: Array
    members: Array
    shares: NDArray[np.float32]
    turnover: Mapping[str, list[tuple[int, float]]]
    caveats: Mapping[str, tuple[str, ...]]
    stretches: tuple[Stretch, ...] = field(repr=False)
    drift: Drift = field(repr=False)
    dense: dict[int, Array] = field(default_factory=dict, repr=False)

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Spans between the rebalances of any basket; weights of the others have drifted."""
        some = [s for s in self.stretches if s.start < s.stop]
        for s in some:
            if s.start not in self.dense:
                self.dense[s.start] = self._spread(s.columns, s.weights)
        return tuple(Span(s.start, s.stop, self.dense[s.start]) for s in some)

    @property
    def targets(self) -> Targets:
        """The target weights behind the levels."""
        return self.drift.targets

    def row(self, name: str) -> int:
        """Position of a basket; ``UnknownName`` where there is none."""
        if name not in self.names:
            raise UnknownName("basket", name, self.names)
        return self.names.index(name)

    def weights_at(self, t: int) -> Array:
        """(S, N) weights at the close of session t, before a rebalance at that close.

        Zero before a basket begins; on the session it begins they are its target weights.
        """
        self._check(t)
        weights = np.zeros((len(self.names), self.drift.n))
        for s in self.stretches:
            if s.start <= t < s.stop:
                path = self.drift.path(s.start, t + 1, s.columns)
                weights = self._spread(s.columns, normalised(s.weights * path.closing[:, -1]))
            elif s.start == t + 1:  # baskets that begin at this very close
                new = self.drift.targets.first == t
                weights[new] = self._spread(s.columns, s.weights)[new]
        return weights

    def weight_of(self, rows: Ints, cells: Bools) -> Array:
        """(S, T) weight, at the start of each span, of securities on some of their sessions.

        rows   (n,) the securities, ascending
        cells  (n, T) their sessions
        """
        out = np.zeros(self.levels.shape)
        for s in self.stretches if len(rows) else ():
            at = np.minimum(np.searchsorted(rows, s.columns), len(rows) - 1)
            held = rows[at] == s.columns
            out[:, s.start : s.stop] = s.weights[:, held] @ cells[at[held], s.start : s.stop]
        return out

    def contributions(self, subject: str, start: int, end: int) -> Array:
        """(N,) what each security added to the return from the close of start to that of end.

        C_i = sum over start < t <= end of w_{i,t-1} r_{i,t} I_{t-1} / I_start, with w the weights
        at the open of t: exact over any number of rebalances, sum C_i = I_end / I_start - 1. NaN
        where the basket has no level on ``start``.
        """
        row = self.row(subject)
        self._check(start)
        self._check(end)
        if end < start:
            raise UsageError(
                f"contributions of {subject!r}: session {end} lies before session {start}.",
                "Swap start and end.",
            )
        out = np.zeros(self.drift.n)
        base = self.levels[row, start]
        if np.isnan(base):
            return np.full(self.drift.n, np.nan)
        for s in self.stretches:
            first, stop = max(s.start, start + 1), min(s.stop, end + 1)
            held = np.flatnonzero(s.weights[row])
            if first >= stop or not len(held):
                continue
            w, columns = s.weights[row, held], s.columns[held]
            path = self.drift.path(s.start, stop, columns)
            at = slice(first - s.start, stop - s.start)
            opening, r = path.opening[:, at], self.drift.earned(path)[0][:, at]
            value = w @ opening
            previous = self._chained[row, first - 1 : stop - 1]
            scale = np.divide(previous, value, out=np.zeros_like(value), where=value > 0)
            out[columns] += w * ((opening * r) @ scale) / base
        return out

    @cached_property
    def _chained(self) -> Array:
        """Levels, forward-filled through sessions on which nobody was listed."""
        return chain(self.returns, self.drift.targets.first, self.drift.bases)

    def _spread(self, columns: NDArray[np.int64], weights: Array) -> Array:
        out = np.zeros((weights.shape[0], self.drift.n))
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
    ``DataError`` if the panel has no returns, ``UsageError`` for an unknown basis.
    """
    if basis not in BASES:
        raise UsageError(f"basis {basis!r} is not known.", "Use price or total.")
    return finish(panel, targets, walk(panel, targets, (basis,)))[basis]


def build_both(panel: Panel, targets: Targets) -> dict[str, Indices]:
    """``build`` on both bases: how weights drift is worked out once."""
    return finish(panel, targets, walk(panel, targets, BASES))


def goes_on(old: Mapping[str, Indices], panel: Panel) -> bool:
    """Whether the panel that goes on after these indices leaves the spans before the last alone.

    It does not where it closes a hole that a rebalance lies in.
    """
    first = next(iter(old.values()))
    done, start = len(first.sessions), first.stretches[-1].start if first.stretches else 0
    return not any((m.column[m.known >= done] < start).any() for m in panel.marks.values())


def extend(old: Mapping[str, Indices], panel: Panel) -> dict[str, Indices]:
    """Indices over a panel that goes on after theirs.

    No basket may be rebalanced after their last session but one (``baskets.hold``). The weights in
    force drift on from the start of their last span; what was computed before stays.
    """
    drifts = {basis: Drift(panel, i.targets, i.basis) for basis, i in old.items()}
    first = next(iter(old.values()))
    done, T = len(first.sessions), len(panel.sessions)
    last = first.stretches[-1]._replace(stop=T)
    path = next(iter(drifts.values())).path(last.start, T, last.columns)
    out: dict[str, Indices] = {}
    for basis, drift in drifts.items():
        was = old[basis]
        tail = Rows.empty(len(was.names), T)
        tail.fill(last.weights, path, drift)
        rows = Rows(
            np.concatenate([was.returns, tail.returns[:, done:]], axis=1),
            np.concatenate([was.missing, tail.missing[:, done:]], axis=1),
            np.concatenate([was.members, tail.members[:, done:]], axis=1),
            # what was pending may be lost or settled now: shares of the whole span are new
            np.concatenate([was.shares[..., : last.start], tail.shares[..., last.start :]], axis=2),
        )
        stretches = (*was.stretches[:-1], last)
        out[basis] = _finished(drift, rows, was.turnover, stretches, first.dense)
    return out


class Rows(NamedTuple):
    """Returns, members without a return and members of every basket, (S, T); shares of weight."""

    returns: Array
    missing: Array
    members: Array
    shares: NDArray[np.float32]

    @classmethod
    def empty(cls, S: int, T: int) -> Rows:
        """Of S baskets and T sessions, nothing known yet."""
        shares = np.zeros((len(SHARES), S, T), np.float32)
        return cls(np.full((S, T), np.nan), np.zeros((S, T)), np.zeros((S, T)), shares)

    def fill(self, w: Array, path: DriftPath, drift: Drift) -> None:
        """The columns of one span, with w its weights."""
        at = slice(path.start, path.stop)
        earned, missing = drift.earned(path)
        value = w @ path.opening
        np.divide(w @ (path.opening * earned), value, out=self.returns[:, at], where=value > 0)
        self.members[:, at], self.missing[:, at] = counts(w > 0, path.delisted, missing)
        touched, shares = drift.unlike(path, w, missing)
        self.shares[..., path.start + touched] = shares


class Walk(NamedTuple):
    """What all rebalances and the returns between them come to: by basis, basket and span."""

    rows: Mapping[Basis, Rows]
    turnover: Mapping[str, list[tuple[int, float]]]
    stretches: tuple[Stretch, ...]


def walk(panel: Panel, targets: Targets, bases: tuple[Basis, ...]) -> Walk:
    """From rebalance to rebalance through the whole panel: the part that takes its time."""
    drifts = {basis: Drift(panel, targets, basis) for basis in bases}
    drift = drifts[bases[0]]
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
        for basis, own in drifts.items():
            rows[basis].fill(w, path, own)
        W[:, columns] = normalised(w * path.closing[:, -1])
    return Walk(rows, turnover, tuple(stretches))


def finish(panel: Panel, targets: Targets, made: Walk) -> dict[str, Indices]:
    """The indices of a walk, by basis."""
    dense: dict[int, Array] = {}
    return {
        b: _finished(Drift(panel, targets, b), rows, made.turnover, made.stretches, dense)
        for b, rows in made.rows.items()
    }


def _finished(
    drift: Drift,
    rows: Rows,
    turnover: Mapping[str, list[tuple[int, float]]],
    stretches: tuple[Stretch, ...],
    dense: dict[int, Array],
) -> Indices:
    targets = drift.targets
    levels = chain(rows.returns, targets.first, drift.bases)
    begun = np.arange(levels.shape[1]) == targets.first[:, None]
    levels[np.isnan(rows.returns) & ~begun] = np.nan
    levels.setflags(write=False)
    for matrix in rows:
        matrix.setflags(write=False)
    caveats = {n: (*targets.caveats.get(n, ()), *drift.caveats) for n in targets.names}
    return Indices(
        targets.names,
        drift.basis,
        drift.panel.sessions,
        levels,
        rows.returns,
        rows.missing,
        rows.members,
        rows.shares,
        turnover,
        caveats,
        stretches,
        drift,
        dense,
    )

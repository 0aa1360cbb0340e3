"""Index levels from target weights and returns: weights drift, leavers leave, nothing jumps at a rebalance.

Within a span of sessions without a rebalance, with W the weights at its start, G the cumulative growth of each
security since then and A one where the security is alive (up to the session of its last return):

    r_t = W (A_t G_{t-1} r_t) / W (A_t G_{t-1})

Two matrix products give all baskets of the span. A leaver's value is spread over the others pro rata from the session
after its last return, because it is missing from both sums. A missing return is zero, and counted. Who is alive is
known on the day (``Panel.alive``): where no delisting is on record, a security is gone after ten silent sessions.

Special dividends and spin-offs follow S&P's index mathematics (METHODS 1). A special dividend D on a close P lowers
the prior close: the weight opens the ex-date at (1 - D/P) of its value and earns (1 + r) / (1 - D/P) - 1, so the
cash is spread over the index. A spun-off child enters at price zero: the parent's return of the ex-date includes
ratio * child's close / parent's prior close, and the value stays in the parent's line until the next rebalance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline import kernels
from paceline.arrays import Array, Bools, Dates
from paceline.baskets.history import drift_return, stored
from paceline.errors import DataError, UnknownName, UsageError

if TYPE_CHECKING:
    from paceline.baskets import Targets
    from paceline.panel import Panel

Basis = Literal["price", "total"]
BASE = 100.0


class Span(NamedTuple):
    """Sessions start <= t < stop without a rebalance; ``weights`` (S, N) at the open of ``start``."""

    start: int
    stop: int
    weights: Array


class Stretch(NamedTuple):
    """A span with its weights stored for the securities that are held only: (S, C) and their positions (C,)."""

    start: int
    stop: int
    columns: NDArray[np.int64]
    weights: Array


class _Path(NamedTuple):
    """How the held securities drift through one span, the same on both bases: (C, L) each."""

    start: int
    stop: int
    columns: NDArray[np.int64]
    opening: Array  # A_t G_{t-1}, after special dividends have left
    closing: Array  # A_t G_t
    dead: Bools


@dataclass(frozen=True)
class Indices:
    """Levels of S baskets over T sessions on one basis, and what they were made of.

    levels    (S, T) 100 on the session a basket begins, or a lone instrument's first close on the price
              basis; NaN before, and while nobody in it is alive
    returns   (S, T) simple returns; NaN where there is no level on the session or its weight is nil
    missing   (S, T) members alive without a return on this basis: counted as zero
    members   (S, T) members alive
    turnover  basket -> [(session, one-way turnover 1/2 sum |target - drifted|)], the first purchase left out
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
    _engine: _Engine = field(repr=False)
    _dense_weights: dict[int, Array] = field(default_factory=dict, repr=False)  # by start of the span; both bases share

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Spans between the rebalances of any basket, with everybody's weights (drifted where not rebalanced)."""
        for s in self._stretches:
            if s.start < s.stop and s.start not in self._dense_weights:
                self._dense_weights[s.start] = self._dense(s.columns, s.weights)
        return tuple(Span(s.start, s.stop, self._dense_weights[s.start]) for s in self._stretches if s.start < s.stop)

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
                found = self._dense(s.columns, _normalised(s.weights * path.closing[:, -1]))
            elif s.start == t + 1:  # baskets that begin at this very close
                new = self._engine.targets.first == t
                found[new] = self._dense(s.columns, s.weights)[new]
        return found

    def contributions(self, subject: str, start: int, end: int) -> Array:
        """(N,) what each security added to the basket's return from the close of ``start`` to that of ``end``.

        C_i = sum over start < t <= end of w_{i,t-1} r_{i,t} I_{t-1} / I_start, with w the weights at the open of
        t: exact over any number of rebalances, sum C_i = I_end / I_start - 1. NaN where the basket has no
        level on ``start``.
        """
        row = self.row(subject)
        self._check(start)
        self._check(end)
        if end < start:
            raise UsageError(f"contributions of {subject!r}: session {end} lies before session {start}.",
                             "Swap start and end.")
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
            previous = self._chained[row, first - 1:stop - 1]
            scale = np.divide(previous, value, out=np.zeros_like(value), where=value > 0)
            out[columns] += w * ((opening * r) @ scale) / base
        return out

    @cached_property
    def _chained(self) -> Array:
        """Levels carried through sessions on which nobody was alive."""
        return _chain(self.returns, self._engine.targets.first, self._engine.bases)

    def _dense(self, columns: NDArray[np.int64], weights: Array) -> Array:
        out = np.zeros((weights.shape[0], self._engine.n))
        out[:, columns] = weights
        return out

    def _check(self, t: int) -> None:
        if not 0 <= t < len(self.sessions):
            raise UsageError(f"session {t} lies outside the panel of {len(self.sessions)} sessions.",
                             f"Give 0 to {len(self.sessions) - 1}.")


def build(panel: Panel, targets: Targets, basis: Basis = "price") -> Indices:
    """Levels of all baskets of ``targets`` on one basis.

    Weights drift with price returns (total where a security has only those) on either basis, as in the published
    cap-weighted indices; the basis' own return is what is averaged. Raises ``DataError`` if the panel has no
    returns, ``UsageError`` for an unknown basis.
    """
    if basis not in ("price", "total"):
        raise UsageError(f"basis {basis!r} is not known.", "Use price or total.")
    return finish(panel, targets, walk(panel, targets, (basis,)))[basis]


def build_both(panel: Panel, targets: Targets) -> dict[str, Indices]:
    """``build`` on both bases: how weights drift is worked out once."""
    return finish(panel, targets, walk(panel, targets, ("price", "total")))


def extend(old: Mapping[str, Indices], panel: Panel) -> dict[str, Indices]:
    """Indices over a panel that goes on after theirs, where no basket is rebalanced after their last session but one.

    The weights in force are carried on from the start of their last span; what was computed before stays.
    """
    engines = {basis: _Engine(panel, i.targets, i.basis) for basis, i in old.items()}
    first = next(iter(old.values()))
    done, T = len(first.sessions), len(panel.sessions)
    last = first._stretches[-1]._replace(stop=T)
    path = next(iter(engines.values())).path(last.start, T, last.columns)
    out: dict[str, Indices] = {}
    for basis, engine in engines.items():
        was = old[basis]
        tail = Rows.empty(len(was.names), T)
        tail.fill(last.weights, path, *engine.earned(path))
        rows = Rows(*(np.concatenate([a, b[:, done:]], axis=1) for a, b in zip(
            (was.returns, was.missing, was.members), tail, strict=True)))
        out[basis] = _finished(engine, rows, was.turnover, (*was._stretches[:-1], last), first._dense_weights)
    return out


class Rows(NamedTuple):
    """Returns, members without a return and members of every basket, (S, T)."""

    returns: Array
    missing: Array
    members: Array

    @classmethod
    def empty(cls, S: int, T: int) -> Rows:
        return cls(np.full((S, T), np.nan), np.zeros((S, T)), np.zeros((S, T)))

    def fill(self, w: Array, path: _Path, earned: Array, missing: Bools) -> None:
        """The columns of one span, with w its weights."""
        at = slice(path.start, path.stop)
        value = w @ path.opening
        np.divide(w @ (path.opening * earned), value, out=self.returns[:, at], where=value > 0)
        self.members[:, at], self.missing[:, at] = _counts(w > 0, path.dead, missing)


class Walk(NamedTuple):
    """What all rebalances and the returns between them come to: by basis, basket and span."""

    rows: Mapping[Basis, Rows]
    turnover: Mapping[str, list[tuple[int, float]]]
    stretches: tuple[Stretch, ...]


def walk(panel: Panel, targets: Targets, bases: tuple[Basis, ...]) -> Walk:
    """From rebalance to rebalance through the whole panel: the part of ``build`` that takes its time."""
    engines = {basis: _Engine(panel, targets, basis) for basis in bases}
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
                turnover[targets.names[row]].append((rebalance.session, 0.5 * float(np.abs(new - old).sum())))
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
        W[:, columns] = _normalised(w * path.closing[:, -1])
    return Walk(rows, turnover, tuple(stretches))


def finish(panel: Panel, targets: Targets, made: Walk) -> dict[str, Indices]:
    """The indices of a walk, by basis."""
    dense: dict[int, Array] = {}
    return {b: _finished(_Engine(panel, targets, b), rows, made.turnover, made.stretches, dense)
            for b, rows in made.rows.items()}


def _finished(engine: _Engine, rows: Rows, turnover: Mapping[str, list[tuple[int, float]]],
              stretches: tuple[Stretch, ...], dense: dict[int, Array]) -> Indices:
    targets = engine.targets
    levels = _chain(rows.returns, targets.first, engine.bases)
    begun = np.arange(levels.shape[1]) == targets.first[:, None]
    levels[np.isnan(rows.returns) & ~begun] = np.nan
    for matrix in (levels, *rows):
        matrix.setflags(write=False)
    caveats = {n: (*targets.caveats.get(n, ()), *engine.caveats) for n in targets.names}
    return Indices(targets.names, engine.basis, engine.panel.sessions, levels, *rows, turnover, caveats, stretches,
                   engine, dense)


def _normalised(weights: Array) -> Array:
    total = weights.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(weights, total, out=np.zeros_like(weights), where=total > 0))


def _chain(returns: Array, first: NDArray[np.int64], bases: Array) -> Array:
    """(S, T) base on the session ``first``, compounded after it (a missing return as zero), NaN before."""
    levels: Array = bases[:, None] * np.cumprod(1.0 + np.nan_to_num(returns), axis=1)
    levels[np.arange(returns.shape[1]) < first[:, None]] = np.nan
    return levels


def _counts(held: Bools, dead: Bools, missing: Bools) -> tuple[Array, Array]:
    """(members alive, members alive without a return), (S, L)."""
    h = held.astype(np.float32)  # counts are exact in single precision
    return h.sum(axis=1)[:, None] - _tally(h, dead), _tally(h, missing)


def _tally(held: NDArray[np.float32], marked: Bools) -> Array:
    """held @ marked: marked members per session. Few are marked as a rule, so only their cells are visited."""
    cells = np.flatnonzero(marked)
    if len(cells) > 0.05 * marked.size:
        return kernels.tally(held, marked)
    out = np.zeros((len(held), marked.shape[1]))
    if len(cells):
        row, session = np.divmod(cells, marked.shape[1])
        order = np.argsort(session, kind="stable")
        sessions, begins = np.unique(session[order], return_index=True)
        out[:, sessions] = np.add.reduceat(held[:, row[order]], begins, axis=1)
    return out


class _Event(NamedTuple):
    """A special dividend (share = D/P of the prior close) or a spin-off (share = child's value / prior close)."""

    row: int
    session: int
    share: float
    included: bool  # the total return already holds it


class _Engine:
    """Cuts the panel's returns into the blocks of the formula, corporate actions applied."""

    def __init__(self, panel: Panel, targets: Targets, basis: Basis) -> None:
        self.panel, self.targets, self.basis = panel, targets, basis
        self.n = len(panel.securities)
        self._own = stored(panel, f"{basis}_return")
        if self._own is None and stored(panel, "price_return" if basis == "total" else "total_return") is None:
            raise DataError("the panel holds neither price_return nor total_return.", "Import prices first.")
        self.caveats: list[str] = []
        self._special, self._spun = self._read_actions()

    @cached_property
    def bases(self) -> Array:
        """(S,) level on the first session: 100, or the first close of a lone instrument on the price basis."""
        out = np.full(len(self.targets.names), BASE)
        close = stored(self.panel, "close")
        if self.basis == "price" and close is not None:
            for s, (at, first) in enumerate(zip(self.targets.instruments, self.targets.first, strict=True)):
                if at >= 0 and first < close.shape[1] and close[at, first] > 0:
                    out[s] = close[at, first]
        return out

    def path(self, start: int, stop: int, columns: NDArray[np.int64]) -> _Path:
        """The held securities over sessions start <= t < stop, growth counted from the close of start - 1."""
        drift = drift_return(self.panel, start, stop, columns)
        # who left stays out until a rebalance, even if a return turns up later: the value has been spread
        dead = ~self.panel.alive[columns, start:stop]
        leavers = np.flatnonzero(dead.any(axis=1))
        dead[leavers] = np.logical_or.accumulate(dead[leavers], axis=1)
        np.copyto(drift, 0.0, where=np.isnan(drift))
        for e, i, t in self._inside(self._spun, start, stop, columns):
            drift[i, t] += e.share
        drift += 1.0
        growth = np.cumprod(drift, axis=1, out=drift)
        opening = np.empty_like(growth)
        opening[:, 0] = 1.0
        opening[:, 1:] = growth[:, :-1]
        for e, i, t in self._inside(self._special, start, stop, columns):
            opening[i, t] *= 1.0 - e.share
        for matrix in (opening, growth):
            matrix[leavers] = np.where(dead[leavers], 0.0, matrix[leavers])
        return _Path(start, stop, columns, opening, growth, dead)

    def earned(self, path: _Path) -> tuple[Array, Bools]:
        """The basis' returns over a path, missing as zero, and where one is missing though alive. (C, L) each."""
        start, stop, columns = path.start, path.stop, path.columns
        own = np.full(path.opening.shape, np.nan) if self._own is None else self._own[columns, start:stop]
        missing = np.isnan(own)
        np.copyto(own, 0.0, where=missing)
        missing &= ~path.dead
        for e, i, t in self._inside(self._spun, start, stop, columns):
            own[i, t] += 0.0 if e.included and self.basis == "total" else e.share
        for e, i, t in self._inside(self._special, start, stop, columns):
            paid = e.share if e.included and self.basis == "total" else 0.0
            own[i, t] = (1.0 + own[i, t] - paid) / (1.0 - e.share) - 1.0
        return own, missing

    @staticmethod
    def _inside(events: list[_Event], start: int, stop: int,
                columns: NDArray[np.int64]) -> Iterator[tuple[_Event, int, int]]:
        """The events of held securities within the span, with their place in its arrays."""
        for e in events:
            i = int(np.searchsorted(columns, e.row))
            if start <= e.session < stop and i < len(columns) and columns[i] == e.row:
                yield e, i, e.session - start

    def _read_actions(self) -> tuple[list[_Event], list[_Event]]:
        """Special dividends and spin-offs known by their ex-date, with their size against the prior close."""
        close = stored(self.panel, "close")
        in_time = pl.col("known").fill_null(pl.col("date")) <= pl.col("date")
        table = (self.panel.facts.table("actions")
                 .filter(pl.col("kind").is_in(["special_dividend", "spinoff"]) & in_time)
                 .sort("known", "load")
                 .unique(["security", "date", "kind", "other"], keep="last", maintain_order=True))
        if close is None or table.is_empty():
            return [], []
        row = {s: i for i, s in enumerate(self.panel.securities)}
        special: list[_Event] = []
        spun: list[_Event] = []
        lost = 0
        for a in table.iter_rows(named=True):
            if a["security"] not in row:
                continue
            i, day = row[a["security"]], np.datetime64(a["date"])
            t = int(np.searchsorted(self.panel.sessions, day))  # effective before the open of the date
            if not 0 < t < len(self.panel.sessions):
                continue
            before = close[i, t - 1]
            if a["kind"] == "special_dividend":
                share = (a["amount"] or np.nan) / before
                kept, fine = special, 0 < share < 1
            else:
                child = row.get(a["other"] or "")
                share = np.nan if child is None else (a["ratio"] or np.nan) * close[child, t] / before
                kept, fine = spun, share > 0
            if fine:
                kept.append(_Event(i, t, float(share), self._included(i, t, float(share))))
            else:
                lost += 1
        if lost:
            self.caveats.append(f"{lost} special dividends or spin-offs could not be valued: closes are missing")
        return special, spun

    def _included(self, row: int, t: int, share: float) -> bool:
        """Whether the total return of the ex-date already contains the payment: it exceeds the price return by
        at least half of it (CRSP-like returns do; a source that only reinvests cash does not for a spin-off)."""
        price, total = stored(self.panel, "price_return"), stored(self.panel, "total_return")
        if price is None or total is None:
            return True
        return bool(total[row, t] - price[row, t] >= 0.5 * share)


def divisor(value: float, level: float) -> float:
    """The divisor that makes a market value read as ``level``: D = value / level."""
    return value / level


def adjusted_divisor(old: float, before: float, after: float) -> float:
    """D_new = D_old * MV_after / MV_before at the same prices: the level before and after the change is one."""
    return old * after / before


def divisor_levels(prices: Array, shares: Array, base: float = BASE) -> tuple[Array, Array]:
    """Levels and divisors (T,) of a cap-weighted index kept the way a provider keeps it.

    prices, shares  (N, T); shares[:, t] are in force during session t; zero for who is out, whatever the price
    I_t = sum_i P_it Q_it / D_t, and D changes after the close of t - 1 by the value ratio of the new to the old
    shares at those closing prices.
    """
    worth = np.where(shares > 0, prices * shares, 0.0).sum(axis=0)
    renewed = np.where(shares[:, 1:] > 0, prices[:, :-1] * shares[:, 1:], 0.0).sum(axis=0)
    divisors = divisor(float(worth[0]), base) * np.cumprod(np.concatenate([[1.0], renewed / worth[:-1]]))
    return worth / divisors, divisors

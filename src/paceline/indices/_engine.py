"""The blocks of the formula: how the held securities drift through a span, what they earn, who is counted."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline import kernels
from paceline.arrays import Array, Bools
from paceline.baskets.history import drift_return, stored
from paceline.errors import DataError

if TYPE_CHECKING:
    from paceline.baskets import Targets
    from paceline.panel import Panel

Basis = Literal["price", "total"]
BASE = 100.0


class Path(NamedTuple):
    """How the held securities drift through one span, the same on both bases: (C, L) each."""

    start: int
    stop: int
    columns: NDArray[np.int64]
    opening: Array  # A_t G_{t-1}, after special dividends have left
    closing: Array  # A_t G_t
    dead: Bools


class _Event(NamedTuple):
    """A special dividend (share = D/P of the prior close) or a spin-off (share = child's value / prior close)."""

    row: int
    session: int
    share: float
    included: bool  # the total return already holds it


class Engine:
    """Cuts the panel's returns into the blocks of the formula, corporate actions applied."""

    def __init__(self, panel: Panel, targets: Targets, basis: Basis) -> None:
        self.panel, self.targets, self.basis = panel, targets, basis
        self.n = len(panel.securities)
        self._own = stored(panel, f"{basis}_return")
        if (
            self._own is None
            and stored(panel, "price_return" if basis == "total" else "total_return") is None
        ):
            raise DataError(
                "the panel holds neither price_return nor total_return.", "Import prices first."
            )
        self.caveats: list[str] = []
        self._special, self._spun = self._read_actions()

    @cached_property
    def bases(self) -> Array:
        """(S,) level on the first session: 100, or the first close of a lone instrument on the price basis."""
        out = np.full(len(self.targets.names), BASE)
        close = stored(self.panel, "close")
        if self.basis == "price" and close is not None:
            for s, (at, first) in enumerate(
                zip(self.targets.instruments, self.targets.first, strict=True)
            ):
                if at >= 0 and first < close.shape[1] and close[at, first] > 0:
                    out[s] = close[at, first]
        return out

    def path(self, start: int, stop: int, columns: NDArray[np.int64]) -> Path:
        """The held securities over sessions start <= t < stop, growth counted from the close of start - 1."""
        drift = drift_return(self.panel, start, stop, columns)
        # who left stays out until a rebalance, even if a return turns up later: the value has been
        # spread
        dead = ~self.panel.listed[columns, start:stop]
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
        return Path(start, stop, columns, opening, growth, dead)

    def earned(self, path: Path) -> tuple[Array, Bools]:
        """The basis' returns over a path, missing as zero, and where one is missing though alive. (C, L) each."""
        start, stop, columns = path.start, path.stop, path.columns
        own = (
            np.full(path.opening.shape, np.nan)
            if self._own is None
            else self._own[columns, start:stop]
        )
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
    def _inside(
        events: list[_Event], start: int, stop: int, columns: NDArray[np.int64]
    ) -> Iterator[tuple[_Event, int, int]]:
        """The events of held securities within the span, with their place in its arrays."""
        for e in events:
            i = int(np.searchsorted(columns, e.row))
            if start <= e.session < stop and i < len(columns) and columns[i] == e.row:
                yield e, i, e.session - start

    def _read_actions(self) -> tuple[list[_Event], list[_Event]]:
        """Special dividends and spin-offs known by their ex-date, with their size against the prior close."""
        close = stored(self.panel, "close")
        in_time = pl.col("known").fill_null(pl.col("date")) <= pl.col("date")
        table = (
            self.panel.facts.table("actions")
            .filter(pl.col("kind").is_in(["special_dividend", "spinoff"]) & in_time)
            .sort("known", "load")
            .unique(["security", "date", "kind", "other"], keep="last", maintain_order=True)
        )
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
            # effective before the open of the date
            t = int(np.searchsorted(self.panel.sessions, day))
            if not 0 < t < len(self.panel.sessions):
                continue
            before = close[i, t - 1]
            if a["kind"] == "special_dividend":
                share = (a["amount"] or np.nan) / before
                kept, fine = special, 0 < share < 1
            else:
                child = row.get(a["other"] or "")
                share = (
                    np.nan if child is None else (a["ratio"] or np.nan) * close[child, t] / before
                )
                kept, fine = spun, share > 0
            if fine:
                kept.append(_Event(i, t, float(share), self._included(i, t, float(share))))
            else:
                lost += 1
        if lost:
            self.caveats.append(
                f"{lost} special dividends or spin-offs could not be valued: closes are missing"
            )
        return special, spun

    def _included(self, row: int, t: int, share: float) -> bool:
        """Whether the total return of the ex-date already contains the payment: it exceeds the price return by
        at least half of it (CRSP-like returns do; a source that only reinvests cash does not for a
        spin-off)."""
        price, total = stored(self.panel, "price_return"), stored(self.panel, "total_return")
        if price is None or total is None:
            return True
        return bool(total[row, t] - price[row, t] >= 0.5 * share)


def normalised(weights: Array) -> Array:
    total = weights.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(weights, total, out=np.zeros_like(weights), where=total > 0))


def chain(returns: Array, first: NDArray[np.int64], bases: Array) -> Array:
    """(S, T) base on the session ``first``, compounded after it (a missing return as zero), NaN before."""
    levels: Array = bases[:, None] * np.cumprod(1.0 + np.nan_to_num(returns), axis=1)
    levels[np.arange(returns.shape[1]) < first[:, None]] = np.nan
    return levels


def counts(held: Bools, dead: Bools, missing: Bools) -> tuple[Array, Array]:
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

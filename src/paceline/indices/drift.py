"""The blocks of the formula: how held securities drift through a span, and what they earn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline import kernels
from paceline.arrays import Array, Bools
from paceline.baskets.history import drift_return, stored
from paceline.errors import DataError
from paceline.indices import delistings
from paceline.panel.derived import delisting_dates
from paceline.panel.holes import (
    DOUBTED,
    OTHER_BASIS,
    OTHER_SOURCE,
    PARTED,
    PENDING,
    QUIET,
    REPEATED,
    RETURNED,
    SEAM,
    SEVERAL,
    Marks,
)
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.baskets import Targets
    from paceline.panel import Panel

Basis = Literal["price", "total"]
#: What the weight of a basket may lack on a session: a return, for good or until a later one that
#: covers the session; or whose return it is. ``several``: it covers more than the session.
#: ``doubted``: its prices contradict one another. ``repeated``: its close is that of the session
#: before. ``returned``: it leapt and came back the session after. ``parted``: its market cap moved
#: otherwise. ``quiet``: it leapt on no more than usual volume. ``seam``: it joins two sources.
#: ``left``: who has it fell silent, without a delisting on record.
SHARES = (
    "lost",
    "pending",
    "other_basis",
    "other_source",
    "several",
    "doubted",
    "repeated",
    "returned",
    "parted",
    "quiet",
    "seam",
    "left",
)
#: The marks of a panel from the third of these on, in their order.
KINDS = (OTHER_BASIS, OTHER_SOURCE, SEVERAL, DOUBTED, REPEATED, RETURNED, PARTED, QUIET, SEAM)
#: Level on the first session.
BASE = 100.0
#: Cells are visited one by one where no more than this share of them is marked.
FEW = 0.05
#: Share of a payment by which the total return must exceed the price return to contain it.
CONTAINED = 0.5


class DriftPath(NamedTuple):
    """How the held securities drift through one span, the same on both bases.

    columns   (C,) the held securities
    opening   (C, L) A_t G_{t-1}, after special dividends have left
    closing   (C, L) A_t G_t
    delisted  (C, L) who has left
    """

    start: int
    stop: int
    columns: NDArray[np.int64]
    opening: Array
    closing: Array
    delisted: Bools


class Payout(NamedTuple):
    """A special dividend or a spin-off.

    share     D/P of the prior close, or the child's value / prior close
    included  whether the total return already holds it
    raw       what the closes say, where the stored price return is free of the payment; else NaN
    """

    row: int
    session: int
    share: float
    included: bool
    raw: float


class Drift:
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
        self._last, said = delistings.read(panel)
        self.caveats += said

    @cached_property
    def bases(self) -> Array:
        """(S,) level on the first session: 100.

        On the price basis the first close of a lone instrument.
        """
        out = np.full(len(self.targets.names), BASE)
        close = stored(self.panel, "close")
        if self.basis == "price" and close is not None:
            for s, (at, first) in enumerate(
                zip(self.targets.instruments, self.targets.first, strict=True)
            ):
                if at >= 0 and first < close.shape[1] and close[at, first] > 0:
                    out[s] = close[at, first]
        return out

    def path(self, start: int, stop: int, columns: NDArray[np.int64]) -> DriftPath:
        """The held securities over sessions start <= t < stop.

        Growth is counted from the close of start - 1.
        """
        drift = drift_return(self.panel, start, stop, columns)
        # who left stays out until a rebalance, even if a return turns up later: the value has been
        # spread
        delisted = ~self.panel.listed[columns, start:stop]
        for _, i, t in delistings.within(self._last, start, stop, columns):
            delisted[i, t] = False
        leavers = np.flatnonzero(delisted.any(axis=1))
        delisted[leavers] = np.logical_or.accumulate(delisted[leavers], axis=1)
        np.copyto(drift, 0.0, where=np.isnan(drift))
        for e, i, t in self._inside([*self._special, *self._spun], start, stop, columns):
            if not np.isnan(e.raw):
                drift[i, t] = e.raw
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
            matrix[leavers] = np.where(delisted[leavers], 0.0, matrix[leavers])
        return DriftPath(start, stop, columns, opening, growth, delisted)

    @cached_property
    def _marks(self) -> Marks:
        """Marked cells of the basis' returns, in order of their sessions."""
        return self.panel.marks.get(f"{self.basis}_return", Marks.none())

    def unlike(self, path: DriftPath, w: Array, missing: Bools) -> tuple[NDArray[np.int64], Array]:
        """Shares of each basket's weight, as ``SHARES`` names them, on sessions that lack anything.

        w        (S, C) weights at the start of the span
        missing  (C, L) listed, without a return

        Returns those U sessions of the span and the shares (len(SHARES), S, U); on all others they
        are zero.
        """
        length = path.stop - path.start
        if self._own is None or (missing | path.delisted).all():
            out = np.zeros((len(SHARES), len(w), length))
            out[0] = w @ path.opening > 0  # nobody has a return on this basis
            return np.arange(length), out
        lost = np.flatnonzero(missing)
        cells, kind = self._marked(path)
        left, returned = self._silent(path)
        pending = np.isin(lost, cells[kind == PENDING])
        groups = [lost[~pending], lost[pending], *(cells[kind == one] for one in KINDS)]
        touched = np.unique(np.concatenate([*groups, left, returned]) % length)
        out = np.zeros((len(SHARES), len(w), len(touched)))
        if not len(touched):
            return touched, out
        opening = path.opening[:, touched]

        def place(some: NDArray[np.int64]) -> NDArray[np.int64]:
            row, session = np.divmod(some, length)
            return row * len(touched) + np.searchsorted(touched, session)

        for share, group in zip(out, groups, strict=False):
            _weigh(share, w, opening, place(group))
        value = w @ opening
        with np.errstate(invalid="ignore", divide="ignore"):
            shares: Array = np.where(value > 0, out / value, 0.0)
        # of those who left the weight at the start of the span
        whole = np.broadcast_to(1.0, opening.shape)
        _weigh(shares[-1], w, whole, place(left))
        _weigh(shares[0], w, whole, place(returned))
        return touched, shares

    def _silent(self, path: DriftPath) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Flat places of members who left in silence, without a delisting on record.

        Returns where they are out, and where they are out though they have data again.
        """
        gone = path.delisted.any(axis=1)
        gone &= ~self._recorded[path.columns]
        rows = np.flatnonzero(gone)
        if not len(rows):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        length = path.stop - path.start
        at, session = np.nonzero(path.delisted[rows])
        out = rows[at] * length + session
        back = self.panel.listed[path.columns[rows[at]], path.start + session]
        return out, out[back]

    @cached_property
    def _recorded(self) -> Bools:
        """(N,) who has a delisting on record."""
        names = set(delisting_dates(self.panel.facts)["security"])
        return np.array([s in names for s in self.panel.securities], bool)

    def _marked(self, path: DriftPath) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """Flat places in the span's arrays of the marks of held securities, and their kinds.

        A session is pending only for who is still there when the return that covers it comes.
        """
        marks, length = self._marks, path.stop - path.start
        if not len(marks.row):
            return np.empty(0, np.int64), marks.kind
        inside = slice(*np.searchsorted(marks.column, (path.start, path.stop)))
        row, column, kind, known = (part[inside] for part in marks)
        place = np.searchsorted(path.columns, row)
        place = np.minimum(place, len(path.columns) - 1)
        there = path.columns[place] == row
        gone = path.delisted[place, np.minimum(known, path.stop - 1) - path.start]
        there &= ~((kind == PENDING) & gone)
        return (place * length + column - path.start)[there], kind[there]

    def earned(self, path: DriftPath) -> tuple[Array, Bools]:
        """(C, L) the basis' returns, missing as zero, and where one is missing though listed."""
        start, stop, columns = path.start, path.stop, path.columns
        own = (
            np.full(path.opening.shape, np.nan)
            if self._own is None
            else self._own[columns, start:stop]
        )
        for value, i, t in delistings.within(self._last, start, stop, columns):
            own[i, t] = value
        missing = np.isnan(own)
        np.copyto(own, 0.0, where=missing)
        missing &= ~path.delisted
        for e, i, t in self._inside([*self._special, *self._spun], start, stop, columns):
            if self.basis == "price" and not np.isnan(e.raw):
                own[i, t] = e.raw
        for e, i, t in self._inside(self._spun, start, stop, columns):
            own[i, t] += 0.0 if e.included and self.basis == "total" else e.share
        for e, i, t in self._inside(self._special, start, stop, columns):
            paid = e.share if e.included and self.basis == "total" else 0.0
            own[i, t] = (1.0 + own[i, t] - paid) / (1.0 - e.share) - 1.0
        return own, missing

    @staticmethod
    def _inside(
        events: list[Payout], start: int, stop: int, columns: NDArray[np.int64]
    ) -> Iterator[tuple[Payout, int, int]]:
        """The events of held securities within the span, with their place in its arrays."""
        for e in events:
            i = int(np.searchsorted(columns, e.row))
            if start <= e.session < stop and i < len(columns) and columns[i] == e.row:
                yield e, i, e.session - start

    def _read_actions(self) -> tuple[list[Payout], list[Payout]]:
        """Special dividends and spin-offs known by their ex-date, with their sizes."""
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
        special: list[Payout] = []
        spun: list[Payout] = []
        lost: list[str] = []
        for action in table.iter_rows(named=True):
            # effective before the open of the date, or of the security's next session with a close
            t = int(np.searchsorted(self.panel.sessions, np.datetime64(action["date"])))
            if action["security"] not in row or not 0 < t < len(self.panel.sessions):
                continue
            i, dividend = row[action["security"]], action["kind"] == "special_dividend"
            t += int((~np.isnan(close[i, t:])).argmax())
            before = close[i, :t][~np.isnan(close[i, :t])]
            worth = (action["amount"] or np.nan) if dividend else _child(action, row, close[:, t])
            share = float(worth / before[-1]) if len(before) else np.nan
            if 0 < share < (1 if dividend else np.inf) and close[i, t] > 0:
                payout = Payout(i, t, share, *self._stated(i, t, share, close))
                (special if dividend else spun).append(payout)
            else:
                what = "special dividend" if dividend else "spin-off"
                why = _unvalued(action, row, len(before) > 0, share)
                lost.append(f"{what} of {action['security']} on {action['date']}: {why}")
        if lost:
            what = number_of(len(lost), "special dividend or spin-off", "such payments in all")
            more = f" ({what})" if len(lost) > 1 else ""
            self.caveats.append(f"could not be valued: {lost[0]}{more}")
        return special, spun

    def _stated(self, row: int, t: int, share: float, close: Array) -> tuple[bool, float]:
        """Whether the total return of the ex-date holds the payment; the closes' return, or NaN.

        The total return does where it exceeds what the closes say by at least half the payment:
        CRSP-like returns do; those of a source that only reinvests cash do not for a spin-off. A
        price return that exceeds it likewise is the exchange's own change, measured against a close
        less the payment: the closes' return stands in for it, or the payment would count twice.
        """
        price, total = stored(self.panel, "price_return"), stored(self.panel, "total_return")
        raw = float(close[row, t] / close[row, t - 1] - 1)
        own = np.nan if price is None else price[row, t]
        freed = np.isfinite(raw) and own - raw >= CONTAINED * share
        base = raw if freed else own
        if price is None or total is None:
            return True, raw if freed else np.nan
        return bool(total[row, t] - base >= CONTAINED * share), raw if freed else np.nan


def _unvalued(action: Mapping[str, Any], row: Mapping[str, int], before: bool, share: float) -> str:
    """Why a special dividend or spin-off has no value."""
    if action["kind"] == "special_dividend":
        if not action["amount"]:
            return "it has no amount"
    elif not action["ratio"]:
        return "it has no ratio"
    elif action["other"] not in row:
        child = action["other"]
        return f"there is no price of {child}" if child else "no child is named"
    if not before:
        return "there is no close before it"
    return "it is worth more than the share" if share >= 1 else "there is no close of that day"


def _child(action: Mapping[str, Any], row: Mapping[str, int], close: Array) -> float:
    """What a share of a parent receives of its spun-off child at the child's close."""
    child = row.get(action["other"] or "")
    return np.nan if child is None else float((action["ratio"] or np.nan) * close[child])


def normalised(weights: Array) -> Array:
    """Each row over its sum; a row of zeros stays."""
    total = weights.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(weights, total, out=np.zeros_like(weights), where=total > 0))


def chain(returns: Array, first: NDArray[np.int64], bases: Array) -> Array:
    """(S, T) base on the session ``first``, compounded after it, NaN before; missing is zero."""
    levels: Array = bases[:, None] * np.cumprod(1.0 + np.nan_to_num(returns), axis=1)
    levels[np.arange(returns.shape[1]) < first[:, None]] = np.nan
    return levels


def counts(held: Bools, delisted: Bools, missing: Bools) -> tuple[Array, Array]:
    """(S, L) listed members, and those of them without a return."""
    h = held.astype(np.float32)  # counts are exact in single precision
    return h.sum(axis=1)[:, None] - _tally(h, delisted), _tally(h, missing)


def _weigh(out: Array, w: Array, opening: Array, cells: NDArray[np.int64]) -> None:
    """Add the weight of the cells to ``out`` (S, L), per session."""
    if not len(cells):
        return
    if len(cells) > FEW * opening.size:
        of = np.zeros(opening.size)
        of[cells] = opening.ravel()[cells]
        out += w @ of.reshape(opening.shape)
        return
    row, session = np.divmod(cells, opening.shape[1])
    order = np.argsort(session, kind="stable")
    row, session = row[order], session[order]
    sessions, begins = np.unique(session, return_index=True)
    out[:, sessions] += np.add.reduceat(w[:, row] * opening[row, session], begins, axis=1)


def _tally(held: NDArray[np.float32], marked: Bools) -> Array:
    """Marked members per session, held @ marked; few are marked, so only those are visited."""
    cells = np.flatnonzero(marked)
    if len(cells) > FEW * marked.size:
        return kernels.tally(held, marked)
    out = np.zeros((len(held), marked.shape[1]))
    if len(cells):
        row, session = np.divmod(cells, marked.shape[1])
        order = np.argsort(session, kind="stable")
        sessions, begins = np.unique(session[order], return_index=True)
        out[:, sessions] = np.add.reduceat(held[:, row[order]], begins, axis=1)
    return out

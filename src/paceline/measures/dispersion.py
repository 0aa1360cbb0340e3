"""Dispersion: how far the members of a basket are apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from paceline import kernels, threads
from paceline.arrays import COVERAGE, Bools
from paceline.errors import UsageError
from paceline.measures import Array, Result, Span, View, measure
from paceline.signals.members import Basis, basis_of, listed
from paceline.signals.returns import growth_to_eve, trailing_returns

UNITS = {
    "dispersion": "fraction",
    "dispersion_window": "fraction",
    "equal_sd_window": "fraction",
    "p90_p10_window": "fraction",
}
#: A variance below this share of the mean square is rounding.
ROUNDING = 1e-13


@measure(
    question="How far apart are the members' returns?",
    never="That stock pickers will do well: dispersion rewards right picks, punishes the others.",
    of="basket",
    needs=("price_return", "total_return", "price_index", "total_index", "member"),
    unit=UNITS,
    shows="series",
    shorter=lambda p: {n: p["window"] if n.endswith("window") else 1 for n in UNITS},
    bounds=(0.0, float("inf")),
    references=(
        "S&P Dow Jones Indices, Dispersion: Measuring Market Opportunity; S&P realised dispersion",
        "Yu, Sharaiha (2007), Alpha Budgeting: Cross-Sectional Dispersion Decomposed",
    ),
)
def dispersion(view: View, *, window: int = 21, basis: Basis | None = None) -> Result:
    """Cross-sectional standard deviation of the members' returns, of a session and of a window.

    D = sqrt(sum_i w_i (r_i - r_I)^2) with r_I = sum_i w_i r_i and w the weights at the start of the
    period (the targets of the last rebalance, drifted to the close before its first session), so
    that D^2 = sum w r^2 - (sum w r)^2. Fractions of the period's return, not annualised.

    dispersion         D of one session
    dispersion_window  D of the returns over ``window`` sessions, weights and members of its start
    equal_sd_window    the same with equal weights (divisor n)
    p90_p10_window     90th less 10th percentile of the members' returns over the window, linear
                       between order statistics, which are taken in single precision (7 digits)

    window  sessions of the longer period
    basis   "price" or "total"; default: the basis the baskets are shown on

    Shapes: (S, T), stamped at the last session of the period. n_eligible counts the members not yet
    delisted, n_used those with a return today. Missing: a member without a return today, or without
    a close at the window's start, is left out, its weight going to the others in proportion; fewer
    than two members, or fewer than 90% of the listed ones with the whole window, have no value.
    """
    if window < 1:
        raise UsageError(
            f"a window of {window} sessions does not exist.", "Give a window of 1 or more."
        )
    used = basis_of(view, basis)
    there = listed(view.field("price_index"), view.field("total_index"))
    seen = np.isfinite(view.field(f"{used}_return"))
    n_used, n_eligible = np.zeros(view.shape), np.zeros(view.shape)
    out = {name: np.full(view.shape, np.nan) for name in UNITS}

    def fill(span: Span) -> None:
        block = _SpanMembers(view, used, span, seen, there)
        now = slice(span.start, span.stop)
        n_used[:, now], n_eligible[:, now] = block.count(block.seen), block.count(block.there)
        out["dispersion"][:, now] = block.session(n_used[:, now])
        ends = slice(
            max(span.start, 1) + window - 1, min(span.stop + window - 1, len(view.sessions))
        )
        if ends.start < ends.stop:
            for name, found in zip(
                list(UNITS)[1:], block.window(ends, window, n_eligible[:, now]), strict=True
            ):
                out[name][:, ends] = found

    threads.each(fill, view.spans)
    return Result(out, n_used, n_eligible)


class _SpanMembers:
    """The members of one span, over its sessions."""

    def __init__(self, view: View, basis: str, span: Span, seen: Bools, listed: Bools) -> None:
        """``seen``, ``listed`` (N, T): a return on the session, not delisted yet.

        Holds ``there``, ``seen``, ``r`` (n, L) of the span, and ``G``, growth since the rebalance
        to the close before each session.
        """
        held = np.flatnonzero((span.weights > 0).any(axis=0))
        now = slice(span.start, span.stop)
        self.start, self.held, self.all_seen = span.start, held, seen
        self.index = view.field(f"{basis}_index")
        self.W = span.weights[:, held]
        self.member = (self.W > 0).astype(np.float32)
        self.there = np.logical_and.accumulate(listed[held, now], axis=1)
        self.seen = seen[held, now] & self.there
        self.r = view.field(f"{basis}_return")[held, now]
        move = self.r.copy() if basis == "price" else view.field("price_return")[held, now]
        row, column = np.nonzero(np.isnan(move))
        move[row, column] = np.nan_to_num(
            view.field("total_return")[held[row], span.start + column]
        )
        self.G = growth_to_eve(move)
        np.copyto(self.r, 0.0, where=~self.seen)

    def count(self, flag: Bools) -> Array:
        """(S, L) members for which a flag holds."""
        return kernels.tally(self.member, flag)

    def session(self, n: Array) -> Array:
        """(S, L) dispersion of each session; ``n`` members with a return."""
        return np.where(n >= 2, _weighted_std(self.W, self.G * self.seen, self.r), np.nan)

    def window(self, ends: slice, window: int, n_there: Array) -> tuple[Array, Array, Array]:
        """Weighted and equal-weighted dispersion and P90 - P10 of the returns up to ``ends``."""
        # 0, or 1 where the span begins with the history
        first = ends.start - window + 1 - self.start
        within = slice(first, first + ends.stop - ends.start)
        path = self.index[self.held, ends.start - window : ends.stop]
        r = trailing_returns(path, window)[:, window:]
        valid = np.isfinite(r)
        valid &= self.all_seen[self.held, ends]
        valid &= self.there[:, within]
        np.copyto(r, np.nan, where=~valid)
        n = self.count(valid)
        enough = (n >= 2) & (n >= COVERAGE * n_there[:, within])
        gap = np.full(n.shape, np.nan)
        by_session = np.ascontiguousarray(r.T, np.float32)
        done: dict[bytes, int] = {}  # baskets of the same members are one question
        for row in np.flatnonzero(enough.any(axis=1)).tolist():
            inside = self.W[row] > 0
            same = done.setdefault(inside.tobytes(), row)
            gap[row] = (
                gap[same]
                if same != row
                else _p90_p10(np.compress(inside, by_session, axis=1), n[row])
            )
        np.copyto(r, 0.0, where=~valid)
        weighted = _weighted_std(self.W, self.G[:, within] * valid, r)
        equal = _weighted_std(self.member.astype(float), valid.astype(float), r)
        return (
            np.where(enough, weighted, np.nan),
            np.where(enough, equal, np.nan),
            np.where(enough, gap, np.nan),
        )


def _weighted_std(W: Array, weight: Array, r: Array) -> Array:
    """(S, L) sqrt of sum w r^2 - (sum w r)^2 with w = W * weight, scaled to one.

    Zero where it is rounding, NaN where nobody has a weight. Three sums in one product.
    """
    n, L = r.shape
    terms = np.empty((n, 3, L))
    terms[:, 0] = weight
    np.multiply(weight, r, out=terms[:, 1])
    np.multiply(terms[:, 1], r, out=terms[:, 2])
    whole, first, second = (W @ terms.reshape(n, 3 * L)).reshape(len(W), 3, L).transpose(1, 0, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = first / whole, second / whole
        variance = second - first * first
        result: Array = np.sqrt(np.where(variance > ROUNDING * second, variance, 0.0))
    return np.where(whole > 0, result, np.nan)


def _p90_p10(r: NDArray[np.float32], n: Array) -> Array:
    """(L,) 90th minus 10th percentile of the n finite values of each row; missing sort last."""
    r.sort(axis=1)
    at = np.arange(len(r))

    def at_share(q: float) -> Array:
        where = q * np.maximum(n - 1, 0)
        low = np.floor(where).astype(np.int64)
        below, above = (r[at, k].astype(float) for k in (low, np.minimum(low + 1, r.shape[1] - 1)))
        return np.asarray(
            np.where(where > low, below + (where - low) * (above - below), below), float
        )

    return at_share(0.9) - at_share(0.1)

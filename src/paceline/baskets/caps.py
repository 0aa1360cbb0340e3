"""Market caps that cannot be right by themselves: they leap without the price, or never move."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import Array, Bools
from paceline.kernels import forward_fill
from paceline.splits import SPLIT_RATIOS
from paceline.wording import agreeing, number_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from paceline.panel import Panel

#: A cap leaps where it moves otherwise than the price by the ratio of a split, this near in logs,
#: or by more than three. Between lie mergers paid in shares.
NEAR, FAR = 0.01, 3.0
#: Sessions with a cap from which on one that never changes is told, though the close does.
ENOUGH = 20
#: So many members, and more than this share of the weight with one of them.
MOST = ((10, 0.9), (50, 0.5))
#: Rows looked at together.
CHUNK = 512


class OddCaps:
    """What is odd about the market caps of a panel; each part is worked out on first use."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel

    @cached_property
    def leaps(self) -> Array:
        """(n, 3) row, session and factor of each leap of a cap that its price does not share."""
        return _leaps(self.panel)

    @cached_property
    def constant(self) -> Bools:
        """(N,) whose cap is one number on all of its sessions, though the close moves."""
        return _constant(self.panel)

    def caveats(self, weighed: Bools, some: float) -> list[str]:
        """What is odd about the caps of the members that a basket weighs, (N,) ``weighed``.

        some  share of them from which caps that never change are told
        """
        out = []
        found = self.leaps[weighed[self.leaps[:, 0].astype(np.int64)]]
        if len(found):
            row, t, factor = found[np.argmax(found[:, 1])]
            name, day = self.panel.securities[int(row)], self.panel.sessions[int(t)]
            others = number_of(len(found) - 1, "other leap")
            more = f", and {others}" if len(found) > 1 else ""
            what = f"{name} times {factor:.4g} on {day}{more}"
            out.append(f"market caps leap without the price: {what}")
        still = int((self.constant & weighed).sum())
        of = int(weighed.sum())
        if still > some * of:
            out.append(
                f"look-ahead: market caps of {still:,} of {number_of(of, 'member')} "
                f"{agreeing(still, 'is', 'are')} one number on all days, though prices move"
            )
        return out


def _leaps(panel: Panel) -> Array:
    """A cap over the product of price returns is a count of shares, free of splits.

    On sessions without a cap the last one stands.
    """
    found = [np.empty((0, 3))]
    if not {"market_cap", "price_return"} <= set(panel.fields):
        return found[0]
    sizes = np.log(SPLIT_RATIOS)
    for start in range(0, len(panel.securities), CHUNK):
        rows = slice(start, start + CHUNK)
        with np.errstate(divide="ignore", invalid="ignore"):
            grown_price = np.nancumprod(1 + panel.fields["price_return"][rows], axis=1)
            shares = forward_fill(panel.fields["market_cap"][rows] / grown_price)
            grown = shares[:, 1:] / shares[:, :-1]
            row, column = np.nonzero((grown > 1.4) | (grown < 1 / 1.4))
            factor = grown[row, column]
            log = np.abs(np.log(factor))
        near = np.abs(log[:, None] - sizes).min(axis=1, initial=np.inf) < NEAR
        kept = (near | (log > np.log(FAR))) & np.isfinite(log)
        found.append(np.c_[row[kept] + start, column[kept] + 1, factor[kept]])
    return np.concatenate(found)


def _constant(panel: Panel) -> Bools:
    out = np.zeros(len(panel.securities), bool)
    if not {"market_cap", "close"} <= set(panel.fields):
        return out
    for start in range(0, len(out), CHUNK):
        cap, close = (panel.fields[f][start : start + CHUNK] for f in ("market_cap", "close"))
        there = np.isfinite(cap) & np.isfinite(close)
        one, other = (
            (np.where(there, x, -np.inf).max(axis=1), np.where(there, x, np.inf).min(axis=1))
            for x in (cap, close)
        )
        enough = there.sum(axis=1) >= ENOUGH
        out[start : start + CHUNK] = enough & (one[0] == one[1]) & (other[0] > other[1])
    return out


def largest(held: Array, panel: Panel) -> str:
    """That one member is nearly all of the weight of ten or more, or half of that of fifty."""
    weights: NDArray[np.float64] = held / held.sum() if held.sum() > 0 else held
    count, most = int((weights > 0).sum()), float(weights.max(initial=0.0))
    if not any(count >= few and most > share for few, share in MOST):
        return ""
    share = "half" if most <= MOST[0][1] else "nine tenths"
    return f"{panel.securities[int(weights.argmax())]} is more than {share} of the weight"

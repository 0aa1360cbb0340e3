"""Market caps that cannot be right by themselves: they leap without the price, or never move.

Nor can those of which more than the whole changes hands on a typical day, or all but nothing. A cap
is the market's, or else close times shares.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import NORMAL, Array, Bools
from paceline.kernels import forward_fill
from paceline.splits import SPLIT_RATIOS
from paceline.wording import agreeing, number_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from paceline.panel import Panel

#: A cap leaps where it moves otherwise than the price by the ratio of a split, this near in logs,
#: or by more than three. Between lie mergers paid in shares.
NEAR, FAR = 0.01, 3.0
#: A count of shares from a table is months older than the one before, and may have grown by this.
GROWN = 0.03
#: Sessions with a cap from which on one that never changes is told, though the close does.
ENOUGH = 20
#: Sessions, evenly spaced, that say what part of a company changes hands on a typical day.
LOOKED_AT = 252
#: Of members, so many at least, it is within so many standard deviations of the median (1.4826
#: times the median absolute deviation, in logs), or within this factor.
FEWEST, DEVIATIONS, FACTOR = 5, 6.0, 30.0
#: Who has a smaller share of the weight is not told for a cap that is too large.
SMALL = 0.001
#: How the caveats begin.
LEAP = "market caps leap without the price"
UNFIT = "market caps do not fit volumes"
STANDING = "look-ahead: market caps of "
ODD = (LEAP, UNFIT)
ODD_CAPS = (*ODD, STANDING)
#: So many members, and more than this share of the weight with one of them, in words.
MOST = ((50, 0.5, "half"), (10, 0.9, "nine tenths"), (3, 0.98, "98 hundredths"))
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

    @cached_property
    def turnover(self) -> Array:
        """(N,) median of close x volume / cap over sessions with all three; NaN for too few."""
        return _turnover(self.panel)

    def caveats(self, weights: Array, some: float) -> list[str]:
        """What is odd about the caps of the members that a basket weighs.

        weights  (N,) the largest that each ever had
        some     share of the members, or of the weight, from which caps that never change are told
        """
        out = self._unfit(weights)
        weighed = weights > 0
        found = self.leaps[weighed[self.leaps[:, 0].astype(np.int64)]]
        if len(found):
            row, t, factor = found[np.argmax(found[:, 1])]
            name, day = self.panel.securities[int(row)], self.panel.sessions[int(t)]
            others = number_of(len(found) - 1, "other leap")
            more = f", and {others}" if len(found) > 1 else ""
            what = f"{name} times {factor:.4g} on {day}{more}"
            out.append(f"{LEAP}: {what}")
        still = int((self.constant & weighed).sum())
        of, share = int(weighed.sum()), float(weights[self.constant].sum())
        if still > some * of or share > some:
            out.append(
                f"{STANDING}{still:,} of {number_of(of, 'member')} "
                f"{agreeing(still, 'is', 'are')} one number on all days, though prices move"
            )
        return out

    def _unfit(self, weights: Array) -> list[str]:
        """Whose cap is too small for its volume, or too large."""
        rows = np.flatnonzero((weights > 0) & (self.turnover > 0))
        part = self.turnover[rows]
        if not len(rows):
            return []
        off, limit = np.log(part / np.median(part)), np.inf
        if len(rows) >= FEWEST:
            limit = max(DEVIATIONS * NORMAL * float(np.median(np.abs(off))), np.log(FACTOR))
        odd = (part > 1) | (off > limit) | ((off < -limit) & (weights[rows] > SMALL))
        if not odd.any():
            return []
        worst = int(np.where(odd, np.abs(off), -1.0).argmax())
        others = number_of(int(odd.sum()) - 1, "other member")
        more = f", and {others} likewise" if odd.sum() > 1 else ""
        what = f"{part[worst]:.2%} of {self.panel.securities[rows[worst]]} changes hands"
        usual = f"{float(np.median(part)):.2%} of the median member"
        return [f"{UNFIT}: {what} on a typical day, {usual}{more}"]


def _leaps(panel: Panel) -> Array:
    """A cap over the product of price returns is a count of shares, free of splits.

    On sessions without a cap the last one stands.
    """
    found = [np.empty((0, 3))]
    if not {"market_cap", "price_return"} <= set(panel.fields):
        return found[0]
    sizes, caps = np.log(SPLIT_RATIOS), panel.field("whole_cap")
    for start in range(0, len(panel.securities), CHUNK):
        rows = slice(start, start + CHUNK)
        with np.errstate(divide="ignore", invalid="ignore"):
            grown_price = np.nancumprod(1 + panel.fields["price_return"][rows], axis=1)
            shares = forward_fill(caps[rows] / grown_price)
            grown = shares[:, 1:] / shares[:, :-1]
            row, column = np.nonzero((grown > 1.4) | (grown < 1 / 1.4))
            factor = grown[row, column]
            log = np.abs(np.log(factor))
        own = np.isfinite(panel.fields["market_cap"][rows][row, column + 1])
        off = np.abs(log[:, None] - sizes).min(axis=1, initial=np.inf)
        near = off < np.where(own, NEAR, GROWN)
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


def _turnover(panel: Panel) -> Array:
    out = np.full(len(panel.securities), np.nan)
    if not {"market_cap", "close", "volume"} <= set(panel.fields):
        return out
    step = -(-len(panel.sessions) // LOOKED_AT) or 1
    close, volume, cap = (panel.field(f)[:, ::-step] for f in ("close", "volume", "whole_cap"))
    with np.errstate(divide="ignore", invalid="ignore"):
        part = close * volume / cap
    part[~(part > 0) | ~np.isfinite(part)] = np.nan
    some = np.isfinite(part).sum(axis=1) >= ENOUGH
    out[some] = np.nanmedian(part[some], axis=1)
    return out


def largest(held: Array, panel: Panel) -> str:
    """That one member is nearly all of the weight of three or more, or much of it of many."""
    weights: NDArray[np.float64] = held / held.sum() if held.sum() > 0 else held
    count, most = int((weights > 0).sum()), float(weights.max(initial=0.0))
    said = [words for few, share, words in MOST if count >= few and most > share]
    return (
        f"{panel.securities[int(weights.argmax())]} is more than {said[-1]} of the weight"
        if said
        else ""
    )

"""Closes that leap far beyond what is usual for their security: most often a typo, sometimes news.

The number alone does not say which. News moves the market with it, or volume, and stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from paceline.arrays import Array
from paceline.panel.doubts import Cells, Sources, daily_sigma, seen_twice, usual
from paceline.panel.holes import QUIET, RETURNED, Marks
from paceline.stillness import MANY

#: A close leaps where its return, and what it is above the market's, is beyond so many daily sigmas
#: of the sessions before, of so many at least; a sigma is so much at least.
SIGMAS, FEWEST, LEAST = 6.0, 10, 0.01
#: Without a market to compare with, of ten securities or more, it is beyond this as well, in logs,
#: and so many sigmas: markets themselves fall by a tenth and rise again.
ALONE, ALONE_SIGMAS = 0.18, 8.0
#: It comes back where the excess of both sessions is within so many sigmas of zero, or this part of
#: the leap.
BACK, PART = 1.5, 1 / 6
#: What comes back is further than this part of the leap the other way, before the market is known.
AGAINST = 1 / 3
#: Something happened where the volume was so many times its usual.
EVENT = 4.0
#: A leap of so many sigmas on volume below so many times its usual is one that nobody traded.
FAR, BUSY = 8.0, 1.5


class _Leaps(NamedTuple):
    """Cells far from zero: ln(1 + r), its excess over the market's, the daily sigma."""

    row: Cells
    column: Cells
    log: Array
    excess: Array
    sigma: Array


def returned(
    fields: Mapping[str, Array], first: int = 0, sources: Sources | None = None
) -> dict[str, Marks]:
    """Marks of the two returns of a close that leapt and came back, by basis: most often a typo.

    fields   (N, T) price_return, total_return and volume, as the sources have them
    first    session from which marks hold
    sources  where each return is from, of the sessions from ``first`` on

    With e = ln(1 + r) less its median over the session's securities: ln(1 + r) and e of the first
    are beyond six daily sigmas (1.4826 times the median |r| of the 63 sessions before, of ten at
    least; 1% at least), beyond eight and 0.18 where fewer than ten have a return; both e add up to
    less than 1.5 sigmas, or a sixth of the first; and the volume of the leap, where it is known,
    was below four times its median. Not where price and total return of the second are of two
    sources that do not contradict one another. Known on the second.
    """
    out = {}
    for name in ("price_return", "total_return"):
        if name not in fields:
            continue
        returns = fields[name]
        since = max(first - 1, 0)
        part, after = returns[:, since:-1], returns[:, since + 1 :]
        with np.errstate(invalid="ignore"):
            far = np.abs(part) > -np.expm1(-SIGMAS * LEAST)
            row, column = np.nonzero(far & (part * after < 0))
        column += since
        with np.errstate(divide="ignore", invalid="ignore"):
            back = np.log1p(returns[row, column + 1])
            some = np.abs(back) > AGAINST * np.abs(np.log1p(returns[row, column]))
        leaps = _leaps(returns, row[some], column[some])
        rest = np.log1p(returns[leaps.row, leaps.column + 1])
        rest -= np.nan_to_num(_market(returns, leaps.column + 1))
        limit = np.maximum(BACK * leaps.sigma, PART * np.abs(leaps.excess))
        kept = np.abs(leaps.excess + rest) < limit
        kept &= ~(_busy(fields, leaps) > EVENT)
        kept &= ~seen_twice(fields, leaps.row, leaps.column + 1, first, sources)
        row, column = leaps.row[kept], leaps.column[kept]
        both = np.concatenate([column, column + 1])
        known = np.concatenate([column + 1, column + 1])
        out[name] = Marks.of(np.concatenate([row, row]), both, RETURNED, known)
    return out


def quiet(
    fields: Mapping[str, Array], first: int = 0, sources: Sources | None = None
) -> dict[str, Marks]:
    """Marks of the returns of a close that leapt on volume that knows nothing of it, by basis.

    fields, first, sources  as for ``returned``

    ln(1 + r) and e are beyond eight daily sigmas, and the volume is below 1.5 times its median of
    the 63 sessions before, of ten at least. Not where price and total return are of two sources
    that do not contradict one another. Cells without volume are not told.
    """
    bases = [name for name in ("price_return", "total_return") if name in fields]
    out = {name: Marks.none() for name in bases}
    if "volume" not in fields:
        return out
    for name in bases:
        returns = fields[name]
        with np.errstate(invalid="ignore"):
            far = np.abs(returns[:, first:]) > -np.expm1(-FAR * LEAST)
            row, column = np.nonzero(far & (fields["volume"][:, first:] > 0))
        leaps = _leaps(returns, row, column + first, FAR)
        kept = _busy(fields, leaps) < BUSY
        row, column = leaps.row[kept], leaps.column[kept]
        seen = seen_twice(fields, row, column, first, sources)
        out[name] = Marks.of(row[~seen], column[~seen], QUIET)
    return out


def _leaps(returns: Array, row: Cells, column: Cells, sigmas: float = SIGMAS) -> _Leaps:
    """Those of the cells that leap."""
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log1p(returns[row, column])
        sigma = daily_sigma(returns, row, column, FEWEST, LEAST)
        kept = np.isfinite(log) & (np.abs(log) > sigmas * sigma)
    row, column, log, sigma = row[kept], column[kept], log[kept], sigma[kept]
    market = _market(returns, column)
    alone = np.isnan(market)
    excess = log - np.nan_to_num(market)
    limit = np.where(alone, np.maximum(ALONE_SIGMAS * sigma, ALONE), sigmas * sigma)
    kept = np.abs(excess) > limit
    return _Leaps(row[kept], column[kept], log[kept], excess[kept], sigma[kept])


def _market(returns: Array, column: Cells) -> Array:
    """(n,) median ln(1 + r) of each column; NaN where fewer than ten have one."""
    columns, of = np.unique(column, return_inverse=True)
    part = returns[:, columns]
    many = np.isfinite(part).sum(axis=0) >= MANY
    out = np.full(len(columns), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        out[many] = np.log1p(np.nanmedian(part[:, many], axis=0))
    return out[of]


def _busy(fields: Mapping[str, Array], leaps: _Leaps) -> Array:
    """(n,) volume of the cells over its median of the sessions before; NaN where not known."""
    if "volume" not in fields or not len(leaps.row):
        return np.full(len(leaps.row), np.nan)
    volume = fields["volume"]
    with np.errstate(divide="ignore", invalid="ignore"):
        before = usual(volume, leaps.row, leaps.column, FEWEST)
        return np.asarray(volume[leaps.row, leaps.column] / before)

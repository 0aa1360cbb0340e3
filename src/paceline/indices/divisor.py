"""Index levels kept the way a provider keeps them: market value over a divisor that changes with the members."""

from __future__ import annotations

import numpy as np

from paceline.arrays import Array
from paceline.indices._engine import BASE


def divisor(value: float, level: float) -> float:
    """The divisor that makes a market value read as ``level``: D = value / level."""
    return value / level


def adjusted_divisor(old: float, before: float, after: float) -> float:
    """D_new = D_old * MV_after / MV_before at the same prices: the level before and after the change is one."""
    return old * after / before


def divisor_levels(prices: Array, shares: Array, base: float = BASE) -> tuple[Array, Array]:
    """Levels and divisors (T,) of a cap-weighted index kept the way a provider keeps it.

    prices, shares  (N, T); shares[:, t] are in force during session t; zero for who is out,
                    whatever the price
    I_t = sum_i P_it Q_it / D_t, and D changes after the close of t - 1 by the value ratio of the
    new to the old shares at those closing prices."""
    worth = np.where(shares > 0, prices * shares, 0.0).sum(axis=0)
    renewed = np.where(shares[:, 1:] > 0, prices[:, :-1] * shares[:, 1:], 0.0).sum(axis=0)
    divisors = divisor(float(worth[0]), base) * np.cumprod(
        np.concatenate([[1.0], renewed / worth[:-1]])
    )
    return worth / divisors, divisors

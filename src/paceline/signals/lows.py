"""Short-term lows of a level by the Lunde-Timmermann filter, and what was known of them when."""

from __future__ import annotations

import numpy as np

from paceline import kernels
from paceline.arrays import Array, Ints
from paceline.errors import UsageError
from paceline.signals.view import View


def benchmark_level(view: View) -> Array | None:
    """Level of the benchmark on price basis if it has one, else on the view's own.

    Lows are dated on prices whatever basis is shown, so that one market has one low. None without a
    benchmark.
    """
    if view.benchmark is None:
        return None
    price = view.all_levels.get("price")
    if price is not None and np.isfinite(price[view.benchmark]).any():
        row: Array = price[view.benchmark]
    else:
        row = view.levels[view.benchmark]
    return row


def confirmed_lows(level: Array, low: tuple[float, float]) -> list[tuple[int, int]]:
    """(session of the low, session that confirmed it) of every confirmed low of one level (T,).

    ``low`` is the fall before and the rise after a low, as fractions. In order of time.
    """
    kind, pivot, confirmed = kernels.turning_points(level, fall=low[0], rise=low[1])
    return list(zip(pivot[kind < 0].tolist(), confirmed[kind < 0].tolist(), strict=True))


def last_low(view: View) -> tuple[int, int] | None:
    """The benchmark's last confirmed low known at the last session; None if there is none."""
    level = benchmark_level(view)
    lows = [] if level is None else confirmed_lows(level, view.low)
    return lows[-1] if lows else None


def broken_low(view: View) -> tuple[int, int] | None:
    """The benchmark's last confirmed low and the first later session that closed below it.

    None while the low has held, or without one.
    """
    low = last_low(view)
    level = benchmark_level(view)
    if low is None or level is None:
        return None
    at = broken_on(level, low[0])
    return None if at is None else (low[0], at)


def broken_on(level: Array, low: int) -> int | None:
    """First session after ``low`` on which the level (T,) closed below that of ``low``."""
    below = np.flatnonzero(level[low + 1 :] < level[low])
    return low + 1 + int(below[0]) if len(below) else None


def broken(low: object, on: object) -> str:
    """What a figure since a low says once the low has been broken."""
    return f"the low of {low} has been broken: the benchmark closed below it on {on}"


def known_low(view: View) -> Ints:
    """(T,) session of the benchmark's last low confirmed by each session; -1 before the first.

    Raises ``UsageError`` where the view has no benchmark.
    """
    level = benchmark_level(view)
    if level is None:
        raise UsageError(
            "no benchmark among the subjects, so no low.", "Give a date instead of 'low'."
        )
    base = np.full(len(view.sessions), -1, np.int64)
    for pivot, confirmed in confirmed_lows(level, view.low):
        base[confirmed:] = pivot
    return base

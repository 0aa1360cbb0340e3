"""PLUG-IN: one weighting = one function, from what is known at a rebalance to target weights.

    @weighting("equal")
    def equal(at: AtRebalance) -> Array: ...

A market file names it: ``weight = "equal"``. The contract:

argument   what may be known at the close of the rebalance day, arrays (N,) over the securities of
           the panel. Nothing in it is known later
result     (N,) weights, zero for who is no member; finite, not negative, summing to one. A NaN is a
           fault, not a missing weight: who cannot be weighed has zero, and the others share
           the whole. All zeros: nobody can be weighed, and the basket is empty
``cap_limit`` is applied to the result; the basket's caveats say how many members had no cap or
holding, where the function read ``size``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import Array
from paceline.errors import MarketFileError, UnknownName, UsageError
from paceline.lineage import code_of

if TYPE_CHECKING:
    from paceline.baskets.rebalance import AtRebalance
    from paceline.config import MarketFile

#: Sessions over which inverse volatility looks back, and the returns it needs.
VOLATILITY_WINDOW, VOLATILITY_NEEDED = 252, 126
#: A standard deviation below this is that of a price that did not move.
MOTIONLESS = 1e-12
#: Room for rounding where weights are compared with their limit.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Weighting:
    """A declared weighting; ``doc`` is its docstring."""

    name: str
    function: Callable[[AtRebalance], Array]
    doc: str

    @property
    def module(self) -> str:
        """Name of the module the weighting is defined in."""
        return self.function.__module__

    def __call__(self, at: AtRebalance) -> Array:
        """The weights (N,) at a rebalance."""
        return self.function(at)


def weighting(name: str) -> Callable[[Callable[[AtRebalance], Array]], Weighting]:
    """Declare a weighting by the name that market files give it."""

    def declare(function: Callable[[AtRebalance], Array]) -> Weighting:
        return Weighting(name, function, inspect.getdoc(function) or "")

    return declare


def discover(further: Iterable[Weighting] = ()) -> dict[str, Weighting]:
    """Every weighting of this file and the ``further`` ones, by name, in alphabetical order.

    Raises ``UsageError`` where two different ones have the same name.
    """
    own = [value for value in globals().values() if isinstance(value, Weighting)]
    found: dict[str, Weighting] = {}
    for one in (*own, *further):
        other = found.setdefault(one.name, one)
        if other is not one:
            raise UsageError(
                f"two weightings are called {one.name!r}: in {other.module} and in {one.module}.",
                "Rename one of them.",
            )
    return dict(sorted(found.items()))


def get(name: str, further: Iterable[Weighting] = ()) -> Weighting:
    """The weighting of that name; ``UnknownName`` lists the nearest ones."""
    known = discover(further)
    if name not in known:
        raise UnknownName("weighting", name, known)
    return known[name]


def check(file: MarketFile, path: str, further: Iterable[Weighting] = ()) -> None:
    """Raise ``MarketFileError`` for a basket or a group whose weighting does not exist.

    path  what messages call the market file
    """
    for key, name in _named(file):
        try:
            get(name, further)
        except UnknownName as error:
            raise MarketFileError(f"{path}: {key}: {error.message}", error.remedy) from None


def code_behind(file: MarketFile, further: Iterable[Weighting] = ()) -> str:
    """Hash of the code of the weightings that a market file names."""
    return code_of(*sorted({get(name, further).module for _, name in _named(file)}))


def _named(file: MarketFile) -> list[tuple[str, str]]:
    """(key, weighting) of every basket and group of a market file."""
    specs = [(f"baskets.{name}.weight", basket.weight) for name, basket in file.baskets.items()]
    return specs + [(f"groups.{name}.weight", group.weight) for name, group in file.groups.items()]


# ---- the weightings


@weighting("cap")
def cap(at: AtRebalance) -> Array:
    """Float cap, or market cap where no float is known, as a share of the members' sum.

    Of a universe with ``holdings``, the fund's published weights, rolled with returns.
    """
    return at.proportional(at.size)


@weighting("equal")
def equal(at: AtRebalance) -> Array:
    """1 / number of companies, split equally over a company's lines.

    The wording of S&P's equal-weight indices: the weights are fixed at the closes of the reference
    day, a week before the rebalance, and have drifted since.
    """
    held = np.zeros(len(at.members))
    rows = np.flatnonzero(at.members)
    if len(rows):
        companies = at.companies[rows]
        _, code, lines = np.unique(companies, return_inverse=True, return_counts=True)
        held[rows] = 1.0 / (len(lines) * lines[code])
    return at.drifted_since_reference(held)


@weighting("inverse_volatility")
def inverse_volatility(at: AtRebalance) -> Array:
    """(1/s) / sum(1/s), with s the standard deviation (ddof 1) of the last 252 drift returns.

    Members with fewer than 126 returns, or none that moved, have no weight.
    """
    held = np.zeros(len(at.members))
    rows = np.flatnonzero(at.members)
    r = at.returns(VOLATILITY_WINDOW)[rows]
    n = (~np.isnan(r)).sum(axis=1)
    mean = np.nansum(r, axis=1) / np.maximum(n, 1)
    sd = np.sqrt(np.nansum((r - mean[:, None]) ** 2, axis=1) / np.maximum(n - 1, 1))
    usable = (n >= VOLATILITY_NEEDED) & (sd > MOTIONLESS)
    held[rows[usable]] = 1.0 / sd[usable]
    return at.proportional(held)


@weighting("given")
def given(at: AtRebalance) -> Array:
    """The weights of the market file, ``weights = { TICKER = 0.5 }``, over the day's members."""
    return at.proportional(at.stated)


# ---- the limit on a weight


def limited(weights: Array, limit: float) -> Array:
    """No weight above ``limit``: the excess goes to the others in proportion.

    Idempotent. The solution is w_i = min(limit, c w_i) with the c that makes the sum one, found by
    sorting: with the k largest at the limit, c = (1 - k limit) / (sum of the rest), for the
    smallest k that works. Raises ``UsageError`` where the members are too few: n * limit < 1.
    """
    held = np.flatnonzero(weights > 0)
    if not len(held) or weights[held].max() <= limit:
        return weights
    if len(held) * limit < 1 - ROUNDING:
        raise UsageError(
            f"no weight above {limit:g} is impossible with {len(held)} members.",
            f"Raise cap_limit to {1 / len(held):.4f} or more.",
        )
    w = weights[held]
    order = np.sort(w)[::-1]
    k = np.arange(len(w))
    rest = np.cumsum(order[::-1])[::-1]  # sum of all but the k largest
    scale = np.maximum(1.0 - k * limit, 0.0) / rest
    fits = scale * order <= limit * (1 + ROUNDING)
    c = scale[fits.argmax()] if fits.any() else np.inf
    out = np.zeros_like(weights)
    out[held] = np.minimum(limit, c * w)
    return out

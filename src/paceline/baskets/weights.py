"""PLUG-IN: one weighting = one function, from what is known at a rebalance to target weights.

    @weighting("equal")
    def equal(at: AtRebalance) -> Array: ...

A market file names it: ``weight = "equal"``. Weightings come from this file, from entry points
(``paceline.weightings``) and from files that the market file names. The contract:

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
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from paceline import plugins
from paceline.arrays import Array, Bools
from paceline.errors import MarketFileError, UnknownName, UsageError

if TYPE_CHECKING:
    from paceline.baskets.rebalance import AtRebalance
    from paceline.config import MarketFile

#: Sessions over which inverse volatility looks back, and the returns it needs.
VOLATILITY_WINDOW, VOLATILITY_NEEDED = 252, 126
#: A standard deviation below this is that of a price that did not move.
MOTIONLESS = 1e-12
#: Room for rounding where weights are compared with their limit.
ROUNDING = 1e-12
#: The sum of weights may differ from one by this much.
WHOLE = 1e-9


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


@cache
def discover(plugged: tuple[plugins.Plugin, ...] = ()) -> dict[str, Weighting]:
    """Every weighting of this file, of installed packages and of ``plugged`` files, by name.

    In alphabetical order. Raises ``PluginError`` where two have one name.
    """
    own = {w.name: w for w in globals().values() if isinstance(w, Weighting)}
    further = (*plugins.installed("weightings"), *plugged)
    found = plugins.collect("weighting", own, further, Weighting, lambda w: w.function)
    return dict(sorted(found.items()))


def of_market(file: MarketFile) -> dict[str, Weighting]:
    """The weightings that a market file may name.

    Its plug-in files are loaded only where it names one that is not there without them.
    """
    known = discover()
    if file.plugins and any(name not in known for name in named(file).values()):
        return discover(plugins.load(file.plugins))
    return known


def check(file: MarketFile, path: str) -> None:
    """Raise ``MarketFileError`` for a basket or a group whose weighting does not exist.

    In a file that names plug-ins it may be one of theirs. They are loaded when its weights are
    needed, not here: opening a market runs no code from outside.

    path  what messages call the market file
    """
    known = discover()
    for key, name in named(file).items():
        if name not in known and not file.plugins:
            error = UnknownName("weighting", name, known)
            raise MarketFileError(f"{path}: {key}: {error.message}", error.remedy)


def named(file: MarketFile) -> dict[str, str]:
    """Key -> weighting of every basket and group of a market file."""
    return {f"baskets.{name}.weight": basket.weight for name, basket in file.baskets.items()} | {
        f"groups.{name}.weight": group.weight for name, group in file.groups.items()
    }


def modules(file: MarketFile) -> tuple[str, ...]:
    """Names of the modules that define the weightings a market file names."""
    known = of_market(file)
    return tuple(sorted({known[name].module for name in named(file).values() if name in known}))


def outside(file: MarketFile) -> bool:
    """Whether a market file names a weighting from outside, which may rest on what nobody sees."""
    known = of_market(file)
    return any(plugins.outside(known[n].function) for n in named(file).values() if n in known)


def weigh(weighting: Weighting, at: AtRebalance) -> Array:
    """What the weighting says at a rebalance; ``PluginError`` for one from outside that fails."""
    what = f"the weighting {weighting.name}"
    with plugins.running(weighting.function, f"{what} failed"):
        held = weighting(at)
    if plugins.outside(weighting.function) and (fault := _misfit(held, at.members)):
        plugins.refuse(weighting.function, f"{what} on {at.date}", fault)
    return held


def _misfit(held: object, members: Bools) -> str:
    """What is wrong with the result of a weighting; "" where nothing is."""
    if not isinstance(held, np.ndarray) or held.shape != members.shape:
        return f"it must return an array of {len(members)} weights, one a security"
    if held.dtype.kind != "f" or not np.isfinite(held).all():
        return "a weight is not a number"
    if (held < 0).any():
        return "a weight is negative"
    if held[~members].any():
        return "somebody who is no member has a weight"
    total = float(held.sum())
    if held.any() and abs(total - 1) > WHOLE:
        return f"the weights sum to {total:.12g}, not to one"
    return ""


# ---- the weightings

#: Those that rest on no market cap.
WITHOUT_SIZES = ("equal", "given", "inverse_volatility")


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

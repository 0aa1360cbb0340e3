"""Target weights at rebalances, and what a weighting may know when it sets them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paceline.arrays import Array, Bools
from paceline.baskets.history import drift_return
from paceline.baskets.schedule import Event
from paceline.baskets.select import Sizes

if TYPE_CHECKING:
    from paceline.baskets.history import Day

#: A need for a fundamental item is written with this before the item's name, as measures do.
FUNDAMENTAL = "fundamental:"


#: Kind of a lack -> (session, the lack in words) of every rebalance with it.
Thin = Mapping[str, tuple[tuple[int, str], ...]]


class Rebalance(NamedTuple):
    """Target weights of some baskets, known at the close of ``session``, in force from the next.

    rows     (R,) the baskets, as positions in ``Targets.names``
    columns  (C,) the securities that any of them holds
    weights  (R, C); rows sum to one, or are all zero where the basket has no member
    """

    session: int
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    weights: Array


@dataclass(frozen=True)
class Targets:
    """Target weights of several baskets over one panel, in order of session.

    first        (S,) session a basket begins (its level's base), T where it never does
    instruments  (S,) the security a one-instrument basket is, -1 for a selection
    caveats      basket -> weaknesses of its members and weights
    thin         basket -> kind -> (session, what members, ranks or weights lacked) of rebalances
    """

    names: tuple[str, ...]
    labels: Mapping[str, str]
    rebalances: tuple[Rebalance, ...]
    first: NDArray[np.int64]
    instruments: NDArray[np.int64]
    caveats: Mapping[str, tuple[str, ...]]
    thin: Mapping[str, Thin] = field(default_factory=dict)


class AtRebalance:
    """What a weighting may know at the close of a rebalance day; arrays are (N,), one a security.

    members    (N,) bool, who is to be held
    event      the rebalance: its session, and the reference day before it, as positions
    sizes      how large each line and company is, for whoever asks
    stated     the weights of the market file, for whoever asks
    """

    def __init__(
        self,
        day: Day,
        event: Event,
        members: Bools,
        sizes: Callable[[], Sizes],
        stated: Callable[[], Array],
    ) -> None:
        self._day, self.event, self.members = day, event, members
        self._sizes, self._stated = sizes, stated
        self.drifted = False  # whether anybody has asked how weights drifted since the reference

    @property
    def date(self) -> np.datetime64:
        """The rebalance day."""
        date: np.datetime64 = self._day.panel.sessions[self._day.t]
        return date

    @property
    def companies(self) -> NDArray[np.int64]:
        """Number of each security's company; share classes of one company have one number."""
        return self._day.panel.companies

    @cached_property
    def sizes(self) -> Sizes:
        """How large each line and its company counts."""
        return self._sizes()

    @property
    def sized(self) -> bool:
        """Whether anybody has asked for sizes."""
        return "sizes" in vars(self)

    @property
    def size(self) -> Array:
        """Cap of each line, or its weight in the universe's fund; NaN without one."""
        return self.sizes.line

    @property
    def stated(self) -> Array:
        """The weights that the market file gives, zero where it gives none."""
        return self._stated()

    @property
    def close(self) -> Array:
        """Last close, at most ten sessions old; NaN without one."""
        return self._day.close

    def field(self, name: str) -> Array:
        """The day's value of a field of the panel, or of "fundamental:<item>" as filed by then."""
        panel, t = self._day.panel, self._day.t
        item = name.removeprefix(FUNDAMENTAL)
        return (panel.field(name) if item == name else panel.fundamental(item))[:, t]

    def returns(self, window: int) -> Array:
        """(N, L) drift returns of the last ``window`` sessions, the day itself included.

        The price return where known, else the total return, else NaN; L is smaller where the
        history is.
        """
        stop = self._day.t + 1
        return drift_return(self._day.panel, max(0, stop - window), stop)

    def proportional(self, size: Array) -> Array:
        """size_i / sum of size over the members that have one above zero; zero elsewhere."""
        return proportional(size, self.members)

    def drifted_since_reference(self, weights: Array) -> Array:
        """Weights fixed at the closes of the reference day, as they stand at the rebalance."""
        reference, session = self.event.reference, self.event.session
        if reference == session:
            return weights
        self.drifted = True
        return self.proportional(weights * self._day.history.growth(reference, session))


def proportional(size: Array, members: Bools) -> Array:
    """size_i / sum of size over the members that have one above zero; zero elsewhere. (N,)."""
    counted = np.where(members & (size > 0), size, 0.0)
    total = counted.sum()
    return np.asarray(counted / total) if total > 0 else counted

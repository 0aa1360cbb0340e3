"""What the levels of one moment lack, session by session, and how old is what they rest on."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import Array, Dates
from paceline.indices import late, levels, unmoved
from paceline.indices.apart import Apart
from paceline.indices.drift import SHARES
from paceline.indices.gaps import Gaps
from paceline.indices.late import Late
from paceline.market import following, validity

if TYPE_CHECKING:
    from paceline.baskets.absent import Absent
    from paceline.market.assembled import Assembled


class Coverage:
    """What the levels of a moment lack, worked out basket by basket on first use and kept."""

    def __init__(self, moment: Assembled) -> None:
        self.moment = moment
        self._gaps: dict[tuple[str, str], Gaps | None] = {}
        self._iso: dict[tuple[np.datetime64, int], tuple[str, ...]] = {}

    @cached_property
    def absent(self) -> dict[str, Absent]:
        """Members without a price of every basket whose universe is a stored list."""
        from paceline.baskets import absent

        if self.moment.stocks is None or not self.moment.composites:
            return {}
        file = self.moment.file.model_copy(update={"baskets": dict(self.moment.declared.baskets)})
        return absent.absent(self.moment.stocks, file, self.moment.composites)

    @cached_property
    def apart(self) -> list[Apart]:
        """Built baskets that do not follow what is published for them."""
        return following.all_apart(self.moment)

    def gaps(self, name: str, basis: str = "") -> Gaps | None:
        """What the level of a basket lacks, session by session; None for a name without a level.

        basis  "price" or "total"; anything else: the basket's own
        """
        if name not in self.moment.levels.basis:
            return None
        on = basis if basis in levels.BASES else self.moment.levels.basis[name]
        if (name, on) not in self._gaps:
            self._gaps[name, on] = self._gaps_of(name, on)
        return self._gaps[name, on]

    def _gaps_of(self, name: str, basis: str) -> Gaps | None:
        for built in (self.moment.composite_indices, self.moment.instrument_indices):
            if built and name in built["price"].names:
                index = built[basis]
                break
        else:
            return None
        row = index.row(name)
        at = int(np.searchsorted(self.moment.levels.sessions, index.sessions[0]))
        level = self.moment.levels.by_basis[basis][self.moment.levels.names.index(name)]
        there = np.isfinite(level[at : at + len(index.sessions)])
        begun = np.maximum.accumulate(np.r_[False, there[:-1]])  # the base has no return
        shares = np.where(begun, index.shares[:, row], 0.0)
        shares[0, begun & ~there] = 1.0  # nobody was held: a level missing for a while
        last = int(np.flatnonzero(there)[-1]) if there.any() else len(there) - 1
        if (shares[0, last + 1 :] == 1.0).all():
            shares[:, last + 1 :] = 0.0  # the end says it all
        some, held = np.flatnonzero(shares.any(axis=0)), index.members[row].astype(np.int64)
        days = self._days(index.sessions)
        missing = np.zeros(len(level), bool)  # of these sessions there is no close that could move
        missing[at : at + len(days)] = (shares[: SHARES.index("pending") + 1] > 0).any(axis=0)
        counted, nobody = self.absent.get(name), np.empty(0, np.int64)
        return Gaps(
            self.moment.called(name),
            basis,
            tuple(days[t] for t in some.tolist()),
            dict(zip(SHARES, shares[:, some], strict=True)),
            days,
            nobody if counted is None else counted.eligible,
            nobody if counted is None else counted.absent,
            nobody if counted is None else held,
            counted is not None and counted.ranked,
            tuple(days[r.session] for r in index.targets.rebalances if row in r.rows),
            self.moment.file.market.unpriced,
            days[last] if last < len(there) - 1 else "",
            bool(self.moment.baskets[name].instrument),
            validity.of_basket(self.moment, name),
            tuple(following.touching(self.moment, name, basis)),
            tuple(
                tuple((days[t], why) for t, why in said)
                for said in index.targets.thin.get(name, {}).values()
            ),
            unmoved.spans(np.where(missing, np.nan, level), self.moment.levels.sessions)
            if self.moment.baskets[name].instrument
            else (),
            self._late(name, level),
            cuts=() if counted is None else counted.cuts,
            emptied=last < len(there) - 1 and not held[last + 1 :].any(),
            empty=frozenset(days[t] for t in some.tolist() if not (there[t] or held[t])),
        )

    def _late(self, name: str, level: Array) -> tuple[Late, ...]:
        """Where an instrument's level (T,) is a session apart from the market's broad basket."""
        levels, broad = self.moment.levels, self.moment.file.broad
        if not self.moment.baskets[name].instrument or broad not in levels.names:
            return ()
        market = levels.native[levels.names.index(broad)]
        return late.spans(level, market, self.moment.called(broad), levels.sessions)

    def _days(self, sessions: Dates) -> tuple[str, ...]:
        """The sessions as ISO dates."""
        key = sessions[0], len(sessions)
        if key not in self._iso:
            self._iso[key] = tuple(str(d) for d in sessions.astype("datetime64[D]"))
        return self._iso[key]

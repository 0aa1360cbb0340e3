"""What the levels of one moment lack, session by session, and how old is what they rest on."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import Array, Bools, Dates
from paceline.baskets import cache, given
from paceline.baskets.history import PanelDays, stored
from paceline.indices import ends, joined, late, leapt, levels, unmoved
from paceline.indices.apart import Apart
from paceline.indices.doubt_words import MOVING
from paceline.indices.drift import SHARES
from paceline.indices.gaps import Gaps
from paceline.indices.late import Late
from paceline.indices.leapt import Beside, Leapt, Rescaled, rescaled
from paceline.market import following, validity
from paceline.market.doubting import Doubting

if TYPE_CHECKING:
    from paceline.baskets.absent import Absent
    from paceline.indices import Indices
    from paceline.market.assembled import Assembled


class Coverage:
    """What the levels of a moment lack, worked out basket by basket on first use and kept."""

    def __init__(self, moment: Assembled) -> None:
        self.moment = moment
        self._gaps: dict[tuple[str, str], Gaps | None] = {}
        self._own_late: dict[str, tuple[Late, ...]] = {}
        self._doubting: dict[int, tuple[Doubting, dict[str, dict[str, Array]]]] = {}
        self._iso: dict[tuple[np.datetime64, int], tuple[str, ...]] = {}

    @cached_property
    def absent(self) -> dict[str, Absent]:
        """Members without a price of every basket whose universe is a stored list."""
        if self.moment.base is not None:
            return self.moment.base.coverage.absent
        if self.moment.stocks is None or not self.moment.composites:
            return {}
        file = self.moment.file.model_copy(update={"baskets": dict(self.moment.declared.baskets)})
        memory = self.moment.stored.store.cache
        return cache.absent(self.moment.stocks, file, self.moment.composites, memory)

    @cached_property
    def apart(self) -> list[Apart]:
        """Built baskets that do not follow what is published for them."""
        if self.moment.base is not None:
            return self.moment.base.coverage.apart
        return following.all_apart(self.moment)

    def gaps(self, name: str, basis: str = "") -> Gaps | None:
        """What the level of a basket lacks, session by session; None for a name without a level.

        basis  "price" or "total"; anything else: the basket's own
        """
        if name not in self.moment.levels.basis:
            return None
        on = basis if basis in levels.BASES else self.moment.levels.basis[name]
        owner = self.moment.owner(name)
        if owner is not self.moment:
            return owner.coverage.gaps(name, on)
        if (name, on) not in self._gaps:
            self._gaps[name, on] = self._gaps_of(name, on)
        return self._gaps[name, on]

    def _gaps_of(self, name: str, basis: str) -> Gaps | None:
        for built in self.moment.indices:
            if name in built["price"].names:
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
        shares[0] = np.maximum(shares[0], np.where(begun, self._not_held(name, index), 0.0))
        doubts = self._doubts(index)
        moving = (built["price"].shares[SHARES.index(kind)] for kind in MOVING.values())
        over = [np.where(begun, of[row], 0.0)[None] for of in (*doubts.values(), *moving)]
        last = int(np.flatnonzero(there)[-1]) if there.any() else len(there) - 1
        if (shares[0, last + 1 :] == 1.0).all():
            shares[:, last + 1 :] = 0.0  # the end says it all
        shares, kinds = np.concatenate([shares, *over]), (*SHARES, *doubts, *MOVING)
        some, held = np.flatnonzero(shares.any(axis=0)), index.members[row].astype(np.int64)
        # missing: of these sessions there is no close that could move
        days, missing = self._days(index.sessions), np.zeros(len(level), bool)
        missing[at : at + len(days)] = (shares[: SHARES.index("pending") + 1] > 0).any(axis=0)
        counted, nobody = self.absent.get(name), np.empty(0, np.int64)
        return Gaps(
            self.moment.called(name),
            basis,
            tuple(days[t] for t in some.tolist()),
            dict(zip(kinds, shares[:, some], strict=True)),
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
            (*self._late(name), *self._leapt(name, level), *self._rescaled(name, index)),
            cuts=() if counted is None else counted.cuts,
            fixed=self.moment.baskets[name].rebalance == "none",
            joined=joined.closes(index, name),
            emptied=last < len(there) - 1 and not held[last + 1 :].any(),
            closes=self._has_closes(name, index),
            lacks=self._lacks(name, index, there),
            empty=frozenset(days[t] for t in some.tolist() if not (there[t] or held[t])),
        )

    def _lacks(self, name: str, index: Indices, there: Bools) -> str:
        """Why the level of a basket with members ends before the last session, or never begins."""
        if there[-1] or self.moment.baskets[name].instrument:
            return ""
        return ends.why(index, name, int(np.flatnonzero(there)[-1]) if there.any() else None)

    def _has_closes(self, name: str, index: Indices) -> bool:
        """Whether a lone instrument has any close; others: yes."""
        panel, instrument = index.drift.panel, self.moment.baskets[name].instrument
        if instrument not in panel.securities:
            return True
        close = stored(panel, "close")
        row = panel.securities.index(instrument)
        return close is not None and bool(np.isfinite(close[row]).any())

    def _not_held(self, name: str, index: Indices) -> Array:
        """(T,) part of the weights given that is of securities without a price."""
        spec, out = self.moment.baskets[name], np.zeros(len(index.sessions))
        if not spec.weights:
            return out
        universe = self.moment.file.universes.get(spec.universe or "")
        history, row = PanelDays(index.drift.panel), index.row(name)
        for t in (r.session for r in index.targets.rebalances if row in r.rows):
            out[t + 1 :] = given.share(spec, given.unpriced(spec, universe, history.day(t)))
        return out

    def _doubts(self, index: Indices) -> dict[str, Array]:
        """Kind of doubt -> (S, T) share of the weight of the baskets of an index."""
        panel = index.drift.panel
        if id(panel) not in self._doubting:
            self._doubting[id(panel)] = Doubting(panel, panel is self.moment.instruments), {}
        doubting, made = self._doubting[id(panel)]
        if index.basis not in made:
            file = self.moment.file.model_copy(update={"baskets": self.moment.baskets})
            known = cache.key(panel, file, index.names)
            made[index.basis] = doubting.kept(index, known, self.moment.stored.store.cache)
        return made[index.basis]

    def _late(self, name: str) -> tuple[Late, ...]:
        """Where an instrument is a session apart from the market, or this from most of them.

        Where its own changes do not tell, those of what else its source holds do.
        """
        if not self._market:
            return ()
        if name == self._market or not self.moment.baskets[name].instrument:
            return self._market_late
        return self._apart_from_market(name) or self._source_late(name)

    @cached_property
    def _market(self) -> str:
        """What instruments are held against: the broad basket, else the benchmark."""
        levels = self.moment.levels
        own = (n for n in (self.moment.file.broad, self.moment.file.market.benchmark) if n)
        lines = ((n, levels.native[levels.names.index(n)]) for n in own if n in levels.names)
        return next((n for n, line in lines if np.isfinite(line).any()), "")

    def _apart_from_market(self, name: str) -> tuple[Late, ...]:
        """The stretches on which an instrument is a session apart from the market."""
        if name not in self._own_late:
            levels = self.moment.levels
            own, market = (levels.native[levels.names.index(n)] for n in (name, self._market))
            called = self.moment.called(self._market)
            self._own_late[name] = late.spans(own, market, called, levels.sessions)
        return self._own_late[name]

    def _source_late(self, name: str) -> tuple[Late, ...]:
        """Where half of what one source prices is a session apart from the market."""
        sources = self.moment.lineage.instrument_sources
        own = sources.get(str(self.moment.baskets[name].instrument))
        declared = self.moment.declared.baskets
        beside = [
            n for n in self._instruments if own and sources[str(declared[n].instrument)] == own
        ]
        found = [self._apart_from_market(n) for n in beside]
        first = next((n for n, stretches in zip(beside, found, strict=True) if stretches), "")
        if not first:
            return ()
        market = self.moment.called(self._market)
        told = f"{self.moment.called(first)}, of the same source,"
        return tuple(late.shared(found, self.moment.levels.sessions, market, told))

    @cached_property
    def _instruments(self) -> list[str]:
        """One declared basket of each instrument that has a level."""
        baskets = {b.instrument: n for n, b in self.moment.declared.baskets.items() if b.instrument}
        return [n for n in baskets.values() if n in self.moment.levels.names]

    @cached_property
    def _market_late(self) -> tuple[Late, ...]:
        """Where it is the market that is a session apart from most instruments."""
        moment, levels = self.moment, self.moment.levels
        market = levels.native[levels.names.index(self._market)]
        others = [n for n in self._instruments if n != self._market]
        own = {n: levels.native[levels.names.index(n)] for n in others}
        names = [n for n, line in own.items() if late.follows(line, market)]
        found = [self._apart_from_market(n) for n in names]
        one = moment.called(names[0]) if len(names) == 1 else "most funds and indices"
        return tuple(late.mirrored(found, levels.sessions, moment.called(self._market), one))

    @cached_property
    def _others(self) -> tuple[Beside, tuple[str | None, ...]]:
        """What instruments are held against: the declared ones and the broad basket."""
        levels, baskets = self.moment.levels, self.moment.declared.baskets
        names = {baskets[n].instrument or n: n for n in levels.names if n in baskets}
        some = {
            own: levels.names.index(n)
            for own, n in names.items()
            if baskets[n].instrument or n == self.moment.file.broad
        }
        return Beside.of(levels.native[list(some.values())]), tuple(some)

    def _leapt(self, name: str, level: Array) -> tuple[Leapt, ...]:
        """Closes of an instrument's level (T,) that leapt and came back alone."""
        instrument = self.moment.baskets[name].instrument
        if not instrument:
            return ()
        beside, names = self._others
        other = np.array([n != instrument for n in names], bool)
        runs = leapt.runs(level, beside, other, self.moment.levels.sessions)
        return (Leapt(runs),) if runs else ()

    def _rescaled(self, name: str, index: Indices) -> tuple[Rescaled, ...]:
        """That an instrument's closes moved as in a split on sessions that have no return."""
        jumps = self.moment.stored.jumps.get(self.moment.baskets[name].instrument or "", [])
        lost, days = index.shares[0, index.row(name)] > 0, self._days(index.sessions)
        found = rescaled(
            [(day, move) for day, move in jumps if day in days and lost[days.index(day)]]
        )
        return () if found is None else (found,)

    def _days(self, sessions: Dates) -> tuple[str, ...]:
        """The sessions as ISO dates."""
        key = sessions[0], len(sessions)
        if key not in self._iso:
            self._iso[key] = tuple(str(d) for d in sessions.astype("datetime64[D]"))
        return self._iso[key]

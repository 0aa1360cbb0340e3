"""Target weights of baskets at their rebalances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from paceline import config
from paceline.arrays import Array, Bools
from paceline.baskets import given, schedule, spelling, weights
from paceline.baskets.caps import OddCaps, largest
from paceline.baskets.emptiness import (
    FEW,
    FEW_RULED,
    NOT_FOUND,
    WORDLESS,
    by_rank,
    size_of,
    why_empty,
    why_few,
    why_thin,
)
from paceline.baskets.groups import group_baskets
from paceline.baskets.history import Day, stored
from paceline.baskets.rebalance import AtRebalance, Rebalance, Targets
from paceline.baskets.schedule import Event
from paceline.baskets.select import Selector, Sizes
from paceline.baskets.twins import Twins
from paceline.errors import UnknownName, UsageError
from paceline.wording import agreeing, number_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paceline.panel import Panel

REPEATED_NOTE = (
    "company-wide caps are repeated across share classes: each line carries an equal part of it"
)
FULL = "without a float factor"


def targets(panel: Panel, market: config.MarketFile, names: Sequence[str] | None = None) -> Targets:
    """Target weights of the named baskets at their rebalances.

    names  default: all, those made by groups included. A name made by a group
           ("sectors:Health Care") is expanded

    Rebalances of a basket: the session it begins, the days of its schedule, and, unless the
    schedule is "none", the days a rule-based universe is reconstituted; with "members" also those
    on which a stored list changes. Raises ``UnknownName`` for a basket, a weighting or an
    instrument that does not exist and ``UsageError`` for baskets that refer to each other in a
    circle or a limit that cannot hold.
    """
    made: dict[str, config.Basket] = {}
    labels: dict[str, str] = {}
    if names is None or any(n not in market.baskets for n in names):
        made, labels = group_baskets(panel, market)
        market = market.model_copy(update={"baskets": {**made, **market.baskets}})
    declared = {n: b for n, b in market.baskets.items() if n not in made}
    labels |= {n: b.label or n for n, b in declared.items()}
    names = tuple(market.baskets if names is None else names)
    builder = BasketBuilder(Selector(panel, market), weights.of_market(market))
    rows: dict[int, list[tuple[int, Array]]] = {}
    first = np.full(len(names), len(panel.sessions), np.int64)
    instruments = np.full(len(names), -1, np.int64)
    for row, name in enumerate(names):
        if builder.selector.basket(name).instrument is not None:
            instruments[row] = instrument_row(builder.selector, name)
        for k, held in builder.history_of(name):
            first[row] = min(first[row], k)
            rows.setdefault(k, []).append((row, held))
    rebalances = tuple(_rebalance(k, rows[k]) for k in sorted(rows))
    caveats = {n: tuple(dict.fromkeys(builder.caveats(n))) for n in names}
    told = {n: labels.get(n, n) for n in names}
    return Targets(names, told, rebalances, first, instruments, caveats, builder.thin)


def _rebalance(session: int, held: list[tuple[int, Array]]) -> Rebalance:
    """The weights (N,) of several baskets, given with their rows, as one rebalance."""
    W = np.array([own for _, own in held])
    columns = np.flatnonzero(W.any(axis=0))
    rows = np.array([row for row, _ in held])
    return Rebalance(session, rows, columns, np.ascontiguousarray(W[:, columns]))


def hold(
    old: Targets, panel: Panel, market: config.MarketFile, names: Sequence[str], before: int
) -> bool:
    """Whether targets of a panel of ``before`` sessions are also those of the longer ``panel``.

    They are where every basket had begun, and nothing is renewed at the old panel's last close or
    later, nor newly dated earlier.
    """
    if (
        old.names != tuple(names)
        or (old.first >= before).any()
        or any(r.session >= before - 1 for r in old.rebalances)
    ):
        return False
    selector = Selector(panel, market)
    if not _same_days(selector, names, before):
        return False
    for name, row in zip(names, old.instruments, strict=True):
        spec = selector.basket(name)
        if spec.instrument is not None:
            if instrument_row(selector, name) != row:
                return False
            continue
        universe = selector.universe_of(name)
        if spec.rebalance == "members" and universe is not None:
            renewals = selector.universes[universe].renewals
            if any(k >= before - 1 for k in renewals):
                return False
    return True


def _same_days(selector: Selector, names: Sequence[str], before: int) -> bool:
    """Whether the sessions from ``before`` on add no day to any schedule, and move none."""
    sessions = selector.panel.sessions
    specs = [selector.basket(name) for name in names]
    rules: set[config.Schedule] = {s.rebalance for s in specs if s.instrument is None}
    ruled = {u.reconstitution for u in selector.market.universes.values() if u.members is None}
    rules |= {rule for rule in ruled if rule != "russell"}
    earlier = sessions[:before]
    return all(schedule.events(r, sessions) == schedule.events(r, earlier) for r in rules) and (
        "russell" not in ruled
        or schedule.russell_events(sessions) == schedule.russell_events(earlier)
    )


def instrument_row(selector: Selector, name: str) -> int:
    """The one security behind an instrument basket: by identifier, else by the last tickers."""
    wanted = str(selector.basket(name).instrument)
    panel = selector.panel
    names = selector.history.day(len(panel.sessions) - 1).names if len(panel.sessions) else {}
    if not names.get(wanted):
        raise UnknownName(f"instrument of basket {name!r}:", wanted, panel.securities)
    return names[wanted][0]


class BasketBuilder:
    """Rebalances and weights of one basket after another.

    What days share is computed once by the selector.
    """

    def __init__(self, selector: Selector, weightings: Mapping[str, weights.Weighting]) -> None:
        self.selector, self.panel, self.weightings = selector, selector.panel, weightings
        self._notes: dict[str, list[str]] = {}
        # basket -> kind -> (session, what it lacked) of rebalances that lacked anything
        self.thin: dict[str, dict[str, tuple[tuple[int, str], ...]]] = {}
        self._odd_caps, self._twins = OddCaps(self.panel), Twins(self.panel)
        self._held: dict[str, Bools] = {}
        self._beside: dict[str, Bools] = {}  # who was ever a member of the universe of a basket
        self._by_cap: dict[str, Array] = {}
        self._ranked: set[str] = set()

    def caveats(self, name: str) -> list[str]:
        """Weaknesses of a basket's members and weights; complete after ``history_of``."""
        caveats = list(self._notes.get(name, ()))
        universe = self.selector.universe_of(name)
        if universe is not None:
            caveats += self.selector.universes[universe].caveats
        rules = universe is not None and self.selector.universes[universe].spec.members is None
        if name in self._held and rules:
            names = np.array(self.panel.securities)[self._held[name]].tolist()
            if found := spelling.indices(names):
                what = agreeing(len(found), "is an index", "are indices")
                caveats.append(f"{spelling.sample(found)} {what} by name, held as a member")
        if self.selector.basket(name).instrument is not None:
            caveats += self._twins.of_series(instrument_row(self.selector, name))
        if name in self._held:
            beside, ranked = self._beside.get(name), name in self._ranked
            caveats += self._twins.caveats(self._with_spun(self._held[name]), beside, ranked=ranked)
        if name in self._by_cap:
            some = self.selector.market.market.unpriced
            caveats += self._odd_caps.caveats(self._by_cap[name], some)
        lost = self.selector.missing_names(name)
        if lost and self.selector.basket(name).instrument is None:
            caveats.append(f"{NOT_FOUND}: {', '.join(lost)}")
        return caveats

    def _with_spun(self, held: Bools) -> Bools:
        """(N,) those held, and those whom one of them spun off: they are held until a rebalance."""
        out, names = held.copy(), self.panel.securities
        rows = {s: i for i, s in enumerate(names)}
        actions = self.panel.facts.table("actions").filter(pl.col("kind") == "spinoff")
        for parent, child in actions.select("security", "other").iter_rows():
            if parent in rows and child in rows and held[rows[parent]]:
                out[rows[child]] = True
        return out

    def history_of(self, name: str) -> list[tuple[int, Array]]:
        """(session, weights (N,)) at every rebalance of the basket, from its first one on."""
        spec = self.selector.basket(name)
        if spec.instrument is not None:
            return self._instrument_history(name)
        for k in self.selector.first_candidates(name):
            held = self._weigh(name, spec, Event(k, k))
            if held.any():
                later = [e for e in self._events(name, spec) if e.session > k]
                return [(k, held), *((e.session, self._weigh(name, spec, e)) for e in later)]
        self._notes.setdefault(name, []).append(why_empty(self.selector, name))
        return []

    def _instrument_history(self, name: str) -> list[tuple[int, Array]]:
        row = instrument_row(self.selector, name)
        held = np.zeros(len(self.panel.securities))
        held[row] = 1.0
        first = self.selector.first_candidates(name)[:1]
        close = stored(self.panel, "close")
        if first and first[0] > 0 and (close is None or np.isnan(close[row, first[0]])):
            # a series that begins with a return has its base on the day before
            first = [first[0] - 1]
        return [(k, held) for k in first]

    def _events(self, name: str, spec: config.Basket) -> list[Event]:
        if spec.rebalance == "none":
            return []
        planned = {e.session: e for e in self.selector.events(spec.rebalance)}
        universe = self.selector.universe_of(name)
        if universe is not None:
            rules = self.selector.universes[universe].spec.members is None
            if rules or spec.rebalance == "members":
                for k in self.selector.universes[universe].renewals:
                    planned.setdefault(k, Event(k, k))
        return [planned[k] for k in sorted(planned)]

    def _weigh(self, name: str, spec: config.Basket, event: Event) -> Array:
        """(N,) weights in force after the close of ``event.session``."""
        day = self.selector.history.day(event.session)
        members = self.selector.members(name, day)
        if not members.any():
            return np.zeros(len(members))
        thin = why_thin(self.selector, name, day)
        self._lacks(name, "rank", day.t, thin)
        self._lacks(name, FEW, day.t, why_few(self.selector, name, day))
        self._note_classes(name, day)
        if spec.weight not in self.weightings:
            raise UnknownName("weighting", spec.weight, self.weightings)
        universe = self.selector.universe_of(name)
        if universe is not None:
            self._lacks(name, FEW_RULED, day.t, self.selector.universes[universe].few(day))
            self._lacks(name, WORDLESS, day.t, self.selector.universes[universe].left_out(day))
        at = AtRebalance(
            day,
            event,
            members,
            lambda: self.selector.sizes(universe, day),
            lambda: self._stated(name, spec, day),
        )
        held = weights.weigh(self.weightings[spec.weight], at)
        self._held[name] = self._held.get(name, np.zeros(len(held), bool)) | (held > 0)
        if universe is not None:
            there = self.selector.universes[universe].at(day)
            self._beside[name] = self._beside.get(name, np.zeros(len(held), bool)) | there
        if at.drifted:
            self._note_drift(name, held, event)
        if at.sized:
            self._note_sizes(name, at.sizes, members, day, weighed=bool(held.any()))
            self._note_largest(name, held)
            self._by_sizes(name, universe, held)
        if by_rank(self.selector, name):
            self._note_ranks(name, universe, members, day, weighed=at.sized)
        if spec.cap_limit is None:
            return held
        try:
            return weights.limited(held, spec.cap_limit)
        except UsageError as error:
            raise UsageError(
                f"baskets.{name}.cap_limit on {self.panel.sessions[day.t]}: {error.message}",
                error.remedy,
            ) from None

    def _note_classes(self, name: str, day: Day) -> None:
        """Keep how many members, priced or not, no basket of a class can hold."""
        level, without, of = self.selector.unclassed(name, day)
        if without:
            universe = str(self.selector.basket(name).universe)
            called = self.selector.market.universes[universe].label or universe
            has, them = agreeing(without, "has", "have"), agreeing(without, "it", "them")
            who = f"{without:,} of {number_of(of, 'member')} of {called} {has} no {level}"
            on = f"on {self.panel.sessions[day.t]}"
            self._lacks(name, "class", day.t, f"{who} {on}: no basket of a {level} holds {them}")

    def _lacks(self, name: str, kind: str, t: int, why: str) -> None:
        """Keep what a rebalance lacked, if it lacked anything."""
        if why:
            own = self.thin.setdefault(name, {})
            own[kind] = (*own.get(kind, ()), (t, why))

    def _note_sizes(
        self, name: str, sizes: Sizes, members: Bools, day: Day, *, weighed: bool
    ) -> None:
        """Keep what is weak about the sizes that weights rest on, for the caveats."""
        self._note_doubts(name, sizes, members, day, weighed=weighed)
        if not weighed:
            return
        sized, since = members & (sizes.line > 0), self.selector.factored
        of, on = number_of(int(members.sum()), "member"), f"on {self.panel.sessions[day.t]}"
        unsized = int((members & ~sized).sum())
        if unsized:
            what = size_of(self.selector, self.selector.universe_of(name))
            why = f"left out for want of {what} {on}: {unsized:,} of {of}"
            self._lacks(name, "size", day.t, why)
        whole = 0 if since is None else int((since[sized] > day.t).sum())
        if whole:
            verb = agreeing(whole, "is weighed by its", "are weighed by their")
            why = f"{FULL} {whole:,} of {of} {verb} whole market cap {on}"
            self._lacks(name, "float", day.t, why)

    def _note_doubts(
        self, name: str, sizes: Sizes, members: Bools, day: Day, *, weighed: bool = True
    ) -> None:
        """Keep which of these sizes are not what they should be."""
        notes = self._notes.setdefault(name, [])
        repeated = REPEATED_NOTE if (sizes.repeated & members).any() else ""
        notes += [n for n in (*sizes.notes, repeated) if n and n not in notes]
        if not weighed:
            return
        sized, on = members & (sizes.line > 0), f"on {self.panel.sessions[day.t]}"
        of = number_of(int(members.sum()), "member")
        loose = int((sized & day.loose).sum())
        if loose:
            verb = agreeing(loose, "does", "do")
            why = f"market caps of {loose:,} of {of} {verb} not move with their closes {on}"
            self._lacks(name, "loose", day.t, why)
        counted = self.selector.counted
        unlike = int((sized & ~sizes.repeated & day.unlike_shares).sum()) if counted else 0
        if unlike:
            why = f"market caps of {unlike:,} of {of} are not close times shares {on}"
            self._lacks(name, "shares", day.t, why)

    def _note_ranks(
        self, name: str, universe: str | None, members: Bools, day: Day, *, weighed: bool
    ) -> None:
        """Keep what is weak about the sizes by which a basket is chosen.

        Who is not in it counts as well: its size may be what keeps it out.
        """
        sizes = self.selector.sizes(universe, day)
        pool = members if universe is None else self.selector.universes[universe].at(day)
        if not weighed:  # else it was said of those that are weighed
            self._note_doubts(name, sizes, pool, day)
        size = np.where(pool & (sizes.line > 0), sizes.line, 0.0)
        self._ranked.add(name)
        if size.any():
            self._by_sizes(name, universe, size / size.sum())

    def _note_drift(self, name: str, held: Array, event: Event) -> None:
        """Keep that weights drifted since the reference day, or began there, by closes in doubt."""
        own = [m.doubted(event.reference + 1, event.session) for m in self.panel.marks.values()]
        doubted = np.unique(np.concatenate([*own, np.empty(0, np.int64)]))
        share = float(held[doubted].sum())
        alone = np.count_nonzero(held) == 1  # whatever its close did, it is all of the weight
        if share > self.selector.market.market.unpriced and not alone:
            reference, session = (self.panel.sessions[t] for t in (event.reference, event.session))
            why = f"closes in doubt from {reference} to {session} moved {share:.1%} of the weights"
            self._lacks(name, "drift", event.session, why)

    def _note_largest(self, name: str, held: Array) -> None:
        """Keep that one member is most of the weight."""
        notes = self._notes.setdefault(name, [])
        if (note := largest(held, self.panel)) and note not in notes:
            notes.append(note)

    def _by_sizes(self, name: str, universe: str | None, shares: Array) -> None:
        """Keep the largest share (N,) that each ever had of the sizes that a basket rests on."""
        if universe not in self.selector.holdings:
            before = self._by_cap.get(name, np.zeros(len(shares)))
            self._by_cap[name] = np.maximum(before, shares)

    def _stated(self, name: str, spec: config.Basket, day: Day) -> Array:
        """(N,) the weights of the market file, by identifier or ticker of the day."""
        stated = np.zeros(len(self.panel.securities))
        for security, weight in (spec.weights or {}).items():
            if not (np.isfinite(weight) and weight >= 0):
                raise UsageError(
                    f"baskets.{name}.weights: {security} = {weight}.",
                    "Give weights of zero or more.",
                )
            for i in day.names.get(security, ()):
                stated[i] = weight
        universe = self.selector.market.universes.get(spec.universe or "")
        if lacking := given.unpriced(spec, universe, day):
            part = f"{given.share(spec, lacking):.1%} of the weight given"
            who, on = spelling.sample(lacking), self.panel.sessions[day.t]
            self._lacks(name, "given", day.t, f"no price of {who} on {on}: {part} is not held")
        return stated

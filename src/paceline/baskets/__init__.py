"""Baskets: functions from a panel to target weights at rebalances.

``targets`` works out who is held and how much at each rebalance (``indices`` lets the weights drift
in between); ``group_baskets`` makes one basket per sector or industry of a group. What is decided
at the close of session k uses nothing known after it and is in force from k + 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paceline import config
from paceline.arrays import Array, Bools
from paceline.baskets import schedule, weights
from paceline.baskets.history import Day, stored
from paceline.baskets.schedule import Event
from paceline.baskets.select import Selector
from paceline.errors import UnknownName, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paceline.panel import Panel

REPEATED_NOTE = (
    "company-wide caps are repeated across share classes: each line carries an equal part of it"
)

__all__ = ["Rebalance", "Targets", "group_baskets", "hold", "targets"]


class Rebalance(NamedTuple):
    """Target weights of some baskets, known at the close of ``session`` and in force from the next one.

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
    """

    names: tuple[str, ...]
    labels: Mapping[str, str]
    rebalances: tuple[Rebalance, ...]
    first: NDArray[np.int64]
    instruments: NDArray[np.int64]
    caveats: Mapping[str, tuple[str, ...]]

    def weights_of(self, name: str, session: int, securities: int) -> Array | None:
        """(N,) target weights of one basket fixed at that session's close; None if it was not rebalanced."""
        row = self.names.index(name)
        for r in self.rebalances:
            if r.session == session and row in r.rows:
                out = np.zeros(securities)
                out[r.columns] = r.weights[int(np.flatnonzero(r.rows == row)[0])]
                return out
        return None


def targets(panel: Panel, market: config.MarketFile, names: Sequence[str] | None = None) -> Targets:
    """Target weights of the named baskets (default: all, those made by groups included) at their rebalances.

    Rebalances of a basket: the session it begins, the days of its schedule, and, unless the
    schedule is "none", the days a rule-based universe is reconstituted; with "members" also those
    on which a stored list changes. A name made by a group ("sectors:Health Care") is expanded.
    Raises ``UnknownName`` for a basket or an instrument that does not exist and ``UsageError`` for
    baskets that refer to each other in a circle or a limit that cannot hold."""
    made: dict[str, config.Basket] = {}
    labels: dict[str, str] = {}
    if names is None or any(n not in market.baskets for n in names):
        made, labels = group_baskets(panel, market)
        market = market.model_copy(update={"baskets": {**made, **market.baskets}})
    labels = {
        **labels,
        **{n: b.label or n.replace("_", " ") for n, b in market.baskets.items() if n not in made},
    }
    names = tuple(market.baskets if names is None else names)
    selector = Selector(panel, market)
    builder = _Builder(selector)
    rows: dict[int, list[tuple[int, Array]]] = {}
    first = np.full(len(names), len(panel.sessions), np.int64)
    instruments = np.full(len(names), -1, np.int64)
    for row, name in enumerate(names):
        if selector.basket(name).instrument is not None:
            instruments[row] = _instrument(selector, name)
        for k, held in builder.history_of(name):
            first[row] = min(first[row], k)
            rows.setdefault(k, []).append((row, held))
    rebalances = []
    for k in sorted(rows):
        W = np.array([held for _, held in rows[k]])
        columns = np.flatnonzero(W.any(axis=0))
        rebalances.append(
            Rebalance(
                k, np.array([r for r, _ in rows[k]]), columns, np.ascontiguousarray(W[:, columns])
            )
        )
    caveats = {n: tuple(dict.fromkeys(builder.caveats(n))) for n in names}
    return Targets(
        names, {n: labels.get(n, n) for n in names}, tuple(rebalances), first, instruments, caveats
    )


def hold(
    old: Targets, panel: Panel, market: config.MarketFile, names: Sequence[str], before: int
) -> bool:
    """Whether targets of a panel that ended ``before`` sessions from its start are those of the longer ``panel``:
    every basket had begun, and nothing is renewed at its last close or later, nor newly dated
    earlier."""
    sessions = panel.sessions
    if (
        old.names != tuple(names)
        or (old.first >= before).any()
        or any(r.session >= before - 1 for r in old.rebalances)
    ):
        return False
    selector = Selector(panel, market)
    specs = [selector.basket(name) for name in names]
    rules: set[config.Schedule] = {s.rebalance for s in specs if s.instrument is None}
    ruled = [u.reconstitution for u in market.universes.values() if u.members is None]
    rules |= {r for r in ruled if r != "russell"}
    if any(
        schedule.events(rule, sessions) != schedule.events(rule, sessions[:before])
        for rule in rules
    ):
        return False
    if "russell" in ruled and schedule.russell_events(sessions) != schedule.russell_events(
        sessions[:before]
    ):
        return False
    for name, spec, at in zip(names, specs, old.instruments, strict=True):
        if spec.instrument is not None and _instrument(selector, name) != at:
            return False
        universe = selector.universe_of(name)
        if (
            spec.instrument is None
            and spec.rebalance == "members"
            and universe is not None
            and any(k >= before - 1 for k in selector.universes[universe].renewals)
        ):
            return False
    return True


def _instrument(selector: Selector, name: str) -> int:
    """The one security behind an instrument basket: by identifier, else by the last session's tickers."""
    wanted = selector.basket(name).instrument
    panel = selector.panel
    at = (
        selector.history.day(len(panel.sessions) - 1).names.get(str(wanted), [])
        if len(panel.sessions)
        else []
    )
    if not at:
        raise UnknownName(f"instrument of basket {name!r}:", str(wanted), panel.securities)
    return at[0]


class _Builder:
    """Rebalances and weights of one basket after another; what days share is computed once by the selector."""

    def __init__(self, selector: Selector) -> None:
        self.selector, self.panel = selector, selector.panel
        self._notes: dict[str, list[str]] = {}
        self._unsized: dict[str, tuple[int, int]] = {}

    def caveats(self, name: str) -> list[str]:
        found = list(self._notes.get(name, ()))
        universe = self.selector.universe_of(name)
        if universe is not None:
            found += self.selector.universes[universe].caveats
        if name in self._unsized:
            without, of = self._unsized[name]
            what = "a holding of the fund" if universe in self.selector.holdings else "a market cap"
            found.append(f"left out for want of {what}: up to {without} of {of} members")
        lost = self.selector.missing_names(name)
        if lost and self.selector.basket(name).instrument is None:
            found.append(f"not found in the data: {', '.join(lost)}")
        return found

    def history_of(self, name: str) -> list[tuple[int, Array]]:
        """(session, weights (N,)) at every rebalance of the basket, from the one it begins with."""
        spec = self.selector.basket(name)
        if spec.instrument is not None:
            at = _instrument(self.selector, name)
            held = np.zeros(len(self.panel.securities))
            held[at] = 1.0
            first = self.selector.first_candidates(name)[:1]
            close = stored(self.panel, "close")
            if first and first[0] > 0 and (close is None or np.isnan(close[at, first[0]])):
                # a series that begins with a return has its base on the day before
                first = [first[0] - 1]
            return [(k, held) for k in first]
        start, found = None, []
        for k in self.selector.first_candidates(name):
            held = self._weigh(name, spec, Event(k, k))
            if held.any():
                start, found = k, [(k, held)]
                break
        if start is None:
            return []
        return found + [
            (e.session, self._weigh(name, spec, e))
            for e in self._events(name, spec)
            if e.session > start
        ]

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
        """Weights in force after the close of ``event.session``. Equal weights are fixed at the reference's
        closes and have drifted since; all others are fixed at the session's own close."""
        day = self.selector.history.day(event.session)
        members = self.selector.members(name, day)
        if not members.any():
            return np.zeros(len(members))
        match spec.weight:
            case "cap":
                held = self._cap(name, members, day)
            case "equal":
                held = weights.equal(self.panel.companies, members)
                if event.reference < event.session:
                    held = weights.proportional(
                        held * self.selector.history.growth(event.reference, event.session), members
                    )
            case "inverse_volatility":
                held = weights.inverse_volatility(self.panel, event.session, members)
            case "given":
                held = self._given(name, spec, members, day)
        if spec.cap_limit is not None:
            try:
                held = weights.limited(held, spec.cap_limit)
            except UsageError as error:
                raise UsageError(
                    f"baskets.{name}.cap_limit on {self.panel.sessions[day.t]}: {error.message}",
                    error.remedy,
                ) from None
        return held

    def _cap(self, name: str, members: Bools, day: Day) -> Array:
        size = self.selector.sizes(self.selector.universe_of(name), day)
        kept = self._notes.setdefault(name, [])
        if size.note and size.note not in kept:
            kept.append(size.note)
        if (size.repeated & members).any() and REPEATED_NOTE not in kept:
            kept.append(REPEATED_NOTE)
        unsized = int((members & ~(size.line > 0)).sum())
        held = weights.proportional(size.line, members)
        if held.any() and unsized > self._unsized.get(name, (0, 0))[0]:
            self._unsized[name] = (unsized, int(members.sum()))
        return held

    def _given(self, name: str, spec: config.Basket, members: Bools, day: Day) -> Array:
        stated = np.zeros(len(members))
        for security, weight in (spec.weights or {}).items():
            if not (np.isfinite(weight) and weight >= 0):
                raise UsageError(
                    f"baskets.{name}.weights: {security} = {weight}.",
                    "Give weights of zero or more.",
                )
            for i in day.names.get(security, ()):
                stated[i] = weight
        return weights.proportional(stated, members)


def group_baskets(
    panel: Panel, market: config.MarketFile
) -> tuple[dict[str, config.Basket], dict[str, str]]:
    """One basket per class that members of a group's universe ever had: "sectors:Health Care", and its label.

    Classes are looked up on the quarterly rebalance days and on the last session, each as known on
    that day."""
    made: dict[str, config.Basket] = {}
    labels: dict[str, str] = {}
    wanted = {n: g for n, g in market.groups.items() if g.by}
    if not wanted or not len(panel.sessions):
        return made, labels
    selector = Selector(panel, market)
    days = sorted(
        {e.session for e in schedule.events("quarterly", panel.sessions)}
        | {0, len(panel.sessions) - 1}
    )
    for group, spec in wanted.items():
        level, universe = str(spec.by), str(spec.universe)
        scheme = market.universes[universe].scheme
        classes: set[str] = set()
        for day in map(selector.history.day, days):
            classes |= day.classes(level, scheme, selector.universes[universe].at(day))
        for label in sorted(classes):
            name = f"{group}:{label}"
            made[name] = config.Basket.model_validate(
                {
                    "universe": universe,
                    level: label,
                    "weight": spec.weight,
                    "rebalance": spec.rebalance,
                    "label": label,
                }
            )
            labels[name] = label
    return made, labels

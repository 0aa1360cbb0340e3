"""What the level of a basket lacks, session by session, and what that means for a window.

A missing return is zero in the sum only. The share of weight that has none stands on every figure
whose window it touches, and above a stated share the figure has no value. So do members of whom
nothing is known at all.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from paceline.arrays import COVERAGE, PATIENCE, Array, Bools, Dates, Ints
from paceline.baskets.absent import Cut
from paceline.indices import joined, unmoved
from paceline.indices.apart import Apart
from paceline.indices.doubt_words import DOUBTS, MOVING, OVER_MONTHS, STAND_INS
from paceline.indices.late import Late
from paceline.indices.leapt import Leapt, Rescaled
from paceline.indices.validity import Validity
from paceline.wording import agreeing, number_of

#: How the reason of a window begins that lacks returns.
NO_RETURN = "no value: no return"
#: Sessions that a caveat names one by one.
NAMED = 4
#: A smaller share is not told, a larger one is all but rounding.
SMALL, ALL = 0.001, 1 - 1e-6


class Judged(NamedTuple):
    """What a window says of its figure: why it has no value ("" where it has), and caveats."""

    refusal: str
    caveats: tuple[str, ...]


@dataclass(frozen=True)
class Gaps:
    """The sessions on which a basket's level on one basis lacks anything.

    days      ISO dates, ascending
    shares    kind of share (``drift.SHARES``) -> share of the weight on each of ``days``
    sessions  all sessions of the level, ISO dates
    rebalanced  days on which its weights were set anew
    limit     share of the weight without a return above which a figure has no value
    emptied   the level ended because nobody was held any more
    empty     those of ``days`` on which nobody was held
    ended     last session with a level, where the level ends before the last of ``sessions``; else
              ""
    lacks     who of its members has no return, where that ended the level or left it without any
    alone     the basket is one instrument, ``closes`` whether it has any close beside its returns
    dated     what its members and weights rest on that is of a day
    apart     built baskets of its universe that do not follow what is published for them
    eligible, absent, held  members on each of ``sessions``, those of them without any price, and
                      those that the basket holds; empty where nobody counted them
    ranked    the basket is chosen from those members by more than their class: the absent are not
              known to be its own
    thin      kinds of lacks of rebalances, each as (day, what members, ranks or weights lacked)
    cuts      days on which the list of its members may be cut off
    unmoved   first and last session of runs on which a lone instrument's close stood still, and
              should not have (``unmoved.spans``); a run of one session counts for its own close
    fixed     members and weights are for ever those of the day it begins
    joined    (day, security) of closes in doubt, of who is held now, before it was held
    beside    what a lone instrument's changes show, beside others or alone: stretches a session
              apart, closes that leapt and came back, or that were set aside and never did
    """

    name: str
    basis: str
    days: tuple[str, ...] = ()
    shares: Mapping[str, Array] = field(default_factory=dict)
    sessions: tuple[str, ...] = ()
    eligible: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    absent: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    held: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    ranked: bool = False
    rebalanced: tuple[str, ...] = ()
    limit: float = 0.0
    ended: str = ""
    alone: bool = False
    dated: tuple[Validity, ...] = ()
    apart: tuple[Apart, ...] = ()
    thin: tuple[tuple[tuple[str, str], ...], ...] = ()
    unmoved: tuple[tuple[str, str], ...] = ()
    beside: tuple[Late | Leapt | Rescaled, ...] = ()
    emptied: bool = False
    fixed: bool = False
    joined: joined.Closes = ()
    empty: frozenset[str] = frozenset()
    cuts: tuple[Cut, ...] = ()
    closes: bool = True
    lacks: str = ""

    @property
    def unknown(self) -> tuple[str, ...]:
        """The days on which the level is not known: too much of its weight has no return."""
        if not self.days:
            return ()
        lost = np.maximum(self.shares["lost"], self.shares["pending"]) > self.limit
        return tuple(self.days[t] for t in np.flatnonzero(lost))

    def eligible_on(self, sessions: Dates) -> Ints:
        """(T,) members of the day, priced or not, on each of those sessions; 0 where not known."""
        out = np.zeros(len(sessions), np.int64)
        if len(self.eligible) and not self.ranked:
            own = np.array(self.sessions, "datetime64[D]")
            at = np.searchsorted(own, sessions, side="right") - 1
            out[at >= 0] = self.eligible[at[at >= 0]]
        return out

    def members_of(self, day: str, held: int) -> int:
        """Members of the day, priced or not, for a count of those that the basket holds."""
        at = bisect_right(self.sessions, day) - 1
        if at < 0 or not len(self.held) or self.ranked or held != self.held[at]:
            return held
        return max(int(self.eligible[at]), held)

    def judged(
        self,
        start: str | None,
        end: str,
        reach: str | None = None,
        *,
        whole: bool = False,
        members: bool = False,
    ) -> Judged:
        """The window from the close of ``start`` to that of ``end``; without it, ``end`` alone.

        reach  a day before ``start`` to which the value looks back; "" for all of history, of which
               only ``end`` can take the value away
        whole  members count as far back as the value looks, since it rests on the level; else in
               the window alone
        members  the value rests on each member's returns, also of before it was held
        """
        if reach == "":
            begun = self.sessions[0] if self.sessions else None
            told = self.judged(start, end, begun, whole=whole, members=members)
            return Judged(self.judged(start, end).refusal, told.caveats)
        first = min(d for d in (start, reach, end) if d is not None)
        # a window holds the returns after its first close
        low = bisect_left(self.days, first) if first == end else bisect_right(self.days, first)
        high = bisect_right(self.days, end)
        counted = first if whole else start or end
        refusals = [
            *self._too_old(end),
            *self._too_few(start or end, end),
            *self._lost(low, high),
            *self._past_the_end(end),
            *self._edges(first, end),
        ]
        said = (
            self.end if not refusals else "",
            *(c for d in self.dated for c in d.caveats(first, end)),
            *(a.caveat(first, end) for a in self.apart),
            *self._members(counted, end),
            *(cut.caveat(first, end) for cut in self.cuts),
            *self.chosen(counted, end),
            unmoved.caveat(self.name, self.unmoved, first, start or end, end),
            *self.in_doubt(first, end),
            *self._before(first, low, high),
            joined.caveat(self.name, self.joined, first, end) if reach and members else "",
            self._at_once(low, high) if members or first == end else "",
            *(self._formed(self._set_by(first, end), end) if reach and members else ()),
            *self._within(low, high),
        )
        caveats = [c for c in said if c]
        return Judged(refusals[0] if refusals else "", tuple(caveats))

    def blank(self, sessions: Dates, lookback: int | None) -> Bools:
        """(T,) the sessions whose value, looking back so many sessions, has none."""
        out = np.zeros(len(sessions), bool)
        if self.ended:
            out |= sessions > np.datetime64(self.ended)
        for of in self.dated:
            if of.max_age is not None:
                out |= sessions > np.datetime64(of.day) + of.max_age
        if not self.days:
            return out
        days = np.array(self.days, "datetime64[D]")
        lost, pending = (self.shares[k] > self.limit for k in ("lost", "pending"))
        at = np.searchsorted(sessions, days)
        inside = at < len(sessions)
        inside &= sessions[np.minimum(at, len(sessions) - 1)] == days
        out[at[inside & (lost | pending)]] = True
        if lookback and lookback > 1:
            hit = np.zeros(len(sessions) + 1, np.int64)
            hit[1:][at[inside & lost]] = 1
            total = np.cumsum(hit)
            t = np.arange(len(sessions))
            out |= total[1:] > total[np.maximum(t + 1 - lookback, 0)]
        return out

    # ---- parts of a judgement

    def _too_few(self, first: str, end: str) -> list[str]:
        if self.ranked:
            return []
        unheld = self.absent + self._unheld
        for lacking, what in (
            (self.absent, ("has a price", "have a price")),
            (unheld, ("is held", "are held")),
        ):
            worst = self._worst(lacking, first, end)
            if worst is None:
                continue
            day, missing, eligible = worst
            priced = eligible - missing
            if priced < COVERAGE * eligible:
                verb = agreeing(priced, *what)
                have = f"{priced:,} of {number_of(eligible, 'member')} of {self.name} {verb}"
                return [f"no value: {have} on {day}"]
        return []

    @cached_property
    def _unheld(self) -> Ints:
        """Members with a price that the basket does not hold; none are before it begins."""
        some = np.maximum(self.eligible - self.absent - self.held, 0)
        return np.where(self.held > 0, some, 0)

    def _members(self, first: str, end: str) -> list[str]:
        """Members without a price, and members that are not held, where they are many."""
        said = [self._absent(first, end)]
        worst = None if self.ranked else self._worst(self._unheld, first, end)
        if worst is not None and worst[1] > self.limit * worst[2]:
            day, missing, eligible = worst
            verb = agreeing(missing, "is", "are")
            of = f"{number_of(eligible, 'member')} of {self.name}"
            said.append(f"{missing:,} of {of} {verb} not held on {day}")
        return said

    def _absent(self, first: str, end: str) -> str:
        worst = self._worst(self.absent, first, end)
        if worst is None:
            return ""
        day, absent, eligible = worst
        of = number_of(eligible, "member") + ("" if self.ranked else f" of {self.name}")
        verb = agreeing(absent, "has", "have")
        tail = " and cannot be ranked" if self.ranked else ""
        return f"{absent:,} of {of} {verb} no price on {day}{tail}"

    def in_doubt(self, first: str, end: str) -> list[str]:
        """What a lone instrument's changes say against its own closes of a window."""
        return [c for one in self.beside if (c := one.caveat(self.name, first, end))]

    def chosen(self, first: str, end: str) -> list[str]:
        """What the last choices of members, ranks and weights lacked that the window rests on."""
        since = self._set_by(first, end)
        last = (next((w for day, w in reversed(k) if since <= day <= end), "") for k in self.thin)
        return [*self._formed(since, end), *(why for why in last if why)]

    def _set_by(self, first: str, end: str) -> str:
        """The day of the weights with which a window begins."""
        at = (bisect_left if first == end else bisect_right)(self.rebalanced, first) - 1
        return self.rebalanced[max(at, 0)] if self.rebalanced else first

    def _formed(self, since: str, end: str) -> list[str]:
        """That weights are of the day a basket begins, until they are set anew.

        Not of one that begins with the data, where nobody knows of others, nor of one that keeps
        the weights of its first day for ever.
        """
        begun = self.rebalanced[0] if self.rebalanced and not (self.fixed or self.alone) else ""
        if not begun or begun in self.sessions[:2] or not since <= begun <= end:
            return []
        return [f"{self.name} begins on {begun}, with members and weights of that day"]

    def _worst(self, lacking: Ints, first: str, end: str) -> tuple[str, int, int] | None:
        """Session of the window on which the largest share of members is among the lacking."""
        if not len(lacking):
            return None
        low = max(bisect_right(self.sessions, first) - 1, 0)
        high = bisect_right(self.sessions, end)
        if not lacking[low:high].any():
            return None
        share = lacking[low:high] / np.maximum(self.eligible[low:high], 1)
        at = low + int(share.argmax())
        return self.sessions[at], int(lacking[at]), int(self.eligible[at])

    def _lost(self, low: int, high: int) -> list[str]:
        if low >= high or not (self.shares["lost"][low:high] > self.limit).any():
            return []
        return [f"no value: {self._missing('lost', low, high, over=self.limit)}"]

    def _before(self, first: str, low: int, high: int) -> list[str]:
        """What was lost since weights were last set: they have not moved with it."""
        if self.alone:
            return []
        at = bisect_right(self.rebalanced, first) - 1
        since = bisect_right(self.days, self.rebalanced[at]) if at >= 0 else low
        out = []
        if since < low and (self.shares["lost"][since:low] > self.limit).any():
            out.append(
                f"weights did not move: {self._missing('lost', since, low, over=self.limit)}"
            )
        # on the total basis those within the window are not what the level's own returns say
        stop = high if self.basis == "total" else low
        for kind, of in MOVING.items():
            if kind in self.shares and (self.shares[kind][since:stop] > SMALL).any():
                where = self._where(kind, since, stop, over=SMALL)
                out.append(f"weights moved with returns in doubt: {dict(DOUBTS)[of]} {where}")
        return out

    @property
    def end(self) -> str:
        """That and when the level ended; empty where it goes on."""
        own = ", its last close" if self.closes else ", its last return"
        what = own if self.alone or not self.lacks else f": {self.lacks}"
        what = ", the last day on which it held anybody" if self.emptied else what
        return f"{self.name} ended on {self.ended}{what}" if self.ended else ""

    def _too_old(self, end: str) -> list[str]:
        return [why for d in self.dated if (why := d.refusal(end))]

    def _past_the_end(self, end: str) -> list[str]:
        return [f"no value: {self.end}"] if self.ended and end > self.ended else []

    def _edges(self, first: str, end: str) -> list[str]:
        """Ends of the window on which the level is not known: a later return covers them."""
        return [
            f"no value: {self._missing('pending', at, at + 1)}, an end of this window"
            for day in dict.fromkeys((first, end))
            for at in range(bisect_left(self.days, day), bisect_right(self.days, day))
            if self.shares["pending"][at] > self.limit
        ]

    def _within(self, low: int, high: int) -> list[str]:
        if low >= high:
            return []
        out = []
        if self.shares["lost"][low:high].any():
            out.append(self._missing("lost", low, high))
        if self.shares["pending"][low:high].any():
            said = self._missing("pending", low, high)
            out.append(f"{said}; a later return covers several sessions")
        if (self.shares["left"][low:high] > self.limit / 2).any():
            where = self._where("left", low, high, over=self.limit / 2)
            out.append(f"silent for more than {PATIENCE} sessions, no delisting on record: {where}")
        for kind, what in (*DOUBTS, *OVER_MONTHS.items()):
            if kind in self.shares and (self.shares[kind][low:high] > SMALL).any():
                out.append(f"{what} {self._where(kind, low, high, over=SMALL)}")
        for kind in ("other_basis", "other_source"):
            if self.shares[kind][low:high].any():
                where = self._where(kind, low, high)
                out.append(f"{STAND_INS[kind, self.basis]} {where}")
        return out

    def _at_once(self, low: int, high: int) -> str:
        """Returns that cover more than their session, of what counts members session by session."""
        several = self.shares.get("several")
        if several is None or not (several[low:high] > SMALL).any():
            return ""
        return f"returns of several sessions at once {self._where('several', low, high, SMALL)}"

    def _missing(self, kind: str, low: int, high: int, over: float = 0.0) -> str:
        at = low + np.flatnonzero(self.shares[kind][low:high] > over)
        if kind == "lost" and all(self.days[i] in self.empty for i in at.tolist()):
            return f"{self.name} holds nobody on {self._sessions(at)}"
        return f"no return {self._where(kind, low, high, over)}"

    def _where(self, kind: str, low: int, high: int, over: float = 0.0) -> str:
        """Share and sessions in words: "for up to 1.3% of the weight of x on 2 sessions (...)"."""
        share = self.shares[kind][low:high]
        at = np.flatnonzero(share > over)
        up_to = "up to " if len(at) > 1 and SMALL <= share.max() < ALL else ""
        part = _percent(float(share.max()))
        return f"for {up_to}{part} of the weight of {self.name} on {self._sessions(low + at)}"

    def _sessions(self, at: Ints) -> str:
        """These of ``days`` in words: "2025-01-06", "3 sessions (2025-01-06 to 2025-01-08)"."""
        days = [self.days[i] for i in at.tolist()]
        named = ", ".join(days) if len(days) <= NAMED else f"{days[0]} to {days[-1]}"
        return named if len(days) == 1 else f"{len(days):,} sessions ({named})"


def _percent(share: float) -> str:
    """A share in words; never 0% for something, nor 100% for less."""
    if share < SMALL:
        return f"less than {SMALL:.1%}"
    return f"{min(share, 0.999):.1%}" if share < ALL else "all"

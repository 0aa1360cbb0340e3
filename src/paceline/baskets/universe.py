"""Who may be a member: a stored list, or rules applied on rank days with rank bands.

The rules are FTSE Russell's (METHODS 2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from paceline import config, schema
from paceline.arrays import Array, Bools
from paceline.baskets import schedule
from paceline.baskets.history import Day, PanelDays, company_caps
from paceline.baskets.schedule import Event
from paceline.errors import UsageError
from paceline.wording import agreeing, number_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Shares of the band that hold at Russell's other boundaries: none at 50, 3000 and 4000, +/-0.5%
#: (microcap 1%) at 2000, +/-2.5% everywhere else.
BAND_SHARE = {50: 0.0, 2000: 0.2, 3000: 0.0, 4000: 0.0}
MICROCAP_SHARE = 0.4
SECURITY = ("security", "securities")
#: Columns of the table of securities, and the settings of rules that speak of them.
RULED = {"kind": "kinds", "country": "countries", "exchange": "exchanges"}
#: Cumulative shares are taken of the companies up to this rank (the Russell 3000E).
POOL = 4000


@dataclass(frozen=True)
class Ranking:
    """Companies by falling cap.

    codes       their numbers
    cumulative  each one's running share of the pool's cap, itself included
    """

    codes: NDArray[np.int64]
    cumulative: Array

    @property
    def ranks(self) -> NDArray[np.int64]:
        """One for the largest, and so on."""
        return np.arange(1, len(self.codes) + 1)


@dataclass
class Boundary:
    """One rank boundary with its band, and on which side of it each company stood last time."""

    rank: int
    band: float
    upper: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    lower: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def split(self, ranking: Ranking) -> Bools:
        """Companies of the ranking above the boundary; remembers the outcome for the next time.

        With b the running cap share at the boundary's rank: a company that stood above drops only
        if its share exceeds b + band, one that stood below rises only if its share is under b -
        band, newcomers go by rank.
        """
        cum, by_rank = ranking.cumulative, ranking.ranks <= self.rank
        if self.band > 0 and len(self.upper):
            b = cum[min(self.rank, len(cum)) - 1] if len(cum) else 1.0
            stays = np.isin(ranking.codes, self.upper) & (cum <= b + self.band)
            rises = np.isin(ranking.codes, self.lower) & (cum < b - self.band)
            new = ~np.isin(ranking.codes, np.concatenate([self.upper, self.lower]))
            above = stays | rises | (new & by_rank)
        else:
            above = by_rank
        self.upper, self.lower = ranking.codes[above], ranking.codes[~above]
        return np.asarray(above)


def band_at(rank: int, band: float, first: int) -> float:
    """Width of the band at a boundary for a universe whose best rank is ``first``."""
    if rank == 2000 and first > 2000:
        return band * MICROCAP_SHARE
    return band * BAND_SHARE.get(rank, 1.0)


class UniverseHistory:
    """A declared universe over a panel.

    ``at(day)`` says who belongs, ``renewals`` when that was decided anew.
    """

    def __init__(self, name: str, spec: config.UniverseEntry, history: PanelDays) -> None:
        self.name, self.spec, self.history = name, spec, history
        self._notes: list[str] = []
        self._ranked: dict[int, int] = {}  # reconstitution -> companies that could be ranked

    @property
    def caveats(self) -> list[str]:
        """Weaknesses of the membership found while it was worked out."""
        if self.spec.eligible is not None:
            _ = self._lists
        return list(dict.fromkeys(self._notes))

    def at(self, day: Day) -> Bools:
        """Members whose data reach that day."""
        if self.spec.members is not None:
            return day.members(self.spec.members) & day.listed
        valid = [mask for event, mask in self._lists if event.session <= day.t]
        return valid[-1] & day.listed if valid else np.zeros(len(day.listed), bool)

    def left_out(self, day: Day) -> str:
        """Who was left out for want of a kind, country or exchange when it was last formed."""
        if self.spec.members is not None:
            return ""
        formed = [event.reference for event, _ in self._lists if event.session <= day.t]
        why = unworded(self.history.day(formed[-1]), self.spec) if formed else ""
        return why and f"{self.spec.label or self.name}: {why}"

    def few(self, day: Day) -> str:
        """What the ranks of its rules lacked when it was last formed; "" where nothing."""
        formed = [t for t in self._ranked if t <= day.t]
        if not formed or self.spec.rank is None:
            return ""
        on = str(self.history.panel.sessions[max(formed)])
        why = too_few(self.spec.rank, self._ranked[max(formed)], on)
        return why and f"{self.spec.label or self.name}: {why}"

    @cached_property
    def renewals(self) -> list[int]:
        """Sessions after whose close the membership may differ from before."""
        if self.spec.members is None:
            return [event.session for event, _ in self._lists]
        member = self.history.members(self.spec.members)
        if not member.size:
            return []
        ever = member.any(axis=1)
        # in force on the next session, and seen by then: a spun-off member has no price before its
        # first day
        seen = np.logical_or.accumulate(self.history.panel.listed[ever], axis=1)
        able = np.concatenate([member[ever, 1:], member[ever, -1:]], axis=1) & seen
        changed = np.flatnonzero((able[:, 1:] != able[:, :-1]).any(axis=0)) + 1
        return [*([0] if able[:, 0].any() else []), *changed.tolist()]

    @cached_property
    def _lists(self) -> list[tuple[Event, Bools]]:
        """The reconstitutions in order, each with its members (N,)."""
        spec, sessions = self.spec, self.history.panel.sessions
        planned = (
            schedule.russell_events(sessions)
            if spec.reconstitution == "russell"
            else [
                Event(e.session, e.session) for e in schedule.events(spec.reconstitution, sessions)
            ]
        )
        first, last = spec.rank or (1, config.OPEN)
        banded = spec.reconstitution == "russell" or "band" in spec.model_fields_set
        width = spec.band if banded else 0.0
        upper = Boundary(first - 1, band_at(first - 1, width, first)) if first > 1 else None
        lower = Boundary(last, band_at(last, width, first)) if last < config.OPEN else None
        start = self._first(first)
        if start is None:
            return []
        if all(e.session != start for e in planned):
            planned = [Event(start, start), *(e for e in planned if e.reference >= start)]
            if needs_cap(spec):
                self._notes.append(
                    f"{spec.label or self.name}: first ranked on {sessions[start]}, the first "
                    "session with data, not on a rank day"
                )
        lists = []
        for event in planned:
            if event.reference < start:
                continue
            eligible, company = eligible_lines(self.history.day(event.reference), spec)
            if not needs_cap(spec):
                lists.append((event, eligible))
                continue
            ranking = rank_companies(eligible, company, self.history)
            self._ranked[event.session] = len(ranking.codes)
            inside = np.ones(len(ranking.codes), bool)
            if upper is not None:
                inside &= ~upper.split(ranking)
            if lower is not None:
                inside &= lower.split(ranking)
            lists.append(
                (event, eligible & np.isin(self.history.panel.companies, ranking.codes[inside]))
            )
        return lists

    def _first(self, companies: float) -> int | None:
        """First session on which at least that many companies are eligible."""
        for t in self._promising():
            eligible, _ = eligible_lines(self.history.day(t), self.spec)
            if len(np.unique(self.history.panel.companies[eligible])) >= companies:
                return t
        return None

    def _promising(self) -> list[int]:
        """The first session with any cap (with any data, where none is needed), then month ends."""
        panel = self.history.panel
        if not needs_cap(self.spec):
            known = np.flatnonzero(panel.listed.any(axis=0))
        elif "market_cap" in panel.fields:
            known = np.flatnonzero((panel.field("whole_cap") > 0).any(axis=0))
        else:
            return []
        if not len(known):
            return []
        return [
            int(known[0]),
            *(
                e.session
                for e in schedule.events("monthly", panel.sessions)
                if e.session > known[0]
            ),
        ]


def needs_cap(spec: config.UniverseEntry) -> bool:
    """Whether the rules rank companies or ask for a size; others need no market cap."""
    return spec.rank is not None or (spec.eligible or config.Eligible()).min_cap > 0


def asked(rules: config.Eligible) -> dict[str, list[str]]:
    """Column of the table of securities -> words of it that rules accept; none: all."""
    return {column: getattr(rules, setting) for column, setting in RULED.items()}


def rules_of(day: Day, spec: config.UniverseEntry) -> Iterator[tuple[str, Bools]]:
    """(rule in words, who keeps it (N,)) of every rule that looks at one line alone, in order.

    A line must be listed, of an accepted kind, exchange and country, and priced at ``min_price`` or
    more; where companies are ranked or a size is asked for, it needs a market cap.
    """
    rules, table = spec.eligible or config.Eligible(), day.attributes
    yield "listed", day.listed
    for column, accepted in asked(rules).items():
        if accepted:
            known = words(table[column], column).is_in(words(accepted, column).implode())
            keeps = known.fill_null(False).to_numpy()
            yield f"of {column} {', '.join(accepted)}", keeps
    if rules.exclude_name:
        try:
            bad = table["name"].str.contains(rules.exclude_name).fill_null(False).to_numpy()
        except pl.exceptions.ComputeError as error:
            raise UsageError(
                f"exclude_name = {rules.exclude_name!r} cannot be searched for ({error}).",
                "Write a regular expression without look-around.",
            ) from None
        yield "of a name that is not excluded", ~bad
    if rules.min_price > 0:
        yield f"priced at {rules.min_price:g} or more", day.close >= rules.min_price
    if needs_cap(spec):
        yield "of a known market cap", day.total_cap > 0


def words(values: Sequence[str] | pl.Series, column: str) -> pl.Series:
    """Kinds, countries or exchanges as they are compared: without capitals and outer spaces."""
    own = pl.Series(column, values, dtype=pl.String)
    word = pl.col(column).str.strip_chars().str.to_lowercase().str.replace_all(r"\s+", " ")
    plain = schema.kind_word(pl.col(column)) if column == "kind" else word
    return own.to_frame().select(pl.when(word != "").then(plain)).to_series()


def unworded(day: Day, spec: config.UniverseEntry) -> str:
    """How many listed securities have no word at all of what the rules ask for; "" for none."""
    said, count = [], int(day.listed.sum())
    for column, accepted in asked(spec.eligible or config.Eligible()).items():
        none = int((words(day.attributes[column], column).is_null().to_numpy() & day.listed).sum())
        if accepted and none:
            has = agreeing(none, "has", "have")
            said.append(f"{none:,} of {number_of(count, *SECURITY)} {has} no {column}")
    on = day.panel.sessions[day.t]
    return f"left out on {on}: {'; '.join(said)}" if said else ""


def eligible_lines(day: Day, spec: config.UniverseEntry) -> tuple[Bools, Array]:
    """(lines that meet the rules, cap of each line's company), both (N,), at a day's close.

    A line keeps every rule of ``rules_of``, and its company (all its eligible lines) is worth
    ``min_cap`` or more. Without a cap there is no rank.
    """
    lines = np.all([keeps for _, keeps in rules_of(day, spec)], axis=0)
    company, _, _ = company_caps(day.total_cap, day.close, day.panel.companies, lines)
    min_cap = (spec.eligible or config.Eligible()).min_cap
    if min_cap > 0:
        lines = lines & (company >= min_cap)
    return np.asarray(lines), np.where(lines, company, np.nan)


def rank_companies(lines: Bools, company_cap: Array, history: PanelDays) -> Ranking:
    """Companies of the given lines by falling cap (equal caps: by identifier), each once."""
    at = np.flatnonzero(lines & (company_cap > 0))
    at = at[np.lexsort((history.tie_break[at], -company_cap[at]))]
    _, first = np.unique(history.panel.companies[at], return_index=True)
    at = at[np.sort(first)]
    pool = company_cap[at[:POOL]]
    running = np.cumsum(company_cap[at]) / pool.sum() if len(at) else np.empty(0)
    return Ranking(history.panel.companies[at], running)


def too_few(rank: tuple[int, int], there: int, on: str) -> str:
    """What ranks lack that so many companies are ranked on a day for; "" where they are enough."""
    first, last = rank
    if there >= last or last == config.OPEN:
        return ""
    held, of = max(there - first + 1, 0), number_of(last - first + 1, "company", "companies")
    return (
        f"{held:,} of the {of} that ranks {config.spoken(rank)} ask for on {on}: {there:,} "
        "could be ranked"
    )

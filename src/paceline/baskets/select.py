"""Which securities a basket holds on a day, and how large each one counts."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from paceline import config
from paceline.arrays import Array, Bools
from paceline.baskets import schedule
from paceline.baskets.absent import strangers
from paceline.baskets.history import Day, PanelDays, company_caps
from paceline.baskets.universe import Ranking, UniverseHistory, rank_companies
from paceline.config import listed
from paceline.errors import UnknownName, UsageError
from paceline.schema import LEVELS

if TYPE_CHECKING:
    from paceline import panel
    from paceline.panel import Panel

#: Weights of a fund may add up to one but for this much (cash, rounding).
WEIGHTS_OFF = 0.05
#: How the caveat of weights begins that were rolled back from a later day.
ROLLED_BACK = "look-ahead: members and weights of "


class Sizes(NamedTuple):
    """How large each security counts, arrays (N,).

    line, company  size of the line and of its company; NaN without one
    repeated       whether the company's cap was repeated across its lines
    notes          caveats
    """

    line: Array
    company: Array
    repeated: Bools
    notes: tuple[str, ...] = ()


class RolledHoldings:
    """A fund's published weights in the place of market caps, rolled with drift returns.

    w_i(t) = w_i(D) * prod of 1 + r_i over the sessions between D and t (divided by it when rolled
    backwards).
    """

    def __init__(self, fund: str, roll: str, history: PanelDays) -> None:
        self.fund, self.roll, self.history = fund, roll, history

    @cached_property
    def first(self) -> int:
        """First session on which the weights can be used; T if never."""
        T = len(self.history.panel.sessions)
        if self.roll == "both" and T and self._at(T - 1) is not None:
            return 0
        return bisect_left(range(T), True, key=lambda t: self._at(t) is not None)

    def _at(self, t: int) -> panel.Holdings | None:
        return self.history.panel.holdings(self.fund, t, ahead=self.roll == "both")

    def sizes(self, t: int) -> tuple[Array, tuple[str, ...]]:
        """Weights at the close of t, which need not sum to one, and caveats; zeros without any."""
        held = self._at(t)
        if held is None:
            return np.zeros(len(self.history.panel.securities)), ()
        whole = float(held.weights.sum()) + held.outside
        off = abs(whole - 1) > WEIGHTS_OFF
        notes = (f"weights of {self.fund} on {held.date} add up to {whole:.1%}",) if off else ()
        at = int(np.searchsorted(self.history.panel.sessions, held.date, side="right")) - 1
        if t < at:
            growth = self.history.growth(t, at)
            rolled = np.divide(held.weights, growth, out=np.zeros_like(growth), where=growth > 0)
            return rolled, (rolled_back(self.fund, held.date), *notes)
        if self.roll == "none":
            return held.weights, notes
        return held.weights * self.history.growth(max(at, 0), t), notes


def rolled_back(fund: str, day: object) -> str:
    """What weights say that were rolled back from the day of a fund's holdings."""
    return f"{ROLLED_BACK}{fund} on {day} rolled back with returns"


class Selector:
    """Members and sizes of every declared basket over one panel."""

    def __init__(self, panel: Panel, market: config.MarketFile) -> None:
        self.panel, self.market, self.history = panel, market, PanelDays(panel)
        self.universes = {
            n: UniverseHistory(n, u, self.history) for n, u in market.universes.items()
        }
        self.holdings = {
            n: RolledHoldings(u.holdings, u.roll, self.history)
            for n, u in market.universes.items()
            if u.holdings
        }
        # basket -> identifiers of its list that were found on some day
        self.found: dict[str, set[str]] = {}
        self._sizes: dict[tuple[str | None, int], Sizes] = {}
        self._members: dict[tuple[str, int], Bools] = {}
        self._rankings: dict[tuple[str | None, int, bytes], Ranking] = {}
        self._events: dict[str, list[schedule.Event]] = {}
        self._first: dict[tuple[int, ...] | None, int] = {}
        self._unclassed: dict[tuple[str, str, int], tuple[int, int]] = {}
        self._outside: dict[str, Panel] = {}

    def events(self, rule: config.Schedule) -> list[schedule.Event]:
        """The days of a schedule over the panel's sessions."""
        if rule not in self._events:
            self._events[rule] = schedule.events(rule, self.panel.sessions)
        return self._events[rule]

    def basket(self, name: str) -> config.Basket:
        """The declaration of a basket; ``UnknownName`` where there is none."""
        if name not in self.market.baskets:
            raise UnknownName("basket", name, self.market.baskets)
        return self.market.baskets[name]

    def universe_of(self, name: str, path: tuple[str, ...] = ()) -> str | None:
        """The basket's universe; of a union, the universe its parts share, if they do."""
        spec = self.basket(name)
        if spec.universe is not None or not spec.union:
            return spec.universe
        if name in path:
            raise _cycle(path, name)
        parts = {self.universe_of(other, (*path, name)) for other in listed(spec.union)}
        return parts.pop() if len(parts) == 1 else None

    def members(self, name: str, day: Day, path: tuple[str, ...] = ()) -> Bools:
        """(N,) what the basket holds if renewed at the close of that day.

        The universe (or all that is listed), narrowed by list and class, then by rank among what is
        left, then union, minus and intersect with what other baskets would hold on the same day.
        """
        if name in path:
            raise _cycle(path, name)
        key = (name, day.t)
        if key not in self._members:
            self._members[key] = self._select(name, self.basket(name), day, (*path, name))
        return self._members[key]

    def _select(self, name: str, spec: config.Basket, day: Day, path: tuple[str, ...]) -> Bools:
        if spec.instrument is not None:
            return self._named([spec.instrument], day, name)
        chosen = self.in_classes(spec, self.pool(name, spec, day), day)
        if spec.rank is not None:
            chosen = self.ranked(spec.rank, chosen, self.universe_of(name), day)
        for other in listed(spec.union):
            chosen = chosen | self.members(other, day, path)
        for other in listed(spec.minus):
            chosen = chosen & ~self.members(other, day, path)
        for other in listed(spec.intersect):
            chosen = chosen & self.members(other, day, path)
        return chosen

    def pool(self, name: str, spec: config.Basket, day: Day) -> Bools:
        """The universe's members and the list's securities, or both where both are given."""
        parts = []
        if spec.universe is not None:
            parts.append(self.universes[spec.universe].at(day))
        if spec.securities is not None:
            parts.append(self._named(spec.securities, day, name))
        if not parts:
            return np.zeros(len(self.panel.securities), bool)
        return np.asarray(np.all(parts, axis=0))

    def in_classes(self, spec: config.Basket, chosen: Bools, day: Day) -> Bools:
        """Those of the chosen that are in the basket's sectors and industries on the day."""
        scheme = self.market.universes[spec.universe].scheme if spec.universe else None
        for level in LEVELS:
            wanted = listed(getattr(spec, level))
            if wanted:
                chosen = chosen & np.any([day.in_class(level, scheme, w) for w in wanted], axis=0)
        return chosen

    def unclassed(self, name: str, day: Day) -> tuple[str, int, int]:
        """Level, members without a class of it on the day, and members; of a basket of a class.

        Members of a list count whether they have a price or not.
        """
        spec = self.basket(name)
        level = next((level for level in LEVELS if getattr(spec, level)), "")
        if not level or spec.universe is None:
            return "", 0, 0
        key = spec.universe, level, day.t
        if key not in self._unclassed:
            universe = self.market.universes[spec.universe]
            inside, outside = self.universes[spec.universe].at(day), np.zeros(0, bool)
            without = day.in_class(level, universe.scheme, "")
            if universe.members is not None:
                inside = day.members(universe.members)
            if universe.members is not None and self._strangers(universe.members).securities:
                panel = self._strangers(universe.members)
                outside = panel.members(universe.members)[:, min(day.t + 1, panel.shape[1] - 1)]
                unknown = panel.class_at(day.t, level, universe.scheme) == ""
                without = np.append(without, unknown)
            pool = np.append(inside, outside)
            self._unclassed[key] = int((pool & without).sum()), int(pool.sum())
        return level.replace("_", "-"), *self._unclassed[key]

    def _strangers(self, universe: str) -> Panel:
        """The members of a list of whom there is no price at all."""
        if universe not in self._outside:
            self._outside[universe] = strangers(self.panel, universe)
        return self._outside[universe]

    def _named(self, names: Iterable[str], day: Day, basket: str) -> Bools:
        chosen = np.zeros(len(self.panel.securities), bool)
        seen = self.found.setdefault(basket, set())
        for wanted in names:
            at = [i for i in day.names.get(wanted, ()) if day.listed[i]]
            chosen[at] = True
            if at:
                seen.add(wanted)
        return chosen

    def ranked(self, rank: tuple[int, int], chosen: Bools, universe: str | None, day: Day) -> Bools:
        """The chosen lines of the companies that rank first to last by size."""
        key = (universe if universe in self.holdings else None, day.t, chosen.tobytes())
        if key not in self._rankings:  # buckets of one universe share their ranking
            company = self._company_of(self.sizes(universe, day).company, chosen)
            self._rankings[key] = rank_companies(chosen, company, self.history)
        codes = self._rankings[key].codes[rank[0] - 1 : rank[1]]
        return np.asarray(chosen & np.isin(self.panel.companies, codes))

    def _company_of(self, company: Array, chosen: Bools) -> Array:
        """A line without a size of its own takes its company's place."""
        if not (chosen & np.isnan(company)).any():
            return company
        best = np.zeros(int(self.panel.companies.max(initial=-1)) + 1)
        np.maximum.at(best, self.panel.companies, np.nan_to_num(company))
        filled = best[self.panel.companies]
        return np.where(filled > 0, filled, np.nan)

    @property
    def counted(self) -> bool:
        """Whether a source has counts of shares beside the market caps."""
        sources = self.market.sources.values()
        return any(s.table == "shares" and "shares" in s.columns for s in sources)

    @cached_property
    def factored(self) -> Array | None:
        """(N,) the first session on which a float factor is known; None where no source has any."""
        sources = self.market.sources.values()
        if not any(s.table == "shares" and "float_factor" in s.columns for s in sources):
            return None
        panel, out = self.panel, np.full(len(self.panel.securities), np.inf)
        rows = panel.facts.table("shares").drop_nulls("float_factor")
        first = rows.group_by("security").agg(pl.max_horizontal("known", "date").min().alias("on"))
        place = {s: i for i, s in enumerate(panel.securities)}
        for security, on in first.select("security", "on").iter_rows():
            if security in place:
                day = np.datetime64(on)
                out[place[security]] = np.searchsorted(panel.sessions, day)
        return out

    def sizes(self, universe: str | None, day: Day) -> Sizes:
        """How large each security counts at the day's close.

        A universe with ``holdings`` takes the fund's rolled weights, everything else market caps
        (float caps weigh, total caps rank). Caps repeated across a company's lines are split evenly
        over them.
        """
        key = (universe if universe in self.holdings else None, day.t)
        if key not in self._sizes:
            self._sizes[key] = self._of_fund(str(universe), day) if key[0] else self._of_caps(day)
        return self._sizes[key]

    def _of_fund(self, universe: str, day: Day) -> Sizes:
        weight, notes = self.holdings[universe].sizes(day.t)
        company = np.bincount(self.panel.companies, weight)[self.panel.companies]
        return Sizes(
            np.where(weight > 0, weight, np.nan),
            np.where(company > 0, company, np.nan),
            np.zeros(len(weight), bool),
            notes,
        )

    def _of_caps(self, day: Day) -> Sizes:
        shares = day.attributes["kind"].is_in(["common", "depositary"]).fill_null(True).to_numpy()
        lines = day.listed & shares
        _, line, repeated = company_caps(day.cap, day.close, self.panel.companies, lines)
        company, _, _ = company_caps(day.total_cap, day.close, self.panel.companies, lines)
        # what is no share class of a company (a fund, an index) counts for itself
        return Sizes(
            np.where(shares, line, day.cap), np.where(shares, company, day.total_cap), repeated
        )

    def first_candidates(self, name: str) -> list[int]:
        """Sessions on which the basket may begin: the first with data, fund dates, month ends."""
        panel = self.panel
        if not len(panel.sessions):
            return []
        universe = self.universe_of(name)
        spec = self.basket(name)
        ids = [spec.instrument] if spec.instrument is not None else spec.securities
        rows = None
        if ids is not None:
            names = self.history.day(len(panel.sessions) - 1).names
            rows = sorted({i for s in ids for i in names.get(s, ())})
        first = self._first_data(rows if rows else None)
        if universe is not None:
            renewals = self.universes[universe].renewals
            first = max(first, renewals[0]) if renewals else len(panel.sessions)
        if first >= len(panel.sessions):
            return []
        dates = [self.holdings[universe].first] if universe in self.holdings else []
        ends = [] if spec.instrument is not None else [e.session for e in self.events("monthly")]
        return [first, *sorted({t for t in (*dates, *ends) if first < t < len(panel.sessions)})]

    def _first_data(self, rows: list[int] | None) -> int:
        """First session on which any of the rows has a close or a return."""
        key = None if rows is None else tuple(rows)
        if key not in self._first:
            firsts = [len(self.panel.sessions)]
            for name in ("close", "price_return", "total_return"):
                if name in self.panel.fields:
                    field = self.panel.field(name)
                    valid = (~np.isnan(field if rows is None else field[rows])).any(axis=0)
                    firsts += [int(valid.argmax())] if valid.any() else []
            self._first[key] = min(firsts)
        return self._first[key]

    def missing_names(self, name: str) -> list[str]:
        """Identifiers of the basket's list that no renewal found."""
        spec = self.basket(name)
        wanted: Mapping[str, object] = dict.fromkeys(
            spec.securities or ([spec.instrument] if spec.instrument else [])
        )
        return [w for w in wanted if w not in self.found.get(name, set())]


def _cycle(path: tuple[str, ...], name: str) -> UsageError:
    loop = " -> ".join([*path[path.index(name) :], name])
    return UsageError(
        f"baskets refer to each other in a circle: {loop}.",
        "Take one of union, minus or intersect out of it.",
    )

"""The prices behind the claims, and the short declared list of ways in which a claim may be meant.

Order of readings, the first one that has data is *the* reading:

1. what stands for the subject: a published index level, then the own basket, then a fund 2. the
basis: price (or the basis the market file gives the basket), then total return 3. the last close on
or before the text's date, then the one before it (for windows that run to the text's date) 4. the
base: the close of the day named, then the close before it ("since Monday") 5. for a theme: the
weighting of the market file, then the other one (equal for cap, cap for equal)
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from paceline import config
from paceline.arrays import Array, Dates
from paceline.config.baskets import Group
from paceline.errors import NotEnoughData, PacelineError
from paceline.factcheck.dates import Window
from paceline.factcheck.subjects import Candidate, Names, Subject
from paceline.figures import Figure
from paceline.lineage import code_of
from paceline.signals.lows import confirmed_lows

if TYPE_CHECKING:
    from paceline.market import Market

#: More readings than this are not tried.
LIMIT = 10
#: A text this many days younger than the last close asks for data that are not there.
STALE = 5


class Missing(Exception):
    """The data cannot answer: the reason, as a sentence."""


class Line(NamedTuple):
    """A level through time: who, on which basis; NaN where missing."""

    name: str
    label: str
    basis: str
    days: Dates
    level: Array
    kind: str  # index, fund, stock, basket
    proxy: bool = False


class Span(NamedTuple):
    """From the close of session ``i`` to the close of session ``j`` of a line."""

    i: int
    j: int


@dataclass(frozen=True)
class Option:
    """One way in which a claim may be meant."""

    candidate: Candidate
    basis: str
    back: int = 0  # sessions before the last close
    base_back: int = 0

    def words(self, label: str, open_: bool) -> str:
        """The reading as it is shown."""
        parts = [label, {"price": "price", "total": "total return"}[self.basis]]
        if open_:
            parts.append("last close" if not self.back else "the close before")
        if self.base_back:
            parts.append("from the close before")
        return ", ".join(parts)


class _Shared:
    """Two slim copies of a market that all texts share: instruments, and baskets with members."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.days: dict[str, Market] = {}
        self.light: Market | None = None
        self.held: set[str] = set()

    def instruments(self, names: Names, wanted: Sequence[str]) -> Market:
        """Every stored index and fund, and the stocks a text speaks of."""
        if self.light is None or not set(wanted) <= self.held:
            file = self.market.file
            self.held |= {
                *wanted,
                *names.common,
                *(b.instrument for b in file.baskets.values() if b.instrument),
            }
            priced = self._priced(sorted(self.held))
            baskets = {n: b for n, b in file.baskets.items() if b.instrument in priced}
            have = {b.instrument for b in baskets.values()}
            baskets |= {
                f"instrument {t}": config.Basket(instrument=t, label=t)
                for t in sorted(priced - have)
            }
            if not baskets:
                raise Missing("this market has no single instruments")
            self.light = self._slim(baskets, {}, self.market.as_of)
        return self.light

    def _priced(self, names: list[str]) -> set[str]:
        import polars as pl

        rows = (
            self.market.stored.table("prices")
            .filter(pl.col("security").is_in(names))
            .select("security")
            .unique()
        )
        return set(rows.collect()["security"])

    def composites(self, day: str) -> Market:
        """The baskets with members, each theme also with the other weighting, as of a day."""
        if day not in self.days:
            file = self.market.file
            if file.market.start is not None and dt.date.fromisoformat(day) <= file.market.start:
                raise Missing(f"the members' data start on {file.market.start}")
            own = {n: b for n, b in file.baskets.items() if not b.instrument}
            more = {}
            for name, b in own.items():
                if (
                    b.weight in ("cap", "equal")
                    and b.rank is None
                    and (b.securities or b.sub_industry or b.industry)
                ):
                    other: Any = "equal" if b.weight == "cap" else "cap"
                    if b.universe is not None or other == "equal":
                        more[f"{name}, {other} weight"] = b.model_copy(
                            update={
                                "weight": other,
                                "label": f"{b.label or name}, {other} weight",
                                "aliases": [],
                            }
                        )
            if not own and not file.groups:
                raise Missing("this market has no baskets with members")
            self.days[day] = self._slim({**own, **more}, file.groups, day)
        return self.days[day]

    def _slim(
        self, baskets: dict[str, config.Basket], groups: Mapping[str, Group], day: str
    ) -> Market:
        file = self.market.file
        bench = (
            file.market.benchmark if file.market.benchmark in baskets else next(iter(baskets), "")
        )
        groups = {
            n: g.model_copy(update={"baskets": [b for b in g.baskets if b in baskets]})
            if g.baskets
            else g
            for n, g in groups.items()
        }
        groups = {n: g for n, g in groups.items() if g.baskets or g.by}
        info = file.market.model_copy(
            update={"benchmark": bench, **({} if groups else {"universe": None})}
        )
        slim = file.model_copy(
            update={
                "market": info,
                "baskets": baskets,
                "groups": groups,
                "rotations": {},
                "published": {},
                "report": config.Report(),
                **(
                    {} if groups or any(b.universe for b in baskets.values()) else {"universes": {}}
                ),
            }
        )
        return type(self.market)(slim, self.market.path, as_of=day, version=self.market.version)


_KEPT: WeakKeyDictionary[Market, tuple[tuple[int, str], _Shared]] = WeakKeyDictionary()


def _shared(market: Market) -> _Shared:
    """What was built for earlier texts, while the market is the same."""
    state = (market.version, market.as_of)
    if market not in _KEPT or _KEPT[market][0] != state:
        _KEPT[market] = (state, _Shared(market))
    return _KEPT[market][1]


class Quotes:
    """Levels as they stood at the text's date; nothing later is seen.

    A cell depends on nothing later than itself, so that the level known at a day is the later
    one's up to that day.
    """

    def __init__(
        self, market: Market, names: Names, today: dt.date, subjects: Sequence[Subject]
    ) -> None:
        self.market, self.names, self.today = market, names, today
        self._wanted = sorted(
            {c.instrument for s in subjects for c in s.candidates if c.instrument}
        )
        self._shared = _shared(market)
        self._lines: dict[tuple[str, str], Line | None] = {}

    # -- markets ----------------------------------------------------------------------------------

    @cached_property
    def as_of(self) -> str:
        """The last session on or before the text's date."""
        last = dt.date.fromisoformat(self.market.as_of)
        if (self.today - last).days > STALE:
            raise NotEnoughData(
                f"the text is of {self.today}, the data end on {last}.", "Import newer data."
            )
        return str(min(self.today, last))

    @cached_property
    def light(self) -> Market:
        """The market's single instruments."""
        return self._shared.instruments(self.names, self._wanted)

    def heavy(self, day: str | None = None) -> Market:
        """The market's baskets with members."""
        _ = self.as_of  # a text younger than the data has no answer
        return self._shared.composites(day or self.market.as_of)

    def _market_of(self, candidate: Candidate) -> tuple[Market, str]:
        if candidate.instrument:
            market = self.light
            name = next(
                (n for n, b in market.file.baskets.items() if b.instrument == candidate.instrument),
                "",
            )
            if not name:
                raise Missing(f"{candidate.instrument} is not stored")
            return market, name
        return self.heavy(), candidate.basket

    def line(self, candidate: Candidate, basis: str) -> Line | None:
        """The level of a candidate on a basis; None if it has none."""
        key = (candidate.instrument or candidate.basket, basis)
        if key not in self._lines:
            self._lines[key] = self._line(candidate, basis)
        return self._lines[key]

    def _line(self, candidate: Candidate, basis: str) -> Line | None:
        try:
            market, name = self._market_of(candidate)
            levels = market.all_levels
        except (Missing, NotEnoughData):
            return None
        if name not in levels.names:
            return None
        cut = int(np.searchsorted(levels.sessions, np.datetime64(self.today), side="right"))
        days, level = levels.sessions[:cut], levels.by_basis[basis][levels.names.index(name), :cut]
        if not np.isfinite(level).any():
            return None
        kind = self.names.kind(candidate.instrument) if candidate.instrument else "basket"
        label = market.labels.get(name, name)
        return Line(name, label, basis, days, level, kind, candidate.proxy)

    def bases(self, candidate: Candidate) -> list[str]:
        """The bases a candidate has, its own first."""
        have = [b for b in ("price", "total") if self.line(candidate, b) is not None]
        if candidate.basket in self.market.file.baskets:
            own = self.market.file.baskets[candidate.basket].basis or self.market.file.market.basis
        else:
            own = self.market.file.market.basis
        return sorted(have, key=lambda b: b != own)

    # -- windows ----------------------------------------------------------------------------------

    def span(self, line: Line, window: Window | None, back: int = 0, base_back: int = 0) -> Span:
        """Sessions of a window on a line's axis; ``Missing`` says why there are none."""
        days, level = line.days, line.level
        if window is not None and window.unclear:
            raise Missing(f"the window {window.text!r} is not clear: {window.unclear}")
        open_ = window is None or window.end is None
        end = self.today if window is None or window.end is None else window.end
        j = int(np.searchsorted(days, np.datetime64(end), side="right")) - 1
        j -= back if open_ else 0
        i, j = (j - 1, j) if window is None else self._base(line, window, end, j)
        i -= base_back
        seen = np.flatnonzero(np.isfinite(level))
        if i < 0 or i < seen[0]:
            raise Missing(f"the data of {line.label} ({line.basis}) start on {days[seen[0]]}")
        if j > seen[-1] or not np.isfinite(level[j]):
            raise Missing(f"the data of {line.label} ({line.basis}) end on {days[seen[-1]]}")
        if i >= j:
            raise Missing("the window holds no session")
        if not np.isfinite(level[i]):
            raise Missing(f"{line.label} ({line.basis}) has no value on {days[i]}")
        return Span(i, j)

    def _base(self, line: Line, window: Window, end: dt.date, j: int) -> tuple[int, int]:
        """The session a window starts from, and its last: ``j``, but after a day the next."""
        days, first = line.days, np.datetime64(window.first or end)
        if window.base == "until":
            raise Missing("the window has no beginning")
        if window.unit == "day" and window.base == "before" and window.first is not None:
            if window.end is not None and (j < 0 or days[j] != first):
                raise Missing(f"the exchange was closed on {window.first}")
            return j - 1, j
        if window.base == "next":
            i = int(np.searchsorted(days, first, side="right")) - 1
            if i + 1 >= len(days):
                raise Missing("the day after is not stored")
            return i, i + 1
        if window.base == "back":
            return j - window.n, j
        if window.base in ("low", "high", "recent low", "recent high"):
            return self._extreme(line, window, j), j
        before = window.base == "before"
        return int(np.searchsorted(days, first, side="left" if before else "right")) - 1, j

    def last_low(self, line: Line) -> int | None:
        """The benchmark's last short-term low known by then, as a session of this line."""
        bench = self.market.file.market.benchmark
        own = self.line(Candidate(bench, self.market.file.baskets[bench].instrument or ""), "price")
        lows = confirmed_lows(own.level, self.market.file.market.low) if own is not None else []
        if own is None or not lows:
            return None
        return int(np.searchsorted(line.days, own.days[lows[-1][0]], side="right")) - 1

    def _extreme(self, line: Line, window: Window, j: int) -> int:
        days, level = line.days, line.level
        if window.base == "recent low":
            low = self.last_low(line)
            if low is None:
                raise Missing("no short-term low of the benchmark is known by then: name its date")
            return low
        if not window.own:
            bench = self.market.file.market.benchmark
            whole = self.line(
                Candidate(bench, self.market.file.baskets[bench].instrument or ""), "price"
            )
            if whole is not None and whole.name != line.name:
                at = self._extreme(
                    whole, replace(window, own=True), int(np.searchsorted(whole.days, days[j]))
                )
                return int(np.searchsorted(days, whole.days[at], side="right")) - 1
        first = (
            0
            if window.first is None
            else int(np.searchsorted(days, np.datetime64(window.first), side="left"))
        )
        if window.base == "recent high":
            first = max(0, j - 252)
        last = (
            j
            if window.last is None
            else min(j, int(np.searchsorted(days, np.datetime64(window.last), side="right")) - 1)
        )
        part = level[first : last + 1]
        if not np.isfinite(part).any():
            raise Missing(f"{line.label} has no data in {window.text!r}")
        return first + int(
            np.nanargmin(part) if window.base.endswith("low") else np.nanargmax(part)
        )

    # -- figures ----------------------------------------------------------------------------------

    def figure(
        self, measure: str, line: Line, value: float, unit: str, i: int | None, j: int, **more: Any
    ) -> Figure:
        """A measured value with its lineage: the basket or instrument it is of."""
        market = self.light if line.name in self.light_names else self.heavy()
        known = replace(market.provenance([line.name], {line.name: line.basis}), as_of=self.as_of)
        start = str(line.days[i]) if i is not None else str(line.days[j])
        question = known.question(
            measure,
            {
                "subject": line.name,
                "basis": line.basis,
                "start": start,
                "end": str(line.days[j]),
                **more,
            },
            code_of(__name__),
            names=[line.name],
            basis=line.basis,
        )
        found = question.figure(
            line.name, value, unit, label=line.label, start=start, end=line.days[j]
        )
        self.market.steps.take(market.steps)
        return found

    @cached_property
    def light_names(self) -> set[str]:
        """Baskets of one instrument."""
        try:
            return set(self.light.file.baskets)
        except Missing:
            return set()

    # -- options ----------------------------------------------------------------------------------

    def options(
        self, subject: Subject, window: Window | None, *, total: bool = False
    ) -> list[Option]:
        """The readings of a claim about one subject, in order, of candidates that have data."""
        _ = self.as_of  # a text younger than the data has no answer
        if not subject.candidates:
            raise Missing(f"{subject.name!r} is not in this market")
        usable = self._usable(subject, window)
        if total:  # what has dividends comes first
            usable = [(c, sorted(bases, key=lambda b: b != "total")) for c, bases in usable]
            usable.sort(key=lambda u: u[1][0] != "total")
        moving = window is None or (window.open and window.unit != "day")
        found = []
        for n, (c, bases) in enumerate(usable[:3]):
            found += [Option(c, b) for b in bases]
            if moving:
                found += [Option(c, b, 1) for b in bases]
            if window is not None and window.alternative:
                found.append(Option(c, bases[0], 0, 1))
            if n == 0 and c.basket and not c.instrument:
                others = (Candidate(o, "") for o in self._weighted(c.basket))
                found += [Option(o, bases[0]) for o in others if self.line(o, bases[0]) is not None]
        return found[:LIMIT]

    def _usable(self, subject: Subject, window: Window | None) -> list[tuple[Candidate, list[str]]]:
        """The candidates with data in a window, each with its bases; ``Missing`` without any."""
        usable, reasons = [], []
        for c in subject.candidates:
            good = []
            for b in self.bases(c):
                line = self.line(c, b)
                assert line is not None
                try:
                    self.span(line, window)
                    good.append(b)
                except Missing as why:
                    reasons.append(str(why))
            if good:
                usable.append((c, good))
        if not usable:
            raise Missing(reasons[0] if reasons else f"no prices of {subject.name} are stored")
        return usable

    def _weighted(self, basket: str) -> list[str]:
        return [
            n
            for n in self.heavy().file.baskets
            if n.startswith(f"{basket}, ") and n.endswith(" weight")
        ]

    def measured(self, measure: str, day: str | None = None, **how: Any) -> list[Figure]:
        """Figures of a measure of the baskets with members; ``Missing`` where it has none."""
        try:
            market = self.heavy(day)
            found = market.show(measure, **how)
        except PacelineError as error:
            raise Missing(error.message) from None
        self.market.steps.take(market.steps)
        return found

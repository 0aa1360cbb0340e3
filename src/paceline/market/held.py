"""What a market holds: its file, what is stored, and what is assembled from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

from paceline import arguments, config, engine
from paceline import plugins as plugged
from paceline.arrays import Array, Dates
from paceline.figures import Figure
from paceline.indices.levels import Levels
from paceline.lineage import Steps, digest
from paceline.market import named
from paceline.market.age import Age, age_of
from paceline.market.assembled import Assembled
from paceline.market.stored import Stored

if TYPE_CHECKING:
    from paceline.indices import Indices
    from paceline.panel import Panel
    from paceline.store import Store

Worked = TypeVar("Worked")


class Held:
    """One market file, read at one version of its store and as of one day.

    file     the market file, ``path`` its name for messages
    as_of    last day that may be seen; None: that of the market file, or the latest
    version  load number or date of the store; None: the newest
    moment   what another market has assembled already, to share it
    """

    def __init__(
        self,
        file: config.MarketFile,
        path: str = "",
        *,
        as_of: str | dt.date | None = None,
        version: int | str | None = None,
        moment: Assembled | None = None,
    ) -> None:
        newest = as_of is None or (isinstance(as_of, str) and as_of == "latest")
        asked = file.report.as_of if newest else as_of
        self.file, self.path = file, path
        if asked is not None and not isinstance(asked, str):
            asked = arguments.day(asked, "as_of")
        self._asked = None if isinstance(asked, str) and asked == "latest" else asked
        self._version = version
        self._begin(moment)

    def _begin(self, moment: Assembled | None = None) -> None:
        """Nothing is read yet, or all that a moment holds."""
        self._stored = None if moment is None else moment.stored
        self._moment = moment
        self._memory: dict[str, Any] = {}

    # ---- what it rests on ------------------------------------------------------------------------

    @property
    def stored(self) -> Stored:
        """The store at the version this market is read at."""
        if self._stored is None:
            self._stored = Stored.at(self.file, self.path, self._version)
        return self._stored

    @property
    def moment(self) -> Assembled:
        """All that is assembled from the store as of the market's day."""
        if self._moment is None:
            named.check(self.stored)
            self._moment = Assembled(self.stored, self.stored.as_of(self._asked))
        return self._moment

    def memo(self, question: object, make: Callable[[], Worked]) -> Worked:
        """The answer to a question, worked out once; ``question`` names all it depends on."""
        key = digest(question)
        if key not in self._memory:
            self._memory[key] = make()
        return cast("Worked", self._memory[key])

    def remembers(self, question: object) -> bool:
        """Whether a question has been worked out already."""
        return digest(question) in self._memory

    @property
    def store(self) -> Store:
        """The store."""
        return self.stored.store

    @property
    def version(self) -> int:
        """The load number this market is read at."""
        return self.stored.version

    @cached_property
    def plugins(self) -> tuple[plugged.Plugin, ...]:
        """The plug-in files of this market, loaded when the first of them is needed."""
        return plugged.load(self.file.plugins)

    @property
    def as_of(self) -> str:
        """The last session seen, as an ISO date."""
        return self.moment.as_of

    @property
    def age(self) -> Age:
        """How many sessions have ended since the last one shown, by the clock: see ``age.Age``."""
        as_of = self.stored.as_of(self._asked)
        return age_of(self.stored, as_of, self._asked, fixed=self._version is not None)

    @property
    def name(self) -> str:
        """Name in the market file."""
        return self.file.market.name

    @property
    def title(self) -> str:
        """Name for people."""
        return self.file.market.title or self.name

    @property
    def simulated(self) -> bool:
        """Whether its companies are invented."""
        return self.file.market.simulated

    @property
    def benchmark(self) -> str:
        """Name of the basket that everything is compared with."""
        return self.file.market.benchmark

    @property
    def sessions(self) -> Dates:
        """Every session of the exchange's calendar, those to come included."""
        return self.stored.sessions

    @property
    def stocks(self) -> Panel | None:
        """The panel of all that may be a member of a universe; None if no basket needs members."""
        return self.moment.stocks

    @property
    def instruments(self) -> Panel | None:
        """The panel of the single instruments named by baskets; None without any."""
        return self.moment.instruments

    @property
    def baskets(self) -> Mapping[str, config.Basket]:
        """Every basket by name."""
        return self.moment.baskets

    @property
    def labels(self) -> Mapping[str, str]:
        """Basket name to its name for people."""
        return self.moment.declared.labels

    @property
    def groups(self) -> Mapping[str, list[str]]:
        """Group name to basket names."""
        return self.moment.declared.groups

    @property
    def declared(self) -> list[str]:
        """Names of the baskets of the market file and its groups."""
        return list(self.moment.declared.baskets)

    @property
    def composites(self) -> list[str]:
        """Names of the baskets that have members, in order."""
        return self.moment.composites

    @property
    def built(self) -> dict[str, Indices]:
        """The indices of all baskets with members, by basis."""
        return self.moment.composite_indices

    @property
    def all_levels(self) -> Levels:
        """Index levels of every basket on one time axis, on both bases."""
        return self.moment.levels

    @property
    def series(self) -> Mapping[str, tuple[Dates, Array]]:
        """Macro and factor series as known on the as-of day: name -> (dates, values)."""
        return self.moment.series

    @property
    def steps(self) -> Steps:
        """The steps of all figures made so far."""
        return self.moment.steps

    def remember(self, figures: Iterable[Figure]) -> bool:
        """Keep the lineage of figures in the store, so that ``paceline trace`` finds them tomorrow.

        False where the store may only be read.
        """
        steps = self.steps.behind(f.step for f in figures)
        return self.store.save_steps([s.to_json() for s in steps])

    def provenance(
        self, names: Sequence[str] = (), basis: Mapping[str, str] | None = None
    ) -> engine.Provenance:
        """Lineage and caveats of the baskets in ``names``, each on the basis it is used on."""
        return self.moment.lineage.of(names, basis)

    @cached_property
    def broad(self) -> str | None:
        """The built basket of the market's whole universe, by cap where there is one; or None."""
        return self.file.broad

    @property
    def sector_group(self) -> str | None:
        """The group that splits the market by sector; None without one."""
        return next((n for n, g in self.file.groups.items() if g.by == "sector"), None)

    @property
    def low(self) -> tuple[dt.date, dt.date] | None:
        """The benchmark's last short-term low known today: (its session, day of confirmation)."""
        low = self.moment.low
        return None if low is None else (low.day, low.confirmed)

    @property
    def low_broken(self) -> dt.date | None:
        """First session on which the benchmark closed below that low; None while it has held."""
        low = self.moment.low
        return None if low is None else low.broken

    @property
    def low_hidden(self) -> str:
        """That the benchmark has no close on days among which its low may lie; empty: it has."""
        low = self.moment.low
        return "" if low is None else low.hidden

"""A market that answers questions: names resolved, measures evaluated, figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, cast

from paceline import config, engine, measures
from paceline import plugins as plugged
from paceline.arrays import Array, Dates
from paceline.figures import Figure
from paceline.indices.levels import Levels
from paceline.lineage import Steps, digest
from paceline.market import importing, measuring, named, naming, rivals, watching
from paceline.market.age import Age, age_of
from paceline.market.assembled import Assembled
from paceline.market.importing import Progress
from paceline.market.measuring import Evaluated
from paceline.market.opening import located
from paceline.market.stored import Stored
from paceline.market.watching import Watched

if TYPE_CHECKING:
    import polars as pl

    from paceline.indices import Indices
    from paceline.market.given import Frames
    from paceline.panel import Panel
    from paceline.sources import Raw
    from paceline.store import Store

Worked = TypeVar("Worked")


class Market:
    """One market file, read at one version of its store and as of one day.

    file     the market file, ``path`` its name for messages
    as_of    last day that may be seen; None: that of the market file, or the latest
    version  load number or date of the store; None: the newest
    moment   what another market has assembled already, to share it

    What is computed is kept until ``import_`` or ``refresh`` brings newer data; nothing else
    changes what a market answers.
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
        asked = as_of if as_of not in ("latest", None) else file.report.as_of
        self.file, self.path = file, path
        self._asked = None if asked == "latest" else asked
        self._version = version
        self._begin(moment)

    @classmethod
    def open(
        cls,
        path: str | Path | None = None,
        *,
        data: str | Path | None = None,
        store: str | Path | None = None,
        as_of: str | dt.date | None = None,
        version: int | str | None = None,
        plugins: Sequence[str | Path] = (),
        frames: Frames | None = None,
        calendar: str | None = None,
        dialect: str | None = None,
    ) -> Self:
        """Open a market file; without one, ``market.toml`` of the working folder or the demo.

        data     folder that relative paths of the sources start from, instead of ``market.data``
        store    folder of the store, instead of ``market.store``
        as_of    last day that may be seen (a session, or the session before it); default: the
                 latest
        version  load number or date: the store as it was then
        plugins  Python files with measures, sources, weightings or pages, beside those that the
                 market file names; naming them here is the permission to run them
        frames   polars or pandas frames, by the name of a source without ``path``; they are
                 imported at once. Without ``path`` here: by the name of their table, "prices" at
                 least, and of a market file that is written in the folder of the store
        calendar, dialect  of a market of frames without ``path``; see docs/frames.md
        """
        if frames is None and calendar is None and dialect is None:
            return cls(*located(path, data, store, plugins), as_of=as_of, version=version)
        from paceline.market import given

        found = given.located(frames, path, data, store, plugins, calendar, dialect)
        market = cls(found.file, found.path, as_of=as_of, version=version)
        with found.undone_on_error():
            market.import_(only=found.only, given=found.raws)
        return market

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

    def including(self, names: Sequence[str]) -> Self:
        """A market that also has the single securities among ``names`` as baskets of their own.

        It shares what is assembled with this one, which stays as it is; itself if nothing is new.
        """
        new = tuple(n for n in dict.fromkeys(names) if n not in self.moment.baskets)
        if not new:
            return self

        return self.memo(
            ["including", new],
            lambda: type(self)(
                self.file,
                self.path,
                as_of=self._asked,
                version=self._version,
                moment=self.moment.including(new),
            ),
        )

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

    @property
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

    @property
    def watched(self) -> list[Watched]:
        """Findings about the assembled market: who has no price, what follows what."""
        return self.memo("watched", lambda: watching.watched(self))

    def findings(self) -> pl.DataFrame:
        """Every fault found: at each import, then in the assembled market (no load)."""
        return watching.findings(self)

    # ---- data in ---------------------------------------------------------------------------------

    def import_(
        self,
        progress: Progress | None = None,
        only: Sequence[str] | None = None,
        given: Mapping[str, list[Raw]] | None = None,
    ) -> list[dict[str, Any]]:
        """Fetch, parse, check and store every source, or those in ``only``: see ``importing``."""
        place = rivals.place_of(self.path, self.file)
        done = importing.import_sources(self.file, self.store, only, progress, given, place)
        self._begin()
        return done

    def ensure(self, progress: Progress | None = None) -> list[dict[str, Any]]:
        """Import the sources that the store has never seen; leaves the others as they are."""
        stored = set(self.store.log.sources())
        missing = [n for n in self.file.sources if n not in stored]
        return self.import_(progress, missing) if missing else []

    def refresh(self) -> Literal["unchanged", "extended", "rebuilt"]:
        """See what was imported since this market was opened, by whatever process.

        extended  the new imports bring sessions after the last one and touch nothing before, and no
                  basket is rebalanced on them: panels and indices go on from what is in memory
        rebuilt   everything is worked out again when asked for
        A market opened at a version or as of a day stays what it is: unchanged.
        """
        fixed = self._asked is not None or self._version is not None
        if fixed or self.store.resolve(None) == self.version:
            return "unchanged"
        before = self._moment
        self._begin()
        if before is None:
            return "rebuilt"
        self._moment = before.extended(self.stored)
        return "rebuilt" if self._moment is None else "extended"

    # ---- measures --------------------------------------------------------------------------------

    def settings(self, name: str) -> dict[str, Any]:
        """The parameters of a measure as this market sets them: its own, else the defaults.

        Raises ``MarketFileError`` where the market file sets what the measures of its plug-in files
        do not have.
        """
        measure = measures.get(name, self.plugins)
        return {**measure.defaults(), **self._settings.get(measure.name, {})}

    @cached_property
    def _settings(self) -> dict[str, dict[str, Any]]:
        return measures.settings(self.file, self.path, self.plugins)

    def evaluate(
        self,
        name: str,
        *,
        basis: str | None = None,
        pairs: Sequence[tuple[str, str]] | None = None,
        last: int | None = None,
        **params: Any,
    ) -> Evaluated:
        """Run a measure for all its subjects; the result is kept for the next caller.

        last  only the values of that many last sessions are wanted: a measure that declares how far
              it looks back sees no more than they need, and the result ends with the view but
              begins later
        """
        return measuring.evaluate(self, name, basis=basis, pairs=pairs, last=last, **params)

    def show(
        self,
        measure: str,
        *,
        subjects: Sequence[str] | None = None,
        against: Sequence[str] | None = None,
        since: str | None = None,
        basis: str | None = None,
        history: bool = False,
        **params: Any,
    ) -> list[Figure]:
        """The figures of a measure: today's, or with ``history`` one per session.

        subjects  baskets, groups, securities, or series of a measure of series (default: all)
        against   second legs: each subject is shown against each of them
        since     ISO date, or "low": the benchmark's last confirmed short-term low
        basis     "price" or "total" instead of the market's own
        Raises ``UnknownName``, ``UsageError``, ``NotEnoughData``.
        """
        return measuring.show(
            self,
            measure,
            subjects=subjects,
            against=against,
            since=since,
            basis=basis,
            history=history,
            **params,
        )

    def current(self, names: Sequence[str] | None = None) -> dict[str, list[Figure]]:
        """Today's figures of every measure (or of those named) as the market file sets them.

        What cannot be computed from this market's data is left out.
        """
        return measuring.current(self, names)

    # ---- names -----------------------------------------------------------------------------------

    def resolve(self, names: Sequence[str]) -> list[str]:
        """Basket names for what a person wrote: a basket, a group, a label, an alias or a security.

        A security that is no basket keeps its identifier; ``including`` makes it one. Raises
        ``UnknownName``.
        """
        return naming.resolve(self.moment, names)

    def names(self) -> dict[str, list[tuple[str, str]]]:
        """What can be asked for, by kind: (name, label)."""
        return naming.catalogue(self.moment, self.plugins)

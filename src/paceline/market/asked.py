"""A market that answers questions: names resolved, measures evaluated, figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, TypeVar, cast

import numpy as np

from paceline import config, engine, measures
from paceline import plugins as plugged
from paceline.arrays import Array, Dates
from paceline.baskets import weights
from paceline.errors import MarketFileError, NotEnoughData, UnknownName, UsageError
from paceline.figures import Figure
from paceline.indices.levels import BASES, Levels
from paceline.lineage import Steps, digest
from paceline.market import importing, named
from paceline.market.assembled import Assembled
from paceline.market.importing import Progress
from paceline.market.stored import Stored, parse_date
from paceline.market.view import view_of
from paceline.measures import Measure, Result, View
from paceline.signals.lows import confirmed_lows
from paceline.signals.windows import HORIZONS

if TYPE_CHECKING:
    import polars as pl

    from paceline.indices import Indices
    from paceline.panel import Panel
    from paceline.store import Store

Kept = TypeVar("Kept")
#: Where the demo keeps its store, below the working folder.
DEMO_STORE = Path(".paceline") / "demo"


def located(
    path: str | Path | None = None,
    data: str | Path | None = None,
    store: str | Path | None = None,
    plugins: Sequence[str | Path] = (),
) -> tuple[config.MarketFile, str]:
    """The market file at ``path`` and its name for messages; see ``open_market``."""
    data = None if data is None else Path(data).resolve()  # of the working folder, as the store is
    if path is None and not Path("market.toml").exists():
        demo = resources.files("paceline").joinpath("data", "demo.toml")
        with resources.as_file(demo) as place:
            file, name = config.load(place, data), "the built-in demo market"
        store = store or DEMO_STORE
    else:
        file, name = config.load(path or "market.toml", data), str(path or "market.toml")
    if store is not None:
        settings = file.market.model_copy(update={"store": str(Path(store).resolve())})
        file = file.model_copy(update={"market": settings})
    file = plugged.added(file, plugins)
    weights.check(file, name)
    _check_measures(file, name)
    return file, name


def _check_measures(file: config.MarketFile, path: str) -> None:
    """Raise ``MarketFileError`` for a measure, or a parameter of one, that does not exist.

    A measure may be of a plug-in: those are loaded when measures are needed, not here.
    """
    known = measures.discover() if file.measures else {}
    for name, settings in file.measures.items():
        measure = known.get(measures.ALIASES.get(name, name))
        try:
            if measure is not None:
                measure.check(settings)
            elif not file.plugins:
                raise UnknownName("measure", name, known)
        except UsageError as error:
            raise MarketFileError(
                f"{path}: measures.{name}: {error.message}", error.remedy
            ) from None


class Evaluated(NamedTuple):
    """A measure that was run for all its subjects: what it saw, how it was set, what came out."""

    measure: Measure
    view: View
    params: dict[str, Any]
    result: Result
    known: engine.Provenance


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

    def memo(self, question: object, make: Callable[[], Kept]) -> Kept:
        """The answer to a question, worked out once; ``question`` names all it depends on."""
        key = digest(question)
        if key not in self._memory:
            self._memory[key] = make()
        return cast("Kept", self._memory[key])

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
        return self.moment.provenance(names, basis)

    @property
    def broad(self) -> str | None:
        """The built cap-weighted basket of the market's whole universe; None without one."""
        universe = self.file.market.universe
        for name, spec in self.file.baskets.items():
            whole = universe in (None, spec.universe) and not spec.instrument and not spec.selects
            if whole and spec.weight == "cap" and spec.cap_limit is None:
                return name
        return None

    @property
    def sector_group(self) -> str | None:
        """The group that splits the market by sector; None without one."""
        return next((n for n, g in self.file.groups.items() if g.by == "sector"), None)

    @property
    def low(self) -> tuple[dt.date, dt.date] | None:
        """The benchmark's last short-term low known today: (its session, day of confirmation)."""

        def make() -> tuple[dt.date, dt.date] | None:
            levels = self.all_levels
            line = levels.native[levels.names.index(self.benchmark)]
            lows = confirmed_lows(line, self.file.market.low)
            if not lows:
                return None
            low, confirmed = (dt.date.fromisoformat(str(levels.sessions[t])) for t in lows[-1])
            return low, confirmed

        return self.memo("low", make)

    # ---- data in ---------------------------------------------------------------------------------

    def import_(
        self, progress: Progress | None = None, only: Sequence[str] | None = None
    ) -> list[dict[str, Any]]:
        """Fetch, parse, check and store every source, or those in ``only``: see ``importing``."""
        done = importing.import_sources(self.file, self.store, only, progress)
        self._begin()
        return done

    def ensure(self, progress: Progress | None = None) -> list[dict[str, Any]]:
        """Import the sources that the store has never seen; leaves the others as they are."""
        stored = set(self.store.loads()["source"].to_list())
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
        measure = measures.get(name, self.plugins)
        name = measure.name
        declared = measures.declared(self.file.measures, name)
        settings = {**measure.defaults(), **declared, **params}
        if "basis" in measure.params:
            settings["basis"] = basis or settings.get("basis")
        measure.check(settings)
        if settings.get("since") == "low":
            settings["since"] = self._low_or_error()
        question = ["evaluate", name, basis, pairs, settings]
        sessions = None if last is None else measure.lookback(settings)
        if last is None or sessions is None or digest(question) in self._memory:
            return self.memo(question, lambda: self._evaluate(measure, basis, pairs, settings))
        return self.memo(
            [*question, last],
            lambda: self._evaluate(measure, basis, pairs, settings, sessions + last),
        )

    def _evaluate(
        self,
        measure: Measure,
        basis: str | None,
        pairs: Sequence[tuple[str, str]] | None,
        settings: dict[str, Any],
        sessions: int | None = None,
    ) -> Evaluated:
        view, known = view_of(self.moment, measure, basis, pairs)
        seen = view if sessions is None else engine.recent(view, sessions)
        return Evaluated(measure, view, settings, engine.evaluate(measure, seen, settings), known)

    def _low_or_error(self) -> str:
        if self.low is None:
            fall, rise = self.file.market.low
            raise NotEnoughData(
                f"no short-term low of {self.benchmark} (fall of {fall:.0%}, then rise of "
                f"{rise:.0%}) is known by {self.as_of}.",
                "Give a date with --since.",
            )
        return str(self.low[0])

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
        declared = measures.get(measure, self.plugins)
        if basis is not None:
            known_basis(basis)
        if since is not None:
            params["since"] = self._since(declared, since)
        apart = [n for n in subjects or () if "series" in declared.needs and n in self.series]
        baskets = self.resolve([n for n in subjects or () if n not in apart])
        names = [*apart, *baskets] if subjects else None
        others = self.resolve(against) if against else []
        market = self.including([*baskets, *others])
        pairs = None
        if others:
            pairs = [(a, b) for a in names or market.all_levels.names for b in others if a != b]
        if names is not None and declared.of == "basket":
            alone = [n for n in names if n not in market.composites]
            if alone and len(alone) == len(names):
                raise UsageError(
                    f"{measure} looks at the members of a basket; {alone[0]!r} is one instrument.",
                    f"Baskets with members: {', '.join(market.composites[:12])}.",
                )
        how = {"pairs": pairs, "last": None if history else 1, **params}
        asked = market.evaluate(measure, basis=basis, **how)
        figures = engine.figures(*asked, subjects=names, history=history)
        if basis is None and "basis" in declared.params and "basis" not in params:
            figures = market._or_other_basis(figures, measure, names, history, how)
        return [f for f in figures if not others or f.against in others]

    def _since(self, measure: Measure, since: str) -> str:
        """The start of a measure's window as its parameter takes it."""
        if "since" not in measure.params:
            raise UsageError(
                f"{measure.name} has no window to start: it takes no since.",
                f"Its parameters: {', '.join(measure.params) or 'none'}.",
            )
        horizon = since in HORIZONS and measure.params["since"].default is not None
        return since if since == "low" or horizon else self._session_or_error(since)

    def _or_other_basis(
        self,
        figures: list[Figure],
        measure: str,
        names: Sequence[str] | None,
        history: bool,
        how: Mapping[str, Any],
    ) -> list[Figure]:
        """Figures on the measure's own basis; on the other one for baskets without a value."""
        # n_eligible = 0: nobody to count on either basis
        counted = {f.subject for f in figures if f.n_eligible != 0}
        empty = counted - {f.subject for f in figures if f.value is not None}
        other = "price" if figures and figures[0].basis == "total" else "total"
        empty = {n for n in empty if self._missing(n, other) < self._missing(n, figures[0].basis)}
        if not empty:
            return figures
        again = self.evaluate(measure, basis=other, **how)
        subjects = [n for n in (names or self.composites) if n in empty]
        more = engine.figures(*again, subjects=subjects, history=history)
        filled = {f.subject for f in more if f.value is not None}
        return [f for f in figures if f.subject not in filled] + [
            f for f in more if f.subject in filled
        ]

    def _missing(self, name: str, basis: str) -> float:
        """Returns that members of a basket lack on a basis, over its whole history."""
        index = self.built.get(basis)
        if index is None or name not in index.names:
            return 0.0
        return float(index.missing[index.row(name)].sum())

    def current(self, names: Sequence[str] | None = None) -> dict[str, list[Figure]]:
        """Today's figures of every measure (or of those named) as the market file sets them.

        What cannot be computed from this market's data is left out.
        """
        figures = {}
        for name in names or measures.discover(self.plugins):
            try:
                figures[name] = self.show(name)
            except NotEnoughData:
                continue
        return figures

    def frame(self, measure: str, **how: Any) -> pl.DataFrame:
        """The rows of ``show`` as a polars frame (``.to_pandas()`` gives pandas)."""
        import polars as pl

        rows = [f.to_json() for f in self.show(measure, **how)]
        for row in rows:
            row["caveats"] = "; ".join(row["caveats"])
        return pl.DataFrame(rows, infer_schema_length=None, strict=False)

    def _session_or_error(self, since: str) -> str:
        day = parse_date(since)
        first = self.all_levels.sessions[0]
        if np.datetime64(day) < first:
            raise NotEnoughData(
                f"since {day}: the data start on {first}.", f"Give a date from {first} on."
            )
        if np.datetime64(day) > np.datetime64(self.as_of):
            raise UsageError(
                f"since {day} lies after the as-of day {self.as_of}.", "Give an earlier date."
            )
        return str(day)

    # ---- names -----------------------------------------------------------------------------------

    def resolve(self, names: Sequence[str]) -> list[str]:
        """Basket names for what a person wrote: a basket, a group, a label, an alias or a security.

        A security that is no basket keeps its identifier; ``including`` makes it one. Raises
        ``UnknownName``.
        """
        resolved: list[str] = []
        for name in names:
            resolved += self._resolve(name)
        return list(dict.fromkeys(resolved))

    def _resolve(self, name: str) -> list[str]:
        if name in self.baskets:
            return [name]
        if name in self.groups:
            return self.groups[name]
        wanted = name.casefold()
        for basket, spec in self.moment.declared.baskets.items():
            ways = (basket, self.labels[basket], *spec.aliases)
            if wanted in (way.casefold() for way in ways):
                return [basket]
        security = self.stored.security(name)
        if security is None:
            kind = "basket, group or security"
            raise UnknownName(kind, name, [*self.declared, *self.groups, *self.labels.values()])
        return [security]

    def names(self) -> dict[str, list[tuple[str, str]]]:
        """What can be asked for, by kind: (name, label)."""
        file = self.file
        return {
            "baskets": [(n, self.labels.get(n, n)) for n in self.baskets],
            "groups": [(n, ", ".join(m)) for n, m in self.groups.items()],
            "rotations": [
                (n, r.label or f"{r.lead} against {r.against}") for n, r in file.rotations.items()
            ],
            "measures": [(n, m.question) for n, m in measures.discover(self.plugins).items()],
            "universes": [(n, u.label or n) for n, u in file.universes.items()],
            "sources": [(n, f"{s.kind}: {s.table}") for n, s in file.sources.items()],
        }


def open_market(
    path: str | Path | None = None,
    *,
    data: str | Path | None = None,
    store: str | Path | None = None,
    as_of: str | dt.date | None = None,
    version: int | str | None = None,
    plugins: Sequence[str | Path] = (),
) -> Market:
    """Open a market file; without one, ``market.toml`` of the working folder or the simulated demo.

    data     folder that relative paths of the sources start from, instead of ``market.data``
    store    folder of the store, instead of ``market.store``
    as_of    last day that may be seen (a session, or the session before it); default: the latest
    version  load number or date: the store as it was then
    plugins  Python files with measures, sources, weightings or pages, beside those that the market
             file names; naming them here is the permission to run them
    """
    return Market(*located(path, data, store, plugins), as_of=as_of, version=version)


def known_basis(basis: str) -> config.Basis:
    """``basis`` if it is "price" or "total"; else a ``UsageError``."""
    for known in BASES:
        if basis == known:
            return known
    raise UsageError(f"basis {basis!r} is not known.", "Use price or total.")

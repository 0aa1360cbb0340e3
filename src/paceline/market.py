"""A market opened from its file: import, panels, indices and measures, with lineage from bytes to figure.

    market = paceline.open("market.toml")
    market.frame("performance", subjects=["russell2000"], since="low")
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline import config, engine, measures, sources
from paceline.errors import DataError, NotEnoughData, UnknownName, UsageError
from paceline.figures import Figure
from paceline.lineage import Origin, Step, digest
from paceline.measures import Array, Dates, Measure, Result, View

if TYPE_CHECKING:
    import polars as pl

    from paceline.indices import Indices
    from paceline.panel import Panel
    from paceline.store import Store

Progress = Callable[[str, float], None]
#: Sessions stored for a calendar: from the first day of the longest public histories.
FIRST_SESSION = dt.date(1926, 1, 2)
BASES = ("price", "total")


def open_market(path: str | Path | None = None, *, data: str | Path | None = None,
                store: str | Path | None = None, as_of: str | dt.date | None = None,
                version: int | str | None = None) -> Market:
    """Open a market file; without one, ``market.toml`` of the working folder or the simulated demo.

    data     folder that relative paths of the sources start from, instead of ``market.data``
    store    folder of the store, instead of ``market.store``
    as_of    last day that may be seen (a session, or the session before it); default: the latest stored
    version  load number or date: the store as it was then
    """
    if path is None and not Path("market.toml").exists():
        demo = resources.files("paceline").joinpath("data", "demo.toml")
        with resources.as_file(demo) as found:
            file, name = config.load(found, data), "the built-in demo market"
        store = store or Path(".paceline") / "demo"
    else:
        file, name = config.load(path or "market.toml", data), str(path or "market.toml")
    if store is not None:
        file = file.model_copy(update={"market": file.market.model_copy(update={"store": str(Path(store).resolve())})})
    return Market(file, name, as_of=as_of, version=version)


@dataclasses.dataclass(frozen=True)
class Levels:
    """Index levels of every basket on one time axis; ``basis[name]`` is what ``native`` holds for it."""

    sessions: Dates
    names: tuple[str, ...]
    by_basis: Mapping[str, Array]
    native: Array
    basis: Mapping[str, str]


class Market:
    """One market at one moment: everything below is computed once and kept."""

    def __init__(self, file: config.MarketFile, path: str = "", *, as_of: str | dt.date | None = None,
                 version: int | str | None = None) -> None:
        self.file, self.path = file, path
        self._as_of, self._version = as_of if as_of not in ("latest", None) else None, version
        if self._as_of is None and file.report.as_of != "latest":
            self._as_of = file.report.as_of
        self.steps: dict[str, Step] = {}
        self._results: dict[str, tuple[View, Result, engine.Provenance]] = {}

    # ---- data in ---------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self.file.market.name

    @property
    def title(self) -> str:
        return self.file.market.title or self.name

    @property
    def simulated(self) -> bool:
        return self.file.market.simulated

    @cached_property
    def store(self) -> Store:
        from paceline.store import Store

        return Store(Path(self.file.market.store))

    @cached_property
    def version(self) -> int:
        """The load number this market is read at."""
        return self.store.resolve(self._version)

    def import_(self, progress: Progress | None = None, only: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """Fetch, parse, check and store every source of the market file (or those named in ``only``).

        An import whose bytes and settings are stored already changes nothing (``load`` is None).
        """
        from paceline import quality

        for source in only or ():
            if source not in self.file.sources:
                raise UnknownName("source", source, self.file.sources)
        say = progress or (lambda _what, _share: None)
        context = sources.Context(self.file.market.calendar, tuple(self._store_sessions()))
        done = []
        specs = {n: s for n, s in self.file.sources.items() if only is None or n in only}
        for number, (name, spec) in enumerate(specs.items()):
            began = time.perf_counter()
            say(f"reading {name}", number / len(specs))
            plugin = sources.get(spec.kind)
            raws = plugin.fetch(name, spec, Path(self.file.market.data))
            checksum = digest({"raw": [r.origin.checksum for r in raws], "spec": spec.model_dump(mode="json"),
                               "name": name, "calendar": self.file.market.calendar}, 64)
            row: dict[str, Any] = {"source": name, "load": None, "rows": 0, "quarantined": 0, "findings": 0}
            if not self.store.has(checksum):
                parsed = quality.check(plugin.parse(name, spec, raws, context), name, spec, context)
                say(f"storing {name}", (number + 0.6) / len(specs))
                for raw in raws:
                    self.store.keep_raw(raw)
                row |= {
                    "load": self.store.commit(parsed.tables, source=name, checksum=checksum,
                                              origins=[r.origin for r in raws], findings=parsed.findings,
                                              quarantine=parsed.quarantine),
                    "rows": sum(len(t) for t in parsed.tables.values()),
                    "quarantined": 0 if parsed.quarantine is None else len(parsed.quarantine),
                    "findings": len(parsed.findings),
                }
            done.append({**row, "seconds": round(time.perf_counter() - began, 2)})
        say("done", 1.0)
        self._forget()
        return done

    def ensure(self, progress: Progress | None = None) -> list[dict[str, Any]]:
        """Import the sources that the store has never seen; leaves the others as they are."""
        stored = set(self.store.loads()["source"].to_list())
        missing = [n for n in self.file.sources if n not in stored]
        return self.import_(progress, missing) if missing else []

    def _store_sessions(self) -> list[dt.date]:
        """The sessions of the market's calendar, imported once and then read from the store."""
        import polars as pl

        calendar = self.file.market.calendar
        stored = (self.store.table("sessions").filter(pl.col("calendar") == calendar)
                  .select("date").collect()["date"].sort())
        if len(stored) and stored[-1] >= dt.date.today():
            return stored.to_list()
        import exchange_calendars

        end = dt.date(dt.date.today().year + 2, 12, 31)
        try:
            found = exchange_calendars.get_calendar(calendar, start=FIRST_SESSION, end=end)
        except (exchange_calendars.errors.InvalidCalendarName, ValueError) as error:
            raise UsageError(f"{self.path}: market.calendar: {error}.",
                             "Give a code that exchange_calendars knows, e.g. XNYS, XLON, XTKS.") from None
        days = [d.date() for d in found.sessions]
        frame = pl.DataFrame({"calendar": calendar, "date": days}, schema={"calendar": pl.String, "date": pl.Date})
        frame = frame.with_columns(known=pl.col("date"))
        what = f"exchange_calendars {exchange_calendars.__version__}: {calendar}"
        checksum = digest({"what": what, "days": [str(d) for d in days]}, 64)
        self.store.commit({"sessions": frame}, source="sessions", checksum=checksum,
                          origins=[Origin("exchange_calendars", what, str(dt.date.today()), "Apache-2.0", checksum)])
        return days

    def _forget(self) -> None:
        """Drop everything computed from the store's former state."""
        for name in ("version", "as_of", "sessions", "stocks", "instruments", "_baskets", "built", "_held",
                     "levels_", "_caveats", "general_caveats", "low"):
            self.__dict__.pop(name, None)
        self._results.clear()

    # ---- time ------------------------------------------------------------------------------------------

    @cached_property
    def as_of(self) -> str:
        """The last day seen: the session asked for, or the last session with prices."""
        import polars as pl

        last = (self.store.table("prices", self.version).filter(pl.col("known").is_not_null())
                .select(pl.col("date").max()).collect().item())
        if last is None:
            raise DataError(f"{self.path}: the store {self.file.market.store} holds no prices.",
                            "Run `paceline import` first.")
        if self._as_of is None:
            return str(last)
        asked = parse_date(self._as_of)
        if asked > last:
            raise NotEnoughData(f"as-of {asked}: the last stored session is {last}.",
                                f"Import newer data or ask for --as-of {last}.")
        days = self._all_sessions()
        before = days[days <= np.datetime64(asked)]
        if not len(before):
            raise NotEnoughData(f"as-of {asked} lies before the first session {days[0]}.", "Ask for a later day.")
        return str(before[-1])

    def _all_sessions(self) -> Dates:
        import polars as pl

        return (self.store.table("sessions", self.version)
                .filter(pl.col("calendar") == self.file.market.calendar)
                .select("date").collect()["date"].unique().sort().to_numpy().astype("datetime64[D]"))

    # ---- panels and indices ----------------------------------------------------------------------------

    def _order(self) -> dict[str, list[str]]:
        prices = [n for n, s in self.file.sources.items() if s.table == "prices" or s.kind != "files"]
        return {f: self.file.market.order.get(f, prices)
                for f in ("close", "price_return", "total_return", "volume", "market_cap")}

    @cached_property
    def stocks(self) -> Panel | None:
        """The panel of everything that may be a member of a universe; None if no basket needs members."""
        from paceline import panel

        if all(b.instrument for b in self.file.baskets.values()) and not self.file.universes:
            return None
        return panel.build(self.store, sessions=self._all_sessions(), as_of=self.as_of,
                           start=self.file.market.start, order=self._order(), version=self.version,
                           exclude_kinds=("index", "etf"), unknown_kind="common")

    @cached_property
    def instruments(self) -> Panel | None:
        """The panel of the single instruments named by baskets, over their whole history."""
        from paceline import panel

        names = sorted({b.instrument for b in self.baskets.values() if b.instrument})
        if not names:
            return None
        return panel.build(self.store, sessions=self._all_sessions(), as_of=self.as_of, start=None,
                           order=self._order(), version=self.version, securities=names)

    @cached_property
    def _baskets(self) -> tuple[dict[str, config.Basket], dict[str, str], dict[str, list[str]]]:
        from paceline import baskets

        declared = dict(self.file.baskets)
        labels = {n: b.label or n.replace("_", " ") for n, b in declared.items()}
        groups = {n: list(g.baskets) for n, g in self.file.groups.items() if g.baskets}
        if self.stocks is not None:
            made, made_labels = baskets.group_baskets(self.stocks, self.file)
            declared |= made
            labels |= made_labels
            for group in self.file.groups:
                groups.setdefault(group, [n for n in made if n.startswith(f"{group}:")])
        return declared, labels, groups

    @property
    def baskets(self) -> dict[str, config.Basket]:
        """Every basket, declared or made by a group, by name."""
        return {**self._baskets[0], **self._adhoc}

    @cached_property
    def _adhoc(self) -> dict[str, config.Basket]:
        return {}

    @property
    def labels(self) -> dict[str, str]:
        """Basket name to its name for people."""
        return self._baskets[1]

    @property
    def groups(self) -> dict[str, list[str]]:
        """Group name to basket names."""
        return self._baskets[2]

    @cached_property
    def composites(self) -> list[str]:
        """Names of the baskets that have members, in order."""
        return [n for n, b in self.baskets.items() if not b.instrument]

    @cached_property
    def built(self) -> dict[str, Indices]:
        """The indices of all composite baskets, by basis."""
        from paceline import baskets, indices

        if self.stocks is None or not self.composites:
            return {}
        file = self.file.model_copy(update={"baskets": self._baskets[0]})
        targets = baskets.targets(self.stocks, file, self.composites)
        return {basis: indices.build(self.stocks, targets, basis) for basis in BASES}

    @cached_property
    def _held(self) -> dict[str, Indices]:
        """The indices of all one-instrument baskets, by basis."""
        from paceline import baskets, indices

        if self.instruments is None:
            return {}
        names = [n for n, b in self.baskets.items() if b.instrument]
        file = self.file.model_copy(update={"baskets": self.baskets})
        targets = baskets.targets(self.instruments, file, names)
        return {basis: indices.build(self.instruments, targets, basis) for basis in BASES}

    @cached_property
    def levels_(self) -> Levels:
        """Levels of all baskets on the longest time axis there is, NaN before a basket exists.

        A basket whose members lack the return of a basis (coverage below 90%) has no level on that basis
        until they do; ``native`` takes the market's basis where it exists and the other one where it does not.
        """
        parts = [p for p in (self.instruments, self.stocks) if p is not None]
        if not parts:
            raise NotEnoughData(f"{self.path}: no basket can be built.", "Declare baskets with data behind them.")
        first = min(p.sessions[0] for p in parts)
        days = self._all_sessions()
        days = days[(days >= first) & (days <= np.datetime64(self.as_of))]
        names = tuple(self.baskets)
        by_basis = {basis: np.full((len(names), len(days)), np.nan) for basis in BASES}
        row = {n: i for i, n in enumerate(names)}
        for indices_ in (self.built, self._held):
            for basis, index in indices_.items():
                at = int(np.searchsorted(days, index.sessions[0]))
                rows = [row[n] for n in index.names]
                by_basis[basis][rows, at:at + len(index.sessions)] = _covered(index)
        prefer = self.file.market.basis
        other = next(b for b in BASES if b != prefer)
        has = np.isfinite(by_basis[prefer][:, -1]) | ~np.isfinite(by_basis[other]).any(axis=1)
        native = np.where(has[:, None], by_basis[prefer], by_basis[other])
        for matrix in (native, *by_basis.values()):
            matrix.setflags(write=False)
        basis = {n: prefer if has[i] else other for n, i in row.items()}
        return Levels(days, names, by_basis, native, basis)

    @cached_property
    def low(self) -> tuple[dt.date, dt.date] | None:
        """The benchmark's last short-term low known today: (session of the low, day it was confirmed)."""
        rows = self.show("swing_lows", subjects=[self.file.market.benchmark])
        lows = [f for f in rows if f.extra.get("kind") == "low" and f.start and f.end and f.value is not None]
        if not lows:
            return None
        last = max(lows, key=lambda f: f.start or "")
        return dt.date.fromisoformat(str(last.start)), dt.date.fromisoformat(str(last.end))

    # ---- provenance ------------------------------------------------------------------------------------

    @cached_property
    def general_caveats(self) -> tuple[str, ...]:
        return ("SIMULATED market: no real security is meant",) if self.simulated else ()

    def provenance(self, names: Iterable[str], basis: Mapping[str, str]) -> engine.Provenance:
        """Lineage and caveats of the baskets in ``names``."""
        parents: dict[str, tuple[str, ...]] = {}
        caveats: dict[str, tuple[str, ...]] = {}
        baskets_ = self.baskets
        for name in names:
            spec = baskets_[name]
            panel = self.instruments if spec.instrument else self.stocks
            assert panel is not None
            self._keep(panel.step)
            universe = self.file.universes.get(spec.universe or "")
            step = self._keep(Step("basket", {
                "name": name, **spec.model_dump(mode="json", exclude_defaults=True, exclude={"label", "aliases"}),
                **({"universe_rule": universe.model_dump(mode="json", exclude_defaults=True)} if universe else {}),
            }, (panel.step.id,)))
            parents[name] = (step.id,)
            caveats[name] = self._basket_caveats(name, spec, panel)
        return engine.Provenance(parents, caveats, basis, self.general_caveats, self.steps)

    def _basket_caveats(self, name: str, spec: config.Basket, panel: Panel) -> tuple[str, ...]:
        found = [spec.caveat] if spec.caveat else []
        index = next((i["price"] for i in (self.built, self._held) if i and name in i["price"].names), None)
        if index is not None:
            found += list(index.caveats.get(name, ()))
        used = {"prices"} | ({"members", "classes", "holdings"} if not spec.instrument else set())
        if not (spec.sector or spec.industry or spec.sub_industry):
            used.discard("classes")
        universe = self.file.universes.get(spec.universe or "")
        if universe is None or not universe.members:
            used.discard("members")
        if universe is None or not universe.holdings:
            used.discard("holdings")
        sources_of = self._sources_of(spec.instrument) if spec.instrument else set(self.file.sources)
        found += [s.caveat for n, s in self.file.sources.items()
                  if s.caveat and s.table in used and n in sources_of]
        if not spec.instrument:
            found += list(panel.caveats)
        return tuple(dict.fromkeys(found))

    def _sources_of(self, instrument: str) -> set[str]:
        """The price sources that describe an instrument."""
        import polars as pl

        if "_instrument_sources" not in self.__dict__:
            names = [b.instrument for b in self.baskets.values() if b.instrument]
            pairs = (self.store.table("prices", self.version).filter(pl.col("security").is_in(names))
                     .select("security", "source").unique().collect())
            self.__dict__["_instrument_sources"] = pairs
        pairs = self.__dict__["_instrument_sources"]
        return set(pairs.filter(pl.col("security") == instrument)["source"].to_list())

    def _keep(self, step: Step) -> Step:
        self.steps[step.id] = step
        return step

    # ---- measures --------------------------------------------------------------------------------------

    def view(self, measure: Measure, *, basis: str | None = None,
             pairs: Sequence[tuple[str, str]] | None = None) -> tuple[View, engine.Provenance]:
        """What the measure may see today, and where it came from."""
        levels = self.levels_
        members = measure.of in ("basket", "market")
        panel = self.stocks if members else None
        if members and panel is None:
            raise NotEnoughData(f"{measure.name} needs baskets with members; {self.path} declares none.",
                                "Declare a universe and a basket with members.")
        names = tuple(self.composites) if members else levels.names
        rows = [levels.names.index(n) for n in names]
        at = int(np.searchsorted(levels.sessions, panel.sessions[0])) if panel is not None else 0
        chosen = {n: basis or levels.basis[n] for n in names}
        cut = {b: levels.by_basis[b][rows, at:] for b in BASES}
        if basis is None:
            cut["native"] = levels.native[rows, at:]
        else:  # asked for explicitly: no silent fallback to the other basis
            cut["native"] = cut[basis]
        position = {n: i for i, n in enumerate(names)}
        wanted = pairs if pairs is not None else [(r.lead, r.against) for r in self.file.rotations.values()]
        if pairs is None and not ("pairs" in measure.needs or measure.of == "pair"):
            wanted = []
        wanted = [(a, b) for a, b in wanted if a in position and b in position]
        index = self.built.get(basis or self.file.market.basis) if members else None
        fields: dict[str, Array] = {}
        if panel is not None:
            shelf = panel.only([f for f in measure.needs if f not in ("member", "pairs")])
            fields = {f: shelf.field(f) for f in measure.needs if f not in ("member", "pairs")}
        view = View(
            sessions=levels.sessions[at:], subjects=names,
            securities=panel.securities if panel is not None else (), fields=fields, all_levels=cut,
            basis="native", spans=tuple(measures.Span(*s) for s in index.spans) if index is not None else (),
            pairs=tuple((position[a], position[b]) for a, b in wanted),
            pair_names=tuple(self._pair_name(a, b) for a, b in wanted),
            groups={g: tuple(position[n] for n in m if n in position) for g, m in self.groups.items()},
            companies=panel.companies if panel is not None else np.empty(0, np.int64),
            labels={n: self.labels.get(n, n) for n in names},
            benchmark=position.get(self.file.market.benchmark), low=self.file.market.low,
        )
        return view, self.provenance(names, chosen)

    def _pair_name(self, lead: str, against: str) -> str:
        for name, r in self.file.rotations.items():
            if (r.lead, r.against) == (lead, against):
                return r.label or name.replace("_", " ")
        return f"{self.labels.get(lead, lead)} against {self.labels.get(against, against)}"

    def evaluate(self, name: str, *, basis: str | None = None, pairs: Sequence[tuple[str, str]] | None = None,
                 **params: Any) -> tuple[Measure, View, dict[str, Any], Result, engine.Provenance]:
        """Run a measure for all its subjects; the result is kept for the next caller."""
        measure = measures.get(name)
        for given in params:
            if given not in measure.params:
                raise UnknownName(f"parameter of {name}", given, measure.params)
        settings = {**measure.defaults(), **self.file.measures.get(name, {}), **params}
        if "basis" in measure.params:
            settings["basis"] = basis or settings.get("basis")
        if settings.get("since") == "low":
            settings["since"] = self._low_or_error()
        key = digest([name, basis, pairs, settings, sorted(self._adhoc)])
        if key not in self._results:
            view, known = self.view(measure, basis=basis, pairs=pairs)
            self._results[key] = (view, engine.evaluate(measure, view, settings), known)
        view, result, known = self._results[key]
        return measure, view, settings, result, known

    def _low_or_error(self) -> str:
        if self.low is None:
            fall, rise = self.file.market.low
            raise NotEnoughData(
                f"no short-term low of {self.file.market.benchmark} (fall of {fall:.0%}, then rise of {rise:.0%}) "
                f"is known by {self.as_of}.", "Give a date with --since.")
        return str(self.low[0])

    def show(self, measure: str, *, subjects: Sequence[str] | None = None, against: Sequence[str] | None = None,
             since: str | None = None, basis: str | None = None, history: bool = False,
             **params: Any) -> list[Figure]:
        """The figures of a measure: today's, or with ``history`` one per session.

        subjects  baskets, groups or securities (default: every basket it applies to)
        against   second legs: each subject is shown against each of them
        since     ISO date, or "low": the benchmark's last confirmed short-term low
        basis     "price" or "total" instead of the market's own
        Raises ``UnknownName``, ``UsageError``, ``NotEnoughData``.
        """
        declared = measures.get(measure)
        if basis not in (None, *BASES):
            raise UsageError(f"basis {basis!r} is not known.", "Use price or total.")
        if since is not None:
            if "since" not in declared.params:
                raise UsageError(f"{measure} has no window to start: it takes no since.",
                                 f"Its parameters: {', '.join(declared.params) or 'none'}.")
            params["since"] = since if since == "low" else self._session_or_error(since)
        names = self.resolve(subjects) if subjects else None
        others = self.resolve(against) if against else []
        pairs = [(a, b) for a in names or self.levels_.names for b in others if a != b] if others else None
        if names is not None and declared.of in ("basket",):
            alone = [n for n in names if n not in self.composites]
            if alone and len(alone) == len(names):
                raise UsageError(f"{measure} looks at the members of a basket; {alone[0]!r} is one instrument.",
                                 f"Baskets with members: {', '.join(self.composites[:12])}.")
        found = engine.figures(*self.evaluate(measure, basis=basis, pairs=pairs, **params),
                               subjects=names, history=history)
        return [f for f in found if not others or f.against in others]

    def frame(self, measure: str, **how: Any) -> pl.DataFrame:
        """The rows of ``show`` as a polars frame (``.to_pandas()`` gives pandas)."""
        import polars as pl

        rows = [f.to_json() for f in self.show(measure, **how)]
        for row in rows:
            row["caveats"] = "; ".join(row["caveats"])
        return pl.DataFrame(rows, infer_schema_length=None, strict=False)

    def _session_or_error(self, since: str) -> str:
        day = parse_date(since)
        first = self.levels_.sessions[0]
        if np.datetime64(day) < first:
            raise NotEnoughData(f"since {day}: the data start on {first}.", f"Give a date from {first} on.")
        if np.datetime64(day) > np.datetime64(self.as_of):
            raise UsageError(f"since {day} lies after the as-of day {self.as_of}.", "Give an earlier date.")
        return str(day)

    def resolve(self, names: Sequence[str]) -> list[str]:
        """Basket names for what a person wrote: a basket, a group, a label, an alias or a security."""
        found: list[str] = []
        for name in names:
            found += self._resolve(name)
        return list(dict.fromkeys(found))

    def _resolve(self, name: str) -> list[str]:
        baskets_, labels, groups = self._baskets
        if name in baskets_ or name in self._adhoc:
            return [name]
        if name in groups:
            return groups[name]
        said = name.casefold()
        for basket, spec in baskets_.items():
            if said in (basket.casefold(), labels[basket].casefold(), *(a.casefold() for a in spec.aliases)):
                return [basket]
        if self._known_security(name):
            self._adhoc[name] = config.Basket(instrument=name, label=name)
            for stale in ("instruments", "_held", "levels_", "_instrument_sources"):
                self.__dict__.pop(stale, None)
            self._results.clear()
            return [name]
        raise UnknownName("basket, group or security", name, [*baskets_, *groups, *labels.values()])

    def _known_security(self, name: str) -> bool:
        import polars as pl

        rows = self.store.table("prices", self.version).filter(pl.col("security") == name).select("date").head(1)
        return len(rows.collect()) > 0

    # ---- frames ----------------------------------------------------------------------------------------

    def levels(self, names: Sequence[str] | None = None, *, basis: str | None = None) -> pl.DataFrame:
        """Index levels: one column ``date`` and one per basket; null before a basket exists."""
        import polars as pl

        wanted = self.resolve(names) if names else None
        found = self.levels_
        matrix = found.native if basis is None else found.by_basis[_basis(basis)]
        wanted = wanted or list(found.names)
        frame = pl.DataFrame({"date": found.sessions, **{n: matrix[found.names.index(n)] for n in wanted}})
        return frame.with_columns(pl.col("date").cast(pl.Date), pl.exclude("date").fill_nan(None))

    def _index(self, name: str, basis: str | None = None) -> Indices:
        found = self.built.get(_basis(basis or self.file.market.basis))
        if found is None or name not in found.names:
            raise UsageError(f"{name!r} is not a basket with members.",
                             f"Baskets with members: {', '.join(self.composites[:12])}.")
        return found

    def weights(self, name: str, date: str | dt.date | None = None) -> pl.DataFrame:
        """Weights of a basket's members at the close of a session, largest first, drift included."""
        import polars as pl

        name = self.resolve([name])[0]
        index = self._index(name)
        day = np.datetime64(parse_date(date) if date is not None else dt.date.fromisoformat(self.as_of))
        t = int(np.searchsorted(index.sessions, day, side="right")) - 1
        if t < 0:
            raise NotEnoughData(f"{day}: the members' data start on {index.sessions[0]}.", "Give a later date.")
        row = index.weights_at(t)[index.names.index(name)]
        held = np.flatnonzero(row > 0)
        assert self.stocks is not None
        return pl.DataFrame({"security": [self.stocks.securities[i] for i in held], "weight": row[held]}).sort(
            "weight", descending=True)

    def contributions(self, name: str, start: str | dt.date | None = None, end: str | dt.date | None = None,
                      *, basis: str | None = None) -> pl.DataFrame:
        """Contribution of each member to a basket's return between two closes; they sum to the return.

        ``start`` defaults to the last close of the year before.
        """
        import polars as pl

        name = self.resolve([name])[0]
        index = self._index(name, basis)
        stop = parse_date(end or self.as_of)
        begin = parse_date(start) if start is not None else dt.date(stop.year - 1, 12, 31)
        a, b = (int(np.searchsorted(index.sessions, np.datetime64(d), side="right")) - 1 for d in (begin, stop))
        if not 0 <= a < b:
            raise NotEnoughData(f"{begin} to {stop}: not a window inside the data of {name}.",
                                f"Sessions run from {index.sessions[0]} to {index.sessions[-1]}.")
        shares = index.contributions(name, a, b)
        held = np.flatnonzero(shares != 0)
        assert self.stocks is not None
        return pl.DataFrame({"security": [self.stocks.securities[i] for i in held],
                             "contribution": shares[held]}).sort("contribution", descending=True)

    def findings(self) -> pl.DataFrame:
        """Every fault found in the data, per source: check, count, action, example, remedy."""
        return self.store.findings(self.version)

    def quarantine(self) -> pl.DataFrame:
        """Every row set aside, with the reason."""
        return self.store.quarantine(self.version)

    def names(self) -> dict[str, list[tuple[str, str]]]:
        """What can be asked for, by kind: (name, label)."""
        return {
            "baskets": [(n, self.labels.get(n, n)) for n in self.baskets],
            "groups": [(n, ", ".join(m)) for n, m in self.groups.items()],
            "rotations": [(n, r.label or f"{r.lead} against {r.against}") for n, r in self.file.rotations.items()],
            "measures": [(n, m.question) for n, m in measures.discover().items()],
            "universes": [(n, u.label or n) for n, u in self.file.universes.items()],
            "sources": [(n, f"{s.kind}: {s.table}") for n, s in self.file.sources.items()],
        }

    def report(self, progress: Progress | None = None) -> Any:
        """The report as a ``Document``; shows itself in a notebook."""
        from paceline import run

        return run.report(self, progress)


def _covered(index: Indices, needed: float = 0.9) -> Array:
    """Levels from the first session on which at least ``needed`` of the members had a return."""
    members = np.zeros_like(index.levels)
    for span in index.spans:
        members[:, span.start:span.stop] = (span.weights > 0).sum(axis=1)[:, None]
    enough = (members > 0) & (index.missing <= (1 - needed) * members)
    levels = np.where(np.isfinite(index.levels), index.levels, np.nan)
    started = np.maximum.accumulate(enough, axis=1)
    base = np.zeros_like(started)
    base[:, :-1] = started[:, 1:]  # the close before the first covered return is the base
    base[:, -1] = started[:, -1]
    return np.where(base, levels, np.nan)


def _basis(basis: str) -> str:
    if basis not in BASES:
        raise UsageError(f"basis {basis!r} is not known.", "Use price or total.")
    return basis


def parse_date(text: str | dt.date) -> dt.date:
    """An ISO date; anything else is a ``UsageError`` that says so."""
    if isinstance(text, dt.date):
        return text
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a date.", "Write it as YYYY-MM-DD.") from None

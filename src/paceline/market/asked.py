"""A market opened from its file: import, panels, indices and measures, with lineage from bytes to figure.

market = paceline.open("market.toml")
market.frame("performance", subjects=["russell2000"], since="low")
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from html import escape
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline import config, engine, measures
from paceline.errors import NotEnoughData, UnknownName, UsageError
from paceline.figures import Figure
from paceline.lineage import digest
from paceline.market.assembled import Workspace, parse_date
from paceline.market.importing import Progress
from paceline.market.levels import BASES
from paceline.measures import Array, Measure, Result, View
from paceline.signals.windows import HORIZONS

if TYPE_CHECKING:
    import polars as pl

    from paceline.factcheck import Checked
    from paceline.indices import Indices
    from paceline.studies.target import Answer


def open_market(
    path: str | Path | None = None,
    *,
    data: str | Path | None = None,
    store: str | Path | None = None,
    as_of: str | dt.date | None = None,
    version: int | str | None = None,
) -> Market:
    """Open a market file; without one, ``market.toml`` of the working folder or the simulated demo.

    data     folder that relative paths of the sources start from, instead of ``market.data``
    store    folder of the store, instead of ``market.store``
    as_of    last day that may be seen (a session, or the session before it); default: the latest
             stored
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
        file = file.model_copy(
            update={"market": file.market.model_copy(update={"store": str(Path(store).resolve())})}
        )
    return Market(file, name, as_of=as_of, version=version)


#: Needs that are not fields of the panel.
NOT_FIELDS = ("member", "pairs", "series")


class Market(Workspace):
    """A market that answers questions; ``Workspace`` holds the data behind the answers."""

    @cached_property
    def low(self) -> tuple[dt.date, dt.date] | None:
        """The benchmark's last short-term low known today: (session of the low, day it was confirmed)."""
        from paceline.signals.lows import confirmed_lows

        have = self.levels_
        lows = confirmed_lows(
            have.native[have.names.index(self.file.market.benchmark)], self.file.market.low
        )
        if not lows:
            return None
        low, confirmed = (dt.date.fromisoformat(str(have.sessions[t])) for t in lows[-1])
        return low, confirmed

    # ---- measures
    # --------------------------------------------------------------------------------------

    def view(
        self,
        measure: Measure,
        *,
        basis: str | None = None,
        pairs: Sequence[tuple[str, str]] | None = None,
    ) -> tuple[View, engine.Provenance]:
        """What the measure may see today, and where it came from."""
        have = self.levels_
        members = measure.of in ("basket", "market")
        panel = self.stocks if members else None
        if members and panel is None:
            raise NotEnoughData(
                f"{measure.name} needs baskets with members; {self.path} declares none.",
                "Declare a universe and a basket with members.",
            )
        names = tuple(self.composites) if members else have.names
        rows = [have.names.index(n) for n in names]
        at = int(np.searchsorted(have.sessions, panel.sessions[0])) if panel is not None else 0
        chosen = {n: basis or have.basis[n] for n in names}
        cut: dict[str, Array] = {b: have.by_basis[b][rows, at:] for b in BASES}
        if basis is None:
            cut["native"] = have.native[rows, at:]
        else:  # asked for explicitly: no silent fallback to the other basis
            cut["native"] = cut[basis]
        position = {n: i for i, n in enumerate(names)}
        wanted = (
            pairs
            if pairs is not None
            else [(r.lead, r.against) for r in self.file.rotations.values()]
        )
        if pairs is None and not ("pairs" in measure.needs or measure.of == "pair"):
            wanted = []
        wanted = [(a, b) for a, b in wanted if a in position and b in position]
        index = self.built.get(basis or self.file.market.basis) if members else None
        fields: dict[str, Array] = {}
        if panel is not None:
            items = [f for f in measure.needs if f.startswith("fundamental:")]
            plain = [f for f in measure.needs if f not in NOT_FIELDS and f not in items]
            shelf = panel.only(plain)
            fields = {f: shelf.field(f) for f in plain} | self._fundamentals(items)
        view = View(
            sessions=have.sessions[at:],
            subjects=names,
            securities=panel.securities if panel is not None else (),
            fields=fields,
            all_levels=cut,
            basis="native",
            spans=tuple(measures.Span(*s) for s in index.spans) if index is not None else (),
            pairs=tuple((position[a], position[b]) for a, b in wanted),
            pair_names=tuple(self._pair_name(a, b) for a, b in wanted),
            groups={
                g: tuple(position[n] for n in m if n in position) for g, m in self.groups.items()
            },
            companies=panel.companies if panel is not None else np.empty(0, np.int64),
            labels={n: self.labels.get(n, n) for n in names},
            benchmark=position.get(self.file.market.benchmark),
            low=self.file.market.low,
            series=self.series_ if "series" in measure.needs else {},
            calendar=self._all_sessions(),
        )
        known = self.provenance(names, chosen)
        reported = tuple(
            s.caveat for s in self.file.sources.values() if s.table == "fundamentals" and s.caveat
        )
        known = replace(
            known, fields={n: reported for n in measure.needs if n.startswith("fundamental:")}
        )
        return view, self.series_provenance(known) if "series" in measure.needs else known

    def _fundamentals(self, needs: Sequence[str]) -> dict[str, Array]:
        """Fields "fundamental:<item>": the item as filed by each session; all missing where no source reports it."""
        panel = self.stocks
        assert panel is not None
        reported = set(panel.facts.table("fundamentals")["item"].unique()) if needs else set()
        found = {}
        for need in needs:
            item = need.partition(":")[2]
            found[need] = (
                panel.fundamental(item)
                if item in reported
                else np.broadcast_to(np.nan, panel.shape)
            )
            found[need].setflags(write=False)
        return found

    def _pair_name(self, lead: str, against: str) -> str:
        for name, r in self.file.rotations.items():
            if (r.lead, r.against) == (lead, against):
                return r.label or name.replace("_", " ")
        return f"{self.labels.get(lead, lead)} against {self.labels.get(against, against)}"

    def evaluate(
        self,
        name: str,
        *,
        basis: str | None = None,
        pairs: Sequence[tuple[str, str]] | None = None,
        last: int | None = None,
        **params: Any,
    ) -> tuple[Measure, View, dict[str, Any], Result, engine.Provenance]:
        """Run a measure for all its subjects; the result is kept for the next caller.

        last  only the values of that many last sessions are wanted: a measure that declares how far
              it looks back sees no more than they need, and the result ends with the view but
              begins later
        """
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
        back = measure.lookback(settings) if last is not None and key not in self._results else None
        if back is not None:
            key += f" last {last}"
        if key not in self._results:
            view, known = self.view(measure, basis=basis, pairs=pairs)
            seen = view if back is None or last is None else engine.recent(view, back + last)
            self._results[key] = (view, engine.evaluate(measure, seen, settings), known)
        view, result, known = self._results[key]
        return measure, view, settings, result, known

    def _low_or_error(self) -> str:
        if self.low is None:
            fall, rise = self.file.market.low
            raise NotEnoughData(
                f"no short-term low of {self.file.market.benchmark} (fall of {fall:.0%}, then rise of {rise:.0%}) "
                f"is known by {self.as_of}.",
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
                raise UsageError(
                    f"{measure} has no window to start: it takes no since.",
                    f"Its parameters: {', '.join(declared.params) or 'none'}.",
                )
            horizon = since == "low" or (
                since in HORIZONS and declared.params["since"].default is not None
            )
            params["since"] = since if horizon else self._session_or_error(since)
        names = self.resolve(subjects) if subjects else None
        others = self.resolve(against) if against else []
        pairs = (
            [(a, b) for a in names or self.levels_.names for b in others if a != b]
            if others
            else None
        )
        if names is not None and declared.of in ("basket",):
            alone = [n for n in names if n not in self.composites]
            if alone and len(alone) == len(names):
                raise UsageError(
                    f"{measure} looks at the members of a basket; {alone[0]!r} is one instrument.",
                    f"Baskets with members: {', '.join(self.composites[:12])}.",
                )
        found = engine.figures(
            *self.evaluate(
                measure, basis=basis, pairs=pairs, last=None if history else 1, **params
            ),
            subjects=names,
            history=history,
        )
        if basis is None and "basis" in declared.params and "basis" not in params:
            found = self._other_basis(found, measure, pairs, names, history, params)
        return [f for f in found if not others or f.against in others]

    def _other_basis(
        self,
        found: list[Figure],
        measure: str,
        pairs: Any,
        names: Sequence[str] | None,
        history: bool,
        params: Mapping[str, Any],
    ) -> list[Figure]:
        """Figures of the measure's own basis, and of the other basis for baskets that have no value on it."""
        empty = (
            {f.subject for f in found if f.n_eligible != 0}  # nobody to count on either basis
            - {f.subject for f in found if f.value is not None}
        )
        other = "price" if found and found[0].basis == "total" else "total"
        empty = {n for n in empty if self._missing(n, other) < self._missing(n, found[0].basis)}
        if not empty:
            return found
        more = engine.figures(
            *self.evaluate(
                measure, basis=other, pairs=pairs, last=None if history else 1, **params
            ),
            subjects=[n for n in (names or self.composites) if n in empty],
            history=history,
        )
        filled = {f.subject for f in more if f.value is not None}
        return [f for f in found if f.subject not in filled] + [
            f for f in more if f.subject in filled
        ]

    def _missing(self, name: str, basis: str) -> float:
        """Returns that members of a basket lack on a basis, over its whole history."""
        index = self.built.get(basis)
        return (
            0.0
            if index is None or name not in index.names
            else float(index.missing[index.row(name)].sum())
        )

    def current(self, names: Sequence[str] | None = None) -> dict[str, list[Figure]]:
        """Today's figures of every measure (or of those named) as the market file sets them; what cannot be
        computed from this market's data is left out."""
        found = {}
        for name in names or measures.discover():
            try:
                found[name] = self.show(name)
            except NotEnoughData:
                continue
        return found

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
            raise NotEnoughData(
                f"since {day}: the data start on {first}.", f"Give a date from {first} on."
            )
        if np.datetime64(day) > np.datetime64(self.as_of):
            raise UsageError(
                f"since {day} lies after the as-of day {self.as_of}.", "Give an earlier date."
            )
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
            if said in (
                basket.casefold(),
                labels[basket].casefold(),
                *(a.casefold() for a in spec.aliases),
            ):
                return [basket]
        security = self._security(name)
        if security is not None:
            name = security
            self._adhoc[name] = config.Basket(instrument=name, label=name)
            for stale in ("instruments", "_held", "levels_", "_instrument_sources"):
                self.__dict__.pop(stale, None)
            for kept in (self._results, self._roots, self._panel_steps):
                kept.clear()
            return [name]
        raise UnknownName("basket, group or security", name, [*baskets_, *groups, *labels.values()])

    def _security(self, name: str) -> str | None:
        """The identifier of a security that has prices, in any usual spelling: BRK.B, BRK/B and brk-b are BRK-B."""
        import polars as pl

        spelt = [re.sub("[./-]", mark, s) for s in (name, name.upper()) for mark in "-./"]
        ways = list(dict.fromkeys([name, *spelt]))
        stored = set(
            self.store.table("prices", self.version)
            .filter(pl.col("security").is_in(ways))
            .select("security")
            .unique()
            .collect()["security"]
        )
        return next((way for way in ways if way in stored), None)

    # ---- frames
    # ----------------------------------------------------------------------------------------

    def levels(
        self, names: Sequence[str] | None = None, *, basis: str | None = None
    ) -> pl.DataFrame:
        """Index levels: one column ``date`` and one per basket; null before a basket exists."""
        import polars as pl

        wanted = self.resolve(names) if names else None
        found = self.levels_
        matrix = found.native if basis is None else found.by_basis[_basis(basis)]
        wanted = wanted or list(found.names)
        frame = pl.DataFrame(
            {"date": found.sessions, **{n: matrix[found.names.index(n)] for n in wanted}}
        )
        return frame.with_columns(pl.col("date").cast(pl.Date), pl.exclude("date").fill_nan(None))

    def _index(self, name: str, basis: str | None = None) -> Indices:
        found = self.built.get(_basis(basis or self.file.market.basis))
        if found is None or name not in found.names:
            raise UsageError(
                f"{name!r} is not a basket with members.",
                f"Baskets with members: {', '.join(self.composites[:12])}.",
            )
        return found

    def weights(self, name: str, date: str | dt.date | None = None) -> pl.DataFrame:
        """Weights of a basket's members at the close of a session, largest first, drift included."""
        import polars as pl

        name = self.resolve([name])[0]
        index = self._index(name)
        day = np.datetime64(
            parse_date(date) if date is not None else dt.date.fromisoformat(self.as_of)
        )
        t = int(np.searchsorted(index.sessions, day, side="right")) - 1
        if t < 0:
            raise NotEnoughData(
                f"{day}: the members' data start on {index.sessions[0]}.", "Give a later date."
            )
        row = index.weights_at(t)[index.names.index(name)]
        held = np.flatnonzero(row > 0)
        assert self.stocks is not None
        return pl.DataFrame(
            {"security": [self.stocks.securities[i] for i in held], "weight": row[held]}
        ).sort("weight", descending=True)

    def contributions(
        self,
        name: str,
        start: str | dt.date | None = None,
        end: str | dt.date | None = None,
        *,
        basis: str | None = None,
    ) -> pl.DataFrame:
        """Contribution of each member to a basket's return between two closes; they sum to the return.

        ``start`` defaults to the last close of the year before.
        """
        import polars as pl

        name = self.resolve([name])[0]
        index = self._index(name, basis)
        stop = parse_date(end or self.as_of)
        begin = parse_date(start) if start is not None else dt.date(stop.year - 1, 12, 31)
        a, b = (
            int(np.searchsorted(index.sessions, np.datetime64(d), side="right")) - 1
            for d in (begin, stop)
        )
        if not 0 <= a < b:
            raise NotEnoughData(
                f"{begin} to {stop}: not a window inside the data of {name}.",
                f"Sessions run from {index.sessions[0]} to {index.sessions[-1]}.",
            )
        shares = index.contributions(name, a, b)
        held = np.flatnonzero(shares != 0)
        assert self.stocks is not None
        return pl.DataFrame(
            {"security": [self.stocks.securities[i] for i in held], "contribution": shares[held]}
        ).sort("contribution", descending=True)

    def names(self) -> dict[str, list[tuple[str, str]]]:
        """What can be asked for, by kind: (name, label)."""
        return {
            "baskets": [(n, self.labels.get(n, n)) for n in self.baskets],
            "groups": [(n, ", ".join(m)) for n, m in self.groups.items()],
            "rotations": [
                (n, r.label or f"{r.lead} against {r.against}")
                for n, r in self.file.rotations.items()
            ],
            "measures": [(n, m.question) for n, m in measures.discover().items()],
            "universes": [(n, u.label or n) for n, u in self.file.universes.items()],
            "sources": [(n, f"{s.kind}: {s.table}") for n, s in self.file.sources.items()],
        }

    def episodes(self, rotation: str | tuple[str, str], **how: Any) -> Any:
        """One rotation from all sides (``c``, ``step``, ``draws``): see ``run.episodes.study``."""
        from paceline.studies import episodes

        return episodes.study(self, rotation, **how)

    def signals(self, *, history: bool = False) -> pl.DataFrame:
        """Who leads in every rotation at three sizes, today or on every session: see ``run.pairs.signals``."""
        from paceline.studies import rotations as pairs

        return pairs.signals(self, history=history)

    def report(self, progress: Progress | None = None) -> Any:
        """The report as a ``Document``; shows itself in a notebook."""
        from paceline import record

        return record.report(self, progress)

    def calls(self, path: str | Path | None = None) -> pl.DataFrame:
        """What became of each call of a ledger (default: ``calls.toml`` beside the market file), one row per record."""
        from paceline.studies import calls

        return calls.score(self, path).frame()

    def target(self, level: float, by: str | dt.date, **how: Any) -> Answer:
        """What a level by a date asks for and how likely it is: an object with ``frame``, ``sensitivity``, ``fan``.

        how  subject, drift, volatility, since, draws, seed: see ``run.target.weigh``
        """
        from paceline.studies import target

        return target.weigh(self, level, by, **how)

    def plot(
        self,
        measure: str,
        subjects: Sequence[str] | None = None,
        *,
        statistic: str | None = None,
        sessions: int = 504,
        **params: Any,
    ) -> Any:
        """A Plotly figure of a measure: lines through time of a series, else bars, best first.

        statistic  which of the measure's statistics; default: its first
        sessions   how much of a series is drawn
        """
        from paceline import charts
        from paceline.studies import answers as book

        return charts.plot(book.chart(self, measure, subjects, statistic, sessions, params))

    def factcheck(
        self,
        text: str,
        date: str | dt.date | None = None,
        *,
        ask: Callable[[str], str] | None = None,
    ) -> Checked:
        """The claims of a market commentary with their verdicts: see ``views.claims.factcheck``.

        date  the day it was written, where the text does not say
        ask   a language model that may propose further claims: from a prompt to its reply
        """
        from paceline.factcheck import factcheck

        return factcheck(self, text, date, ask=ask)

    def _repr_html_(self) -> str:
        """What a notebook shows of a market: what it is and what can be asked."""
        rows = "".join(
            f"<tr><th>{escape(kind)}</th><td>{escape(', '.join(n for n, _ in names))}</td></tr>"
            for kind, names in self.names().items()
        )
        return f"<h4>{escape(self.title)}, as of {escape(self.as_of)}</h4><table>{rows}</table>"


def _basis(basis: str) -> config.Basis:
    for known in BASES:
        if basis == known:
            return known
    raise UsageError(f"basis {basis!r} is not known.", "Use price or total.")

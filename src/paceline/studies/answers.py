"""The figures of one report: asked for once, looked up by name, and numbered as they are used."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline import engine, measures
from paceline.document import Chart, Label, Series
from paceline.errors import PacelineError, PluginError, PluginWarning, UnknownName
from paceline.figures import Figure, finite_or_none
from paceline.market import watching
from paceline.market.measuring import show_or_why

if TYPE_CHECKING:
    from paceline.arrays import Array
    from paceline.market import Market


class Answers:
    """Figures of a market by measure, subject, second leg and statistic.

    What cannot be computed is not an error here: it is collected in ``refused`` with its reason and
    shown.
    """

    def __init__(self, market: Market) -> None:
        self.market = market
        self.refused: dict[str, str] = {}

    def refuse(self, name: str, error: PacelineError) -> None:
        """Keep why something could not be answered; a fault of a plug-in is warned of as well."""
        self.refused[name] = str(error)
        if isinstance(error, PluginError):
            warnings.warn(str(error), PluginWarning, stacklevel=2)

    def rows(self, measure: str, **how: Any) -> list[Figure]:
        """All figures of a measure asked in one way.

        Empty where the measure cannot answer or has no row; the reason is kept in ``refused``.
        """
        try:
            found = self._shown(measure, how)
        except PacelineError as error:
            self.refuse(measure, error)
            return []
        if (
            how.get("subjects")
            or len(found) != 1
            or (found[0].start, found[0].value) != (None, None)
        ):
            return found
        self.refused[measure] = "; ".join(c for c in found[0].caveats if c.startswith("no value"))
        return []

    def _shown(self, measure: str, how: dict[str, Any]) -> list[Figure]:
        return self.market.memo(
            ["rows", measure, how], lambda: show_or_why(self.market, measure, **how)
        )

    def of_broad(self, measure: str, **how: Any) -> list[Figure]:
        """Those figures of a measure that are of the broad basket and have a value."""
        if self.broad is None:
            return []
        return [f for f in self.rows(measure, subjects=[self.broad], **how) if f.value is not None]

    def one(
        self,
        measure: str,
        subject: str,
        statistic: str | None = None,
        *,
        against: str | None = None,
        how: dict[str, Any] | None = None,
        **extra: Any,
    ) -> Figure | None:
        """The figure of one subject, or None where there is no value."""
        how = how or {}

        def found(figures: Sequence[Figure]) -> Figure | None:
            for figure in figures:
                if (
                    figure.subject == subject
                    and figure.against == against
                    and (statistic is None or figure.statistic == statistic)
                    and all(figure.extra.get(k) == v for k, v in extra.items())
                ):
                    return figure if figure.value is not None else None
            return None

        # of this subject alone: figures that nobody looks at take long to make
        return found(self._of(measure, subject, how)) or found(self.rows(measure, **how))

    def _of(self, measure: str, subject: str, how: dict[str, Any]) -> Sequence[Figure]:
        """The figures of a measure that are of one subject; none where it cannot be asked alone."""
        asked = {"subjects": [subject], **how}
        try:
            return self._shown(measure, asked)
        except PacelineError:
            return ()

    def setting(self, measure: str, parameter: str) -> int:
        """A whole number among a measure's parameters, as the market file sets it, else default."""
        return int(self.market.settings(measure)[parameter])

    def column(self, figure: Figure, name: str, unit: str) -> Figure | None:
        """A further column of a table's row as a figure of its own, resting on the row's."""
        return engine.column(figure, name, unit, self.market.steps)

    def first_page(self) -> list[dict[str, Any]]:
        """The findings that stand on page one."""
        return watching.first_page(self.market)

    def finding(self, row: Mapping[str, Any]) -> Figure:
        """A count of faults found at an import or in the whole market, as a figure."""
        market = self.market
        loads = market.stored.loads
        if row["load"] is not None:
            loads = [next(r for r in loads if r["load"] == row["load"])]
        read = [market.stored.import_step(load) for load in loads]
        # a source may have several findings of one check: what was done and where tells them apart
        which = {k: row[k] for k in ("source", "check", "action", "example", "load")}
        question = market.provenance().question(
            "finding", which, "", parents=read, measure="findings"
        )
        return question.figure(
            str(row["source"]), int(row["count"]), "count", statistic=str(row["check"])
        )

    def name(self, subject: str) -> Label:
        """A subject as people call it."""
        return Label(self.market.labels.get(subject, subject))

    def group_title(self, group: str) -> str:
        """A group as people call it."""
        return self.market.file.groups[group].label or group.replace("_", " ").capitalize()

    @property
    def benchmark(self) -> str:
        """The basket that the market file names as the benchmark."""
        return self.market.benchmark

    @property
    def broad(self) -> str | None:
        """The built cap-weighted basket of the whole universe: members, breadth, drivers."""
        return self.market.broad

    def sector_group(self) -> str | None:
        """The group that splits the market by sector."""
        return self.market.sector_group

    def series(
        self,
        measure: str,
        subjects: Sequence[str],
        statistic: str = "",
        sessions: int = 504,
        **params: Any,
    ) -> list[Series]:
        """The last ``sessions`` values of a series measure, one line per subject that has any."""
        basis = params.pop("basis", None)
        try:
            declared, view, settings, result, known = self.market.evaluate(
                measure, basis=basis, last=sessions, **params
            )
        except PacelineError as error:
            self.refuse(measure, error)
            return []
        if not isinstance(result.value, dict) or statistic not in result.value:
            return []
        days = [str(d) for d in view.sessions[-sessions:]]
        rows = engine.series_rows(declared, view)
        lines = []
        for subject in subjects:
            if subject not in rows:
                continue
            values = result.value[statistic][rows[subject][0], -sessions:]
            if np.isfinite(values).any():
                figure = engine.series_figure(
                    declared, view, settings, known, subject, statistic, result
                )
                lines.append(Series(self.name(subject).text, days, _plain(values), figure))
        return lines

    def session_ago(self, sessions: int) -> str:
        """The first of the last ``sessions`` sessions; the first of all where there are fewer."""
        days = self.market.all_levels.sessions
        return str(days[-min(sessions, len(days))])

    def path(self, figure: Figure) -> Series | None:
        """The way to a return: cumulative return from the figure's start, one point per session."""
        levels = self.market.all_levels
        if figure.start is None or figure.end is None or figure.subject not in levels.names:
            return None
        a, b = (
            int(np.searchsorted(levels.sessions, np.datetime64(d), side="right")) - 1
            for d in (figure.start, figure.end)
        )
        line = levels.native[levels.names.index(figure.subject), a : b + 1]
        days = [str(d) for d in levels.sessions[a : b + 1]]
        lacking = self.market.moment.coverage.gaps(figure.subject)
        unknown = set() if lacking is None else set(lacking.unknown)
        there = np.array([d not in unknown for d in days])
        return Series(
            self.name(figure.subject).text,
            days,
            _plain(np.where(there, line / line[0] - 1, np.nan)),
            figure,
        )


def chart(
    market: Market,
    measure: str,
    subjects: Sequence[str] | None,
    statistic: str | None,
    sessions: int,
    params: dict[str, Any],
) -> Chart:
    """The chart of a measure for Python users; the shape of its result decides what is drawn."""
    declared = measures.get(measure, market.plugins)
    names = market.resolve(subjects) if subjects else None
    market = market.including(names or ())
    how = {
        k: params.pop(k)
        for k in ("basis", "since", "against")
        if k in params and k not in declared.params
    }
    if declared.shows == "series":
        evaluated = market.evaluate(measure, basis=how.get("basis"), **params)
        values = evaluated[3].value
        assert isinstance(values, dict)
        wanted = next(iter(values)) if statistic is None else statistic
        if wanted not in values:
            raise UnknownName(f"statistic of {measure}", wanted, values)
        rows = list(engine.series_rows(declared, evaluated[1]))
        shown = [r for r in rows if names is None or r in names or declared.of == "pair"]
        lines = Answers(market).series(measure, shown, wanted, sessions, **how, **params)
        return Chart("line", declared.question, tuple(lines), declared.unit_of(wanted))
    figures = [
        f
        for f in market.show(measure, subjects=subjects, **how, **params)
        if isinstance(f.value, float)
    ]
    wanted = figures[0].statistic if figures and statistic is None else statistic or ""
    statistics = {f.statistic for f in figures}
    if wanted not in statistics:
        raise UnknownName(f"statistic of {measure}", wanted, statistics)
    best = sorted((f for f in figures if f.statistic == wanted), key=lambda f: -f.number)
    bars = tuple(Series(f.label, [f.label], [f.number], f) for f in best)
    return Chart("bar", f"{declared.question} {wanted}", bars, best[0].unit, reference=0.0)


def _plain(values: Array) -> list[float | None]:
    return [finite_or_none(v) for v in values.tolist()]

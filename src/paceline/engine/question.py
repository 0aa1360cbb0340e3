"""Questions put to a market, and the one place where the figures that answer them are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from paceline.figures import UNITS, Figure, Value, finite_or_none
from paceline.indices.gaps import Gaps, Judged
from paceline.indices.validity import Validity
from paceline.lineage import Step, Steps
from paceline.signals.lows import Low

#: Further columns of a row that are answers: what came out is no part of an id.
ANSWERS = frozenset(
    "state sign reason sides known quadrant left recovered first confirmed worst_on since".split()
)
#: Names of real series and securities in a market that is otherwise simulated begin with this.
REAL = "real/"

#: How the reason begins why a figure has no value.
NO_VALUE = "no value: "


@dataclass(frozen=True)
class Question:
    """One question put to a market, and what every figure that answers it carries.

    measure  name of the measure or study that answers
    step     the question's place in the lineage: its parameters, the code that answers, its inputs
    basis    "price", "total" or "" where neither applies
    caveats  weaknesses of the data behind every answer
    gaps     what the levels that it rests on lack, session by session
    dated    what else it rests on that is of a day
    low      the low of the market, which windows may run from
    whole    values that look back rest on the levels there, members and all
    members  values rest on the returns of each member, also of before it was one
    """

    measure: str
    step: Step
    as_of: str
    basis: str = ""
    caveats: tuple[str, ...] = ()
    gaps: tuple[Gaps, ...] = ()
    dated: tuple[Validity, ...] = ()
    low: Callable[[], Low | None] = lambda: None
    whole: bool = False
    members: bool = False
    _judgements: dict[tuple[str | None, ...], list[Judged]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def refusal(self, start: Value, end: Value, reach: Value = None) -> str:
        """Why a window has no value: what the levels behind it lack; empty where it has one."""
        judged = self._judged(_iso(start), _iso(end), _iso(reach))
        return next((j.refusal for j in judged if j.refusal), "")

    def lacking(self, start: Value, end: Value) -> list[str]:
        """What the levels behind a window lack, in words, whether or not it has a value."""
        return [c for j in self._judged(_iso(start), _iso(end), None) for c in j.caveats]

    def members_of(self, day: str, held: int) -> int:
        """Members of the day, priced or not, for a count of those that the subject holds."""
        return self.gaps[0].members_of(day, held) if self.gaps else held

    def _judged(self, start: str | None, end: str | None, reach: str | None) -> list[Judged]:
        """What is to be said of a window: once for all figures that share it."""
        key = start, end, reach
        if key not in self._judgements:
            last = end or self.as_of
            first = min(start or last, last)
            self._judgements[key] = [
                *(
                    g.judged(
                        start, last, reach, whole=self.whole or reach == "", members=self.members
                    )
                    for g in self.gaps
                ),
                *(Judged(d.refusal(last), tuple(d.caveats(first, last))) for d in self.dated),
            ]
        return self._judgements[key]

    def figure(
        self,
        subject: str,
        value: Value,
        unit: str,
        *,
        statistic: str = "",
        label: str = "",
        against: str | None = None,
        start: object = None,
        end: object = None,
        n_used: int | None = None,
        n_eligible: int | None = None,
        caveats: Iterable[str] = (),
        evidence: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
        which: Mapping[str, Any] | None = None,
        reach: Value = None,
    ) -> Figure:
        """One figure: the only place where figures are made.

        A value that is not finite is none, and so is one whose window holds sessions on which more
        of a level's weight than stated has no return. ``reach`` is the day before ``start`` that
        the value looks back to. ``which`` are the parameters of the figure's own step;
        by default the subject, second leg, statistic, window and the texts of ``extra``.
        """
        assert unit in UNITS, f"{self.measure}: unit {unit!r} is not one of {UNITS}"
        judged = self._judged(_iso(start), _iso(end), _iso(reach))
        refusals = [j.refusal for j in judged if j.refusal]
        if refusals:
            value = None
            extra = {k: None if isinstance(v, float) else v for k, v in (extra or {}).items()}
        low = self.low() if start is not None else None
        said = low.caveats(_iso(start), _iso(end) or self.as_of) if low is not None else []
        caveats = (*refusals, *caveats, *said, *(c for j in judged for c in j.caveats))
        caveats = [c for c in caveats if f"{NO_VALUE}{c}" not in caveats]  # once is enough
        if which is None:
            told: dict[str, object] = {
                "subject": subject,
                "against": against,
                "statistic": statistic,
            }
            told |= {"start": start, "end": end, **(extra or {})}
            which = {
                k: str(v)
                for k, v in told.items()
                if v not in (None, "") and not isinstance(v, (int, float)) and k not in ANSWERS
            }
        return Figure(
            measure=self.measure,
            subject=subject,
            value=finite_or_none(value),
            unit=unit,
            step=Step("figure", which, (self.step.id,), code=""),
            label=label,
            against=against,
            statistic=statistic,
            start=_iso(start),
            end=_iso(end) or self.as_of,
            as_of=self.as_of,
            basis=self.basis,
            n_used=n_used,
            n_eligible=n_eligible,
            caveats=tuple(dict.fromkeys((*self.caveats, *(c for c in caveats if c)))),
            evidence=evidence or {},
            extra=extra or {},
        )


def no_gaps(_name: str, _basis: str) -> Gaps | None:
    """Of levels that lack nothing."""
    return None


@dataclass(frozen=True)
class Provenance:
    """What the engine knows about the subjects of a view: lineage, caveats and basis of each."""

    parents: Mapping[str, tuple[str, ...]]  # subject -> ids of the steps it was built from
    caveats: Mapping[str, tuple[str, ...]]  # subject -> weaknesses of the data behind it
    basis: Mapping[str, str]  # subject -> basis of its level
    as_of: str
    general: tuple[str, ...] = ()  # caveats of every figure of this market
    steps: Steps = field(default_factory=Steps)  # every step made so far
    # "fundamental:<item>" or "volume" -> caveats
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # the same needs, and series -> of which day they are
    dated: Mapping[str, Validity] = field(default_factory=dict)
    view: str = ""  # code that chose what a measure sees
    # what a subject's level lacks on a basis ("" and "native": its own)
    gaps: Callable[[str, str], Gaps | None] = no_gaps
    low: Callable[[], Low | None] = lambda: None  # the market's last low
    # why there may be no total returns; "" where nothing is known of it
    no_total: Callable[[], str] = str

    def question(
        self,
        name: str,
        params: Mapping[str, Any],
        code: str,
        *,
        names: Iterable[str] = (),
        parents: Iterable[Step] = (),
        basis: str = "",
        caveats: Iterable[str] = (),
        caveats_of: Iterable[str] | None = None,
        needs: Iterable[str] = (),
        measure: str = "",
        whole: bool = False,
        members: bool = False,
    ) -> Question:
        """A question that rests on ``names`` and on further steps ``parents``.

        Its figures carry the caveats of ``caveats_of`` (default: of ``names``), those of every
        figure of the market (real history beside a simulated market excepted), and ``caveats``.
        ``needs`` are fields of fundamentals that they rest on as well.
        """
        asked = [n for n in names if n in self.parents]
        mine = asked if caveats_of is None else [n for n in caveats_of if n in self.caveats]
        told = [c for n in mine for c in self.caveats.get(n, ())]
        if not mine or not all(n.startswith(REAL) for n in mine):
            told += self.general
        further = [self.steps.keep(p).id for p in parents]
        rests = tuple(dict.fromkeys((*(p for n in asked for p in self.parents[n]), *further)))
        step = self.steps.keep(Step(name, params, rests, code=code))
        told += [c for c in caveats if c]
        lacking = tuple(g for n in asked if (g := self.gaps(n, basis)) is not None)
        dated = tuple(self.dated[n] for n in (*needs, *asked) if n in self.dated)
        return Question(
            measure or name,
            step,
            self.as_of,
            basis,
            tuple(dict.fromkeys(told)),
            lacking,
            dated,
            self.low,
            whole,
            members,
        )


def column(figure: Figure, name: str, unit: str, steps: Steps) -> Figure | None:
    """A further column of a table's row as a figure resting on the row's; None without a value."""
    value = figure.extra.get(name)
    if value is None:
        return None
    row = steps.keep(figure.step)
    question = Question(figure.measure, row, figure.as_of or "", figure.basis, figure.caveats)
    return question.figure(
        figure.subject,
        value,
        unit,
        statistic=f"{figure.statistic} {name}".strip(),
        label=figure.label,
        against=figure.against,
        start=figure.start,
        end=figure.end,
        which={"column": name},
    )


def _iso(value: object) -> str | None:
    return None if value is None else str(value)[:10]

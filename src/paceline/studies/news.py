"""What an earlier report said of the same questions: which answers are news, and which changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from paceline.engine import Question
from paceline.figures import Figure
from paceline.lineage import Step
from paceline.studies.answers import Answers

#: Statistics whose change from one report to the next is news.
NEWS = (
    "word",
    "leader",
    "where it stands",
    "state 1",
    "state 1.5",
    "state 2",
    "since_low rank",
    "last_month rank",
)
#: What is kept of a manifest's row to recognise its question and to show its value.
KEPT = ("measure", "subject", "against", "statistic", "value", "unit", "line", "rotation", "figure")
#: What makes two rows the same question.
QUESTION = ("measure", "subject", "against", "statistic", "rotation")

#: A row of a manifest: JSON of an earlier version, untyped by nature.
Row = Mapping[str, Any]


class Change(NamedTuple):
    """One figure as an earlier report gave it, and as it is now."""

    then: Figure
    now: Figure


def newsworthy(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows of a manifest whose change is news, as small as they can be kept."""
    return [
        {k: row[k] for k in KEPT if row.get(k) is not None}
        for row in rows
        if row.get("statistic") in NEWS
        and row.get("line", "raw") == "raw"
        and row.get("value") is not None
    ]


def changed(ask: Answers, figures: Sequence[Figure], previous: Row) -> list[Change]:
    """Figures whose value is not what ``previous`` said: words first, then the largest moves.

    previous  {"as_of", "figures"} of an earlier manifest
    """
    old = {_key(row): row for row in newsworthy(previous.get("figures", ()))}
    now: dict[tuple[str, ...], Figure] = {}
    for figure in figures:
        row = figure.to_json()
        if newsworthy([row]):
            now.setdefault(_key(row), figure)
    changes = [
        Change(_then(ask, figure, old[key], str(previous["as_of"])), figure)
        for key, figure in now.items()
        if key in old and _differ(old[key]["value"], figure.value)
    ]
    return sorted(changes, key=_rank)


def _differ(then: object, now: object) -> bool:
    """Whether two values differ as values and as text: JSON turns some numbers into text."""
    return then != now and str(then) != str(now)


def _then(ask: Answers, figure: Figure, row: Row, as_of: str) -> Figure:
    """The figure with the value that the earlier report gave."""
    step = Step("previous report", {"as_of": as_of, "figure": row["figure"]}, code="")
    question = Question(
        figure.measure,
        ask.market.steps.keep(step),
        as_of,
        figure.basis,
        (*figure.caveats, "what an earlier report said"),
    )
    return question.figure(
        figure.subject,
        row["value"],
        figure.unit,
        statistic=figure.statistic,
        label=figure.label,
        against=figure.against,
        end=as_of,
        extra={"report": "previous"},
    )


def _rank(change: Change) -> tuple[bool, float]:
    if isinstance(change.now.value, (int, float)):
        return True, -abs(change.now.number - change.then.number)
    return False, 0.0


def _key(row: Row) -> tuple[str, ...]:
    return tuple(str(row.get(k) or "") for k in QUESTION)

"""What they said: the calls of the ledger, what became of each, and what the records show."""

from __future__ import annotations

from collections.abc import Sequence

from paceline.document import Block, Chart, Grid, Label, Part, Section, Sentence, Series
from paceline.methods.call import JOIN, Call
from paceline.methods.scoring import CallScore
from paceline.pages import page
from paceline.pages.signs import plural
from paceline.pages.words import INTERVAL, day, missing, words
from paceline.studies import calls, ledger
from paceline.studies.answers import Answers
from paceline.studies.calls import Scored

STANCES = {
    "over": "Outperform",
    "under": "Underperform",
    "accumulate_on_dips": "Buy on dips",
    "level_target": "Reach a level",
    "lead_change": "Take the lead",
    "rotation": "Rotation into",
    "consolidation": "Consolidation",
    "headwind": "Headwind",
}
#: Columns of a call's standing: heading, and its statistic.
STANDING = (
    ("Status", "status"),
    ("Active return", "active"),
    ("Worst so far", "worst"),
    ("From drift alone", "drift"),
    ("Base rate", "base"),
    ("Mean of earlier days", "base_active"),
    ("Chance beforehand", "chance"),
)
#: Columns of a record: heading, and its statistic.
RECORD: tuple[tuple[str | Label, str], ...] = (
    ("Decided", "decided"),
    ("Hits", "hits"),
    ("Hit rate", "rate"),
    (INTERVAL[0], "low"),
    (INTERVAL[1], "high"),
    ("Base rate", "expected"),
    ("By luck", "luck"),
)


@page(place=130)
def what_they_said(ask: Answers) -> Section | None:
    """The calls of the ledger beside the market file; None without one."""
    found = ledger.scored(ask)
    return section(found) if found is not None and found.scores else None


def section(found: Scored) -> Section:
    """Every call with its status, the paths of those that run or ran, and the records."""
    priced = [s for s in found.in_force if s.call.scorable]
    rest = [s for s in found.in_force if not s.call.scorable]
    blocks: list[Block] = [
        _count(found),
        *_paths(found),
        _standing(found, priced),
        *_unscored(rest),
        *_corrected(found),
        _sources(priced),
        *_records(found),
    ]
    return Section("what_they_said", "What they said", calls.QUESTION, tuple(blocks))


def _count(found: Scored) -> Sentence:
    if not found.scores:
        return words("No call was on file by then.")
    total, running, hit, miss, rest = (
        found.count(k) for k in ("calls", "running", "hit", "miss", "not scorable")
    )
    if missing(total):
        return words("How many calls are on file cannot be said.")
    named: list[Part] = []
    for count, what in ((running, " open"), (hit, " right"), (miss, " wrong")):
        named += [] if missing(count) else [", " if named else ": ", count, what]
    if rest.value:
        named += [", " if named else ": ", rest, " that prices cannot score"]
    return words(
        total,
        plural(total, " call is on file", " calls are on file"),
        *named,
        ". A call counts from the first close after it was made.",
    )


def _paths(found: Scored) -> list[Chart]:
    lines = tuple(
        Series(f"{s.call.who}: {s.call.id}", s.path_days, s.path, f)
        for s in found.in_force
        if len(s.path) > 1 and (f := found.figure(s.call.id, "active")) is not None
    )
    if not lines:
        return []
    return [Chart("line", "Active return since the call", lines, "return", reference=0.0)]


def _standing(found: Scored, scores: Sequence[CallScore]) -> Grid:
    return Grid(
        "Calls and what became of them",
        (
            "Who",
            "Date",
            "Call",
            "Subject",
            "Benchmark or level",
            "Due",
            *(heading for heading, _ in STANDING),
        ),
        tuple(_row(found, s) for s in scores),
        note=words(
            "Active return: return of the subject less that of its benchmark. From drift alone: "
            "what the growth of both before the call would have given. Base rate: share of all "
            "earlier sessions from which the same call would have come right, with its mean active "
            "return beside it. Chance beforehand: chance of the level under the drift and "
            "volatility before the call."
        ),
    )


def _row(found: Scored, s: CallScore) -> tuple[Part | None, ...]:
    call = s.call
    level = found.figure(call.id, "level")
    return (
        Label(_who(call)),
        day(call.date),
        STANCES[call.stance] + (" (by proxy)" if call.proxy else ""),
        _labels(found, call.baskets),
        level if level is not None else _labels(found, found.yardstick(call)),
        day(s.due) if s.due else None,
        *(found.figure(call.id, key) for _, key in STANDING),
    )


def _unscored(scores: Sequence[CallScore]) -> list[Grid]:
    if not scores:
        return []
    return [
        Grid(
            "Calls that prices cannot score",
            ("Who", "Date", "Call", "Words"),
            tuple(
                (Label(_who(s.call)), day(s.call.date), STANCES[s.call.stance], Label(s.call.words))
                for s in scores
            ),
        )
    ]


def _corrected(found: Scored) -> list[Grid]:
    corrected = found.ledger.corrected
    old = [s for s in found.scores if s.call.id in corrected]
    if not old:
        return []
    return [
        Grid(
            "Records that were corrected",
            ("Record", "Corrected by", "Who", "Status as written"),
            tuple(
                (
                    Label(s.call.id),
                    Label(corrected[s.call.id]),
                    Label(_who(s.call)),
                    found.figure(s.call.id, "status"),
                )
                for s in old
            ),
        )
    ]


def _sources(scores: Sequence[CallScore]) -> Grid:
    return Grid(
        "The words of each call",
        ("Who", "Words", "Assumed by the ledger's keeper", "Source"),
        tuple(
            (
                Label(_who(s.call)),
                Label(s.call.words),
                Label(", ".join(s.call.assumed)),
                Label(s.call.source),
            )
            for s in scores
        ),
    )


def _records(found: Scored) -> list[Grid]:
    rows = []
    for record in (r for kind in ("who", "house") for r in found.record(kind)):
        if record.decided:
            made = found.record_figures(record)
            rows.append((Label(record.who), *(made.get(key) for _, key in RECORD)))
    if not rows:
        return []
    return [
        Grid(
            "What the decided calls show",
            ("Person or house", *(heading for heading, _ in RECORD)),
            tuple(rows),
            note=words(
                "The interval counts only calls whose windows do not overlap. Base rate: share of "
                "hits had the same calls been made on earlier days. By luck: chance of at least as "
                "many hits at that base rate."
            ),
        )
    ]


def _who(call: Call) -> str:
    return f"{call.who} ({call.house})" if call.house and call.house != call.who else call.who


def _labels(found: Scored, names: tuple[str, ...]) -> Label:
    labels = found.market.labels
    return Label(f"{JOIN} ".join(labels.get(n, n) for n in names))

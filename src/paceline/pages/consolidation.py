"""Is the year's leader pausing, and how did earlier pauses end?"""

from __future__ import annotations

from functools import partial

from paceline.document import Grid, Label, Part, Section, Sentence
from paceline.pages import page
from paceline.pages.signs import distance, plural
from paceline.pages.words import INTERVAL, Clause, missing, reason, words
from paceline.studies import consolidation as study
from paceline.studies.answers import Answers
from paceline.studies.asking import attempt
from paceline.studies.consolidation import Consolidation

#: What the rows say, in their order.
ROWS: dict[str, Part] = {
    "drawdown": Label("Distance from its 252-day high"),
    "above": Label("Distance from its 200-day moving average"),
    "below_short": Label("Distance from its 50-day moving average"),
    "share": Label("Share of its members above their 200-day moving average"),
    "sessions": "Sessions since its high",
    "leader": "Leads: it or the market",
    "p": "Its largest relative move: probability under noise",
    "lift": "Relative return a session in earnings seasons less outside",
    "inside": "Earlier earnings seasons with a fall as deep",
    "outside": "The other sessions of those quarters with one",
    "recovered": "Earlier pauses as deep that ended in a new high before the trend broke",
}


@page(place=24)
def consolidation(ask: Answers) -> Section | None:
    """Where the year's leader stands, what speaks for a pause, and how earlier ones ended."""
    found = attempt(ask, "consolidation", partial(study.weigh, ask))
    if found is None:
        return None
    title = "Is the year's leader pausing?"
    return Section("consolidation", "A pause", title, (_said(ask, found), _evidence(found)))


def _said(ask: Answers, found: Consolidation) -> Sentence:
    f, tally = found.figures, found.tally
    recovered = f["recovered"]
    ended: Clause = (
        " Of earlier pauses as deep, ",
        recovered,
        " ended in a new high before the trend broke.",
    )
    if recovered.value is None:
        why = reason(recovered)
        ended = (" How earlier pauses ended cannot be said (", Label(why or "none"), ").")
    if missing(found.word):
        why = reason(found.word)
        because: Clause = (" (", Label(why), ")") if why else ()
        return words("Where ", ask.name(found.subject), " stands cannot be said", because, ".")
    return words(
        ask.name(found.subject),
        " is ",
        found.word,
        ": ",
        *distance(f["drawdown"], ("its ", Label("252-day"), " high")),
        " and ",
        *distance(f["above"], ("its ", Label("200-day"), " moving average")),
        (", with ", f.get("share"), " of its members above theirs"),
        ".",
        (
            " Of the figures below ",
            tally["for"],
            plural(tally["for"], " speaks", " speak"),
            " for a pause, ",
            tally["against"],
            " against it and ",
            tally["neither"],
            " neither way.",
        ),
        ended,
    )


def _evidence(found: Consolidation) -> Grid:
    rows = tuple(
        (ROWS[k], found.figures[k], *found.judged.get(k, (None,) * 4), found.speaks[k])
        for k in ROWS
        if k in found.figures
    )
    note = words(
        "The history is that of ",
        Label(found.market.labels.get(found.history, found.history)),
        ". Earnings seasons are sessions ",
        Label("10 to 45"),
        " of a quarter, a proxy. A figure that is not beyond noise speaks neither way.",
    )
    columns = ("What", "Figure", *INTERVAL, "Observations", "Independent", "Speaks")
    return Grid("What speaks for a pause, and against it", columns, rows, note)

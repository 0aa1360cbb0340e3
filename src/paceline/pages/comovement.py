"""Whether members move together or each by itself: correlation and dispersion through time."""

from __future__ import annotations

from paceline.document import Block, Chart, Grid, Label, Section, Series
from paceline.figures import Figure
from paceline.pages import page
from paceline.pages.words import words
from paceline.studies.answers import Answers

#: The statistics of the table and their headings, by weight and equally weighted.
SHOWN = {
    "correlation": "Average correlation",
    "correlation_within": "within sectors",
    "correlation_between": "between sectors",
    "dispersion": "Dispersion of returns",
    "dispersion_within": "within sectors",
    "dispersion_between": "between sectors",
}
#: What the states of the measure mean.
STATES = {
    "calm": "correlation and dispersion both lie in the lower half of their history",
    "selective": "each goes its own way: dispersion is high for its history, correlation is not",
    "together": "they go together: correlation is high for its history, dispersion is not",
    "turbulent": "correlation and dispersion are both high for their history",
}


@page(place=112, asked=True)
def comovement(ask: Answers) -> Section | None:
    """The state of today, two charts by month and the parts; None without figures."""
    found: dict[str, list[Figure]] = {}
    for f in ask.of_broad("correlation_regime"):
        found.setdefault(f.statistic, []).append(f)
    last = {name: figures[-1] for name, figures in found.items()}
    if "correlation" not in last or ask.broad is None:
        return None
    state = STATES.get(str(last["correlation"].extra.get("state")))
    blocks: list[Block] = []
    if state is not None:
        blocks.append(words("Of the members of ", ask.name(ask.broad), f": {state}."))
    for name, title in (
        ("correlation", "Average correlation of members, by month"),
        ("dispersion", "Dispersion of their returns, by month"),
    ):
        lines = tuple(
            Series(part, [f.end for f in found[key]], [f.number for f in found[key]], last[key])
            for key, part in ((name, "all"), (f"{name}_within", "within sectors"))
            if len(found.get(key, ())) > 1
        )
        if lines and name in last:
            blocks.append(Chart("line", title, lines, last[name].unit))
    rows = tuple(
        (Label(title), last[name], ask.column(last[name], "place", "percentile"))
        for name, title in SHOWN.items()
        if name in last
    )
    columns = ("What", "Now", "Percentile of its history")
    blocks.append(Grid("How members move", columns, rows))
    question = "Do stocks move together, or each by itself?"
    return Section("comovement", "Moving together", question, tuple(blocks))

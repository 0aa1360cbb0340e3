"""The mix of styles that follows each basket best."""

from __future__ import annotations

from paceline.document import Grid, Label, Section
from paceline.pages import page
from paceline.pages.words import day, words
from paceline.studies.answers import Answers


@page(place=77, asked=True)
def styles(ask: Answers) -> Section | None:
    """The mix of styles that follows each basket best, in its last window."""
    found = [f for f in ask.rows("style_analysis") if f.value is not None]
    if not found:
        return None
    end = max(f.end or "" for f in found)
    found = [f for f in found if f.end == end]
    mixes = {(f.subject, f.against): f for f in found if f.statistic == "weight"}
    others = {(f.subject, f.statistic): f for f in found}
    kinds = list(dict.fromkeys(str(against) for _, against in mixes))
    rows = tuple(
        (
            ask.name(name),
            *(mixes.get((name, kind)) for kind in kinds),
            others.get((name, "r_squared")),
            others.get((name, "tracking")),
        )
        for name in dict.fromkeys(f.subject for f in found)
    )
    columns: tuple[str | Label, ...] = (
        "Basket",
        *map(ask.name, kinds),
        "R squared",
        "Tracking error a year",
    )
    grid = Grid(
        "Mix of styles that follows best", columns, rows, heat=tuple(range(1, len(kinds) + 1))
    )
    question = "What do the baskets move like?"
    said = words("Weights of the mix over the months to ", day(end), ".")
    return Section("styles", "Style mix", question, (said, grid))

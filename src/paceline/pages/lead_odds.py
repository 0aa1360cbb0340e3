"""Tables of the themes' page: how likely the side ahead leads later, and what that is worth."""

from __future__ import annotations

from collections.abc import Mapping

from paceline.document import Grid, Label, Part
from paceline.figures import Figure
from paceline.pages.words import INTERVAL, Clause, missing, words
from paceline.studies.lead_library import Library
from paceline.studies.themes import ThemeFound, Themes

#: What is printed of a horizon, for people.
PRINTED = {
    "model": "probability of the model",
    "base": "base rate: nothing better is known",
    "few": "base rate: too few looks for a model",
    "": "nothing",
}
#: Whether the model is what is printed.
USED = {"model": "yes", "base": "no", "few": "too few looks", "": "too few looks"}
#: Figures of a horizon, in the order of the table's columns.
SCORES = ("brier_base", "brier_model", "log_base", "log_model", "gain_low", "gain_high")


def said(found: Themes) -> Clause:
    """How often the side ahead led a quarter later, where that is all that is known."""
    quarter = next((one for one in found.odds if one.sessions == 63), None)
    if quarter is None or quarter.printed not in ("base", "few"):
        return ()
    f = quarter.figures
    return (
        " Earlier, the side ahead still led a quarter later on ",
        f["base"],
        " of looks (interval from ",
        f["low"],
        " to ",
        f["high"],
        "): nothing better than that is known.",
    )


def likely(found: Themes) -> Grid:
    """The probability of every theme and horizon, what it is, and on how much it rests."""
    columns = tuple(Label(f"After {one.sessions} sessions") for one in found.odds)
    what = tuple(PRINTED[one.printed] for one in found.odds)
    worth = tuple(one.figures["independent"] for one in found.odds)
    return Grid(
        "How likely the side now ahead leads later",
        ("Theme", "Ahead", *columns),
        (
            *(_theme(found, theme) for theme in found.themes),
            ("What that is", None, *what),
            ("Independent looks behind it", None, *worth),
        ),
        note=words(
            "To lead later is to stand higher against the other side then than today. A base rate "
            "is that of all lines of all themes together, so it is the same for every theme."
        ),
    )


def _theme(found: Themes, theme: ThemeFound) -> tuple[Part | None, ...]:
    chances = (theme.figures.get(f"ahead_{one.sessions}") for one in found.odds)
    ahead = theme.figures["leader"]
    return (Label(theme.label), None if missing(ahead) else ahead, *chances)


def worth(found: Themes, library: Library) -> Grid:
    """Base rates, and the scores of the model beside them, out of sample."""
    own = [_scores("these lines", o.sessions, o.figures, USED[o.printed]) for o in found.odds]
    kept = [
        _scores("factor library", o.sessions, o.figures, USED["model" if o.used else "base"])
        for o in library.rows
    ]
    return Grid(
        "Is anything better than the base rate known?",
        (
            "Looks at",
            "Sessions",
            "Side ahead led",
            *INTERVAL,
            "Independent looks",
            "Brier score: base rate",
            "Model",
            "Log score: base rate",
            "Model",
            "Improvement from",
            "to",
            "Model used",
        ),
        (*own, *kept),
        note=words(
            "A look is the last session of a month. The model is a logistic regression on the size "
            "and age of the lead, how unusual the largest move is, how much of it was given back "
            "and how high volatility is, shrunk to the base rate, fitted anew each year on what "
            "was known by then, and scored since ",
            Label("1990"),
            "; smaller scores are better. It is used only where the interval of the improvement of "
            "both scores lies above zero; shown is that of the log score. The library is that of "
            "French, with ten industries, as the package carries it.",
            (
                " On simulated markets without any rotation the model is used, after any of these "
                "sessions, in ",
                library.steady,
                " of those with steady volatility and in ",
                library.clusters,
                " of those where it clusters; where leads last half a year it is "
                "used after a quarter in ",
                library.lasting,
                ".",
            ),
        ),
    )


def _scores(
    what: str, sessions: int, figures: Mapping[str, Figure], used: str
) -> tuple[Part | None, ...]:
    first = (figures[k] for k in ("base", "low", "high", "independent"))
    return (what, Label(str(sessions)), *first, *(figures[k] for k in SCORES), used)


def reliability(found: Themes) -> Grid:
    """What the model said, and what came of it."""
    rows: list[tuple[Part | None, ...]] = [
        (
            Label(str(one.sessions)),
            Label(f"{b.at:.0%} to {b.at + 0.1:.0%}"),
            *(b.figures[k] for k in ("looks", "said", "came", "low", "high")),
        )
        for one in found.odds
        for b in one.bins
    ]
    return Grid(
        "What the model said since it could be fitted, and what came of it",
        ("Sessions", "Said", "Looks", "Mean of what was said", "Share that came true", *INTERVAL),
        tuple(rows),
        note=words(
            "By tenths of probability, whether or not the model is used: where it is worth "
            "something, what came true rises with what was said."
        ),
    )

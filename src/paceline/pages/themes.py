"""Who leads in each theme, since when, and how unusual is it? Never one word for all."""

from __future__ import annotations

from functools import partial

from paceline.document import Block, Grid, Label, Part, Section, Sentence
from paceline.pages import lead_odds, page
from paceline.pages.signs import plural, some
from paceline.pages.words import INTERVAL, Clause, day, missing, words
from paceline.studies import themes as study
from paceline.studies.answers import Answers
from paceline.studies.asking import attempt
from paceline.studies.lasting import SIZES, Lasting
from paceline.studies.lead_library import library
from paceline.studies.line_moves import WITHIN
from paceline.studies.spreads import SpreadFound
from paceline.studies.themes import ThemeFound, Themes
from paceline.studies.words_worth import WordsWorth, worth

#: On which simulated markets a plant is called.
STEADY = " of markets where volatility is steady."
WILD = " of markets where it clusters."
#: What a row of "do turns last" is about.
KINDS: dict[str, str | Label] = {
    "all": "all",
    "late": Label("since 1990"),
    "wild": "volatility above the median of the line's earlier turns",
    "calm": "volatility below it",
    **{k: Label(f"found at size {v:g}") for k, v in SIZES.items()},
}


@page(place=20)
def themes(ask: Answers) -> Section | None:
    """Every theme with its word, every line with its numbers, and what followed earlier turns."""
    found = attempt(ask, "themes", partial(study.weigh, ask.market))
    if found is None:
        return None
    blocks: tuple[Block, ...] = (
        *_said(found),
        _every(found),
        lead_odds.likely(found),
        _unusual(found),
        _since(found),
        *(_spread(ask, t.label, t.spread) for t in found.themes if t.spread is not None),
        _lasting(found),
        lead_odds.worth(found, library(ask.market)),
        *([lead_odds.reliability(found)] if any(one.bins for one in found.odds) else []),
        _worth(worth(ask.market)),
    )
    return Section(
        "themes", "Who leads, by theme", "Is leadership changing hands, and where?", blocks
    )


def _said(found: Themes) -> list[Sentence]:
    """How many themes are unusual, and one sentence for each that is not quiet."""
    judged, unusual = found.counts()
    if missing(judged) or not judged.value:
        return [words("No theme has enough history to be judged.")]
    head = words(
        "Of ",
        judged,
        plural(judged, " theme, ", " themes, "),
        some(unusual),
        plural(unusual, " is", " are"),
        " unusual or rare. Every theme has its own word; there is none for all of them. A word "
        "says how seldom noise looks like this, not that it goes on.",
        lead_odds.said(found),
    )
    return [head, *(_sentence(t) for t in found.judged if _loud(t))]


def _loud(theme: ThemeFound) -> bool:
    return theme.word != "quiet" and not missing(theme.figures["word"])


def _sentence(theme: ThemeFound) -> Sentence:
    """The word of one theme, and what it rests on."""
    telling = theme.telling
    rests: Clause = ()
    if telling is not None:
        f = telling.figures
        rests = (
            ": ",
            Label(telling.line.label),
            " moved by ",
            f["change"],
            " in ",
            f["horizon"],
            plural(f["horizon"], " session", " sessions"),
        )
    leads: Clause = (". ", theme.figures["leader"], " lead by the rule of turns")
    return words(
        Label(theme.label), " is ", theme.figures["word"], rests, leads, _since_day(theme), "."
    )


def _since_day(theme: ThemeFound) -> Clause:
    start = theme.figures["leader"].start
    return () if missing(theme.figures["leader"]) or start is None else (" since ", day(start))


def _every(found: Themes) -> Grid:
    return Grid(
        "Every theme",
        (
            "Theme",
            "Word",
            "Leads",
            "Since",
            "Sessions",
            "Known for",
            "Move since, in sigmas",
            "Would turn it back",
            "Probability under noise",
            "Corrected",
            "Lines for",
            "Against",
            "Neither",
        ),
        tuple(_row(theme) for theme in found.themes),
        note=words(
            "The word rests on the probability that noise of the same lines makes as large a move; "
            "corrected: for all themes asked together. Who leads follows from the last turn of the "
            "first line that can be judged. A line is for or against the move only where it is "
            "unusual itself; else it is neither."
        ),
    )


def _row(theme: ThemeFound) -> tuple[Part | None, ...]:
    f = theme.figures
    leads = None if missing(f["leader"]) else day(f["leader"].start)
    state = ("sessions", "known", "size", "to_turn", "p", "adjusted_p", "for", "against", "neither")
    if theme.spread is not None:  # many baskets have no first and second side
        return (Label(theme.label), f["word"], *[None] * 6, f["p"], f["adjusted_p"], *[None] * 3)
    return (Label(theme.label), f["word"], f["leader"], leads, *(f[k] for k in state))


def _unusual(found: Themes) -> Grid:
    names = ("horizon", "change", "z", "percentile", "p", "low_z", "low_percentile")
    return Grid(
        "How unusual the largest move of each line is",
        (
            "Line",
            "Sessions",
            "Change of the ratio",
            "In sigmas",
            "Percentile of its history",
            "Probability under noise",
            "Since the low, in sigmas",
            "Percentile",
        ),
        tuple((Label(one.line.label), *(one.figures[n] for n in names)) for one in found.lines),
        note=words(
            "The largest of the moves over a week, a month, a quarter, half a year, a year and "
            "since the line's own pivot; noise is made of its own returns without their mean, with "
            "pivots found by the same rule. The low is the benchmark's: told, not tested, since "
            "what fell most before it gains most after it."
        ),
    )


def _since(found: Themes) -> Grid:
    columns = tuple(Label(f"Began within {h} sessions") for h in WITHIN)
    names = ("sessions", "known", "since", *(f"begun_{h}" for h in WITHIN), "alarms")
    return Grid(
        "Since when the leader of each line leads, and when its drift began",
        (
            "Line",
            "Leader",
            "Since",
            "Sessions",
            "Known for",
            "Change of the ratio since",
            *columns,
            "Turns a year of its noise",
        ),
        tuple(
            (
                Label(one.line.label),
                one.figures["leader"],
                None if missing(one.figures["leader"]) else day(str(one.figures["leader"].start)),
                *(one.figures[n] for n in names),
            )
            for one in found.lines
        ),
        note=words(
            "Began: the probability that the drift in force is no older. Turns: how often a year "
            "the first side takes over in noise made of the line's own returns",
            ("; in noise whose volatility clusters it is ", found.clustered),
            ".",
        ),
    )


def _spread(ask: Answers, title: str, found: SpreadFound) -> Grid:
    f = found.figures
    rows = tuple((ask.name(n), f[n]) for n in found.members)
    note = words("Nothing can be judged: ", Label(found.found.reason), ".")
    if not found.found.reason:
        note = words(
            "Returns less their mean, ",
            ("over ", f["horizon"], plural(f["horizon"], " session", " sessions"), ", "),
            "the horizon at which the spread is widest.",
            (
                " Noise in which they move together as they do spreads as widely with probability ",
                f["p"],
                ".",
            ),
        )
    return Grid(Label(f"{title}: who is at the ends"), ("Basket", "Less the mean"), rows, note)


def _worth(found: WordsWorth) -> Grid:
    names = ("steady", "clusters", "looks", "ahead", "low", "high")
    (small, small_wild), (large, large_wild) = found.called.values()
    return Grid(
        "What the words are worth",
        (
            "Word",
            "Steady noise called so, or more strongly",
            "Noise that clusters",
            "Looks at real history",
            "Side ahead led a quarter later",
            *INTERVAL,
        ),
        tuple((w.capitalize(), *(row[n] for n in names)) for w, row in found.rows.items()),
        note=words(
            "A plant is a move of one and a half typical quarters over a month, or of three.",
            (" The smaller is called within a week of its end in ", small, STEADY),
            (" The smaller is called in ", small_wild, WILD),
            (" The larger is called in ", large, STEADY),
            (" The larger is called in ", large_wild, WILD),
        ),
    )


def _lasting(found: Themes) -> Grid:
    return Grid(
        "Do turns last? What followed the earlier turns of all lines",
        ("What followed", "Of which turns", "Share", *INTERVAL, "Turns"),
        tuple(_followed(row) for row in found.lasting),
        note=words(
            "Turns up and down of every line; a typical move is that of a quarter. The interval "
            "draws quarters with all their turns, since lines that turn together are one piece of "
            "news. Noise gives one half."
        ),
    )


def _followed(row: Lasting) -> tuple[Part | None, ...]:
    what: Part = "A further quarter of a typical move before as much was given back"
    if row.sessions is not None:
        what = Label(f"The new leader ahead after {row.sessions} sessions")
    return (what, KINDS[row.which], *(row.figures[k] for k in ("share", "low", "high", "turns")))

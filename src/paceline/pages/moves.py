"""How unusual is each rotation's move, judged from its own pivot?"""

from __future__ import annotations

from functools import partial

from paceline.document import Block, Grid, Label, Section, Sentence
from paceline.pages import page
from paceline.pages.signs import plural, some
from paceline.pages.words import INTERVAL, day, missing, words
from paceline.studies import moves as study
from paceline.studies.answers import Answers
from paceline.studies.asking import attempt
from paceline.studies.moves import Moves


@page(place=35)
def moves(ask: Answers) -> Section | None:
    """Who leads in each pair since its own pivot, and how unusual its largest move is."""
    weigh = partial(study.weigh, ask.market)
    found = attempt(ask, "moves", lambda: ask.market.memo(["moves"], weigh))
    if found is None:
        return None
    blocks: tuple[Block, ...] = (_head(found), _unusual(found), _since(found), _lasting(found))
    return Section(
        "moves",
        "Unusual moves",
        "How unusual is each rotation's move, and since when does it run?",
        blocks,
    )


def _head(found: Moves) -> Sentence:
    judged, clear = found.counts()
    if missing(judged) or missing(clear) or not judged.value:
        return words("No rotation has enough history for its move to be judged.")
    return words(
        "Of ",
        judged,
        plural(judged, " rotation, ", " rotations, "),
        some(clear),
        " made a move larger than noise of the same pair makes, over any horizon and since its own "
        "pivot, with the number of rotations considered. Unusual says what happened, not that it "
        "goes on.",
    )


def _unusual(found: Moves) -> Grid:
    names = ("horizon", "change", "z", "percentile", "p", "adjusted_p", "low_z", "low_percentile")
    return Grid(
        "How unusual the largest move is",
        (
            "Pair",
            "Sessions",
            "Change of the ratio",
            "In sigmas",
            "Percentile of its history",
            "Probability under noise",
            "Adjusted",
            "Since the low, in sigmas",
            "Percentile",
        ),
        tuple((Label(r.pair.label), *(r.figures[n] for n in names)) for r in found.rows),
        note=words(
            "The largest of the moves over a week, a month, a quarter, half a year, a year and "
            "since the pair's own pivot; noise is made of the pair's own returns without their "
            "mean, with pivots found by the same rule. The low is the benchmark's: told, not "
            "tested, since what fell most before it gains most after it."
        ),
    )


def _since(found: Moves) -> Grid:
    return Grid(
        "Since when the leader leads",
        (
            "Pair",
            "Leader",
            "Since",
            "Sessions",
            "Sessions since it was known",
            "Change of the ratio since",
            "Its drift began within a quarter: probability",
        ),
        tuple(
            (
                Label(r.pair.label),
                r.figures["leader"],
                None if missing(r.figures["leader"]) else day(str(r.figures["leader"].start)),
                *(r.figures[n] for n in ("sessions", "known", "since", "recent")),
            )
            for r in found.rows
        ),
    )


def _lasting(found: Moves) -> Grid:
    return Grid(
        "Do turns last? What followed the earlier turns of all these pairs",
        ("What followed", "Share of turns", *INTERVAL, "Turns"),
        tuple(
            (
                "A further quarter of a typical move before as much was given back"
                if row.sessions is None
                else Label(f"The new leader ahead after {row.sessions} sessions"),
                *(row.figures[k] for k in ("share", "low", "high", "turns")),
            )
            for row in found.lasting
        ),
        note=words(
            "Turns up and down of every declared pair, and of the published daily factors that "
            "stand for them; a typical move is that of a quarter. The interval draws quarters with "
            "all their turns, since pairs that turn together are one piece of news. Noise gives "
            "one half."
        ),
    )

"""A scenario: what it assumes, what it would do to each theme, how sure that is, when it was so."""

from __future__ import annotations

from paceline.document import Block, Chart, Grid, Label, Part, Section, Sentence, Series
from paceline.figures import Figure
from paceline.pages.words import INTERVAL, day, heading, missing, words
from paceline.studies.scenario import QUESTION, Answer
from paceline.wording import agreeing, number_of, spelled


def section(answer: Answer) -> Section:
    """One scenario as a section."""
    return Section("scenario", "What could come", QUESTION, tuple(blocks(answer)))


def blocks(answer: Answer) -> list[Block]:
    """What is assumed, what it does, how steady that is, past stretches like it, the drivers."""
    return [
        assumed(answer),
        _chart(answer),
        effects(answer),
        steadiness(answer),
        _then(answer),
        _drivers(answer),
        *unsaid(answer),
    ]


def assumed(answer: Answer) -> Sentence:
    """What the scenario states, what usually goes with it, and where its numbers come from."""
    stated = [d for d in answer.found.by.drivers.names if d in answer.spec.shocks]
    others = [d for d in answer.found.by.drivers.names if d not in answer.spec.shocks]
    months = answer.spec.months
    return words(
        Label(answer.label),
        ", over ",
        heading(spelled(months)),
        agreeing(months, " month: ", " months: "),
        *_changes(answer, stated),
        ". ",
        *(("Usually with it: ", *_changes(answer, others), ". ") if others else ()),
        Label(answer.spec.source),
    )


def _changes(answer: Answer, drivers: list[str]) -> list[Part]:
    """Each driver and its change, and which lie beyond history."""
    said: list[Part] = []
    for name in drivers:
        change = answer.of_driver(name, "change")
        said += [", " if said else "", Label(answer.found.by.drivers.label(name)), " ", change]
        if name in answer.beyond:
            said.append(" (beyond all that history holds)")
    return said


def effects(answer: Answer) -> Grid:
    """What the scenario does to each subject: effect, intervals, how much is explained."""
    low, high = INTERVAL
    rows: tuple[tuple[Part | None, ...], ...] = tuple(
        (
            Label(s.label),
            *(
                answer.figure(s.name, one)
                for one in (
                    *("effect", "low", "high", "outcome low", "outcome high"),
                    *("ordinary", "explained", "effect without a year", "weightiest year"),
                )
            ),
        )
        for s in answer.subjects
    )
    return Grid(
        "Against an ordinary stretch of that length",
        (
            "Theme or sector",
            "Effect",
            low,
            high,
            Label("95% of outcomes from"),
            "to",
            "Ordinary",
            "Explained",
            "Effect without",
            "the year",
        ),
        rows,
        note=words(
            "The effect is added to an ordinary stretch. The first interval is that of the effect, "
            "the second that of a single outcome, which most else decides. Explained is the share "
            "of the ups and downs that went with the drivers. The last two columns leave out the "
            "calendar year that changes the effect most."
        ),
    )


def _chart(answer: Answer) -> Chart:
    """The effects with their intervals."""
    drawn = []
    for s in answer.subjects:
        effect = answer.figure(s.name, "effect")
        if not missing(effect):
            low, high = (answer.figure(s.name, end).value for end in ("low", "high"))
            interval = (_number(low), _number(high))
            drawn.append(Series(s.label, [s.label], [effect.number], effect, interval))
    return Chart(
        "interval", Label("Effect, with its 95% interval"), tuple(drawn), "return", reference=0.0
    )


def _number(value: object) -> float | None:
    return value if isinstance(value, float) else None


def steadiness(answer: Answer) -> Grid:
    """The effect by other coefficients, and how it went through time."""
    columns = "alone", "recent effect", "ridge effect", "same sign", "sign changes", "foretold"
    return Grid(
        "How steady it is",
        (
            "Theme or sector",
            "Stated drivers alone",
            "By recent weights",
            "By ridge, for prediction",
            "Windows with its sign",
            "Changes of sign",
            "Foretold",
            "Months" if answer.every == "month" else "Weeks",
        ),
        tuple(
            (Label(s.label), *(answer.figure(s.name, c) for c in (*columns, "periods")))
            for s in answer.subjects
        ),
        note=words(
            "Alone: the other drivers do what they ordinarily do. Recent weights halve every ",
            Label(number_of(answer.half_life, answer.every)),
            "; the windows are of ",
            Label(number_of(answer.window, answer.every)),
            ". Foretold is the share of later ups and downs that ridge, fitted on all before, "
            "foresaw with the drivers known; below zero, the plain mean did better.",
        ),
    )


def like_it(answer: Answer) -> Sentence:
    """The past stretches most like it."""
    said: list[Part] = []
    for start, end in answer.periods:
        said += ["; " if said else "", day(start), " to ", day(end)]
    return words("Past stretches most like it, nearest first: ", *said, ".")


def _then(answer: Answer) -> Grid:
    """What happened in the past stretches most like it."""
    stretches = range(1, len(answer.periods) + 1)
    drivers = [d for d in answer.found.by.drivers.names if d in answer.spec.shocks]
    rows: list[tuple[Part | None, ...]] = [
        ("Distance", None, None, *(answer.figure("nearest", f"distance {j}") for j in stretches))
    ]
    for name in drivers:
        label = Label(answer.found.by.drivers.label(name))
        then = (answer.of_driver(name, f"then {j}") for j in stretches)
        rows.append((label, None, None, *then))
    for s in answer.subjects:
        then = (answer.figure(s.name, f"then {j}") for j in stretches)
        mean, rose = answer.figure(s.name, "then mean"), answer.figure(s.name, "then up")
        rows.append((Label(s.label), mean, rose, *then))
    return Grid(
        "What happened in the past stretches most like it",
        (
            "Theme or sector",
            "Mean",
            "Times it rose",
            *(Label(f"{start} to {end}") for start, end in answer.periods),
        ),
        tuple(rows),
        note=words(
            "Likeness is that of the drivers which the scenario states; stretches do not overlap. "
            "They are few, and the other drivers did as they did."
        ),
    )


def _drivers(answer: Answer) -> Grid:
    """What each driver does, between what bounds it has moved, how much it says the same."""
    d = answer.found.by.drivers
    rows = tuple(
        (
            Label(d.label(name)),
            "stated" if name in answer.spec.shocks else "goes with it",
            *(answer.of_driver(name, c) for c in ("change", "lowest", "highest", "inflation")),
        )
        for name in d.names
    )
    return Grid(
        "The drivers",
        ("Driver", "", "Change", "Lowest so far", "Highest so far", "Variance inflation"),
        rows,
        note=words(
            "Lowest and highest are those of all stretches of that length. Above ",
            Label("10"),
            ", variance inflation says that a driver says much the same as others. The condition "
            "number of all drivers together is ",
            answer.figure("drivers", "condition"),
            ".",
        ),
    )


def unsaid(answer: Answer) -> list[Sentence]:
    """Of whom nothing can be said, and what no series carries."""
    said = []
    refused = answer.found.by.refused
    if refused:
        parts: list[Part] = []
        for subject, why in refused:
            parts += ["; " if parts else "", Label(f"{subject.label} ({why})")]
        said.append(words("Too short a history: ", *parts, "."))
    return said + [
        words(Label(one.label), ": ", *_untested(one.figures), ".") for one in answer.untested
    ]


def _untested(figures: tuple[tuple[Label, Figure], ...]) -> list[Part]:
    if not figures:
        return ["no series carries it, and no past events of the kind are declared: untested"]
    said: list[Part] = ["no series carries it. In past events of the kind "]
    for k, (label, figure) in enumerate(figures):
        said += [", " if k else "", label, " ", figure]
    return said

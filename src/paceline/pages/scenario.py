"""A scenario: what it assumes, what it would do to each theme, how sure that is, when it was so."""

from __future__ import annotations

from paceline.document import Block, Chart, Grid, Label, Part, Section, Sentence, Series
from paceline.figures import Figure
from paceline.pages import page
from paceline.pages.signs import plural, some
from paceline.pages.words import INTERVAL, day, heading, missing, words
from paceline.studies.answers import Answers
from paceline.studies.scenario import QUESTION, ScenarioAnswer, Untested, declared
from paceline.studies.scenario.subjects import Subject
from paceline.wording import agreeing, number_of, spelled

#: Lines drawn through time.
LINES = 3
#: The intervals of an effect: its own, and that of a single outcome.
ENDS = (("low", "high"), ("outcome_low", "outcome_high"))
#: What is shown of an effect, and the headings.
EFFECT = (
    *("effect", *ENDS[0], *ENDS[1]),
    *("ordinary", "explained", "effect_without_a_year", "weightiest_year"),
)
HEADINGS = (
    *("Effect", *INTERVAL, Label("95% of outcomes from"), "to"),
    *("Ordinary", "Explained", "Effect without", "the year"),
)


@page(place=142)
def what_could_come(ask: Answers) -> Section | None:
    """Every declared scenario on the headline's rotations; None without one that can be asked."""
    found = declared(ask)
    if not found:
        return None
    shown = ask.market.file.report.headline or list(ask.market.file.rotations)
    rows: list[tuple[Part | None, ...]] = [
        (Label(answer.label), Label(s.label), *(answer.figure(s.name, c) for c in EFFECT))
        for answer in found
        for s in answer.subjects
        if s.name in shown
    ]
    grid = Grid(
        "On top of an ordinary stretch of the scenario's length",
        ("Scenario", "Theme", *HEADINGS),
        tuple(rows),
        note=_note(),
    )
    first = words(
        "What returns of themes did when the drivers of a scenario moved like that. Most of what "
        "themes do has other reasons: the second interval is that of a single outcome."
    )
    each = [block for answer in found for block in (stated(answer), assumed(answer))]
    # folded: the table stands open, what each assumes is a click away
    return Section("scenarios", "What could come", QUESTION, (grid, first, *each), folded=True)


def section(answer: ScenarioAnswer) -> Section:
    """One scenario as a section."""
    return Section("scenario", "What could come", QUESTION, tuple(blocks(answer)))


def blocks(answer: ScenarioAnswer) -> list[Block]:
    """What is assumed, what it does, how steady that is, past stretches like it, the drivers."""
    return [
        stated(answer),
        assumed(answer),
        _chart(answer),
        effects(answer),
        honest(answer),
        *_through_time(answer),
        steadiness(answer),
        *([_then(answer)] if answer.periods else [like_it(answer)]),
        _drivers(answer),
        _sensitivities(answer),
        *unsaid(answer),
    ]


def stated(answer: ScenarioAnswer) -> Sentence:
    """What the scenario states, and what it would do to the first theme of the headline."""
    shocked = [d for d in answer.found.by.drivers.names if d in answer.spec.shocks]
    months, first = answer.spec.months, _headline(answer)[0]
    at = {c: answer.figure(first.name, c) for c in EFFECT}
    low, high, least, most = (at[end] for end in (*ENDS[0], *ENDS[1]))
    return words(
        Label(answer.label),
        ", over ",
        heading(spelled(months)),
        agreeing(months, " month: ", " months: "),
        *_changes(answer, shocked),
        ".",
        (
            *(" ", Label(first.label), " ", at["effect"], " on top of an ordinary "),
            *(at["ordinary"], " (", Label("95%"), ": ", low, " to ", high),
            *("; a single outcome: ", least, " to ", most, ")."),
        ),
        (" The share of its ups and downs that the drivers explain is ", at["explained"], "."),
    )


def assumed(answer: ScenarioAnswer) -> Sentence:
    """What usually goes with what the scenario states, and where its numbers come from."""
    others = [d for d in answer.found.by.drivers.names if d not in answer.spec.shocks]
    return words(
        *(("Usually with it: ", *_changes(answer, others), ". ") if others else ()),
        Label(f"{answer.spec.source.rstrip('.')}."),
    )


def _headline(answer: ScenarioAnswer) -> list[Subject]:
    """The rotations of the headline that it could be worked out for, else the first subject."""
    named = answer.market.file.report.headline
    return [s for s in answer.subjects if s.name in named] or list(answer.subjects[:1])


def _changes(answer: ScenarioAnswer, drivers: list[str]) -> list[Part]:
    """Each driver and its change, and which lie beyond history."""
    said: list[Part] = []
    for name in drivers:
        change = answer.of_driver(name, "change")
        if not missing(change):
            said += [", " if said else "", Label(answer.found.by.drivers.label(name)), " ", change]
            said += [" (beyond all that history holds)"] if name in answer.beyond else []
    return said or ["nothing that can be said"]


def effects(answer: ScenarioAnswer) -> Grid:
    """What the scenario does to each subject: effect, intervals, how much is explained."""
    rows: tuple[tuple[Part | None, ...], ...] = tuple(
        (Label(s.label), *(answer.figure(s.name, one) for one in EFFECT)) for s in answer.subjects
    )
    return Grid(
        "Against an ordinary stretch of that length",
        ("Theme or sector", *HEADINGS),
        rows,
        note=_note(),
    )


def _note() -> Sentence:
    return words(
        "The effect is added to an ordinary stretch. The first interval is that of the effect, "
        "the second that of a single outcome, which most else decides. Explained is the share "
        "of the ups and downs that went with the drivers. The last two columns leave out the "
        "calendar year that changes the effect most."
    )


def _chart(answer: ScenarioAnswer) -> Chart:
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


def steadiness(answer: ScenarioAnswer) -> Grid:
    """The effect by other coefficients, and how it went through time."""
    other = "weeks" if answer.every == "month" else "months"
    columns = (
        *("alone", "other_effect", "other_explained", "recent_effect", "ridge_effect"),
        *("same_sign", "sign_changes", "foretold", "adjusted_p"),
    )
    return Grid(
        "How steady it is",
        (
            "Theme or sector",
            "Stated drivers alone",
            f"By {other}",
            f"Explained by {other}",
            "By recent weights",
            "By ridge, for prediction",
            "Windows with its sign",
            "Changes of sign",
            "Foretold",
            "p, corrected",
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
            "foresaw with the drivers known; below zero, the plain mean did better. p is that of "
            "no effect, corrected over all rows (Benjamini and Hochberg).",
        ),
    )


def honest(answer: ScenarioAnswer) -> Sentence:
    """How many effects are beyond noise, and how much the drivers explain and foretell."""

    def of(statistic: str) -> Figure:
        return answer.figure("all", statistic)

    asked, clear = of("asked"), of("beyond_noise")
    counted: tuple[Part, ...] = ("How many effects are beyond noise cannot be said.",)
    if not missing(asked) and not missing(clear):
        counted = ("Of ", asked, plural(asked, " row ", " rows "), some(clear))
        counted += (plural(clear, " has", " have"), " an effect beyond noise, corrected for so ")
        counted += ("many questions.",)
    return words(
        *counted,
        (
            *(" The share of ups and downs that the drivers explain lies between ",),
            *(of("least_explained"), " and ", of("most_explained")),
            *("; of later ones, with the drivers known, they would have foretold between ",),
            *(of("least_foretold"), " and ", of("most_foretold"), "."),
        ),
    )


def _through_time(answer: ScenarioAnswer) -> list[Chart]:
    """The effect by the coefficients of the time, of the headline's rotations."""
    drawn = [(s, *answer.through_time(s.name)) for s in _headline(answer)[:LINES]]
    lines = tuple(
        Series(s.label, days, values, answer.figure(s.name, "same_sign"))
        for s, days, values in drawn
        if any(v is not None for v in values)
    )
    title = f"Effect by the coefficients of the {number_of(answer.window, answer.every)} before"
    return [Chart("line", Label(title), lines, "return", reference=0.0)] if lines else []


def like_it(answer: ScenarioAnswer) -> Sentence:
    """The past stretches most like it."""
    if not answer.periods:
        return words("No past stretch of that length has a value of every stated driver.")
    said: list[Part] = []
    for start, end in answer.periods:
        said += ["; " if said else "", day(start), " to ", day(end)]
    return words("Past stretches most like it, nearest first: ", *said, ".")


def _then(answer: ScenarioAnswer) -> Grid:
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
        mean, rose = answer.figure(s.name, "then_mean"), answer.figure(s.name, "then_up")
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


def _drivers(answer: ScenarioAnswer) -> Grid:
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
            ", variance inflation says that a driver says much the same as others.",
            (
                " The condition number of all drivers together is ",
                answer.figure("drivers", "condition"),
                ".",
            ),
        ),
    )


def _sensitivities(answer: ScenarioAnswer) -> Grid:
    """What each theme did at a usual move of each driver, the others unmoved."""
    d = answer.found.by.drivers
    moves = (answer.of_driver(name, "usual_move") for name in d.names)
    rows: list[tuple[Part | None, ...]] = [("A usual move", *moves)]
    rows += [
        (Label(s.label), *(answer.figure(s.name, f"move {name}") for name in d.names))
        for s in answer.subjects
    ]
    return Grid(
        f"What a usual {answer.every} of each driver went with, the others unmoved",
        ("Theme or sector", *(Label(d.label(name)) for name in d.names)),
        tuple(rows),
        note=words("A usual move is one standard deviation, upwards; t stands on each figure."),
    )


def unsaid(answer: ScenarioAnswer) -> list[Sentence]:
    """Of whom nothing can be said, and what no series carries."""
    said = []
    refused = answer.found.by.refused
    if refused:
        parts: list[Part] = []
        for subject, why in refused:
            parts += ["; " if parts else "", Label(f"{subject.label} ({why})")]
        said.append(words("Too short a history: ", *parts, "."))
    return said + [_untested(one) for one in answer.untested]


def _untested(one: Untested) -> Sentence:
    """What no series carries, and what the headline's rotations did around past ones."""
    past = one.past
    if past is None:
        return words(
            Label(one.label),
            ": no series carries it, and no past events of the kind are declared. It is not "
            "in the numbers above.",
        )
    said: list[tuple[Part, ...]] = []
    for line in past.lines:
        mean, rose, events = (past.figure(line.name, c) for c in ("mean", "rose", "events"))
        ones = plural(events, " past one", " past ones")
        more: tuple[Part, ...] = (mean, " on average over ", events, ones, " (rose in ", rose, ")")
        said.append((" ", Label(line.label), " ", *more, "."))
    return words(
        Label(one.label),
        ": no series carries it, and it is not in the numbers above. Around past events of the "
        "kind:",
        *said,
        (" The days: ", Label(past.event.source), ".") if past.event.source else None,
    )

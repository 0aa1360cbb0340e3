"""The target: what a level by a date asks for, and how likely it is under stated drifts."""

from __future__ import annotations

from paceline.document import Block, Chart, Grid, Label, Magnitude, Part, Section, Sentence, Series
from paceline.figures import Figure
from paceline.pages import page
from paceline.pages.signs import direction, plural
from paceline.pages.words import bar, day, missing, words
from paceline.studies import fan, ledger
from paceline.studies.answers import Answers
from paceline.studies.target import CASE, QUESTION, Answer
from paceline.wording import number_of

#: How the drifts are named; a rate of the table stands for itself.
CASES = {
    "zero": "No drift",
    "history": "Historical drift",
    "history, low end": "Historical drift (low end)",
    "history, high end": "Historical drift (high end)",
    "view": "The drift given",
}
#: The stated drift inside a sentence.
STATED = {"history": "its historical drift", "view": "the drift given"}
#: The volatilities a drift is looked at with.
VIEWS = {
    "history": "Of the whole history",
    "recent": "Of the last 252 sessions",
    "current": "Of the last 21 sessions",
    "given": "The one given",
}
#: What the bootstrap's daily returns are: title, and name of the variant.
VARIANTS = (
    ("With the mean they had", "raw"),
    ("With a mean of zero", "zero mean"),
    ("With the mean the target needs", "target mean"),
)


@page(place=140)
def target(ask: Answers) -> Section | None:
    """Every level target of the ledger that is still open; None without one."""
    found = [block for answer in ledger.open_targets(ask) for block in blocks(answer)]
    return Section("target", "The target", QUESTION, tuple(found)) if found else None


def section(answer: Answer) -> Section:
    """One target as a section."""
    return Section("target", "The target", QUESTION, tuple(blocks(answer)))


def blocks(answer: Answer) -> list[Block]:
    """Sentence, fan chart, drifts, history and what it all rests on."""
    return [
        _asked(answer),
        _fan(answer),
        _by_drift(answer),
        _drifts(answer),
        _by_volatility(answer),
        _bootstrap(answer),
        _past(answer),
    ]


def _asked(answer: Answer) -> Sentence:
    """What the level asks for, and its chances under the stated drift and under none."""
    t, f = answer.target, answer.figures
    name, implied = _name(answer), f["implied_return"]
    if any(map(missing, (implied, f["last_close"], f["level"]))):
        return words("What ", Label(name), " would have to do to be there cannot be said.")
    way = direction(implied, "rise by ", "fall by ", "")
    return words(
        Label(name),
        " would have to ",
        *((way, Magnitude(implied)) if way else ("gain nothing",)),
        " from ",
        f["last_close"],
        " to be at ",
        f["level"],
        " by ",
        day(t.by),
        (": ", Magnitude(f["required_growth"]), " a year"),
        (" over ", f["sessions"], plural(f["sessions"], " session", " sessions")),
        ".",
        *_chances(answer, direction(implied, "at or above", "at or below", "at")),
        " ",
        *_ranked(f["past_share"], implied),
    )


def _chances(answer: Answer, beyond: str) -> tuple[Part, ...]:
    """The chances under the stated drift and under none; nothing where they have no value."""
    f, stated = answer.figures, answer.target.stated.name
    end, touch = f[f"end {stated}"], f[f"touch {stated}"]
    if any(map(missing, (end, touch, f["drift"]))):
        return ()
    drift: tuple[Part, ...] = ("a drift of ", f["drift"], " a year")
    if stated in STATED:
        drift += (f" ({STATED[stated]})",)
    chance = f", the chance of a close {beyond} the level on that day is "
    without = (f["end zero"], f["touch zero"])
    return (
        " With ",
        *(("no drift",) if stated == "zero" else drift),
        chance,
        end,
        " and of touching it on the way ",
        touch,
        *(
            ()
            if stated == "zero" or any(map(missing, without))
            else ("; without drift they are ", without[0], " and ", without[1])
        ),
        ".",
    )


def _ranked(share: Figure, implied: Figure) -> tuple[Part, ...]:
    """How many past windows did as much, or that there are too few."""
    if missing(share):
        return ("The history is too short to say how many past windows did as much.",)
    way = direction(implied, "rose as much.", "fell as much.", "ended at least as high.")
    return ("Of all past windows of that length ", share, " ", way)


def _fan(answer: Answer) -> Chart:
    name, before = _name(answer), fan.history(answer)
    lines = [Series(name, before.days, before.levels, before.figure)]
    for q, line in fan.quantiles(answer):
        title = "Median" if q == 0.5 else f"{q:.0%} of paths below"
        lines.append(Series(title, line.days, line.levels, line.figure))
    return Chart(
        "line",
        "Where the draws lead, and the target",
        tuple(lines),
        "level",
        reference=answer.target.level,
        note=words("The horizontal line is the target; the fan follows the stated drift."),
    )


def _by_drift(answer: Answer) -> Chart:
    return Chart(
        "bar",
        "Chance of a close at or beyond the level on the day, by drift",
        tuple(
            bar(_case(c.name).text, chance)
            for c in answer.cases
            if not missing(chance := answer.figures[f"end {c.name}"])
        ),
        "fraction",
        reference=0.0,
    )


def _drifts(answer: Answer) -> Grid:
    f = answer.figures
    return Grid(
        "The answer depends mostly on the drift",
        (
            "Drift",
            "Per year",
            "Beyond it on the day",
            "Touched on the way",
            "Touched at a close",
            "Beyond it on the day (bootstrap)",
            "Touched at a close (bootstrap)",
        ),
        tuple(
            (_case(c.name), f[f"drift {c.name}"], *(f[f"{kind} {c.name}"] for kind in CASE))
            for c in answer.cases
        ),
        heat=(2, 3, 4, 5, 6),
        note=words(
            "The drift is continuous and that of the price index, without dividends. Low and high "
            "end are those of the ",
            Label("95%"),
            " interval of the historical drift.",
            (
                " Volatility is ",
                f["volatility"],
                " a year in both, the drawn returns scaled to it.",
            ),
            *_tails(f["tails"]),
        ),
    )


def _tails(tails: Figure) -> tuple[Part, ...]:
    """What the bootstrap adds to the closed form; nothing where it has no value."""
    if missing(tails):
        return ()
    return (
        " What is left between the two columns, ",
        tails,
        " points of the chance on the day under the stated drift, is its tails and its runs of "
        "calm and rough days, within the error of the draws.",
    )


def _by_volatility(answer: Answer) -> Grid:
    """The stated drift under the volatilities that the history has had."""
    f = answer.figures
    return Grid(
        "The same drift under other volatilities",
        (
            "Volatility",
            "Per year",
            "Beyond it on the day",
            "Touched on the way",
            "Touched at a close",
            "Beyond it on the day (bootstrap)",
            "Touched at a close (bootstrap)",
        ),
        tuple(
            (
                Label(VIEWS[v.name]),
                f[f"volatility at {v.name}"],
                *(f[f"{kind} at {v.name}"] for kind in CASE),
            )
            for v in answer.target.volatilities
        ),
        heat=(2, 3, 4, 5, 6),
        note=words("The current one is that of a month: it seldom lasts for a year."),
    )


def _bootstrap(answer: Answer) -> Grid:
    f = answer.figures
    return Grid(
        "Its own daily returns, drawn in blocks",
        ("Returns", "Beyond it on the day", "Touched at a close"),
        tuple(
            (title, f[f"bootstrap_end {name}"], f[f"bootstrap_touch {name}"])
            for title, name in VARIANTS
        ),
        note=words(
            Label(number_of(answer.target.draws, "path")),
            (
                ", made of blocks of ",
                f["block"],
                plural(f["block"], " session", " sessions"),
                " on average",
            ),
            ".",
        ),
    )


def _past(answer: Answer) -> Grid:
    f = answer.figures
    return Grid(
        "Past windows of that length",
        ("History from", "Windows", "Independent", "Did as much", "Touched it at a close"),
        (
            (
                day(answer.target.history_from),
                f["past_windows"],
                f["past_windows_independent"],
                f["past_share"],
                f["past_share_touch"],
            ),
        ),
    )


def _case(name: str) -> Label:
    return Label(CASES.get(name, name))


def _name(answer: Answer) -> str:
    return answer.market.labels.get(answer.subject, answer.subject)

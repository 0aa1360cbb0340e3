"""The breadth signals that others quote: whether they stand, when they last came, what followed."""

from __future__ import annotations

from collections.abc import Iterator

from paceline.document import Block, Chart, Grid, Label, Part, Section, Sentence
from paceline.figures import Figure
from paceline.pages import page
from paceline.pages.words import DRAWN, day, words
from paceline.studies.answers import Answers

#: Sessions after a signal that the table shows: a quarter.
AFTER = 63
#: Measure, statistic of today's reading, of the days it came, and the name people know it by.
KNOWN = (
    ("breadth_thrust", "zweig", "zweig_thrust", "Zweig's breadth thrust"),
    ("breadth_thrust", "deemer", "deemer_thrust", "Deemer's breakaway momentum"),
    ("breadth_thrust", "whaley", "whaley_thrust", "Whaley's thrust"),
    ("hindenburg_omen", "omen", "omen_day", "Hindenburg omen"),
    ("hindenburg_omen", "", "omen_confirmed", "Hindenburg omen, confirmed"),
)


@page(place=95, asked=True)
def signals(ask: Answers) -> Section | None:
    """Thrusts, the omen and volume of the broad basket; None without one."""
    broad = ask.broad
    if broad is None:
        return None
    rows = [row for known in KNOWN if (row := _row(ask, broad, *known)) is not None]
    blocks: list[Block] = [*_said(ask, broad, rows), *_volume(ask, broad)]
    if rows:
        heads = (
            "Signal",
            "Reading today",
            "Last came",
            Label(f"Times, with {AFTER} sessions after"),
        )
        after = (Label(f"Return over {AFTER} sessions after"), "Of all sessions", "p")
        blocks.append(Grid("Signals that others quote", (*heads, *after), tuple(rows)))
    if not blocks:
        return None
    question = "Have the signals that others quote come, and what were they worth?"
    return Section("signals", "Signals", question, tuple(blocks))


Row = tuple[Part | None, ...]


def _row(ask: Answers, broad: str, measure: str, today: str, came: str, name: str) -> Row | None:
    """One signal; None where the measure has nothing of it."""
    found = [f for f in ask.rows(measure, subjects=[broad]) if f.subject == broad]
    days = [f for f in found if f.statistic == came]
    after = {f.statistic: f for f in found}.get(f"{came.removesuffix('_thrust')}_after_{AFTER}")
    reading = next((f for f in found if today and f.statistic == today), None)
    if after is None:
        return None
    last = max(days, key=lambda f: f.end or "", default=None)
    counted = ask.column(after, "n", "count")
    base, p = ask.column(after, "base", "return"), ask.column(after, "p", "estimate")
    return Label(name), reading, None if last is None else day(last.end), counted, after, base, p


def _said(ask: Answers, broad: str, rows: list[Row]) -> Iterator[Sentence]:
    """Which of the signals came in the last quarter, by name."""
    start = ask.session_ago(AFTER)
    lately: list[Figure] = []
    for measure, _, came, _ in KNOWN:
        days = [
            f
            for f in ask.rows(measure, subjects=[broad])
            if f.statistic == came and f.subject == broad and str(f.end) >= start
        ]
        lately += days[-1:]
    names = {came: name for _, _, came, name in KNOWN}
    if rows and not lately:
        yield words("None of these signals has come in the last quarter.")
    for f in lately:
        yield words(Label(names[f.statistic]), " last came on ", day(f.end), (", at ", f), ".")


def _volume(ask: Answers, broad: str) -> Iterator[Block]:
    """The share of volume in rising members and the mean Arms index, through time."""
    up = ask.one("volume_breadth", broad, "up_share")
    trin = ask.one("volume_breadth", broad, "trin_mean")
    if up is not None:
        yield words(
            ("Of the money traded in members that moved, ", up, " was in those that rose"),
            ("; the mean Arms index is ", trin),
            ".",
        )
    for statistic, title, unit, middle in (
        ("up_share", "Share of volume in rising members", "fraction", 0.5),
        ("trin_mean", "Arms index, mean", "ratio", 1.0),
    ):
        lines = ask.series("volume_breadth", [broad], statistic, DRAWN)
        if lines:
            yield Chart("line", title, tuple(lines), unit, reference=middle)

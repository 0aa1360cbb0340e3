"""Record highs and streaks: the last record close of each basket, and sessions in a row."""

from __future__ import annotations

from paceline.document import Block, Grid, Label, Part, Section
from paceline.pages import page
from paceline.pages.words import Clause, day, words
from paceline.studies.answers import Answers
from paceline.wording import number_of

#: Streaks of one leg against the other, and how the table names them.
STREAKS = {
    "current": "Current",
    "longest_ahead": "Longest outperformance",
    "longest_behind": "Longest underperformance",
}
RECORDS = ("distance_from_record", "sessions_since_record", "records_this_year")


@page(place=80)
def records(ask: Answers) -> Section | None:
    """Records and streaks of every declared basket; None where no level has a record."""
    names = [n for n in ask.market.declared if ":" not in n]
    rows = [row for n in names if (row := _row(ask, n)) is not None]
    if not rows:
        return None
    blocks: list[Block] = [*_said(ask)]
    against = _against(ask)
    if against:
        blocks.append(
            Grid(
                "Streaks of one basket against another",
                ("Basket", "Against", "Streak", "Sessions", "From", "To"),
                tuple(against),
            )
        )
    blocks.append(
        Grid(
            "Record closes and streaks",
            (
                "Basket",
                "Record close",
                "Date of the record",
                "Drawdown from high",
                "Sessions since the record",
                "Records this year",
                "Current streak of gains or losses",
                "Longest streak of gains this year",
                "History since",
            ),
            tuple(rows),
        )
    )
    return Section(
        "records",
        "Record highs and streaks",
        "Who is at a record high, and who is on a streak?",
        tuple(blocks),
    )


def _row(ask: Answers, name: str) -> tuple[Part | None, ...] | None:
    last = ask.one("record_highs", name, "last_record")
    if last is None:
        return None
    return (
        ask.name(name),
        last,
        day(last.start),
        *(ask.one("record_highs", name, s) for s in RECORDS),
        ask.one("streaks", name, "current"),
        ask.one("streaks", name, "longest_gain"),
        day(str(last.extra["since"])),
    )


def _window(ask: Answers) -> Label:
    """Where the longest streak of a pair is looked for."""
    window = ask.market.settings("streaks")["window"]
    if window is None:
        return Label("this quarter")
    return Label(f"in the last {number_of(window, 'session')}")


def _against(ask: Answers) -> list[tuple[Part | None, ...]]:
    """The streaks of each rotation's first leg against its second."""
    rows: list[tuple[Part | None, ...]] = []
    for r in ask.market.file.rotations.values():
        for statistic, title in STREAKS.items():
            run = ask.one("streaks", r.lead, statistic, against=r.against)
            if run is not None and run.value:
                between = (day(run.extra.get("first")), day(run.end))
                shown = (
                    Label(title)
                    if statistic == "current"
                    else Label(f"{title} {_window(ask).text}")
                )
                rows.append((ask.name(r.lead), ask.name(r.against), shown, run, *between))
    return rows


def _said(ask: Answers) -> list[Block]:
    """The last record of the first rotation's first leg, else of the benchmark, and its streak."""
    first = next(iter(ask.market.file.rotations.values()), None)
    subject = first.lead if first else ask.benchmark
    last = ask.one("record_highs", subject, "last_record")
    if last is None:
        return []
    streak: Clause = ()
    run = ask.one("streaks", first.lead, "longest_ahead", against=first.against) if first else None
    if first is not None and run is not None and run.value:
        streak = (
            " The longest streak of sessions ahead of ",
            ask.name(first.against),
            " ",
            _window(ask),
            " was ",
            run,
            ", from ",
            day(run.extra.get("first")),
            " to ",
            day(run.end),
            ".",
        )
    record = (" set its record close of ", last, " on ", day(last.start), ".")
    return [words(ask.name(subject), *record, streak)]

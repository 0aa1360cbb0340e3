"""The end of the year: the last sessions against other years', and seasonal windows."""

from __future__ import annotations

from collections.abc import Sequence

from paceline.document import Block, Chart, Grid, Label, Part, Section, Sentence, Series
from paceline.figures import Figure
from paceline.pages import page
from paceline.pages.signs import plural, some
from paceline.pages.words import bar, heading, words
from paceline.studies import season
from paceline.studies.answers import Answers
from paceline.wording import agreeing, spelled

SEASONS = (
    ("quarter_end", "End of a quarter"),
    ("year_end", "End of the year"),
    ("turn_of_year", "Turn of the year"),
    ("january", "January"),
    ("turn_of_month", "Turn of the month"),
    ("earnings_season", "Earnings season"),
)
#: Further columns of a season's row and their units, and of the row of this year.
EFFECT = (
    ("control", "return"),
    ("effect", "return"),
    ("effect_low", "return"),
    ("effect_high", "return"),
    ("p", "estimate"),
    ("years", "count"),
)
THIS_YEAR = (
    ("control", "return"),
    ("effect", "return"),
    ("years_low", "return"),
    ("years_high", "return"),
)
#: Years drawn one by one.
DRAWN = 30


@page(place=120)
def year_end(ask: Answers) -> Section | None:
    """The last sessions against the same slot of earlier years, and seasonal windows."""
    means = season.means(ask)
    blocks: list[Block] = [
        *_slots(ask),
        *_last_sessions(ask),
        *_years(season.years(ask)),
        *_seasons_drawn(ask, means),
        *_seasons(ask, means),
    ]
    if not blocks:
        return None
    return Section(
        "year_end",
        "The end of the year",
        "Is it the season, and does this year differ from others?",
        tuple(blocks),
    )


def _slots(ask: Answers) -> list[Block]:
    found = season.comparisons(ask)
    if found is None:
        return []
    clear, length = found.clear, ask.setting("seasonality", "slot")
    sessions = agreeing(length, "session", f"{spelled(length)} sessions")
    stands = plural(clear, " stands", " stand") if clear is not None and clear.value else " stands"
    return [
        words(
            "Of ",
            found.asked,
            plural(found.asked, " comparison", " comparisons"),
            " of this year with the same days of earlier years, ",
            some(clear),
            f"{stands} out once the number of comparisons is accounted for.",
        )
        if found.asked.value
        else words("No window of this year can be compared with the same days of earlier years."),
        Grid(
            heading(f"The last {sessions} against the same slot of earlier years"),
            (
                "Series",
                "Years",
                "This year",
                "Mean of earlier years",
                "Abnormal return",
                Label("95% of earlier years from"),
                "to",
                "Adjusted p",
                "Earlier years",
            ),
            tuple(
                (
                    Label(season.line_name(s.now)),
                    Label(str(s.now.extra["period"])),
                    s.now,
                    *(ask.column(s.now, name, unit) for name, unit in THIS_YEAR),
                    s.adjusted,
                    ask.column(s.now, "years", "count"),
                )
                for s in found.slots
            ),
        ),
    ]


def _last_sessions(ask: Answers) -> list[Sentence]:
    """Why the last ten sessions of the year cannot be judged yet."""
    found = season.year_end(ask)
    if found is None:
        return []
    if found.left is not None and found.left.value:
        return [
            words(
                "The last ten sessions of the year lie ahead: it has ",
                found.left,
                plural(found.left, " session", " sessions"),
                " to go.",
            )
        ]
    return [
        words(
            "The last ten sessions of the year cannot be judged",
            (" (", Label(found.reason), ")") if found.reason else (),
            ".",
        )
    ]


def _years(years: Sequence[Figure]) -> list[Chart]:
    if not years:
        return []
    return [
        Chart(
            "bar",
            "The same slot in each year: the benchmark",
            tuple(bar(str(f.extra["year"]), f) for f in years[-DRAWN:]),
            "return",
            reference=0.0,
        )
    ]


def _seasons_drawn(ask: Answers, means: Sequence[Figure]) -> list[Chart]:
    """The newest period's windows less their controls: of the benchmark and of momentum."""
    charts = []
    newest = max((str(f.extra["period"]) for f in means), default="")
    for line in (ask.name(ask.benchmark).text, "momentum"):
        rows = {
            f.statistic: f
            for f in means
            if season.line_name(f) == line and f.extra["period"] == newest
        }
        drawn = tuple(
            Series(
                title,
                [title],
                [effect.number],
                effect,
                (f.extra["effect_low"], f.extra["effect_high"]),
            )
            for name, title in SEASONS
            if (f := rows.get(name)) is not None
            and (effect := ask.column(f, "effect", "return")) is not None
        )
        if drawn:
            title = f"{line[0].upper()}{line[1:]} {newest}: seasonal windows less their control"
            charts.append(Chart("interval", Label(title), drawn, "return"))
    return charts


def _seasons(ask: Answers, means: Sequence[Figure]) -> list[Grid]:
    rows: list[tuple[Part | None, ...]] = [
        (
            Label(title),
            Label(season.line_name(f)),
            Label(str(f.extra["period"])),
            f,
            *(ask.column(f, name, unit) for name, unit in EFFECT),
        )
        for statistic, title in SEASONS
        for f in means
        if f.statistic == statistic
    ]
    if not rows:
        return []
    return [
        Grid(
            "Seasonal windows against their control",
            (
                "Window",
                "Series",
                "Years",
                "Mean",
                "Control",
                "Difference",
                Label("95% interval of it from"),
                "to",
                "p",
                "Observations",
            ),
            tuple(rows),
            note=words(
                "An observation is a year, not a day. These p values are not adjusted: among so "
                "many windows some are small by chance."
            ),
        )
    ]

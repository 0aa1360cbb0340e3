"""Relative rotation: trend and momentum of every pair, and of every sector against the market."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paceline.document import Block, Chart, Grid, Label, Part, Section, Series
from paceline.figures import Figure
from paceline.pages import page
from paceline.pages.words import INTERVAL, day, heading, missing, words
from paceline.studies import quadrants
from paceline.studies.answers import Answers
from paceline.studies.quadrants import Record
from paceline.studies.rotations import pair_of

#: Both axes are centred here.
CENTRE = 100


@page(place=40)
def relative_rotation(ask: Answers) -> Section | None:
    """Where each pair stands and where it is heading, with tails of eight weeks."""
    blocks: list[Block] = []
    pairs = _paths(ask.rows("relative_rotation"))
    blocks += _drawn("Declared pairs", [(_pair_name(ask, p), p) for p in pairs])
    if (group := ask.sector_group()) is not None:
        sectors = _paths(ask.rows("relative_rotation", group=group))
        blocks += _drawn(
            "Sectors against the benchmark", [(ask.name(p.last.subject).text, p) for p in sectors]
        )
    if not blocks:
        return None
    blocks += _followed(quadrants.weigh(ask.market))
    sentence = words(
        "Both axes are centred on ",
        Label(str(CENTRE)),
        ". To the right of it the first leg trends up against the second; above it that trend is "
        "gaining pace. The definition is Paceline's own and stands on its card. A quadrant says "
        "where a pair stands; it is no evidence that the pair will stay there.",
    )
    return Section(
        "relative_rotation",
        "Relative rotation",
        "Where does each pair stand, and where is it heading?",
        (sentence, *blocks),
    )


@dataclass(frozen=True)
class Weeks:
    """The weeks of one pair: trend and momentum of each, the latest other figures, the changes.

    latest  of the market's last week: its figures by statistic, without a value where it has none
    """

    trend: list[Figure]
    momentum: list[Figure]
    latest: dict[str, Figure]
    changes: list[Figure]

    @property
    def last(self) -> Figure:
        """Momentum of the last week that has one."""
        return self.momentum[-1]

    @property
    def stands(self) -> bool:
        """Whether the market's last week has a place."""
        return "rs_momentum" in self.latest and self.latest["rs_momentum"].value is not None


def _paths(figures: Sequence[Figure]) -> list[Weeks]:
    """The pairs that have a week with both trend and momentum, in the order of the figures."""
    by_pair: dict[tuple[str, str | None], list[Figure]] = {}
    for f in figures:
        by_pair.setdefault((f.subject, f.against), []).append(f)
    this_week = max((str(f.end) for f in figures), default="")
    paths = []
    for every in by_pair.values():
        own = [f for f in every if f.value is not None]
        trend = {str(f.end): f for f in own if f.statistic == "rs_ratio"}
        momentum = {str(f.end): f for f in own if f.statistic == "rs_momentum"}
        weeks = sorted(trend.keys() & momentum.keys())
        if weeks:
            paths.append(
                Weeks(
                    [trend[w] for w in weeks],
                    [momentum[w] for w in weeks],
                    {f.statistic: f for f in every if f.end == this_week},
                    sorted(
                        (f for f in own if f.statistic == "quadrant_change"),
                        key=lambda f: str(f.end),
                    ),
                )
            )
    return paths


def _pair_name(ask: Answers, path: Weeks) -> str:
    return pair_of(ask.market, (path.last.subject, str(path.last.against))).label


def _drawn(title: str, named: Sequence[tuple[str, Weeks]]) -> list[Block]:
    """Tails, table and latest changes of several pairs; nothing where there are none."""
    if not named:
        return []
    tails = tuple(
        Series(name, [f.number for f in path.trend], [f.number for f in path.momentum], path.last)
        for name, path in named
        if path.stands
    )
    return [
        Chart(
            "scatter",
            f"{title}: trend and momentum over eight weeks",
            tails,
            "level",
            reference=float(CENTRE),
            x_title="Trend of the price relative",
            y_title="Momentum of that trend",
        ),
        Grid(
            f"{title}: where they stand",
            (
                "Pair",
                "Quadrant",
                "Weeks in quadrant",
                "Trend",
                "Momentum",
                "Heading (degrees)",
                "Velocity",
                "Week",
            ),
            tuple(_row(name, path) for name, path in named),
        ),
        Grid(
            f"{title}: latest change of quadrant",
            ("Pair", "Week ending", "From", "To", "Weeks in the quadrant it left"),
            tuple(_change(name, path.changes[-1]) for name, path in named if path.changes),
        ),
    ]


def _row(name: str, path: Weeks) -> tuple[Part | None, ...]:
    now = path.latest.get("rs_momentum")
    return (
        Label(name),
        Label(str(path.last.extra["quadrant"])) if path.stands else None,
        path.latest.get("weeks_in_quadrant"),
        path.latest.get("rs_ratio"),
        now,
        path.latest.get("heading"),
        path.latest.get("velocity"),
        "under way" if now is not None and now.extra.get("provisional") else "complete",
    )


def _change(name: str, change: Figure) -> tuple[Part | None, ...]:
    return (
        Label(name),
        day(change.end),
        Label(str(change.extra["left"])),
        Label(str(change.extra["quadrant"])),
        change,
    )


def _followed(records: Sequence[Record]) -> list[Block]:
    """What the quadrants were followed by on lines with a long history; nothing without any."""
    if not records:
        return []
    return [
        words(
            "What followed a quadrant on lines with a long history stands below. A place describes "
            "the past of a pair; no forward meaning is claimed.",
            *(part for r in records for part in _explained(r)),
        ),
        Grid(
            heading("What the quadrants were followed by over 13 weeks"),
            ("Lines", "Quadrant", "Change of the ratio, less its mean", *INTERVAL, "Weeks"),
            tuple(
                (
                    Label(r.label),
                    row.quadrant,
                    *(row.figures[k] for k in ("mean", "low", "high", "weeks")),
                )
                for r in records
                for row in r.after
            ),
            note=words(
                "The mean is that of the line over all weeks. Weeks overlap and lines share their "
                "news: the interval draws whole weeks in blocks of half a year."
            ),
        ),
        Grid(
            "Which quadrant came next",
            ("Lines", "From", "To", "Share", "On random walks", "Moves from it"),
            tuple(
                (
                    Label(r.label),
                    led.left,
                    led.to,
                    *(led.figures[k] for k in ("share", "without drift", "moves")),
                )
                for r in records
                for led in r.led
            ),
            note=words(
                "Lines without any drift go round in the same way: the order of the quadrants "
                "follows from their definition."
            ),
        ),
    ]


def _explained(record: Record) -> tuple[Part, ...]:
    """R squared of one set of lines; nothing where it has no value."""
    if missing(record.explained):
        return ()
    return (
        " ",
        Label(record.label),
        ": the quadrant explains ",
        record.explained,
        " of the variance of what followed.",
    )

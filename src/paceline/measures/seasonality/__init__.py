"""What the calendar did: months, turns, quarter-ends, and this year against every other year."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from paceline.errors import UsageError
from paceline.evidence import adjust
from paceline.measures import Result, View, measure
from paceline.measures.seasonality.lines import lines
from paceline.measures.seasonality.rows import lift, mean, this_year, years
from paceline.measures.seasonality.seasons import earnings, ends, months, slots, turns
from paceline.signals.calendar import COLUMNS, SeasonalLine, ahead, places
from paceline.signals.tables import tidy


@measure(
    question="Is it the season? And does this year differ from the same days of other years?",
    never="That the season causes it, or will come this year: n is years, and windows were many.",
    of="levels",
    needs=("pairs", "series"),
    unit="return",
    shows="table",
    references=(
        "Rozeff, Kinney (1976), Capital market seasonality",
        "Keim (1983), Size-related anomalies and stock return seasonality",
        "Lakonishok, Smidt (1988), Are seasonal anomalies real?",
        "McConnell, Xu (2008), Equity returns at the turn of the month",
        "Lakonishok, Shleifer, Thaler, Vishny (1991), Window dressing by pension fund managers",
        "Lazarus, Lewis, Stock, Watson (2018) for the intervals",
    ),
)
def seasonality(
    view: View,
    *,
    since: tuple[int, ...] = (1927, 1990),
    slot: int = 10,
    series: tuple[str, ...] = ("Mom", "SMB", "HML", "return"),
    drawn: tuple[str, ...] = ("slot", "year_end_run"),
) -> Result:
    """Average return of recurring windows against a control, by year; this year in its slot.

    Lines: the benchmark; every rotation (lead's return minus the other's over the window); the
    published factor series with daily values (momentum, size, value; index returns), monthly where
    there are no daily ones; winners minus losers of the 25 size x prior-return sorts, monthly,
    since 1927. A window's return = product of (1 + r) - 1; several windows of a year are averaged,
    so that n is years. value is the mean over the years, control the mean of the same years'
    comparison, effect = mean of (window - control) with its autocorrelation-robust 95% interval
    effect_low, effect_high and p.

    january ... december  the month, against the mean of the year's other months
    turn_of_month    last session of a month and first three of the next, against as many other
                     sessions
    turn_of_year     last five sessions and first five of January, against the same at the year's
                     other month ends
    santa            last five and first two, likewise
    quarter_end      last five sessions of March, June and September, against those of months inside
                     a quarter; of winners against losers this is window dressing
    year_end         last five sessions of the year, likewise
    earnings_season  sessions 10 to 45 of each quarter, a proxy for when companies report, against
                     as many others
    earnings_season_lift  share of the peaks before a fall of the line (the benchmark's fall and
                     rise of a short-term low) that lie in those sessions, over the share of
                     sessions there: 1 is no season; p from shifting the peaks around the calendar
    slot             the last ``slot`` sessions up to today, against those that ended with as many
                     sessions of the year to come in every earlier year: effect = this year - their
                     mean, years_low and years_high hold 95% of the earlier years, p = (1 + how many
                     differed from the mean as much) / (1 + how many)
    to_year_end      what followed from today's slot to the last session in every earlier year,
                     against as many sessions of the average day
    year_end_run     the last ten sessions of the year so far, against the same of earlier years;
                     before them "not yet observable"

    since   first years of the periods, each apart
    slot    sessions of the slot
    series  columns of the published series that are looked at, daily or monthly
    drawn   statistics whose single years are rows too (kind "year"; this year's is kind "now")

    Columns: ``line``; ``kind``: mean, year or now; ``period``; ``year``; ``years`` (n); ``state``
    says why a number is missing; ``p_adjusted`` is p after Benjamini and Hochberg over the
    ``questions`` of this table. The sessions still to come in a year are those of the exchange's
    calendar. Missing: a window counts when all its sessions are there; a line's first month only if
    it begins by the 5th; below 20 years no effect is judged.
    """
    if not since or slot < 1:
        raise UsageError(
            f"since = {since!r}, slot = {slot}: nothing to look at.",
            "Give years, and a slot of 1 or more.",
        )
    rows: list[dict[str, object]] = []
    for line in lines(view, series):
        rows += _of_line(view, line, since, slot, drawn)
    asked = [row for row in rows if np.isfinite(np.array(row.get("p"), float))]
    adjusted = adjust(np.array([row["p"] for row in asked], float))
    for row, p in zip(asked, adjusted.tolist(), strict=True):
        row |= {"p_adjusted": p, "questions": len(asked)}
    return Result(table=tidy(rows, **COLUMNS))


def _of_line(
    view: View, line: SeasonalLine, since: tuple[int, ...], slot: int, drawn: tuple[str, ...]
) -> Iterator[dict[str, object]]:
    """Rows of one line."""
    published = line.subject in view.series
    today = (line.dates if published else view.sessions)[-1].item()
    later = np.empty(0, "datetime64[D]") if line.monthly else ahead(view, line.dates[-1])
    at = places(line.dates, later)
    seasons, of_slot = list(months(line, at)), []
    if not line.monthly:
        seasons += [*turns(line, at), *ends(line, at), earnings(line, at)]
        of_slot = list(slots(line, at, slot))
    for first in since:
        if first > today.year or (first != min(since) and at.year[0] >= first):
            continue  # the same years as those of the period before
        period = f"since {max(first, int(at.year[0]))}"
        yield from (mean(line, s, first, period, today) for s in seasons)
        if not line.monthly:
            yield from lift(line, at, view.low, first, period, today)
            if line.dates[-1] == view.sessions[-1]:
                yield from this_year(line, at, of_slot, first, period, today)
    for s in (*seasons, *of_slot):
        if s.name in drawn:
            yield from years(line, s)

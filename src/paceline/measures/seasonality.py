"""What the calendar did: months, turns, quarter-ends, and this year against the same days of every year."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from paceline import kernels
from paceline.errors import UsageError
from paceline.evidence import adjust, circular_shift_placebo, hac_mean
from paceline.measures import Array, Result, View, measure
from paceline.signals import french
from paceline.signals.calendar import OWN, Ints, Line, Places, ahead, places
from paceline.signals.tables import tidy

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
#: Sessions of a quarter in which most companies report: a stand-in for an earnings calendar.
SEASON = (10, 45)
#: The end of the year, in sessions.
RUN = 10


@dataclass(frozen=True)
class Season:
    """A recurring window by year: its return, what it is compared with, and when it lay.

    years    (K,) the year each value belongs to
    value    (K,) return of the window, or the mean of several of the year; NaN where it is not
             complete
    control  (K,) the same of the windows it is compared with; NaN where there is none
    start, end  (K,) last date before the first window, last date of the last one
    """

    name: str
    years: Ints
    value: Array
    control: Array
    start: list[dt.date]
    end: list[dt.date]


@measure(
    question="Is it the season? And does this year differ from the same days of other years?",
    never="That the season causes it, or that it will come this year: n is years, and many windows were looked at.",
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
        "Newey, West (1987) for the intervals",
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
    """Average return of recurring windows against a control, one value a year, and this year in its slot.

    Lines: the benchmark; every rotation (lead's return minus the other's over the window); the
    published factor series with daily values (momentum, size, value; index returns), monthly where
    there are no daily ones; winners minus losers of the 25 size x prior-return sorts, monthly,
    since 1927. A window's return = product of (1 + r) - 1; several windows of a year are averaged,
    so that n is years. value is the mean over the years, control the mean of the same years'
    comparison, effect = mean of (window - control) with its Newey-West interval low, high and p.

    january ... december  the month, against the mean of the year's other months
    turn_of_month    last session of a month and first three of the next, against as many other
                     sessions
    turn_of_year     last five sessions and first five of January, against the same at the year's
                     other month-ends
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
                     mean, low and high hold 95% of the earlier years, p = (1 + how many differed
                     from the mean as much) / (1 + how many)
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
    rows: list[dict[str, Any]] = []
    today = view.sessions[-1].item()
    for line in _lines(view, series):
        later = np.empty(0, "datetime64[D]") if line.monthly else ahead(view, line.dates[-1])
        at = places(line.dates, later)
        seasons = list(_months(line, at))
        if not line.monthly:
            seasons += [*_turns(line, at), *_ends(line, at), _earnings(line, at)]
        for first in since:
            if first > today.year or (first != min(since) and at.year[0] >= first):
                continue  # the same years as those of the period before
            period = f"since {max(first, int(at.year[0]))}"
            rows += [_mean(line, s, first, period, today) for s in seasons]
            if not line.monthly:
                rows += _lift(line, at, view.low, first, period, today)
                if line.dates[-1] == view.sessions[-1]:
                    rows += _this_year(line, at, slot, first, period, today)
        for s in seasons:
            if s.name in drawn:
                rows += _years(line, s)
        if not line.monthly:
            rows += [
                row for s in _slots(line, at, slot) if s.name in drawn for row in _years(line, s)
            ]
    adjusted = adjust([math.nan if row.get("p") is None else row["p"] for row in rows])
    asked = int(np.isfinite(adjusted).sum())
    return Result(
        table=tidy(
            [
                {**row, "p_adjusted": float(q), "questions": asked} if math.isfinite(q) else row
                for row, q in zip(rows, adjusted.tolist(), strict=True)
            ],
            **OWN,
        )
    )


def _lines(view: View, columns: Sequence[str] | str) -> Iterator[Line]:
    """The benchmark, the rotations and the published series, those with at least a year."""
    found = []
    if view.benchmark is not None:
        found.append(
            _of_levels(
                view, (view.benchmark,), view.labels.get(view.subjects[view.benchmark], "benchmark")
            )
        )
    found += [
        _of_levels(view, pair, name) for pair, name in zip(view.pairs, view.pair_names, strict=True)
    ]
    for column in (columns,) if isinstance(columns, str) else columns:
        names = [n for n in sorted(view.series) if n.endswith(f"/daily/{column}")]
        best = french.find(view, "daily", column)
        for name in names if column == "return" else [best] if best else []:
            found.append(_of_series(view, name, column, monthly=False))
        monthly = french.find(view, "monthly", column)
        if best is None and monthly is not None:
            found.append(_of_series(view, monthly, column, monthly=True))
    pair = french.winners_losers(view)
    if pair is not None:
        name, dates, high, low = pair
        found.append(Line(french.WML, name, None, "total", dates, (high - low)[None], (1,), True))
    yield from (line for line in found if len(line.dates) > (12 if line.monthly else 252))


def _of_levels(view: View, rows: tuple[int, ...], name: str) -> Line:
    levels = view.levels[list(rows)]
    here = np.flatnonzero(np.isfinite(levels).all(axis=0))
    levels = levels[:, here]
    r = levels[:, 1:] / levels[:, :-1] - 1
    against = view.subjects[rows[1]] if len(rows) > 1 else None
    return Line(
        name,
        view.subjects[rows[0]],
        against,
        None,
        view.sessions[here[1:]],
        r,
        (1, -1)[: len(rows)],
    )


def _of_series(view: View, name: str, column: str, *, monthly: bool) -> Line:
    dates, values = french.seen(view, name)
    here = np.isfinite(values)
    label = french.COLUMNS.get(column, name.split("/")[-3] if name.count("/") > 1 else name)
    return Line(
        label, name, None, french.basis(name), dates[here], values[here][None], (1,), monthly
    )


# ---- windows of every year
# -------------------------------------------------------------------------------


def _season(
    name: str, line: Line, window: Ints, years: Ints, complete: Array, control: Array
) -> Season:
    """A season with one window a year."""
    value, first, last, _ = line.over(window, len(years))
    return Season(
        name,
        years,
        np.where(complete, value, np.nan),
        control,
        _dates(line, first - 1),
        _dates(line, last),
    )


def _dates(line: Line, at: Ints) -> list[dt.date]:
    return [line.dates[min(max(int(k), 0), len(line.dates) - 1)].item() for k in at]


def _calendar_years(at: Places) -> Ints:
    return np.arange(int(at.year[0]), int(at.year[-1]) + 1)


def _months(line: Line, at: Places) -> Iterator[Season]:
    """The twelve months, each against the mean of the others of its year."""
    years = _calendar_years(at)
    number = (at.year - years[0]) * 12 + at.month - 1
    value, first, last, n = line.over(
        np.where(at.whole | line.monthly, number, -1), 12 * len(years)
    )
    done = np.zeros(len(value), bool)
    here = last >= 0
    done[here] = True if line.monthly else at.from_end[last[here]] == -1
    value = np.where(done & (n > 0), value, np.nan).reshape(-1, 12)
    first, last = first.reshape(-1, 12), last.reshape(-1, 12)
    for m, name in enumerate(MONTHS):
        others = np.delete(value, m, axis=1)
        yield Season(
            name,
            years,
            value[:, m],
            _row_mean(others),
            _dates(line, first[:, m] - 1),
            _dates(line, last[:, m]),
        )


def _row_mean(x: Array) -> Array:
    n = np.isfinite(x).sum(axis=1)
    return np.where(n > 0, np.nansum(x, axis=1) / np.maximum(n, 1), np.nan)


def _turns(line: Line, at: Places) -> Iterator[Season]:
    """Turns of the month, of the year, and the days around New Year."""
    years = _calendar_years(at)
    month = (at.year - years[0]) * 12 + at.month - 1  # from the first January on
    count = 12 * len(years) + 1
    for name, before, after in (("turn_of_month", 1, 3), ("turn_of_year", 5, 5), ("santa", 5, 2)):
        window = np.where(
            at.from_start <= after, month, np.where(at.from_end >= -before, month + 1, -1)
        )
        value, first, last, n = line.over(window, count)
        value = np.where(n == before + after, value, np.nan)[:-1].reshape(-1, 12)
        first, last = first[:-1].reshape(-1, 12), last[:-1].reshape(-1, 12)
        if name == "turn_of_month":
            inside = window >= 0
            rest = _mean_by_year(line.daily, at.year, years, ~inside) * (before + after)
            yield Season(
                name,
                years,
                _row_mean(value),
                rest,
                _dates(line, first.min(axis=1) - 1),
                _dates(line, last.max(axis=1)),
            )
        else:
            yield Season(
                name,
                years,
                value[:, 0],
                _row_mean(value[:, 1:]),
                _dates(line, first[:, 0] - 1),
                _dates(line, last[:, 0]),
            )


def _mean_by_year(x: Array, year: Ints, years: Ints, use: Any) -> Array:
    at = year[use] - years[0]
    n = np.bincount(at, minlength=len(years))
    return np.where(n > 0, np.bincount(at, x[use], minlength=len(years)) / np.maximum(n, 1), np.nan)


def _ends(line: Line, at: Places) -> Iterator[Season]:
    """The last five sessions of quarters and of the year, against those of the other months."""
    years = _calendar_years(at)
    month = (at.year - years[0]) * 12 + at.month - 1
    value, first, last, n = line.over(np.where(at.from_end >= -5, month, -1), 12 * len(years))
    value = np.where(n == 5, value, np.nan).reshape(-1, 12)
    first, last = first.reshape(-1, 12), last.reshape(-1, 12)
    control = _row_mean(value[:, [0, 1, 3, 4, 6, 7, 9, 10]])
    for name, months in (("quarter_end", [2, 5, 8]), ("year_end", [11])):
        yield Season(
            name,
            years,
            _row_mean(value[:, months]),
            control,
            _dates(line, first[:, months].min(axis=1) - 1),
            _dates(line, last[:, months].max(axis=1)),
        )


def _in_season(at: Places) -> Any:
    return (at.in_quarter >= SEASON[0]) & (at.in_quarter <= SEASON[1])


def _earnings(line: Line, at: Places) -> Season:
    """Sessions 10 to 45 of the quarters of a year, per season, against as many of the other sessions."""
    years, length = _calendar_years(at), SEASON[1] - SEASON[0] + 1
    inside = _in_season(at)
    value = _mean_by_year(line.daily, at.year, years, inside) * length
    control = _mean_by_year(line.daily, at.year, years, ~inside) * length
    # of four seasons
    whole = np.bincount((at.year - years[0])[inside], minlength=len(years)) >= 3 * length
    _, first, last, _ = line.over(at.year - years[0], len(years))
    return Season(
        "earnings_season",
        years,
        np.where(whole, value, np.nan),
        control,
        _dates(line, first - 1),
        _dates(line, last),
    )


def _slots(line: Line, at: Places, slot: int) -> Iterator[Season]:
    """The slot, what followed it, and the year's last ten sessions so far, in every year."""
    years, today = _calendar_years(at), int(at.left[-1])
    for name, longest, shortest in (
        ("slot", today + slot - 1, today),
        ("to_year_end", today - 1, 0),
        ("year_end_run", RUN - 1, today),
    ):
        window = np.where((at.left <= longest) & (at.left >= shortest), at.year - years[0], -1)
        value, first, last, n = line.over(window, len(years))
        whole = n == longest - shortest + 1 if longest >= shortest else np.zeros(len(years), bool)
        nothing = np.full(len(years), np.nan)
        if name == "to_year_end":
            every = _mean_by_year(line.daily, at.year, years, np.ones(len(at.year), bool))
            nothing = every * (longest - shortest + 1)
        yield Season(
            name,
            years,
            np.where(whole, value, np.nan),
            nothing,
            _dates(line, first - 1),
            _dates(line, last),
        )


# ---- rows
# ------------------------------------------------------------------------------------------------


def _named(line: Line) -> dict[str, Any]:
    return {
        "subject": line.subject,
        "against": line.against,
        "line": line.name,
        "basis": line.basis,
    }


def _mean(line: Line, s: Season, first: int, period: str, today: dt.date) -> dict[str, Any]:
    """The mean of a season over the years from ``first`` on, and whether it differs from its control."""
    use = (s.years >= first) & np.isfinite(s.value)
    gap = (s.value - s.control)[use & np.isfinite(s.control)]
    judged = hac_mean(gap)
    begun = [d for d, u in zip(s.start, use, strict=True) if u]
    return {
        **_named(line),
        "statistic": s.name,
        "start": begun[0] if begun else None,
        "end": today,
        "kind": "mean",
        "period": period,
        "value": float(s.value[use].mean()) if use.any() else math.nan,
        "years": int(use.sum()),
        "control": float(np.nanmean(s.control[use])) if np.isfinite(s.control[use]).any() else None,
        "effect": judged.effect,
        "low": judged.low,
        "high": judged.high,
        "p": judged.p,
        "n_effective": judged.n_effective,
        "minimum_detectable": judged.minimum_detectable,
        "state": judged.note,
    }


def _years(line: Line, s: Season) -> Iterator[dict[str, Any]]:
    """One row per year in which the season is complete."""
    for k in np.flatnonzero(np.isfinite(s.value)).tolist():
        yield {
            **_named(line),
            "statistic": s.name,
            "start": s.start[k],
            "end": s.end[k],
            "kind": "year",
            "value": float(s.value[k]),
            "year": int(s.years[k]),
        }


def _this_year(
    line: Line, at: Places, slot: int, first: int, period: str, today: dt.date
) -> Iterator[dict[str, Any]]:
    """This year's slot and run against every earlier year's, and what followed in those."""
    for s in _slots(line, at, slot):
        if s.name == "to_year_end":
            yield _mean(line, s, first, period, today)
            continue
        earlier = s.value[(s.years >= first) & (s.years < today.year) & np.isfinite(s.value)]
        now = float(s.value[-1])
        row = {
            **_named(line),
            "statistic": s.name,
            "start": s.start[-1],
            "end": today,
            "kind": "now",
            "period": period,
            "value": now,
            "year": today.year,
            "years": len(earlier),
            "state": "",
        }
        if s.name == "year_end_run" and at.left[-1] >= RUN:
            row |= {
                "state": f"not yet observable: {int(at.left[-1])} sessions of the year to come",
                "start": today,
            }
        elif not math.isfinite(now):
            row["state"] = "not all sessions of the window are there"
        elif len(earlier) < 20:
            row["state"] = f"history too short: {len(earlier)} observations, at least 20 needed"
        else:
            mean = float(earlier.mean())
            as_far = np.abs(earlier - mean) >= abs(now - mean) - 1e-12
            low, high = np.quantile(earlier, [0.025, 0.975])
            row |= {
                "control": mean,
                "effect": now - mean,
                "low": float(low),
                "high": float(high),
                "p": (1 + int(as_far.sum())) / (1 + len(earlier)),
                "n_effective": float(len(earlier)),
            }
        yield row


def _lift(
    line: Line, at: Places, low: tuple[float, float], first: int, period: str, today: dt.date
) -> Iterator[dict[str, Any]]:
    """How much more often the peaks before a fall lie in an earnings season than sessions do."""
    use = at.year >= first
    if not use.any():
        return
    kind, pivot, _ = kernels.turning_points(line.level, fall=low[0], rise=low[1])
    peak = np.zeros(len(use), bool)
    peak[pivot[kind > 0]] = True
    inside, peak = _in_season(at)[use].astype(float), peak[use]
    row = {
        **_named(line),
        "statistic": "earnings_season_lift",
        "unit": "ratio",
        "kind": "mean",
        "period": period,
        "start": line.dates[use][0].item(),
        "end": today,
        "value": math.nan,
        "years": len(np.unique(at.year[use])),
        "n_effective": float(peak.sum()),
        "control": 1.0,
        "state": "",
    }
    exposure = float(inside.mean())
    if peak.sum() < 10 or not 0 < exposure < 1:
        yield row | {"state": f"{int(peak.sum())} falls, at least 10 needed"}
        return
    p, placebo = circular_shift_placebo(inside, peak, exclude=1)
    lift = float(inside[peak].mean()) / exposure
    reach = np.quantile(placebo, [0.025, 0.975]) / exposure
    yield row | {
        "value": lift,
        "effect": lift - 1,
        "low": lift - 1 - float(reach[1]),
        "high": lift - 1 - float(reach[0]),
        "p": p,
    }

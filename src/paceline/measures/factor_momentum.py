"""Do factors that paid go on paying? Sign and size of each published factor's own past."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from paceline.arrays import Dates
from paceline.evidence import hac_mean
from paceline.measures import Array, Result, View, measure
from paceline.signals import french
from paceline.signals.tables import tidy

#: Months of the standard deviation that sizes a past return, and the most a size is.
MONTHS, MOST = 36, 2.0
ALL = "all factors"


class _Line(NamedTuple):
    """A factor: its name and series, months in a row, its returns (NaN where missing)."""

    factor: str
    series: str
    months: Dates
    f: Array


@measure(
    question="Do the factors that have paid go on paying?",
    never="That a factor will pay next month because it did: one month is mostly chance.",
    of="levels",
    needs=("series",),
    unit="return",
    shows="table",
    references=(
        "Gupta, Kelly (2019), Factor momentum everywhere",
        "Arnott, Clements, Kalesnik, Linnainmaa (2023), Factor momentum",
        "Kenneth R. French, Data Library",
    ),
)
def factor_momentum(
    view: View, *, short: int = 1, long: int = 12, since: tuple[int, ...] = (1927, 1990)
) -> Result:
    """The past return of every published long-short factor, and what following it earned.

    The factors are the library's by month, without the market (SMB, HML, RMW, CMA, Mom), and
    winners minus losers of the 25 sorts. For a factor f and m = ``short`` or ``long`` months:

    past_1, past_12      = product of (1 + f) - 1 over the last m months; ``sign`` -1, 0 or 1, and
                         ``size`` = past / (sd sqrt(m)), sd (ddof 1) of the last 36 months, kept
                         within -2 and 2
    follow_1, follow_12  mean over months of sign_{t-1} f_t: the factor held, or sold, as its own
                         past m months say, per month, before costs; ``base`` = mean of f in the
                         same months
    gain_1, gain_12      the same less what holding it earned: mean of (sign_{t-1} - 1) f_t

    follow and gain stand for each factor and for the library's together ("all factors": their mean
    in the months that two or more of them have; the series is the first one's), since each of the
    years, with ``effect`` = value, its autocorrelation-robust 95% interval effect_low, effect_high
    and p.

    short, long  months of the past returns
    since        first years of the periods, each apart

    Columns: ``factor``; ``period``; n months, n_effective what they are worth. Missing: a past
    return needs all of its months, a size its 36; a month without a value, or after one without a
    past, is in no mean; below ten effective months there is ``reason`` instead of a number. A
    series that ends more than two whole months before the last session says so.
    """
    lines = list(_lines(view))
    rows: list[dict[str, object]] = []
    for m in dict.fromkeys((short, long)):
        rows += [_today(view, line, m) for line in lines]
        followed = [_following(line, m) for line in lines]
        for line, timed in zip(lines, followed, strict=True):
            rows += _earned(view, line, timed, m, since)
        several = [k for k, line in enumerate(lines) if line.factor != french.WML]
        if len(several) > 1:
            together = _average([lines[k] for k in several], [followed[k] for k in several])
            rows += _earned(view, *together, m, since)
    return Result(
        table=tidy(
            [{**r, "basis": "total"} for r in rows],
            factor=pl.String,
            period=pl.String,
            sign=pl.Int64,
            size=pl.Float64,
            base=pl.Float64,
            effect=pl.Float64,
            effect_low=pl.Float64,
            effect_high=pl.Float64,
            p=pl.Float64,
            n=pl.Int64,
            n_effective=pl.Float64,
            reason=pl.String,
            caveat=pl.String,
            basis=pl.String,
        )
    )


def _lines(view: View) -> Iterator[_Line]:
    """Every factor that has a series with values by the last session."""
    for column, name in french.COLUMNS.items():
        series = french.find(view, "monthly", column)
        if series is not None and name != "market":
            months, f = french.by_month(*french.seen(view, series))
            if len(months):
                yield _Line(name, series, months, f)
    pair = french.winners_losers(view)
    if pair is not None and len(pair[1]):
        yield _Line(french.WML, pair[0], *french.by_month(pair[1], pair[2] - pair[3]))


def _today(view: View, line: _Line, m: int) -> dict[str, object]:
    """The past return of one factor."""
    last = line.months[-1]
    past = float(french.past_return(line.f, m)[-1])
    recent = line.f[-MONTHS:]
    sd = float(np.std(recent, ddof=1)) if len(recent) == MONTHS else np.nan
    size = float(np.clip(past / (sd * np.sqrt(m)), -MOST, MOST)) if sd > 0 else np.nan
    known = bool(np.isfinite(past))
    return {
        "subject": line.series,
        "factor": line.factor,
        "statistic": f"past_{m}",
        "start": french.last_day(last - m),
        "end": french.last_day(last),
        "value": past,
        "sign": int(np.sign(past)) if known else None,
        "size": size if np.isfinite(size) else None,
        "reason": None if known else "not all of its months have a value",
        "caveat": french.late(view, last),
    }


def _following(line: _Line, m: int) -> tuple[Array, Array]:
    """(sign of the past m months as of the month before, the factor's return), missing alike."""
    sign = np.full(len(line.f), np.nan)
    sign[1:] = np.sign(french.past_return(line.f, m)[:-1])
    return sign * line.f, np.where(np.isfinite(sign), line.f, np.nan)


def _average(
    lines: list[_Line], followed: list[tuple[Array, Array]]
) -> tuple[_Line, tuple[Array, Array]]:
    """The mean over the factors with a value, of months with two or more, as a line of its own."""
    first = min(line.months[0] for line in lines)
    months = np.arange(first, max(line.months[-1] for line in lines) + 1)
    table = np.full((2, len(lines), len(months)), np.nan)
    for k, (line, pair) in enumerate(zip(lines, followed, strict=True)):
        at = int((line.months[0] - first).astype(np.int64))
        table[:, k, at : at + len(line.f)] = pair
    n = np.isfinite(table).sum(axis=1)
    timed, held = np.where(n > 1, np.nansum(table, axis=1) / np.maximum(n, 1), np.nan)
    return _Line(ALL, lines[0].series, months, held), (timed, held)


def _earned(
    view: View, line: _Line, pair: tuple[Array, Array], m: int, since: tuple[int, ...]
) -> Iterator[dict[str, object]]:
    """What following one factor's past earned, and what it added to holding it."""
    timed, held = pair
    begun = np.flatnonzero(np.isfinite(timed))
    if not len(begun):
        return
    first = line.months[begun[0]].astype("datetime64[Y]").astype(int) + 1970
    for year in dict.fromkeys(max(y, first) for y in since):
        use = line.months >= np.datetime64(f"{year:04d}-01")
        if not np.isfinite(timed[use]).any():
            continue
        at = int(np.flatnonzero(use & np.isfinite(timed))[0])
        for what, x in (("follow", timed), ("gain", timed - held)):
            found = hac_mean(x[use])
            yield {
                "subject": line.series,
                "factor": line.factor,
                "statistic": f"{what}_{m}",
                "period": f"since {year}",
                "start": french.last_day(line.months[at] - 1),
                "end": french.last_day(line.months[-1]),
                "value": np.nan if found.effect is None else found.effect,
                "base": float(np.nanmean(held[use])) if what == "follow" else None,
                "effect": found.effect,
                "effect_low": found.low,
                "effect_high": found.high,
                "p": found.p,
                "n": found.n,
                "n_effective": found.n_effective,
                "reason": found.note or None,
                "caveat": french.late(view, line.months[-1]),
            }

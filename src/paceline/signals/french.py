"""The published factor series of a view, and the two legs of momentum from sorts."""

from __future__ import annotations

import datetime as dt

import numpy as np

from paceline.arrays import Array, Dates
from paceline.signals.view import View

#: Column of the library -> name of the factor.
COLUMNS = {
    "Mkt-RF": "market",
    "SMB": "small minus big",
    "HML": "value",
    "RMW": "profitability",
    "CMA": "investment",
    "Mom": "momentum",
}
SORTS = "25_Portfolios_ME_Prior_12_2"
#: Whole months after which the library has published a month.
PUBLISHED_AFTER = 2
WML = "winners minus losers, 25 sorts"
#: Leg -> how the names of its portfolios end.
ENDS = {"winners": ("HiPRIOR", "PRIOR5"), "losers": ("LoPRIOR", "PRIOR1")}


def find(view: View, frequency: str, column: str) -> str | None:
    """The series ".../<frequency>/<column>" that begins first, of equals the first by name.

    None where there is none with values.
    """
    names = [
        n
        for n in sorted(view.series)
        if n.endswith(f"/{frequency}/{column}") and len(view.series[n][0])
    ]
    return min(names, key=lambda n: (view.series[n][0][0], n), default=None)


def spoken(name: str) -> str:
    """A series' name for readers: its factor and source; a minus before the name reverses it."""
    plain = name.removeprefix("-")
    column = plain.rpartition("/")[2]
    reversed_ = "" if plain == name else ", turned around"
    return f"{COLUMNS.get(column, column)}{reversed_} ({plain.partition('/')[0]})"


def seen(view: View, name: str) -> tuple[Dates, Array]:
    """Dates and values of a series up to the view's last session."""
    dates, values = view.series[name]
    stop = int(np.searchsorted(dates, view.sessions[-1], side="right"))
    return dates[:stop], values[:stop]


def by_month(dates: Dates, values: Array) -> tuple[Dates, Array]:
    """(months in a row, value of each), from the month of the first date to that of the last.

    NaN for a month without a value; of two of a month the last.
    """
    month = dates.astype("datetime64[M]")
    if not len(month):
        return month, np.empty(0)
    months = np.arange(month[0], month[-1] + 1)
    out = np.full(len(months), np.nan)
    out[(month - month[0]).astype(np.int64)] = values
    return months, out


def last_day(month: np.datetime64) -> dt.date:
    """The last calendar day of a month."""
    found: dt.date = ((month + 1).astype("datetime64[D]") - 1).item()
    return found


def late(view: View, month: np.datetime64) -> str:
    """What to say of a series whose last month lies more than two before the last session's."""
    behind = int((view.sessions[-1].astype("datetime64[M]") - month).astype(np.int64)) - 1
    if behind <= PUBLISHED_AFTER:
        return ""
    return f"the series ends with {month}: {behind} whole months before {view.sessions[-1]} lack"


def past_return(monthly: Array, months: int) -> Array:
    """(..., M) product of (1 + r) - 1 over the last so many months; NaN where one is missing."""
    out = np.full(monthly.shape, np.nan)
    if monthly.shape[-1] >= months:
        window = np.lib.stride_tricks.sliding_window_view(monthly, months, axis=-1)
        out[..., months - 1 :] = np.prod(1 + window, axis=-1) - 1
    return out


def basis(name: str) -> str:
    """Basis of a series of returns: the library's portfolios have dividends, index closes not."""
    return "price" if name.endswith("/return") else "total"


def winners_losers(view: View) -> tuple[str, Dates, Array, Array] | None:
    """(a series' name, month ends, winners, losers) from the sorts on size and prior returns.

    Winners are the five highest, losers the five lowest prior-return portfolios of the 25
    value-weighted sorts on size and prior 2-12 returns, each five equally averaged. A month counts
    where one of each five has a return. None without the file.
    """
    names = {leg: _portfolios(view, leg) for leg in ENDS}
    if not all(names.values()):
        return None
    lines = {n: seen(view, n) for leg in names.values() for n in leg}
    days = np.unique(np.concatenate([d for d, _ in lines.values()]))
    winners, losers = (_mean(days, [lines[n] for n in names[leg]]) for leg in ENDS)
    both = np.isfinite(winners) & np.isfinite(losers)
    return names["winners"][0], days[both], winners[both], losers[both]


def _portfolios(view: View, leg: str) -> list[str]:
    """Names of the value-weighted monthly portfolios of one leg."""
    return [
        n
        for n in sorted(view.series)
        if SORTS in n and "/vw_monthly/" in n and n.endswith(ENDS[leg])
    ]


def _mean(days: Dates, lines: list[tuple[Dates, Array]]) -> Array:
    """(M,) equal-weighted mean on each day of the lines with a value; NaN where none has one."""
    table = np.full((len(lines), len(days)), np.nan)
    for row, (dates, values) in zip(table, lines, strict=True):
        row[np.searchsorted(days, dates)] = values
    n = np.isfinite(table).sum(axis=0)
    return np.where(n > 0, np.nansum(table, axis=0) / np.maximum(n, 1), np.nan)

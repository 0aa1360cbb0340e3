"""The published factor series of a view, and the two legs of momentum from sorts."""

from __future__ import annotations

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

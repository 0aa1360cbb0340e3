"""Factor series in a view: which there are, and the two legs of momentum from the size x prior-return sorts."""

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


def find(view: View, frequency: str, column: str) -> str | None:
    """The series ".../<frequency>/<column>" that begins first (of equals the first by name); None without one."""
    names = [
        n
        for n in sorted(view.series)
        if n.endswith(f"/{frequency}/{column}") and len(view.series[n][0])
    ]
    return min(names, key=lambda n: (view.series[n][0][0], n), default=None)


def spoken(name: str) -> str:
    """A series' name for readers: its factor and where it is from; a minus before the name turns it around."""
    plain = name.removeprefix("-")
    column = plain.rpartition("/")[2]
    return f"{COLUMNS.get(column, column)}{'' if plain == name else ', turned around'} ({plain.partition('/')[0]})"


def seen(view: View, name: str) -> tuple[Dates, Array]:
    """Dates and values of a series up to the view's last session."""
    dates, values = view.series[name]
    stop = int(np.searchsorted(dates, view.sessions[-1], side="right"))
    return dates[:stop], values[:stop]


def basis(name: str) -> str:
    """What a series of returns contains: the library's portfolios have dividends, index closes do not."""
    return "price" if name.endswith("/return") else "total"


def winners_losers(view: View) -> tuple[str, Dates, Array, Array] | None:
    """(a series' name, month-ends, winners, losers): the five high and the five low prior-return
    portfolios of the 25 value-weighted sorts on size and prior 2-12 returns, each five equally
    averaged; None without the file.

    A month counts where one of each five has a return.
    """
    found: dict[bool, list[str]] = {
        high: [
            n
            for n in sorted(view.series)
            if SORTS in n and "/vw_monthly/" in n and n.endswith(ends)
        ]
        for high, ends in ((True, ("HiPRIOR", "PRIOR5")), (False, ("LoPRIOR", "PRIOR1")))
    }
    if not found[True] or not found[False]:
        return None
    lines = {n: seen(view, n) for names in found.values() for n in names}
    days = np.unique(np.concatenate([d for d, _ in lines.values()]))
    legs = []
    for high in (True, False):
        table = np.full((len(found[high]), len(days)), np.nan)
        for row, name in enumerate(found[high]):
            table[row, np.searchsorted(days, lines[name][0])] = lines[name][1]
        n = np.isfinite(table).sum(axis=0)
        legs.append(np.where(n > 0, np.nansum(table, axis=0) / np.maximum(n, 1), np.nan))
    here = np.isfinite(legs[0]) & np.isfinite(legs[1])
    return found[True][0], days[here], legs[0][here], legs[1][here]

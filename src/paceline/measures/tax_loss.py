"""Tax-loss candidates: the year's losers into its end and after it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from paceline.arrays import Bools, Ints
from paceline.errors import UsageError
from paceline.evidence import hac_mean
from paceline.measures import Array, Result, View, measure
from paceline.signals.calendar import COLUMNS, Places, ahead, judged_columns, places
from paceline.signals.characteristics import Stocks, chosen
from paceline.signals.members import Basis, basis_of
from paceline.signals.returns import return_between
from paceline.signals.sessions import last_close_of_year
from paceline.signals.tables import tidy

#: Month at whose end candidates are named -> its number.
FORMED = {"october": 10, "november": 11}
#: Sessions of the turn of the year, on either side of it.
TURN = 5


@measure(
    question="Do the year's losers fall into the year-end and bounce after it?",
    never="That tax selling caused it: no seller is observed.",
    of="basket",
    needs=("price_return", "total_return", "price_index", "total_index", "market_cap", "member"),
    unit="return",
    shows="table",
    references=(
        "Ritter (1988), The buying and selling behavior of individual investors at the turn of the "
        "year",
        "Sias, Starks (1997), Institutions and individuals at the turn-of-the-year",
        "Sikes (2014), The turn-of-the-year effect and tax-loss-selling by institutional investors",
    ),
    limits={"share": (0, 1)},
)
def tax_loss(
    view: View,
    *,
    baskets: tuple[str, ...] | None = None,
    share: float = 0.1,
    basis: Basis | None = None,
) -> Result:
    """Returns of tax-loss candidates minus those of members of like size, year by year.

    Candidates = the lowest ``share`` of a basket's members by return since the last close of the
    year before, at the close of the last session of October (the tax year of funds) and of
    November. A candidate's gap in a window = its return - mean return of the other members in its
    fifth by market cap (of all others, where there are none); value = mean gap of the candidates.
    Everything is known at the close of the month named, so that it could have been held.

    october_to_year_end, november_to_year_end  from that close to the last session of the year:
                                               selling
    october_turn, november_turn                last five sessions of the year and first five of
                                               January
    october_january, november_january          January: the bounce

    baskets  default: the first of the market file that has members
    share    of the members that are candidates
    basis    "price" or "total"; default: the basis the baskets are shown on

    kind "year" rows hold single years (n_used candidates of n_eligible members with a return), kind
    "now" a window that has begun and is not over, up to today; kind "mean" the mean of the years
    with its interval. Years are the independent observations, not stocks: they share their dates.
    Missing: a member without a return for the year is no candidate; below 20 years no mean is
    judged. Raises UsageError, UnknownName.
    """
    if not 0 < share < 0.5:
        raise UsageError(
            f"share = {share} is not a share of losers.",
            "Give a fraction below one half, e.g. 0.1.",
        )
    used = basis_of(view, basis)
    rows: list[dict[str, object]] = []
    at = places(view.sessions, ahead(view, view.sessions[-1]))
    for row in chosen(view, baskets):
        stocks = Stocks(view, row, used)
        years = [
            line
            for year in np.unique(at.year).tolist()
            for month in FORMED
            for line in _losers(stocks, at, year, month, share)
        ]
        rows += [*years, *_means(view, years)]
    return Result(table=tidy([{**r, "basis": used} for r in rows], **COLUMNS))


def _means(view: View, years: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    """The mean over the years of each statistic of one basket."""
    for name in dict.fromkeys(str(line["statistic"]) for line in years):
        own = [line for line in years if line["statistic"] == name and line["kind"] == "year"]
        if not own:
            continue
        values = np.array([line["value"] for line in own], float)
        judged = hac_mean(values)
        yield {
            "subject": own[0]["subject"],
            "statistic": name,
            "kind": "mean",
            "start": None,
            "end": view.sessions[-1].item(),
            "value": float(values.mean()),
            "years": len(values),
            **judged_columns(judged),
        }


def _losers(
    stocks: Stocks, at: Places, year: int, month: str, share: float
) -> Iterator[dict[str, object]]:
    """The windows of one year and month that have begun; kind "now" where one is not over."""
    sessions, last = stocks.view.sessions, len(at.year) - 1
    base = last_close_of_year(sessions, year - 1)
    formed = _only((at.year == year) & (at.month == FORMED[month]) & (at.from_end == -1))
    if base < 0 or formed is None:
        return
    so_far = return_between(stocks.index, base, formed)
    able = (stocks.weights(formed) > 0) & np.isfinite(so_far)
    if able.sum() * share < 1:
        return
    loser = able & (so_far <= np.quantile(so_far[able], share))
    if loser.sum() == able.sum():
        return
    fifth = _size_fifths(stocks.cap(formed), able)
    for window, (start, end) in _windows(at, year, formed).items():
        if start is None or start == last:
            continue
        stop = last if end is None else end
        # a missing return is zero
        gain = np.prod(1 + np.nan_to_num(stocks.returns[:, start + 1 : stop + 1]), axis=1) - 1
        yield {
            "subject": stocks.view.subjects[stocks.row],
            "statistic": f"{month}_{window}",
            "year": year,
            "kind": "now" if end is None else "year",
            "state": "not over yet" if end is None else "",
            "start": sessions[start].item(),
            "end": sessions[stop].item(),
            "value": _gap(gain, loser, able, fifth),
            "n_used": int(loser.sum()),
            "n_eligible": int(able.sum()),
        }


def _windows(at: Places, year: int, formed: int) -> dict[str, tuple[int | None, int | None]]:
    """Base and end session of each window; None where it has not begun, is not over."""
    january = (at.year == year + 1) & (at.month == 1)
    year_end = _only((at.year == year) & (at.left == 0))
    before_turn = _only((at.year == year) & (at.left == TURN))
    return {
        "to_year_end": (formed, year_end),
        "turn": (before_turn, _only(january & (at.from_start == TURN))),
        "january": (year_end, _only(january & (at.from_end == -1))),
    }


def _only(flag: Bools) -> int | None:
    """The session for which a flag holds; None where there is none."""
    at = np.flatnonzero(flag)
    return int(at[0]) if len(at) else None


def _size_fifths(cap: Array, able: Bools) -> Ints:
    """Fifth by market cap of each member; all in one where caps are missing."""
    known = able & np.isfinite(cap)
    if known.sum() < able.sum():
        return np.zeros(len(cap), np.int64)
    cuts = np.quantile(cap[known], [0.2, 0.4, 0.6, 0.8])
    return np.searchsorted(cuts, np.nan_to_num(cap), side="left").astype(np.int64)


def _gap(gain: Array, loser: Bools, able: Bools, fifth: Ints) -> float:
    """Mean over the losers of their return minus the mean of the others in their fifth."""
    gaps = []
    for f in np.unique(fifth[loser]).tolist():
        own = loser & (fifth == f) & np.isfinite(gain)
        peers = able & ~loser & np.isfinite(gain)
        others = peers & (fifth == f) if (peers & (fifth == f)).any() else peers
        if own.any() and others.any():
            gaps.append(gain[own] - gain[others].mean())
    return float(np.concatenate(gaps).mean()) if gaps else math.nan

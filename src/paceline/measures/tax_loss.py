"""Tax-loss candidates: the year's losers into its end and after it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from paceline.errors import UsageError
from paceline.evidence import hac_mean
from paceline.measures import Array, Result, View, measure
from paceline.signals.calendar import OWN, Ints, Places, ahead, places
from paceline.signals.characteristics import Stocks, chosen
from paceline.signals.members import Basis, basis_of
from paceline.signals.tables import tidy


@measure(
    question="Do the year's losers fall into the year-end and bounce after it?",
    never="That tax selling caused it: no seller is observed.",
    of="basket",
    needs=("price_return", "total_return", "price_index", "total_index", "market_cap", "member"),
    unit="return",
    shows="table",
    references=(
        "Ritter (1988), The buying and selling behavior of individual investors at the turn of the year",
        "Sias, Starks (1997), Institutions and individuals at the turn-of-the-year",
        "Sikes (2014), The turn-of-the-year effect and tax-loss-selling by institutional investors",
    ),
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

    october_to_year_end, november_to_year_end   from that close to the last session of the year:
                                                selling
    october_turn, november_turn                 last five sessions of the year and first five of
                                                January
    october_january, november_january           January: the bounce

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
    rows: list[dict[str, Any]] = []
    at = places(view.sessions, ahead(view, view.sessions[-1]))
    for row in chosen(view, baskets):
        stocks = Stocks(view, row, used)
        for year in np.unique(at.year).tolist():
            rows += _losers(view, stocks, at, year, share)
        for name in dict.fromkeys(str(r["statistic"]) for r in rows):
            values = np.array(
                [
                    r["value"]
                    for r in rows
                    if r["statistic"] == name
                    and r["kind"] == "year"
                    and r["subject"] == view.subjects[row]
                ],
                float,
            )
            if not len(values):
                continue
            judged = hac_mean(values)
            last = view.sessions[-1].item()
            rows.append(
                {
                    "subject": view.subjects[row],
                    "statistic": name,
                    "kind": "mean",
                    "start": None,
                    "end": last,
                    "value": float(values.mean()),
                    "years": len(values),
                    "effect": judged.effect,
                    "low": judged.low,
                    "high": judged.high,
                    "p": judged.p,
                    "n_effective": judged.n_effective,
                    "minimum_detectable": judged.minimum_detectable,
                    "state": judged.note,
                }
            )
    return Result(table=tidy([{**r, "basis": used} for r in rows], **OWN))


def _losers(
    view: View, stocks: Stocks, at: Places, year: int, share: float
) -> Iterator[dict[str, Any]]:
    """The windows of one year that have begun; kind "now" where one is not over."""
    before = np.flatnonzero(at.year < year)
    if not len(before):
        return
    windows = {
        "to_year_end": np.flatnonzero((at.year == year) & (at.left == 0)),
        "turn": np.flatnonzero((at.year == year + 1) & (at.month == 1) & (at.from_start == 5)),
        "january": np.flatnonzero((at.year == year + 1) & (at.month == 1) & (at.from_end == -1)),
    }
    starts = {
        "turn": np.flatnonzero((at.year == year) & (at.left == 5)),
        "january": np.flatnonzero((at.year == year) & (at.left == 0)),
    }
    for month, name in ((10, "october"), (11, "november")):
        formed = np.flatnonzero((at.year == year) & (at.month == month) & (at.from_end == -1))
        if not len(formed):
            continue
        t = int(formed[0])
        so_far = stocks.index[:, t] / stocks.index[:, int(before[-1])] - 1
        able = (stocks.weights(t) > 0) & np.isfinite(so_far)
        if able.sum() * share < 1:
            continue
        loser = able & (so_far <= np.quantile(so_far[able], share))
        if loser.sum() == able.sum():
            continue
        fifth = _size_fifths(stocks.cap(t), able)
        for window, ends in windows.items():
            begins = starts.get(window, formed)
            if not len(begins) or begins[0] == len(at.year) - 1:
                continue
            a, b = int(begins[0]), int(ends[0]) if len(ends) else len(at.year) - 1
            # missing: zero
            gain = np.prod(1 + np.nan_to_num(stocks.returns[:, a + 1 : b + 1]), axis=1) - 1
            yield {
                "subject": view.subjects[stocks.row],
                "statistic": f"{name}_{window}",
                "year": year,
                "kind": "year" if len(ends) else "now",
                "state": "" if len(ends) else "not over yet",
                "start": view.sessions[a].item(),
                "end": view.sessions[b].item(),
                "value": _gap(gain, loser, able, fifth),
                "n_used": int(loser.sum()),
                "n_eligible": int(able.sum()),
            }


def _size_fifths(cap: Array, able: Any) -> Ints:
    """Fifth by market cap of each member; all in one where caps are missing."""
    known = able & np.isfinite(cap)
    if known.sum() < able.sum():
        return np.zeros(len(cap), np.int64)
    cuts = np.quantile(cap[known], [0.2, 0.4, 0.6, 0.8])
    return np.searchsorted(cuts, np.nan_to_num(cap), side="left").astype(np.int64)


def _gap(gain: Array, loser: Any, able: Any, fifth: Ints) -> float:
    """Mean of the losers' returns minus the mean of the others in their fifth."""
    gaps = []
    for f in np.unique(fifth[loser]).tolist():
        own = loser & (fifth == f) & np.isfinite(gain)
        peers = able & ~loser & np.isfinite(gain)
        others = peers & (fifth == f) if (peers & (fifth == f)).any() else peers
        if own.any() and others.any():
            gaps.append(gain[own] - gain[others].mean())
    return float(np.concatenate(gaps).mean()) if gaps else math.nan

"""How few companies an index really rests on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from paceline.arrays import Span
from paceline.measures import Array, Result, View, measure
from paceline.signals.members import companies, drift
from paceline.signals.sessions import month_ends
from paceline.signals.tables import day, tidy

UNITS = {
    "hhi": "estimate",
    "effective_number": "estimate",
    "entropy_number": "estimate",
    "top10": "fraction",
}


@measure(
    question="How few companies does the index rest on?",
    never="That concentration is a bubble, or a record, without a history as long as the claim.",
    of="basket",
    needs=("price_return", "total_return", "price_index", "total_index", "member"),
    unit=UNITS,
    shows="table",
    bounds=(0.0, float("inf")),
    references=(
        "Herfindahl (1950), Concentration in the Steel Industry",
        "S&P Dow Jones Indices, effective number of constituents (1 / HHI)",
        "Hill (1973), Diversity and Evenness (entropy number)",
    ),
)
def concentration(view: View, *, months: int = 12, top: int = 10) -> Result:
    """Concentration of each basket's weights, at the last session and at the month ends before it.

    With w the drifted weights at the close, share classes of one company added up:

    hhi               HHI = sum of w^2 (a fraction; S&P prints it in percent squared, 10,000 times
                      this)
    effective_number  1 / hhi, the effective number of constituents: so many equal weights are as
                      concentrated
    entropy_number    N = exp(-sum of w ln w)
    top10             sum of the ``top`` largest weights

    months  how many month ends before the last session
    top     how many companies top10 adds up

    n_used is the number of companies with a weight. Missing: a security without return keeps its
    weight until it is delisted; a basket without members at a date has no row there.
    """
    move, listed = drift(view)
    company = companies(view)
    order = np.argsort(company, kind="stable")
    first = np.flatnonzero(np.diff(company[order], prepend=-1))
    rows = []
    for t, span in _dates(view, months):
        growth = np.prod(1 + move[:, span.start : t + 1], axis=1)
        w = span.weights * (growth * listed[:, span.start : t + 1].all(axis=1))
        w = np.add.reduceat(w[:, order], first, axis=1)
        whole = w.sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            w = np.where(whole > 0, w / whole, 0.0)
        values = statistics(w, top)
        number = (w > 0).sum(axis=1)
        today = day(view.sessions, t)
        rows += [
            {
                "subject": subject,
                "statistic": name,
                "start": today,
                "end": today,
                "value": float(values[name][row]),
                "n_used": int(number[row]),
                "n_eligible": int(number[row]),
            }
            for row, subject in enumerate(view.subjects)
            if number[row]
            for name in UNITS
        ]
    return Result(table=tidy(rows))


def _dates(view: View, months: int) -> Iterator[tuple[int, Span]]:
    """(session, its span) of the last ``months`` month ends and the last session, oldest first."""
    last = len(view.sessions) - 1
    ends = [t for t in month_ends(view.sessions, view.calendar).tolist() if t < last]
    for t in [*ends[max(len(ends) - months, 0) :], last]:
        yield from ((t, span) for span in view.spans if span.start <= t < span.stop)


def statistics(w: Array, top: int = 10) -> dict[str, Array]:
    """The four numbers for rows of weights (S, companies) that sum to one (or to zero: NaN)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        hhi = np.where(w.any(axis=1), (w * w).sum(axis=1), np.nan)
        entropy = -np.where(w > 0, w * np.log(w), 0.0).sum(axis=1)
    largest = -np.partition(-w, min(top, w.shape[1]) - 1, axis=1)[:, :top]
    return {
        "hhi": hhi,
        "effective_number": 1 / hhi,
        "entropy_number": np.exp(entropy),
        "top10": largest.sum(axis=1),
    }

"""The price relative: one basket over another."""

from __future__ import annotations

import numpy as np

from paceline.measures import Result, View, measure


@measure(
    question="Which side of the pair leads?",
    of="pair",
    needs=("pairs",),
    unit="level",
    shows="series",
    bounds=(0, float("inf")),
    references=("Levy, R. (1967), Relative Strength as a Criterion for Investment Selection, Journal of Finance 22",),
)
def relative_strength(view: View) -> Result:
    """Level of the first leg over level of the second, rebased to 100 on their first common session.

    RS_t = 100 * (A_t / B_t) / (A_0 / B_0), with session 0 the first on which both levels exist. A rising line
    means that the first leg leads. Shape (pairs, sessions); NaN before session 0 and where either level is
    missing. Both legs are levels on the view's basis. Rebasing to a fixed first session never repaints.
    """
    lead, against = (np.array([p[i] for p in view.pairs], dtype=int) for i in (0, 1))
    ratio = view.levels[lead] / view.levels[against]
    seen = np.isfinite(ratio)
    first = np.where(seen.any(axis=1), seen.argmax(axis=1), 0)
    base = ratio[np.arange(len(ratio)), first] if len(ratio) else np.empty(0)
    return Result(100.0 * ratio / base[:, None])

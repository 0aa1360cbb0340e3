"""The price relative: one basket over another."""

from __future__ import annotations

import numpy as np

from paceline.measures import Result, View, measure
from paceline.signals.windows import since_session


@measure(
    question="Which side of the pair leads?",
    never="That the line will go on as drawn.",
    of="pair",
    needs=("pairs",),
    unit="level",
    shows="series",
    bounds=(0, float("inf")),
    references=(
        "Levy (1967), Relative Strength as a Criterion for Investment Selection, "
        "Journal of Finance 22",
    ),
)
def relative_strength(view: View, *, since: str | None = None) -> Result:
    """Level of the first leg over level of the second, 100 at the base.

    RS_t = 100 * (A_t / B_t) / (A_b / B_b). A rising line means that the first leg leads.

    since  base session b: an ISO date, or "low"; default: the first session on which both levels
           exist

    Shape (pairs, sessions); NaN before b and where either level is missing. Both legs are levels on
    the view's basis. Rebasing to a session that is past never repaints. Raises UsageError for an
    impossible date.
    """
    lead, against = (np.array([p[i] for p in view.pairs], dtype=int) for i in (0, 1))
    ratio = view.levels[lead] / view.levels[against]
    ratio[:, : since_session(view, since) if since is not None else 0] = np.nan
    seen = np.isfinite(ratio)
    first = np.where(seen.any(axis=1), seen.argmax(axis=1), 0)
    return Result(100.0 * ratio / ratio[np.arange(len(ratio)), first][:, None])

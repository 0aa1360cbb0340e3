"""The checks of baskets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from paceline.conformance._compare import CAUSAL, SAME
from paceline.conformance._faults import judge

if TYPE_CHECKING:
    from paceline.baskets import Targets
    from paceline.panel import Panel


def check_basket(build: Callable[[Panel], Targets], panel: Panel) -> None:
    """Raise ``ConformanceError`` unless the baskets that ``build`` makes keep their contract.

    Weights are finite, not negative, and sum to one at every rebalance (or are all zero: no member
    that day); rebalances are in order; building twice gives the same; and cutting the panel at t
    changes no weight in force by t (those fixed at the close of t are for the next session, whose
    member list providers announce ahead).
    """
    targets = build(panel)
    faults = _weights(targets)
    faults += [
        f"not pure: built twice, {f}"
        for f in _same_targets(targets, build(panel), len(panel.sessions))
    ]
    for t in sorted({len(panel.sessions) // 2, len(panel.sessions) - 2} - {-1, 0}):
        faults += [
            f"looks ahead of {panel.sessions[t]}: {f}"
            for f in _same_targets(targets, build(panel.cut(t)), t)
        ]
    judge("baskets", faults)


def _weights(targets: Targets) -> list[str]:
    faults = []
    sessions = [r.session for r in targets.rebalances]
    if sessions != sorted(sessions):
        faults.append("rebalances are not in order")
    for r in targets.rebalances:
        names = [targets.names[int(row)] for row in r.rows]
        sums = np.sum(r.weights, axis=1)
        for name, weights, total in zip(names, r.weights, sums, strict=True):
            if not np.isfinite(weights).all():
                faults.append(f"{name}: a weight at session {r.session} is not a number")
            elif (weights < 0).any():
                faults.append(f"{name}: a weight at session {r.session} is negative")
            elif abs(total - 1) > SAME and weights.any():
                faults.append(f"{name}: weights at session {r.session} sum to {total:.12g}")
    return faults


def _same_targets(a: Targets, b: Targets, before: int) -> list[str]:
    """Differences in the weights fixed at sessions below ``before``."""

    def table(targets: Targets) -> dict[tuple[int, str], dict[int, float]]:
        return {
            (int(r.session), targets.names[int(row)]): {
                int(c): float(w) for c, w in zip(r.columns, weights, strict=True) if w != 0
            }
            for r in targets.rebalances
            if r.session < before
            for row, weights in zip(r.rows, r.weights, strict=True)
        }

    left, right = table(a), table(b)
    faults = [
        f"{name} is rebalanced at session {k} in one of them only"
        for k, name in sorted(left.keys() ^ right.keys())
    ]
    for key in sorted(left.keys() & right.keys()):
        if left[key].keys() != right[key].keys():
            faults.append(f"{key[1]} has other members at session {key[0]}")
        elif any(abs(w - right[key][c]) > CAUSAL for c, w in left[key].items()):
            faults.append(f"{key[1]} has other weights at session {key[0]}")
    return faults

"""Who belongs to the published indices, and what those indices return.

The large universe is kept like a committee's: at each quarter's third Friday the ``Options.large``
largest companies, with a band of a tenth of the ranks in which nobody enters or leaves; who is
delisted in between is replaced by the largest company outside. The small one is everybody else who
was listed on that Friday.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paceline.arrays import Array, Bools
from paceline.sources.simulated.companies import PARENT, SPECIAL
from paceline.sources.simulated.model import SPECIAL_SHARE, Ints, Model

INDICES = ("large", "small", "micro")


@dataclass(frozen=True)
class Composition:
    """Membership by span: row j of a mask holds from the close of ``cuts[j]`` to the next cut's."""

    cuts: Ints
    masks: dict[str, Bools]

    def in_force(self, name: str, sessions: int) -> Bools:
        """(N, sessions): members that earn each session's return; the first's from its close."""
        span = np.maximum(np.searchsorted(self.cuts, np.arange(sessions), side="left") - 1, 0)
        return self.masks[name][span].T


def compose(m: Model) -> Composition:
    """Compositions at every session at whose close one changes."""
    delistings = m.last[m.last < len(m.dates) - 1]
    cuts = np.unique(
        np.concatenate([[0], m.rebalances, delistings, [m.spinoff - 1, m.special - 1]])
    )
    cuts = cuts[cuts < len(m.dates) - 1]
    regular = set(m.rebalances.tolist()) | {0}
    large, small, micro = (np.zeros(len(m.company), bool) for _ in INDICES)
    masks: dict[str, list[Bools]] = {name: [] for name in INDICES}
    values = m.log_values(cuts)
    for j, k in enumerate(cuts.tolist()):
        listed = m.listed(k)
        value = m.company_value(values[:, j], listed)
        if k in regular:
            large = _reconstitute(m, large, value, listed)
            small = listed & ~large
            micro = small & (company_rank(m, value) >= m.options.micro)
        else:
            leavers = np.unique(m.company[large & ~listed])
            large, small, micro = large & listed, small & listed, micro & listed
            for _ in leavers:  # as many companies enter as left
                best = int(np.argmax(np.where(small, value, -1.0)))
                enters = m.company == m.company[best]
                large, small, micro = large | (enters & listed), small & ~enters, micro & ~enters
            if k == m.spinoff - 1 and large[PARENT]:
                large = large.copy()
                large[m.child] = True  # at price zero
        for name, mask in zip(INDICES, (large, small, micro), strict=True):
            masks[name].append(mask)
    return Composition(cuts, {name: np.array(rows) for name, rows in masks.items()})


def company_rank(m: Model, value: Array) -> Ints:
    """1 for the largest company; lines of one company share its rank."""
    of_company = np.zeros(m.options.companies)
    of_company[m.company] = value
    rank = np.empty(len(of_company), np.int64)
    rank[np.argsort(-of_company, kind="stable")] = np.arange(1, len(of_company) + 1)
    return rank[m.company]


def _reconstitute(m: Model, large: Bools, value: Array, listed: Bools) -> Bools:
    n, rank = m.options.large, company_rank(m, value)
    if not large.any():
        return listed & (rank <= n)
    band = n // 10
    # members stay to rank n + band, others enter at n - band; then the best of those between fill
    # up
    order = np.where(large, rank - band, rank + band).astype(float)
    order[~listed] = np.inf
    of_company = np.full(m.options.companies, np.inf)
    of_company[m.company] = order
    chosen = np.argsort(of_company, kind="stable")[:n]
    return listed & np.isin(m.company, chosen)


def returns(m: Model, u: Composition, name: str, a: int = 0, b: int | None = None) -> Array:
    """Daily price returns of a published index in sessions a+1..b, weighted by float value.

    The special dividend is added back on its ex-date and the child of a spin-off enters at price
    zero, so that neither moves the level; dividends are left out.
    """
    return _chained(m, u, name, a, b, cash=False)[0]


def with_dividends(m: Model, u: Composition, name: str) -> tuple[Array, Array]:
    """``returns`` over all sessions, and each day's dividends over the level of the day before."""
    return _chained(m, u, name, 0, None, cash=True)


def _chained(
    m: Model, u: Composition, name: str, a: int, b: int | None, cash: bool
) -> tuple[Array, Array]:
    b = len(m.dates) - 1 if b is None else b
    unit = np.zeros((len(m.x), b - a + 1))
    np.cumsum(m.x[:, a + 1 : b + 1], axis=1, out=unit[:, 1:])
    unit += (m.log_value(a) + np.log(m.floats))[:, None]
    np.exp(unit, out=unit)
    unit[m.child, : max(0, m.spinoff - a)] = 0.0
    paid = np.zeros_like(unit) if cash else None
    if paid is not None:
        line, when, rate = m.pays
        paid[line, when] = unit[line, when - 1] * rate
    growth, income = np.ones(b - a), np.zeros(b - a)
    start = m.shares_to(a)
    stops = [*u.cuts[1:].tolist(), len(m.dates) - 1]
    for k, stop, mask in zip(u.cuts.tolist(), stops, u.masks[name], strict=True):
        i, j = max(k, a), min(stop, b)
        if i >= j:
            continue
        weight = np.where(mask, np.exp(m.shares_to(k + 1) - start), 0.0)
        value = weight @ unit[:, i - a : j - a + 1]
        if i < m.special <= j and mask[SPECIAL]:
            value[m.special - i :] += (
                weight[SPECIAL]
                * unit[SPECIAL, m.special - a : j - a + 1]
                * SPECIAL_SHARE
                / (1.0 - SPECIAL_SHARE)
            )
        growth[i - a : j - a] = value[1:] / value[:-1]
        if paid is not None:
            income[i - a : j - a] = weight @ paid[:, i - a + 1 : j - a + 1] / value[:-1]
    return growth - 1.0, income

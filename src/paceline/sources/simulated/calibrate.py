"""Corrections that make the drawn market keep its plan.

Every one is a constant added to the log returns of a group of lines, so that it multiplies the
group's growth by a known factor whatever the weights inside the group, and volatility and
correlation stay as drawn.
"""

from __future__ import annotations

import numpy as np

from paceline.arrays import Array, Bools
from paceline.sources.simulated import plan
from paceline.sources.simulated.companies import GIANTS, INDUSTRIES, LEADERS, SECTORS
from paceline.sources.simulated.model import GROWTH, TOTAL, Model
from paceline.sources.simulated.plan import PlantedGroup, PlantedRotation
from paceline.sources.simulated.universe import Composition, company_rank, compose, returns

#: Sessions a market needs before the last weeks can be fitted to a 200-day mean.
MEAN_KNOWN = 260


def shape(m: Model) -> None:
    """Bring the values at the end to plan: leaders, sector totals, a power law for the others.

    Survivors' drifts are moved (or the first value, for those listed late); whoever was delisted
    gets the sector's drift.
    """
    T = len(m.dates)
    n = m.options.companies
    end = np.maximum(m.log_value(T - 1), 0.0)  # the worthless have none
    listed = m.last == T - 1
    leader = np.arange(len(end)) < len(LEADERS)
    listed[n:] = False  # second classes follow the first
    listed[m.child] = False
    others = listed & ~leader
    target = end.copy()
    sector = m.sector
    late = np.array([s.late for s in SECTORS.values()])
    for i, plan_ in enumerate(LEADERS):
        target[i] = np.log(plan_.late * TOTAL / (1.0 + plan_.second))
        late[sector[i]] -= plan_.late
    late = np.maximum(late, 0.3 * np.array([s.late for s in SECTORS.values()]))
    mean, deviation = end[others].mean(), end[others].std()
    target[others] = mean + (end[others] - mean) * min(1.0, 1.75 / deviation)
    ceiling = np.log(0.010 * TOTAL)
    drift = np.zeros(len(SECTORS))
    for _ in range(3):
        for s in range(len(SECTORS)):
            members = others & (sector == s)
            if members.any():
                step = np.log(late[s] * TOTAL) - np.log(np.exp(target[members]).sum())
                target[members] += step
                drift[s] += step
        high = others & (target > ceiling)
        target[high] = ceiling + 0.3 * (target[high] - ceiling)
    change = drift[sector] * (m.last - m.first) / T
    change[listed] = (target - end)[listed]
    late_comer = listed & (m.last - m.first < min(750, T - 1))
    m.logcap[late_comer] += change[late_comer]
    change[late_comer] = 0.0
    _spread(m, change)
    m.follow()


def _spread(m: Model, change: Array) -> None:
    """Add ``change`` to each line's log growth, evenly over the sessions of its life."""
    t = np.arange(len(m.dates))
    inside = (t > m.first[:, None]) & (t <= m.last[:, None])
    # the last session of a delisted line carries its delisting return and is left alone
    inside &= ~((t == m.last[:, None]) & ~np.isnan(m.delisting)[:, None])
    m.x += np.where(inside, (change / np.maximum(inside.sum(axis=1), 1))[:, None], 0.0)


def select(m: Model, group: PlantedGroup, t: int) -> Bools:
    """The lines of a group as it stands at the close of session t."""
    chosen = m.listed(t)
    if group.sectors:
        chosen &= np.isin(m.sector, [list(SECTORS).index(s) for s in group.sectors])
    if group.sub_industries:
        names = np.array([i.sub_industry for i in INDUSTRIES])
        chosen &= np.isin(names[m.sub], group.sub_industries)
    if group.size:
        rank = company_rank(m, m.company_value(m.log_value(t), m.listed(t)))
        chosen &= (rank <= m.options.large) == (group.size == "large")
    return chosen


def held(m: Model, lines: Bools, a: int, b: int) -> float:
    """Log price return from close a to close b of lines held by float value."""
    weight = np.exp(m.log_value(a) + np.log(m.floats))[lines]
    return float(
        np.log((weight * np.exp(m.x[lines, a + 1 : b + 1].sum(axis=1))).sum() / weight.sum())
    )


def plant(m: Model, r: PlantedRotation) -> None:
    """Give one rotation its exact size; together the groups keep their return to first order."""
    a, b = m.at(r.start), m.at(r.end)
    long, short = select(m, r.long, a), select(m, r.short, a)
    missing = r.direction * r.log_size - (held(m, long, a, b) - held(m, short, a, b))
    value = np.exp(m.log_value(a))
    share = value[long].sum() / value[long | short].sum()
    m.x[long, a + 1 : b + 1] += missing * (1.0 - share) / (b - a)
    m.x[short, a + 1 : b + 1] -= missing * share / (b - a)


def calibrate(m: Model) -> Composition:
    """Shape the values, plant the rotations, set the market's growth, then fit the last year."""
    shape(m)
    for r in plan.planted(m.options):
        if r.indices is None:
            plant(m, r)
    u = compose(m)
    price = returns(m, u, "large")
    drift = GROWTH * m.options.years / len(price) - float(np.log1p(price).mean())
    _all(m, 0, len(m.dates) - 1, np.full(len(price), drift))
    m.logcap += drift * m.first  # late-comers too, so that relative values stay as planted
    # for the session of the spin-off, in which it has no return
    m.x[m.child, m.spinoff + 1] += drift
    if plan.echoes(m.options):
        for _ in range(2):
            _year(m, u)
            _echo(m, u)
    return u


def _all(m: Model, a: int, b: int, change: Array, rows: Bools | None = None) -> None:
    """Add ``change`` (one per session a+1..b) to the log returns of listed lines.

    ``rows`` (N, b-a) restricts the lines, session by session.
    """
    t = np.arange(a + 1, b + 1)
    inside = (t > m.first[:, None]) & (t <= m.last[:, None])
    if rows is not None:
        inside &= rows
    m.x[:, a + 1 : b + 1] += np.where(inside, change, 0.0)


def _reflected(path: Array, end: float, ceiling: float) -> Array:
    """``path`` (log levels from 0) tilted to reach ``end``, mirrored where above ``ceiling``."""
    tilted = path + (end - path[-1]) * np.linspace(0.0, 1.0, len(path))
    mirrored = ceiling - np.abs(ceiling - tilted)
    mirrored[-1] = end
    return np.asarray(mirrored)


def _year(m: Model, u: Composition) -> None:
    """From the old year's last close to the echo's start.

    The giants lead, and the large index ends at its high.
    """
    a, h = m.at(f"{plan.ECHO_END.year - 1}-12-31"), m.at(plan.ECHO_START)
    if a < 0:
        return
    giants = np.isin(np.arange(len(m.company)), np.arange(len(GIANTS)))
    step = np.log1p(plan.YEAR["giants"]) - held(m, giants, a, h)
    _all(m, a, h, np.full(h - a, step / (h - a)), np.repeat(giants[:, None], h - a, axis=1))
    _lift_technology(m, u)
    levels, caps = {}, {"large": -0.001, "small": 0.0035}
    for name, path in (("large", plan.LARGE_PATH), ("small", plan.SMALL_PATH)):
        end = np.log1p(plan.YEAR[name]) - np.log(path[-1] / path[0])
        if name == "small":  # the record of the last weeks must lie above every earlier close
            before = np.concatenate([[0.0], np.cumsum(np.log1p(returns(m, u, name, 0, a)))])
            end = max(end, before.max() - before[-1] - 0.0035)
        price = returns(m, u, name, a, h)
        path_ = np.concatenate([[0.0], np.cumsum(np.log1p(price))])
        levels[name] = np.diff(_reflected(path_, end, end + caps[name])) - np.log1p(price)
        if name == "large":
            _all(m, a, h, levels[name])
            price = returns(m, u, "small", a, h)
        else:
            _all(m, a, h, levels[name], u.in_force("small", len(m.dates))[:, a + 1 : h + 1])


def _lift_technology(m: Model, u: Composition) -> None:
    """Bring the planned share of large technology lines above their 200-day mean, with room."""
    e, h = m.at(plan.ECHO_END), m.at(plan.ECHO_START)
    if e < MEAN_KNOWN:
        return
    rows = u.in_force("large", len(m.dates))[:, e] & (m.sector == 0) & (m.first < e - 250)
    rows = np.flatnonzero(rows)
    ramp = np.clip((np.arange(e - 199, e + 1) - (e - 130)) / (h - (e - 130)), 0.0, 1.0)
    paths = np.cumsum(m.x[rows, e - 199 : e + 1], axis=1)
    gap = paths[:, -1] - np.log(np.exp(paths).mean(axis=1))
    order = np.argsort(-gap)
    above = np.zeros(len(rows), bool)
    above[order[: round(plan.ABOVE_AVERAGE * len(rows))]] = True
    wanted = np.where(above, np.maximum(gap, 0.025), np.minimum(gap, -0.025))
    c = np.zeros(len(rows))
    for _ in range(4):
        moved = paths + c[:, None] * ramp
        weight = np.exp(moved) / np.exp(moved).sum(axis=1, keepdims=True)
        c += (wanted - (moved[:, -1] - np.log(np.exp(moved).mean(axis=1)))) / (1.0 - weight @ ramp)
    m.x[rows, e - 198 : e + 1] += c[:, None] * np.diff(ramp)


def _echo(m: Model, u: Composition) -> None:
    """Solve for the group drifts that give the last weeks' returns on the imposed index paths."""
    h, e, low = m.at(plan.ECHO_START), m.at(plan.ECHO_END), m.at(plan.LOW)
    o, n = (m.at(d) for d in plan.MONTH)
    q = int(m.rebalances[m.rebalances < h].max())
    force = {k: u.in_force(k, len(m.dates)) for k in ("large", "small")}
    large, listed = force["large"][:, h + 1], m.listed(h)
    sector, sub = m.sector, np.array([i.sub_industry for i in INDUSTRIES])[m.sub]
    rank = company_rank(m, np.where(large, m.company_value(m.log_value(o), m.listed(o)), 0.0))
    top, tail = large & (rank <= m.options.top), large & (rank > m.options.large // 2)
    small_rank = company_rank(m, m.company_value(m.log_value(q), m.listed(q)))
    micro = force["small"][:, h + 1] & (small_rank >= m.options.micro)

    def value(t: int, lines: Bools, equal: bool = False) -> Array:
        log = m.x[:, q + 1 : t + 1].sum(axis=1) if equal else m.log_value(t) + np.log(m.floats)
        weight = np.where(lines, np.exp(log), 0.0)
        return np.asarray(weight / weight.sum())

    groups = [(large & (sector == s), o, n) for s in range(len(SECTORS))] + [
        (top, o, n),
        (tail, o, n),
    ]
    groups += [((sub == name) & listed, low, e) for name in plan.SINCE_LOW] + [(micro, low, e)]
    goals = [
        (large & (sector == list(SECTORS).index(s)), False, o, n, r)
        for s, r in plan.SECTORS_IN_MONTH.items()
    ]
    goals += [
        (large, True, o, n, plan.MONTH_BUCKETS["equal"]),
        (top, False, o, n, plan.MONTH_BUCKETS["top"]),
        (large & ~top, False, o, n, plan.MONTH_BUCKETS["rest"]),
        (micro, False, low, e, plan.MICRO_SINCE_LOW),
    ]
    goals += [((sub == name) & listed, True, low, e, r) for name, r in plan.SINCE_LOW.items()]
    groups = [g for g in groups if g[0].any()]
    goals = [g for g in goals if g[0].any()]
    paths = {"large": np.diff(np.log(plan.LARGE_PATH)), "small": np.diff(np.log(plan.SMALL_PATH))}
    m.settle(h)
    for _ in range(6):
        _impose(m, u, h, e, paths, force)
        miss, slope = np.empty(len(goals)), np.zeros((len(goals), len(groups)))
        for i, (lines, equal, a, b, r) in enumerate(goals):
            grown = value(a, lines, equal) * np.exp(m.x[:, a + 1 : b + 1].sum(axis=1))
            miss[i] = np.log1p(r) - np.log(grown.sum())
            for j, (members, c, d) in enumerate(groups):
                overlap = max(0, min(b, d) - max(a, c)) / (d - c)
                slope[i, j] = overlap * grown[members].sum() / grown.sum()
        ridge = 1e-4 * np.eye(len(groups))
        step = np.linalg.solve(slope.T @ slope + ridge, slope.T @ miss)
        for (members, c, d), size in zip(groups, np.clip(step, -0.1, 0.1), strict=True):
            m.x[members, c + 1 : d + 1] += size / (d - c)
    _impose(m, u, h, e, paths, force)
    m.settle(None)


def _impose(
    m: Model, u: Composition, a: int, b: int, paths: dict[str, Array], force: dict[str, Bools]
) -> None:
    for name, path in paths.items():
        _all(m, a, b, path - np.log1p(returns(m, u, name, a, b)), force[name][:, a + 1 : b + 1])

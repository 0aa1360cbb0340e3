"""Small views for tests, of a few numbers or random; built with plain loops, not the package."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from paceline.measures import Span, View

Rows = Mapping[str, Sequence[float]]


def weekdays(count: int, first: str = "2024-01-01") -> np.ndarray:
    """So many Mondays to Fridays in a row."""
    day, out = dt.date.fromisoformat(first), []
    while len(out) < count:
        if day.weekday() < 5:
            out.append(day)
        day += dt.timedelta(days=1)
    return np.array(out, "datetime64[D]")


def index_of(returns: Sequence[float]) -> list[float]:
    """Growth of 1 from the session before the first return to the last; a gap holds the level."""
    have = [t for t, r in enumerate(returns) if not math.isnan(r)]
    level, out = 1.0, [math.nan] * len(returns)
    if not have:
        return out
    for t in range(max(have[0] - 1, 0), have[-1] + 1):
        if not math.isnan(returns[t]):
            level *= 1 + returns[t]
        out[t] = level
    return out


def basket_level(
    weights: Sequence[tuple[int, Sequence[float]]],
    returns: Sequence[Sequence[float]],
    moves: Sequence[Sequence[float]],
) -> list[float]:
    """Level of one basket, by security and session: 100 before the first rebalance.

    ``weights``: (first session in force, target weights); ``returns`` of the basis, ``moves`` by
    which weights drift. After its last return a security leaves, and its weight goes to the others
    in proportion."""
    T = len(returns[0])
    last = [max((t for t, r in enumerate(row) if not math.isnan(r)), default=-1) for row in moves]
    first = [min((t for t, r in enumerate(row) if not math.isnan(r)), default=T) for row in moves]
    out, level = [math.nan] * T, 100.0
    held: list[float] = []
    targets = dict(weights)
    for t in range(T):
        if t in targets:
            if not held:
                out[t - 1] = level
            held = list(targets[t])
        if not held:
            continue
        live = [h if first[i] <= t <= last[i] else 0.0 for i, h in enumerate(held)]
        whole = sum(live)
        if whole > 0:
            level *= 1 + sum(h / whole * _zero(returns[i][t]) for i, h in enumerate(live))
        out[t] = level
        held = [h * (1 + _zero(moves[i][t])) for i, h in enumerate(held)]
    return out


def _zero(x: float) -> float:
    return 0.0 if math.isnan(x) else x


def make(
    *,
    returns: Rows | None = None,
    total: Rows | None = None,
    targets: Mapping[str, Sequence[tuple[int, Sequence[float]]]] | None = None,
    levels: Rows | None = None,
    sessions: np.ndarray | None = None,
    pairs: Sequence[tuple[str, str]] = (),
    groups: Mapping[str, Sequence[str]] | None = None,
    companies: Sequence[int] = (),
    benchmark: str | None = None,
    low: tuple[float, float] = (0.05, 0.03),
    series: Mapping[str, tuple[np.ndarray, np.ndarray]] | None = None,
) -> View:
    """A view from returns of securities and target weights of baskets, or from levels alone.

    returns, total  security -> price return, total return (default: the same)
    targets         basket -> [(first session in force, weights by security)]; its level is worked
                    out here
    levels          further subjects by their levels (the same on both bases)
    series          name -> (dates, values) of macro and factor series
    """
    returns, targets, levels = dict(returns or {}), dict(targets or {}), dict(levels or {})
    total = dict(total or returns)
    length = len(next(iter([*returns.values(), *levels.values()])))
    price_rows, total_rows = list(returns.values()), [total[n] for n in returns]
    moves = [
        [p if not math.isnan(p) else q for p, q in zip(a, b, strict=True)]
        for a, b in zip(price_rows, total_rows, strict=True)
    ]
    subjects = (*targets, *levels)
    by_basis = {
        basis: np.array(
            [*(basket_level(t, rows, moves) for t in targets.values()), *levels.values()], float
        )
        for basis, rows in (("price", price_rows), ("total", total_rows))
    }
    empty = np.empty((0, length))
    fields = {
        "price_return": np.array(price_rows, float) if price_rows else empty,
        "total_return": np.array(total_rows, float) if total_rows else empty,
        "price_index": np.array([index_of(r) for r in price_rows]) if price_rows else empty,
        "total_index": np.array([index_of(r) for r in total_rows]) if total_rows else empty,
    }
    fields["close"] = fields["price_index"] * 50
    fields["market_cap"] = fields["price_index"] * 1e9
    fields["volume"] = np.where(np.isfinite(fields["price_index"]), 1e5, np.nan)
    starts = sorted({t for rows in targets.values() for t, _ in rows})
    spans = []
    for start, stop in zip(starts, [*starts[1:], length][: len(starts)], strict=True):
        W = np.zeros((len(subjects), len(returns)))
        for s, rows in enumerate(targets.values()):
            W[s] = _drifted(rows, moves, start)
        spans.append(Span(start, stop, _frozen(W)))
    position = {n: i for i, n in enumerate(subjects)}
    return View(
        sessions=_frozen(weekdays(length) if sessions is None else sessions),
        subjects=subjects,
        securities=tuple(returns),
        fields={n: _frozen(f) for n, f in fields.items()},
        all_levels={b: _frozen(x) for b, x in by_basis.items()},
        spans=tuple(spans),
        pairs=tuple((position[a], position[b]) for a, b in pairs),
        pair_names=tuple(f"{a} against {b}" for a, b in pairs),
        groups={g: tuple(position[n] for n in names) for g, names in (groups or {}).items()},
        companies=_frozen(np.array(companies, np.int64)),
        benchmark=None if benchmark is None else position[benchmark],
        low=low,
        series=dict(series or {}),
    )


def _drifted(
    rows: Sequence[tuple[int, Sequence[float]]], moves: Sequence[Sequence[float]], at: int
) -> list[float]:
    """Weights at the open of session ``at``: the last targets, drifted, of those still there."""
    before = [(t, w) for t, w in rows if t <= at]
    if not before:
        return [0.0] * len(moves)
    t0, held = before[-1][0], list(before[-1][1])
    for t in range(t0, at):
        held = [h * (1 + _zero(moves[i][t])) for i, h in enumerate(held)]
    last = [max((t for t, r in enumerate(row) if not math.isnan(r)), default=-1) for row in moves]
    held = [h if last[i] >= at else 0.0 for i, h in enumerate(held)]
    whole = sum(held)
    return [h / whole for h in held] if whole else held


def _frozen(a: np.ndarray) -> np.ndarray:
    a.setflags(write=False)
    return a


def random_view(
    seed: int = 1, securities: int = 14, sessions: int = 560, gaps: bool = True, **change: Any
) -> View:
    """A random market: late listings, a delisting, gaps, baskets, two pairs, two groups."""
    rng = np.random.default_rng(seed)
    r = 0.0004 + 0.012 * rng.standard_t(5, (securities, sessions))
    r[:, 0] = np.nan
    r[3, :120] = np.nan  # listed late
    r[4, 300:] = np.nan  # delisted
    r[4, 299] = -0.6
    if gaps:
        r[:, 1:][rng.random((securities, sessions - 1)) < 0.004] = np.nan
        r[5, 200:206] = np.nan
    names = [f"S{i:02d}" for i in range(securities)]
    total = r + np.where(rng.random(r.shape) < 0.01, 0.005, 0.0)
    alive = [[t for t in range(sessions) if not math.isnan(x[t])] for x in r]

    def targets(which: Sequence[int], step: int, start: int = 1) -> list[tuple[int, list[float]]]:
        rows = []
        for t in range(start, sessions, step):
            w = [
                rng.random() + 0.1 if i in which and alive[i][0] <= t and alive[i][-1] > t else 0.0
                for i in range(securities)
            ]
            rows.append((t, [x / sum(w) for x in w]))
        return rows

    everyone = range(securities)
    baskets = {
        "all": targets(everyone, 63),
        "few": targets([0, 1, 2], 21),
        "late": targets([3, 6, 7], 63, 64),
        "others": targets([i for i in everyone if i > 4], 63),
    }
    market = np.cumprod(1 + 0.0003 + 0.014 * rng.standard_normal(sessions)) * 1000
    return make(
        returns=dict(zip(names, r.tolist(), strict=True)),
        total=dict(zip(names, total.tolist(), strict=True)),
        targets=baskets,
        levels={"benchmark": market.tolist()},
        sessions=weekdays(sessions, "2022-10-03"),
        pairs=[("few", "all"), ("others", "benchmark")],
        groups={"parts": ["few", "late", "others"]},
        companies=[0, 0, *range(1, securities - 1)],
        benchmark="benchmark",
        **change,
    )

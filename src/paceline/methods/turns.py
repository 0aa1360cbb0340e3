"""A rotation looked at from all sides: the line, its states at several sizes, false alarms, windows and their ranks.

    log_ratio, neutral   ln(A/B), and the same without what differing betas explain
    ladder               turns and states of many lines at seven sizes, in one pass
    table                the episodes of one line: when, how far, how fast
    false_alarms         how often noise made of the pair's own returns turns
    window_evidence      the move of the last sessions against all earlier ones of the same length
    superlative          its rank among them, and when there last was one as wide
    factor_line          a stored factor-return series as a line

Lines are (T,) or (P, T), natural logs; NaN is missing. Nothing here knows baskets or figures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from paceline.arrays import Array, Dates
from paceline.errors import UsageError
from paceline.evidence import (
    MINIMUM_EFFECTIVE,
    Evidence,
    minimum_detectable,
    no_evidence,
    reason_against,
    stationary_indices,
)
from paceline.evidence.judgement import LEVEL
from paceline.methods import Calibration, Episodes, Verdict, detect, sigma, verdicts
from paceline.methods.detector import MARGIN, STEP, WINDOW, YEAR

#: Sizes of the barrier: the three that have names, and a quarter to either side of each.
NAMED = {1.0: "watch", 1.5: "episode", 2.0: "major"}
LADDER = (0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25)
#: Sessions over which a beta is estimated, and the least of them.
BETA, BETA_LEAST = 252, 126
#: Sessions of the superlative: two weeks. Sessions in a month of a monthly series.
FORTNIGHT, MONTH = 10, 21
#: Paths and years simulated for false alarms, and the mean block length of the resampled ones.
PATHS, PATH_YEARS, BLOCK = 100, 12, 21.0


def carried(line: Array) -> Array:
    """The last value up to each session; NaN before the first."""
    there = np.isfinite(line)
    last = np.maximum.accumulate(np.where(there, np.arange(line.shape[-1]), -1), axis=-1)
    return np.where(
        last >= 0,
        np.take_along_axis(np.where(there, line, np.nan), np.maximum(last, 0), axis=-1),
        np.nan,
    )


def log_ratio(lead: Array, against: Array) -> Array:
    """ln(A/B) of two levels (T,); NaN where one of them is missing or not above zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Array = np.where((lead > 0) & (against > 0), np.log(lead) - np.log(against), np.nan)
    return found


def neutral(line: Array, benchmark: Array, window: int = BETA) -> Array:
    """The line without what differing betas explain: sum over t of d_t - b_{t-1} m_t.

    d and m are the log returns of A/B and of the benchmark, b_{t-1} = cov(d, m) / var(m) over the
    ``window`` sessions up to t - 1, which is beta of A less beta of B. Causal. NaN where the line
    is, until 126 sessions with both returns are known, and where the benchmark does not move."""
    d, m = (
        np.diff(carried(x), prepend=np.nan)
        for x in (line, log_ratio(benchmark, np.ones_like(benchmark)))
    )
    both = np.isfinite(d) & np.isfinite(m)
    x, y = np.where(both, m, 0.0), np.where(both, d, 0.0)

    def summed(values: Array) -> Array:
        total = np.cumsum(values)
        total[window:] = total[window:] - total[:-window]
        return total

    n, sx, sy, sxx, sxy = (summed(v) for v in (both.astype(float), x, y, x * x, x * y))
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = sxx - sx * sx / n
        slope = np.where(
            (n >= BETA_LEAST) & (variance > 1e-12 * np.maximum(sxx, 1e-12)),
            (sxy - sx * sy / n) / variance,
            np.nan,
        )
    known = np.r_[np.nan, slope[:-1]]
    step = d - known * m
    started = np.isfinite(step)
    return np.where(started & np.isfinite(line), np.cumsum(np.where(started, step, 0.0)), np.nan)


def factor_line(values: Array, sign: int = 1) -> Array:
    """ln of the wealth of a long-short factor with simple returns (T,), or of its opposite for sign -1.

    The opposite bet earns the negative of each return. Missing returns stay missing and count as
    zero."""
    there = np.isfinite(values)
    return np.where(there, np.cumsum(np.log1p(np.where(there, sign * values, 0.0))), np.nan)


def period_of(days: Dates) -> int:
    """Sessions per observation of a series: 1 for daily, 21 for monthly ones."""
    gap = (
        float(np.median(np.diff(days).astype("timedelta64[D]").astype(np.int64)))
        if len(days) > 1
        else 1.0
    )
    if gap >= 100:
        raise UsageError(
            f"a series with an observation every {gap:.0f} days has no episodes.",
            "Give a daily or monthly series.",
        )
    return 1 if gap < 10 else MONTH


def volatility(lines: Array, step: int = STEP, period: int = 1) -> Array:
    """sigma per session of lines (P, T): 252 sessions in steps of ``step``; of monthly lines, 12 monthly returns."""
    if period == 1:
        return sigma(lines, step=step)
    return sigma(lines, window=WINDOW // period, step=1) / math.sqrt(period)


def ladder(
    lines: Array, sizes: Sequence[float] = LADDER, *, step: int = STEP, period: int = 1
) -> dict[float, Episodes]:
    """Turns and states of lines (P, T) at each size: what ``episodes.detect`` says, in one pass for all of them."""
    lines = np.atleast_2d(lines)
    count = len(lines)
    spread = volatility(lines, step, period)
    scale = np.repeat(sizes, count)[:, None]
    found = detect(
        np.tile(lines, (len(sizes), 1)),
        1.0,
        sigma_per_session=scale * np.tile(spread, (len(sizes), 1)),
    )
    parts = {}
    for k, c in enumerate(sizes):
        rows, mine = slice(k * count, (k + 1) * count), found.series // count == k
        parts[c] = replace(
            found,
            c=c,
            series=found.series[mine] - k * count,
            direction=found.direction[mine],
            extreme=found.extreme[mine],
            known=found.known[mine],
            size=found.size[mine],
            sigma=found.sigma[mine] / c,
            complete=found.complete[mine],
            state=found.state[rows],
            since=found.since[rows],
            move=found.move[rows],
            barrier=found.barrier[rows],
        )
    return parts


def verdict_of(found: Mapping[float, Episodes], line: Array, row: int, c: float) -> Verdict:
    """The verdict of the last session at size c, from a ladder that holds c and a quarter to either side of it."""
    here, below, above = found[c], found[c - MARGIN], found[c + MARGIN]
    if not np.isfinite(here.barrier[row, -1]) or here.state[row, -1] == 0:
        # with its reason
        return verdicts(line, c, sigma_per_session=here.barrier[row] / (c * math.sqrt(63)))[0]
    return Verdict(
        c,
        int(here.state[row, -1]),
        int(below.state[row, -1]),
        int(above.state[row, -1]),
        int(here.since[row, -1]),
        float(here.move[row, -1]),
        float(here.barrier[row, -1]),
        float(here.distance[row, -1]),
    )


@dataclass(frozen=True)
class Episode:
    """One episode: A took over (direction +1) or B did (-1).

    pivot, known   session of the extreme it turned from, and the session it became known on
    far            relative return of A over B from the pivot to the close it was known on
    sessions       from the pivot to that day: how fast
    went           relative return from the pivot to the furthest point, ``until``, reached before
                   the next turn became known; so far, where it is the last one (``open``)
    """

    direction: int
    pivot: int
    known: int
    far: float
    sessions: int
    went: float
    until: int
    open: bool


def table(found: Episodes, line: Array, row: int = 0) -> list[Episode]:
    """The episodes of one line in order of time; a first turn, which follows none, is not one."""
    mine = np.flatnonzero(found.series == row)
    full = carried(line)
    result = []
    for place, e in enumerate(mine.tolist()):
        if not found.complete[e]:
            continue
        last = place == len(mine) - 1
        pivot, known = int(found.extreme[e]), int(found.known[e])
        until = int(found.since[row, -1]) if last else int(found.extreme[mine[place + 1]])
        result.append(
            Episode(
                int(found.direction[e]),
                pivot,
                known,
                float(np.expm1(full[known] - full[pivot])),
                known - pivot,
                float(np.expm1(full[until] - full[pivot])),
                until,
                last,
            )
        )
    return result


def last_turn(found: Episodes, row: int) -> tuple[int, int, int] | None:
    """(direction, pivot, known) of the newest turn of a line, the first one included; None without one."""
    mine = np.flatnonzero(found.series == row)
    if not len(mine):
        return None
    e = int(mine[-1])
    return int(found.direction[e]), int(found.extreme[e]), int(found.known[e])


def false_alarms(
    returns: Sequence[Array | None],
    c: float,
    *,
    step: int = STEP,
    paths: int = PATHS,
    years: float = PATH_YEARS,
    seed: int = 0,
) -> list[Calibration]:
    """Episodes (A over B) per year that noise makes, for each of ``returns``; many pairs in one pass.

    returns       daily log returns of A/B, NaN left out: they are demeaned and resampled in blocks
                  of 21 sessions on average. None: driftless walks
    paths, years  lines simulated for each, and the length of each

    Draws are seeded for each by itself: its rate does not depend on what else is asked. A history
    that does not reach over one window gives a rate that is NaN.
    """
    rates: dict[int, Calibration] = {}
    lines, drawn = [], []
    for k, own in enumerate(returns):
        history = None if own is None else np.asarray(own, float)[np.isfinite(own)]
        if history is not None and (len(history) <= WINDOW or reason_against(history)):
            reason = "history too short to resample"
            rates[k] = Calibration(c, math.nan, math.nan, math.nan, 0, years, reason)
        else:
            lines.append(_noise(history, paths, WINDOW + round(years * YEAR), seed))
            drawn.append(k)
    if lines:
        every = np.concatenate(lines)
        found = detect(every, c, sigma_per_session=sigma(every, step=step))
        for k, each in zip(drawn, found.rate_per_year().reshape(len(drawn), paths), strict=True):
            rate, reach = float(each.mean()), 1.96 * float(each.std(ddof=1)) / math.sqrt(paths)
            method = (
                "driftless Gaussian walks"
                if returns[k] is None
                else f"stationary bootstrap of demeaned relative returns, blocks of {BLOCK:.0f}"
            )
            rates[k] = Calibration(c, rate, rate - reach, rate + reach, paths, years, method)
    return [rates[k] for k in range(len(returns))]


def _noise(history: Array | None, paths: int, n: int, seed: int) -> Array:
    """(paths, n) lines of noise: driftless walks, or made of the demeaned returns of a history."""
    rng = np.random.default_rng([seed, 0 if history is None else len(history)])
    if history is None:
        return np.cumsum(0.01 * rng.standard_normal((paths, n)), axis=1)
    centred = history - history.mean()
    m = len(centred)
    parts = [centred[stationary_indices(m, BLOCK, paths, rng)] for _ in range(-(-n // m))]
    return np.cumsum(np.concatenate(parts, axis=1)[:, :n], axis=1)


def _windows(line: Array, sessions: int) -> tuple[float, Array]:
    """(relative return of the last ``sessions``, those of all windows that end before it begins)."""
    full = carried(line)
    moves = np.expm1(full[sessions:] - full[:-sessions]) if len(full) > sessions else np.empty(0)
    seen = (
        np.isfinite(line[sessions:]) & np.isfinite(line[:-sessions])
        if len(moves)
        else np.empty(0, bool)
    )
    moves = np.where(seen, moves, np.nan)
    return (float(moves[-1]) if len(moves) else math.nan), moves[: max(len(moves) - sessions, 0)]


def window_evidence(line: Array, sessions: int) -> Evidence:
    """The relative return of the last ``sessions`` against all earlier windows of that length.

    effect = it less their mean. Earlier windows end before the last one begins. A single move has
    no sampling error of its own; what chance does is how earlier ones scatter: with D_j = |window j
    - mean|, p = (1 + number of D_j at least |effect|) / (1 + n) and the interval is effect -+ the
    95% quantile of D_j, so that it excludes zero just where p is below 5%. n windows overlap and
    are worth n / ``sessions`` independent ones; below ten there is a reason instead of numbers.
    ``minimum detectable`` is 2.80 standard deviations of a window."""
    if sessions < 1:
        return no_evidence("the window has no session yet")
    now, before = _windows(line, sessions)
    before = before[np.isfinite(before)]
    worth = len(before) / sessions
    method = "last window against all earlier ones of its length"
    if not math.isfinite(now):
        return no_evidence(
            "no value at an end of the window", n=len(before), n_effective=worth, method=method
        )
    if worth < MINIMUM_EFFECTIVE:
        return no_evidence(
            f"{worth:.1f} independent windows of {sessions} sessions, at least {MINIMUM_EFFECTIVE} "
            "needed",
            n=len(before),
            n_effective=worth,
            method=method,
        )
    if reason := reason_against(before):
        return no_evidence(reason, n=len(before), n_effective=worth, method=method)
    mean = float(before.mean())
    spread, effect = np.abs(before - mean), now - mean
    # how many may reach the effect while p stays below 5%
    inside = math.ceil(LEVEL * (1 + len(spread))) - 2
    reach = (
        float(np.sort(spread)[-1 - inside])
        if inside >= 0
        else max(float(spread.max()), abs(effect))
    )
    p = (1 + np.count_nonzero(spread >= abs(effect))) / (1 + len(spread))
    return Evidence(
        effect,
        effect - reach,
        effect + reach,
        len(before),
        worth,
        float(p),
        method=method,
        minimum_detectable=minimum_detectable(float(before.std(ddof=1))),
    )


@dataclass(frozen=True)
class Superlative:
    """How unusual the last window is.

    now    relative return over the last ``sessions``; ``rank``: share of the n earlier windows
           below it
    since  session on which there last was one as wide to the same side; -1: never in this history
    """

    sessions: int
    now: float
    rank: float
    n: int
    since: int


def superlative(line: Array, sessions: int = FORTNIGHT) -> Superlative | None:
    """Rank of the last window among all that end before it begins; None without ten independent ones."""
    now, before = _windows(line, sessions)
    known = before[np.isfinite(before)]
    if not math.isfinite(now) or len(known) < MINIMUM_EFFECTIVE * sessions:
        return None
    as_wide = np.flatnonzero(before >= now if now >= 0 else before <= now)
    return Superlative(
        sessions,
        now,
        float((known < now).mean()),
        len(known),
        int(as_wide[-1]) + sessions if len(as_wide) else -1,
    )

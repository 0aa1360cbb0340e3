"""The random part: who is listed when, and every line's daily log price return from a factor model.

    R_it = drift + beta_i M_t + S_sector(i),t + K_sub(i),t
           + s_i SMB_t + v_i HML_t + z_i,q MOM_t + sigma_i g_t e_it

M has GARCH volatility with a leverage term and Student t shocks; g_t, a power of the same
volatility, makes idiosyncratic risk cluster too; e is Student t with four degrees of freedom. z is
the line's own return of the past year without its last month, ranked at each quarter's start. Lines
are rows; the second share classes come last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from paceline.arrays import Array, Bools, Dates
from paceline.sources.simulated.companies import (
    INDUSTRIES,
    LEADERS,
    PARENT,
    SECTORS,
    SPECIAL,
    assign,
)
from paceline.sources.simulated.plan import ECHO_START, Options, echoes, planted

Ints = NDArray[np.int64]

#: Value of all large companies at the end, and its growth a year before that (log).
TOTAL, GROWTH = 5.5e13, 0.085
SPECIAL_SHARE, SPINOFF_SHARE = 0.06, 0.18  # of the price the evening before


@dataclass
class Model:
    """The market while it is made: rows are lines, columns sessions; ``x`` holds log price returns.

    ``x`` is zero on a line's first session and outside its life, and -inf on the last session of a
    worthless delisting. ``logcap`` is the log value at the close of the first session.
    """

    options: Options
    dates: Dates
    company: Ints
    sub: Ints
    first: Ints
    last: Ints
    x: Array
    logcap: Array
    floats: Array
    book: Array  # book to market
    rebalances: Ints  # third Fridays of the quarters' last months, or the session before
    # (N, quarters) log change of shares, effective the session after each rebalance
    share_steps: Array
    delisting: Array  # return of the last session where a line is delisted, else NaN
    child: int
    spinoff: int  # ex-date
    special: int  # ex-date of the special dividend
    seconds: tuple[tuple[int, int], ...]
    pays: tuple[Ints, Ints, Array] = field(
        default=(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    )
    # a session up to which nothing changes any more, and its values
    settled: tuple[int, Array] | None = None

    @property
    def sector(self) -> Ints:
        """Position of each line's sector in ``SECTORS``."""
        names = list(SECTORS)
        return np.array([names.index(i.sector) for i in INDUSTRIES])[self.sub]

    def at(self, date: object) -> int:
        """Position of the last session on or before ``date``."""
        return int(np.searchsorted(self.dates, np.datetime64(date, "D"), side="right")) - 1  # type: ignore[call-overload]

    def listed(self, t: int) -> Bools:
        """Lines whose life includes the close of session t and the session after it."""
        return (self.first <= t) & (self.last > t)

    def base(self) -> Array:
        """Log value at the first close; the child's from its parent's price the day before."""
        base = self.logcap.copy()
        base[self.child] = (
            base[PARENT] + self.x[PARENT, : self.spinoff].sum() + np.log(SPINOFF_SHARE)
        )
        return base

    @cached_property
    def _shares(self) -> Array:
        return np.concatenate(
            [np.zeros((len(self.x), 1)), np.cumsum(self.share_steps, axis=1)], axis=1
        )

    def shares_to(self, t: int) -> Array:
        """Log growth of the number of shares, splits apart, up to those in force in session t."""
        return np.asarray(self._shares[:, int((self.rebalances < t).sum())])

    def log_value(self, t: int) -> Array:
        """Log market value of every line at the close of session t."""
        if self.settled is None or t < self.settled[0]:
            return np.asarray(self.base() + self.x[:, : t + 1].sum(axis=1) + self.shares_to(t))
        s, value = self.settled
        return np.asarray(
            value + self.x[:, s + 1 : t + 1].sum(axis=1) + self.shares_to(t) - self.shares_to(s)
        )

    def log_values(self, at: Ints) -> Array:
        """``log_value`` at several ascending sessions: (N, len(at)), in one pass."""
        starts = np.concatenate([[0], at + 1])
        steps = [self.x[:, a:b].sum(axis=1) for a, b in pairwise(starts.tolist())]
        shares = self._shares[:, np.searchsorted(self.rebalances, at, side="left")]
        return np.asarray(
            self.base()[:, None] + np.cumsum(np.stack(steps, axis=1), axis=1) + shares
        )

    def settle(self, t: int | None) -> None:
        """Remember the values at the close of session t (None: forget them)."""
        self.settled = None
        if t is not None:
            self.settled = (t, self.log_value(t))

    def company_value(self, log_value: Array, listed: Bools) -> Array:
        """Value of each line's company: all its listed lines together."""
        value = np.where(listed, np.exp(log_value), 0.0)
        return np.asarray(np.bincount(self.company, value)[self.company])

    def follow(self) -> None:
        """Let second share classes follow the first, but for a mean-reverting spread."""
        rng = np.random.Generator(np.random.PCG64(self.options.seed + 1))
        for one, two in self.seconds:
            noise: Array = np.asarray(rng.standard_normal(self.x.shape[1]))
            spread = [0.0]
            for shock in noise[1:].tolist():
                spread.append(0.96 * spread[-1] + 0.0015 * shock)
            self.x[two] = self.x[one]
            self.x[two, 1:] += np.diff(spread)


def windows(o: Options, dates: Dates) -> list[tuple[int, int]]:
    """Stretches of sessions within which nothing is listed out of turn, delisted or split off."""
    spans = [(r.start, r.end) for r in planted(o)]
    if echoes(o):
        spans.append((ECHO_START.replace(month=9, day=15), o.end))
    return [
        (
            int(np.searchsorted(dates, np.datetime64(a))) - 2,
            int(np.searchsorted(dates, np.datetime64(b))) + 2,
        )
        for a, b in spans
    ]


def _child(sub: Ints) -> int:
    """The company that is split off: the first of the parent's kind that is no leader."""
    machinery = [i.sub_industry for i in INDUSTRIES].index(
        "Industrial Machinery & Supplies & Components"
    )
    return len(LEADERS) + int(np.argmax(sub[len(LEADERS) :] == machinery))


def _quiet(o: Options, dates: Dates) -> Ints:
    """Sessions on which a listing, a delisting or a spin-off may fall."""
    busy, ends = windows(o, dates), range(20, len(dates) - 20)
    return np.array([t for t in ends if not any(a <= t <= b for a, b in busy)], dtype=np.int64)


def draw(o: Options, dates: Dates) -> Model:
    """The market as drawn, before anything is planted."""
    rng = np.random.Generator(np.random.PCG64(o.seed))
    n, T = o.companies, len(dates)
    quiet = _quiet(o, dates)
    sub = assign(n)
    sectors = list(SECTORS)
    sector = np.array([sectors.index(i.sector) for i in INDUSTRIES])[sub]
    child = _child(sub)
    first, last, delisting = _lives(rng, o, T, child, quiet)
    spinoff, special = (int(quiet[int(share * len(quiet))]) for share in (0.55, 0.40))
    first[child] = spinoff

    logcap = _values(rng, o, sub, sector, first, T)
    small = np.argsort(np.argsort(-logcap)) / n  # 0 the largest, 1 the smallest
    book = np.exp(
        -1.1 + np.array([s.value for s in SECTORS.values()])[sector] + rng.normal(0.0, 0.45, n)
    )
    x = _returns(rng, sub, sector, small, np.log(book), T)
    x = np.log1p(np.clip(x, -0.6, 1.5, out=x), out=x)

    # second classes: of the leader planned so and of one small company that lives throughout
    twin = int(np.flatnonzero((small > 0.5) & (first == 0) & np.isnan(delisting))[-1])
    pairs = [next(i for i, leader in enumerate(LEADERS) if leader.second), twin]
    rows = np.concatenate([np.arange(n), pairs])
    logcap = logcap[rows]
    logcap[n:] += np.log([LEADERS[pairs[0]].second, 0.4])
    third = third_fridays(dates)
    steps = np.where(
        rng.random((n, len(third))) < 0.3, rng.normal(-0.001, 0.006, (n, len(third))), 0.0
    )
    steps *= first[:, None] < third
    steps[[PARENT, child]] = 0.0
    floats = np.where(rng.random(n) < 0.7, 1.0, rng.uniform(0.4, 0.98, n))
    floats[: len(LEADERS)] = 1.0
    m = Model(
        o,
        dates,
        rows.astype(np.int64),
        sub[rows],
        first[rows],
        last[rows],
        x[rows],
        logcap,
        floats[rows],
        book[rows],
        third,
        steps[rows],
        delisting[rows],
        child,
        spinoff,
        special,
        ((pairs[0], n), (pairs[1], n + 1)),
    )
    _end_of_life(m)
    _distributions(rng, m)
    m.follow()
    return m


def _lives(
    rng: np.random.Generator, o: Options, T: int, child: int, quiet: Ints
) -> tuple[Ints, Ints, Array]:
    """First and last session of each company, and the last one's return if it is delisted."""
    n = o.companies
    first, last = np.zeros(n, np.int64), np.full(n, T - 1, np.int64)
    delisting = np.full(n, np.nan)
    may = np.setdiff1d(np.arange(len(LEADERS), n), [child])
    rng.shuffle(may)
    count = max(2, min(int(0.012 * n * o.years), len(may) // 4))
    for i in may[:count]:
        first[i] = rng.choice(quiet)
    for k, i in enumerate(may[count : 2 * count]):
        last[i] = rng.choice(quiet[len(quiet) // 8 :])
        # six in ten are bought, three are worthless, one is dropped from the exchange
        kind = k % 10
        delisting[i] = (
            -1.0
            if kind in (1, 5, 8)
            else rng.uniform(-0.6, -0.2)
            if kind == 3
            else rng.uniform(0.1, 0.45)
        )
    return first, last, delisting


def _values(
    rng: np.random.Generator, o: Options, sub: Ints, sector: Ints, first: Ints, T: int
) -> Array:
    """Log value of each company when listed: planned for leaders, else lognormal in sectors."""
    share = o.years / 12
    total = TOTAL * np.exp(-GROWTH * o.years)
    draw = rng.normal(0.0, 1.5, len(sub))
    weight = np.exp(draw - np.maximum(0.0, draw - 3.0) * 0.5)
    weight[: len(LEADERS)] = 0.0
    plan = np.array([s.late * (s.early / s.late) ** share for s in SECTORS.values()])
    left = plan / plan.sum()
    value = np.zeros(len(sub))
    for i, leader in enumerate(LEADERS):
        value[i] = leader.late * (leader.early / leader.late) ** share
        left[sector[i]] -= value[i]
        value[i] /= 1.0 + leader.second
    of_sector = np.bincount(sector, weight)
    value += np.maximum(left, 0.2 * plan)[sector] * weight / of_sector[sector]
    late = np.where(first > 0, np.exp(GROWTH * o.years * first / T) * 0.6, 1.0)
    return np.asarray(np.log(value * total * late))


def _volatility(rng: np.random.Generator, T: int) -> tuple[Array, Array]:
    """Market returns with a GJR-GARCH(1,1) volatility and the volatility relative to its mean."""
    shocks = rng.standard_t(6, T) / np.sqrt(1.5)
    h, market, vol = 1.0, np.empty(T), np.empty(T)
    for t in range(T):
        vol[t] = h**0.5
        market[t] = vol[t] * shocks[t]
        h = min(0.022 + 0.03 * market[t] ** 2 + 0.12 * min(market[t], 0.0) ** 2 + 0.888 * h, 25.0)
    return market * (0.0098 / market.std()), vol / vol.mean()


def _returns(
    rng: np.random.Generator, sub: Ints, sector: Ints, small: Array, value: Array, T: int
) -> Array:
    """Simple price returns (companies x sessions) of the factor model."""
    n = len(sub)
    market, vol = _volatility(rng, T)
    calm = vol**0.6
    beta = (
        np.array([s.beta for s in SECTORS.values()])[sector]
        + 0.15 * (small - 0.3)
        + rng.normal(0, 0.18, n)
    )
    value = (value - value.mean()) / value.std()

    def factors(rows: int, sd: float) -> Array:
        return np.asarray(rng.standard_t(5, (rows, T)) * (sd / np.sqrt(5 / 3)) * calm)

    loadings = np.zeros((n, len(SECTORS) + len(INDUSTRIES) + 3))
    at = np.arange(n)
    loadings[at, sector] = 1.0
    loadings[at, len(SECTORS) + sub] = 1.0
    loadings[:, -3:] = np.stack([beta, 2.0 * (small - 0.35), 0.6 * value], axis=1)
    paths = np.concatenate(
        [
            factors(len(SECTORS), 0.0050),
            factors(len(INDUSTRIES), 0.0055),
            market[None] + 0.0003,
            factors(1, 0.0034),
            factors(1, 0.0034) + 0.00005,
        ]
    )
    x = rng.standard_t(4, (n, T))
    x *= ((0.0125 + 0.012 * small) / np.sqrt(2.0))[:, None]
    x *= calm
    x += loadings @ paths
    momentum = factors(1, 0.0030)[0] + 0.0001
    for q in range(252, T, 63):
        past = x[:, q - 252 : q - 21].sum(axis=1)
        rank = np.argsort(np.argsort(past)) / n - 0.5
        x[:, q : q + 63] += (2.0 * rank)[:, None] * momentum[q : q + 63]
    return x


def _end_of_life(m: Model) -> None:
    """Put the delisting return on the last session; the worthless lose most value before."""
    for i in np.flatnonzero(~np.isnan(m.delisting)):
        d, r = int(m.last[i]), m.delisting[i]
        if r < 0:
            before = min(250, d - int(m.first[i]) - 1)
            m.x[i, d - before : d] -= (1.9 if r == -1 else 0.9) / 250
        m.x[i, d] = -np.inf if r == -1 else np.log1p(r)
    t = np.arange(len(m.dates))
    m.x[(t <= m.first[:, None]) | (t > m.last[:, None])] = 0.0


def _distributions(rng: np.random.Generator, m: Model) -> None:
    """Dividends, the special one, the spin-off: the price falls by what is paid, on the ex-date."""
    n, T = m.options.companies, len(m.dates)
    rate = np.array([i.dividend for i in INDUSTRIES])[m.sub[:n]] * rng.uniform(0.8, 1.8, n)
    rate[rng.random(n) < 0.3] = 0.0
    rate[[SPECIAL, PARENT]] = 0.0
    month = m.dates.astype("datetime64[M]").astype(np.int64)
    starts = np.flatnonzero(np.diff(month, prepend=month[0] - 1))
    day, phase = rng.integers(3, 16, n), rng.integers(0, 3, n)
    when = starts[None, :] + day[:, None]
    fits = (month[starts][None, :] % 3 == phase[:, None]) & (rate > 0)[:, None] & (when < T)
    line, k = np.nonzero(fits)
    line, when = line, when[line, k]
    twins = dict(m.seconds)
    also = np.isin(line, list(twins))
    line = np.concatenate([line, np.array([twins[int(i)] for i in line[also]], np.int64)])
    when = np.concatenate([when, when[also]])
    listed = (m.first[line] < when) & (m.last[line] > when)
    line, when = line[listed], when[listed]
    rates = rate[m.company[line]] / 4
    m.pays = (line, when, rates)
    m.x[line, when] += np.log1p(-rates)
    m.x[SPECIAL, m.special] += np.log1p(-SPECIAL_SHARE)
    m.x[PARENT, m.spinoff] += np.log1p(-SPINOFF_SHARE)


def third_fridays(dates: Dates) -> Ints:
    """Positions of the third Fridays of the quarters' last months, or of the session before."""
    months = np.arange(dates[0].astype("datetime64[M]"), dates[-1].astype("datetime64[M]") + 1)
    months = months[(months.astype(np.int64) % 12 + 1) % 3 == 0]
    day = months.astype("datetime64[D]")
    friday = day + (4 - (day.astype(np.int64) + 3) % 7) % 7 + 14
    friday = friday[(friday >= dates[0]) & (friday <= dates[-1])]
    return np.asarray(np.searchsorted(dates, friday, side="right") - 1, dtype=np.int64)

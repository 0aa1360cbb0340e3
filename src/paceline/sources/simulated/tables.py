"""The finished market as the tables of ``schema``."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from paceline.arrays import Array
from paceline.sources.simulated.companies import INDUSTRIES, LEADERS, PARENT, SPECIAL, tickers
from paceline.sources.simulated.model import SPECIAL_SHARE, Model
from paceline.sources.simulated.prices import SPINOFF_RATIO, Prices, prices
from paceline.sources.simulated.universe import Composition, with_dividends

_FEE = 0.0009
#: Sessions that a line must be listed for longer before it can change its ticker.
LONG_LISTED = 60
_BASE = {"SIM500": 1000.0, "SIM2000": 1000.0, "SIMLRG": 100.0, "SIMMIC": 50.0}


def identifiers(m: Model) -> list[str]:
    """One identifier per line: its first ticker, with .A and .B where a company has two classes."""
    n = m.options.companies
    names = [leader.ticker for leader in LEADERS] + tickers(n - len(LEADERS))
    names += [f"{names[one]}.B" for one, _ in m.seconds]
    for one, _ in m.seconds:
        names[one] += ".A"
    return names


def frames(m: Model, u: Composition, source: str, calendar: str) -> dict[str, pl.DataFrame]:
    """Every table of the schema but ``series``."""
    p, ids = prices(m), identifiers(m)
    days = pl.Series("date", m.dates.astype("datetime64[D]"))
    published = {"SIM500": "large", "SIM2000": "small", "SIMLRG": "large", "SIMMIC": "micro"}
    measured = {name: with_dividends(m, u, name) for name in u.masks}
    funds = {code: _instrument(m, code, *measured[name]) for code, name in published.items()}
    tables = {
        "prices": _in_order(
            _price_rows(m, p, ids, days, source),
            {c: _fund_rows(f, c, days, source) for c, f in funds.items()},
        ),
        "actions": _actions(m, p, ids, days, funds),
        "securities": _securities(m, ids, days),
        "classes": _classes(m, ids, days),
        "members": _members(u, ids, days),
        "shares": _shares(m, p, ids, days),
        "fundamentals": _fundamentals(m, ids),
        "holdings": _holdings(m, u, ids, days),
        "sessions": pl.DataFrame(
            {"calendar": pl.repeat(calendar, len(days), eager=True), "date": days}
        ),
    }
    return {
        name: frame if "known" in frame.columns else frame.with_columns(known=_known(name))
        for name, frame in tables.items()
    }


def _known(table: str) -> pl.Expr:
    return pl.col("start" if table in ("securities", "classes", "members") else "date")


def _null(values: Array) -> pl.Series:
    return pl.Series(values).fill_nan(None)


def _price_rows(m: Model, p: Prices, ids: list[str], days: pl.Series, source: str) -> pl.DataFrame:
    rng = np.random.Generator(np.random.PCG64(m.options.seed + 3))
    t = np.arange(len(days))
    listed = (t >= m.first[:, None]) & (t <= m.last[:, None])
    line, when = np.nonzero(listed)
    line, when = line.astype(np.uint32), when.astype(np.uint32)
    close, shares, price, total = (
        matrix[listed] for matrix in (p.close, p.shares, p.price, p.total)
    )
    busy = rng.standard_normal(len(line), dtype=np.float32) * np.float32(0.35) - np.float32(5.2)
    traded = np.round(shares * np.exp(busy) * (0.6 + 30.0 * np.abs(np.nan_to_num(price))))
    # rows by security and date, as the store keeps them: the lines are drawn in another order
    number, count = np.argsort(np.array(ids)), listed.sum(axis=1)
    begin = np.concatenate([[0], np.cumsum(count)])
    order = np.repeat(
        begin[number] - np.concatenate([[0], np.cumsum(count[number])[:-1]]), count[number]
    )
    order += np.arange(len(line))
    line, when, traded = line[order], when[order], traded[order]
    close, shares, price, total = close[order], shares[order], price[order], total[order]
    worth = close > 0
    return pl.DataFrame(
        {
            "source": pl.repeat(source, len(line), eager=True),
            "security": pl.Series(ids).gather(line),
            "date": days.gather(when),
            "close": _null(np.where(worth, close, np.nan)),
            "price_return": _null(price),
            "total_return": _null(total),
            "volume": traded,
            "market_cap": _null(np.where(worth, close * shares, np.nan)),
        }
    )


def _in_order(rows: pl.DataFrame, others: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """The rows, sorted by security, with those of each other security put where they belong."""
    parts, done = [], 0
    for name in sorted(others):
        at = rows["security"].search_sorted(name)
        parts += [rows[done:at], others[name]]
        done = at
    return pl.concat([*parts, rows[done:]], rechunk=True)


@dataclass(frozen=True)
class _Fund:
    close: Array
    price: Array
    total: Array | None
    paid: list[tuple[int, float]]


def _instrument(m: Model, code: str, price: Array, cash: Array) -> _Fund:
    """A published price index, or a fund on it that pays its dividends out each quarter."""
    if code in ("SIM500", "SIM2000"):
        level = _BASE[code] * np.concatenate([[1.0], np.cumprod(1.0 + price)])
        return _Fund(level, np.concatenate([[np.nan], price]), None, [])
    total = price + cash - _FEE / 252
    paid = np.zeros_like(total)
    last = 0
    for k in m.rebalances[m.rebalances > 1] - 1:
        paid[k] = cash[last : k + 1].sum()
        last = k + 1
    growth = np.cumprod(1.0 + total - paid)
    close = _BASE[code] * np.concatenate([[1.0], growth])
    return _Fund(
        close,
        np.concatenate([[np.nan], total - paid]),
        np.concatenate([[np.nan], total]),
        [(int(k) + 1, float(paid[k] * close[k])) for k in np.flatnonzero(paid)],
    )


def _fund_rows(f: _Fund, code: str, days: pl.Series, source: str) -> pl.DataFrame:
    n = len(days)
    empty = pl.Series([None] * n, dtype=pl.Float64)
    return pl.DataFrame(
        {
            "source": [source] * n,
            "security": [code] * n,
            "date": days,
            "close": f.close,
            "price_return": _null(f.price),
            "total_return": empty if f.total is None else _null(f.total),
            "volume": empty,
            "market_cap": empty,
        }
    )


def _renames(m: Model) -> list[tuple[int, int]]:
    """(line, session from which the new ticker holds) for some lines of a name."""
    rng = np.random.Generator(np.random.PCG64(m.options.seed + 4))
    twins = {i for pair in m.seconds for i in pair} | {m.child}
    may = np.array([i for i in range(len(LEADERS), m.options.companies) if i not in twins])
    chosen = rng.permutation(may)[: max(2, int(0.004 * len(may) * m.options.years))]
    renames = []
    for i in sorted(chosen.tolist()):
        listed = int(m.last[i] - m.first[i])
        if listed > LONG_LISTED:
            renames.append((i, int(m.first[i] + rng.integers(20, listed - 20))))
    return renames


def _actions(
    m: Model, p: Prices, ids: list[str], days: pl.Series, funds: dict[str, _Fund]
) -> pl.DataFrame:
    line, when, rate = m.pays
    rows: list[tuple[str, int, str, float | None, float | None, str | None]] = []
    rows += [(ids[i], t, "split", ratio, None, None) for i, t, ratio in p.splits]
    ratios = {(i, t): ratio for i, t, ratio in p.splits}

    def amount(i: int, t: int, share: float) -> float:
        return float(p.close[i, t - 1] / ratios.get((i, t), 1.0) * share)

    rows += [
        (ids[i], t, "dividend", None, amount(i, t, y), None)
        for i, t, y in zip(line.tolist(), when.tolist(), rate.tolist(), strict=True)
    ]
    rows.append(
        (
            ids[SPECIAL],
            m.special,
            "special_dividend",
            None,
            amount(SPECIAL, m.special, SPECIAL_SHARE),
            None,
        )
    )
    rows.append((ids[PARENT], m.spinoff, "spinoff", SPINOFF_RATIO, None, ids[m.child]))
    rows += [
        (ids[i], int(m.last[i]), "delisting", None, float(p.price[i, m.last[i]]), None)
        for i in np.flatnonzero(~np.isnan(m.delisting)).tolist()
    ]
    rows += [(ids[i], t, "rename", None, None, _new_ticker(ids[i])) for i, t in _renames(m)]
    rows += [
        (code, t, "dividend", None, cash, None) for code, f in funds.items() for t, cash in f.paid
    ]
    names = ("security", "at", "kind", "ratio", "amount", "other")
    types = (pl.String, pl.UInt32, pl.String, pl.Float64, pl.Float64, pl.String)
    frame = pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)), orient="row").sort(
        "security", "at", "kind"
    )
    return frame.with_columns(date=days.gather(frame["at"])).drop("at")


def _new_ticker(old: str) -> str:
    return old[3:] + old[:3]


def _securities(m: Model, ids: list[str], days: pl.Series) -> pl.DataFrame:
    rng = np.random.Generator(np.random.PCG64(m.options.seed + 5))
    dates: list[dt.date] = days.to_list()
    renamed = dict(_renames(m))
    n = m.options.companies
    of = rng.choice(["US"] * 24 + ["CA", "IE"], n)
    where = rng.choice(["XNYS", "XNAS"], n)
    rows = []
    for i, security in enumerate(ids):
        c, bare = int(m.company[i]), security.split(".")[0]
        word = INDUSTRIES[m.sub[i]].word
        name = LEADERS[c].name if c < len(LEADERS) else f"{bare.capitalize()} {word}"
        suffix = f" Class {security[-1]}" if "." in security else ""
        listed = dates[m.first[i]]
        delisted = dates[m.last[i]] if m.last[i] < len(dates) - 1 else None
        company = ids[c].split(".")[0]
        country = "US" if c < len(LEADERS) else str(of[c])
        common = (f"{name}{suffix}", "common", company, str(where[c]), country, listed, delisted)
        turn = renamed.get(i)
        end = dates[turn] if turn is not None else None
        rows.append((security, security, *common, listed, end))
        if turn is not None:
            rows.append((security, _new_ticker(security), *common, end, None))
    for code, name, kind in (
        ("SIM500", "SIM 500 large-company index", "index"),
        ("SIM2000", "SIM 2000 small-company index", "index"),
        ("SIMLRG", "Simulated Large Company Fund", "etf"),
        ("SIMMIC", "Simulated Micro Company Fund", "etf"),
    ):
        rows.append((code, code, name, kind, code, "ARCX", "US", dates[0], None, dates[0], None))
    return pl.DataFrame(
        rows,
        orient="row",
        schema={
            "security": pl.String,
            "ticker": pl.String,
            "name": pl.String,
            "kind": pl.String,
            "company": pl.String,
            "exchange": pl.String,
            "country": pl.String,
            "listed": pl.Date,
            "delisted": pl.Date,
            "start": pl.Date,
            "end": pl.Date,
        },
    )


def _classes(m: Model, ids: list[str], days: pl.Series) -> pl.DataFrame:
    kinds = [INDUSTRIES[i] for i in m.sub]
    return pl.DataFrame(
        {
            "scheme": ["gics"] * len(ids),
            "security": ids,
            "sector": [k.sector for k in kinds],
            "industry": [k.industry for k in kinds],
            "sub_industry": [k.sub_industry for k in kinds],
            "start": days.gather(m.first.astype(np.uint32)),
            "end": pl.Series([None] * len(ids), dtype=pl.Date),
        }
    )


def _members(u: Composition, ids: list[str], days: pl.Series) -> pl.DataFrame:
    """Spells in the published universes, each from the session after a composition is set."""
    spells = []
    for name in ("large", "small"):
        mask = u.masks[name]
        step = np.diff(
            np.concatenate([np.zeros((1, mask.shape[1]), bool), mask]).astype(np.int8), axis=0
        )
        line, begin = np.nonzero((step > 0).T)
        finish = np.full(len(line), len(u.cuts))
        leaver, left = np.nonzero((step < 0).T)
        # both are sorted by line, then by time: the spell ends at the first departure after its
        # beginning
        size = len(u.cuts) + 1
        leaver, left = np.append(leaver, -1), np.append(left, 0)  # -1 is no line: "never"
        after = np.searchsorted(leaver[:-1] * size + left[:-1], line * size + begin)
        ended = leaver[after] == line
        finish[ended] = left[after[ended]]
        start = np.where(begin == 0, 0, u.cuts[begin] + 1)
        stop = u.cuts[np.minimum(finish, len(u.cuts) - 1)] + 1
        spells.append(
            pl.DataFrame(
                {
                    "universe": [name] * len(line),
                    "security": pl.Series(ids).gather(line.astype(np.uint32)),
                    "start": days.gather(start.astype(np.uint32)),
                    "end": days.gather(stop.astype(np.uint32)),
                }
            ).with_columns(end=pl.when(pl.Series(finish < len(u.cuts))).then(pl.col("end")))
        )
    return pl.concat(spells)


def _shares(m: Model, p: Prices, ids: list[str], days: pl.Series) -> pl.DataFrame:
    """A row when a line is listed and whenever its number of shares changes."""
    t = np.arange(1, len(days))
    moved = np.zeros(p.shares.shape, bool)
    moved[:, 1:] = np.abs(p.shares[:, 1:] / p.shares[:, :-1] - 1.0) > 1e-12
    moved[:, 1:] &= (t > m.first[:, None]) & (t <= m.last[:, None])
    moved[np.arange(len(ids)), m.first] = True
    line, when = np.nonzero(moved)
    return pl.DataFrame(
        {
            "security": pl.Series(ids).gather(line.astype(np.uint32)),
            "date": days.gather(when.astype(np.uint32)),
            "shares": p.shares[moved],
            "float_factor": m.floats[line],
        }
    )


def _fundamentals(m: Model, ids: list[str]) -> pl.DataFrame:
    """Quarterly items per line, known on filing; each class reports its part of the company.

    Book equity follows the smoothed value of the line over three years times its own book-to-market
    ratio; sales, assets and earnings hang on book equity, earnings may be negative.
    """
    rng = np.random.Generator(np.random.PCG64(m.options.seed + 6))
    months = np.arange(m.dates[0].astype("datetime64[M]"), m.dates[-1].astype("datetime64[M]") + 1)
    ends = (months[(months.astype(np.int64) % 3) == 2] + 1).astype("datetime64[D]") - 1
    at = np.searchsorted(m.dates, ends, side="right") - 1
    n, q = len(ids), len(ends)
    value = np.maximum(m.log_values(at), 0.0)  # the worthless have none
    listed = (m.first[:, None] <= at) & (m.last[:, None] > at)
    smooth = value.copy()
    for k in range(1, q):
        before = np.where(listed[:, k - 1], smooth[:, k - 1], value[:, k])
        smooth[:, k] = np.where(listed[:, k], before + 0.15 * (value[:, k] - before), 0.0)
    book = np.exp(np.where(listed, smooth, 0.0)) * m.book[:, None]
    kinds = rng.normal(0.035, 0.02, (n, 1)) + rng.normal(0.0, 0.008, (n, q))
    parts = {
        "book_equity": book,
        "earnings": book * kinds,
        "sales": book * np.exp(rng.normal(-1.0, 0.5, (n, 1)) + rng.normal(0.0, 0.05, (n, q))),
        "assets": book * np.exp(np.abs(rng.normal(0.7, 0.4, (n, 1)))) * np.ones((1, q)),
    }
    delay = rng.integers(30, 76, (n, q))
    line, at = np.nonzero(listed & (ends + delay <= m.dates[-1]))
    items = [
        pl.DataFrame(
            {
                "security": pl.Series(ids).gather(line.astype(np.uint32)),
                "item": pl.repeat(item, len(line), eager=True),
                "period_end": pl.Series(ends[at]),
                "value": part[line, at],
                "known": pl.Series(ends[at] + delay[line, at]),
            }
        )
        for item, part in parts.items()
    ]
    return pl.concat(items)


def _holdings(m: Model, u: Composition, ids: list[str], days: pl.Series) -> pl.DataFrame:
    """What the fund on the large index holds at each rebalance's close, and at the end."""
    holdings = []
    mask, T = u.masks["large"], len(days)
    times = np.unique(np.append(m.rebalances, T - 1))
    values = m.log_values(times)
    for j, k in enumerate(times.tolist()):
        held = np.flatnonzero(mask[int(np.searchsorted(u.cuts, k, side="right")) - 1])
        value = np.exp(values[:, j] + np.log(m.floats))[held]
        holdings.append(
            pl.DataFrame(
                {
                    "fund": ["SIMLRG"] * len(held),
                    "security": [ids[i] for i in held.tolist()],
                    "date": [days[int(k)]] * len(held),
                    "weight": value / value.sum(),
                }
            )
        )
    return pl.concat(holdings)

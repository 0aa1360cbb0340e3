"""What a stock is sorted by at the end of a month, from what was known then."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from paceline import threads
from paceline.arrays import Array, Bools
from paceline.errors import UnknownName
from paceline.signals.members import SUSPENDED, living
from paceline.signals.view import View

#: Sessions of the volatility and of the beta, and how many of them need a return.
RISK, ENOUGH = 252, 200
#: Characteristic -> the side bought, in words. A high score is bought.
FACTORS = {
    "size": "small",
    "value": "high book to market",
    "momentum": "winners of months -12 to -2",
    "reversal_short": "losers of the last month",
    "reversal_long": "losers of months -60 to -13",
    "quality": "high earnings to book",
    "low_volatility": "low volatility",
    "ytd_winners": "winners of the year so far",
    "ytd_laggards": "laggards of the year so far",
}
NEEDS = (
    "price_return",
    "total_return",
    "price_index",
    "total_index",
    "market_cap",
    "fundamental:book_equity",
    "fundamental:earnings",
)


class Stocks:
    """The members of one basket, over all of its spans: returns and what was known, with weights per month-end.

    rows        (n,) position of each stock among the view's securities
    returns     (n, T) on the basis asked for; NaN where missing
    move        (n, T) the return by which weights drift: price, else total return; missing is zero
    alive       (n, T) not gone
    daily       (n, T) total return, else price return; NaN where missing
    index       (n, T) growth by ``daily``; NaN when not alive
    """

    def __init__(self, view: View, row: int, basis: str) -> None:
        self.view, self.row = view, row
        held = np.zeros(len(view.securities), bool)
        for span in view.spans:
            held |= span.weights[row] > 0
        self.rows: NDArray[np.int64] = np.flatnonzero(held)
        total, price = self._own("total_return"), self._own("price_return")
        indices = (self._own("price_index"), self._own("total_index"))
        self.returns: Array = total if basis == "total" else price
        self.daily, self.move, self.index = (np.empty(total.shape) for _ in range(3))
        self.alive: Bools = np.empty(total.shape, bool)

        def fill(rows: slice) -> None:
            t, p = total[rows], price[rows]
            with_income, without = np.isfinite(t), np.isfinite(p)
            self.daily[rows] = np.where(with_income, t, p)
            self.move[rows] = np.where(without, p, np.where(with_income, t, 0.0))
            self.alive[rows] = living(*(i[rows] for i in indices))
            own = self.index[rows]
            np.cumprod(1 + np.where(with_income | without, self.daily[rows], 0.0), axis=1, out=own)
            own[~(np.isfinite(indices[0][rows]) | np.isfinite(indices[1][rows]))] = np.nan

        threads.by_rows(fill, total.shape)
        self.level: Array = view.all_levels[basis][row]
        self._known: dict[str, Array] = {}

    def prepare(self) -> None:
        """Make all that ``scores`` looks up, once: months are then scored side by side."""
        for name in ("market_cap", "fundamental:book_equity", "fundamental:earnings"):
            self.known(name)

    def _own(self, name: str) -> Array:
        """(n, T) a field of the view; no copy where the basket holds everybody."""
        found = self.view.field(name)
        return found if len(self.rows) == len(found) else found[self.rows]

    def known(self, name: str) -> Array:
        """(n, T) a field; all missing where the view does not have it."""
        if name not in self._known:
            here = name in self.view.fields
            self._known[name] = (
                self._own(name) if here else np.broadcast_to(np.nan, self.index.shape)
            )
        return self._known[name]

    def cap(self, t: int) -> Array:
        """(n,) market cap at the close of session t, or the last one of the ten sessions before; NaN without."""
        recent = self.known("market_cap")[:, max(t - SUSPENDED, 0) : t + 1]
        here = recent > 0
        last = recent.shape[1] - 1 - here[:, ::-1].argmax(axis=1)
        return np.where(here.any(axis=1), recent[np.arange(len(recent)), last], np.nan)

    def weights(self, t: int) -> Array:
        """(n,) the basket's own weights at the close of session t, drift included; zeros before its first span."""
        for span in self.view.spans:
            if span.start <= t < span.stop:
                w = span.weights[self.row][self.rows] * np.prod(
                    1 + self.move[:, span.start : t + 1], axis=1
                )
                w = np.where(self.alive[:, t], w, 0.0)
                return np.asarray(w / w.sum() if w.sum() > 0 else w, float)
        return np.zeros(len(self.rows))


def chosen(view: View, baskets: Sequence[str] | str | None) -> list[int]:
    """Rows of the baskets named, or else the first that has members."""
    if baskets is not None:
        return [row_of(view, b) for b in ([baskets] if isinstance(baskets, str) else baskets)]
    return [
        row for row in range(len(view.subjects)) if any(s.weights[row].any() for s in view.spans)
    ][:1]


def row_of(view: View, basket: str) -> int:
    """Row of one basket; ``UnknownName`` lists the others."""
    if basket not in view.subjects:
        raise UnknownName("basket with members", basket, view.subjects)
    return view.subjects.index(basket)


def month_ends(view: View) -> NDArray[np.int64]:
    """Sessions that are the last of their month; the last session of all is not one until the next is there."""
    month = view.sessions.astype("datetime64[M]")
    return np.flatnonzero(month[1:] != month[:-1])


def scores(stocks: Stocks, ends: NDArray[np.int64], k: int) -> dict[str, Array]:
    """(n,) score of each stock by characteristic at the month-end ``ends[k]``; NaN where not known.

    size            -ln(market cap), the last one of ten sessions
    value           book equity / market cap, book equity above zero
    momentum        growth from the close of month k - 12 to that of month k - 1: prior returns 2 to
                    12
    reversal_short  -(growth of month k): prior return 1
    reversal_long   -(growth from the close of month k - 60 to that of month k - 12): prior returns
                    13 to 60
    quality         earnings / book equity, as filed, book equity above zero
    low_volatility  -sd of the last 252 daily returns, of which 200 must be there
    ytd_winners     growth since the last close of the year before; ytd_laggards = -ytd_winners
    """
    t = int(ends[k])
    cap = stocks.cap(t)
    book = stocks.known("fundamental:book_equity")[:, t]
    with np.errstate(divide="ignore", invalid="ignore"):
        book = np.where(book > 0, book, np.nan)
        year = stocks.view.sessions.astype("datetime64[Y]")
        before = np.flatnonzero(year[: t + 1] < year[t])
        year_to_date = _growth(stocks, int(before[-1]) if len(before) else -1, t)
        found = {
            "size": -np.log(cap),
            "value": book / cap,
            "momentum": _growth(stocks, _end(ends, k - 12), _end(ends, k - 1)),
            "reversal_short": -_growth(stocks, _end(ends, k - 1), t),
            "reversal_long": -_growth(stocks, _end(ends, k - 60), _end(ends, k - 12)),
            "quality": stocks.known("fundamental:earnings")[:, t] / book,
            "low_volatility": -_deviation(stocks, t),
            "ytd_winners": year_to_date,
            "ytd_laggards": -year_to_date,
        }
    return found


def _end(ends: NDArray[np.int64], k: int) -> int:
    return int(ends[k]) if k >= 0 else -1


def _growth(stocks: Stocks, start: int, end: int) -> Array:
    """Return of each stock from one close to another; NaN before the data begin."""
    if start < 0 or end < 0:
        return np.full(len(stocks.rows), np.nan)
    return np.asarray(stocks.index[:, end] / stocks.index[:, start] - 1, float)


def _deviation(stocks: Stocks, t: int) -> Array:
    """(n,) sd (ddof 1) of the last ``RISK`` daily returns; NaN where fewer than ``ENOUGH`` are known."""
    start = max(t + 1 - RISK, 0)
    z = stocks.daily[:, start : t + 1]
    seen = np.isfinite(z)
    n = seen.sum(axis=1)
    z = np.where(seen, z, 0.0)
    # the mean of a day is small beside its deviation, so the plain sum of squares loses nothing
    # that matters
    squares = np.einsum("ij,ij->i", z, z) - (z @ np.ones(z.shape[1])) ** 2 / np.maximum(n, 1)
    return np.where(n >= ENOUGH, np.sqrt(np.maximum(squares, 0.0) / np.maximum(n - 1, 1)), np.nan)


def betas(stocks: Stocks, t: int) -> Array:
    """(n,) slope of each stock's daily returns on the basket's own over the last 252 sessions, 200 of them there."""
    start = max(t + 1 - RISK, 1)
    r = stocks.daily[:, start : t + 1]
    market = stocks.level[start : t + 1] / stocks.level[start - 1 : t] - 1
    both: Bools = np.isfinite(r) & np.isfinite(market)
    n = both.sum(axis=1)
    x = np.where(both, market, 0.0)
    x = np.where(both, x - (x.sum(axis=1) / np.maximum(n, 1))[:, None], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.sum(x * np.where(both, r, 0.0), axis=1) / np.sum(x**2, axis=1)
    return np.where((n >= ENOUGH) & np.isfinite(slope), slope, np.nan)

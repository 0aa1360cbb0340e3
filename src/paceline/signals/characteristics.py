"""What a stock is sorted by at the end of a month, from what was known then."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paceline import threads
from paceline.arrays import PATIENCE, SESSIONS_PER_YEAR, Array, Bools, Ints
from paceline.errors import UnknownName
from paceline.signals import statistics
from paceline.signals.members import listed
from paceline.signals.returns import return_between, session_returns
from paceline.signals.sessions import last_close_of_year, year_of
from paceline.signals.view import View

#: Of the returns of the last year, how many volatility and beta need.
ENOUGH = 200
#: Months of the formation of momentum: from the close of month k - 12 to that of month k - 1.
YEAR_AGO, MONTH_AGO = 12, 1
#: Months before which the formation of long-term reversal begins; it ends a year ago.
FIVE_YEARS_AGO = 60
#: Characteristic -> the side bought, in words. A high score is bought.
FACTORS = {
    "size": "small",
    "value": "high book to market",
    "momentum": "winners of months -12 to -2",
    "short_term_reversal": "losers of the last month",
    "long_term_reversal": "losers of months -60 to -13",
    "quality": "high earnings to book",
    "low_volatility": "low volatility",
    "ytd_winners": "winners of the year so far",
    "ytd_laggards": "laggards of the year so far",
}
FUNDAMENTALS = ("fundamental:book_equity", "fundamental:earnings")
NEEDS = ("price_return", "total_return", "price_index", "total_index", "market_cap", *FUNDAMENTALS)


class Stocks:
    """The members of one basket over all of its spans: returns, and what was known of them.

    rows     (n,) position of each stock among the view's securities
    returns  (n, T) on the basis asked for; NaN where missing
    move     (n, T) the return by which weights drift: price, else total return; missing is zero
    listed   (n, T) not delisted
    daily    (n, T) total return, else price return; NaN where missing
    index    (n, T) growth by ``daily``; NaN when not listed
    level    (T,) level of the basket on the basis asked for
    """

    def __init__(self, view: View, row: int, basis: str) -> None:
        """The stocks of the basket in row ``row`` of the view."""
        self.view, self.row = view, row
        held = np.zeros(len(view.securities), bool)
        for span in view.spans:
            held |= span.weights[row] > 0
        self.rows: Ints = np.flatnonzero(held)
        total, price = self._own("total_return"), self._own("price_return")
        indices = (self._own("price_index"), self._own("total_index"))
        self.returns: Array = total if basis == "total" else price
        self.daily, self.move, self.index = (np.empty(total.shape) for _ in range(3))
        self.listed: Bools = np.empty(total.shape, bool)

        def fill(rows: slice) -> None:
            t, p = total[rows], price[rows]
            with_income, without = np.isfinite(t), np.isfinite(p)
            self.daily[rows] = np.where(with_income, t, p)
            self.move[rows] = np.where(without, p, np.where(with_income, t, 0.0))
            self.listed[rows] = listed(*(i[rows] for i in indices))
            own = self.index[rows]
            np.cumprod(1 + np.where(with_income | without, self.daily[rows], 0.0), axis=1, out=own)
            own[~(np.isfinite(indices[0][rows]) | np.isfinite(indices[1][rows]))] = np.nan

        threads.by_rows(fill, total.shape)
        self.level: Array = view.all_levels[basis][row]
        self._fields: dict[str, Array] = {}

    def prepare(self) -> None:
        """Make all that ``scores`` looks up, once: months are then scored side by side."""
        for name in ("market_cap", *FUNDAMENTALS):
            self.field(name)

    def _own(self, name: str) -> Array:
        """(n, T) a field of the view; no copy where the basket holds everybody."""
        whole = self.view.field(name)
        return whole if len(self.rows) == len(whole) else whole[self.rows]

    def field(self, name: str) -> Array:
        """(n, T) a field; all missing where the view does not have it."""
        if name not in self._fields:
            self._fields[name] = (
                self._own(name)
                if name in self.view.fields
                else np.broadcast_to(np.nan, self.index.shape)
            )
        return self._fields[name]

    def cap(self, t: int) -> Array:
        """(n,) market cap at the close of session t, at most ten sessions old; NaN without one."""
        recent = self.field("market_cap")[:, max(t - PATIENCE, 0) : t + 1]
        valid = recent > 0
        last = recent.shape[1] - 1 - valid[:, ::-1].argmax(axis=1)
        return np.where(valid.any(axis=1), recent[np.arange(len(recent)), last], np.nan)

    def weights(self, t: int) -> Array:
        """(n,) the basket's drifted weights at the close of session t; 0 before its first span."""
        for span in self.view.spans:
            if span.start <= t < span.stop:
                growth = np.prod(1 + self.move[:, span.start : t + 1], axis=1)
                w = span.weights[self.row][self.rows] * growth
                w = np.where(self.listed[:, t], w, 0.0)
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


def scores(stocks: Stocks, ends: Ints, k: int) -> dict[str, Array]:
    """(n,) score of each stock by characteristic at the month end ``ends[k]``; NaN where not known.

    size                 -ln(market cap), the last one of ten sessions
    value                book equity / market cap, book equity above zero
    momentum             growth from the close of month k - 12 to that of month k - 1:
                         prior returns 2 to 12
    short_term_reversal  -(growth of month k): prior return 1
    long_term_reversal   -(growth from the close of month k - 60 to that of month k - 12):
                         prior returns 13 to 60
    quality              earnings / book equity, as filed, book equity above zero
    low_volatility       -sd of the last 252 daily returns, of which 200 must be there
    ytd_winners          growth since the last close of the year before
    ytd_laggards         -ytd_winners
    """
    t = int(ends[k])
    cap = stocks.cap(t)
    book = stocks.field("fundamental:book_equity")[:, t]
    sessions = stocks.view.sessions
    year_to_date = return_between(
        stocks.index, last_close_of_year(sessions, year_of(sessions, t) - 1), t
    )

    def months(start: int, end: int) -> Array:
        """Growth from the close of one month to that of another, counted back from k."""
        closes = (int(ends[k - m]) if k >= m else -1 for m in (start, end))
        return return_between(stocks.index, *closes)

    with np.errstate(divide="ignore", invalid="ignore"):
        book = np.where(book > 0, book, np.nan)
        return {
            "size": -np.log(cap),
            "value": book / cap,
            "momentum": months(YEAR_AGO, MONTH_AGO),
            "short_term_reversal": -months(MONTH_AGO, 0),
            "long_term_reversal": -months(FIVE_YEARS_AGO, YEAR_AGO),
            "quality": stocks.field("fundamental:earnings")[:, t] / book,
            "low_volatility": -_volatility(stocks, t),
            "ytd_winners": year_to_date,
            "ytd_laggards": -year_to_date,
        }


def _volatility(stocks: Stocks, t: int) -> Array:
    """(n,) sd (ddof 1) of the last 252 daily returns; NaN where fewer than ``ENOUGH`` are known."""
    r = stocks.daily[:, max(t + 1 - SESSIONS_PER_YEAR, 0) : t + 1]
    n = np.isfinite(r).sum(axis=1)
    return np.where(n >= ENOUGH, statistics.standard_deviation(r), np.nan)


def betas(stocks: Stocks, t: int) -> Array:
    """(n,) beta of each stock's daily returns on the basket's own over the last 252 sessions.

    NaN where fewer than 200 of them have both returns.
    """
    start = max(t + 1 - SESSIONS_PER_YEAR, 1)
    market = session_returns(stocks.level[None, start - 1 : t + 1])[:, 1:]
    return np.asarray(statistics.betas(market, stocks.daily[:, start : t + 1], ENOUGH)[0], float)

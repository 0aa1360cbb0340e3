"""How a book moves with the market and with every theme, asked in two ways.

*By holdings*: each holding's own beta, times its weight, summed. *By returns*: one regression of
the book's own past. Both use the same columns: the benchmark's return alone for the market; the
benchmark's return and the change of ln(A/B) for a theme, so that a theme's beta is what is left
after the market.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from paceline.arrays import COVERAGE, Array, Bools, Dates
from paceline.errors import NotEnoughData, UsageError
from paceline.methods import book as methods
from paceline.methods.book import HacFit
from paceline.methods.unusual import last_turns
from paceline.signals.returns import session_returns
from paceline.studies import theme_lines
from paceline.studies.exposure.positions import Positions
from paceline.studies.rotations import C
from paceline.studies.theme_lines import Line

if TYPE_CHECKING:
    from paceline.market import Market

Past = Literal["shares", "weights"]
#: Sessions that betas look back over, unless told otherwise.
WINDOW = 252


@dataclass(frozen=True)
class BookDriver:
    """What a book may move with: the market, or the line of a theme.

    changes  (T,) return of the benchmark, or change of ln(A/B), on the days of the book
    line     of a theme; None for the market
    back     ln(A/B) at the last pivot less today's; NaN for the market and without a turn
    pivot    the day of that pivot, "" without
    """

    name: str
    label: str
    lead: str
    against: str
    changes: Array = field(repr=False)
    line: Line | None = field(default=None, repr=False)
    back: float = float("nan")
    pivot: str = ""


class BookBeta(NamedTuple):
    """A book's beta to one driver.

    holdings   sum of the holdings' betas; ``share`` of sum |w| that has one, scaled up to the whole
    returns    regression of the book's own returns
    benchmark  the same of the benchmark's basket
    at         column of the beta in all three
    first      first session of the window
    """

    driver: BookDriver
    holdings: HacFit
    returns: HacFit
    benchmark: HacFit
    share: float
    at: int
    first: str


def drivers(market: Market, days: Dates) -> tuple[list[BookDriver], list[str]]:
    """The market and every theme with a line, and the themes that have none, with the reason.

    Whatever else a book is to be asked about (a macro series, a change of policy) is one more
    ``BookDriver`` here: betas, figures and pages follow by themselves.
    """
    wide = theme_lines.widened(market)
    have = wide.all_levels
    row = have.native[have.names.index(market.benchmark)]
    own = _on(days, have.sessions, session_returns(row[None])[0])
    label = market.moment.called(market.benchmark)
    found = [BookDriver("market", f"The market ({label})", label, "", own)]
    without = []
    for name, theme in theme_lines.declared(wide).items():
        called = theme.label or name.replace("_", " ").capitalize()
        lines = list(theme_lines.lines_of(wide, theme)) if theme.among is None else []
        line = next((one for one in lines if not one.reason), None)
        if line is None:
            why = lines[0].reason if lines else "a spread among many has no direction"
            without.append(f"{called}: {why}")
            continue
        sides = theme.sides or (line.lead, line.against)
        changes = np.diff(_on(days, line.days, line.line), prepend=np.nan)
        turns = theme_lines.turns_of([line], C)[0]
        pivot = int(last_turns(turns)[0][0])
        back = float(line.line[pivot] - line.line[-1]) if pivot >= 0 else float("nan")
        when = str(line.days[pivot]) if pivot >= 0 else ""
        found.append(BookDriver(name, called, *sides, changes, line, back, when))
    return found, without


def _on(days: Dates, own: Dates, values: Array) -> Array:
    """Values of some days on others; NaN where there are none."""
    at = np.minimum(np.searchsorted(own, days), len(own) - 1)
    return np.where(own[at] == days, values[at], np.nan)


def book_line(book: Positions, past: Past) -> Array:
    """The book's own returns (T,): by its history where it has one, else as ``past`` says.

    past  "shares": today's shares held all along; "weights": today's weights on every session
    """
    if book.path is None and past == "weights":
        return methods.book_returns(book.weights, book.returns)[0]
    path = book.path if book.path is not None else methods.held_back(book.weights, book.returns)
    there = np.isfinite(path).all(axis=0)
    returns = methods.book_returns(np.nan_to_num(path), book.returns)[0]
    return np.where(there, returns, np.nan)


def betas(
    market: Market,
    book: Positions,
    against: str,
    asked: Sequence[BookDriver],
    window: int,
    past: Past = "shares",
) -> list[BookBeta]:
    """The book's beta to each driver over the last ``window`` sessions.

    Raises ``UsageError`` for a window that is too short, ``NotEnoughData`` where the market has no
    such history.
    """
    if window < methods.FEWEST:
        raise UsageError(
            f"window: {window} sessions are too few for a beta.", f"Give at least {methods.FEWEST}."
        )
    days = book.days[-window:]
    if len(days) < methods.FEWEST:
        raise NotEnoughData(
            f"{len(days)} sessions up to {market.as_of}, and betas need {methods.FEWEST}.",
            "Ask for a later day.",
        )
    have = market.all_levels
    level = have.native[have.names.index(against)]
    benchmark = _on(book.days, have.sessions, session_returns(level[None])[0])[-window:]
    own, returns = book_line(book, past)[-window:], book.returns[:, -window:]
    whole = asked[0].changes[-window:]
    found = []
    for driver in asked:
        columns = [np.ones(len(days)), whole]
        if driver.line is not None:
            columns.append(driver.changes[-window:])
        x = np.column_stack(columns)
        each = methods.betas(returns, x)
        covered: Bools = np.asarray(np.isfinite(each.beta).all(axis=1))
        weights, share = methods.scaled(book.weights, covered)
        held = methods.weighed(each, weights if share >= COVERAGE else np.zeros(len(weights)))
        fits = (held, methods.fitted(own, x), methods.fitted(benchmark, x))
        found.append(BookBeta(driver, *fits, share, x.shape[1] - 1, str(days[0])))
    return found

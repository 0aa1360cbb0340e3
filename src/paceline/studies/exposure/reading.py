"""A book as it was handed in: a file, a frame or a dictionary, to lines that are told apart.

A line is a holding, cash, or a note beneath the table. What cannot be read is one error that names
the row; nothing is guessed.
"""

from __future__ import annotations

import hashlib
import io
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from paceline import arguments, doors
from paceline.errors import SourceError, UsageError
from paceline.sources.files import frames, handed

Kind = Literal["weight", "value", "shares"]
#: Names, letters only, by which the columns of a book are known.
NAMES: dict[str, frozenset[str]] = {
    "weight": frozenset(
        "weight weights wt weighting weightpct pctweight weightpercent percentweight "
        "portfolioweight percentofportfolio percentofnetassets percentoffund pctofnetassets".split()
    ),
    "value": frozenset("value marketvalue mktvalue marketvalueusd".split()),
    "shares": frozenset("shares quantity qty units sharesheld sharequantity".split()),
    "price": frozenset("price lastprice closeprice close unitprice".split()),
    "fund": frozenset("fund book portfolio account".split()),
    "date": frozenset(
        "date asof asofdate inferredasof holdingdate holdingsdate effectivedate".split()
    ),
    "name": frozenset("name description securityname holding holdingname company issuer".split()),
}
UNITS = ("auto", "fraction", "percent")
#: A word in the place of a ticker, or of the name of what has none, that means money.
CASH = re.compile(r"^\$?(?:CASH|USD|US DOLLARS?|DOLLARS?)(?:[ _&-].*)?$", re.IGNORECASE)
#: Words in the name of money. CASH and USD are tickers as well, of a bank and of a fund: a row
#: whose name has none of these is theirs.
MONEY = re.compile(r"cash|dollar|money|\busd\b|currenc|collateral|deposit", re.IGNORECASE)
#: Text longer than this in the place of a ticker, with no number beside it, is a note.
LONGEST_TICKER = 24
#: What holdings may be.
TAKES = "Give a file, a frame with columns such as ticker and weight, or {ticker: weight}."
#: How far the weights of a whole book may be from one in sum.
SLACK = 0.05
#: A difference from one that is told.
TOLD = 0.0005
#: A price of a share that is this far from the market's close is told: another day's, another
#: currency's, or wrong.
APART = 0.1


@dataclass(frozen=True)
class BookLine:
    """One line of a book: ``number`` is its weight, value or shares, by the book's kind."""

    row: int
    ticker: str
    name: str
    number: float
    price: float | None = None

    @property
    def cash(self) -> bool:
        """Whether it is money."""
        if not CASH.match(self.ticker or self.name):
            return False
        return not (self.ticker and self.name) or bool(MONEY.search(self.name))

    @property
    def called(self) -> str:
        """What it is called where it is listed: its ticker, else its name, else its row."""
        return self.ticker or self.name or f"row {self.row}"


@dataclass(frozen=True)
class Handed:
    """A table of books as it was handed in.

    what      what it is called, a path or "frame 'holdings'"
    checksum  of its bytes
    kind      what its numbers are; ``percent``: the file itself says that weights are percentages
    books     fund -> day ("" where none is stated) -> lines
    said      what was taken from it in a way that has to be told
    """

    what: str
    checksum: str
    kind: Kind
    percent: bool
    books: Mapping[str, Mapping[str, list[BookLine]]]
    said: tuple[str, ...] = field(default=())

    def dates(self, fund: str | None) -> Mapping[str, list[BookLine]]:
        """The days of one book. Raises ``UsageError`` where several books are and none is named."""
        funds = ", ".join(list(self.books)[:20]) + (", ..." if len(self.books) > 20 else "")
        if fund is None and len(self.books) == 1:
            return next(iter(self.books.values()))
        if fund is None:
            raise UsageError(
                f"{self.what} holds {len(self.books)} books: {funds}.", "Name one: --fund NAME."
            )
        if fund not in self.books and list(self.books) == [""]:
            raise UsageError(f"{self.what} names no books.", "Leave out fund.")
        if fund not in self.books:
            raise UsageError(f"{self.what} holds no book {fund!r}.", f"It holds: {funds}.")
        return self.books[fund]


def read(holdings: object, zone: Callable[[], str], sheet: str | None = None) -> Handed:
    """A book from a path, a frame of polars or pandas, or a dictionary of ticker to weight.

    Raises ``SourceError``, which names file and row, for what cannot be read, and ``UsageError``
    for what is no book.
    """
    rows, checksum = _rows(holdings, sheet)
    column = {key: rows.column(names) for key, names in NAMES.items()}
    kinds: list[Kind] = [k for k in ("weight", "value", "shares") if column[k]]
    if not kinds:
        raise SourceError(
            f"{rows.what}: no column of weights, values or shares; it has: "
            f"{', '.join(rows.frame.columns[1:21])}.",
            "Name one of them weight, value or shares.",
        )
    kind = kinds[0]
    said = [f"{' and '.join(kinds[1:])} beside the {kind} not used"] if len(kinds) > 1 else []
    if rows.rest:
        said.append(f"{rows.rest} lines of text beneath the table left out")
    counted, signed = handed.numbers(rows, column[kind])
    label = column[kind].lower()
    percent = kind == "weight" and (signed or "%" in label or "percent" in label or "pct" in label)
    prices = handed.numbers(rows, column["price"])[0] if column["price"] else []
    tickers = handed.text(rows, rows.column(handed.SECURITIES))
    called, funds = (handed.text(rows, column[key]) for key in ("name", "fund"))
    days = handed.days(rows, column["date"], zone) if column["date"] else [""] * len(tickers)
    books: dict[str, dict[str, list[BookLine]]] = {}
    notes = 0
    for at, number in enumerate(counted):
        if number is None:
            if tickers[at] and len(tickers[at]) <= LONGEST_TICKER and " " not in tickers[at]:
                raise SourceError(
                    f"{rows.what}: {handed.named(rows, at)} has no {kind}.",
                    "Write one, 0 where nothing is held, or leave the row out.",
                )
            notes += 1
            continue
        price = prices[at] if prices else None
        if price is not None and price <= 0:
            raise SourceError(
                f"{rows.what}: {handed.named(rows, at)}: the price {price:g} is not positive.",
                "Correct it; what is held short has negative shares, not a negative price.",
            )
        line = BookLine(at + 1, tickers[at], called[at], number, price)
        books.setdefault(funds[at], {}).setdefault(days[at], []).append(line)
    if not books:
        raise SourceError(f"{rows.what}: no row holds a {kind}.", "Give one row per holding.")
    if notes:
        said.append(f"{notes} rows without a {kind} taken for notes")
    return Handed(rows.what, checksum, kind, percent, books, tuple(said))


class Weighed(NamedTuple):
    """Weights of lines, fractions of the book.

    own   one for each line
    rest  what they lack to the whole: cash, or borrowed where negative
    worth what the book is worth in its currency; None where weights say nothing of it
    said  what has to be told of them
    """

    own: list[float]
    rest: float
    worth: float | None
    said: tuple[str, ...] = ()


def weights(
    book: Handed, lines: list[BookLine], unit: str, price_of: Callable[[BookLine], float | None]
) -> Weighed:
    """The weight of each line of a book.

    unit      "auto", "fraction" or "percent", for weights
    price_of  the price of a share that the file does not give; None without one
    Raises ``UsageError`` where weights are neither fractions nor percentages in sum, or nothing is
    left after shorts.
    """
    numbers = [line.number for line in lines]
    if book.kind == "weight":
        return _stated(book, numbers, unit)
    said: tuple[str, ...] = ()
    if book.kind == "shares":
        numbers = [_value(book, line, price_of) for line in lines]
        said = _prices_apart(lines, price_of)
    whole = sum(numbers)
    if not 0 < whole < math.inf:
        raise UsageError(
            f"{book.what}: what is held is worth {whole:,.0f} in sum, which is not above zero.",
            "Add the cash that stands behind what is held short, or give weights.",
        )
    return Weighed([n / whole for n in numbers], 0.0, whole, said)


def _prices_apart(
    lines: list[BookLine], price_of: Callable[[BookLine], float | None]
) -> tuple[str, ...]:
    """That prices of the file are far from the market's closes, which they go before."""
    apart = []
    for line in lines:
        close = None if line.price is None or line.cash else price_of(line)
        if line.price and close and abs(math.log(line.price / close)) > math.log(1 + APART):
            apart.append(f"{line.called} {line.price:g} against a close of {close:g}")
    if not apart:
        return ()
    shown = "; ".join(apart[:4]) + ("; ..." if len(apart) > 4 else "")
    return (f"prices of the file far from the market's closes, and taken all the same: {shown}",)


def _value(book: Handed, line: BookLine, price_of: Callable[[BookLine], float | None]) -> float:
    if line.cash and line.price is None:
        return line.number
    price = line.price if line.price is not None else price_of(line)
    if price is None:
        raise SourceError(
            f"{book.what}: row {line.row} ({line.called}) has shares, and the market no price.",
            "Add a column of prices, or give weights.",
        )
    return line.number * price


def _stated(book: Handed, numbers: list[float], unit: str) -> Weighed:
    """Weights as fractions, by the unit that is declared or that their sum tells."""
    if unit not in UNITS:
        raise UsageError(f"unit: found {unit!r}.", f"Accepted: {', '.join(UNITS)}.")
    if book.percent and unit == "fraction":
        raise UsageError(
            f"{book.what}: its weights are marked as percentages, and the unit is declared "
            "a fraction.",
            "Leave the unit out.",
        )
    total = sum(numbers)
    declared = unit if unit != "auto" else "percent" if book.percent else ""
    size = {"percent": 100.0, "fraction": 1.0}.get(declared, 0.0)
    if not declared:
        size = next((s for s in (1.0, 100.0) if abs(total / s - 1) <= SLACK), 0.0)
    if not size or total / size > 1 + SLACK:
        raise UsageError(
            f"{book.what}: its weights sum to {total:.6g}"
            + (" percent" if size == 100 else "" if size else ", neither to 1 nor to 100")
            + f" over {len(numbers)} rows.",
            "Leave out subtotals and rows of other books (--fund), give money borrowed as a row "
            "CASH below zero, or declare what they are: --unit fraction or --unit percent.",
        )
    rest = 1 - total / size
    said = ""
    if abs(rest) > TOLD:
        what = "taken for cash" if rest > 0 else "more than the whole, taken for borrowed money"
        said = f"the weights sum to {total / size:.2%}: {abs(rest):.2%} {what}"
    return Weighed([n / size for n in numbers], rest, None, (said,) if said else ())


def _rows(holdings: object, sheet: str | None) -> tuple[handed.HandedRows, str]:
    """HandedRows of whatever was handed in, and the checksum of its bytes."""
    if isinstance(holdings, (str, os.PathLike)):
        path = Path(arguments.path(holdings, "holdings"))
        try:
            data = doors.read_bytes(path, SourceError)
        except FileNotFoundError:
            raise UsageError(f"{path}: no such file.", "Name a file of holdings.") from None
        return handed.read(str(path), data, sheet), hashlib.sha256(data).hexdigest()
    if isinstance(holdings, Mapping):
        import polars as pl

        numbers = [arguments.number(n, f"holdings[{k!r}]") for k, n in holdings.items()]
        frame = pl.DataFrame({"ticker": [str(k) for k in holdings], "weight": numbers})
        taken = frames.take("holdings", frame)
    else:
        try:
            taken = frames.take("holdings", cast("Any", holdings))
        except UsageError as error:
            raise UsageError(error.message, TAKES) from None
    kept = io.BytesIO()
    taken.table.write_ipc(kept)
    return handed.given(taken.what, taken.table), hashlib.sha256(kept.getvalue()).hexdigest()

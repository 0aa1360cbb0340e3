"""A stated tilt, trade by trade: what is bought and sold, what is turned over, what it costs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from paceline import arguments
from paceline.arrays import Array, Bools
from paceline.errors import UnknownName, UsageError
from paceline.methods import book as methods
from paceline.studies.exposure.active import Active, weights_of
from paceline.studies.exposure.positions import CASH, Held, Matcher, Positions, returns_of
from paceline.studies.exposure.reading import BookLine
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.market import Market

#: "small +5%", "energy -2.5%", "transports=+0.05".
TILT = re.compile(
    r"^\s*(?P<into>.+?)\s*(?:=\s*|(?=[+-])|\s)(?P<by>[+-]?\s*[\d.]+)\s*(?P<unit>%?)\s*$"
)
#: Sizes that are taken: of a fund that ``costs.buckets`` does not name, of a stock without a value.
FUND, UNKNOWN = "large", "micro"


class BookTrade(NamedTuple):
    """One trade: weights before and after, shares where the book's worth is known, cost.

    cost  of one way, in basis points of what is traded
    """

    name: str
    before: float
    after: float
    shares: float | None
    cost: float


@dataclass(frozen=True)
class BookTilt:
    """A tilt of a book.

    said      as it was asked for; ``into``, ``amount``: what is bought and how much of the book
    moved     the book after it
    trades    largest first
    turnover  one way, 1/2 sum |change|; ``cost``: a fraction of the book
    told      what has to be said of it
    """

    said: str
    into: str
    amount: float
    moved: Positions = field(repr=False)
    trades: tuple[BookTrade, ...]
    turnover: float
    cost: float
    worth: float | None
    told: tuple[str, ...] = ()


def asked(text: str) -> tuple[str, float]:
    """What is tilted to and by which fraction of the book: "small +5%" is ("small", 0.05).

    Raises ``UsageError`` for anything else.
    """
    found = TILT.match(arguments.name(text, "tilt"))
    try:
        amount = float(found["by"].replace(" ", "")) if found else math.nan
    except ValueError:
        amount = math.nan
    if found is not None and found["unit"]:
        amount /= 100
    if found is None or not math.isfinite(amount) or not 0 < abs(amount) <= 1:
        raise UsageError(
            f"--tilt: {text!r} is no tilt.",
            'Write what and by how much of the book: "small +5%" or "transports=-0.02".',
        )
    return found["into"], amount


def tilt(
    market: Market, book: Positions, active: Active, text: str, value: float | None
) -> BookTilt:
    """What a stated tilt changes: see ``methods.book.tilted`` for how it is bought and paid for.

    Into a basket it is bought as the basket weighs its members; into a size or a sector as the book
    holds it, or where it holds nothing of it, as the benchmark does.

    value  what the book is worth, for numbers of shares; default: what its own prices say
    """
    into, amount = asked(text)
    shares = _into(market, book, active, into, amount)
    kinds: dict[str, Held] = dict(zip(book.names, book.kinds, strict=True))
    find = Matcher(market)
    new = {n: _kind(find, n) for n in shares if n not in kinds}
    kinds |= new
    names = list(kinds)
    before = np.r_[book.weights, np.zeros(len(new))]
    after = methods.tilted(before, np.array([shares.get(n, 0.0) for n in names]), amount)
    _, further, found = (
        returns_of(market, find, new, len(book.days)) if new else (None, book.returns[:0], {})
    )
    gone = [n for n, kind in found.items() if kind == "unmatched"]
    if gone:
        raise UsageError(f"--tilt: {gone[0]} {find.why[gone[0]][3:]}.", "Name another.")
    moved = replace(
        book,
        names=tuple(names),
        kinds=tuple(kinds.values()),
        weights=after,
        path=None,
        returns=np.vstack([book.returns, further]),
        since="",
    )
    points = _costs(market, active, names, kinds)
    worth = value if value is not None else book.worth
    trades = _trades(find, moved, before, points, worth)
    return BookTilt(
        text.strip(),
        into,
        amount,
        moved,
        trades,
        methods.turnover(before, after),
        methods.cost(before, after, points),
        worth,
        tuple(_told(book, moved, shares, into, amount)),
    )


def _told(
    book: Positions, moved: Positions, shares: Mapping[str, float], into: str, amount: float
) -> Iterator[str]:
    """What has to be said of how a tilt is paid for, bought and costed."""
    held = dict(zip(book.names, book.weights.tolist(), strict=True))
    if "fund" in moved.kinds:
        yield "funds are taken to cost what large companies do"
    outside = sum(w for name, w in held.items() if w > 0 and name not in shares)
    if 0 < outside < amount:
        yield "paid for by all holdings in proportion: too little of the book lies outside"
    inside = sum(held.get(name, 0.0) for name in shares)
    if amount > 0 and shares.keys() <= held.keys() and inside < amount:
        yield (
            f"the book holds {inside:.2%} of {into!r} in {number_of(len(shares), 'name')}, and "
            "what is bought more than doubles it: a basket would spread it"
        )


def _kind(find: Matcher, name: str) -> Held:
    return "cash" if name == CASH else "stock" if name in find.row else "fund"


def _trades(
    find: Matcher, moved: Positions, before: Array, points: Array, worth: float | None
) -> tuple[BookTrade, ...]:
    change = moved.weights - before
    trades = []
    for i in sorted(
        np.flatnonzero(np.abs(change) > methods.ROUNDING), key=lambda i: -abs(change[i])
    ):
        name = moved.names[i]
        close = find.close_of(find.market.as_of, BookLine(0, name, "", 0.0))
        shares = change[i] * worth / close if worth is not None and close else None
        trades.append(
            BookTrade(name, float(before[i]), float(moved.weights[i]), shares, float(points[i]))
        )
    return tuple(trades)


def _costs(market: Market, active: Active, names: list[str], kinds: Mapping[str, Held]) -> Array:
    """(N,) cost of one way for each holding, in basis points; cash costs nothing.

    By size, and the market file's ``costs``: a holding that its ``buckets`` name, else by its rank.
    """
    declared = market.file.costs
    panel = market.stocks
    row = {n: i for i, n in enumerate(panel.securities)} if panel is not None else {}

    def size(name: str) -> str:
        if name in declared.buckets:
            return declared.buckets[name]
        if kinds[name] == "fund":
            return FUND
        known = kinds[name] == "stock" and active.sizes[row[name]] >= 0
        return methods.SIZES[active.sizes[row[name]]].name if known else UNKNOWN

    costs = (0.0 if kinds[n] == "cash" else getattr(declared, size(n)) for n in names)
    return np.array([float(cost) for cost in costs])


def _into(
    market: Market, book: Positions, active: Active, into: str, amount: float
) -> dict[str, float]:
    """Name to share of what is bought, one in sum: of a basket, a size, a sector or a security."""
    panel = market.stocks
    securities = panel.securities if panel is not None else ()
    sizes = [size.name for size in methods.SIZES]
    sectors = {name.casefold(): name for name in active.sectors if name}
    if into.casefold() == CASH:
        return {CASH: 1.0}
    if into not in market.baskets and into.casefold() in sizes:
        return _pro_rata(
            book, active, securities, active.sizes == sizes.index(into.casefold()), into
        )
    if into not in market.baskets and into.casefold() in sectors:
        mask: Bools = np.array([s == sectors[into.casefold()] for s in active.sectors])
        return _pro_rata(book, active, securities, mask, into)
    try:
        names = market.resolve([into])
    except UnknownName as error:
        remedy = f"{error.remedy} Sizes: {', '.join(sizes)}; sectors by name; or CASH."
        raise UsageError(f"--tilt: {error.message}", remedy) from None
    if len(names) != 1:
        raise UsageError(f"--tilt: {into!r} is a group of {len(names)} baskets.", "Name one.")
    name = names[0]
    if name in market.composites:
        weights = weights_of(market, name)
        held = np.flatnonzero(weights > 0)
        if not len(held):
            raise UsageError(
                f"--tilt: the basket {name!r} holds nothing on {market.as_of}.", "Name another."
            )
        return {securities[i]: float(weights[i] / weights.sum()) for i in held}
    basket = market.baskets.get(name)
    one = basket.instrument if basket is not None and basket.instrument else name
    if amount > 0 and _is_index(market, one):
        raise UsageError(
            f"--tilt: {into!r} is the index {one}, which cannot be bought.",
            "Name a fund, a basket with members, a size or a sector.",
        )
    return {one: 1.0}


def _is_index(market: Market, name: str) -> bool:
    panel = market.including([name]).instruments
    if panel is None or name not in panel.securities:
        return False
    kinds = panel.attributes_at(-1)["kind"].to_list()
    return bool(kinds[panel.securities.index(name)] == "index")


def _pro_rata(
    book: Positions, active: Active, securities: tuple[str, ...], mask: Bools, into: str
) -> dict[str, float]:
    """Shares of a part of the market: as the book holds it, else as the benchmark does."""
    inside = {securities[i] for i in np.flatnonzero(mask)}
    rows = [i for i in book.rows("stock") if book.names[i] in inside and book.weights[i] > 0]
    own = {book.names[i]: float(book.weights[i]) for i in rows}
    if not own:
        held = np.flatnonzero(mask & (active.benchmark > 0))
        own = {securities[i]: float(active.benchmark[i]) for i in held}
    if not own:
        raise UsageError(
            f"--tilt: neither the book nor {active.against} holds anything of {into!r}.",
            "Name a basket of it, or a fund.",
        )
    whole = math.fsum(own.values())
    return {name: weight / whole for name, weight in own.items()}

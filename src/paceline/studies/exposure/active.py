"""What a book holds beside its benchmark: by size, by sector, in the baskets of themes.

Funds are looked through where the store has what they hold. Everything the panel of stocks does not
have keeps its weight in a row of its own, so that each cut adds up to the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from paceline.arrays import PATIENCE, Array, Bools, Ints
from paceline.baskets.history import company_caps
from paceline.errors import NotEnoughData, UsageError
from paceline.measures.concentration import statistics
from paceline.methods import book as methods
from paceline.studies.exposure.positions import Positions, stock_returns

if TYPE_CHECKING:
    from paceline.market import Market
    from paceline.panel import Panel

#: What a cut calls what it cannot place.
UNSIZED, UNSECTORED = "no market value known", "no sector on file"
FUNDS, CASH, UNMATCHED = "funds, not looked through", "cash", "not matched"
#: A basket that holds more of the benchmark than this is the benchmark, and no theme.
WHOLE = 0.999


class CutRow(NamedTuple):
    """One row of a cut: weight of the book and of the benchmark."""

    label: str
    book: float
    benchmark: float

    @property
    def active(self) -> float:
        """Weight of the book less that of the benchmark."""
        return self.book - self.benchmark


@dataclass(frozen=True)
class Active:
    """A book beside its benchmark, on the market's day.

    against       the benchmark's basket
    stocks        (N,) weights of the book in the stocks of the panel, funds looked through
    benchmark     (N,) weights of the benchmark
    sizes         (N,) place in ``methods.book.SIZES``, -1 without a market value
    sectors       (N,) names, "" where unknown
    outside       weights that no stock has: what it is called -> weights, each holding its own
    cuts          "size", "sector" (both add up) and "theme" (members of baskets, which overlap)
    active_share  1/2 sum |w - b|
    concentration hhi, effective_number and top10 of the book's companies, by the size of weights
    through       fund -> the day of the holdings it was looked through with
    """

    against: str
    stocks: Array = field(repr=False)
    benchmark: Array = field(repr=False)
    sizes: Ints = field(repr=False)
    sectors: Sequence[str] = field(repr=False)
    outside: Mapping[str, Sequence[float]]
    cuts: Mapping[str, Sequence[CutRow]]
    active_share: float
    concentration: Mapping[str, float]
    companies: int
    through: Mapping[str, str]


def against_of(market: Market, against: str | None) -> str:
    """The basket with members that a book is held against: by default the market's whole.

    Raises ``UsageError`` for a basket without members, ``NotEnoughData`` where the market has none.
    """
    if against is None:
        if market.broad is None:
            raise NotEnoughData(
                f"{market.title} has no basket of its whole universe to hold a book against.",
                "Name one: --against BASKET.",
            )
        return market.broad
    names = market.resolve([against])
    if len(names) != 1 or names[0] not in market.composites:
        raise UsageError(
            f"{against!r} is not a basket with members, and a book is held against weights.",
            f"Baskets with members: {', '.join(market.composites[:12])}.",
        )
    return names[0]


def beside(market: Market, book: Positions, against: str) -> Active:
    """The book beside the benchmark: see ``Active``."""
    panel = market.stocks
    if panel is None:
        raise NotEnoughData(
            f"{market.title} has no stocks on {market.as_of}.", "Ask for a later day."
        )
    row = {name: i for i, name in enumerate(panel.securities)}
    stocks = np.zeros(len(panel.securities))
    held = book.rows("stock")
    stocks[[row[book.names[i]] for i in held]] = book.weights[held]
    through: dict[str, str] = {}
    left: list[float] = []
    for i in book.rows("fund"):
        inside = looked_through(panel, book.names[i])
        if inside is None:
            left.append(float(book.weights[i]))
            continue
        weights, through[book.names[i]] = inside
        stocks = stocks + book.weights[i] * weights
        left.append(float(book.weights[i] * (1 - weights.sum())))
    outside = {
        FUNDS: [w for w in left if abs(w) > methods.ROUNDING],
        CASH: [float(w) for w in book.weights[book.rows("cash")]],
        UNMATCHED: [float(w) for w in book.weights[book.rows("unmatched")]],
    }
    benchmark = weights_of(market, against)
    if not benchmark.any():
        raise NotEnoughData(
            f"{market.moment.called(against)} holds nothing on {market.as_of}.",
            "Name another basket (--against), or ask for another day.",
        )
    sizes = sizes_of(panel)
    sectors = sectors_of(market, panel)
    rest = [CutRow(label, sum(own), 0.0) for label, own in outside.items() if own]
    cuts = {
        "size": [*_by_size(sizes, stocks, benchmark), *rest],
        "sector": [*_by_name(sectors, stocks, benchmark), *rest],
        "theme": _by_basket(market, stocks, benchmark),
    }
    apart = [w for own in outside.values() for w in own]
    by_company = np.bincount(panel.companies, stocks)
    single = np.abs([*by_company[by_company != 0], *outside[FUNDS], *outside[UNMATCHED]])
    return Active(
        against,
        stocks,
        benchmark,
        sizes,
        sectors,
        outside,
        cuts,
        methods.active_share(np.r_[stocks, apart], np.r_[benchmark, np.zeros(len(apart))]),
        {k: float(v[0]) for k, v in statistics((single / single.sum())[None]).items()},
        len(single),
        through,
    )


def looked_through(panel: Panel, fund: str) -> tuple[Array, str] | None:
    """Weights (N,) of what a fund holds, rolled on with returns, and the day they are of.

    None where the store does not have its holdings. They sum to one less what the panel lacks.
    """
    if fund not in panel.facts.table("holdings")["fund"]:
        return None
    found = panel.holdings(fund, -1)
    if found is None or not found.weights.any():
        return None
    since = panel.sessions > found.date
    growth = np.prod(1 + np.nan_to_num(stock_returns(panel)[:, since]), axis=1)
    rest = 1 - found.weights.sum()
    rolled = methods.rolled(np.r_[found.weights, rest], np.r_[growth, 1.0])
    return rolled[:-1], str(found.date)


def weights_of(market: Market, basket: str) -> Array:
    """(N,) weights of a basket's members at the close of the as-of day."""
    index = market.built[market.file.market.basis]
    weights: Array = index.weights_at(len(index.sessions) - 1)[index.row(basket)]
    return weights


def sizes_of(panel: Panel) -> Ints:
    """(N,) size bucket of each stock by the rank of its company among all common stocks.

    By the last market value of the days in which a stock may be without data; -1 for everybody
    where no source gives market values.
    """
    if not {"market_cap", "close"} <= panel.fields.keys():
        return np.full(len(panel.securities), -1)
    kind = panel.attributes_at(-1)["kind"].fill_null("common").to_numpy()
    lines: Bools = panel.listed[:, -1] & (kind == "common")
    cap, close = (_last(panel.field(f)) for f in ("whole_cap", "close"))
    company = company_caps(cap, close, panel.companies, lines)[0]
    return methods.size_of(company, panel.companies)


def _last(field: Array) -> Array:
    """(N,) the last value of each row within the sessions that a halt may last."""
    recent = field[:, -PATIENCE - 1 :]
    there = np.isfinite(recent)
    last = there.shape[1] - 1 - np.argmax(there[:, ::-1], axis=1)
    return np.where(there.any(axis=1), recent[np.arange(len(recent)), last], np.nan)


def sectors_of(market: Market, panel: Panel) -> list[str]:
    """(N,) sectors as known on the day, by the scheme of the market's sectors; "" where unknown."""
    group = market.sector_group
    universe = market.file.groups[group].universe if group is not None else None
    universe = universe or market.file.market.universe
    spec = market.file.universes.get(universe or "")
    return list(panel.class_at(-1, "sector", spec.scheme if spec is not None else None))


def _by_size(sizes: Ints, book: Array, benchmark: Array) -> list[CutRow]:
    names = [size.name for size in methods.SIZES]
    rows = [
        CutRow(name, float(book[sizes == k].sum()), float(benchmark[sizes == k].sum()))
        for k, name in enumerate(names)
    ]
    without = sizes < 0
    unknown = CutRow(UNSIZED, float(book[without].sum()), float(benchmark[without].sum()))
    return [*rows, *([unknown] if book[without].any() or benchmark[without].any() else [])]


def _by_name(labels: Sequence[str], book: Array, benchmark: Array) -> list[CutRow]:
    names, code = np.unique(np.array(labels, str), return_inverse=True)
    w, b = (np.bincount(code, weights, len(names)).tolist() for weights in (book, benchmark))
    rows = [CutRow(str(n) or UNSECTORED, *own) for n, *own in zip(names, w, b, strict=True)]
    there = [r for r in rows if abs(r.book) + r.benchmark > methods.ROUNDING]
    return sorted(there, key=lambda r: (r.label == UNSECTORED, -r.benchmark))


def _by_basket(market: Market, book: Array, benchmark: Array) -> list[CutRow]:
    """Weights in the members of every basket of a rotation, or of a group that is no sector's."""
    file = market.file
    names = [leg for r in file.rotations.values() for leg in (r.lead, r.against)]
    names += [n for g in file.groups.values() if not g.by for n in g.baskets]
    own = [n for n in dict.fromkeys(names) if n in market.composites]
    rows = []
    for name in own:
        members = weights_of(market, name) > 0
        shared = float(benchmark[members].sum())
        if shared < WHOLE:
            rows.append(CutRow(market.moment.called(name), float(book[members].sum()), shared))
    return rows

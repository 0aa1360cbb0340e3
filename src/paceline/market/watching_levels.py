"""What levels show once the market is assembled: returns they lack, ends, leaps, indices apart."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import Array, Dates
from paceline.indices.doubt_words import PARTED
from paceline.indices.gaps import SMALL
from paceline.indices.leapt import Leapt
from paceline.market import following
from paceline.market.watched import LISTED, Watched, dates, latest
from paceline.panel import holes
from paceline.signals.sessions import month_ends
from paceline.wording import agreeing, number_of

if TYPE_CHECKING:
    from paceline.market.asked import Market

LACKING = "returns missing or of another basis for much of the weight"
ENDED = "level ends before the last session"
NEVER = "no level at all"
#: What to do about either, of one instrument and of a basket with members.
ALONE = "Import newer data of it, or name what took its place."
ONE = "Import more sessions of it."
MEMBERS = "Import the prices that lack, or take those members out of the basket."
#: What returns show over months, by the kind of share.
OVER_MONTHS = {
    "unpaid": "dividends stop in total returns",
    "below": "total returns lose on price returns",
    "odd": "dividends of another unit",
    "late": "members a session late or early",
}
LEAPT = "close that leapt and came back alone"
FOLLOWS = "built index does not follow the published one"


def found(market: Market) -> Iterator[Watched]:
    """All findings about the levels of the market."""
    for look in (_lacking, _parted, ended, _following, _leapt, _over_months):
        yield from look(market)


def _lacking(market: Market) -> Iterator[Watched]:
    """Sessions of the broad basket on which much of its weight has no return of its own."""
    name = market.broad
    gaps = market.moment.coverage.gaps(name) if name is not None else None
    if gaps is None or not gaps.days:
        return
    share = sum(gaps.shares[k] for k in ("lost", "pending", "other_basis"))
    days = [gaps.days[i] for i in np.flatnonzero(np.asarray(share) > gaps.limit).tolist()]
    if days:
        yield Watched(
            str(name),
            LACKING,
            len(days),
            "said on every figure that they touch; without a value where nothing stands in",
            latest(days),
            days=dates(days),
        )


def _parted(market: Market) -> Iterator[Watched]:
    """Closes that moved while the market caps of their rows did not."""
    panel = market.moment.stocks
    if panel is None or not panel.marks:
        return
    basis = "price_return" if "price_return" in panel.marks else "total_return"
    marks = panel.marks[basis]
    at = np.flatnonzero(marks.kind == holes.PARTED)
    if not len(at):
        return
    row, column = marks.row[at], marks.column[at]
    moves = zip(row.tolist(), column.tolist(), panel.fields[basis][row, column], strict=True)
    told = [f"{panel.securities[i]} {panel.sessions[t]} {r:+.1%}" for i, t, r in moves]
    yield Watched(
        market.name,
        PARTED,
        len(at),
        "kept, said on the figures",
        latest(told),
        "Compare with another source: a close or the caps from that day on are wrong.",
        dates(str(d) for d in np.unique(panel.sessions[column])),
    )


def ended(market: Market) -> Iterator[Watched]:
    """Declared baskets whose level does not reach the last session, or that have none."""
    sessions = market.all_levels.sessions
    for name in market.declared:
        gaps = market.moment.coverage.gaps(name)
        if gaps is not None and not gaps.ended and gaps.lacks:
            remedy = ONE if len(gaps.sessions) == 1 else ALONE if gaps.alone else MEMBERS
            days = dates([market.as_of])
            yield Watched(name, NEVER, len(sessions), "no value", gaps.lacks, remedy, days)
        if gaps is not None and gaps.ended:
            of_members = bool(gaps.lacks) and not gaps.alone
            yield Watched(
                name,
                ENDED,
                int((sessions > np.datetime64(gaps.ended)).sum()),
                "no value after that day",
                f"ended on {gaps.ended}" + (f": {gaps.lacks}" if of_members else ""),
                MEMBERS if of_members else ALONE,
                dates([gaps.ended]),
            )


def _leapt(market: Market) -> Iterator[Watched]:
    """Closes of declared instruments that leapt and came back while nothing beside them moved."""
    for name in market.declared:
        gaps = market.moment.coverage.gaps(name)
        for found in (b for b in (gaps.beside if gaps else ()) if isinstance(b, Leapt)):
            days = [first for first, _, _, _ in found.runs]
            yield Watched(
                name,
                LEAPT,
                len(days),
                "kept; said on the figures that touch it",
                found.caveat(name, days[0], days[-1]),
                "Compare with another source.",
                dates(days),
            )


def _over_months(market: Market) -> Iterator[Watched]:
    """What returns of the broad basket and of declared instruments show over months."""
    names = [n for n in market.declared if n == market.broad or market.baskets[n].instrument]
    for name, (kind, check) in product(names, OVER_MONTHS.items()):
        gaps = market.moment.coverage.gaps(name, "total")
        share = np.zeros(0) if gaps is None else gaps.shares.get(kind, np.zeros(0))
        if gaps is not None and (share > SMALL).any():
            days = [gaps.days[t] for t in np.flatnonzero(share > SMALL).tolist()]
            yield Watched(
                name,
                check,
                len(days),
                "kept; said on the figures that touch it",
                f"{days[0]} to {days[-1]}, up to {min(share.max(), 1):.1%} of the weight",
                "Compare the source with another one; fetch it again.",
                dates(days),
            )


def _following(market: Market) -> Iterator[Watched]:
    """Months in which a built basket and what is published for it differ by more than stated."""
    pairs = following.pairs(market.file)
    names = {own: market.resolve([own])[0] for own in pairs}
    others = {own: market.resolve([other])[0] for own, other in pairs.items()}
    market = market.including(list(others.values()))
    for own, other in others.items():
        yield from _months(market, names[own], other)


def _months(market: Market, own: str, other: str) -> Iterator[Watched]:
    levels = market.all_levels
    a, b = (levels.names.index(n) for n in (own, other))
    limit = market.file.market.follows
    off: list[tuple[float, str]] = []
    months = 0
    for basis in ("price", "total"):
        both = [
            _monthly(levels.sessions, market.sessions, levels.by_basis[basis][row])
            for row in (a, b)
        ]
        apart = both[0][1] - both[1][1]
        if not np.isfinite(apart).any():
            continue
        months = int(np.isfinite(apart).sum())
        at = np.flatnonzero(np.abs(np.nan_to_num(apart)) > limit)
        off = [(float(apart[t]), str(both[0][0][t])) for t in at.tolist()]
        break  # the first basis that both have
    if off:
        told = ", ".join(f"{day} {100 * gap:+.2f} points" for gap, day in off[-LISTED:])
        yield Watched(
            f"{own} and {other}",
            FOLLOWS,
            len(off),
            f"{number_of(months, 'month')} compared, {100 * limit:g} "
            f"{agreeing(100 * limit, 'point', 'points')} allowed",
            told,
            "Compare members, weights and holes; a capped fund may differ by rule.",
            dates(day for _, day in off),
        )


def _monthly(sessions: Dates, calendar: Dates, level: Array) -> tuple[Dates, Array]:
    """Last sessions of months and the returns of the months, the last one as far as it has gone."""
    ends = np.union1d(month_ends(sessions, calendar), len(sessions) - 1)
    at = level[ends]
    with np.errstate(invalid="ignore", divide="ignore"):
        returns: Array = at[1:] / at[:-1] - 1
    return sessions[ends[1:]].astype("datetime64[D]"), returns

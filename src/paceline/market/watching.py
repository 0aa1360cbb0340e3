"""What a market finds out about itself once it is assembled, and what belongs on page one.

The door sees one source at a time. Who of a list has no price, what a basket's level lacks, and
whether a built index follows the published one is known only when everything is together. Each is a
finding like those of the imports.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline.arrays import Array, Dates
from paceline.baskets import caps, spelling
from paceline.baskets.emptiness import NO_MEMBERS, NOT_FOUND
from paceline.baskets.twins import ONE
from paceline.errors import PacelineError, UnknownName
from paceline.indices.gaps import PARTED
from paceline.market import following, named
from paceline.panel import holes
from paceline.rows import MISSING_SESSIONS, REPEATED_SESSIONS, STOPPED
from paceline.signals.sessions import month_ends
from paceline.wording import agreeing, number_of

if TYPE_CHECKING:
    import polars as pl

    from paceline.market.asked import Market

#: Names that a finding lists; days back from the as-of day that page one speaks of.
LISTED, RECENT = 12, 366
UNPRICED = "members without any price"
LACKING = "returns missing or of another basis for much of the weight"
ENDED = "level ends before the last session"
UNASSEMBLED = "market cannot be assembled"
EMPTY = "basket without members"
ODD_CAPS = "market caps that cannot be right"
TWINS = "two members with the same returns"
UNHELD = "class without securities"
UNKNOWN = "security named in the market file without any price"
FOLLOWS = "built index does not follow the published one"
BEFORE = "before the first session of the stock panel"
#: Findings that stand on page one.
FIRST_PAGE = (MISSING_SESSIONS, REPEATED_SESSIONS, STOPPED, LACKING, ENDED, FOLLOWS, BEFORE)


@dataclass(frozen=True)
class Watched:
    """A finding about the assembled market; the columns are those of the table ``findings``.

    days  every day that it is about, in order
    """

    source: str
    check: str
    count: int
    action: str
    example: str
    remedy: str = ""
    days: tuple[dt.date, ...] = ()

    def row(self) -> dict[str, Any]:
        """As a row of the table; no import brought it."""
        return {**vars(self), "days": list(self.days), "load": None}


def watched(market: Market) -> list[Watched]:
    """All findings about the assembled market, or why it cannot be assembled."""
    try:
        market.moment.levels  # noqa: B018 - everything below rests on it
    except PacelineError as error:
        what = "nothing of the market as a whole was looked at"
        return [Watched(market.name, UNASSEMBLED, 1, what, error.message, error.remedy)]
    if market.moment.before_stocks:
        return [*_before(market), *_ended(market)]
    return [
        *_unheld(market),
        *_unknown(market),
        *_empty(market),
        *_twins(market),
        *_odd_caps(market),
        *_unpriced(market),
        *_lacking(market),
        *_parted(market),
        *_ended(market),
        *_following(market),
    ]


def findings(market: Market) -> pl.DataFrame:
    """Every fault found: at each import, then in the assembled market (no load)."""
    import polars as pl

    stored = market.stored.findings()
    rows = [w.row() for w in market.watched]
    own = pl.DataFrame(rows, schema_overrides=dict(stored.schema), infer_schema_length=None)
    return pl.concat([stored, own.select(stored.columns)]) if rows else stored


def first_page(market: Market) -> list[dict[str, Any]]:
    """The findings of the last year that a reader must know before anything else."""
    today = dt.date.fromisoformat(market.as_of)
    since = today - dt.timedelta(RECENT)
    return [
        r
        for r in market.findings().to_dicts()
        if r["check"] in FIRST_PAGE and any(since <= d <= today for d in r["days"] or ())
    ]


def _before(market: Market) -> Iterator[Watched]:
    """As of a day before ``market.start`` no basket with members has a level."""
    yield Watched(
        market.name,
        BEFORE,
        len(market.composites),
        "baskets with members have no value",
        f"as-of {market.as_of}, market.start {market.file.market.start}",
        "Ask for a later day, or set an earlier market.start.",
        _dates([market.as_of]),
    )


def _unheld(market: Market) -> Iterator[Watched]:
    """Classes that a basket names beside others, and that no security is in."""
    for ref, known in named.without_rows(market.stored):
        near = UnknownName(ref.kind, ref.name, known)
        yield Watched(ref.key, UNHELD, 1, "adds nobody to the basket", ref.name, near.remedy)


def _unknown(market: Market) -> Iterator[Watched]:
    """Securities that a basket names, as its instrument or in its list, and no source prices."""
    caveats = market.provenance(market.declared).caveats
    for name in market.declared:
        instrument, panel = market.baskets[name].instrument, market.instruments
        lists = (c.split(": ")[1].split(", ") for c in caveats[name] if c.startswith(NOT_FOUND))
        what, gone = "not in the basket", next(lists, [])
        if instrument and (panel is None or instrument not in panel.securities):
            what, gone = "its figures have no value", [instrument]
        if gone:
            more = ", ..." if len(gone) > LISTED else ""
            told = f"{', '.join(gone[:LISTED])}{more} up to {market.as_of}"
            remedy = "Correct the name, or bring its prices."
            yield Watched(name, UNKNOWN, len(gone), what, told, remedy)


def _empty(market: Market) -> Iterator[Watched]:
    """Declared baskets that never had a member, each with the step that left nobody."""
    names = [n for n in market.declared if n in market.composites]
    caveats = market.provenance(names).caveats
    for name in names:
        why = next((c for c in caveats[name] if c.startswith(NO_MEMBERS)), "")
        if why:
            yield Watched(
                name,
                EMPTY,
                1,
                "its figures have no value",
                why,
                "Change its selection or its data.",
            )


def _twins(market: Market) -> Iterator[Watched]:
    """Two members of the broad basket with the same returns."""
    name = market.broad
    caveats = () if name is None else market.provenance([name]).caveats[name]
    for why in (c for c in caveats if c.startswith(ONE)):
        remedy = "Leave one of them out with where = {...}, or rename it to the other."
        yield Watched(str(name), TWINS, 1, "both counted; said on the figures", why, remedy)


def _odd_caps(market: Market) -> Iterator[Watched]:
    """Market caps of members of a basket that no price or volume bears out."""
    names = [n for n in market.declared if n in market.composites]
    caveats = market.provenance(names).caveats
    told = {c: n for n in reversed(names) for c in caveats[n] if c.startswith(caps.ODD)}
    for why, name in reversed(told.items()):
        remedy = "Correct the caps, the shares or their unit; or add the split to actions."
        yield Watched(name, ODD_CAPS, 1, "kept, said on the figures", why, remedy)


def _unpriced(market: Market) -> Iterator[Watched]:
    lists: dict[str, str] = {}
    for name, members in market.moment.coverage.absent.items():
        spec = market.baskets[name]
        whole = spec.universe is not None and not spec.selects
        if whole and members.absent.any() and spec.universe not in lists:
            lists[str(spec.universe)] = name
    for universe, name in lists.items():
        members = market.moment.coverage.absent[name]
        t = int((members.absent / np.maximum(members.eligible, 1)).argmax())
        gaps = market.moment.coverage.gaps(name)
        day = gaps.sessions[t] if gaps is not None else ""
        more = ", ..." if len(members.names) > LISTED else ""
        panel = market.moment.stocks
        known = () if panel is None else panel.securities
        pairs = spelling.alike(members.names, known)
        same = ", ".join(f"{a} may be {b}" for a, b in pairs[: spelling.SAMPLE])
        survivors = "Add prices of those that have departed: without them figures are of survivors."
        yield Watched(
            universe,
            UNPRICED,
            len(members.names),
            "eligible and counted as missing",
            f"{', '.join(members.names[:LISTED])}{more}; most on {day}: "
            f"{int(members.absent[t]):,} of {number_of(int(members.eligible[t]), 'member')}",
            f"Spelt otherwise? {same}: see rename." if same else survivors,
            _dates([day] if day else []),
        )


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
            _latest(days),
            days=_dates(days),
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
        _latest(told),
        "Compare with another source: a close or the caps from that day on are wrong.",
        _dates(str(d) for d in np.unique(panel.sessions[column])),
    )


def _ended(market: Market) -> Iterator[Watched]:
    """Declared baskets whose level does not reach the last session."""
    sessions = market.all_levels.sessions
    for name in market.declared:
        gaps = market.moment.coverage.gaps(name)
        if gaps is not None and gaps.ended:
            yield Watched(
                name,
                ENDED,
                int((sessions > np.datetime64(gaps.ended)).sum()),
                "no value after that day",
                f"ended on {gaps.ended}",
                "Import newer data of it, or name what took its place.",
                _dates([gaps.ended]),
            )


def _dates(days: Iterable[str]) -> tuple[dt.date, ...]:
    return tuple(map(dt.date.fromisoformat, days))


def _latest(days: list[str]) -> str:
    return ("..., " if len(days) > LISTED else "") + ", ".join(days[-LISTED:])


# ---- built and published


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
            _dates(day for _, day in off),
        )


def _monthly(sessions: Dates, calendar: Dates, level: Array) -> tuple[Dates, Array]:
    """Last sessions of months and the returns of the months, the last one as far as it has gone."""
    ends = np.union1d(month_ends(sessions, calendar), len(sessions) - 1)
    at = level[ends]
    with np.errstate(invalid="ignore", divide="ignore"):
        returns: Array = at[1:] / at[:-1] - 1
    return sessions[ends[1:]].astype("datetime64[D]"), returns

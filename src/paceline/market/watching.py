"""What a market finds out about itself once it is assembled, and what belongs on page one.

The door sees one source at a time. Who of a list has no price, what a basket's level lacks, and
whether a built index follows the published one is known only when everything is together. Each is a
finding like those of the imports.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline.baskets import caps, spelling
from paceline.baskets.emptiness import FEW, FEW_RULED, NO_MEMBERS, NOT_FOUND, WORDLESS
from paceline.baskets.twins import ONE, SERIES
from paceline.errors import PacelineError, UnknownName
from paceline.market import named, naming, unused, validity, watching_actions
from paceline.market import watching_levels as levels
from paceline.market.view import FUNDAMENTAL, odd_items, odd_volumes
from paceline.market.watched import LISTED, Watched, dates
from paceline.market.watching_levels import ENDED, FOLLOWS, LACKING, LEAPT, NEVER
from paceline.rows import MISSING_SESSIONS, REPEATED_SESSIONS, STOPPED
from paceline.signals.characteristics import FUNDAMENTALS
from paceline.wording import number_of

if TYPE_CHECKING:
    import polars as pl

    from paceline.market.asked import Market

#: Days back from the as-of day that page one speaks of.
RECENT = 366
UNPRICED = "members without any price"
UNASSEMBLED = "market cannot be assembled"
EMPTY = "basket without members"
THIN = "fewer companies than the ranks ask for"
ODD_CAPS = "market caps that cannot be right"
ODD_ITEMS = "reported items that cannot be right"
ODD_VOLUMES = "volumes that cannot be right"
TWINS = "two securities with the same returns"
AHEAD = "memberships that begin after the last price"
CUT = "list that becomes shorter by a quarter at once"
UNMADE = "group without baskets"
UNHELD = "class without securities"
UNWORDED = "word of a universe's rules that no security has"
WITHOUT = "securities without a word that rules ask for"
NO_JUMP = "true_jumps without a row of prices"
UNKNOWN = "security named in the market file without any price"
BEFORE = "before the first session of the stock panel"
#: Findings that stand on page one.
FIRST_PAGE = (
    MISSING_SESSIONS,
    REPEATED_SESSIONS,
    STOPPED,
    LACKING,
    ENDED,
    NEVER,
    FOLLOWS,
    BEFORE,
    LEAPT,
)


def watched(market: Market) -> list[Watched]:
    """All findings about the assembled market, or why it cannot be assembled."""
    try:
        market.moment.levels  # noqa: B018 - everything below rests on it
    except PacelineError as error:
        what = "nothing of the market as a whole was looked at"
        return [Watched(market.name, UNASSEMBLED, 1, what, error.message, error.remedy)]
    if market.moment.before_stocks:
        return [*_before(market), *levels.ended(market)]
    return [
        *_unheld(market),
        *_unworded(market),
        *_no_jumps(market),
        *_unmade(market),
        *_unknown(market),
        *_empty(market),
        *_thin(market),
        *_twins(market),
        *_odd_caps(market),
        *_odd_items(market),
        *_odd_volumes(market),
        *_unpriced(market),
        *_ahead(market),
        *watching_actions.found(market),
        *_cut(market),
        *unused.found(market.stored),
        *levels.found(market),
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
        dates([market.as_of]),
    )


def _unheld(market: Market) -> Iterator[Watched]:
    """Classes that a basket names beside others, and that no security is in."""
    for ref, known in named.without_rows(market.stored):
        near = UnknownName(ref.kind, ref.name, known)
        yield Watched(ref.key, UNHELD, 1, "adds nobody to the basket", ref.name, near.remedy)


def _unworded(market: Market) -> Iterator[Watched]:
    """Kinds, countries and exchanges that the rules of a universe name, and no security has."""
    for key, word, there in named.unknown_words(market.stored):
        more = ", ..." if len(there) > LISTED else ""
        told = f"{word}; there are {', '.join(there[:LISTED])}{more}"
        yield Watched(key, UNWORDED, 1, "lets nobody in", told, "Write it as the data do.")


def _no_jumps(market: Market) -> Iterator[Watched]:
    """Returns that the market file calls true, of a security or on a day that has none."""
    for key, lacking in named.unknown_jumps(market.stored):
        told = ", ".join(lacking[:LISTED]) + (", ..." if len(lacking) > LISTED else "")
        remedy = "Correct the security, as it is after rename, or the day."
        yield Watched(key, NO_JUMP, len(lacking), "explain nothing", told, remedy)


def _unmade(market: Market) -> Iterator[Watched]:
    """Groups made by class of whose members none has one."""
    for name in (n for n, made in market.groups.items() if not made):
        why = naming.no_class(market.moment, name)
        remedy = "Bring classes of its members, or correct by and scheme."
        yield Watched(name, UNMADE, 1, "the group holds no basket", why, remedy)


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


def _thin(market: Market) -> Iterator[Watched]:
    """What ranks and rules of baskets lacked, as of their last rebalance."""
    all_from = "Change its rank; [first, 'last'] takes all from the first on."
    kinds = {
        FEW: (THIN, all_from),
        FEW_RULED: (THIN, all_from),
        WORDLESS: (WITHOUT, "Complete the table of securities, or do not ask for it."),
    }
    built = market.moment.composite_indices
    for name in (n for n in market.declared if built and n in built["price"].names):
        index = built["price"]
        ours = [r.session for r in index.targets.rebalances if index.row(name) in r.rows]
        for kind, (check, remedy) in kinds.items():
            said = index.targets.thin.get(name, {}).get(kind, ())
            if said and said[-1][0] == ours[-1]:
                days = dates(str(index.sessions[t].astype("datetime64[D]")) for t, _ in said)
                what, why = "said on the figures", said[-1][1]
                yield Watched(name, check, len(said), what, why, remedy, days)


def _twins(market: Market) -> Iterator[Watched]:
    """Two members of the broad basket, or two instruments, with the same returns."""
    names = [n for n in market.declared if n == market.broad or market.baskets[n].instrument]
    caveats = market.provenance(names).caveats
    for name, why in ((n, c) for n in names for c in caveats[n] if c.startswith((ONE, SERIES))):
        remedy = "Leave one of them out with where = {...}, or rename it to the other."
        yield Watched(name, TWINS, 1, "both counted; said on the figures", why, remedy)


def _odd_caps(market: Market) -> Iterator[Watched]:
    """Market caps of members of a basket that no price or volume bears out."""
    names = [n for n in market.declared if n in market.composites]
    caveats = market.provenance(names).caveats
    told = {c: n for n in reversed(names) for c in caveats[n] if c.startswith(caps.ODD)}
    for why, name in reversed(told.items()):
        remedy = "Correct the caps, the shares or their unit; or add the split to actions."
        yield Watched(name, ODD_CAPS, 1, "kept, said on the figures", why, remedy)


def _odd_items(market: Market) -> Iterator[Watched]:
    """Reported items in another unit than before, or than those of all others."""
    for need in FUNDAMENTALS:
        for why in odd_items(market.moment, need.removeprefix(FUNDAMENTAL)):
            remedy = "Correct the value or its unit, and import the file again."
            yield Watched(market.name, ODD_ITEMS, 1, "kept, said on the figures", why, remedy)


def _odd_volumes(market: Market) -> Iterator[Watched]:
    """Volumes of members that are missing, zero on a move, or in another unit from a day on."""
    for why in odd_volumes(market.moment):
        remedy = "Correct the volumes or their unit, and import the file again."
        yield Watched(market.name, ODD_VOLUMES, 1, "kept, said on the figures", why, remedy)


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
            dates([day] if day else []),
        )


def _ahead(market: Market) -> Iterator[Watched]:
    """Members that join a universe's list after the last price."""
    for name in market.file.universes:
        rows = validity.ahead(market.moment, name)
        if rows.height:
            more = ", ..." if rows.height > LISTED else ""
            told = ", ".join(f"{who} on {day}" for who, day in rows.head(LISTED).rows())
            remedy = "Check the year, unless they were announced; bring newer prices."
            yield Watched(name, AHEAD, rows.height, "no members yet", told + more, remedy)


def _cut(market: Market) -> Iterator[Watched]:
    """Days on which a list may be cut off."""
    cuts = {c for of in market.moment.coverage.absent.values() for c in of.cuts}
    for cut in sorted(cuts):
        told = f"{cut.left:,} of {number_of(cut.of, 'member')} from {cut.day} on"
        remedy = "Fetch the list again, or complete it."
        days = dates([cut.day])
        yield Watched(cut.list, CUT, 1, "said on its figures", told, remedy, days)

"""Names in a market file that only the data know: member lists, schemes, classes, funds, series."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from paceline.baskets.universe import RULED, asked, words
from paceline.config import Eligible, MarketFile, listed
from paceline.errors import MarketFileError, UnknownName

if TYPE_CHECKING:
    from paceline.market.stored import Stored


class Reference(NamedTuple):
    """A name in a market file, and the column of the stored tables that must hold it.

    among  the list that the name stands in, itself included
    """

    key: str
    kind: str
    name: str
    table: str
    column: str
    among: tuple[str, ...] = ()


def check(stored: Stored) -> None:
    """Raise ``MarketFileError`` for a name that no stored row bears, nor any beside it in its list.

    A class of a list in which others have members may be empty today: see ``without_rows``. Nothing
    is said while a source of the file was never imported: it may hold the name.
    """
    for ref, known in without_rows(stored):
        if not set(ref.among) & set(known):
            _not_aside(stored, ref)
            error = UnknownName(ref.kind, ref.name, known)
            remedy = error.remedy if known else f"No source fills the table {ref.table}."
            raise MarketFileError(f"{stored.path}: {ref.key}: {error.message}", remedy)
    _published(stored)


def _published(stored: Stored) -> None:
    """Raise ``MarketFileError`` for what is published for a basket, and is no basket or security.

    Nothing is said while nothing was imported.
    """
    file = stored.file
    for own, other in file.published.items():
        made = other in file.baskets or other.partition(":")[0] in file.groups
        if not made and stored.last_priced is not None and stored.security(other) is None:
            error = UnknownName("basket or security", other, file.baskets)
            remedy = f"Bring its prices, or correct the name. {error.remedy}"
            raise MarketFileError(f"{stored.path}: published.{own}: {error.message}", remedy)


def unknown_jumps(stored: Stored) -> Iterator[tuple[str, list[str]]]:
    """(key, "security day") of returns that a source calls true and has no row of."""
    import polars as pl

    for name, source in stored.file.sources.items():
        asked = [(s, day) for s, days in source.true_jumps.items() for day in days]
        if asked and any(row["source"] == name for row in stored.loads):
            own = pl.col("source") == name
            wanted = pl.col("security").is_in([s for s, _ in asked])
            rows = stored.table("prices").filter(own & wanted).select("security", "date")
            there = set(rows.collect().iter_rows())
            lacking = [f"{s} {day}" for s, day in asked if (s, day) not in there]
            if lacking:
                yield f"sources.{name}.true_jumps", lacking


def _not_aside(stored: Stored, ref: Reference) -> None:
    """Raise ``MarketFileError`` where there are rows of that name, and all were set aside."""
    import polars as pl

    named = pl.col("row").str.json_path_match(f"$.{ref.column}") == ref.name
    rows = stored.quarantine().filter((pl.col("table") == ref.table) & named)
    if rows.is_empty():
        return
    unit = ref.table == "holdings"
    raise MarketFileError(
        f"{stored.path}: {ref.key}: every row of {ref.name!r} in {ref.table} was set aside "
        f"({rows.height:,}: {rows['reason'][0]}).",
        'Is the unit right? weight = { column = "...", unit = "percent" }.'
        if unit
        else "Correct them: `paceline doctor` says why.",
    )


def without_rows(stored: Stored) -> Iterator[tuple[Reference, list[str]]]:
    """(reference, names of its kind that have rows) for every name that no stored row bears."""
    if not set(stored.file.sources) <= {row["source"] for row in stored.loads}:
        return
    known: dict[tuple[str, str], list[str]] = {}
    for ref in _references(stored.file):
        place = ref.table, ref.column
        if place not in known:
            known[place] = stored.distinct(*place)
        if ref.name not in known[place]:
            yield ref, known[place]


def unknown_words(stored: Stored) -> Iterator[tuple[str, str, list[str]]]:
    """(key, word, words there are) of each word of a universe's rules that no security has.

    Nothing is said of the kinds that rules have by themselves, nor without any row of securities.
    """
    for name, universe in stored.file.universes.items():
        rules = universe.eligible or Eligible()
        for column, accepted in asked(rules).items():
            if RULED[column] not in rules.model_fields_set:
                continue
            there = sorted(stored.distinct("securities", column))
            known = set(words(there, column))
            for word, plain in zip(accepted, words(accepted, column), strict=True):
                if there and plain not in known:
                    yield f"universes.{name}.eligible", word, there


def _references(file: MarketFile) -> Iterator[Reference]:
    for name, universe in file.universes.items():
        at = f"universes.{name}"
        if universe.members:
            yield Reference(f"{at}.members", "member list", universe.members, "members", "universe")
        if universe.scheme:
            yield Reference(f"{at}.scheme", "scheme", universe.scheme, "classes", "scheme")
        if universe.holdings:
            yield Reference(f"{at}.holdings", "fund", universe.holdings, "holdings", "fund")
    for name, basket in file.baskets.items():
        for level in ("sector", "industry", "sub_industry"):
            labels = listed(getattr(basket, level))
            for label in labels:
                key, kind = f"baskets.{name}.{level}", level.replace("_", "-")
                yield Reference(key, kind, label, "classes", level, tuple(labels))
    yield from _series(file)


def _series(file: MarketFile) -> Iterator[Reference]:
    named = [(f"rotations.{n}.proxy", r.proxy) for n, r in file.rotations.items()]
    named += [(f"themes.{n}.series", one) for n, t in file.themes.items() for one in t.series]
    named += [(f"report.page_one.macro.{n}", s) for n, s in file.report.page_one.macro.items()]
    named += [(f"drivers.{n}.{k}", s) for n, d in file.drivers.items() for k, s in d.named]
    for key, name in named:
        if bare := name.removeprefix("-"):
            yield Reference(key, "series", bare, "series", "series")

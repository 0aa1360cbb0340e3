"""What a source says now against what it said before: rows to add, rows to withdraw.

An import is a statement: F_n, the rows that a source states at load n. Stored is what it changed,

* every row of F_n that the store does not have from that source, or has with other values, and
* a marker in the table ``withdrawn`` for every stored row that F_n does not state, or states with
  other values.

A marker of load n takes away the rows of the same source, key and ``known`` with a smaller load,
and nothing else: so the rows of one source that are left at version N are F_n of its last load
n <= N, each once, and older versions stay what they were. Where most rows of a block (a table; of
prices a year) go, one marker takes away the block and F_n's block is written whole.

The log keeps a digest of every block of a statement. Blocks whose digest is the same are neither
read nor compared, so that a day added to a long history reads one year and writes one day.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from paceline import schema
from paceline.lineage import canonical
from paceline.store import delta, layout, restated
from paceline.store.delta import Segment

if TYPE_CHECKING:
    from paceline.store import Store

Tables = Mapping[str, pl.DataFrame]
#: A block of a statement: its table, and the year of prices.
Block = tuple[str, int | None]


class Stated(NamedTuple):
    """What an import changed: its load, and rows by how they differ from what was said before."""

    load: int
    added: int
    changed: int
    withdrawn: int

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> Stated:
        """Read from a load's line in the log."""
        counts = json.loads(line["changes"]).values()
        return cls(
            line["load"], *(sum(c[k] for c in counts) for k in ("added", "changed", "withdrawn"))
        )


class Revision(NamedTuple):
    """What a statement changes: rows to write, markers to write, and what the log says of it."""

    rows: dict[str, pl.DataFrame]
    markers: pl.DataFrame
    blocks: str | None
    changes: str


# ---- loads


def standing(loads: pl.DataFrame) -> pl.DataFrame:
    """The loads that state what stands now: of each source its last statement and what followed."""
    since = (
        loads.filter(pl.col("blocks").is_not_null())
        .group_by("source")
        .agg(pl.col("load").max().alias("since"))
    )
    return (
        loads.join(since, on="source", how="left", maintain_order="left")
        .filter(pl.col("load") >= pl.col("since").fill_null(0))
        .drop("since")
    )


def latest(loads: pl.DataFrame, source: str) -> dict[str, Any] | None:
    """The last load of a source; None for one that was never imported."""
    own = loads.filter(pl.col("source") == source)
    return own.row(-1, named=True) if len(own) else None


# ---- which rows count


class Withdrawals:
    """The markers of one table at one version, and whose rows they take away.

    markers  rows of the table ``withdrawn``, of listed loads only
    loads    the listed loads: a marker takes away rows of its own load's source
    """

    def __init__(self, name: str, markers: pl.DataFrame, loads: pl.DataFrame) -> None:
        self.key = [*schema.table(name).key, "known"]
        self._dated = name in layout.BY_YEAR
        self._source = loads.select("load", pl.col("source").alias("__of"))
        markers = markers.join(self._source, on="load").drop_nulls("__of")
        whole = pl.col("whole").fill_null(False)
        until = pl.col("load").max().alias("__until")
        self._blocks = markers.filter(whole).group_by("__of", "year").agg(until)
        self._rows = markers.filter(~whole).group_by("__of", *self.key).agg(until)
        by_year = [self._blocks.select("year", "__until")]
        year = pl.col("date").dt.year() if self._dated else pl.lit(None, pl.Int32)
        by_year.append(self._rows.select(year.alias("year"), "__until"))
        last = pl.concat(by_year).group_by("year").agg(pl.col("__until").max())
        self._last: dict[int | None, int] = dict(last.iter_rows())
        gone = self._source.join(self._blocks, on="__of").select("load", "year", "__until")
        self._gone: dict[tuple[int, int | None], int] = {
            (load, year): until for load, year, until in gone.iter_rows()
        }

    def living(self, segments: Iterable[Segment]) -> list[Segment]:
        """The files but for those of which one marker takes away every row."""
        return [s for s in segments if not self._wholly_gone(s)]

    def _wholly_gone(self, segment: Segment) -> bool:
        load = segment.constant.get("load")
        return load is not None and load < self._gone.get((load, segment.year), 0)

    def touch(self, segments: Sequence[Segment]) -> bool:
        """Whether rows of these files may have been taken away."""
        return any((s.first_load or 0) < self._last.get(s.year, 0) for s in segments)

    def live(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """``rows``, which have the key, ``known`` and ``load``, without those taken away."""
        columns = rows.collect_schema().names()
        year = pl.col("date").dt.year() if self._dated else pl.lit(None, pl.Int32)
        marked = rows.with_columns(year.alias("year"))
        ways = ((self._source, ["load"]), (self._rows, ["__of", *self.key]))
        for n, (frame, on) in enumerate((*ways, (self._blocks, ["__of", "year"]))):
            marked = marked.join(
                frame.lazy(),
                on=on,
                how="left",
                suffix=f"_{n}",
                nulls_equal=True,
                maintain_order="left",
            )
        until = pl.max_horizontal("__until", "__until_2").fill_null(0)
        return marked.filter(pl.col("load") >= until).select(columns)


# ---- digests of blocks


def digests(stated: Tables) -> dict[Block, str]:
    """Block -> number of its rows and the sum of their hashes, for every block with rows."""
    found: dict[Block, str] = {}
    for name, frame in stated.items():
        dated = name in layout.BY_YEAR
        year = frame["date"].dt.year() if dated else pl.lit(None, pl.Int32)
        sums = (
            frame.hash_rows()
            .to_frame("hash")
            .with_columns(year.alias("year"))
            .group_by("year")
            .agg(pl.len(), pl.col("hash").sum())
        )
        found |= {(name, y): f"{n}:{h:016x}" for y, n, h in sums.iter_rows()}
    return found


def _to_text(found: Mapping[Block, str]) -> str:
    """Digests as the log keeps them; with the library's version, on which hashes depend."""
    nested: dict[str, dict[str, str]] = {}
    for (name, year), text in found.items():
        nested.setdefault(name, {})[str(year or "")] = text
    return canonical({"by": f"polars {pl.__version__}", "of": nested})


def _from_text(text: str | None) -> dict[Block, str] | None:
    """The digests of the statement that stands; None where they are not known."""
    kept = json.loads(text) if text else {}
    if kept.get("by") != f"polars {pl.__version__}":
        return None
    return {
        (name, int(year) if year else None): digest
        for name, years in kept["of"].items()
        for year, digest in years.items()
    }


# ---- the difference


def revision(
    store: Store, loads: pl.DataFrame, source: str, stated: Tables, *, adds_only: bool
) -> Revision:
    """What ``source`` changes at the version of ``loads`` by stating these tables and no others.

    adds_only  rows that are not stated stay, and so does a value that is not
    """
    new = digests(stated)
    old = _known(store, loads, source)
    nothing, tally = pl.DataFrame(schema=_MARKERS), restated.Tally()
    said = None if adds_only else _to_text(new)
    if not old:  # nothing to compare with: the tables are written as they are
        for name, frame in stated.items():
            tally.add(name, len(frame))
        return Revision(dict(stated), nothing, said, tally.text())
    rows: dict[str, list[pl.DataFrame]] = {}
    markers = [nothing]
    for block in sorted({*new, *old}, key=lambda b: (b[0], b[1] or 0)):
        if old.get(block, "") == new.get(block) or (adds_only and block not in new):
            continue
        name, year = block
        before = None
        if block in old:
            before = of_source(store, loads, source, name, year)
        after = _block(stated, block)
        add, gone = _compare(name, before, after, tally, adds_only=adds_only)
        rows.setdefault(name, []).append(add)
        markers.append(gone if year is None else gone.with_columns(year=pl.lit(year, pl.Int32)))
    return Revision(
        {name: pl.concat(parts) for name, parts in rows.items()},
        pl.concat(markers, how="diagonal"),
        said,
        tally.text(),
    )


_MARKERS = {k: t for k, t in layout.WITHDRAWN.items() if k != "load"}


def _known(store: Store, loads: pl.DataFrame, source: str) -> dict[Block, str]:
    """The blocks that hold rows of the source, with their digests; "" where that is not known."""
    last = latest(loads, source)
    if last is None:
        return {}
    kept = _from_text(last["blocks"])
    if kept is not None:
        return kept
    own = frozenset(loads.filter(pl.col("source") == source)["load"])
    return {
        (name, s.year): ""
        for name in schema.TABLES
        for s in store.segments(name, int(last["load"]))[0]
        if _may_hold(s, own)
    }


def _may_hold(segment: Segment, loads: Collection[int]) -> bool:
    """Whether the file may hold rows of these loads."""
    return segment.constant.get("load") is None or segment.constant["load"] in loads


def of_source(
    store: Store, loads: pl.DataFrame, source: str, name: str, year: int | None = None
) -> pl.DataFrame:
    """The rows of one block that the source states at the version of ``loads``, by key."""
    version = int(loads["load"].max() or 0)  # type: ignore[arg-type]
    own = frozenset(loads.filter(pl.col("source") == source)["load"])
    segments, _ = store.segments(name, version)
    mine = [s for s in segments if (year is None or s.year == year) and _may_hold(s, own)]
    columns = layout.columns(name)
    rows = delta.scan(mine, columns).filter(pl.col("load").is_in(list(own)))
    withdrawals = store.withdrawals(name, version)
    if withdrawals.touch(mine):
        rows = withdrawals.live(rows)
    with delta.guard(store.path / "tables" / name, "reading"):
        frame = rows.collect()
    # rows that were added without a statement may stand there twice: the later load counts
    key = [*schema.table(name).key, "known"]
    if frame.select(pl.struct(key).is_duplicated().any()).item():
        frame = frame.sort("load", maintain_order=True).unique(
            key, keep="last", maintain_order=True
        )
    return frame


def _block(stated: Tables, block: Block) -> pl.DataFrame:
    name, year = block
    if name not in stated:
        return pl.DataFrame(schema={c: t for c, t in layout.columns(name).items() if c != "load"})
    frame = stated[name]
    return frame if year is None else frame.filter(pl.col("date").dt.year() == year)


def _compare(
    name: str,
    before: pl.DataFrame | None,
    after: pl.DataFrame,
    tally: restated.Tally,
    *,
    adds_only: bool,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of ``after`` to write, and the markers of the rows of ``before`` to take away."""
    if before is None or before.is_empty():
        tally.add(name, added=len(after))
        return after, pl.DataFrame(schema=_MARKERS)
    key = [*schema.table(name).key, "known"]
    values = [c for c in after.columns if c not in key]
    was = before.select(*key, *(pl.col(c).alias(f"={c}") for c in values), pl.lit(1).alias("="))
    both = after.join(was, on=key, how="left", nulls_equal=True, maintain_order="left")
    if adds_only:
        both = both.with_columns(pl.coalesce(c, f"={c}") for c in values)
    there = pl.col("=").is_not_null()
    differs = pl.any_horizontal(
        pl.lit(False), *(pl.col(c).ne_missing(pl.col(f"={c}")) for c in values)
    )
    added, changed = both.filter(~there), both.filter(there & differs)
    gone = before.clear() if adds_only else before.join(after, on=key, how="anti", nulls_equal=True)
    tally.add(name, len(added), changed, gone, before)
    if 2 * (len(changed) + len(gone)) > len(before) and not adds_only:
        return after, pl.DataFrame({"table": [name], "whole": [True]}, schema_overrides=_MARKERS)
    marked = pl.concat([changed.select(key), gone.select(key)])
    markers = marked.select(pl.lit(name).alias("table"), pl.lit(False).alias("whole"), *key)
    rows = both.filter(~there | differs).select(after.columns)
    return rows, markers.cast({k: _MARKERS[k] for k in key})

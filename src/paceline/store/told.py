"""What a store tells of its imports: what they changed, the faults found, the rows set aside."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import polars as pl

from paceline.store import layout, restated

if TYPE_CHECKING:
    from paceline.store import Store

#: Between the names of two sources in a finding about both.
PAIR = " / "
_CHANGES = pl.Schema(
    {
        **{k: layout.LOADS[k] for k in ("load", "committed", "source")},
        "table": pl.String(),
        **{k: pl.Int64() for k in ("added", "changed", "withdrawn")},
        "what": pl.List(pl.String()),
    }
)


def changes(store: Store, version: int | str | dt.date | None = None) -> pl.DataFrame:
    """What statements changed of what was stated before, by load and table, newest first.

    Columns load, committed, source, table, added, changed, withdrawn, and what: sentences that
    name withdrawn rows and measure restated history. Loads that only added are left out.
    """
    rows = [
        {
            **{k: load[k] for k in ("load", "committed", "source")},
            "table": name,
            **{k: told[k] for k in ("added", "changed", "withdrawn")},
            "what": restated.sentences(told),
        }
        for load in store.loads(version).drop_nulls("changes").iter_rows(named=True)
        for name, told in json.loads(load["changes"]).items()
        if told["changed"] or told["withdrawn"]
    ]
    return pl.DataFrame(rows[::-1], schema=_CHANGES)


def findings(store: Store, version: int | str | dt.date | None = None) -> pl.DataFrame:
    """Faults found in what the sources state at ``version``, each once.

    What two sources say differently counts as of the later statement of the two.
    """
    loads = store.log.standing(version)
    last = dict(loads.group_by("source").agg(pl.col("load").max()).iter_rows())
    rows = _of_standing(store, "findings", version).sort("load", "source", "check")
    newest = [
        load == max(load, *(last.get(name, 0) for name in pair.split(PAIR)))
        for load, pair in rows.select("load", "source").iter_rows()
    ]
    own = ~pl.col("source").str.contains(PAIR, literal=True)
    return rows.filter(own | pl.Series(newest, dtype=pl.Boolean))


def quarantine(store: Store, version: int | str | dt.date | None = None) -> pl.DataFrame:
    """Rows set aside of what is stated, with the reason; ``row`` is the row as JSON."""
    return _of_standing(store, "quarantine", version).sort("load", "source", "table")


def _of_standing(store: Store, name: str, version: int | str | dt.date | None) -> pl.DataFrame:
    number = store.version if version is None else store.resolve(version)
    loads = store.log.standing(number)["load"]
    return store.read(name, number).drop("known").filter(pl.col("load").is_in(loads.implode()))

"""Market files that share one store by accident: each import would withdraw the other's rows.

The row of a load says which market file made it. A file that is still there, is not the one that
imports now, and says something else of a source of the same name is a rival. One that has gone was
moved, renamed or given up, and one that says the same is a copy: neither is. Another calendar alone
makes no rival: the same bytes are read with its sessions, and the other market says that it was
imported under another one. The same comparison says whether a market file was changed since its
import.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paceline import config
from paceline.errors import PacelineError, StoreError
from paceline.lineage import canonical
from paceline.market.stating import declared

if TYPE_CHECKING:
    import polars as pl

#: Said of every figure as long as the market file was changed and nothing imported since.
OUTDATED = "imported under other settings than the market file gives now: {}; run `paceline import`"


def place_of(path: str, file: config.MarketFile) -> str | None:
    """What a load keeps of the market file that makes it, as JSON; None for one without a file.

    file   its full path
    data   the folder its sources are read from
    named  the store is the one that the file names
    """
    there = Path(path)
    if not path.endswith(".toml") or not there.is_file():
        return None
    named = config.load(there, file.market.data).market.store == file.market.store
    return canonical({"file": str(there.resolve()), "data": file.market.data, "named": named})


def refuse(file: config.MarketFile, place: str | None, loads: pl.DataFrame) -> None:
    """``StoreError`` where the sources of a market file are another file's in these loads."""
    for last in loads.unique("source", keep="last", maintain_order=True).to_dicts():
        name = last["source"]
        spec, other = file.sources.get(name), holder(last, place, file.market.store)
        if spec is None or other is None:
            continue
        theirs = declared(name, other.sources[name], file.market.calendar)
        same = theirs == declared(name, spec, file.market.calendar)
        there = json.loads(last["place"])
        if same and (not spec.path or there["data"] == file.market.data):
            continue  # what is read from no folder is the same everywhere
        raise StoreError(
            f"the store {file.market.store} holds {name!r} of another market file, "
            f"{there['file']}, which reads it otherwise; each import would withdraw what the other "
            "stated.",
            "Nothing was stored. Give this market a store of its own (`store` under [market], or "
            "--store DIR), or its source another name; delete that file if it is no longer used.",
        )


def holder(last: Mapping[str, Any], place: str | None, store: str) -> config.MarketFile | None:
    """The market file of a source's last load, if it is another one that still declares it there.

    last   the row of the load
    place  of the market file that asks
    """
    if not last["checksum"] or not last["place"]:
        return None
    there = json.loads(last["place"])
    if place is not None and json.loads(place)["file"] == there["file"]:
        return None
    try:
        other = config.load(there["file"])
    except PacelineError:  # it has gone, or is none any more
        return None
    if there["named"] and other.market.store != store:
        return None
    return other if last["source"] in other.sources else None


def outdated(file: config.MarketFile, place: str | None, loads: pl.DataFrame) -> tuple[str, ...]:
    """A sentence where sources were imported under other settings than the market file gives now.

    Those that this market imported and no longer declares too. ``loads`` are those of the version.
    """
    found = []
    for last in loads.unique("source", keep="last", maintain_order=True).to_dicts():
        name, market = last["source"], file.market
        if not last["declaration"] or not last["checksum"]:  # not a statement; withdrawn
            continue
        spec = file.sources.get(name)
        if spec is None:
            if last["market"] == market.name and holder(last, place, market.store) is None:
                found.append(name)
        elif last["declaration"] != declared(name, spec, market.calendar):
            found.append(name)
    return (OUTDATED.format(", ".join(found)),) if found else ()

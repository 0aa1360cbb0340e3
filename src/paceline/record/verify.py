"""A report made again: the same figures from the store as it was."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from paceline import pages
from paceline.document import Document
from paceline.errors import UsageError
from paceline.market import Market, located
from paceline.market.commands import notice
from paceline.pages import headline
from paceline.pages.changes import changes
from paceline.pages.page_one import page_one
from paceline.record import single
from paceline.record.manifest import faults, manifest_of, read_manifest, settings_of, whole
from paceline.studies import exposure, news
from paceline.studies.answers import Answers
from paceline.studies.news import newsworthy

Progress = Callable[[str, float], None]
#: What makes two figures the same question, whatever code or store answered it.
QUESTION = ("measure", "subject", "against", "statistic", "start", "end", "basis")


def report(
    market: Market,
    progress: Progress | None = None,
    previous: Mapping[str, Any] | None = None,
    *,
    whole: bool = False,
) -> Document:
    """The report as a ``Document``; its steps are stored for ``paceline trace``.

    previous  an earlier report's manifest: what has changed since is said first (see
              ``previous_report``)
    whole     with the pages that are built only when asked for
    """
    say = progress or (lambda _what, _share: None)
    ask = Answers(market)
    built = list(pages.sections(ask, say, whole=whole))
    document = Document(
        title=market.title,
        market=market.name,
        as_of=market.as_of,
        simulated=market.simulated,
        headline=headline.sentences(ask),
        sections=tuple(built),
        notice=notice(market),
    )
    shown = list(document.figures())
    changed = changes(ask, shown, previous)
    before, found = None, []
    if changed is not None and previous is not None:
        document = replace(document, sections=(changed, *built))
        before, found = str(previous["as_of"]), news.changed(ask, shown, previous)
    document = replace(document, page_one=page_one(ask, before, found))
    document.manifest.update(manifest_of(market, document, ask))
    if changed is not None and previous is not None:  # kept, so that ``verify`` can say it again
        document.manifest["previous"] = {
            "as_of": previous["as_of"],
            "figures": newsworthy(previous["figures"]),
        }
    if whole:
        document.manifest["sections"] = "all"
        document.manifest["command"] += " --sections all"
    market.remember(document.figures())
    say("done", 1.0)
    return document


def market_of(
    manifest: Mapping[str, Any],
    path: str | Path | None = None,
    *,
    data: str | Path | None = None,
    store: str | Path | None = None,
) -> Market:
    """The market of a report, at its day and version, with the plug-in files it was made with.

    The files run if their user has allowed them as they are now: a manifest gives no permission.
    """
    named = [plugin["file"] for plugin in manifest.get("plugins", ())]
    when = {"as_of": manifest["as_of"], "version": manifest["store_version"]}
    return Market(*located(path, data, store, named=named), **when)


def verify(
    path: str | Path, market: Market | None = None, *, rtol: float = 1e-9
) -> list[dict[str, Any]]:
    """Compute every figure of a manifest again, from the store version and day it names.

    market  default: the one that the manifest names, see ``market_of``

    Returns the rows that differ: {question..., "was", "is", "why"}; an empty list means that all
    come out, and that manifest, pages, raw bytes and stored rows are what was written. A manifest
    that was altered is not computed again: its rows say what is wrong with it.
    """
    old = read_manifest(path)
    altered = [_of("manifest", path, why) for why in faults(path, old)]
    if altered and not whole(old):
        return altered
    if market is None:
        if not {"market_file", "store"} <= set(old):
            raise UsageError(
                f"{path}: the manifest does not say which market file and store it is from.",
                "Give --market and --store.",
            )
        file = old["market_file"] if old["market_file"].endswith(".toml") else None
        market = market_of(old, file, data=old.get("data"), store=old["store"])
    for plugin in old.get("plugins", ()):
        if plugin["file"] not in market.file.plugins:
            raise UsageError(
                f"{path}: the report was made with the plug-in file {plugin['file']}, which this "
                "market was opened without.",
                "Name it in `plugins` of the market file, or in Python in plugins=[...].",
            )
    altered += _damaged(market, {str(row.get("figure")) for row in old["figures"]})
    now: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    again = _again(market, old)
    for row in json.loads(json.dumps(again.manifest["figures"], default=str)):
        # asked twice (two windows, say): compared in order
        now.setdefault(_question(row), []).append(row)
    differing = altered
    for row in old["figures"]:
        key = _question(row)
        new = now[key].pop(0) if now.get(key) else None
        if new is None:
            differing.append(
                {
                    **dict(zip(QUESTION, key, strict=False)),
                    "was": row["value"],
                    "is": None,
                    "why": "not in today's report",
                }
            )
        elif not _same(row["value"], new["value"], rtol):
            same = row.get("figure") == new["figure"]
            why = "same code, other value" if same else "the code or the data behind it has changed"
            differing.append(
                {
                    **dict(zip(QUESTION, key, strict=False)),
                    "was": row["value"],
                    "is": new["value"],
                    "why": why,
                }
            )
    return [*_edited(old, market), *differing] if differing else []


def _again(market: Market, old: Mapping[str, Any]) -> Document:
    """What a manifest is of, made again: a report, or the page of a book."""
    if "book" not in old:
        return report(market, previous=old.get("previous"), whole=old.get("sections") == "all")
    return single.exposure(exposure.asked_again(market, old["book"]))


def _edited(old: Mapping[str, Any], market: Market) -> list[dict[str, Any]]:
    """A row where the market file is not that of the report."""
    if old.get("settings") in (None, settings_of(market)):
        return []
    why = "it was edited since the report was made: what differs may come of that"
    return [_of("market file", market.path, why)]


def _of(what: str, which: object, why: str) -> dict[str, Any]:
    """A row about something that is no figure."""
    return {**dict.fromkeys(QUESTION), "measure": what, "subject": str(which), "why": why}


def _damaged(market: Market, figures: Collection[str]) -> list[dict[str, Any]]:
    """Rows about files behind this version of the store that are not what was written.

    figures  ids, of which the lineage is looked for
    """
    faults = market.store.check().faults
    found = [
        _of(f.place, f.file, f"load {min(f.loads)}: the file {f.what}")
        for f in faults
        if f.loads and min(f.loads) <= market.version
    ]
    lineage = [f for f in faults if f.place == "steps"]
    if lineage and market.store.unknown_steps(figures):
        found += [_of(f.place, f.file, f"lineage: the file {f.what}") for f in lineage]
    return found


def _same(a: object, b: object, rtol: float) -> bool:
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=rtol, abs_tol=1e-12)
    return bool(a == b)


def _question(row: dict[str, Any]) -> tuple[Any, ...]:
    further = tuple(
        sorted(
            (k, v) for k, v in row.items() if isinstance(v, str) and k not in (*QUESTION, "figure")
        )
    )
    return (*(row.get(k) for k in QUESTION), further)

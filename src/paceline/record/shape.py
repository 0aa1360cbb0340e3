"""Whether a JSON file has the shape of a manifest: a manifest is input like any other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

#: Texts that a manifest names its market by.
PLACES = ("market_file", "store", "data")
#: What a row of figures holds as text, or not at all.
TEXTS = ("measure", "subject", "against", "statistic", "start", "end", "basis", "figure", "line")


def fault(found: object) -> str:
    """The first thing by which ``found`` is no manifest; "" for one that can be worked with."""
    return next(_faults(found), "")


def _faults(found: object) -> Iterator[str]:
    if not isinstance(found, dict):
        yield "it holds no table of keys"
        return
    missing = [key for key in ("figures", "as_of", "store_version") if key not in found]
    if missing:
        yield f"it lacks {', '.join(missing)}"
        return
    version = found["store_version"]
    if isinstance(version, bool) or not isinstance(version, int) or not 0 <= version < 2**63:
        yield f"store_version is {_shown(version)}, not the number of a load"
    for key in PLACES:
        if not isinstance(found.get(key, ""), str) or "\x00" in found.get(key, ""):
            yield f"{key} is {_shown(found[key])}, not a path"
    if not isinstance(found.get("book", {}), dict):
        yield f"book is {_shown(found['book'])}, not what a book was asked with"
    yield from _sealed(found.get("digests"))
    yield from _report_faults(found, "")
    if found.get("previous") is not None:
        previous = found["previous"]
        if not isinstance(previous, dict) or not {"as_of", "figures"} <= set(previous):
            yield "previous is no report with as_of and figures"
        else:
            yield from _report_faults(previous, "previous.")


def _sealed(digests: object) -> Iterator[str]:
    """Faults of the digests, where there are any."""
    if not isinstance(digests, dict):
        return
    pages = digests.get("pages", {})
    texts = isinstance(pages, dict) and all(isinstance(v, str) for v in pages.values())
    if not texts or not isinstance(digests.get("name", ""), str):
        yield "digests names no files by their checksums"


def _report_faults(report: dict[str, Any], where: str) -> Iterator[str]:
    """Faults of the day and the figures of a report."""
    try:
        dt.date.fromisoformat(report["as_of"])
    except (TypeError, ValueError):
        yield f"{where}as_of is {_shown(report['as_of'])}, not a date"
    rows = report["figures"]
    if not isinstance(rows, list):
        yield f"{where}figures is {_shown(rows)}, not a list"
        return
    for number, row in enumerate(rows):
        at = f"{where}figures[{number}]"
        if not isinstance(row, dict) or not {"measure", "value", "figure"} <= set(row):
            yield f"{at} is no figure with measure, value and figure"
            continue
        for key in TEXTS:
            if not isinstance(row.get(key), str | None):
                yield f"{at}.{key} is {_shown(row[key])}, not text"
        if isinstance(row["value"], (list, dict)):
            yield f"{at}.value is {_shown(row['value'])}, not one value"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."

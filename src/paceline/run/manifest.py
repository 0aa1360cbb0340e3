"""Manifests: what a report said, how to find each figure again, and whether it still comes out."""

from __future__ import annotations

import json
import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paceline import measures
from paceline.document import Document
from paceline.errors import DataError, UsageError
from paceline.lineage import code_version
from paceline.run.views import asked_again

if TYPE_CHECKING:
    from paceline.market import Market

#: What makes two figures the same question, whatever code or store answered it.
QUESTION = ("measure", "subject", "against", "statistic", "start", "end", "basis")


def write_manifest(document: Document, path: str | Path) -> Path:
    """Write the manifest as JSON; whole or not at all."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(path.suffix + ".part")
        half.write_text(_json(document.manifest), encoding="utf-8")
        half.replace(path)
    except OSError as error:
        raise DataError(
            f"{path}: the manifest cannot be written ({error.strerror}).",
            "Free space or choose another --out.",
        ) from None
    return path


def _json(manifest: dict[str, Any]) -> str:
    """One line per row of a list, one per other key: readable, and written by the fast encoder."""

    def line(value: Any) -> str:
        return json.dumps(value, default=str, allow_nan=False)

    return (
        "{\n"
        + ",\n".join(
            f" {line(key)}: "
            + (
                "[\n  " + ",\n  ".join(map(line, value)) + "]"
                if isinstance(value, list) and value
                else line(value)
            )
            for key, value in manifest.items()
        )
        + "\n}\n"
    )


def read_manifest(path: str | Path) -> dict[str, Any]:
    """Read a manifest; a ``UsageError`` says what is wrong with the file."""
    path = Path(path)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"{path}: no such manifest.", "`paceline report` writes one beside the report."
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path}: not a readable manifest ({error}).", "Give the .manifest.json of a report."
        ) from None
    needed = ("figures", "as_of", "store_version")
    missing = [key for key in needed if not isinstance(found, dict) or key not in found]
    if missing or not isinstance(found, dict):
        raise UsageError(
            f"{path}: this JSON file is not a manifest, it lacks {', '.join(missing)}.",
            "Give the .manifest.json of a report.",
        )
    return found


def verify(
    path: str | Path, market: Market | None = None, *, rtol: float = 1e-9
) -> list[dict[str, Any]]:
    """Compute every figure of a manifest again, from the store version and day it names.

    Returns the rows that differ: {question..., "was", "is", "why"}; an empty list means that all
    come out."""
    from paceline import run
    from paceline.market import open_market

    old = read_manifest(path)
    if market is None:
        if not {"market_file", "store"} <= set(old):
            raise UsageError(
                f"{path}: the manifest does not say which market file and store it is from.",
                "Give --market and --store.",
            )
        file = old["market_file"] if Path(old["market_file"]).exists() else None
        market = open_market(
            file,
            data=old.get("data"),
            store=old["store"],
            as_of=old["as_of"],
            version=old["store_version"],
        )
    now: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in json.loads(
        json.dumps(
            run.report(market, previous=old.get("previous")).manifest["figures"], default=str
        )
    ):
        # asked twice (two windows, say): compared in order
        now.setdefault(_question(row), []).append(row)
    differing = []
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
            why = (
                "the code has changed"
                if old.get("code") != code_version()
                else "same code, other value"
            )
            differing.append(
                {
                    **dict(zip(QUESTION, key, strict=False)),
                    "was": row["value"],
                    "is": new["value"],
                    "why": why,
                }
            )
    return differing


def _same(a: Any, b: Any, rtol: float) -> bool:
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


def trace(figure: str, market: Market) -> dict[str, Any]:
    """The lineage of a figure as a tree: {id, name, params, code, parents: [...]}, down to the bytes.

    ``figure`` is an id or an unambiguous beginning of one. Raises ``UsageError``.
    """
    found = market.store.step(figure)
    if found is None:
        raise UsageError(
            f"no figure {figure!r} is known to the store, or several begin so.",
            "Give the whole id, and the --market or --store of the report or `paceline show` it is from.",
        )

    def grow(step: dict[str, Any]) -> dict[str, Any]:
        parents = [market.store.step(p) for p in step["parents"]]
        return {**step, "parents": [grow(p) for p in parents if p is not None]}

    return {**grow(found), "command": command(found, market)}


def command(step: dict[str, Any], market: Market) -> str:
    """The command line that computes a figure again."""
    question = market.store.step(step["parents"][0]) if step["parents"] else None
    if step["name"] != "figure" or question is None:
        return ""
    asked, which = question["params"], step["params"]
    ahead = asked_again(question)
    words = ["paceline", *(ahead or ["show", question["name"]])]
    if market.path.endswith(".toml"):
        words += ["--market", market.path]
    words += [
        "--as-of",
        str(asked.get("as_of", market.as_of)),
        "--store-version",
        str(market.version),
    ]
    if ahead:
        return shlex.join(words)
    for option in ("subject", "against"):
        if which.get(option):
            words += [f"--{option}", which[option]]
    if asked.get("basis") in ("price", "total"):
        words += ["--basis", asked["basis"]]
    declared = measures.discover().get(question["name"])
    for name, default in declared.defaults().items() if declared else ():
        value = asked.get(name)
        several = list(value) if isinstance(value, (list, tuple)) else [value]
        if (
            name == "basis"
            or value is None
            or several == (list(default) if isinstance(default, tuple) else [default])
        ):
            continue
        for one in several:
            words += [f"--{name.replace('_', '-')}", *([] if one is True else [str(one)])]
    if (
        declared
        and declared.shows == "series"
        and which.get("end", asked.get("as_of")) != asked.get("as_of")
    ):
        words.append("--history")
    return shlex.join(words)

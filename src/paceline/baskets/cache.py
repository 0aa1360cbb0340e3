"""Target weights kept in a file beside the store's panels: worked out once for a panel and a market file.

The key names the panel's lineage (imports, request, code), the baskets, universes and groups, and
the names asked for. A file that cannot be read is worked out again; one that cannot be written is
no error."""

from __future__ import annotations

import json
import os
import uuid
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from paceline import baskets, config
from paceline.lineage import code_of, digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paceline.panel import Panel

#: Files kept; the least recently used go.
KEEP = 12


def key(panel: Panel, market: config.MarketFile, names: Sequence[str]) -> str:
    """Names everything that target weights depend on."""
    asked = market.model_dump(mode="json", include={"universes", "baskets", "groups"})
    return digest([panel.step.id, code_of("paceline.indices"), asked, list(names)], 32)


def targets(
    panel: Panel, market: config.MarketFile, names: Sequence[str], folder: Path
) -> baskets.Targets:
    """``baskets.targets``, from the folder if it is there."""
    path = folder / f"targets-{key(panel, market, names)}.npz"
    found = _load(path)
    if found is None:
        found = baskets.targets(panel, market, names)
        with suppress(OSError):
            _save(path, found)
            for old in sorted(
                folder.glob("targets-*.npz"), key=lambda p: p.stat().st_mtime, reverse=True
            )[KEEP:]:
                old.unlink(missing_ok=True)
    return found


def group_baskets(
    panel: Panel, market: config.MarketFile, folder: Path
) -> tuple[dict[str, config.Basket], dict[str, str]]:
    """``baskets.group_baskets``, from the folder if it is there."""
    path = folder / f"groups-{key(panel, market, ())}.json"
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept.pop("digest") == digest(kept):
            os.utime(path)
            return {n: config.Basket.model_validate(b) for n, b in kept["baskets"].items()}, kept[
                "labels"
            ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    made, labels = baskets.group_baskets(panel, market)
    kept = {
        "baskets": {n: b.model_dump(mode="json", exclude_unset=True) for n, b in made.items()},
        "labels": labels,
    }
    with suppress(OSError):
        draft = path.with_name(f".{uuid.uuid4().hex}.json")
        draft.write_text(json.dumps({"digest": digest(kept), **kept}), encoding="utf-8")
        draft.replace(path)
        for old in sorted(
            folder.glob("groups-*.json"), key=lambda p: p.stat().st_mtime, reverse=True
        )[KEEP:]:
            old.unlink(missing_ok=True)
    return made, labels


def _save(path: Path, found: baskets.Targets) -> None:
    meta = {
        "names": found.names,
        "labels": dict(found.labels),
        "caveats": dict(found.caveats),
        "rebalances": [(r.session, len(r.rows), len(r.columns)) for r in found.rebalances],
    }
    none = [np.empty(0, np.int64)]
    draft = path.with_name(f".{uuid.uuid4().hex}.npz")
    try:
        np.savez(
            draft,
            meta=np.frombuffer(json.dumps(meta).encode(), np.uint8),
            first=found.first,
            instruments=found.instruments,
            rows=np.concatenate([r.rows for r in found.rebalances] or none),
            columns=np.concatenate([r.columns for r in found.rebalances] or none),
            weights=np.concatenate([r.weights.ravel() for r in found.rebalances] or [np.empty(0)]),
        )
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _load(path: Path) -> baskets.Targets | None:
    try:
        # the archive checks every byte
        with path.open("rb") as data, np.load(data, allow_pickle=False) as file:
            part = {name: file[name] for name in file.files}
        meta = json.loads(part["meta"].tobytes())
        os.utime(path)
        rebalances, r, c, w = [], 0, 0, 0
        for session, height, width in meta["rebalances"]:
            rebalances.append(
                baskets.Rebalance(
                    session,
                    part["rows"][r : r + height],
                    part["columns"][c : c + width],
                    part["weights"][w : w + height * width].reshape(height, width),
                )
            )
            r, c, w = r + height, c + width, w + height * width
        return baskets.Targets(
            tuple(meta["names"]),
            meta["labels"],
            tuple(rebalances),
            part["first"],
            part["instruments"],
            {n: tuple(x) for n, x in meta["caveats"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return None

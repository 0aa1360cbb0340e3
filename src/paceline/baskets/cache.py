"""Target weights in the store's cache: worked out once for a panel and a market file."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline import baskets, config
from paceline.baskets import absent as counting
from paceline.baskets import weights
from paceline.baskets.absent import Absent, Cut
from paceline.lineage import code_of, digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paceline.panel import Panel
    from paceline.store import Cache, Entry

#: A word of this process and of no other.
PROCESS = uuid.uuid4().hex
TARGETS, GROUPS, ABSENT = "targets", "groups", "absent"


def key(panel: Panel, market: config.MarketFile, names: Sequence[str]) -> str:
    """Names all that target weights depend on.

    The panel's lineage (imports, request, code), the baskets, universes and groups, the names asked
    for, and the code of baskets and of the weightings named. A weighting from outside may read what
    no key can name (a module or a file beside it): what rests on it is kept for this process alone.
    """
    asked = market.model_dump(mode="json", include={"universes", "baskets", "groups"})
    code = code_of(__name__, *weights.modules(market))
    process = PROCESS if weights.outside(market) else ""
    return digest([panel.step.id, code, asked, list(names), process], 32)


def targets(
    panel: Panel, market: config.MarketFile, names: Sequence[str], cache: Cache
) -> baskets.Targets:
    """``baskets.targets``, from the cache if it is there."""
    question = key(panel, market, names)
    entry = cache.load(TARGETS, question)
    if entry is not None:
        return _targets_of(entry)
    made = baskets.targets(panel, market, names)
    cache.save(TARGETS, question, *_entry_of(made))
    return made


def group_baskets(
    panel: Panel, market: config.MarketFile, cache: Cache
) -> tuple[dict[str, config.Basket], dict[str, str]]:
    """``baskets.group_baskets``, from the cache if it is there."""
    question = key(panel, market, ())
    entry = cache.load(GROUPS, question)
    if entry is not None:
        specs = entry.values["baskets"].items()
        return {n: config.Basket.model_validate(b) for n, b in specs}, entry.values["labels"]
    made, labels = baskets.group_baskets(panel, market)
    specs = {n: b.model_dump(mode="json", exclude_unset=True) for n, b in made.items()}
    cache.save(GROUPS, question, {"baskets": specs, "labels": labels})
    return made, labels


def absent(
    panel: Panel, market: config.MarketFile, names: Sequence[str], cache: Cache
) -> dict[str, Absent]:
    """``absent.absent``, from the cache if it is there."""
    question = key(panel, market, names)
    entry = cache.load(ABSENT, question)
    if entry is not None:
        rows = zip(entry.values, *entry.arrays.values(), strict=True)
        return {
            one["basket"]: Absent(
                eligible,
                silent,
                tuple(one["names"]),
                one["ranked"],
                tuple(Cut(*c) for c in one["cuts"]),
            )
            for one, eligible, silent in rows
        }
    made = counting.absent(panel, market, names)
    values = [
        {"basket": n, "names": a.names, "ranked": a.ranked, "cuts": a.cuts} for n, a in made.items()
    ]
    shape = len(made), len(panel.sessions)
    arrays = {
        "eligible": np.array([a.eligible for a in made.values()], np.int64).reshape(shape),
        "absent": np.array([a.absent for a in made.values()], np.int64).reshape(shape),
    }
    cache.save(ABSENT, question, values, arrays)
    return made


def _entry_of(made: baskets.Targets) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values and arrays that targets are kept as: all rebalances behind each other."""
    values = {
        "names": made.names,
        "labels": dict(made.labels),
        "caveats": dict(made.caveats),
        "thin": dict(made.thin),
        "rebalances": [(r.session, len(r.rows), len(r.columns)) for r in made.rebalances],
    }
    none = [np.empty(0, np.int64)]
    arrays = {
        "first": made.first,
        "instruments": made.instruments,
        "rows": np.concatenate([r.rows for r in made.rebalances] or none),
        "columns": np.concatenate([r.columns for r in made.rebalances] or none),
        "weights": np.concatenate([r.weights.ravel() for r in made.rebalances] or [np.empty(0)]),
    }
    return values, arrays


def _targets_of(entry: Entry) -> baskets.Targets:
    values, arrays = entry
    rebalances, r, c, w = [], 0, 0, 0
    for session, height, width in values["rebalances"]:
        rebalances.append(
            baskets.Rebalance(
                session,
                arrays["rows"][r : r + height],
                arrays["columns"][c : c + width],
                arrays["weights"][w : w + height * width].reshape(height, width),
            )
        )
        r, c, w = r + height, c + width, w + height * width
    return baskets.Targets(
        tuple(values["names"]),
        values["labels"],
        tuple(rebalances),
        arrays["first"],
        arrays["instruments"],
        {n: tuple(x) for n, x in values["caveats"].items()},
        {
            name: {kind: tuple((t, why) for t, why in said) for kind, said in kinds.items()}
            for name, kinds in values["thin"].items()
        },
    )

"""Results of measures in the store's cache: asked again of the same data, they are read."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline import plugins
from paceline.baskets import cache as targets
from paceline.lineage import code_of, digest
from paceline.measures import Measure, Result

if TYPE_CHECKING:
    from paceline.market.assembled import Assembled
    from paceline.store import Entry

KIND = "results"
#: Results that stay, the ones used last; a report asks for about fifty.
KEEP = 200
#: Bytes beyond which a result is not kept: a cache is not to outgrow the store.
LARGEST = 2**25


def kept(
    moment: Assembled, measure: Measure, asked: Sequence[object], make: Callable[[], Result]
) -> Result:
    """What ``make`` gives, from the cache where it is there.

    asked  how the measure is set, and of what it is asked

    The key names the measure and these, the code, and all that a moment is assembled from. A
    measure from outside may rest on code that nobody sees, and is made each time.
    """
    if plugins.outside(measure.function):
        return make()
    memory, key = moment.stored.store.cache, _key(moment, measure, asked)
    entry = memory.load(KIND, key)
    if entry is not None:
        return _result_of(entry)
    made = make()
    values, arrays = _entry_of(made)
    if sum(a.nbytes for a in arrays.values()) <= LARGEST:
        memory.save(KIND, key, values, arrays, keep=KEEP)
    return made


def _key(moment: Assembled, measure: Measure, asked: Sequence[object]) -> str:
    file = moment.file.model_copy(update={"baskets": moment.baskets})
    panels = (moment.stocks, moment.instruments)
    rests = [
        [targets.key(panel, file, list(moment.baskets)) if panel is not None else ""]
        for panel in panels
    ]
    stored = moment.file.model_dump(mode="json", exclude={"report"})
    # what imports read, not their numbers alone: a store put back from a copy, its cache left in
    # place, counts on from an earlier number
    loads = [(row["load"], row["source"], row["checksum"]) for row in moment.stored.loads]
    when = [loads, moment.as_of, moment.securities]
    code = code_of(measure.module), code_of("paceline.market.measuring")
    return digest([measure.name, list(asked), rests, stored, when, code], 32)


def _entry_of(result: Result) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values and arrays that a result is kept as."""
    arrays: dict[str, Any] = {}
    series = isinstance(result.value, Mapping)
    values = result.value if isinstance(result.value, Mapping) else {"": result.value}
    names = [n for n, v in values.items() if v is not None]
    arrays |= {f"value{i}": values[n] for i, n in enumerate(names)}
    counts = {"n_used": result.n_used, "n_eligible": result.n_eligible}
    arrays |= {n: a for n, a in counts.items() if a is not None}
    reasons = [(n, [why for why, _ in told]) for n, told in result.reasons.items()]
    for i, told in enumerate(result.reasons.values()):
        arrays |= {f"reason{i}_{j}": where for j, (_, where) in enumerate(told)}
    if result.table is not None:
        packed = io.BytesIO()
        result.table.write_ipc(packed)
        arrays["table"] = np.frombuffer(packed.getvalue(), np.uint8)
    return {"series": series, "names": names, "reasons": reasons}, arrays


def _result_of(entry: Entry) -> Result:
    values, arrays = entry
    value = {n: arrays[f"value{i}"] for i, n in enumerate(values["names"])}
    table = None
    if "table" in arrays:
        import polars as pl

        table = pl.read_ipc(io.BytesIO(arrays["table"].tobytes()))
    return Result(
        value if values["series"] else value.get(""),
        arrays.get("n_used"),
        arrays.get("n_eligible"),
        table,
        {
            name: tuple((why, arrays[f"reason{i}_{j}"]) for j, why in enumerate(told))
            for i, (name, told) in enumerate(values["reasons"])
        },
    )

"""How often noise makes episodes: rates worked out once, kept in the store's cache."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from paceline.arrays import SESSIONS_PER_YEAR
from paceline.lineage import code_of, digest
from paceline.methods import calibration
from paceline.methods.calibration import Calibration
from paceline.methods.detector import STEP
from paceline.studies.kept import kept

if TYPE_CHECKING:
    from paceline.arrays import Array
    from paceline.store import Cache

KIND = "false_alarms"
#: Rates kept per store; the least recently used go.
KEEP = 60


def false_alarms(
    cache: Cache,
    returns: Sequence[Array | None],
    c: float,
    *,
    step: int = STEP,
    year: int = SESSIONS_PER_YEAR,
) -> list[Calibration]:
    """``calibration.false_alarms``, from the cache where it is there; the rest in one pass."""
    keys = [_key(own, c, step, year) for own in returns]
    entries = {key: cache.load(KIND, key) for key in keys}
    rates = {key: Calibration(**e.values) for key, e in entries.items() if e is not None}
    missing = {key: own for key, own in zip(keys, returns, strict=True) if key not in rates}
    drawn = calibration.false_alarms(list(missing.values()), c, step=step, year=year)
    for key, rate in zip(missing, drawn, strict=True):
        rates[key] = rate
        cache.save(KIND, key, rate.to_json(), keep=KEEP)
    return [rates[key] for key in keys]


def clustered_alarms(cache: Cache, c: float, *, year: int = SESSIONS_PER_YEAR) -> Calibration:
    """``calibration.clustered_alarms``, from the cache where it is there."""
    asked = [c, year, "clustered"]
    return Calibration(
        **kept(
            cache,
            KIND,
            calibration.__name__,
            asked,
            lambda: calibration.clustered_alarms(c, year=year).to_json(),
            keep=KEEP,
        )
    )


def _key(returns: Array | None, c: float, step: int, year: int) -> str:
    """The digest of a question and of the code that answers it."""
    asked = "walks" if returns is None else hashlib.sha256(returns.tobytes()).hexdigest()
    return digest([code_of(calibration.__name__), c, step, year, asked], 32)

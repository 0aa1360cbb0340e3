"""False alarms: how often noise alone makes episodes, for many pairs in one pass."""

from __future__ import annotations

import hashlib
import json
import math
import os
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from paceline.arrays import SESSIONS_PER_YEAR, Array
from paceline.evidence import reason_against
from paceline.lineage import code_of, digest
from paceline.methods.calibration import (
    LEAST_BLOCK,
    NOISE,
    RESAMPLED,
    WALKS,
    Calibration,
    calibration_of,
    resampled_line,
)
from paceline.methods.detector import STEP, WINDOW, detect, sigma

#: Paths and years simulated.
PATHS, PATH_YEARS = 100, 12
#: Files of rates kept; the least recently used go.
KEEP = 60
_rates: dict[tuple[object, ...], Calibration] = {}


def false_alarms(
    returns: Sequence[Array],
    c: float,
    *,
    step: int = STEP,
    paths: int = PATHS,
    years: float = PATH_YEARS,
    seed: int = 0,
    folder: Path | None = None,
) -> list[Calibration]:
    """Episodes (A over B) per year that noise makes: driftless walks, then each of ``returns``.

    returns  daily log returns of A/B, NaN left out: they are demeaned and resampled in blocks of 21
             sessions on average
    paths, years  lines simulated for each, and the length of each
    folder   where rates are kept for the next process

    ``calibrate`` for many pairs in one pass, kept for the process, and with ``folder`` in a file
    there for the next one: seeded draws depend on nothing but what the file is named after. A
    history that does not reach over one window gives a rate that is NaN.
    """
    clean = [np.asarray(r, float)[np.isfinite(r)] for r in returns]
    keys = [(c, step, paths, years, seed, r.tobytes()) for r in (np.empty(0), *clean)]
    files = [None if folder is None else folder / f"alarms-{_name(key)}.json" for key in keys]
    todo = [k for k, key in enumerate(keys) if key not in _rates and not _read(files[k], key)]
    lines, drawn = [], []
    for k in todo:
        history = clean[k - 1] if k else None
        if history is not None and (len(history) <= WINDOW or reason_against(history)):
            reason = "history too short to resample"
            _rates[keys[k]] = Calibration(c, math.nan, math.nan, math.nan, 0, years, reason)
            continue
        lines.append(_noise(history, paths, WINDOW + round(years * SESSIONS_PER_YEAR), seed))
        drawn.append(k)
    if lines:
        every = np.concatenate(lines)
        found = detect(every, c, sigma_per_session=sigma(every, step=step))
        rates = found.rate_per_year().reshape(len(drawn), paths)
        for k, each in zip(drawn, rates, strict=True):
            method = f"{RESAMPLED}, blocks of {LEAST_BLOCK:.0f}" if k else WALKS
            _rates[keys[k]] = calibration_of(c, each, years, method)
            _write(files[k], _rates[keys[k]])
    return [_rates[key] for key in keys]


def _noise(history: Array | None, paths: int, n: int, seed: int) -> Array:
    """(paths, n) lines of noise: driftless walks, or made of the demeaned returns of a history."""
    rng = np.random.default_rng([seed, 0 if history is None else len(history)])
    if history is None:
        return np.cumsum(NOISE * rng.standard_normal((paths, n)), axis=1)
    return resampled_line(history, paths, n, LEAST_BLOCK, rng)


def _name(key: tuple[object, ...]) -> str:
    """The digest of a question to ``false_alarms`` and of the code that answers it."""
    *plain, returns = key
    assert isinstance(returns, bytes)
    return digest([code_of(__name__), plain, hashlib.sha256(returns).hexdigest()], 32)


def _read(path: Path | None, key: tuple[object, ...]) -> bool:
    """Take a rate from its file; whatever is not what was written is worked out again."""
    if path is None:
        return False
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found.pop("digest") != digest(found):
            return False
        _rates[key] = Calibration(**found)
        os.utime(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return True


def _write(path: Path | None, found: Calibration) -> None:
    """Keep a rate, and of all rates those used last; a disk without room is no error."""
    if path is None:
        return
    with suppress(OSError):
        draft = path.with_name(f".{uuid.uuid4().hex}.json")
        draft.write_text(
            json.dumps({"digest": digest(found.to_json()), **found.to_json()}), encoding="utf-8"
        )
        draft.replace(path)
        for old in sorted(
            path.parent.glob("alarms-*.json"), key=lambda p: p.stat().st_mtime, reverse=True
        )[KEEP:]:
            old.unlink(missing_ok=True)

"""What the decided calls of a person or a house prove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paceline.arrays import Dates
from paceline.evidence import independent_events
from paceline.methods.proportions import wilson
from paceline.methods.scoring import CallScore


@dataclass(frozen=True)
class TrackRecord:
    """What the decided calls of one person or house prove.

    who, kind           name, of a "who" or a "house"
    calls, open         records in force, and those not decided yet
    decided, hits       calls that count and were due, and how many of them were right
    unscored            the rest: not scorable, not triggered, without data, or by a proxy
    rate, low, high     share of hits and its 95% interval (Wilson), which counts only the
                        ``n_effective`` calls that do not overlap
    expected            mean base rate of those calls: what random days would have hit
    luck                chance that random days would have hit at least as often; None unless every
                        base rate is known
    """

    who: str
    kind: str
    calls: int
    decided: int
    hits: int
    open: int
    unscored: int
    n_effective: int
    rate: float | None
    low: float | None
    high: float | None
    expected: float | None
    luck: float | None


def track_records(scores: Sequence[CallScore], kind: str, days: Dates) -> list[TrackRecord]:
    """Records per "who" or "house", most decided first.

    scores  of the records in force: those of corrected ones left out
    days    sessions that entries and ends are counted in
    """
    names = dict.fromkeys(getattr(s.call, kind) for s in scores)
    found = [
        _track_record(name, kind, [s for s in scores if getattr(s.call, kind) == name], days)
        for name in names
        if name
    ]
    return sorted(found, key=lambda r: (-r.decided, r.who))


def _track_record(name: str, kind: str, own: Sequence[CallScore], days: Dates) -> TrackRecord:
    done = [s for s in own if s.decided and s.call.counted]
    begin = [int(np.searchsorted(days, np.datetime64(str(s.entry)))) for s in done]
    effective = independent_events(begin, [max(s.held or 1, 1) for s in done]) if done else 0
    hits = sum(s.status == "hit" for s in done)
    rate = hits / len(done) if done else None
    low, high = wilson(rate * effective, effective) if rate is not None else (None, None)
    base = [s.base.value for s in done if s.base is not None and s.base.enough]
    whole = bool(done) and len(base) == len(done)
    running = sum(s.call.counted and s.status in ("open", "not started") for s in own)
    return TrackRecord(
        name,
        kind,
        len(own),
        len(done),
        hits,
        running,
        len(own) - len(done) - running,
        effective,
        rate,
        low,
        high,
        float(np.mean(base)) if whole else None,
        at_least(hits, base) if whole else None,
    )


def at_least(hits: int, chances: Sequence[float]) -> float:
    """Chance of that many hits or more, each independent with its own chance (Poisson binomial)."""
    distribution = np.ones(1)
    for p in chances:
        distribution = np.convolve(distribution, [1 - p, p])
    return float(min(1.0, distribution[hits:].sum()))

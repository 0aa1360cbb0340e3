"""Is the spread among many baskets unusual, and who is at its ends?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from paceline.figures import Figure, Value
from paceline.indices.levels import BASES
from paceline.lineage import code_of
from paceline.methods import spread as methods
from paceline.methods.spread import Spread
from paceline.methods.unusual import exceeded
from paceline.studies import noise

if TYPE_CHECKING:
    from paceline.market import Market


@dataclass(frozen=True)
class SpreadFound:
    """The spread among baskets, and every number as a figure.

    members  names of those judged, the one furthest ahead first
    p        None where nothing can be judged
    figures  p, size (root mean square of their z), horizon (sessions), judged (how many), and one
             for each judged, by its name: its return over the horizon less the mean of all
    """

    members: tuple[str, ...]
    found: Spread = field(repr=False)
    p: float | None
    figures: Mapping[str, Figure]


def spread_of(market: Market, name: str, baskets: Sequence[str]) -> SpreadFound:
    """The spread among baskets of a market, for the theme of that name."""
    have = market.all_levels
    rows = [have.names.index(n) for n in baskets]
    # one basis for all: a total return is never ranked among price returns
    on = next(
        (b for b in reversed(BASES) if np.isfinite(have.by_basis[b][rows]).any(axis=1).all()), None
    )
    lines = np.empty((len(rows), 0))
    if rows:
        levels = (have.by_basis[on] if on else have.native)[rows]
        there = np.isfinite(levels).any(axis=0)
        start = int(there.argmax()) if there.any() else levels.shape[1]
        with np.errstate(invalid="ignore", divide="ignore"):
            lines = np.log(levels[:, start:])
    found = methods.spread(lines) if lines.size else _nothing(len(rows))
    p = None
    if found.sessions is not None:
        judged = lines[found.judged]
        null = noise.kept(market.store.cache, methods, judged, lambda: methods.noise(judged))
        p = exceeded(null, found.size)
    order = [] if found.change is None else np.argsort(-np.nan_to_num(found.change)).tolist()
    members = tuple(baskets[i] for i in order if found.judged[i])
    return SpreadFound(members, found, p, _figures(market, name, baskets, found, p, members, on))


def _nothing(count: int) -> Spread:
    return Spread(np.zeros(count, bool), reason="none of its baskets has a level on the day")


def _figures(
    market: Market,
    name: str,
    baskets: Sequence[str],
    found: Spread,
    p: float | None,
    members: Sequence[str],
    basis: str | None,
) -> dict[str, Figure]:
    used = basis or "mixed"
    question = market.provenance(baskets, dict.fromkeys(baskets, used)).question(
        "themes",
        {"spread": name, "among": list(baskets), "as_of": market.as_of},
        code_of(__name__),
        names=list(baskets),
        caveats_of=list(baskets),
        basis=basis or "",
    )
    days, h = market.all_levels.sessions, found.sessions
    start = None if h is None else str(days[-1 - h])
    why = (f"no value: {found.reason}",) if found.reason else ()
    left_out = [
        market.moment.called(n) for n, there in zip(baskets, found.judged, strict=True) if not there
    ]
    lost = f"left out, without a value on the day or a year of history: {', '.join(left_out)}"
    said = (lost,) if left_out and not why else ()

    def made(
        subject: str, statistic: str, value: Value, unit: str, label: str, begin: str | None
    ) -> Figure:
        return question.figure(
            subject,
            value,
            unit,
            statistic=statistic,
            label=label,
            start=begin,
            end=market.as_of,
            caveats=why if value is None else said,
        )

    figures = {
        "p": made(name, "spread p", p, "estimate", name, start),
        "size": made(name, "spread", found.size if h else None, "score", name, start),
        "horizon": made(name, "horizon", h, "sessions", name, start),
        "judged": made(name, "judged", int(found.judged.sum()), "count", name, None),
    }
    gains: dict[str, float] = {}
    if found.change is not None:
        values = np.expm1(found.change).tolist()
        gains = dict(zip(baskets, values, strict=True))
    for basket in members:
        label = market.moment.called(basket)
        figures[basket] = made(basket, "return less mean", gains[basket], "return", label, start)
    return figures

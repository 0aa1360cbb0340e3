"""A deterministic simulated market: the demo, and a laboratory whose rotations are known.

    [sources.market]
    kind = "simulated"
    options = { companies = 1500, years = 12, end = "2025-12-05", seed = 10 }

``fetch`` returns the options as canonical JSON, so that the market has a checksum like any file;
``parse`` draws the market from them and from the sessions of the calendar. It fills every table but
``series``: the source's ``table`` does not matter. Sizes from 60 companies and one year upwards
work; small ones take a tenth of a second.

What is inside: ``model`` (factors, volatility, lives), ``calibrate`` (values, planted rotations,
the last weeks), ``universe`` (index membership and levels), ``tables``, ``companies`` (names),
``plan`` (every decided number).
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

from paceline.errors import SourceError
from paceline.lineage import Origin, canonical
from paceline.sources import Context, Parsed, Raw
from paceline.sources.simulated.companies import GIANTS
from paceline.sources.simulated.plan import Options, PlantedGroup, PlantedRotation, options, planted
from paceline.wording import number_of

if TYPE_CHECKING:
    from pathlib import Path

    from paceline.config import Source

__all__ = [
    "GIANTS",
    "Options",
    "PlantedGroup",
    "PlantedRotation",
    "fetch",
    "options",
    "parse",
    "planted",
]

#: A calendar with fewer sessions a year than this does not cover the years asked for.
FEWEST_SESSIONS = 200


def fetch(name: str, spec: Source, folder: Path) -> list[Raw]:
    """The completed options as canonical JSON; nothing is read.

    Raises ``MarketFileError`` on a wrong option.
    """
    chosen = options(spec.options, f"sources.{name}.options")
    data = canonical(chosen.to_json()).encode()
    what = (
        f"SIMULATED market: {chosen.companies} invented companies, "
        f"{number_of(chosen.years, 'year')}, seed {chosen.seed}"
    )
    return [
        Raw(
            data,
            Origin(
                "Paceline, simulated",
                what,
                chosen.end.isoformat(),
                "CC0-1.0",
                hashlib.sha256(data).hexdigest(),
            ),
        )
    ]


def parse(name: str, spec: Source, raws: list[Raw], context: Context) -> Parsed:
    """All tables of the market described by ``raws``, on the calendar's sessions.

    Pure: the same bytes and sessions give the same tables. Prices keep

        close_t = close_{t-1} (1 + price_return_t) / split ratio_t
        market_cap_t = close_t * shares_t
        total_return_t = price_return_t + (dividends + value of what is split off)_t / close_{t-1}

    to rounding, because closes are not rounded to cents. A worthless line ends with a return of -1
    and no close. Raises ``SourceError`` if the calendar does not cover the years asked for.
    """
    from paceline.sources.simulated.calibrate import calibrate
    from paceline.sources.simulated.model import draw
    from paceline.sources.simulated.tables import frames

    o = options(json.loads(raws[0].data), f"sources.{name}.options")
    dates = np.array([d for d in context.sessions if o.begin <= d <= o.end], dtype="datetime64[D]")
    if len(dates) < FEWEST_SESSIONS * o.years or context.sessions[-1] < o.end:
        raise SourceError(
            f"source {name!r}: the calendar {context.calendar} has {len(dates)} sessions "
            f"from {o.begin} to {o.end}.",
            "Give it the sessions of all those years, or ask for fewer years.",
        )
    m = draw(o, dates)
    composition = calibrate(m)
    return Parsed(frames(m, composition, name, context.calendar))

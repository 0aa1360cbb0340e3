"""What is decided before a random number is drawn: options, planted rotations, the last weeks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from paceline.errors import MarketFileError
from paceline.sources.simulated.companies import LEADERS

#: Raised whenever the same options give other tables: part of the bytes, so that a store imports
#: anew.
MODEL = 1


@dataclass(frozen=True)
class Options:
    """Size and seed of a simulated market; a third of its companies make up its large index."""

    companies: int = 1500
    """Number of companies: a third of them make up the large index."""
    years: int = 12
    """[years] Length of the history."""
    end: dt.date = dt.date(2025, 12, 5)
    """Last day."""
    seed: int = 10
    """Number that another market is drawn from."""

    @property
    def large(self) -> int:
        """Number of large companies: 500 of 1,500."""
        return max(20, self.companies // 3)

    @property
    def top(self) -> int:
        """Number of the largest: 50 of 500."""
        return max(2, self.large // 10)

    @property
    def micro(self) -> int:
        """First rank of the micro caps: 901 of 1,500."""
        return self.companies * 3 // 5 + 1

    @property
    def begin(self) -> dt.date:
        """The day ``years`` before the end."""
        day = min(self.end.day, 28) if self.end.month == 2 else self.end.day
        return dt.date(self.end.year - self.years, self.end.month, day)

    def to_json(self) -> dict[str, Any]:
        """The options as JSON values, with the number of the model."""
        return {"model": MODEL, **asdict(self), "end": self.end.isoformat()}


_LIMITS = {"companies": (len(LEADERS) + 45, 20_000), "years": (1, 50), "seed": (0, 2**63)}


def options(given: Mapping[str, Any], where: str = "options") -> Options:
    """The completed options of a market file; ``MarketFileError`` names the key at fault."""
    clean: dict[str, Any] = {}
    for key, value in given.items():
        if key == "model":
            continue
        if key == "end":
            try:
                clean[key] = (
                    value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))
                )
            except ValueError:
                raise MarketFileError(
                    f"{where}.end: {value!r} is not a date.", 'Write end = "2025-12-05".'
                ) from None
            continue
        if key not in _LIMITS:
            raise MarketFileError(
                f"{where}: unknown key {key!r}.", "Accepted here: companies, years, end, seed."
            )
        low, high = _LIMITS[key]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise MarketFileError(
                f"{where}.{key}: {value!r} is not a whole number from {low} to {high}.",
                f"Write {key} = {getattr(Options(), key)}, for example.",
            )
        clean[key] = value
    return Options(**clean)


@dataclass(frozen=True)
class PlantedGroup:
    """Lines chosen at a window's start by sector, sub-industry or rank of company value.

    An empty choice means all. ``size`` is "large" (ranks 1 to ``Options.large``), "small" (the
    ranks after) or "" for all.
    """

    label: str
    sectors: tuple[str, ...] = ()
    sub_industries: tuple[str, ...] = ()
    size: str = ""


@dataclass(frozen=True)
class PlantedRotation:
    """A planted rotation, known exactly.

    Between the closes of ``start`` and ``end`` the price return of ``long`` beats that of ``short``
    by ``log_size`` in logarithms (a negative size: falls behind by it):

        ln((1 + R_long) / (1 + R_short)) = direction * log_size

    where R is the return of the group as it stood at the close of ``start``, weighted by
    float-adjusted value and held unchanged. ``indices`` names two published index levels instead of
    the groups.
    """

    name: str
    long: PlantedGroup
    short: PlantedGroup
    start: dt.date
    end: dt.date
    direction: int
    log_size: float
    indices: tuple[str, str] | None = None


_DEFENSIVE = PlantedGroup("defensive sectors", ("Consumer Staples", "Health Care", "Utilities"))
_CYCLICAL = PlantedGroup(
    "cyclical sectors", ("Industrials", "Financials", "Materials", "Consumer Discretionary")
)
_SMALL, _LARGE = (
    PlantedGroup("small companies", size="small"),
    PlantedGroup("large companies", size="large"),
)


def _sector(*names: str) -> PlantedGroup:
    return PlantedGroup(" and ".join(names), names)


_D = dt.date
_PLAN = (
    PlantedRotation(
        "defensive over energy",
        _DEFENSIVE,
        _sector("Energy"),
        _D(2014, 7, 1),
        _D(2015, 1, 30),
        1,
        0.22,
    ),
    PlantedRotation("large over small", _SMALL, _LARGE, _D(2015, 6, 30), _D(2016, 2, 11), -1, 0.12),
    PlantedRotation(
        "financials over utilities",
        _sector("Financials"),
        _sector("Utilities"),
        _D(2016, 11, 8),
        _D(2017, 1, 31),
        1,
        0.18,
    ),
    PlantedRotation(
        "defensive over technology",
        _DEFENSIVE,
        _sector("Information Technology"),
        _D(2018, 9, 20),
        _D(2018, 12, 24),
        1,
        0.14,
    ),
    PlantedRotation(
        "technology over financials",
        _sector("Information Technology"),
        _sector("Financials"),
        _D(2020, 2, 20),
        _D(2020, 8, 31),
        1,
        0.25,
    ),
    PlantedRotation("small over large", _SMALL, _LARGE, _D(2020, 11, 6), _D(2021, 3, 15), 1, 0.20),
    PlantedRotation(
        "energy over communication services",
        _sector("Energy"),
        _sector("Communication Services"),
        _D(2021, 11, 19),
        _D(2022, 9, 30),
        1,
        0.40,
    ),
    PlantedRotation(
        "cyclical over defensive", _CYCLICAL, _DEFENSIVE, _D(2023, 6, 1), _D(2023, 7, 31), 1, 0.09
    ),
    PlantedRotation(
        "small over large, short", _SMALL, _LARGE, _D(2024, 7, 10), _D(2024, 7, 31), 1, 0.08
    ),
)

#: Levels of the two published indices in the last weeks, by session from 2025-10-28 (= 100) to
#: 2025-12-05: the large one falls 5.1% to 2025-11-20 and gains 5.1% from there, the small one gains
#: 9.4% to a record on 12-04.
ECHO_START = _D(2025, 10, 28)
MONTH = (_D(2025, 10, 31), _D(2025, 11, 28))
LOW, ECHO_END = _D(2025, 11, 20), _D(2025, 12, 5)
LARGE_PATH = (
    100.0,
    99.9,
    98.9,
    99.2,
    99.4,
    98.2,
    98.6,
    97.5,
    97.6,
    99.0,
    99.2,
    99.25,
    97.5,
    97.4,
    96.5,
    95.7,
    96.1,
    94.9,
    95.9,
    97.3,
    98.3,
    98.95,
    99.5,
    98.95,
    99.2,
    99.5,
    99.6,
    99.74,
)
SMALL_PATH = (
    100.0,
    99.1,
    98.4,
    98.7,
    98.3,
    96.6,
    98.0,
    96.2,
    96.7,
    97.6,
    97.8,
    97.5,
    94.8,
    95.0,
    93.3,
    93.5,
    93.4,
    92.0,
    94.4,
    96.2,
    98.2,
    99.0,
    99.6,
    98.4,
    98.3,
    100.2,
    101.0,
    100.65,
)
# year to the echo's end; the giants to its start
YEAR = {"large": 0.17, "small": 0.12, "giants": 0.36}
#: Price returns of the echo, group by group. Sectors: large companies in November, weighted by
#: value.
SECTORS_IN_MONTH = {
    "Health Care": 0.091,
    "Communication Services": 0.062,
    "Materials": 0.042,
    "Consumer Staples": 0.038,
    "Real Estate": 0.018,
    "Energy": 0.019,
    "Financials": 0.017,
    "Utilities": 0.013,
    "Industrials": -0.010,
    "Consumer Discretionary": -0.024,
    "Information Technology": -0.044,
}
MONTH_BUCKETS = {"equal": 0.017, "top": -0.006, "rest": 0.013}
SINCE_LOW = {
    "Cargo Ground Transportation": 0.118,
    "Marine Transportation": 0.103,
    "Passenger Airlines": 0.112,
}
MICRO_SINCE_LOW = 0.115
ABOVE_AVERAGE = 0.667  # share of the large technology companies above their 200-day mean at the end


def planted(given: Options | Mapping[str, Any] | None = None) -> list[PlantedRotation]:
    """The rotations planted in a market of these options, in order of time.

    A rotation is planted when the market begins three months before it and ends after it; the last
    one is the last weeks' rotation from large to small, exact on the published indices SIM500 and
    SIM2000.
    """
    o = given if isinstance(given, Options) else options(given or {})
    room = dt.timedelta(days=90)
    rotations = [r for r in _PLAN if o.begin + room <= r.start and r.end <= o.end]
    if echoes(o):
        i = len(LARGE_PATH) - 11
        size = _log(SMALL_PATH[-1] / SMALL_PATH[i]) - _log(LARGE_PATH[-1] / LARGE_PATH[i])
        rotations.append(
            PlantedRotation(
                "small over large, last",
                PlantedGroup("SIM2000"),
                PlantedGroup("SIM500"),
                LOW,
                ECHO_END,
                1,
                size,
                ("SIM2000", "SIM500"),
            )
        )
    return rotations


def echoes(o: Options) -> bool:
    """Whether the market covers 2025 up to the last weeks."""
    return o.begin <= _D(2024, 12, 31) and o.end >= ECHO_END


def _log(x: float) -> float:
    from math import log

    return log(x)
